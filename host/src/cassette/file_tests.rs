use std::sync::Arc;

use super::super::mask::Needle;
use super::*;
use crate::plugins::types::{Command, LogLevel, LogLine, ReceivedBytes};
use crate::plugins::{Cache, Origin, PluginEngine, built_in_wasm};

fn adapter() -> Adapter {
    let engine = PluginEngine::new().unwrap();
    let (_, wasm) = built_in_wasm("snapshot").unwrap();
    let this = std::env::current_exe().unwrap();
    let target = this.ancestors().nth(3).unwrap();
    let cache = Cache::open(&target.join("test-plugins"));
    Adapter::load(&engine, &cache, "snapshot", Origin::BuiltIn, wasm).unwrap()
}

fn camera() -> Camera {
    Camera {
        url: "http://cam/hunter22secret".into(),
        has_credentials: true,
        options: vec![("a".into(), "b".into())],
        audio: false,
        user_agent: "x".into(),
        memory: b"udp".to_vec(),
    }
}

fn received(bytes: &[u8]) -> Arc<Event> {
    Arc::new(Event::Received(ReceivedBytes {
        connection: 1,
        bytes: bytes.to_vec(),
        arrived: 5,
    }))
}

fn mask() -> Mask {
    let text = "hunter22secret".to_owned();
    Mask::new(vec![Needle { text, word: false }])
}

fn written(adapter: &Adapter, tape: Tape) -> Vec<u8> {
    let camera = camera();
    let end = End {
        how: How::Crashed,
        class: None,
        message: "it said hunter22secret".into(),
    };
    let recording = Recording {
        adapter,
        camera: &camera,
        tape,
        end,
    };
    recording.write(&mask())
}

#[test]
fn it_is_read_as_it_was_written_without_the_secret() {
    let adapter = adapter();
    let mut tape = Tape::ring([9; 32]);
    tape.event(1, &Arc::new(Event::Start));
    tape.answer(&[Command::Log(LogLine {
        level: LogLevel::Info,
        message: "hunter22secret!".into(),
    })]);
    // Letter by letter, as a slow network brings it.
    for byte in b"\0hunter22secret\xff" {
        tape.event(2, &received(&[*byte]));
        tape.answer(&[]);
    }
    tape.event(3, &received(b"last words"));
    let file = written(&adapter, tape);
    let text = String::from_utf8(file.clone()).unwrap();
    assert!(!text.contains("hunter22secret"), "{text}");
    let cassette = Cassette::read(&file).unwrap();
    assert_eq!(cassette.adapter, "snapshot");
    assert_eq!(cassette.digest, adapter.digest());
    assert_eq!(cassette.seed, [9; 32]);
    assert_eq!(cassette.camera.url, "http://cam/xxxxxx00xxxxxx");
    assert_eq!(cassette.hidden, 4);
    assert!(cassette.is_complete());
    let turns: Vec<&Recorded> = cassette.turns().collect();
    assert_eq!(turns.len(), 18);
    let heard: Vec<u8> = turns[1..17]
        .iter()
        .flat_map(|turn| arrived(&turn.event).to_vec())
        .collect();
    assert_eq!(heard, b"\0xxxxxx00xxxxxx\xff");
    let said = turns[0].answer.as_ref().unwrap();
    assert_eq!(said[0]["log"]["message"], "xxxxxx00xxxxxx!");
    assert_eq!(turns[17].answer, None);
    let end = cassette.end.unwrap();
    assert_eq!((end.how, end.class), (How::Crashed, None));
}

#[test]
fn a_gap_is_told() {
    let adapter = adapter();
    let mut tape = Tape::ring([0; 32]);
    for turn in 0..2000 {
        tape.event(turn * 1000, &received(&[7; 10_000]));
        tape.answer(&[]);
    }
    let cassette = Cassette::read(&written(&adapter, tape)).unwrap();
    assert!(!cassette.is_complete());
    let kept = cassette.turns().count() as u64;
    let gap = cassette.steps.iter().find_map(|step| match step {
        Step::Gap { events, us } => Some((*events, *us)),
        Step::Turn(_) => None,
    });
    let (events, us) = gap.unwrap();
    assert_eq!(kept + events, 2000);
    assert_eq!(us, (events + 1) * 1000);
}

#[test]
fn what_is_no_cassette_is_told() {
    let adapter = adapter();
    let mut tape = Tape::ring([0; 32]);
    tape.event(1, &Arc::new(Event::Start));
    let good = String::from_utf8(written(&adapter, tape)).unwrap();
    let told = |text: &str| Cassette::read(text.as_bytes()).unwrap_err().to_string();
    assert!(told("").contains("no cassette"));
    assert!(told("\0\u{1}").contains("no JSON"));
    assert!(told("{}").contains("`cassette`"));
    assert!(told(&good.replacen("\"cassette\":1", "\"cassette\":2", 1)).contains("version 2"));
    assert!(told(&good.replacen("adapter@0.1.0", "adapter@9.0.0", 1)).contains("9.0.0"));
    assert!(told(&good.replacen("\"start\"", "\"warp\"", 1)).contains("line 2: there is no event"));
    assert!(told(&good.replacen("\"n\":0", "\"n\":-1", 1)).contains("line 2"));
    // What is new is left alone, and a file that was cut off in its last line is still of use.
    let newer = good.replacen("\"n\":0", "\"n\":0,\"mood\":\"good\"", 1);
    assert_eq!(Cassette::read(newer.as_bytes()).unwrap().turns().count(), 1);
    let cut = &good[..good.len() - 20];
    let cassette = Cassette::read(cut.as_bytes()).unwrap();
    assert_eq!((cassette.turns().count(), &cassette.end), (1, &None));
    assert!(!cassette.is_complete());
}
