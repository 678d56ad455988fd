//! Server-sent events: what happens, to those who may see it.

use std::time::Duration;

use padelvar_tests::events::{Event, Events};
use padelvar_tests::{Api, Config, Host, cameras, machine};
use reqwest::Method;
use simcam::{Fault, RtspConfig};
use tokio::time::sleep;

const PATH: &str = "/api/video/events";
const PATIENCE: Duration = Duration::from_secs(30);
/// What would come by then, had it been sent.
const QUIET: Duration = Duration::from_secs(2);

async fn listen(api: &Api, headers: &[(&str, &str)]) -> Events {
    Events::of(api.open(Method::GET, PATH, headers).await)
}

/// Of this session, in this state.
fn says(event: &Event, kind: &str, id: &str, state: &str) -> bool {
    let of = &event.data["session_id"];
    let states = [
        &event.data["status"],
        &event.data["state"],
        &event.data["camera"]["state"],
    ];
    event.kind == kind && of == id && states.iter().any(|s| *s == state)
}

fn ids(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.id.as_str()).collect()
}

#[tokio::test]
async fn the_life_of_a_session() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let host = Host::start(&Config::of(&camera)).await;
    let mut events = listen(&host.api, &[]).await;
    let id = host.api.create(1).await;
    let mut seen = events
        .until(PATIENCE, |e| says(e, "camera", &id, "live"))
        .await;
    assert!(
        seen.iter().any(|e| says(e, "session", &id, "active")),
        "{seen:#?}"
    );
    host.api.start(&id).await;
    seen.extend(
        events
            .until(PATIENCE, |e| says(e, "recording", &id, "recording"))
            .await,
    );
    camera.inject(Fault::Outage(Duration::from_secs(2)));
    seen.extend(
        events
            .until(PATIENCE, |e| says(e, "camera", &id, "lost"))
            .await,
    );
    seen.extend(
        events
            .until(PATIENCE, |e| says(e, "camera", &id, "live"))
            .await,
    );
    host.api.stop(&id).await;
    seen.extend(
        events
            .until(PATIENCE, |e| says(e, "session", &id, "closed"))
            .await,
    );
    seen.extend(events.all(QUIET).await);
    assert!(
        seen.iter().any(|e| says(e, "recording", &id, "completed")),
        "{seen:#?}"
    );
    for event in &seen {
        let known = ["session", "recording", "camera", "plugin"];
        assert!(known.contains(&event.kind.as_str()), "{event:?}");
        assert!(event.data.is_object() && !event.id.is_empty(), "{event:?}");
    }
    let all = ids(&seen);
    let mut once = all.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), all.len(), "ids come twice: {all:?}");

    // Whoever was away gets what was missed, in order, and then what happens.
    let middle = all.len() / 2;
    let last = [("last-event-id", all[middle])];
    let mut again = listen(&host.api, &last).await;
    let end = all[all.len() - 1];
    let replayed = again.until(PATIENCE, |e| e.id == end).await;
    assert_eq!(ids(&replayed), all[middle + 1..]);
    let other = host.api.create(1).await;
    again
        .until(PATIENCE, |e| says(e, "session", &other, "active"))
        .await;
    // With the last id nothing is old; with one that never was, the stream is good all the same.
    let mut newest = listen(&host.api, &[("last-event-id", end)]).await;
    let after = newest
        .until(PATIENCE, |e| says(e, "session", &other, "active"))
        .await;
    assert!(!ids(&after).contains(&end), "{after:#?}");
    for odd in ["x", "-1", "99999999999999999999999", "0", ""] {
        let mut stream = listen(&host.api, &[("last-event-id", odd)]).await;
        let _ = stream.next(Duration::from_millis(200)).await;
    }
    host.end().await;
}

#[tokio::test]
async fn only_what_the_caller_may_view() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let url = camera.url();
    let host = Host::start(&Config::new().url(url).url(url).club(2).url(url)).await;
    let api = &host.api;
    let (mine, neighbour) = (api.user("PLAYER", "7", 1), api.user("PLAYER", "8", 1));
    let (club, other_club) = (
        api.user("CLUB_ADMIN", "3", 1),
        api.user("CLUB_ADMIN", "4", 2),
    );
    let nobody = api.user("COACH", "7", 1);
    let everybody = [&mine, &neighbour, &club, &other_club, &nobody];
    let mut streams = Vec::new();
    for caller in everybody {
        let answer = caller.open(Method::GET, PATH, &[]).await;
        // A role without rights may be refused as well as be told nothing.
        let refused = answer.status() == 403;
        assert!(
            !refused || caller.token == nobody.token,
            "{:?}",
            answer.status()
        );
        streams.push((!refused).then(|| Events::of(answer)));
    }
    let first = mine.create(1).await;
    let second = neighbour.create(2).await;
    let third = other_club.create(3).await;
    let [first_seen, second_seen, third_seen] = [
        [true, false, true, false, false],
        [false, true, true, false, false],
        [false, false, false, true, false],
    ];
    for (index, stream) in streams.iter_mut().enumerate() {
        let Some(stream) = stream else { continue };
        let seen = stream.all(QUIET).await;
        for (id, expected) in [
            (&first, first_seen[index]),
            (&second, second_seen[index]),
            (&third, third_seen[index]),
        ] {
            let told = seen
                .iter()
                .any(|e| e.data.to_string().contains(id.as_str()));
            assert_eq!(told, expected, "{index} of {id}: {seen:#?}");
        }
    }
    // What is replayed is judged the same.
    let mut all = listen(api, &[("last-event-id", "0")]).await;
    let known = all.all(QUIET).await;
    if let Some(first_id) = known.first().map(|e| e.id.clone()) {
        let headers = [("last-event-id", first_id.as_str())];
        let mut replay = listen(&mine, &headers).await;
        for event in replay.all(QUIET).await {
            let text = event.data.to_string();
            assert!(
                !text.contains(&second) && !text.contains(&third),
                "{event:?}"
            );
        }
    }
    host.end().await;
}

#[tokio::test]
async fn open_streams_do_not_hold_up_the_end_and_slow_readers_nobody() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let mut host = Host::start(&Config::of(&camera)).await;
    let mut unread = Vec::new();
    for _ in 0..20 {
        unread.push(host.api.open(Method::GET, PATH, &[]).await);
    }
    let mut read = listen(&host.api, &[]).await;
    for _ in 0..3 {
        let id = host.api.create(1).await;
        host.api.try_close(&id).await.ok(200);
        read.until(PATIENCE, |e| says(e, "session", &id, "closed"))
            .await;
        sleep(Duration::from_millis(5)).await;
    }
    let (status, took) = host.terminate().await;
    assert!(status.success(), "{status}\n{}", host.log.text());
    assert!(took < Duration::from_secs(10), "{took:?}");
    drop(unread);
}
