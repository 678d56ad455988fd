//! What holds for whatever an adapter hands on.

use padelvar_sdk::{Command, Packet, Track};

use super::unit_kinds;

/// Every packet is of a track that was told, and of its codec.
pub fn commands(commands: &[Command]) {
    let mut tracks: Vec<Track> = Vec::new();
    for command in commands {
        match command {
            Command::Tracks(told) => tracks.clone_from(told),
            Command::Packets(packets) => {
                for packet in packets {
                    let track = tracks.iter().find(|track| track.id == packet.track);
                    self::packet(track.expect("a track that was told"), packet);
                }
            }
            _ => {}
        }
    }
}

fn packet(track: &Track, packet: &Packet) {
    let data = &packet.data;
    assert!(!data.is_empty() && data.len() <= 8 * 1024 * 1024);
    match track.codec.as_str() {
        "h264" => {
            let kinds = unit_kinds(data, |nal| nal[0] & 0x1f);
            assert!(kinds.iter().any(|kind| (1..=5).contains(kind)), "{kinds:?}");
            assert!(
                kinds.iter().all(|kind| (1..=23).contains(kind)),
                "{kinds:?}"
            );
            if packet.keyframe {
                assert_eq!(kinds[0], 7);
                assert!(kinds.contains(&8));
            }
        }
        "h265" => {
            let kinds = unit_kinds(data, |nal| nal[0] >> 1 & 0x3f);
            assert!(kinds.iter().any(|kind| *kind < 32), "{kinds:?}");
            assert!(kinds.iter().all(|kind| *kind <= 40), "{kinds:?}");
            if packet.keyframe {
                assert_eq!(kinds[0], 32);
                assert!(kinds.contains(&33) && kinds.contains(&34));
            }
        }
        "mjpeg" => {
            assert!(packet.keyframe);
            assert!(data.starts_with(&[0xff, 0xd8]) && data.ends_with(&[0xff, 0xd9]));
        }
        "pcm" => assert_eq!(data.len() % (2 * usize::from(track.channels)), 0),
        "aac" | "opus" => assert!(packet.keyframe),
        _ => {}
    }
}
