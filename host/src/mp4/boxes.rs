//! Boxes (ISO/IEC 14496-12, 4.2): heads, walks over slices, reading and writing of
//! fields.

use bytes::{Buf, BufMut};

use super::Error;

/// The four characters of a box.
pub type Kind = [u8; 4];

/// The head of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its four characters.
    pub kind: Kind,
    /// Bytes of the head itself: 8, or 16 with a 64-bit size.
    pub head_bytes: u64,
    /// Bytes of the whole box, at least `head_bytes`.
    pub bytes: u64,
}

impl Head {
    /// Reads the head at the beginning of `data`, `None` where it is cut. A box "up
    /// to the end of the file" (size 0) is refused: no recording has one.
    pub fn parse(data: &[u8]) -> Result<Option<Self>, Error> {
        let Some((&[a, b, c, d, k0, k1, k2, k3], behind)) = data.split_first_chunk::<8>() else {
            return Ok(None);
        };
        let kind = [k0, k1, k2, k3];
        let (head_bytes, bytes) = match u32::from_be_bytes([a, b, c, d]) {
            1 => match behind.split_first_chunk::<8>() {
                Some((large, _)) => (16, u64::from_be_bytes(*large)),
                None => return Ok(None),
            },
            small => (8, small.into()),
        };
        if bytes < head_bytes || bytes > i64::MAX as u64 {
            return Err(Error::malformed("size of a box"));
        }
        Ok(Some(Self {
            kind,
            head_bytes,
            bytes,
        }))
    }
}

/// One box within a slice.
#[derive(Clone, Copy, Debug)]
pub struct BoxRef<'a> {
    /// Its four characters.
    pub kind: Kind,
    /// Head and content.
    pub whole: &'a [u8],
    /// What follows the head.
    pub content: &'a [u8],
}

/// Walks the boxes of a slice, one level deep; ends after an error.
#[derive(Clone, Debug)]
pub struct Boxes<'a> {
    rest: &'a [u8],
}

impl<'a> Boxes<'a> {
    /// The boxes in `data`, one behind the other.
    pub fn new(data: &'a [u8]) -> Self {
        Self { rest: data }
    }

    fn split(&mut self) -> Result<BoxRef<'a>, Error> {
        let cut = Error::malformed("a box is cut");
        let Some(head) = Head::parse(self.rest)? else {
            return Err(cut);
        };
        let Some((whole, rest)) = self.rest.split_at_checked(head.bytes as usize) else {
            return Err(cut);
        };
        self.rest = rest;
        let content = &whole[head.head_bytes as usize..];
        Ok(BoxRef {
            kind: head.kind,
            whole,
            content,
        })
    }
}

impl<'a> Iterator for Boxes<'a> {
    type Item = Result<BoxRef<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let next = self.split();
        if next.is_err() {
            self.rest = &[];
        }
        Some(next)
    }
}

/// The first box of this kind in `data`, if there is one.
pub fn find<'a>(data: &'a [u8], kind: &Kind) -> Result<Option<BoxRef<'a>>, Error> {
    for found in Boxes::new(data) {
        let found = found?;
        if found.kind == *kind {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The first box of this kind; `what` names it in the error.
pub fn need<'a>(data: &'a [u8], kind: &Kind, what: &'static str) -> Result<BoxRef<'a>, Error> {
    find(data, kind)?.ok_or(Error::malformed(what))
}

/// Reads fields one after the other; what is cut is an error that names the box.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Fields<'a> {
    /// Fields of `content`, the content of the box called `what`.
    pub fn new(content: &'a [u8], what: &'static str) -> Self {
        Self {
            rest: content,
            what,
        }
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(Error::malformed(self.what))?;
        self.rest = rest;
        Ok(taken)
    }

    /// Bytes that are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// Version and flags of a full box (4.2).
    pub fn version_and_flags(&mut self) -> Result<(u8, u32), Error> {
        let word = self.u32()?;
        Ok(((word >> 24) as u8, word & 0x00ff_ffff))
    }

    /// Two bytes.
    pub fn u16(&mut self) -> Result<u16, Error> {
        Ok(self.take(2)?.get_u16())
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Result<u32, Error> {
        Ok(self.take(4)?.get_u32())
    }

    /// Eight bytes.
    pub fn u64(&mut self) -> Result<u64, Error> {
        Ok(self.take(8)?.get_u64())
    }

    /// Eight bytes in version 1 of a box, four in version 0.
    pub fn sized(&mut self, version: u8) -> Result<u64, Error> {
        if version == 0 {
            Ok(self.u32()?.into())
        } else {
            self.u64()
        }
    }
}

/// Appends a box whose content `fill` writes. It must stay below 4 GiB.
pub fn put_box(out: &mut Vec<u8>, kind: &Kind, fill: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.put_u32(0);
    out.put_slice(kind);
    fill(out);
    let bytes = (out.len() - at) as u32;
    out[at..at + 4].copy_from_slice(&bytes.to_be_bytes());
}

/// As [`put_box`], beginning with version and flags.
pub fn put_full_box(
    out: &mut Vec<u8>,
    kind: &Kind,
    version: u8,
    flags: u32,
    fill: impl FnOnce(&mut Vec<u8>),
) {
    put_box(out, kind, |out| {
        out.put_u32(u32::from(version) << 24 | flags);
        fill(out);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_both_sizes() {
        let head = |data: &[u8]| Head::parse(data).map_err(|e| e.to_string());
        let small = Head {
            kind: *b"free",
            head_bytes: 8,
            bytes: 9,
        };
        assert_eq!(head(b"\0\0\0\x09free"), Ok(Some(small)));
        let large = Head {
            kind: *b"mdat",
            head_bytes: 16,
            bytes: 1 << 32,
        };
        assert_eq!(head(b"\0\0\0\x01mdat\0\0\0\x01\0\0\0\0"), Ok(Some(large)));
        assert_eq!(head(b"\0\0\0\x01mdat\0\0\0\x01\0\0\0"), Ok(None));
        assert_eq!(head(b"\0\0\0\x09fre"), Ok(None));
        for bad in [
            &b"\0\0\0\0mdat"[..],
            b"\0\0\0\x07mdat",
            b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x0f",
        ] {
            assert!(head(bad).is_err());
        }
        assert!(head(b"\0\0\0\x01mdat\xff\0\0\0\0\0\0\0").is_err());
    }

    #[test]
    fn a_walk_ends_after_an_error() {
        let mut data = Vec::new();
        put_box(&mut data, b"one ", |out| out.put_u8(1));
        put_full_box(&mut data, b"two ", 1, 2, |_| {});
        let kinds: Vec<_> = Boxes::new(&data).map(|b| b.unwrap().kind).collect();
        assert_eq!(kinds, [*b"one ", *b"two "]);
        data.pop();
        let walked: Vec<_> = Boxes::new(&data).map(|b| b.is_ok()).collect();
        assert_eq!(walked, [true, false]);
        assert!(need(&data[..9], b"two ", "two").is_err());
        assert!(find(&data[..9], b"two ").unwrap().is_none());
    }
}
