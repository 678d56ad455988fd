//! From packets to whole pictures.

use std::collections::BTreeMap;

use padelvar_sdk::Microseconds;
use padelvar_sdk::jpeg::{MAX_PICTURE_BYTES, whole_picture};

use super::header::{Header, Shape, Tables};
use super::quantisation::{Table, tables};
use super::write;
use crate::depacketiser::{Depacketiser, Frame, Output};
use crate::rtp::{Delivery, Rtp};

/// Larger scans are dropped; the headers come on top. Stops a camera that never ends
/// its picture.
const MAX_SCAN_BYTES: usize = MAX_PICTURE_BYTES - 4 * 1024;

const SHORT: &str = "the camera sends JPEG packets that are cut short";
const KIND: &str = "the camera sends JPEG of a type that RFC 2435 does not define; it is skipped";
const NO_TABLES: &str = "the camera sends JPEG without quantisation tables; it is skipped";
const NO_SIZE: &str =
    "the camera sends JPEG of more than 2040 pixels without saying how many; it is skipped";
const NOT_WHOLE: &str = "the camera sends JPEG that is damaged; it is skipped";

/// A stream of JPEG pictures.
#[derive(Debug, Default)]
pub struct Jpeg {
    /// Width and height in pixels, as the session description says.
    size: Option<(u16, u16)>,
    /// Tables that came with a quality of 128 to 254, which hold until others come.
    known: BTreeMap<u8, [Table; 2]>,
    picture: Option<Picture>,
}

/// A picture in the making.
#[derive(Debug)]
struct Picture {
    timestamp: u32,
    arrived: Microseconds,
    shape: Shape,
    tables: Option<[Table; 2]>,
    scan: Vec<u8>,
    damaged: bool,
}

impl Jpeg {
    /// `size`: width and height in pixels, where the session description says so.
    pub fn new(size: Option<(u16, u16)>) -> Self {
        Self {
            size,
            ..Self::default()
        }
    }

    fn begin(&mut self, rtp: &Rtp<'_>, arrived: Microseconds, header: &Header<'_>) {
        let shape = header.shape;
        let tables = match header.tables {
            Some(tables) if !tables.bytes.is_empty() => {
                let given = given(tables);
                if let Some(given) = &given
                    && shape.quality != 255
                {
                    self.known.insert(shape.quality, given.clone());
                }
                given
            }
            Some(_) => self.known.get(&shape.quality).cloned(),
            None if (1..=99).contains(&shape.quality) => Some(tables(shape.quality)),
            None => None,
        };
        self.picture = Some(Picture {
            timestamp: rtp.timestamp,
            arrived,
            shape,
            tables,
            scan: Vec::new(),
            damaged: false,
        });
    }

    fn packet(&mut self, rtp: &Rtp<'_>, arrived: Microseconds, output: &mut Output) {
        let Some(header) = Header::parse(rtp.payload) else {
            // Some cameras send empty packets to keep the way open.
            if !rtp.payload.is_empty() {
                output.oddities.push(SHORT);
                self.damage();
            }
            return;
        };
        if header.offset == 0 {
            self.finish(output);
            self.begin(rtp, arrived, &header);
        }
        let Some(picture) = &mut self.picture else {
            // The rest of a picture whose beginning nobody saw.
            output.dropped += u32::from(rtp.marker);
            return;
        };
        let fits = header.offset == picture.scan.len() && header.shape == picture.shape;
        if !fits || picture.scan.len() + header.data.len() > MAX_SCAN_BYTES {
            self.damage();
        } else if !picture.damaged {
            picture.scan.extend_from_slice(header.data);
        }
    }

    /// The current picture cannot become whole.
    fn damage(&mut self) {
        if let Some(picture) = &mut self.picture {
            picture.damaged = true;
            picture.scan = Vec::new();
        }
    }

    /// Ends the current picture: hands it on, or drops it.
    fn finish(&mut self, output: &mut Output) {
        let Some(picture) = self.picture.take() else {
            return;
        };
        if picture.damaged {
            output.dropped += 1;
            return;
        }
        let (timestamp, arrived) = (picture.timestamp, picture.arrived);
        match self.whole(picture) {
            Ok(data) => output.frames.push(Frame {
                data,
                timestamp,
                arrived,
                keyframe: true,
            }),
            Err(oddity) => output.oddities.push(oddity),
        }
    }

    fn whole(&self, mut picture: Picture) -> Result<Vec<u8>, &'static str> {
        // Some cameras send the whole file as if it were the scan.
        if picture.scan.starts_with(&[0xff, 0xd8]) {
            return whole_picture(ended(picture.scan)).ok_or(NOT_WHOLE);
        }
        let shape = picture.shape;
        if !matches!(shape.kind, 0 | 1 | 64 | 65) {
            return Err(KIND);
        }
        let [luminance, chrominance] = picture.tables.as_ref().ok_or(NO_TABLES)?;
        let (width, height) = self.pixels(shape).ok_or(NO_SIZE)?;
        let mut data = write::headers(&write::Frame {
            width,
            height,
            half_height: shape.kind % 2 == 1,
            restart_interval: shape.restart_interval,
            tables: [luminance, chrominance],
        });
        data.append(&mut picture.scan);
        whole_picture(ended(data)).ok_or(NOT_WHOLE)
    }

    /// Width and height. The header has 8 bits for each, in units of 8 pixels; larger
    /// ones are 0 there, or cut off by cameras that do not care.
    fn pixels(&self, shape: Shape) -> Option<(u16, u16)> {
        let one = |blocks: u8, described: Option<u16>| {
            let pixels = 8 * u16::from(blocks);
            match described {
                Some(more) if more > 2040 && (more.div_ceil(8) as u8 == blocks || blocks == 0) => {
                    Some(more)
                }
                Some(more) if blocks == 0 => Some(more),
                _ => (pixels > 0).then_some(pixels),
            }
        };
        Some((
            one(shape.width, self.size.map(|size| size.0))?,
            one(shape.height, self.size.map(|size| size.1))?,
        ))
    }
}

/// The tables of a packet. A single one serves for both.
fn given(tables: Tables<'_>) -> Option<[Table; 2]> {
    let mut rest = tables.bytes;
    let mut take = |number: u32| {
        let wide = tables.precision >> number & 1 == 1;
        let (bytes, after) = rest.split_at_checked(if wide { 128 } else { 64 })?;
        rest = after;
        let bytes = bytes.to_vec();
        Some(Table { wide, bytes })
    };
    let luminance = take(0)?;
    let chrominance = take(1).unwrap_or_else(|| luminance.clone());
    Some([luminance, chrominance])
}

/// With its end, which may be left out.
fn ended(mut data: Vec<u8>) -> Vec<u8> {
    if !data.ends_with(&[0xff, 0xd9]) {
        data.extend([0xff, 0xd9]);
    }
    data
}

impl Depacketiser for Jpeg {
    fn push(&mut self, rtp: &Rtp<'_>, delivery: Delivery, output: &mut Output) {
        if delivery.gap {
            self.damage();
        }
        let other = |picture: &Picture| picture.timestamp != rtp.timestamp;
        if self.picture.as_ref().is_some_and(other) {
            self.finish(output);
        }
        self.packet(rtp, delivery.arrived, output);
        if rtp.marker {
            self.finish(output);
        }
    }

    fn codec(&self) -> &'static str {
        "mjpeg"
    }

    fn config(&self) -> Option<Vec<u8>> {
        Some(Vec::new())
    }

    fn generation(&self) -> u32 {
        0
    }
}
