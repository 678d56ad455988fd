//! The headers within the payload (RFC 2435, section 3.1).

/// What stands before the scan data of every packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header<'a> {
    /// Where in the scan the data belongs, in bytes.
    pub offset: usize,
    /// What must be the same in all packets of a picture.
    pub shape: Shape,
    /// Tables in the packet, where there are any.
    pub tables: Option<Tables<'a>>,
    /// A piece of the scan.
    pub data: &'a [u8],
}

/// What the headers say of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// 0 or 64: chrominance of half width (4:2:2); 1 or 65: and of half height (4:2:0).
    pub kind: u8,
    /// 1 to 99: computed tables; from 128: tables in the packets.
    pub quality: u8,
    /// Blocks of 8 pixels; 0 where it is more than 2040 pixels.
    pub width: u8,
    /// As the width.
    pub height: u8,
    /// Blocks between restart markers; 0 for none.
    pub restart_interval: u16,
}

/// The quantisation table header (section 3.1.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tables<'a> {
    /// Bit n: table n has two bytes an element.
    pub precision: u8,
    /// One after the other, in zigzag order; empty where those of earlier pictures hold.
    pub bytes: &'a [u8],
}

impl<'a> Header<'a> {
    /// Takes a payload apart. None where it is cut short.
    pub fn parse(payload: &'a [u8]) -> Option<Self> {
        let (&[_, high, middle, low, kind, quality, width, height], mut rest) =
            payload.split_first_chunk::<8>()?;
        let offset = u32::from_be_bytes([0, high, middle, low]) as usize;
        let mut restart_interval = 0;
        if (64..=127).contains(&kind) {
            // How the intervals lie in the packets matters only to those who show a
            // picture with holes.
            let (&[high, low, _, _], after) = rest.split_first_chunk::<4>()?;
            restart_interval = u16::from_be_bytes([high, low]);
            rest = after;
        }
        let mut tables = None;
        if quality >= 128 && offset == 0 {
            let (&[_, precision, high, low], after) = rest.split_first_chunk::<4>()?;
            let len = usize::from(u16::from_be_bytes([high, low]));
            let (bytes, after) = after.split_at_checked(len)?;
            tables = Some(Tables { precision, bytes });
            rest = after;
        }
        Some(Self {
            offset,
            shape: Shape {
                kind,
                quality,
                width,
                height,
                restart_interval,
            },
            tables,
            data: rest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts() {
        let plain = [0, 1, 0, 2, 1, 50, 80, 60, 7, 8];
        let header = Header::parse(&plain).expect("whole");
        assert_eq!((header.offset, header.data), (0x1_0002, &[7, 8][..]));
        assert_eq!(header.tables, None);
        let full = [
            0, 0, 0, 0, 65, 255, 80, 60, 0, 16, 0xff, 0xff, 0, 1, 0, 2, 5, 6, 7,
        ];
        let header = Header::parse(&full).expect("whole");
        let tables = header.tables.expect("tables");
        assert_eq!(header.shape.restart_interval, 16);
        assert_eq!((tables.precision, tables.bytes), (1, &[5, 6][..]));
        assert_eq!(header.data, [7]);
        for len in 0..18 {
            assert_eq!(Header::parse(&full[..len]), None);
        }
        // Tables only in the first packet.
        let later = [0, 0, 9, 9, 1, 255, 80, 60, 7];
        assert_eq!(
            Header::parse(&later).map(|header| header.data),
            Some(&[7][..])
        );
    }
}
