//! MPEG transport stream (ISO/IEC 13818-1).

mod continuity;
mod demux;
mod packet;
mod pes;
mod program;
mod section;
mod sync;

pub use demux::TsDemuxer;
pub use sync::find_sync;

/// Bytes in a packet (section 2.4.3.2).
pub const PACKET_BYTES: usize = 188;
