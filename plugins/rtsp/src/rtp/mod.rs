//! RTP and RTCP (RFC 3550).

mod packet;
mod reception;
mod report;
mod sequence;

pub use self::packet::{Rtp, RtpError};
pub use self::reception::{Block, Reception};
pub use self::report::{Report, SenderReport, receiver_report, reports};
pub use self::sequence::{Delivery, Sequencer};
