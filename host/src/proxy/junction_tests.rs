use bytes::Bytes;

use super::super::feed::Feed;
use super::super::reader::{Item, Reader, Start};
use super::*;
use crate::media::Codec;
use crate::telemetry::metrics::CameraCounts;

const STEP_US: i64 = 40_000;

struct Stage {
    junction: Junction,
    /// Dropping it would end its readers.
    _feed: Feed,
    reader: Reader,
    track: Arc<VideoTrack>,
    began_us: i64,
}

impl Stage {
    fn new() -> Self {
        let shared = Arc::new(Shared::new("fake", CameraCounts::default()));
        let feed = Feed::of(Arc::clone(&shared));
        let reader = feed.subscribe(Start::NewestKeyframe, 1 << 20);
        let track = Arc::new(VideoTrack {
            codec: Codec::H264,
            config: Bytes::from_static(&[1]),
            width: 640,
            height: 360,
        });
        Self {
            junction: Junction::new(shared),
            _feed: feed,
            reader,
            track,
            began_us: now_us() - 60_000_000,
        }
    }

    /// A picture of the camera, on a lane with this origin of its timestamps.
    fn picture(&self, lane: LaneId, origin: u32, n: i64) {
        let number = (n as u32).to_be_bytes();
        let data = [&[0, 0, 0, 6, 0x41, 0x9a][..], &number].concat();
        let part = Part {
            track: Arc::new((*self.track).clone()),
            keyframe: n % 10 == 0,
            lost_before: 0,
            data: Bytes::from(data),
        };
        let timestamp = u64::from(origin.wrapping_add(n as u32 * 3600));
        let arrived = self.began_us + n * STEP_US;
        self.junction.picture(lane, Some(timestamp), arrived, part);
    }

    fn lane(&self, waits: bool) -> LaneId {
        let lane = if waits {
            self.junction.wait()
        } else {
            self.junction.run()
        };
        let track = Arc::new((*self.track).clone());
        self.junction.track(lane, &track, Some(90_000));
        lane
    }

    fn read(&mut self) -> (usize, Vec<i64>, usize) {
        let (mut tracks, mut times, mut lost) = (0, Vec::new(), 0);
        while let Some(item) = self.reader.take_waiting() {
            match item {
                Item::Track(_) => tracks += 1,
                Item::Packet(packet) => times.push(packet.pts_us - self.began_us),
                Item::Lost | Item::Overflow => lost += 1,
                Item::SoundTrack(_) | Item::Sound(_) => {}
            }
        }
        (tracks, times, lost)
    }
}

fn even(times: &[i64], count: i64) {
    let wanted: Vec<i64> = (0..count).map(|n| n * STEP_US).collect();
    assert_eq!(times, wanted);
}

#[tokio::test]
async fn readers_see_nothing_of_a_change() {
    let mut stage = Stage::new();
    let mut running = (stage.lane(false), 5);
    let mut n = 0;
    for origin in [u32::MAX - 30_000, 1 << 31, 77] {
        let waiting = (stage.lane(true), origin);
        for _ in 0..25 {
            stage.picture(running.0, running.1, n);
            stage.picture(waiting.0, waiting.1, n);
            n += 1;
        }
        assert_eq!(stage.junction.spliced().await, Way::Bytes);
        running = waiting;
        assert!(stage.junction.is_live());
    }
    let (tracks, times, lost) = stage.read();
    assert_eq!((tracks, lost), (1, 0));
    even(&times, n);
    let status = stage.junction.shared().status.borrow().clone();
    assert_eq!((status.state, status.reconnects), (CameraState::Live, 0));
    let clock = stage.junction.shared().counters().clock;
    assert_eq!((clock.anchors, clock.jumps), (1, 0), "the mapping goes on");
}

#[tokio::test]
async fn an_attempt_that_is_given_up_leaves_no_trace() {
    let mut stage = Stage::new();
    let running = stage.lane(false);
    (0..15).for_each(|n| stage.picture(running, 5, n));
    let waiting = stage.lane(true);
    // Ahead of the running one, so that pictures wait for each other.
    (10..13).for_each(|n| stage.picture(waiting, 9, n));
    (15..20).for_each(|n| stage.picture(running, 5, n));
    stage.junction.give_up();
    (20..30).for_each(|n| stage.picture(waiting, 9, n));
    (20..30).for_each(|n| stage.picture(running, 5, n));
    let (tracks, times, lost) = stage.read();
    assert_eq!((tracks, lost), (1, 0));
    even(&times, 30);
    assert!(!stage.junction.has_waiting());
}

#[tokio::test]
async fn the_one_that_waits_goes_on_where_the_other_has_ended() {
    let mut stage = Stage::new();
    let running = stage.lane(false);
    (0..15).for_each(|n| stage.picture(running, 5, n));
    stage.junction.ended(running);
    assert!(!stage.junction.is_live());
    // The camera begins with what it has kept.
    let waiting = stage.lane(true);
    (10..30).for_each(|n| stage.picture(waiting, 9, n));
    stage.junction.ended(running);
    assert!(stage.junction.is_live(), "that was another lane");
    let (_, times, lost) = stage.read();
    even(&times, 30);
    // After a loss everybody begins with a keyframe, whatever was before.
    stage.junction.ended(waiting);
    let third = stage.lane(true);
    stage.junction.lost();
    (28..50).for_each(|n| stage.picture(third, 1, n));
    let (_, times, lost_now) = stage.read();
    assert_eq!((lost, lost_now), (0, 1));
    assert_eq!(times.first(), Some(&(30 * STEP_US)));
    let status = stage.junction.shared().status.borrow().clone();
    assert_eq!((status.state, status.reconnects), (CameraState::Live, 1));
}
