//! RTP that another implementation sent (`data/README.md`), against what it packed.

mod common;

use common::{Peer, SDP, data, framed, recorded};
use padelvar_sdk::testing::camera;
use padelvar_sdk::{Packet, Track};
use rtsp::sound::{Decoder, Order, code_words};
use rtsp::video::nal_units;

/// Track and packets of a recording of video.
fn video(name: &str, section: &str) -> (Track, Vec<Packet>) {
    let mut peer = Peer::connected("rtsp://cam/stream");
    peer.describe(section);
    peer.play();
    for packet in recorded(name) {
        peer.say(&framed(0, &packet));
    }
    let commands = peer.harness.take();
    let mut track = None;
    let mut packets = Vec::new();
    for command in commands {
        match command {
            padelvar_sdk::Command::Tracks(tracks) => track = tracks.into_iter().next(),
            padelvar_sdk::Command::Packets(more) => packets.extend(more),
            padelvar_sdk::Command::Log(line) => panic!("{}", line.message),
            _ => {}
        }
    }
    (track.expect("a track"), packets)
}

/// Track and packets of a recording of sound.
fn sound(name: &str, section: &str) -> (Track, Vec<Packet>) {
    let mut wanted = camera("rtsp://cam/stream");
    wanted.audio = true;
    let mut peer = Peer::of(wanted);
    peer.describe(&format!("{SDP}{section}"));
    peer.request("SETUP");
    peer.answer("200 OK", "Session: 1\r\n", "");
    peer.request("SETUP");
    peer.answer("200 OK", "Session: 1\r\n", "");
    peer.request("PLAY");
    peer.answer("200 OK", "", "");
    let track = peer.harness.tracks().remove(0).remove(1);
    for packet in recorded(name) {
        peer.say(&framed(2, &packet));
    }
    let packets = peer.harness.packets();
    assert!(
        packets
            .iter()
            .all(|packet| packet.track == 1 && packet.keyframe)
    );
    assert!(peer.harness.logs().is_empty());
    (track, packets)
}

/// The raw access units of an ADTS stream.
fn adts_units(name: &str) -> Vec<Vec<u8>> {
    let bytes = data(name);
    let mut rest = bytes.as_slice();
    let mut units = Vec::new();
    while let [_, flags, _, high, middle, low, _, ..] = rest {
        let len = usize::from(high & 3) << 11 | usize::from(*middle) << 3 | usize::from(low >> 5);
        let header = if flags & 1 == 1 { 7 } else { 9 };
        units.push(rest[header..len].to_vec());
        rest = &rest[len..];
    }
    units
}

fn steps(packets: &[Packet]) -> Vec<u64> {
    let time = |packet: &Packet| packet.timestamp.expect("RTP has timestamps");
    packets
        .windows(2)
        .map(|pair| time(&pair[1]).wrapping_sub(time(&pair[0])) & 0xffff_ffff)
        .collect()
}

#[test]
fn h265() {
    let (track, packets) = video("h265", "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n");
    assert_eq!((track.codec.as_str(), track.clock_rate), ("h265", 90_000));
    let bytes = data("h265.ref");
    // The last picture ends where the next one begins, or with its marker.
    assert_eq!(packets.len(), 10);
    assert!(packets[0].keyframe && packets.iter().filter(|p| p.keyframe).count() == 2);
    let kind = |nal: &[u8]| nal[0] >> 1 & 0x3f;
    let slices = |data: &[u8]| {
        let mut rest = data;
        let mut out: Vec<Vec<u8>> = Vec::new();
        while let Some((len, after)) = rest.split_first_chunk::<4>() {
            let (nal, after) = after.split_at(u32::from_be_bytes(*len) as usize);
            if kind(nal) < 32 {
                out.push(nal.to_vec());
            }
            rest = after;
        }
        out
    };
    let sent: Vec<_> = packets.iter().flat_map(|p| slices(&p.data)).collect();
    let packed: Vec<_> = nal_units(&bytes)
        .filter(|nal| kind(nal) < 32)
        .map(<[u8]>::to_vec)
        .collect();
    assert_eq!(sent, packed);
}

#[test]
fn jpeg() {
    let (track, packets) = video("jpeg", "m=video 0 RTP/AVP 26\r\n");
    assert_eq!((track.codec.as_str(), track.clock_rate), ("mjpeg", 90_000));
    assert_eq!((packets.len(), steps(&packets)), (3, vec![9000, 9000]));
    let bytes = data("jpeg.ref");
    let starts: Vec<usize> = (0..bytes.len() - 2)
        .filter(|at| bytes[*at..].starts_with(&[0xff, 0xd8, 0xff]))
        .collect();
    for (index, packet) in packets.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(bytes.len());
        let file = &bytes[starts[index]..end];
        // The same scan with the same size, behind headers of our own.
        assert_eq!(segment(&packet.data, 0xda).1, segment(file, 0xda).1);
        assert_eq!(
            segment(&packet.data, 0xc0).0[..5],
            segment(file, 0xc0).0[..5]
        );
        let table = |data| segment(data, 0xdb).0[1..65].to_vec();
        assert_eq!(table(&packet.data), table(file));
        assert!(!segment(&packet.data, 0xc4).0.is_empty());
    }
}

/// Body of the first segment with that marker, and what follows it.
fn segment(data: &[u8], marker: u8) -> (&[u8], &[u8]) {
    let mut rest = &data[2..];
    loop {
        let len = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        let (segment, after) = rest.split_at(2 + len);
        if segment[1] == marker {
            return (&segment[4..], after);
        }
        rest = after;
    }
}

#[test]
fn aac() {
    let (track, packets) = sound(
        "aac",
        "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/16000/1\r\na=fmtp:97 \
         profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3; \
         config=140856E500\r\n",
    );
    assert_eq!(
        (track.codec.as_str(), track.clock_rate, track.channels),
        ("aac", 16_000, 1)
    );
    assert_eq!(track.config, [0x14, 0x08, 0x56, 0xe5, 0x00]);
    let units: Vec<_> = packets.iter().map(|packet| packet.data.clone()).collect();
    let packed = adts_units("aac.ref");
    // What was collected when the recording ended was not sent.
    assert!(units.len() >= 8 && units == packed[..units.len()]);
    assert!(steps(&packets).iter().all(|step| *step == 1024));
}

#[test]
fn latm() {
    let (track, packets) = sound(
        "latm",
        "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MP4A-LATM/16000/2\r\na=fmtp:97 \
         profile-level-id=40;cpresent=0;config=400028203fc0\r\n",
    );
    assert_eq!(
        (track.codec.as_str(), track.clock_rate, track.channels),
        ("aac", 16_000, 2)
    );
    assert_eq!(track.config, [0x14, 0x10]);
    let units: Vec<_> = packets.iter().map(|packet| packet.data.clone()).collect();
    let packed = adts_units("latm.ref");
    // What was collected when the recording ended was not sent.
    assert!(units.len() >= 8 && units == packed[..units.len()]);
    assert!(steps(&packets).iter().all(|step| *step == 1024));
}

#[test]
fn opus() {
    let (track, packets) = sound(
        "opus",
        "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 opus/48000/2\r\na=fmtp:97 sprop-stereo=1\r\n",
    );
    assert_eq!(
        (track.codec.as_str(), track.clock_rate, track.channels),
        ("opus", 48_000, 2)
    );
    let sent: Vec<_> = recorded("opus").iter().map(|p| p[12..].to_vec()).collect();
    let taken: Vec<_> = packets.iter().map(|packet| packet.data.clone()).collect();
    assert_eq!(taken, sent);
    assert!(steps(&packets).iter().all(|step| *step == 960));
}

#[test]
fn samples() {
    let (track, packets) = sound("l16", "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 L16/8000/1\r\n");
    assert_eq!(
        (track.codec.as_str(), track.clock_rate, track.channels),
        ("pcm", 8_000, 1)
    );
    let all: Vec<u8> = packets.into_iter().flat_map(|packet| packet.data).collect();
    assert!(all == data("l16.ref"));
}

/// Power of the difference, as a part of the power of `plain`.
fn noise(samples: &[u8], plain: &[u8]) -> f64 {
    let value = |pair: &[u8]| f64::from(i16::from_le_bytes([pair[0], pair[1]]));
    let (mut noise, mut power) = (0.0, 0.0);
    for (coded, plain) in samples.chunks_exact(2).zip(plain.chunks_exact(2)) {
        noise += (value(coded) - value(plain)).powi(2);
        power += value(plain).powi(2);
    }
    noise / power
}

/// FFmpeg keeps bits of the scale factor that the Recommendation drops (block MIX), so
/// that samples differ in their last bits. At 40 kbit/s it departs further (block UPB) and
/// is no reference.
#[test]
fn g726_is_decoded_to_nearly_the_same_samples() {
    for bits in 2..=4u8 {
        let rate = u32::from(bits) * 8;
        let words = data(&format!("g726-{rate}.bin"));
        let mut decoder = Decoder::new(bits);
        let samples: Vec<u8> = code_words(&words, bits, Order::LowFirst)
            .flat_map(|word| decoder.sample(word).to_le_bytes())
            .collect();
        let reference = data(&format!("g726-{rate}.ref"));
        assert_eq!(samples.len(), reference.len());
        let noise = noise(&samples, &reference);
        assert!(noise < 1e-3, "{rate} kbit/s: {noise:e}");
    }
}

#[test]
fn g726_in_packets() {
    let mut near = Vec::new();
    for (name, section) in [
        (
            "g726",
            "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 G726-24/8000\r\n",
        ),
        (
            "aal2",
            "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 AAL2-G726-32/8000\r\n",
        ),
    ] {
        let (track, packets) = sound(name, section);
        assert_eq!(
            (track.codec.as_str(), track.clock_rate, track.channels),
            ("pcm", 8_000, 1)
        );
        let samples: Vec<u8> = packets.into_iter().flat_map(|packet| packet.data).collect();
        near.push(samples);
    }
    // Both are the signal, but for the noise of the coding.
    let original = data("l16.ref");
    assert!(
        noise(&near[0], &original) < 0.05,
        "{}",
        noise(&near[0], &original)
    );
    assert!(
        noise(&near[1], &original) < 0.02,
        "{}",
        noise(&near[1], &original)
    );
}
