//! Counters of one terrain's camera, looked up once and then counted without a lock.

use prometheus_client::metrics::counter::Counter;

use super::{Named, metrics};

/// A terrain's share of the sums over all cameras.
#[derive(Clone, Debug, Default)]
pub struct CameraCounts {
    frames: Counter,
    bytes: Counter,
    keyframes: Counter,
    lost_packets: Counter,
    reconnects: Counter,
}

impl CameraCounts {
    /// Those of a terrain. It must be one of the configuration: each name is a line for as long
    /// as the host runs.
    pub fn of(terrain_id: &str) -> Self {
        let terrain: Named = [("terrain_id", terrain_id.to_owned())];
        let metrics = metrics();
        Self {
            frames: metrics.camera_frames.get_or_create_owned(&terrain),
            bytes: metrics.camera_bytes.get_or_create_owned(&terrain),
            keyframes: metrics.camera_keyframes.get_or_create_owned(&terrain),
            lost_packets: metrics.camera_lost_packets.get_or_create_owned(&terrain),
            reconnects: metrics.camera_reconnects.get_or_create_owned(&terrain),
        }
    }

    /// A picture came.
    pub fn picture(&self, bytes: usize, keyframe: bool, lost_before: u32) {
        self.frames.inc();
        self.bytes.inc_by(bytes as u64);
        self.keyframes.inc_by(u64::from(keyframe));
        self.lost_packets.inc_by(u64::from(lost_before));
    }

    /// The camera is back.
    pub fn reconnected(&self) {
        self.reconnects.inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terrain_is_one_line_whoever_counts() {
        let terrain = "counted-by-a-test";
        CameraCounts::of(terrain).picture(100, true, 2);
        CameraCounts::of(terrain).picture(50, false, 0);
        let label: Named = [("terrain_id", terrain.to_owned())];
        let metrics = metrics();
        assert_eq!(metrics.camera_frames.get_or_create(&label).get(), 2);
        assert_eq!(metrics.camera_bytes.get_or_create(&label).get(), 150);
        assert_eq!(metrics.camera_keyframes.get_or_create(&label).get(), 1);
        assert_eq!(metrics.camera_lost_packets.get_or_create(&label).get(), 2);
        assert_eq!(metrics.camera_reconnects.get_or_create(&label).get(), 0);
    }
}
