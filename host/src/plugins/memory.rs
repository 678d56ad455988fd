//! How much memory the instances of a plugin hold together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Linear memory of all live instances of one plugin.
#[derive(Debug, Clone, Default)]
pub struct MemoryGauge(Arc<AtomicU64>);

impl MemoryGauge {
    /// Bytes.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// The part of one more instance; nothing yet.
    pub fn share(&self) -> MemoryShare {
        MemoryShare {
            gauge: self.clone(),
            bytes: 0,
        }
    }
}

/// What one instance adds to the gauge, until it is dropped.
#[derive(Debug)]
pub struct MemoryShare {
    gauge: MemoryGauge,
    bytes: u64,
}

impl MemoryShare {
    /// Tells what the instance holds now.
    pub fn set(&mut self, bytes: usize) {
        let bytes = bytes as u64;
        let before = std::mem::replace(&mut self.bytes, bytes);
        // Mostly nothing changed: then the number that all threads share is left alone.
        if bytes > before {
            self.gauge.0.fetch_add(bytes - before, Ordering::Relaxed);
        } else if bytes < before {
            self.gauge.0.fetch_sub(before - bytes, Ordering::Relaxed);
        }
    }
}

impl Drop for MemoryShare {
    fn drop(&mut self) {
        self.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_go() {
        let gauge = MemoryGauge::default();
        let (mut one, mut other) = (gauge.share(), gauge.share());
        one.set(100);
        other.set(50);
        one.set(70);
        assert_eq!(gauge.bytes(), 120);
        drop(one);
        assert_eq!(gauge.bytes(), 50);
    }
}
