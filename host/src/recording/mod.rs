//! One recording: a feed's pictures through an FFmpeg child into one MP4.
//!
//! FFmpeg gets Matroska on its stdin and answers fragmented MP4 on its stdout; the host owns
//! the file, appends whole fragments and brings it into its final form at the end. Only this
//! room and `preview` know FFmpeg.

mod admission;
mod changes;
mod child;
mod command;
mod damage;
mod feeding;
mod gaps;
mod millis;
mod part;
mod plan;
mod program;
mod progress;
mod quality;
mod recorder;
mod repair;
mod restarts;
mod room;
mod sounding;
mod staleness;
mod status;
mod tools;
mod verdict;

pub use admission::{Admission, Demand, Refused, Ticket};
pub use command::EncodeSettings;
pub use plan::{Earlier, Plan};
pub use program::program;
pub use quality::{Distance, EndedBy, Quality};
pub use recorder::{Recording, StopError};
pub use repair::{repair_leftovers, take_up};
pub use status::{Gap, Handover, Mode, RecordingState, RecordingStatus};
pub use tools::{FfmpegTools, ToolStatus};
pub use verdict::{Finding, Verdict, verdict};
