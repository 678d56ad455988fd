use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::routing::get;
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::{self, protocol::Role};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::*;
use crate::auth::{
    Action, Answer, Caller, Door, Policy, Question, Resource, TokenKeys, TokenVerifier,
};
use crate::config::Auth;
use crate::media::testing;
use crate::preview::Previews;
use crate::proxy::Feed;
use crate::proxy::testing::{FakeCamera, feed};

type Client = WebSocketStream<TcpStream>;

/// Allows until it is told not to.
struct Switch(AtomicBool);

impl Policy for Switch {
    fn decide(&self, _question: &Question<'_>) -> Result<Answer, String> {
        Ok(Answer {
            allow: self.0.load(Ordering::Relaxed),
            ..Answer::default()
        })
    }
}

struct Stage {
    feed: Arc<Feed>,
    camera: FakeCamera,
    previews: Arc<Previews>,
    door: Arc<Door>,
    stopping: CancellationToken,
    address: std::net::SocketAddr,
}

impl Stage {
    /// A server with one socket on an MJPEG camera that has sent a picture.
    async fn new() -> Self {
        let (feed, camera) = feed();
        camera.jpeg(&testing::jpeg("64x36"));
        let verifier = TokenVerifier::new(&TokenKeys::Secret(vec![7; 32]), &Auth::default());
        let door = Arc::new(Door::new(verifier, Arc::new(|_| {})));
        door.replace_policy(Arc::new(Switch(AtomicBool::new(true))));
        let (previews, stopping) = (Arc::new(Previews::new(1)), CancellationToken::new());
        let of = (
            Arc::clone(&previews),
            Arc::downgrade(&feed),
            Arc::clone(&door),
            stopping.clone(),
        );
        let handler = move |upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>| {
            let (previews, feed, door, stopping) = of.clone();
            async move {
                let upgrade = match upgrade {
                    Ok(upgrade) => upgrade,
                    Err(rejection) => return not_a_socket(&rejection),
                };
                let feed = feed.upgrade().unwrap();
                let viewer = previews.view("s", &feed, Path::new("none"), Audience::Viewers);
                let who = (Caller::default(), Action::PreviewView, Resource::host());
                let permit = Permit::ask(&door, who.0, who.1, who.2).unwrap();
                bounded(upgrade).on_upgrade(|socket| show(socket, viewer, permit, stopping))
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(handler));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            feed,
            camera,
            previews,
            door,
            stopping,
            address,
        }
    }

    /// A viewer that has seen the first picture.
    async fn viewer(&self) -> Client {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let url = format!("ws://{}/", self.address);
        let (mut client, _) = client_async(url, stream).await.unwrap();
        assert_eq!(picture(&mut client).await, testing::jpeg("64x36"));
        client
    }

    async fn nobody_watches(&self) {
        let gone = async {
            while self.previews.viewers("s") > 0 {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(20), gone)
            .await
            .expect("in time");
    }
}

async fn message(client: &mut Client) -> Option<tungstenite::Message> {
    let next = timeout(Duration::from_secs(20), client.next());
    next.await.expect("in time")?.ok()
}

async fn picture(client: &mut Client) -> Vec<u8> {
    match message(client).await {
        Some(tungstenite::Message::Binary(jpeg)) => jpeg.to_vec(),
        other => panic!("no picture: {other:?}"),
    }
}

/// The code and reason that the server closes with.
async fn goodbye(client: &mut Client) -> (u16, String) {
    loop {
        match message(client).await {
            Some(tungstenite::Message::Close(Some(frame))) => {
                return (frame.code.into(), frame.reason.to_string());
            }
            Some(_) => {}
            None => panic!("closed without a word"),
        }
    }
}

#[tokio::test]
async fn one_picture_a_message_until_the_session_ends() {
    let stage = Stage::new().await;
    let mut clients = [stage.viewer().await, stage.viewer().await];
    assert_eq!(stage.previews.viewers("s"), 2);
    let jpeg = testing::jpeg("65x36");
    stage.camera.jpeg(&jpeg);
    for client in &mut clients {
        // What a viewer says is not listened to.
        client.send("hello".into()).await.unwrap();
        assert_eq!(picture(client).await, jpeg);
    }
    let Stage {
        feed,
        camera,
        previews,
        ..
    } = stage;
    drop((feed, camera));
    for client in &mut clients {
        assert_eq!(
            goodbye(client).await,
            (1000, "the session has ended".into())
        );
        assert!(message(client).await.is_none());
    }
    assert_eq!(previews.viewers("s"), 0);
}

#[tokio::test]
async fn a_policy_that_says_no_ends_it() {
    let stage = Stage::new().await;
    let mut client = stage.viewer().await;
    stage
        .door
        .replace_policy(Arc::new(Switch(AtomicBool::new(false))));
    assert_eq!(
        goodbye(&mut client).await,
        (1008, "not allowed any more".into())
    );
    stage.nobody_watches().await;
}

#[tokio::test]
async fn the_host_says_goodbye() {
    let stage = Stage::new().await;
    let mut client = stage.viewer().await;
    stage.stopping.cancel();
    assert_eq!(goodbye(&mut client).await, (1001, "the host stops".into()));
}

#[tokio::test]
async fn viewers_that_send_are_sent_away() {
    let stage = Stage::new().await;
    let mut many = stage.viewer().await;
    let mut sent = Ok(());
    for _ in 0..=INCOMING_MESSAGES {
        sent = sent.and(many.send("x".into()).await);
    }
    assert_eq!(goodbye(&mut many).await, (1008, "too many messages".into()));
    let mut large = stage.viewer().await;
    let message = vec![0; INCOMING_BYTES + 1];
    large
        .send(tungstenite::Message::Binary(message.into()))
        .await
        .unwrap();
    while self::message(&mut large).await.is_some() {}
    // No WebSocket at all from here on.
    let nonsense = stage.viewer().await.into_inner();
    let mut nonsense = WebSocketStream::from_raw_socket(nonsense, Role::Server, None).await;
    nonsense.send("unmasked".into()).await.unwrap();
    while nonsense.next().await.is_some_and(|read| read.is_ok()) {}
    stage.nobody_watches().await;
}

#[tokio::test]
async fn who_goes_without_a_word_is_missed_by_nobody() {
    let stage = Stage::new().await;
    drop(stage.viewer().await);
    stage.nobody_watches().await;
}
