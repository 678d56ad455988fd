//! One packet (section 2.4.3.2).

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Which stream, 13 bits.
    pub pid: u16,
    /// A PES packet or section begins in it.
    pub start: bool,
    /// The counter may jump here (section 2.4.3.5).
    pub discontinuity: bool,
    /// Counts the packets with payload of its stream, 4 bits.
    pub counter: u8,
    /// None for a packet with an adaptation field only.
    pub payload: Option<&'a [u8]>,
}

/// Why a packet is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Useless {
    /// Marked as damaged, or its adaptation field is longer than itself.
    Damaged,
    /// Only who has the key can read it.
    Scrambled,
}

impl<'a> Packet<'a> {
    /// Of 188 bytes that begin with the sync byte.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Useless> {
        let &[_, b1, b2, b3, ref rest @ ..] = bytes else {
            return Err(Useless::Damaged);
        };
        if b1 & 0x80 != 0 {
            return Err(Useless::Damaged);
        }
        let pid = u16::from(b1 & 0x1f) << 8 | u16::from(b2);
        if b3 & 0xc0 != 0 && pid != 0x1fff {
            return Err(Useless::Scrambled);
        }
        let (mut rest, mut discontinuity) = (rest, false);
        if b3 & 0x20 != 0 {
            let (len, after) = rest.split_first().ok_or(Useless::Damaged)?;
            let (field, after) = after
                .split_at_checked(usize::from(*len))
                .ok_or(Useless::Damaged)?;
            discontinuity = field.first().is_some_and(|flags| flags & 0x80 != 0);
            rest = after;
        }
        Ok(Self {
            pid,
            start: b1 & 0x40 != 0,
            discontinuity,
            counter: b3 & 0xf,
            payload: (b3 & 0x10 != 0).then_some(rest),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields() {
        let mut bytes = [0u8; 188];
        bytes[..8].copy_from_slice(&[0x47, 0x41, 0x02, 0x35, 2, 0x80, 0, 9]);
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!(
            (
                packet.pid,
                packet.start,
                packet.discontinuity,
                packet.counter
            ),
            (0x102, true, true, 5)
        );
        assert_eq!(
            packet.payload.map(|payload| (payload.len(), payload[0])),
            Some((181, 9))
        );
        bytes[4] = 184;
        assert_eq!(Packet::parse(&bytes), Err(Useless::Damaged));
        bytes[3] = 0x25;
        bytes[4] = 183;
        assert_eq!(Packet::parse(&bytes).unwrap().payload, None);
        bytes[3] = 0x95;
        assert_eq!(Packet::parse(&bytes), Err(Useless::Scrambled));
        bytes[1] |= 0x80;
        assert_eq!(Packet::parse(&bytes), Err(Useless::Damaged));
    }
}
