//! An access unit in the making: NAL units behind their lengths, in one buffer.

use padelvar_sdk::Microseconds;

/// Larger pictures are dropped: the host takes none above 8 MiB, and the parameter
/// sets come on top. Stops a camera that never ends its picture.
const MAX_BYTES: usize = 8 * 1024 * 1024 - 256 * 1024;

const PREFIX: usize = 4;

/// See the module.
#[derive(Debug, Default)]
pub struct Unit {
    /// As in RTP.
    pub timestamp: u32,
    /// When the first packet arrived.
    pub arrived: Microseconds,
    /// Something of it is missing: never to be handed on.
    pub damaged: bool,
    /// What came before it is missing, so its own start may be, too.
    pub suspect: bool,
    data: Vec<u8>,
    /// Where the length of the NAL unit stands that is being put together.
    open: Option<usize>,
}

impl Unit {
    /// An empty one.
    pub fn new(timestamp: u32, arrived: Microseconds, suspect: bool) -> Self {
        Self {
            timestamp,
            arrived,
            suspect,
            ..Self::default()
        }
    }

    /// Appends a whole NAL unit.
    pub fn append(&mut self, nal: &[u8]) {
        self.begin();
        self.extend(nal);
        self.end();
    }

    /// Begins a NAL unit that comes in pieces; one that was not ended is dropped.
    pub fn begin(&mut self) {
        self.abort();
        self.open = Some(self.data.len());
        self.data.extend([0; PREFIX]);
    }

    /// Adds to the NAL unit that was begun.
    pub fn extend(&mut self, bytes: &[u8]) {
        if self.data.len() + bytes.len() > MAX_BYTES {
            self.damaged = true;
        }
        if self.damaged {
            // It will not be used: give the memory back.
            self.data = Vec::new();
            self.open = None;
        } else if self.open.is_some() {
            self.data.extend_from_slice(bytes);
        }
    }

    /// Ends the NAL unit that was begun and shows it.
    pub fn end(&mut self) -> Option<&[u8]> {
        let start = self.open.take()?;
        let nal = start + PREFIX;
        let len = u32::try_from(self.data.len() - nal).ok()?;
        self.data[start..nal].copy_from_slice(&len.to_be_bytes());
        Some(&self.data[nal..])
    }

    /// Whether a NAL unit was begun and not ended.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Drops the NAL unit that was begun. Whether one was.
    pub fn abort(&mut self) -> bool {
        let open = self.open.take();
        if let Some(start) = open {
            self.data.truncate(start);
        }
        open.is_some()
    }

    /// Takes back the last NAL unit, which was `len` bytes long.
    pub fn remove_last(&mut self, len: usize) {
        let rest = self.data.len().saturating_sub(len + PREFIX);
        self.data.truncate(rest);
    }

    /// The whole buffer.
    pub fn into_data(mut self) -> Vec<u8> {
        self.abort();
        self.data
    }
}

/// The NAL units of a buffer as [`Unit`] makes them. Stops where it is not well-formed.
pub fn split(mut data: &[u8]) -> impl Iterator<Item = &[u8]> {
    core::iter::from_fn(move || {
        let (prefix, rest) = data.split_first_chunk::<PREFIX>()?;
        let len = usize::try_from(u32::from_be_bytes(*prefix)).ok()?;
        let (nal, after) = rest.split_at_checked(len)?;
        data = after;
        Some(nal)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_a_half_nal_unit() {
        let mut unit = Unit::new(0, 0, false);
        unit.append(b"ab");
        unit.begin();
        unit.extend(b"c");
        assert!(unit.is_open());
        unit.begin();
        unit.extend(b"de");
        unit.extend(b"f");
        assert_eq!(unit.end(), Some(&b"def"[..]));
        unit.begin();
        unit.extend(b"g");
        let data = unit.into_data();
        assert_eq!(split(&data).collect::<Vec<_>>(), [&b"ab"[..], b"def"]);
    }

    #[test]
    fn takes_back_and_is_bounded() {
        let mut unit = Unit::new(0, 0, false);
        unit.append(b"ab");
        unit.append(b"cde");
        unit.remove_last(3);
        assert_eq!(unit.data, b"\0\0\0\x02ab");
        for _ in 0..9 {
            unit.append(&vec![1; 1024 * 1024]);
        }
        assert!(unit.damaged);
        assert!(unit.into_data().is_empty());
    }
}
