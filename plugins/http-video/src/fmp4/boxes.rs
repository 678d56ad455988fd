//! Boxes (section 4.2).

/// Type and content of each box in `bytes`; stops where one does not fit.
pub fn boxes(bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut rest = bytes;
    core::iter::from_fn(move || {
        let (size, after) = rest.split_first_chunk::<4>()?;
        let (kind, content) = after.split_first_chunk::<4>()?;
        let len = (u32::from_be_bytes(*size) as usize).checked_sub(8)?;
        let (content, after) = content.split_at_checked(len)?;
        rest = after;
        Some((kind, content))
    })
}

/// The content of the first box of a type.
pub fn find(bytes: &[u8], kind: [u8; 4]) -> Option<&[u8]> {
    boxes(bytes)
        .find(|(have, _)| **have == kind)
        .map(|(_, content)| content)
}

/// The content of a box within boxes.
pub fn path<'a>(bytes: &'a [u8], kinds: &[&[u8; 4]]) -> Option<&'a [u8]> {
    kinds
        .iter()
        .try_fold(bytes, |bytes, kind| find(bytes, **kind))
}

/// Reads numbers one after the other.
pub struct Fields<'a>(pub &'a [u8]);

impl Fields<'_> {
    /// 32 bits.
    pub fn u32(&mut self) -> Option<u32> {
        let (bytes, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*bytes))
    }

    /// 64 bits.
    pub fn u64(&mut self) -> Option<u64> {
        Some(u64::from(self.u32()?) << 32 | u64::from(self.u32()?))
    }

    /// 32 bits where a flag says that they are there, else the default.
    pub fn u32_or(&mut self, there: bool, default: u32) -> Option<u32> {
        if there { self.u32() } else { Some(default) }
    }
}
