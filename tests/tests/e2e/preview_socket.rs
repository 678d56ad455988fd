//! Live pictures over a WebSocket: one JPEG a binary message.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use padelvar_tests::cameras::{self, small_http};
use padelvar_tests::{Api, Config, Host, jpeg, machine};
use simcam::RtspConfig;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

const PATIENCE: Duration = Duration::from_secs(20);

/// A socket, or the status of the refusal.
async fn connect(
    api: &Api,
    path: &str,
    header: Option<(&'static str, &str)>,
) -> Result<Socket, u16> {
    let url = format!("{}{path}", api.base.replacen("http", "ws", 1));
    let mut request = url.into_client_request().expect("a request");
    if let Some((name, value)) = header {
        let value = HeaderValue::from_str(value).expect("a header");
        request.headers_mut().insert(name, value);
    }
    match timeout(PATIENCE, connect_async(request))
        .await
        .expect("it answers")
    {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(other) => panic!("{other}"),
    }
}

async fn picture(socket: &mut Socket) -> Vec<u8> {
    loop {
        let message = timeout(PATIENCE, socket.next())
            .await
            .expect("a picture comes in time");
        match message.expect("it has not ended").expect("it goes on") {
            Message::Binary(bytes) => return bytes.to_vec(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn pictures_of_both_codecs_for_those_who_may() {
    let _shared = machine::shared().await;
    let (h264, mjpeg) = (
        cameras::rtsp(RtspConfig::default()).await,
        cameras::http(small_http()).await,
    );
    let host = Host::start(&Config::of(&h264).url(mjpeg.url())).await;
    let api = &host.api;
    let bearer = format!("Bearer {}", api.token.as_deref().expect("a token"));
    let cookie = api.cookie().await;
    for (terrain, wide) in [(1, 640), (2, 320)] {
        let id = api.create(terrain).await;
        let path = format!("/api/preview/{id}/ws");
        let session = api.session(&id).await;
        let link = session["preview"]["mjpeg_url"].as_str().expect("a link");
        let (_, ticket) = link.split_once("ticket=").expect("a ticket");
        let with_ticket = format!("{path}?ticket={ticket}");
        let mut sockets = Vec::new();
        for (path, header) in [
            (&path, Some(("authorization", bearer.as_str()))),
            (&path, Some(("cookie", cookie.as_str()))),
            (&with_ticket, None),
        ] {
            let socket = connect(api, path, header).await;
            sockets.push(socket.unwrap_or_else(|s| panic!("{path} {header:?}: {s}")));
        }
        for socket in &mut sockets {
            let first = picture(socket).await;
            assert_eq!(jpeg::size(&first).0, wide);
            let mut others = Vec::new();
            for _ in 0..3 {
                others.push(picture(socket).await);
            }
            assert!(
                others.iter().any(|other| *other != first),
                "one picture only"
            );
        }
        // What a client says is of no interest, and too much of it ends it and nothing else.
        sockets[0]
            .send(Message::text("{\"hello\":1}"))
            .await
            .expect("it listens");
        picture(&mut sockets[0]).await;
        let flood = sockets[1].send(Message::binary(vec![7; 8 << 20]));
        let _ = timeout(PATIENCE, flood).await;
        picture(&mut sockets[2]).await;

        for (path, header, status) in [
            (path.clone(), None, 401),
            (path.clone(), Some(("authorization", "Bearer a.b.c")), 401),
            (format!("{path}?ticket=a.b.c"), None, 401),
            (
                "/api/preview/sess_1_1/ws".to_owned(),
                Some(("authorization", bearer.as_str())),
                404,
            ),
        ] {
            assert_eq!(
                connect(api, &path, header).await.err(),
                Some(status),
                "{path}"
            );
        }
        let player = api.user("PLAYER", "nobody", 1);
        let player = format!("Bearer {}", player.token.expect("a token"));
        let refused = connect(api, &path, Some(("authorization", &player))).await;
        assert_eq!(refused.err(), Some(403));
        // Not asked for as a WebSocket.
        let plain = api.get(&path).await;
        assert!(matches!(plain.status, 400 | 426), "{}", plain.text());

        // A session that closes says goodbye.
        api.try_close(&id).await.ok(200);
        let goodbye = async {
            while let Some(Ok(message)) = sockets[0].next().await {
                if message.is_close() {
                    return;
                }
            }
        };
        timeout(PATIENCE, goodbye).await.expect("it ends");
        let late = connect(api, &path, Some(("authorization", &bearer))).await;
        assert_eq!(late.err(), Some(410));
    }
    host.end().await;
}
