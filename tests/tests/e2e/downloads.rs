//! The finished file over HTTP: whole, in ranges, and to whom it belongs.

use std::time::Duration;

use padelvar_tests::cameras;
use padelvar_tests::{Answer, Config, Host, Take, machine};
use reqwest::Method;
use simcam::RtspConfig;

/// A download with these headers.
async fn get(host: &Host, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let url = format!("{}{path}", host.api.base);
    let mut request = host.api.client.request(method, url);
    request = request.bearer_auth(host.api.token.as_deref().unwrap_or_default());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.expect("it answers");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let bytes = answer.bytes().await.expect("the answer ends").to_vec();
    let json = serde_json::from_slice(&bytes).unwrap_or_default();
    Answer {
        status,
        headers,
        bytes,
        json,
    }
}

#[tokio::test]
async fn whole_in_ranges_and_only_of_its_club() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let host = Host::start(&Config::of(&camera)).await;
    let id = host.api.create(1).await;
    host.api.start(&id).await;
    host.api.until_recording(&id, "recording").await;
    let path = format!("/api/video/files/{id}/download");
    // What is being written is not handed out.
    let early = host.api.get(&path).await;
    assert!(matches!(early.status, 404 | 409), "{}", early.text());
    let status = early.status;
    early.problem(status);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let take = Take::stop(&host, id.clone(), padelvar_tests::clock::now()).await;
    let file = std::fs::read(&take.file).expect("the file is there");
    let length = file.len();

    let whole = get(&host, Method::GET, &path, &[]).await;
    assert_eq!(whole.status, 200);
    assert!(
        whole.bytes == file,
        "{} of {length} bytes",
        whole.bytes.len()
    );
    assert_eq!(whole.header("content-type"), "video/mp4");
    assert_eq!(whole.header("content-length"), length.to_string());
    assert_eq!(whole.header("accept-ranges"), "bytes");
    let disposition = whole.header("content-disposition");
    assert!(disposition.contains(&format!("{id}.mp4")), "{disposition}");
    let etag = whole.header("etag").to_owned();
    assert!(
        etag.starts_with('"') && etag.len() > 4,
        "{etag:?} is no strong ETag"
    );

    let head = get(&host, Method::HEAD, &path, &[]).await;
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-length"), length.to_string());
    assert_eq!(head.header("etag"), etag);
    assert!(head.bytes.is_empty());

    // RFC 9110 14.1.2.
    let mut wrong = Vec::new();
    let last = length - 1;
    for (range, from, to) in [
        ("bytes=0-0".to_owned(), 0, 0),
        ("bytes=100-299".to_owned(), 100, 299),
        ("bytes=1000-".to_owned(), 1000, last),
        ("bytes=-500".to_owned(), length - 500, last),
        (format!("bytes=10-{}", length * 2), 10, last),
        (format!("bytes=-{}", length * 2), 0, last),
        (format!("bytes={last}-{last}"), last, last),
    ] {
        let part = get(&host, Method::GET, &path, &[("range", &range)]).await;
        if part.status != 206 {
            wrong.push(format!("{range}: {}", part.status));
            continue;
        }
        let expected = format!("bytes {from}-{to}/{length}");
        assert_eq!(part.header("content-range"), expected, "{range}");
        assert!(part.bytes == file[from..=to], "{range}");
        assert_eq!(part.header("etag"), etag, "{range}");
    }
    for range in [format!("bytes={length}-"), "bytes=-0".to_owned()] {
        let answer = get(&host, Method::GET, &path, &[("range", &range)]).await;
        if answer.status != 416 || answer.header("content-range") != format!("bytes */{length}") {
            wrong.push(format!("{range}: {} {:?}", answer.status, answer.headers));
            continue;
        }
        answer.problem(416);
    }
    let first = [("range", "bytes=0-9"), ("if-range", etag.as_str())];
    assert_eq!(get(&host, Method::GET, &path, &first).await.status, 206);
    let other = [("range", "bytes=0-9"), ("if-range", "\"another\"")];
    let answer = get(&host, Method::GET, &path, &other).await;
    // RFC 9110 13.1.5: another file is sent whole.
    if (answer.status, answer.bytes.len()) != (200, length) {
        wrong.push(format!("if-range of another file: {}", answer.status));
    }

    // Its club, its session, its purpose.
    let of_club = |club: &str| format!("{path}?club_id={club}");
    assert_eq!(host.api.get(&of_club("1")).await.status, 200);
    for club in ["2", "none", "..", "%2e%2e"] {
        host.api.get(&of_club(club)).await.problem(404);
    }
    let nobody = host.api.with_token(None);
    nobody.get(&path).await.problem(401);
    nobody.get(&format!("{path}?ticket=x")).await.problem(401);
    let url = take.stopped["file"]["download_url"]
        .as_str()
        .expect("a URL");
    assert!(url.contains("ticket="), "{url}");
    for _ in 0..2 {
        let again = nobody.get(url).await;
        assert!(
            again.status == 200 && again.bytes == file,
            "{}",
            again.status
        );
    }
    // A ticket for a download opens no preview, and none of another session.
    let (_, ticket) = url.split_once("ticket=").expect("a ticket");
    let elsewhere = host.api.create(1).await;
    for path in [
        format!("/api/preview/{elsewhere}/snapshot.jpg"),
        format!("/api/video/files/{elsewhere}/download"),
        format!("/api/video/session/{id}"),
    ] {
        nobody
            .get(&format!("{path}?ticket={ticket}"))
            .await
            .problem(401);
    }
    assert!(wrong.is_empty(), "of {length} bytes: {wrong:#?}");
    host.end().await;
}
