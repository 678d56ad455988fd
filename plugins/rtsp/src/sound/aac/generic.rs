//! `mpeg4-generic` (RFC 3640): access units behind their headers, several a packet or
//! in pieces.

use padelvar_sdk::Microseconds;

use super::{AudioConfig, MAX_UNIT_BYTES, TOO_LARGE};
use crate::bits::Bits;
use crate::depacketiser::{Depacketiser, Frame, Output};
use crate::rtp::{Delivery, Rtp};

const SHORT: &str = "the camera sends AAC packets that are cut short";
const INTERLEAVED: &str = "the camera sends AAC in interleaved mode; it is skipped";

/// Bits of the fields of an AU header, in their order (section 3.2.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Layout {
    /// `sizelength`
    pub size: u32,
    /// `indexlength`, of the first header.
    pub index: u32,
    /// `indexdeltalength`, of all further ones.
    pub index_delta: u32,
    /// `ctsdeltalength`
    pub cts_delta: u32,
    /// `dtsdeltalength`
    pub dts_delta: u32,
    /// `randomaccessindication`: 0 or 1.
    pub random_access: u32,
    /// `streamstateindication`
    pub stream_state: u32,
    /// `auxiliarydatasizelength`, of the section behind the headers.
    pub auxiliary_size: u32,
    /// `constantsize` in bytes, where `size` is 0; 0 for one unit a packet.
    pub constant_size: usize,
}

impl Layout {
    /// Of mode `AAC-hbr`.
    pub const HIGH_RATE: Self = Self {
        size: 13,
        index: 3,
        index_delta: 3,
        cts_delta: 0,
        dts_delta: 0,
        random_access: 0,
        stream_state: 0,
        auxiliary_size: 0,
        constant_size: 0,
    };

    /// Of mode `AAC-lbr`.
    pub const LOW_RATE: Self = Self {
        size: 6,
        index: 2,
        index_delta: 2,
        ..Self::HIGH_RATE
    };

    /// Whether there are any headers.
    fn has_headers(&self) -> bool {
        let fields = [
            self.size,
            self.index,
            self.index_delta,
            self.cts_delta,
            self.dts_delta,
            self.random_access,
            self.stream_state,
        ];
        fields.iter().any(|bits| *bits > 0)
    }

    /// Sizes of the units by their headers. None where these are cut short.
    fn sizes(&self, headers: &[u8], len_bits: usize) -> Option<Sizes> {
        let mut bits = Bits::new(headers);
        let mut sizes = Sizes::default();
        // Padding may follow the last one.
        while bits.position() < len_bits {
            let first = sizes.bytes.is_empty();
            sizes.bytes.push(bits.take(self.size)? as usize);
            if first {
                bits.take(self.index)?;
            } else {
                sizes.interleaved |= bits.take(self.index_delta)? > 0;
            }
            for field in [self.cts_delta, self.dts_delta] {
                if field > 0 && bits.take(1)? == 1 {
                    bits.take(field)?;
                }
            }
            bits.take(self.random_access + self.stream_state)?;
            if bits.position() == 0 {
                return None;
            }
        }
        Some(sizes)
    }
}

#[derive(Debug, Default)]
struct Sizes {
    bytes: Vec<usize>,
    interleaved: bool,
}

/// A stream of AAC.
#[derive(Debug)]
pub struct Generic {
    layout: Layout,
    config: AudioConfig,
    /// Ticks of the RTP clock a unit.
    unit_ticks: u32,
    fragment: Option<Fragment>,
}

/// A unit of which not all has come.
#[derive(Debug)]
struct Fragment {
    data: Vec<u8>,
    size: usize,
    timestamp: u32,
    arrived: Microseconds,
}

impl Generic {
    /// `clock_rate`: of RTP's timestamps, in ticks a second.
    pub fn new(layout: Layout, config: AudioConfig, clock_rate: u32) -> Self {
        let ticks = u64::from(config.unit_samples) * u64::from(clock_rate) / u64::from(config.rate);
        Self {
            layout,
            config,
            unit_ticks: ticks as u32,
            fragment: None,
        }
    }

    fn drop_fragment(&mut self, output: &mut Output) {
        output.dropped += u32::from(self.fragment.take().is_some());
    }

    /// Cuts a payload into sizes and the data behind the headers.
    fn split<'a>(&self, payload: &'a [u8]) -> Option<(Sizes, &'a [u8])> {
        let mut data = payload;
        let mut sizes = None;
        if self.layout.has_headers() {
            let (len, after) = data.split_first_chunk::<2>()?;
            let len_bits = usize::from(u16::from_be_bytes(*len));
            let (headers, after) = after.split_at_checked(len_bits.div_ceil(8))?;
            sizes = Some(self.layout.sizes(headers, len_bits)?);
            data = after;
        }
        if self.layout.auxiliary_size > 0 {
            let mut bits = Bits::new(data);
            let len = bits.take(self.layout.auxiliary_size)? as usize;
            data = data.get((bits.position() + len).div_ceil(8)..)?;
        }
        let mut sizes = sizes.unwrap_or_default();
        if self.layout.size == 0 {
            let size = match self.layout.constant_size {
                0 => data.len().max(1),
                size => size,
            };
            sizes.bytes = vec![size; data.len().div_ceil(size)];
        }
        Some((sizes, data))
    }

    fn units(&mut self, rtp: &Rtp<'_>, arrived: Microseconds, output: &mut Output) {
        let Some((sizes, mut data)) = self.split(rtp.payload) else {
            output.oddities.push(SHORT);
            self.drop_fragment(output);
            return;
        };
        if sizes.interleaved {
            output.oddities.push(INTERLEAVED);
            self.drop_fragment(output);
            return;
        }
        if let [size] = sizes.bytes[..]
            && (size > data.len() || self.continues(rtp.timestamp, size))
        {
            self.piece(size, data, rtp, arrived, output);
            return;
        }
        self.drop_fragment(output);
        let mut timestamp = rtp.timestamp;
        for size in sizes.bytes {
            let Some((unit, after)) = data.split_at_checked(size) else {
                output.oddities.push(SHORT);
                output.dropped += 1;
                return;
            };
            data = after;
            if !unit.is_empty() && unit.len() <= MAX_UNIT_BYTES {
                output.frames.push(frame(unit.to_vec(), timestamp, arrived));
            }
            timestamp = timestamp.wrapping_add(self.unit_ticks);
        }
    }

    fn continues(&self, timestamp: u32, size: usize) -> bool {
        let fragment = self.fragment.as_ref();
        fragment.is_some_and(|begun| begun.timestamp == timestamp && begun.size == size)
    }

    /// A unit in pieces has its whole size in the header of each (section 3.2.3).
    fn piece(
        &mut self,
        size: usize,
        data: &[u8],
        rtp: &Rtp<'_>,
        arrived: Microseconds,
        output: &mut Output,
    ) {
        if size > MAX_UNIT_BYTES {
            output.oddities.push(TOO_LARGE);
            self.drop_fragment(output);
            return;
        }
        if !self.continues(rtp.timestamp, size) {
            self.drop_fragment(output);
        }
        let mut fragment = self.fragment.take().unwrap_or(Fragment {
            data: Vec::new(),
            size,
            timestamp: rtp.timestamp,
            arrived,
        });
        let missing = size - fragment.data.len();
        fragment.data.extend(data.iter().take(missing));
        if fragment.data.len() == size {
            output
                .frames
                .push(frame(fragment.data, fragment.timestamp, fragment.arrived));
        } else if rtp.marker {
            // The last piece, and the unit is not whole.
            output.dropped += 1;
        } else {
            self.fragment = Some(fragment);
        }
    }
}

fn frame(data: Vec<u8>, timestamp: u32, arrived: Microseconds) -> Frame {
    Frame {
        data,
        timestamp,
        arrived,
        keyframe: true,
    }
}

impl Depacketiser for Generic {
    fn push(&mut self, rtp: &Rtp<'_>, delivery: Delivery, output: &mut Output) {
        if delivery.gap {
            self.drop_fragment(output);
        }
        // Some cameras send empty packets to keep the way open.
        if !rtp.payload.is_empty() {
            self.units(rtp, delivery.arrived, output);
        }
    }

    fn codec(&self) -> &'static str {
        "aac"
    }

    fn config(&self) -> Option<Vec<u8>> {
        Some(self.config.bytes.clone())
    }

    fn generation(&self) -> u32 {
        0
    }
}
