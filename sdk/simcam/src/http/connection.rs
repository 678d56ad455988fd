//! One client's HTTP connection.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, split};
use tokio::time::{Instant, sleep_until, timeout};

use super::{HttpConfig, SNAPSHOT_PATH, STREAM_PATH, multipart};
use crate::auth::Denied;
use crate::camera::{Client, Out, Sent, Shared, Socket};
use crate::fault::Once;
use crate::message::{Answer, End, Request, Requests};

/// A connection without a request is closed after so long, as servers do.
const IDLE: Duration = Duration::from_secs(30);
/// A client that is so late has lost what fell due meanwhile.
const MAX_LAG: Duration = Duration::from_millis(300);

pub(super) struct Connection {
    shared: Arc<Shared>,
    config: Arc<HttpConfig>,
    client: Client,
}

/// Whether the connection can carry another request.
#[derive(PartialEq, Eq)]
enum Next {
    Keep,
    Close,
}

impl Connection {
    pub(super) fn new(shared: Arc<Shared>, config: Arc<HttpConfig>, client: Client) -> Self {
        Self {
            shared,
            config,
            client,
        }
    }

    pub(super) async fn run(self, socket: Socket) {
        let (read, write) = split(socket);
        let mut requests = Requests::new(read);
        let mut out = Out::new(write, self.shared.clone());
        if self.converse(&mut requests, &mut out).await.is_ok() {
            out.close().await;
        }
    }

    async fn converse<R, W>(
        &self,
        requests: &mut Requests<R>,
        out: &mut Out<W>,
    ) -> std::io::Result<()>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        loop {
            let request = match timeout(IDLE, requests.next()).await {
                Ok(Ok(request)) => request,
                Ok(Err(End::Malformed)) => {
                    self.client.request("", "", 400);
                    let answer = Answer::new(400).with("Content-Length", "0");
                    return out.send(&answer.bytes("HTTP/1.1")).await;
                }
                Ok(Err(End::Closed)) | Err(_) => return Ok(()),
            };
            if self.respond(&request, requests, out).await? == Next::Close {
                return Ok(());
            }
        }
    }

    async fn respond<R, W>(
        &self,
        request: &Request,
        requests: &mut Requests<R>,
        out: &mut Out<W>,
    ) -> std::io::Result<Next>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let path = request.uri.split('?').next().unwrap_or("");
        let refused = self.refuse(request);
        if refused.is_none() && path == STREAM_PATH && request.method == "GET" {
            self.client.request(&request.method, &request.uri, 200);
            out.send(&multipart::head(&self.config)).await?;
            self.stream(requests, out).await?;
            return Ok(Next::Close);
        }
        let mut sent = None;
        let answer = match refused {
            Some(answer) => answer,
            None if path == SNAPSHOT_PATH => {
                let number = self.shared.clock.number();
                sent = Some(self.sent(number, true));
                self.snapshot(number)
            }
            None if path == STREAM_PATH => Answer::new(200),
            None => Answer::new(404),
        };
        self.client
            .request(&request.method, &request.uri, answer.status);
        let open_ended = answer.status == 200 && !self.config.content_length;
        let close = open_ended
            || request.version != "HTTP/1.1"
            || request
                .header("Connection")
                .is_some_and(|c| c.eq_ignore_ascii_case("close"));
        let answer = self.finish(answer, close, open_ended);
        let mut bytes = answer.bytes("HTTP/1.1");
        if request.method == "HEAD" {
            bytes.truncate(bytes.len() - answer.body.len());
        }
        out.send(&bytes).await?;
        if let Some(sent) = sent.filter(|_| request.method == "GET") {
            let at = self.shared.clock.elapsed();
            self.client.frame(Sent { at, ..sent });
        }
        Ok(if close { Next::Close } else { Next::Keep })
    }

    /// The answer where the request may not or cannot be served.
    fn refuse(&self, request: &Request) -> Option<Answer> {
        if let Some(url) = self.shared.faults.redirect() {
            return Some(Answer::new(302).with("Location", url));
        }
        if let Some(gate) = &self.shared.gate {
            let value = request.header("Authorization");
            if let Err(Denied(challenges)) = gate.check(&request.method, &request.uri, value) {
                let challenge = |answer: Answer, c| answer.with("WWW-Authenticate", c);
                return Some(challenges.into_iter().fold(Answer::new(401), challenge));
            }
        }
        let known = matches!(request.method.as_str(), "GET" | "HEAD");
        (!known).then(|| Answer::new(405).with("Allow", "GET, HEAD"))
    }

    fn snapshot(&self, number: u64) -> Answer {
        let mut answer = Answer::new(200)
            .with("Content-Type", "image/jpeg")
            .with("Cache-Control", "no-cache");
        let faults = &self.shared.faults;
        let truncate = faults.take(|f| (*f == Once::TruncateFrame).then_some(()));
        answer.body = self.jpeg(number);
        if truncate.is_some() {
            answer.body.truncate(answer.body.len() / 2);
        }
        answer
    }

    /// What the camera shows as this frame.
    fn jpeg(&self, number: u64) -> Vec<u8> {
        let clip = self.shared.wanted();
        let jpeg = &clip.picture(number).units[0];
        match self.shared.faults.spoil() {
            Some(spoil) => spoil.jpeg(&self.shared.faults, jpeg),
            None => jpeg.to_vec(),
        }
    }

    /// Adds the headers that speak of the connection, and the lies.
    fn finish(&self, answer: Answer, close: bool, open_ended: bool) -> Answer {
        let faults = &self.shared.faults;
        let lie = faults.take(|f| match f {
            Once::LengthLie(says) => Some(*says),
            _ => None,
        });
        let giant = faults.take(|f| match f {
            Once::GiantHeader(bytes) => Some(*bytes),
            _ => None,
        });
        let mut answer = answer.with("Server", "simcam");
        if !open_ended || lie.is_some() {
            let length = lie.unwrap_or(answer.body.len() as u64);
            answer = answer.with("Content-Length", length.to_string());
        }
        if let Some(bytes) = giant {
            answer = answer.with("X-Padding", "x".repeat(bytes));
        }
        if close {
            answer = answer.with("Connection", "close");
        }
        answer
    }

    /// Sends frames as they fall due until the client goes.
    async fn stream<R, W>(
        &self,
        requests: &mut Requests<R>,
        out: &mut Out<W>,
    ) -> std::io::Result<()>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let clock = &self.shared.clock;
        let mut number = clock.number() + 1;
        loop {
            tokio::select! {
                // What a client says while it watches changes nothing.
                request = requests.next() => match request {
                    Ok(_) => continue,
                    Err(_) => return Ok(()),
                },
                () = sleep_until(clock.due(number)) => {}
            }
            if Instant::now() > clock.due(number) + MAX_LAG {
                number = clock.number();
            }
            if self.shared.faults.loses() {
                self.client.frame(self.sent(number, false));
            } else {
                let (jpeg, spoilt) = (self.jpeg(number), self.shared.faults.spoil().is_some());
                let (bytes, whole) = multipart::part(&self.config, &self.shared.faults, &jpeg);
                out.send(&bytes).await?;
                self.client.frame(self.sent(number, whole && !spoilt));
            }
            number += 1;
        }
    }

    fn sent(&self, number: u64, whole: bool) -> Sent {
        Sent {
            number,
            index: self.shared.clip.picture(number).index,
            at: self.shared.clock.elapsed(),
            key: true,
            whole,
            rtp_timestamp: 0,
        }
    }
}
