//! FLV (Adobe's Video File Format Specification 10.1, annex E, and Enhanced RTMP for H.265).

mod demux;
mod tags;

pub use demux::FlvDemuxer;
