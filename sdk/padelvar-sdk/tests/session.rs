//! Sessions from start to end, with the harness as the host.

use core::time::Duration;

use padelvar_sdk::runtime::Driver;
use padelvar_sdk::testing::{Harness, camera, edited};
use padelvar_sdk::wit::Track;
use padelvar_sdk::{
    Camera, Command, Either, Error, Event, FailureClass, Io, Packet, Request, select,
};

fn harness<F, R>(run: F) -> Harness
where
    F: FnOnce(Camera, Io) -> R,
    R: Future<Output = Result<(), Error>> + 'static,
{
    Harness::new(camera("test://cam/x"), run)
}

fn failure(harness: &Harness) -> (FailureClass, &str) {
    harness.failure().expect("a failure")
}

#[test]
fn nothing_runs_before_the_start_or_after_the_end() {
    let mut harness = harness(|_, io| async move {
        io.info("hello");
        Ok(())
    });
    harness.connected(1);
    assert!(harness.take().is_empty());
    harness.start();
    assert_eq!(harness.logs(), ["hello"]);
    assert_eq!(harness.outcome(), Some(&Ok(())));
    harness.take();
    harness.stop();
    assert!(harness.take().is_empty());
}

#[test]
fn a_connection_is_read_as_a_stream() {
    let mut harness = harness(|_, io| async move {
        let mut connection = io.connect("cam", 7, true).await?;
        connection.send(b"hi");
        let line = connection.read_until(b"\r\n", 10).await?;
        let three = connection.read_exact(3).await?;
        let rest = connection.read().await?;
        io.info(format_args!(
            "{line:?} {three:?} {:?} {}",
            rest.bytes, rest.arrived
        ));
        connection.read_until(b"\n", 4).await?;
        Ok(())
    });
    harness.start();
    let connect = harness.connects().remove(0);
    assert_eq!(
        (connect.host.as_str(), connect.port, connect.tls),
        ("cam", 7, true)
    );
    harness.connected(connect.id);
    assert_eq!(harness.sent(connect.id), "hi");
    for piece in [&b"a\r"[..], b"\nbc", b"d"] {
        harness.received(connect.id, piece);
    }
    harness.advance(Duration::from_micros(5));
    harness.received(connect.id, b"e");
    assert_eq!(harness.logs(), ["[97, 13, 10] [98, 99, 100] [101] 1000005"]);
    harness.received(connect.id, b"12345");
    assert_eq!(failure(&harness).0, FailureClass::Protocol);
}

#[test]
fn what_came_before_the_end_can_be_read() {
    let mut harness = harness(|_, io| async move {
        let mut connection = io.connect("cam", 7, false).await?;
        io.sleep(Duration::from_secs(1)).await;
        io.info(connection.read_exact(2).await?.len());
        connection.read().await?;
        Ok(())
    });
    harness.start();
    let id = harness.connects()[0].id;
    harness.connected(id);
    harness.received(id, b"ab");
    harness.closed(id);
    harness.advance(Duration::from_secs(1));
    assert_eq!(harness.logs(), ["2"]);
    assert_eq!(
        failure(&harness),
        (FailureClass::Protocol, "the camera closed the connection")
    );
}

#[test]
fn a_dropped_connection_is_closed_and_a_failed_one_is_not() {
    let mut harness = harness(|_, io| async move {
        drop(io.connect("cam", 1, false).await?);
        io.connect("cam", 2, false).await?;
        Ok(())
    });
    harness.start();
    let first = harness.connects()[0].id;
    harness.connected(first);
    assert!(harness.take().contains(&Command::Close(first)));
    harness.received(first, b"late");
    harness.failed(first + 1, FailureClass::Unreachable, "refused");
    assert_eq!(failure(&harness), (FailureClass::Unreachable, "refused"));
    assert!(!harness.take().contains(&Command::Close(first + 1)));
}

#[test]
fn bytes_that_nobody_reads_are_bounded() {
    let mut harness = harness(|_, io| async move {
        let mut connection = io.connect("cam", 7, false).await?;
        io.sleep(Duration::from_secs(1)).await;
        connection.read_exact(usize::MAX).await?;
        Ok(())
    });
    harness.start();
    let id = harness.connects()[0].id;
    harness.connected(id);
    for _ in 0..70 {
        harness.received(id, &vec![0; 262_144]);
    }
    harness.advance(Duration::from_secs(1));
    assert!(failure(&harness).1.contains("unread"));
}

#[test]
fn time_passes_only_when_the_host_says_so() {
    let mut harness = harness(|_, io| async move {
        let sleep = io.sleep(Duration::from_millis(30));
        let result = io.timeout(Duration::from_millis(20), sleep).await;
        io.info(result.is_err());
        match select(
            io.sleep(Duration::from_millis(2)),
            io.sleep(Duration::from_millis(1)),
        )
        .await
        {
            Either::Left(()) => io.info("left"),
            Either::Right(()) => io.info("right"),
        }
        io.sleep_until(0).await;
        let mut timer = io.timer();
        for round in 0..3 {
            timer.set(io.now() + 1000);
            timer.rung().await;
            io.info(round);
        }
        io.timeout(Duration::from_secs(10), core::future::pending::<()>())
            .await?;
        Ok(())
    });
    harness.start();
    harness.advance(Duration::from_millis(19));
    assert!(harness.logs().is_empty());
    harness.advance(Duration::from_millis(1));
    assert_eq!(harness.logs(), ["true"]);
    harness.advance(Duration::from_millis(1));
    assert_eq!(harness.logs(), ["right"]);
    harness.advance(Duration::from_millis(3));
    assert_eq!(harness.logs(), ["0", "1", "2"]);
    harness.advance(Duration::from_secs(10));
    assert_eq!(failure(&harness).0, FailureClass::Unreachable);
}

#[test]
fn timers_that_are_given_up_at_once_are_not_mentioned() {
    let mut harness = harness(|_, io| async move {
        let ready = core::future::ready(());
        io.timeout(Duration::from_secs(1), ready).await?;
        let mut timer = io.timer();
        timer.set(io.now() + 5);
        drop(timer);
        core::future::pending::<()>().await;
        Ok(())
    });
    harness.start();
    assert!(harness.take().is_empty());
}

#[test]
fn requests_and_bodies() {
    let mut harness = harness(|_, io| async move {
        let request = Request::get("http://cam/x").header("Accept", "*/*");
        let mut response = io.request(request).await?;
        io.info(format_args!(
            "{} {:?}",
            response.status,
            response.headers.get("X-A")
        ));
        while let Some(chunk) = response.body.chunk().await? {
            io.info(chunk.bytes.len());
        }
        let mut response = io.request(Request::get("http://cam/y")).await?;
        response.body.read_to_end(4).await?;
        Ok(())
    });
    harness.start();
    let request = harness.requests().remove(0);
    assert_eq!(
        (request.method.as_str(), request.url.as_str()),
        ("GET", "http://cam/x")
    );
    harness.response(request.id, 200, &[("x-a", "b")]);
    harness.body(request.id, b"abc", false);
    harness.body(request.id, b"", true);
    assert_eq!(harness.logs(), ["200 Some(\"b\")", "3"]);
    let second = harness.requests()[0].id;
    // The first one was read to its end: nothing to give up.
    assert!(!harness.take().contains(&Command::Cancel(request.id)));
    harness.response(second, 200, &[]);
    harness.body(second, b"12345", false);
    assert_eq!(failure(&harness).0, FailureClass::Protocol);
    assert!(harness.take().contains(&Command::Cancel(second)));
}

#[test]
fn pictures_of_one_call_travel_together_behind_their_track() {
    let packet = |byte| Packet {
        track: 0,
        timestamp: None,
        arrived: 0,
        keyframe: true,
        lost_before: 0,
        data: vec![byte],
    };
    let mut harness = harness(move |_, io| async move {
        let track = |rate| Track {
            id: 0,
            codec: "mjpeg".to_owned(),
            clock_rate: rate,
            config: Vec::new(),
            channels: 0,
        };
        io.tracks(vec![track(1)]);
        io.emit(packet(1));
        io.info("between");
        io.emit(packet(2));
        io.tracks(vec![track(2)]);
        io.emit(packet(3));
        io.sleep(Duration::from_secs(1)).await;
        Ok(())
    });
    harness.start();
    let kinds: Vec<String> = harness
        .take()
        .into_iter()
        .filter_map(|command| match command {
            Command::Tracks(tracks) => Some(format!("tracks {}", tracks[0].clock_rate)),
            Command::Packets(packets) => Some(format!("packets {}", packets.len())),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, ["tracks 1", "packets 2", "tracks 2", "packets 1"]);
}

#[test]
fn stopping() {
    // Who does not ask is dropped.
    let mut deaf = harness(|_, io| async move {
        io.sleep(Duration::from_secs(99)).await;
        Ok(())
    });
    deaf.start();
    deaf.stop();
    assert_eq!(deaf.outcome(), Some(&Ok(())));
    // Who asks may say goodbye, and cannot fail any more.
    let mut polite = harness(|_, io| async move {
        io.stopped().await;
        io.sleep(Duration::from_millis(5)).await;
        Err(Error::other("too late"))
    });
    polite.start();
    polite.stop();
    assert_eq!(polite.outcome(), None);
    polite.advance(Duration::from_millis(5));
    assert_eq!(polite.outcome(), Some(&Ok(())));
    // A stop before the start.
    let mut early = harness(|_, io| async move {
        io.stopped().await;
        Ok(())
    });
    early.stop();
    assert_eq!(early.outcome(), Some(&Ok(())));
}

#[test]
fn a_future_that_wakes_itself_for_ever_is_ended() {
    let mut harness = harness(|_, _| {
        core::future::poll_fn(|context| {
            context.waker().wake_by_ref();
            core::task::Poll::Pending
        })
    });
    harness.start();
    assert_eq!(
        failure(&harness),
        (FailureClass::Other, "the adapter never waits")
    );
}

#[test]
fn unknown_options_are_told() {
    let mut camera = camera("test://cam");
    camera.options = ["a", "b"]
        .map(|name| (name.to_owned(), "1".to_owned()))
        .to_vec();
    let mut driver = Driver::new(camera, &["b", "c"], |_, _| async { Ok(()) });
    let commands = driver.handle(1, Event::Start);
    let Command::Log(line) = &commands[0] else {
        panic!("{commands:?}");
    };
    assert_eq!(
        line.message,
        "unknown option \"a\": this adapter knows b, c"
    );
    assert_eq!(commands[1..], [Command::Finished]);
}

#[test]
fn edits_are_made_in_their_order() {
    let edit = |edits| edited(b"abcdef", edits);
    assert_eq!(edit(&[]), b"abcdef");
    assert_eq!(edit(&[(6, 0, 0x58)]), b"Xbcdef");
    assert_eq!(edit(&[(1, 1, 5), (2, 2, 2)]), b"aBef");
    assert_eq!(edit(&[(4, 3, 9)]), b"abcdefef");
    assert_eq!(edit(&[(0, 2, 6), (0, 0, 1)]), b"");
}
