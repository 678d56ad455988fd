//! Fragmented MP4 (ISO/IEC 14496-12, section 8.8), as segments of HLS hold it.

mod boxes;
mod demux;
mod fragment;
mod init;

pub use demux::Mp4Demuxer;
