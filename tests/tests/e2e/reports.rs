//! The report on a recording: a club sees whether a match is whole before its players ask.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use padelvar_tests::cameras::{self, small_http};
use padelvar_tests::{Config, Host, Take, clock, machine, together};
use reqwest::Method;
use serde_json::{Value, json};
use simcam::{Fault, Handle, RtspConfig};
use tokio::time::sleep;

const LENGTH: Duration = Duration::from_secs(5);
const GONE: Duration = Duration::from_secs(3);
/// Pictures a second of every simulated camera here.
const FPS: f64 = 25.0;

/// The codes of what a report finds.
fn codes(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().expect("a list").iter();
    findings
        .map(|finding| {
            assert!(finding["fault"].is_boolean() && finding["text"].is_string());
            finding["code"].as_str().expect("a code")
        })
        .collect()
}

fn number(report: &Value, name: &str) -> f64 {
    let value = report["quality"][name].as_f64();
    value.unwrap_or_else(|| panic!("{name}: {report}"))
}

/// Without what is another one in every answer.
fn lasting(mut report: Value) -> Value {
    if let Some(file) = report["file"].as_object_mut() {
        assert!(file["download_url"].is_string(), "{file:?}");
        file.remove("download_url");
    }
    report
}

/// The report once the file's digest is known.
async fn with_digest(host: &Host, id: &str) -> Value {
    let known = |report: &Value| report["file"]["sha256"].is_string();
    host.api.until(|| host.api.report(id), known).await
}

/// What is true of the report on a recording of a camera without faults.
async fn is_whole(host: &Host, take: &Take) -> Value {
    let report = with_digest(host, &take.id).await;
    eprintln!("{report:#}");
    assert_eq!(report["whole"], true);
    assert_eq!(codes(&report), Vec::<&str>::new());
    assert_eq!(report["status"], "completed");
    assert_eq!(report["gaps"], json!([]));
    let recording = host.api.recording(&take.id).await;
    assert_eq!(recording["quality"], report["quality"]);
    for same in [
        "session_id",
        "started_at",
        "planned_seconds",
        "frames",
        "mode",
    ] {
        assert_eq!(recording[same], report[same], "{same}");
    }
    for none in [
        "frames_lost",
        "frames_repeated",
        "frames_left_out",
        "packets_lost",
        "gap_seconds",
        "gap_share",
        "clock_jumps",
        "reconnects",
        "ffmpeg_restarts",
        "host_restarts",
        "start_delay_seconds",
    ] {
        assert!(number(&report, none).abs() < f64::EPSILON, "{none}");
    }
    assert_eq!(report["quality"]["ended_by"], "call");
    let [expected, there] =
        ["expected_seconds", "duration_seconds"].map(|name| report[name].as_f64().expect(name));
    assert!((expected - there).abs() < 0.3, "{there} of {expected} s");
    let path = format!("/api/video/files/{}/download", take.id);
    let file = host.api.get(&path).await;
    let digest = digest(&SHA256, &file.bytes);
    let digits = |byte: &u8| {
        [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
    };
    let digest: String = digest.as_ref().iter().flat_map(digits).collect();
    assert_eq!(report["file"]["sha256"], digest);
    assert_eq!(report["quality"]["sha256"], digest);
    assert_eq!(report["file"]["size_bytes"], file.bytes.len());
    report
}

/// Pictures that a camera sent between two of its numbers.
fn sent_between(camera: &Handle, first: u64, last: u64) -> f64 {
    let clients = camera.sent();
    let frames = clients.iter().flat_map(|client| &client.frames);
    frames
        .filter(|frame| (first..=last).contains(&frame.number) && frame.whole)
        .count() as f64
}

#[tokio::test]
async fn a_clean_recording_is_whole_and_stays_so() {
    let _shared = machine::shared().await;
    let rtsp = cameras::rtsp(RtspConfig::default()).await;
    let http = cameras::http(small_http()).await;
    let mut host = Host::start(&Config::of(&rtsp).url(http.url())).await;
    let takes = together([
        Take::record(&host, 1, LENGTH),
        Take::record(&host, 2, LENGTH),
    ])
    .await;
    let copied = is_whole(&host, &takes[0]).await;
    let offsets = takes[0].check_copied(&rtsp).await;
    let (first, last) = (
        offsets.numbers[0],
        offsets.numbers[offsets.numbers.len() - 1],
    );
    let off = number(&copied, "frames_received") - sent_between(&rtsp, first, last);
    assert!(off.abs() <= 1.0, "{off} pictures more than the camera sent");
    // A picture that the camera itself sent late is no fault of the recording.
    let furthest = copied["quality"]["largest_distance"]["ms"].as_f64();
    assert!(
        furthest >= Some(40.0) && furthest < Some(1000.0),
        "{copied}"
    );
    let encoded = is_whole(&host, &takes[1]).await;
    assert_eq!(encoded["mode"], "encode");

    // The other one's file is deleted: what is known of it is told on.
    let path = format!("/api/video/files/{}/delete", takes[1].id);
    host.api.send(Method::DELETE, &path, &[]).await.ok(200);
    let deleted = host.api.report(&takes[1].id).await;
    assert_eq!(
        (&deleted["file"], &deleted["whole"]),
        (&json!(null), &json!(true))
    );
    assert_eq!(codes(&deleted), ["file_gone"]);

    let (status, _) = host.terminate().await;
    assert!(status.success(), "{status}");
    let mut host = Host::start_in(host.folder()).await;
    let again = host.api.report(&takes[0].id).await;
    assert_eq!(lasting(again), lasting(copied.clone()));
    assert_eq!(host.api.report(&takes[1].id).await, deleted);

    // Without the catalogue the file tells what it can.
    let (status, _) = host.terminate().await;
    assert!(status.success(), "{status}");
    for name in ["padelvar.db", "padelvar.db-wal", "padelvar.db-shm"] {
        let _ = std::fs::remove_file(host.path(name));
    }
    let host = Host::start_in(host.folder()).await;
    let alone = with_digest(&host, &takes[0].id).await;
    eprintln!("{alone:#}");
    assert_eq!(
        (&alone["whole"], &alone["quality"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(codes(&alone), ["not_observed"]);
    for same in [
        "frames",
        "duration_seconds",
        "created_at",
        "terrain_id",
        "club_id",
    ] {
        assert_eq!(alone[same], copied[same], "{same}");
    }
    assert_eq!(alone["file"]["sha256"], copied["file"]["sha256"]);
    let path = format!("/api/video/record/report/{}", takes[0].id);
    host.api
        .user("PLAYER", "7", 1)
        .get(&path)
        .await
        .problem(403);
    host.api
        .user("CLUB_ADMIN", "7", 2)
        .get(&path)
        .await
        .problem(403);
    host.api.user("CLUB_ADMIN", "7", 1).get(&path).await.ok(200);
    let path = format!("/api/video/record/report/{}", takes[1].id);
    host.api.get(&path).await.refused(404, "unknown_session");
    host.end().await;
}

/// Records while a fault happens to the camera; the report at the end.
async fn through(host: &Host, terrain: u32, camera: &Handle, faults: &[Fault]) -> (Take, Value) {
    let id = host.api.create(terrain).await;
    let called = clock::now();
    host.api.start(&id).await;
    for fault in faults {
        sleep(Duration::from_secs(3)).await;
        camera.inject(fault.clone());
    }
    let live = |session: &Value| session["camera"]["state"] == "live";
    sleep(GONE + Duration::from_secs(1)).await;
    host.api.until(|| host.api.session(&id), live).await;
    sleep(Duration::from_secs(2)).await;
    let take = Take::stop(host, id, called).await;
    let report = host.api.report(&take.id).await;
    eprintln!("{report:#}");
    (take, report)
}

#[tokio::test]
async fn what_is_missing_is_told() {
    let _shared = machine::shared().await;
    let [gone, lossy, off] = [
        cameras::rtsp(RtspConfig::default()).await,
        cameras::rtsp(RtspConfig::default()).await,
        cameras::rtsp(RtspConfig::default()).await,
    ];
    let config = Config::of(&gone).url(lossy.url()).url(off.url());
    let host = Host::start(&config).await;
    let outage = [Fault::Outage(GONE)];
    let loss = [Fault::LossRate(0.05), Fault::LossRate(0.0)];
    let ((_, outage), (lost, loss), late) = tokio::join!(
        through(&host, 1, &gone, &outage),
        through(&host, 2, &lossy, &loss),
        begun_late(&host, 3, &off),
    );

    assert_eq!(outage["whole"], false);
    let found = codes(&outage);
    for code in ["gaps", "frames_lost", "camera_reconnected"] {
        assert!(found.contains(&code), "{code}: {found:?}");
    }
    let gap = &outage["gaps"][0];
    assert_eq!(gap["cause"], "camera_lost");
    let seconds = gap["seconds"].as_f64().expect("a number");
    assert!((number(&outage, "gap_seconds") - seconds).abs() < 0.01);
    let share = seconds / outage["duration_seconds"].as_f64().expect("a number");
    assert!((number(&outage, "gap_share") - share).abs() < 0.001);
    assert!((number(&outage, "reconnects") - 1.0).abs() < f64::EPSILON);
    let repeated = number(&outage, "frames_repeated");
    // Once a second, as long as it is known to be away.
    assert!((1.0..=seconds + 1.0).contains(&repeated), "{repeated}");
    let missing = number(&outage, "frames_lost");
    assert!((missing - seconds * FPS).abs() < 10.0, "{missing} pictures");
    let furthest = &outage["quality"]["largest_distance"];
    assert_eq!(furthest["at_seconds"], gap["start_seconds"]);
    let ms = furthest["ms"].as_f64().expect("a number");
    assert!((ms - seconds * 1000.0).abs() < 2.0, "{furthest} {gap}");

    assert_eq!(loss["whole"], false);
    let packets = number(&loss, "packets_lost");
    assert!(packets >= 2.0, "{packets}");
    assert!(codes(&loss).contains(&"packets_lost"));
    // Those that came and those that did not are all there were.
    let length = loss["duration_seconds"].as_f64().expect("a number");
    let pictures = number(&loss, "frames_received") + number(&loss, "frames_lost");
    assert!((pictures - length * FPS).abs() < 15.0, "{pictures}");
    assert_eq!(loss["frames"], lost.recording()["frames"]);

    assert_eq!(late["whole"], false);
    assert_eq!(codes(&late), ["late_start"]);
    let delay = number(&late, "start_delay_seconds");
    assert!((2.0..30.0).contains(&delay), "{delay}");
    host.end().await;
}

/// A recording whose camera is off when it is started; the report while it goes on, and at last.
async fn begun_late(host: &Host, terrain: u32, camera: &Handle) -> Value {
    camera.inject(Fault::Outage(Duration::from_secs(7)));
    let body = host.api.try_create(terrain).await.ok(201);
    let id = body["session"]["session_id"].as_str().expect("an id");
    let path = format!("/api/video/record/report/{id}");
    host.api.get(&path).await.refused(404, "no_recording");
    host.api.start(id).await;
    let report = host.api.report(id).await;
    assert_eq!(
        (&report["whole"], &report["file"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(
        (&report["status"], &report["started_at"]),
        (&json!("starting"), &json!(null))
    );
    assert_eq!(codes(&report), ["still_recording"]);
    host.api.until_recording(id, "recording").await;
    sleep(Duration::from_secs(2)).await;
    let report = host.api.report(id).await;
    assert_eq!(report["whole"], json!(null));
    assert_eq!(codes(&report), ["late_start", "still_recording"]);
    assert!(number(&report, "frames_received") > 10.0, "{report}");
    host.api.stop(id).await;
    host.api.report(id).await
}

#[tokio::test]
async fn what_a_dead_host_had_counted_is_known() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let mut host = Host::start(&Config::of(&camera)).await;
    let id = host.api.create(1).await;
    let planned = Duration::from_secs(18);
    host.api
        .try_start(&id, planned.as_secs_f64() / 60.0)
        .await
        .ok(200);
    // Counts are written every 10 s.
    sleep(Duration::from_secs(13)).await;
    host.kill().await;
    // Its planned end passes: it is not gone on with.
    sleep(Duration::from_secs(7)).await;
    let host = Host::start_in(host.folder()).await;
    let report = with_digest(&host, &id).await;
    eprintln!("{report:#}");
    assert_eq!(
        (&report["whole"], &report["status"]),
        (&json!(false), &json!("completed"))
    );
    let received = number(&report, "frames_received");
    assert!((200.0..13.5 * FPS).contains(&received), "{received}");
    assert_eq!(report["planned_seconds"], 18.0);
    assert!(codes(&report).contains(&"host_restarted"), "{report}");
    host.end().await;
}

#[tokio::test]
async fn a_recording_that_goes_on_is_counted_on() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let mut host = Host::start(&Config::of(&camera)).await;
    let id = host.api.create(1).await;
    host.api.start(&id).await;
    sleep(LENGTH).await;
    host.kill().await;
    let mut host = Host::start_in(host.folder()).await;
    let back = |report: &Value| number(report, "frames_received") > LENGTH.as_secs_f64() * FPS;
    host.api.until(|| host.api.report(&id), back).await;
    let before = host.api.report(&id).await;
    let (status, _) = host.terminate().await;
    assert!(status.success(), "{status}");
    let host = Host::start_in(host.folder()).await;
    let after = host.api.report(&id).await;
    assert!(
        number(&after, "frames_received") >= number(&before, "frames_received"),
        "what was counted before an orderly end is known: {before} {after}"
    );
    sleep(LENGTH).await;
    host.api.stop(&id).await;
    let report = host.api.report(&id).await;
    eprintln!("{report:#}");
    assert_eq!(report["whole"], false);
    let found = codes(&report);
    for code in ["gaps", "frames_lost", "host_restarted"] {
        assert!(found.contains(&code), "{code}: {found:?}");
    }
    assert!((number(&report, "host_restarts") - 2.0).abs() < f64::EPSILON);
    assert_eq!(report["quality"]["ended_by"], "call");
    // What came and what did not is all there was.
    let length = report["duration_seconds"].as_f64().expect("a number");
    let pictures = number(&report, "frames_received") + number(&report, "frames_lost");
    assert!(
        (pictures - length * FPS).abs() < 30.0,
        "{pictures} in {length} s"
    );
    assert!(number(&report, "frames_received") >= report["frames"].as_f64().unwrap_or(f64::MAX));
    host.end().await;
}
