//! The tables that say where pictures and sound are (sections 2.4.4.3 and 2.4.4.8).

use crate::video::Codec;

/// Where the streams of a program are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Program {
    /// The first stream of pictures that is known.
    pub video: Option<(u16, Codec)>,
    /// The first stream of AAC in ADTS.
    pub audio: Option<u16>,
    /// Types of the other streams, to tell what a camera sends instead.
    pub others: Vec<u8>,
}

/// The PID of the first program's map, from a section of the association table.
pub fn first_program(section: &[u8]) -> Option<u16> {
    let entries = body(section, 0, 8)?;
    entries.chunks_exact(4).find_map(|entry| {
        let &[n1, n2, p1, p2] = entry else {
            return None;
        };
        // Number 0 is the network's own table.
        (n1 != 0 || n2 != 0).then(|| pid(p1, p2))
    })
}

/// What a section of the program map says.
pub fn program(section: &[u8]) -> Option<Program> {
    let fields = body(section, 2, 8)?;
    let &[_, _, l1, l2, ref rest @ ..] = fields else {
        return None;
    };
    let mut rest = rest.get(length(l1, l2)..)?;
    let mut program = Program::default();
    while let &[kind, p1, p2, l1, l2, ref after @ ..] = rest {
        let pid = pid(p1, p2);
        match kind {
            0x1b if program.video.is_none() => program.video = Some((pid, Codec::H264)),
            0x24 if program.video.is_none() => program.video = Some((pid, Codec::H265)),
            0x0f if program.audio.is_none() => program.audio = Some(pid),
            other => program.others.push(other),
        }
        rest = after.get(length(l1, l2)..)?;
    }
    Some(program)
}

/// What stands between the header of `skip` bytes and the checksum of a section that is in
/// force and of that table.
fn body(section: &[u8], table: u8, skip: usize) -> Option<&[u8]> {
    let in_force = section.get(5)? & 1 == 1;
    if section.first() != Some(&table) || !in_force {
        return None;
    }
    section.get(skip..section.len().checked_sub(4)?)
}

fn pid(high: u8, low: u8) -> u16 {
    u16::from(high & 0x1f) << 8 | u16::from(low)
}

fn length(high: u8, low: u8) -> usize {
    usize::from(high & 0xf) << 8 | usize::from(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables() {
        let pat = [
            0, 0xb0, 17, 0, 1, 0xc1, 0, 0, 0, 0, 0xe0, 16, 0, 1, 0xf0, 0, 1, 2, 3, 4,
        ];
        assert_eq!(first_program(&pat), Some(0x1000));
        let pmt = [
            2, 0xb0, 33, 0, 1, 0xc1, 0, 0, 0xe1, 0, 0xf0, 2, 9, 9, // descriptors
            0x06, 0xe1, 5, 0xf0, 0, 0x24, 0xe1, 0, 0xf0, 1, 9, 0x0f, 0xe1, 1, 0xf0, 0, //
            1, 2, 3, 4,
        ];
        let found = program(&pmt).unwrap();
        assert_eq!(found.video, Some((0x100, Codec::H265)));
        assert_eq!((found.audio, found.others), (Some(0x101), vec![6]));
        assert_eq!(program(&pat), None);
        assert_eq!(program(&pmt[..12]), None);
        assert_eq!(first_program(&[]), None);
    }
}
