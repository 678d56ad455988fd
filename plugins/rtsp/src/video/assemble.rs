//! From NAL units to pictures: where one ends, and whether it is whole.

use padelvar_sdk::Microseconds;

use super::annexb;
use super::parameters::Parameters;
use super::syntax::{Kind, Slice, Syntax};
use super::unit::{Unit, split};
use crate::depacketiser::{Frame, Output};

/// After so long without a key picture, a picture with an SPS before it counts as
/// one to start from. Some cameras refresh their picture row by row or with plain
/// I pictures and never send a real one; the SPS stands where they mean decoders to start.
const NO_KEY_US: Microseconds = 10_000_000;

const MARKERS: &str =
    "the camera sets RTP's marker within pictures; pictures now end where the timestamp changes";
const NO_PARAMETERS: &str = "the camera sends key pictures without parameter sets";

/// The picture being put together, and what is known of the stream.
#[derive(Debug)]
pub struct Assembler<S> {
    /// Those that came so far.
    pub parameters: Parameters<S>,
    unit: Option<Building>,
    /// Packets are missing before the next picture.
    gap: bool,
    /// The marker was seen where a picture goes on: only timestamps count.
    markers_lie: bool,
    finished: Option<u32>,
    last_key: Option<Microseconds>,
    leading: Leading,
}

/// What becomes of leading pictures (ISO/IEC 23008-2, section 8.1.3: `NoRaslOutputFlag`
/// of the key picture before them).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leading {
    /// Nothing to start from came yet, or the sequence ended.
    Before,
    /// What they refer to never came.
    Lost,
    /// They can be decoded.
    Kept,
}

#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing seen in the picture so far, none excludes another"
)]
struct Building {
    unit: Unit,
    slices: bool,
    key: bool,
    broken_link: bool,
    leading: bool,
    /// A parameter set that says where to start.
    start: bool,
    /// The sequence ends behind it.
    last: bool,
}

impl<S> Default for Assembler<S> {
    fn default() -> Self {
        Self {
            parameters: Parameters::default(),
            unit: None,
            gap: false,
            markers_lie: false,
            finished: None,
            last_key: None,
            leading: Leading::Before,
        }
    }
}

impl<S: Syntax> Assembler<S> {
    /// To be called before each packet's payload.
    pub fn packet(
        &mut self,
        timestamp: u32,
        arrived: Microseconds,
        gap: bool,
        output: &mut Output,
    ) {
        let same = self
            .unit
            .as_ref()
            .is_some_and(|building| building.unit.timestamp == timestamp);
        if gap {
            if let Some(building) = &mut self.unit {
                building.unit.damaged = true;
            }
            self.gap = !same;
        }
        if !same {
            self.finish(output);
            self.last_key.get_or_insert(arrived);
            self.parameters.next_unit();
            self.unit = Some(Building {
                unit: Unit::new(timestamp, arrived, core::mem::take(&mut self.gap)),
                ..Building::default()
            });
        }
    }

    /// To be called after a packet with the marker bit. A picture ends there, but not
    /// where only parameter sets came: some cameras mark each of these, too.
    pub fn marker(&mut self, output: &mut Output) {
        let slices = |building: &Building| building.slices || building.unit.damaged;
        if !self.markers_lie && self.unit.as_ref().is_some_and(slices) {
            self.finish(output);
        }
    }

    /// The current picture cannot become whole.
    pub fn damage(&mut self) {
        if let Some(building) = &mut self.unit {
            building.unit.damaged = true;
        }
    }

    /// Fragments stop before their end: their picture cannot become whole. They may be
    /// those of the picture before.
    pub fn interrupt(&mut self) {
        if let Some(building) = &mut self.unit
            && building.unit.abort()
        {
            building.unit.damaged = true;
        }
    }

    /// A whole NAL unit.
    pub fn nal(&mut self, nal: &[u8], output: &mut Output) {
        if annexb::is_clean(nal) {
            self.clean_nal(nal, output);
        } else {
            for unit in annexb::nal_units(nal) {
                self.clean_nal(unit, output);
            }
        }
    }

    /// The first piece of a NAL unit, behind its header.
    pub fn begin(&mut self, header: &[u8], piece: &[u8]) {
        self.interrupt();
        if let Some(building) = &mut self.unit {
            building.unit.begin();
            building.unit.extend(header);
            building.unit.extend(piece);
        }
    }

    /// A further piece. One whose beginning is missing damages the picture.
    pub fn extend(&mut self, piece: &[u8]) {
        if let Some(building) = &mut self.unit {
            if building.unit.is_open() {
                building.unit.extend(piece);
            } else {
                building.unit.damaged = true;
            }
        }
    }

    /// The last piece was added.
    pub fn end(&mut self, output: &mut Output) {
        let Some(building) = &mut self.unit else {
            return;
        };
        let Some(nal) = building.unit.end() else {
            return;
        };
        if annexb::is_clean(nal) {
            let (len, notes) = (nal.len(), Notes::of::<S>(nal));
            if !self.note(&notes, output) {
                self.take_back(len);
            }
        } else {
            let copy = nal.to_vec();
            self.take_back(copy.len());
            for unit in annexb::nal_units(&copy) {
                self.clean_nal(unit, output);
            }
        }
    }

    fn take_back(&mut self, len: usize) {
        if let Some(building) = &mut self.unit {
            building.unit.remove_last(len);
        }
    }

    fn clean_nal(&mut self, nal: &[u8], output: &mut Output) {
        self.interrupt();
        if self.note(&Notes::of::<S>(nal), output)
            && let Some(building) = &mut self.unit
        {
            building.unit.append(nal);
        }
    }

    /// Remembers what a NAL unit means for its picture. Whether to keep it.
    fn note(&mut self, notes: &Notes, output: &mut Output) -> bool {
        if let Some(set) = &notes.parameter_set {
            self.parameters.insert(set);
        }
        let Some(building) = &mut self.unit else {
            return false;
        };
        match notes.kind {
            Kind::Needless => return false,
            Kind::Set(name) => building.start |= name.rank == S::START,
            Kind::Slice(slice) => {
                if !building.slices && !notes.begins_picture {
                    if self.finished == Some(building.unit.timestamp) && !building.unit.suspect {
                        self.markers_lie = true;
                        output.oddities.push(MARKERS);
                    }
                    building.unit.damaged = true;
                }
                building.slices = true;
                match slice {
                    Slice::Plain => {}
                    Slice::Key { broken_link } => {
                        building.key = true;
                        building.broken_link |= broken_link;
                    }
                    Slice::Leading => building.leading = true,
                }
            }
            Kind::End => building.last = true,
            Kind::Other => {}
        }
        true
    }

    /// Ends the current picture: hands it on, or drops it.
    fn finish(&mut self, output: &mut Output) {
        let Some(mut building) = self.unit.take() else {
            return;
        };
        self.finished = Some(building.unit.timestamp);
        let leading = self.leading;
        if building.last {
            self.leading = Leading::Before;
        }
        if building.unit.abort() || building.unit.damaged {
            output.dropped += 1;
            return;
        }
        if !building.slices {
            // Parameter sets that were sent with a timestamp of their own.
            return;
        }
        if building.leading && leading != Leading::Kept {
            return;
        }
        let (timestamp, arrived) = (building.unit.timestamp, building.unit.arrived);
        let starved = self
            .last_key
            .is_some_and(|last| arrived.saturating_sub(last) >= NO_KEY_US);
        let mut keyframe = building.key || (building.start && starved);
        if keyframe {
            self.parameters.forget_others();
        }
        if keyframe && !self.parameters.is_complete() {
            output.oddities.push(NO_PARAMETERS);
            keyframe = false;
        }
        let mut data = building.unit.into_data();
        if keyframe {
            if building.key {
                self.last_key = Some(arrived);
                if !building.last {
                    let lost = building.broken_link || leading == Leading::Before;
                    self.leading = if lost { Leading::Lost } else { Leading::Kept };
                }
            }
            data = with_parameters::<S>(self.parameters.config(), &data);
        }
        output.frames.push(Frame {
            data,
            timestamp,
            arrived,
            keyframe,
        });
    }
}

/// What one NAL unit means.
struct Notes {
    kind: Kind,
    begins_picture: bool,
    parameter_set: Option<Vec<u8>>,
}

impl Notes {
    fn of<S: Syntax>(nal: &[u8]) -> Self {
        let kind = S::kind(nal);
        Self {
            kind,
            begins_picture: S::begins_picture(nal),
            parameter_set: matches!(kind, Kind::Set(_)).then(|| nal.to_vec()),
        }
    }
}

/// The picture with `config` in front, and without the sets that it brought: those are
/// in `config` already.
fn with_parameters<S: Syntax>(config: Vec<u8>, data: &[u8]) -> Vec<u8> {
    let mut whole = config;
    whole.reserve(data.len());
    for nal in split(data) {
        let is_set = matches!(S::kind(nal), Kind::Set(_));
        if !is_set && let Ok(len) = u32::try_from(nal.len()) {
            whole.extend(len.to_be_bytes());
            whole.extend_from_slice(nal);
        }
    }
    whole
}
