//! UDP ports and multicast groups, with the harness as the host.

use padelvar_sdk::testing::{Harness, camera};
use padelvar_sdk::{Camera, Component, Error, FailureClass, Io};

const CAMERA: (&str, u16) = ("10.0.0.9", 6970);

fn harness<F, R>(run: F) -> Harness
where
    F: FnOnce(Camera, Io) -> R,
    R: Future<Output = Result<(), Error>> + 'static,
{
    let mut harness = Harness::new(camera("test://cam/x"), run);
    harness.start();
    harness
}

#[test]
fn a_pair_sends_receives_and_is_given_back() {
    let mut harness = harness(|_, io| async move {
        let mut pair = io.bind_datagrams().await?;
        io.info(format_args!("{:?}", pair.ports()));
        pair.send(Component::Rtcp, "cam", 6971, b"hello");
        for _ in 0..2 {
            let datagram = pair.receive().await?;
            io.info(format_args!(
                "{:?} {}:{} {:?}",
                datagram.component, datagram.host, datagram.from_port, datagram.bytes
            ));
        }
        Ok(())
    });
    let port = harness.binds()[0];
    // Of a pair that nobody has.
    harness.datagram(port + 1, Component::Rtp, CAMERA, vec![9]);
    harness.bound(port, 40_000);
    assert_eq!(harness.logs(), ["(40000, 40001)"]);
    let sent = harness.sent_datagrams().remove(0);
    assert_eq!(
        (
            sent.component,
            sent.host.as_str(),
            sent.to_port,
            &sent.bytes[..]
        ),
        (Component::Rtcp, "cam", 6971, &b"hello"[..])
    );
    let both = vec![
        harness.came(Component::Rtp, CAMERA, vec![]),
        harness.came(Component::Rtcp, CAMERA, vec![1]),
    ];
    harness.datagrams(port, both);
    assert_eq!(
        harness.logs(),
        [
            "Component::Rtp 10.0.0.9:6970 []",
            "Component::Rtcp 10.0.0.9:6970 [1]"
        ]
    );
    assert_eq!(harness.unbinds(), [port]);
    assert_eq!(harness.outcome(), Some(&Ok(())));
}

#[test]
fn ports_that_cannot_be_had() {
    let mut harness = harness(|_, io| async move {
        let joined = io.join_multicast("239.1.1.1", 5000, Some("10.0.0.9")).await;
        io.info(joined.is_err());
        io.bind_datagrams().await?;
        Ok(())
    });
    let join = harness.joins().remove(0);
    assert_eq!(
        (join.group.as_str(), join.rtp_port, join.source.as_deref(),),
        ("239.1.1.1", 5000, Some("10.0.0.9"))
    );
    harness.port_failed(join.port, FailureClass::Other, "not granted");
    assert_eq!(harness.logs(), ["true"]);
    let pair = harness.binds()[0];
    harness.port_failed(pair, FailureClass::Other, "no pair is free");
    assert_eq!(
        harness.failure(),
        Some((FailureClass::Other, "no pair is free"))
    );
    assert!(harness.unbinds().is_empty(), "there is nothing to give up");
}

#[test]
fn what_came_before_the_end_can_be_taken() {
    let mut harness = harness(|_, io| async move {
        let mut pair = io.bind_datagrams().await?;
        io.sleep(core::time::Duration::from_secs(1)).await;
        io.info(pair.failure().is_some());
        loop {
            io.info(pair.receive().await?.bytes.len());
        }
    });
    let port = harness.binds()[0];
    harness.bound(port, 40_000);
    harness.datagram(port, Component::Rtp, CAMERA, vec![0; 3]);
    harness.port_failed(port, FailureClass::Unreachable, "broken");
    harness.advance(core::time::Duration::from_secs(1));
    assert_eq!(harness.logs(), ["true", "3"]);
    assert_eq!(
        harness.failure(),
        Some((FailureClass::Unreachable, "broken"))
    );
    assert_eq!(harness.unbinds(), [port]);
}

#[test]
fn a_flood_that_nobody_takes_is_bounded() {
    let mut harness = harness(|_, io| async move {
        let mut pair = io.bind_datagrams().await?;
        io.sleep(core::time::Duration::from_secs(1)).await;
        let mut kept = 0;
        while pair.is_filled() {
            pair.receive().await?;
            kept += 1;
        }
        io.info(format_args!("{kept} {} {}", pair.dropped(), pair.dropped()));
        Ok(())
    });
    let port = harness.binds()[0];
    harness.bound(port, 40_000);
    for _ in 0..300 {
        harness.datagram(port, Component::Rtp, CAMERA, vec![0; 65_507]);
    }
    harness.advance(core::time::Duration::from_secs(1));
    assert_eq!(harness.logs(), ["255 45 0"]);
}
