//! Servers of HLS that are mostly right: playlists of real tags with odd numbers, and segments in
//! which chance changes some bytes.
//!
//! Longer runs as in `fuzz_stream.rs`.

mod common;

use core::time::Duration;

use common::{H264, check, file, started, with_audio};
use padelvar_sdk::Command;
use padelvar_sdk::testing::{Edit, edited};

/// Lines of playlists; `%` is a number.
const LINES: [&str; 16] = [
    "#EXT-X-TARGETDURATION:%",
    "#EXT-X-MEDIA-SEQUENCE:%",
    "#EXT-X-DISCONTINUITY",
    "#EXT-X-GAP",
    "#EXT-X-KEY:METHOD=NONE",
    "#EXT-X-MAP:URI=\"init.mp4\"",
    "#EXT-X-MAP:URI=\"init.mp4\",BYTERANGE=\"%@0\"",
    "#EXT-X-BYTERANGE:%@%",
    "#EXT-X-BYTERANGE:%",
    "#EXT-X-PART:DURATION=0.2,INDEPENDENT=YES,URI=\"part%.mp4\"",
    "#EXT-X-PROGRAM-DATE-TIME:2026-11-27T20:00:%Z",
    "#EXT-X-ENDLIST",
    "#EXT-X-STREAM-INF:BANDWIDTH=%,CODECS=\"avc1.4d\",AUDIO=\"a\"\nlist%.m3u8",
    "#EXT-X-MEDIA:TYPE=AUDIO,URI=\"sound.m3u8\",GROUP-ID=\"a\"",
    "#EXT-X-SKIP:SKIPPED-SEGMENTS=%",
    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES",
];

/// What a list says: a line and its number.
type Line = (u8, u16);

fn playlist(lines: &[Line], round: usize) -> String {
    let mut text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:{round}\n");
    for (line, number) in lines {
        // Most are segments.
        let line = match line {
            0..80 => LINES[usize::from(line % 16)],
            80..130 => "#EXTINF:1.0,\n%.m4s",
            _ => "#EXTINF:1.0,\n%.ts",
        };
        text.push_str(&line.replace('%', &number.to_string()));
        text.push('\n');
    }
    text
}

#[test]
fn fuzz_servers() {
    let ts = file("fuzz-lists-ts", 1, H264, "mpegts");
    let flags = "frag_keyframe+empty_moov+default_base_moof";
    let arguments = [H264, &["-movflags", flags]].concat();
    let mp4 = file("fuzz-lists-mp4", 1, &arguments, "mp4");
    let moof = mp4.windows(4).position(|window| window == b"moof");
    let (init, fragment) = mp4.split_at(moof.expect("a fragment") - 4);
    bolero::check!()
        .with_type::<Vec<(Vec<Line>, Vec<Edit>)>>()
        .with_iterations(if cfg!(debug_assertions) { 100 } else { 1000 })
        .for_each(|steps| {
            let (mut harness, id) = started(with_audio("http://cam/x.m3u8", true));
            harness.response(id, 200, &[]);
            let first = steps.first().map_or(&[][..], |(lines, _)| lines);
            harness.body(id, playlist(first, 0).as_bytes(), true);
            let mut answered = 0;
            for (round, (lines, edits)) in steps.iter().enumerate() {
                for request in harness.requests() {
                    answered += 1;
                    let url = request.url.as_str();
                    harness.response(request.id, 200, &[]);
                    let text = playlist(lines, round);
                    let bytes = match url.rsplit('.').next() {
                        Some("ts") => &ts,
                        Some("m4s") => fragment,
                        Some("mp4") => init,
                        _ => text.as_bytes(),
                    };
                    // Every third one is as it should be.
                    let edits: &[Edit] = if round % 3 == 0 { &[] } else { edits };
                    harness.body(request.id, &edited(bytes, edits), true);
                }
                harness.advance(Duration::from_millis(400));
            }
            // Pictures and sound ask for one thing at once; a list that is there at once is followed
            // by its first segment.
            assert!(answered <= 4 * steps.len());
            harness.advance(Duration::from_mins(1));
            assert!(harness.outcome().is_some(), "a silent camera is given up");
            let commands = harness.take();
            check(&commands);
            let is_log = |command: &&Command| matches!(command, Command::Log(_));
            assert!(commands.iter().filter(is_log).count() <= 40);
        });
}
