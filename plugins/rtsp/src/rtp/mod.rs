//! RTP and RTCP (RFC 3550).

mod packet;
mod report;
mod sequence;

pub use self::packet::{Rtp, RtpError};
pub use self::report::{Report, SenderReport, reports};
pub use self::sequence::{Delivery, Sequencer};
