//! What it costs to keep the last seconds of a session's conversation: a camera's pictures
//! through the MJPEG adapter, with the tape running and without.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use padelvar::cassette::Tape;
use padelvar::plugins::types::{BodyPart, Camera, Event, Header, HttpResponse};
use padelvar::plugins::{Adapter, Cache, Guest, Origin, PluginEngine, built_in_wasm};
use tokio::runtime::Runtime;

/// Time between two pictures.
const PICTURE_US: u64 = 40_000;

/// One JPEG of a moving scene, as a part of a multipart answer.
fn part() -> Vec<u8> {
    let source = "testsrc2=size=1280x720:rate=25";
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", source])
        .args(["-frames:v", "1", "-f", "mjpeg", "-"])
        .output()
        .expect("FFmpeg makes the picture");
    assert!(output.status.success() && !output.stdout.is_empty());
    let jpeg = output.stdout;
    let head = format!(
        "--x\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
        jpeg.len()
    );
    [head.as_bytes(), &jpeg, b"\r\n"].concat()
}

struct Session {
    guest: Guest,
    part: Vec<u8>,
    now_us: u64,
    runtime: Runtime,
}

impl Session {
    fn start(adapter: &Arc<Adapter>, part: &[u8]) -> Self {
        let camera = Camera {
            url: "http://192.0.2.1/stream".to_owned(),
            has_credentials: false,
            options: Vec::new(),
            audio: false,
            user_agent: "bench".to_owned(),
            memory: Vec::new(),
        };
        let guest = Guest::start(Arc::clone(adapter), camera, [0; 32]).expect("a thread");
        let runtime = Runtime::new().expect("a runtime");
        let header = Header {
            name: "content-type".to_owned(),
            value: "multipart/x-mixed-replace; boundary=x".to_owned(),
        };
        let response = Event::Response(HttpResponse {
            id: 1,
            status: 200,
            headers: vec![header],
        });
        for event in [Event::Start, response] {
            let answer = runtime.block_on(guest.handle(1, Arc::new(event)));
            answer.expect("the adapter takes it");
        }
        Self {
            guest,
            part: part.to_vec(),
            now_us: 1,
            runtime,
        }
    }

    fn picture(&mut self, tape: Option<&mut Tape>) {
        self.now_us += PICTURE_US;
        let event = Arc::new(Event::Body(BodyPart {
            id: 1,
            bytes: self.part.clone(),
            arrived: self.now_us,
            last: false,
        }));
        let handled = self
            .runtime
            .block_on(self.guest.handle(self.now_us, Arc::clone(&event)));
        let answer = handled.expect("the adapter takes it");
        assert!(!answer.commands.is_empty());
        if let Some(tape) = tape {
            tape.event(self.now_us, &event);
            tape.answer(&answer.commands);
        }
    }
}

fn tape(criterion: &mut Criterion) {
    let engine = PluginEngine::new().expect("an engine");
    let (_, wasm) = built_in_wasm("mjpeg").expect("it is built in");
    let adapter = Adapter::load(&engine, &Cache::off(), "mjpeg", Origin::BuiltIn, wasm);
    let adapter = Arc::new(adapter.expect("it loads"));
    let part = part();
    let mut group = criterion.benchmark_group("a picture through an adapter");
    group.measurement_time(Duration::from_secs(5));
    group.throughput(Throughput::Bytes(part.len() as u64));
    group.bench_function("without a tape", |bencher| {
        let mut session = Session::start(&adapter, &part);
        bencher.iter(|| session.picture(None));
    });
    group.bench_function("with the last seconds on tape", |bencher| {
        let mut session = Session::start(&adapter, &part);
        let mut tape = Tape::ring([0; 32]);
        bencher.iter(|| session.picture(Some(&mut tape)));
    });
    group.finish();
}

criterion_group!(benches, tape);
criterion_main!(benches);
