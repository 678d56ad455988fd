//! The binary prints its cameras and ends when it is told to.
#![cfg(unix)]

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn two_cameras_a_fault_and_ctrl_c() {
    let line = "http --size 320x180 --seconds 2 --count 2 --fault redirect@0:http://127.0.0.1:1/";
    let mut child = Command::new(env!("CARGO_BIN_EXE_simcam"))
        .args(line.split_whitespace())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut urls = Vec::new();
    for _ in 0..2 {
        urls.push(
            timeout(PATIENCE, lines.next_line())
                .await
                .unwrap()
                .unwrap()
                .unwrap(),
        );
    }
    assert_ne!(urls[0], urls[1]);
    let mut complaints = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut struck = 0;
    while struck < 2 {
        let line = timeout(PATIENCE, complaints.next_line())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        struck += usize::from(line.contains("Redirect"));
    }
    for url in urls {
        let addr = url
            .strip_prefix("http://")
            .unwrap()
            .split('/')
            .next()
            .unwrap();
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream
            .write_all(b"GET /stream.mjpeg HTTP/1.0\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains("302 Found"), "{answer}");
    }
    let pid = child.id().unwrap().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .await
            .unwrap()
            .success()
    );
    let status = timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
    assert!(status.success());
}
