//! What adapters remember of a camera from one attempt to the next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most that is kept, bytes, as the WIT says.
pub const MOST_REMEMBERED: usize = 4096;

/// A camera's. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Remembered(Arc<Mutex<Option<Kept>>>);

#[derive(Debug)]
struct Kept {
    /// Of the adapter's file: what another one kept means nothing to it.
    digest: String,
    bytes: Vec<u8>,
}

impl Remembered {
    /// What the adapter with this digest kept.
    pub fn of(&self, digest: &str) -> Vec<u8> {
        let kept = self.lock();
        let own = kept.as_ref().filter(|kept| kept.digest == digest);
        own.map(|kept| kept.bytes.clone()).unwrap_or_default()
    }

    /// Keeps this for it; nothing where it is empty.
    pub fn keep(&self, digest: &str, bytes: Vec<u8>) {
        let digest = digest.to_owned();
        *self.lock() = (!bytes.is_empty()).then_some(Kept { digest, bytes });
    }

    fn lock(&self) -> MutexGuard<'_, Option<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two cameras are told apart by what is configured of them.
impl PartialEq for Remembered {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Remembered {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_adapter_its_own() {
        let camera = Remembered::default();
        assert!(camera.of("a").is_empty());
        camera.clone().keep("a", b"udp".to_vec());
        assert_eq!(camera.of("a"), b"udp");
        assert!(camera.of("b").is_empty());
        camera.keep("a", Vec::new());
        assert!(camera.of("a").is_empty());
    }
}
