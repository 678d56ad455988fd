use std::path::Path;

use super::*;
use crate::config::{Config, Environment, Secret, TlsMode, parse};

fn run(program: Program, text: &str) -> (Config, Import) {
    let import = import(program, text).unwrap_or_else(|error| panic!("{error}"));
    let loaded = parse(
        &import.toml,
        Path::new("/etc/padelvar"),
        "x.toml",
        &Environment::new(),
    );
    match loaded {
        Ok(loaded) => (loaded.config, import),
        Err(error) => panic!("{error}\n{}", import.toml),
    }
}

fn url(config: &Config, at: usize) -> &str {
    config.terrains[at].camera.url.as_str()
}

fn password(config: &Config, at: usize) -> Option<&str> {
    config.terrains[at]
        .camera
        .password
        .as_ref()
        .map(Secret::expose)
}

fn says(import: &Import, part: &str) {
    assert!(
        import.notes.iter().any(|note| note.contains(part)),
        "{part}: {:#?}",
        import.notes
    );
    // Each also stands in the TOML.
    assert!(import.toml.contains(part), "{part}: {}", import.toml);
}

#[test]
fn go2rtc() {
    let text = r#"
api: { listen: ":1984" }
rtsp: { listen: ":8554", username: u, password: "hunter2" }
streams:
  court1: rtsp://admin:p%40ss@10.1.0.11:554/h264/ch1#transport=udp#backchannel=0
  court2:
    - exec:gst-launch-1.0 rtspsrc location=rtsp://x
    - ffmpeg:rtsp://u:${CAM2_PASSWORD:x}@10.1.0.12/live#video=h264#audio=aac
    - rtsp://10.1.0.12/sub
  court3: rtspx://10.1.0.13:7441/abc
  again: rtsp://127.0.0.1:8554/court1?video
  again_http: http://localhost:1984/api/stream.mp4?src=court3
  by_name: ffmpeg:court1#video=copy
  circle_a: ffmpeg:circle_b
  circle_b: [ "ffmpeg:circle_a" ]
  pushed:
  talk: isapi://admin:hunter2@10.1.0.14
  usb: exec:ffmpeg -hide_banner -i rtsp://a:b@10.1.0.15/1 -c copy -f rtsp {output}
  bell: webrtc:ws://10.1.0.16/ws
  old: { url: "http://10.1.0.17/video.mjpg" }
  sound: rtsp://10.1.0.18/1#media=audio
  gone: rtsp://127.0.0.1:8554/nothing
"#;
    let (config, import) = run(Program::Go2rtc, text);
    let names: Vec<&str> = config.terrains.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "court1",
            "court2",
            "court3",
            "again",
            "again_http",
            "by_name",
            "usb",
            "old"
        ]
    );
    assert_eq!(url(&config, 0), "rtsp://10.1.0.11:554/h264/ch1");
    assert_eq!(password(&config, 0), Some("p@ss"));
    assert_eq!(config.terrains[0].camera.options["transport"], "udp");
    assert_eq!(url(&config, 1), "rtsp://10.1.0.12/live");
    assert_eq!(password(&config, 1), None);
    assert_eq!(config.terrains[2].camera.tls, TlsMode::Off);
    assert_eq!(url(&config, 3), url(&config, 0));
    assert_eq!(password(&config, 3), Some("p@ss"));
    assert_eq!(url(&config, 4), "rtsps://10.1.0.13:7441/abc");
    assert_eq!(url(&config, 5), url(&config, 0));
    assert_eq!(url(&config, 6), "rtsp://10.1.0.15/1");
    assert_eq!(config.terrains[7].camera.adapter.as_deref(), Some("mjpeg"));
    assert!(config.terrains.iter().all(|terrain| !terrain.audio));
    assert_eq!((import.terrains, import.left_out), (8, 7));
    assert!(
        import
            .toml
            .contains("# password_file = \"secrets/terrain-2-password\"")
    );
    assert!(import.toml.contains("CAM2_PASSWORD"));
    for part in [
        "source 1: `exec:` is a command",
        "1 further source(s) are not used",
        "in a circle",
        "a program publishes into it",
        "two-way sound only",
        "WebRTC",
        "`#media` leaves the picture out",
        "it restreams `nothing`, which this file does not have",
        "its FFmpeg input is taken",
        "the account of `rtsp`",
    ] {
        says(&import, part);
    }
    assert!(!format!("{:?}{}", import.notes, import.toml).contains("hunter2"));
}

#[test]
fn mediamtx() {
    let pin = "0a".repeat(32);
    let text = format!(
        r#"
authInternalUsers:
  - user: any
pathDefaults:
  rtspTransport: tcp
  record: yes
  recordDeleteAfter: 36h
paths:
  north:
    source: rtsps://admin:pw@10.2.0.11:322/s
    sourceFingerprint: {pin}
    sourceOnDemand: yes
    rtspTransport: udp
  south: {{ source: "rtsp://10.2.0.12/s" }}
  multi: {{ source: "rtsp://10.2.0.13/s", rtspTransport: multicast }}
  auto: {{ source: "rtsp://10.2.0.14/s", rtspTransport: automatic }}
  pushed: {{ source: publisher }}
  started:
    runOnInit: ffmpeg -i rtsp://a:hunter2@10.2.0.15/1 -c copy -f rtsp rtsp://localhost:$RTSP_PORT/$MTX_PATH
    runOnInitRestart: yes
  hls: {{ source: "http://10.2.0.16/index.m3u8" }}
  udp: {{ source: "udp://238.0.0.1:1234" }}
  pi: {{ source: rpiCamera }}
  elsewhere: {{ source: redirect, sourceRedirect: "rtsp://x/y" }}
  "~^cam(\\d+)$": {{ source: "rtsp://10.2.0.$G1/s" }}
  all_others:
"#
    );
    let (config, import) = run(Program::MediaMtx, &text);
    let names: Vec<&str> = config.terrains.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, ["north", "south", "multi", "auto", "started"]);
    assert_eq!(config.terrains[0].camera.tls, TlsMode::Pin([10; 32]));
    let transports: Vec<Option<&str>> = config
        .terrains
        .iter()
        .map(|t| t.camera.options.get("transport").map(String::as_str))
        .collect();
    assert_eq!(
        transports,
        [
            Some("udp"),
            Some("tcp"),
            Some("multicast"),
            None,
            Some("tcp")
        ]
    );
    assert_eq!(password(&config, 4), Some("hunter2"));
    assert!(!import.notes.join("\n").contains("hunter2"));
    for part in [
        "`keep_days = 2`",
        "`authInternalUsers`",
        "`sourceOnDemand`",
        "`record`: PadelVar",
        "a program publishes into it",
        "`runOnInit` is not carried over",
        "HLS over HTTP",
        "`udp://`",
        "ribbon cable",
        "redirects",
        "regular expression",
        "every other path",
    ] {
        says(&import, part);
    }
}

#[test]
fn an_older_mediamtx() {
    let text = "paths:\n  all: { sourceProtocol: udp, sourceOnDemand: yes, readUser: a }\n  one: { source: \"rtsp://10.2.1.1/s\" }\n";
    let (config, import) = run(Program::MediaMtx, text);
    assert_eq!(config.terrains.len(), 1);
    assert_eq!(config.terrains[0].camera.options["transport"], "udp");
    says(&import, "every other path");
    says(&import, "`sourceOnDemand`");
}

#[test]
fn frigate() {
    let text = r#"
mqtt: { enabled: false }
record:
  enabled: true
  retain: { days: 3.5 }
  alerts: { retain: { days: 14 } }
objects: { track: [person] }
ffmpeg: { output_args: { record: preset-record-generic-audio-aac } }
go2rtc:
  streams:
    entry_main:
      - rtsp://{FRIGATE_RTSP_USER}:{FRIGATE_RTSP_PASSWORD}@10.3.0.11/main
      - "ffmpeg:entry_main#audio=aac"
    entry_sub: rtsp://10.3.0.11/sub
defaults: &defaults
  detect: { enabled: true }
cameras:
  entry:
    <<: *defaults
    ffmpeg:
      inputs:
        - path: rtsp://127.0.0.1:8554/entry_sub
          input_args: preset-rtsp-restream
          roles: [detect]
        - path: rtsp://127.0.0.1:8554/entry_main
          input_args: preset-rtsp-restream
          roles: [record]
  hall:
    friendly_name: The Hall
    ffmpeg:
      input_args: -rtsp_transport udp -timeout 5000000
      inputs:
        - { path: "rtsp://a:b{{c@10.3.0.12/1", roles: [detect, record] }
  single:
    ffmpeg: { inputs: [ { path: "http://10.3.0.13/cgi", input_args: preset-http-jpeg-generic, roles: detect } ] }
  broken:
    ffmpeg:
      inputs:
        - { path: "rtmp://a:hunter2@10.3.0.14/x", roles: [record] }
        - { path: "rtsp://10.3.0.14/sub", roles: [detect] }
  off: { enabled: false, ffmpeg: { inputs: [ { path: "rtsp://10.3.0.15/" } ] } }
  none: { zones: {} }
"#;
    let (config, import) = run(Program::Frigate, text);
    let names: Vec<&str> = config.terrains.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, ["entry", "The Hall", "single", "broken"]);
    assert_eq!(url(&config, 0), "rtsp://10.3.0.11/main");
    assert_eq!(config.terrains[0].camera.options.get("transport"), None);
    assert!(import.toml.contains("FRIGATE_RTSP_PASSWORD"));
    assert_eq!(password(&config, 1), Some("b{c"));
    assert_eq!(config.terrains[1].camera.options["transport"], "udp");
    assert_eq!(
        config.terrains[2].camera.adapter.as_deref(),
        Some("snapshot")
    );
    assert_eq!(url(&config, 3), "rtsp://10.3.0.14/sub");
    for part in [
        "`keep_days = 14`",
        "not carried over: `mqtt`, `objects`",
        "not carried over: `detect`",
        "that camera is taken",
        "set `audio = true`",
        "RTMP",
        "its picture may be small",
        "switched off",
        "it has no `ffmpeg.inputs`",
    ] {
        says(&import, part);
    }
    assert!(!import.notes.join("\n").contains("hunter2"));
}

#[test]
fn names_and_values_cannot_leave_their_place() {
    let text = "streams:\n  \"a\\n[[terrains]]\\nid = \\\"\": \"rtsp://u:q%22%0A%5C%00@h/\"\n  \"\": rtsp://h/\n  \"x\\ny\": exec:z\n";
    let (config, _) = run(Program::Go2rtc, text);
    assert_eq!(config.terrains.len(), 2);
    assert_eq!(password(&config, 0), Some("q\"\n\\\0"));
    assert_eq!(config.terrains[1].name, "Court 2");
}

#[test]
fn files_that_are_none() {
    for program in [Program::Go2rtc, Program::MediaMtx, Program::Frigate] {
        for text in ["", "- a\n", "just text"] {
            let error = import(program, text).unwrap_err();
            assert_eq!(error, ImportError::NoTable(program.name()));
        }
        assert!(matches!(import(program, "a: ["), Err(ImportError::Yaml(_))));
        let (config, import) = run(program, "other: 1\nstreams: 3\npaths: []\ncameras: x\n");
        assert!(config.terrains.is_empty());
        assert!(
            import
                .notes
                .iter()
                .any(|note| note.starts_with("it has no `"))
        );
    }
}

#[test]
fn odd_shapes_do_not_panic() {
    for value in [
        "~",
        "[]",
        "{}",
        "[[]]",
        "[{}]",
        "{url: }",
        "{ffmpeg: {inputs: [x, {path: }]}}",
        "{source: [a]}",
        "'#'",
        "'ffmpeg:'",
        "'exec:'",
        "'rtsp://127.0.0.1:8554/a'",
    ] {
        let text =
            format!("streams: {{a: {value}}}\npaths: {{a: {value}}}\ncameras: {{a: {value}}}\n");
        for program in [Program::Go2rtc, Program::MediaMtx, Program::Frigate] {
            run(program, &text);
        }
    }
}
