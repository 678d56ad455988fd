//! Misdeeds in what is delivered as pictures.

use padelvar_sdk::{ClockReference, Command, Microseconds, Packet, Track};

/// A gray picture of 16x16 pixels.
const TINY_JPEG: &[u8] = include_bytes!("tiny.jpg");
const TRACK: u32 = 1;

/// A track of `codec`.
fn track(codec: &str) -> Track {
    Track {
        id: TRACK,
        codec: codec.into(),
        clock_rate: 90_000,
        config: vec![],
        channels: 0,
    }
}

fn packet(now: Microseconds, data: Vec<u8>) -> Packet {
    Packet {
        track: TRACK,
        timestamp: None,
        arrived: now,
        keyframe: true,
        lost_before: 0,
        data,
    }
}

/// What [`good_picture`] belongs to.
pub fn good_track() -> Command {
    Command::Tracks(vec![track("mjpeg")])
}

/// A picture that nobody can object to.
pub fn good_picture(now: Microseconds) -> Command {
    Command::Packets(vec![packet(now, TINY_JPEG.to_vec())])
}

/// See the match. Two of them are no misdeeds but extremes that must be lived with:
/// `timestamps` and `references`.
pub fn begin(misdeed: &str, now: Microseconds) -> Option<Vec<Command>> {
    let h264 = |data: Vec<u8>| {
        let packets = vec![packet(now, data)];
        vec![
            Command::Tracks(vec![track("h264")]),
            Command::Packets(packets),
        ]
    };
    let jpeg = |data: Vec<u8>| vec![good_track(), Command::Packets(vec![packet(now, data)])];
    Some(match misdeed {
        "no-nal" => h264(b"this is no NAL unit at all".to_vec()),
        "giant-nal" => h264([&[0x40, 0, 0, 0, 0x65][..], &[0; 100]].concat()),
        "empty-nal" => h264(vec![0; 8]),
        "no-picture" => h264(vec![]),
        "no-jpeg" => jpeg(b"GIF89a and not JPEG".to_vec()),
        "half-jpeg" => jpeg(TINY_JPEG[..TINY_JPEG.len() / 2].to_vec()),
        "hollow-jpeg" => jpeg(vec![0xff, 0xd8, 0xff, 0xd9]),
        "huge-picture" => {
            let mut data = TINY_JPEG.to_vec();
            data.splice(2..2, vec![0xff; 9 << 20]);
            jpeg(data)
        }
        "unknown-track" => {
            let mut stray = packet(now, TINY_JPEG.to_vec());
            stray.track = 99;
            vec![good_track(), Command::Packets(vec![stray])]
        }
        "packets-first" => vec![good_picture(now)],
        "clock-rate-0" => tracks(|track| track.clock_rate = 0),
        "clock-rate-max" => tracks(|track| track.clock_rate = u32::MAX),
        "no-codec" => tracks(|track| track.codec = "vp8".into()),
        "codec-escapes" => tracks(|track| track.codec = "\u{1b}[2J\r\n".repeat(10_000)),
        "no-config" => tracks(|track| {
            track.codec = "h264".into();
            track.config = vec![0xff; 100];
        }),
        "huge-config" => tracks(|track| {
            track.codec = "h264".into();
            track.config = [&[0, 1, 0, 0][..], &vec![0x67; 1 << 16]].concat();
        }),
        "no-tracks" => vec![Command::Tracks(vec![])],
        "many-tracks" => vec![Command::Tracks(vec![track("mjpeg"); 10_000])],
        "same-track" => vec![Command::Tracks(vec![track("mjpeg"), track("h264")])],
        "timestamps" => timestamps(now),
        "references" => vec![Command::Reference(ClockReference {
            track: 99,
            timestamp: u64::MAX,
            ntp: u64::MAX,
        })],
        _ => return None,
    })
}

fn tracks(spoil: impl Fn(&mut Track)) -> Vec<Command> {
    let mut track = track("mjpeg");
    spoil(&mut track);
    vec![Command::Tracks(vec![track])]
}

/// Every edge of every number.
fn timestamps(now: Microseconds) -> Vec<Command> {
    let edges = [
        0,
        1,
        u64::from(u32::MAX),
        1 << 32,
        1 << 63,
        u64::MAX - 1,
        u64::MAX,
    ];
    let mut packets = Vec::new();
    for timestamp in edges {
        for arrived in [0, now, 1 << 63, u64::MAX] {
            for lost_before in [0, u32::MAX] {
                packets.push(Packet {
                    timestamp: Some(timestamp),
                    arrived,
                    lost_before,
                    ..packet(now, TINY_JPEG.to_vec())
                });
            }
        }
    }
    [1, 1_000_000_000]
        .into_iter()
        .flat_map(|clock_rate| {
            let slow = tracks(|track| track.clock_rate = clock_rate);
            [slow, vec![Command::Packets(packets.clone())]].concat()
        })
        .collect()
}
