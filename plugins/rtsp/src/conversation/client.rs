//! Requests and their answers on one connection.

use core::future::Future;
use core::time::Duration;

use padelvar_sdk::time::{Elapsed, after};
use padelvar_sdk::{Camera, Either, Error, Headers, Io, Segment, Url, fetch, secret, select};

use super::session::Session;
use super::stream::{Reply, Stream};
use super::tunnel;
use super::wire::Wire;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(10);

/// How long a body may stay incomplete before it is taken as it is: cameras announce
/// more bytes than they send, or none at all.
const QUIET: Duration = Duration::from_millis(500);

const REFUSED: &str = "the camera refuses the user name or password";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Such as `DESCRIBE`.
    pub method: &'static str,
    /// As in the request's line; may hold placeholders for the credentials.
    pub uri: &'a str,
    /// Further header fields.
    pub headers: &'a [(&'static str, &'a str)],
}

/// One connection to the camera.
pub struct Client {
    /// The host.
    pub io: Io,
    /// What comes in.
    pub stream: Stream,
    /// Of `SETUP`.
    pub session: Option<Session>,
    url: Url,
    user_agent: String,
    has_credentials: bool,
    challenges: Vec<String>,
    sequence: u32,
    tunnelled: bool,
    own_host: bool,
}

impl Client {
    /// Opens the connection, or the two of an HTTP tunnel.
    pub async fn connect(
        camera: &Camera,
        io: &Io,
        url: &Url,
        tunnelled: bool,
    ) -> Result<Self, Error> {
        let (user_agent, has_credentials) = (camera.user_agent.as_str(), camera.has_credentials);
        let wire = open(io, url, user_agent, has_credentials, tunnelled).await?;
        Ok(Self {
            io: io.clone(),
            stream: Stream::new(io, wire),
            session: None,
            url: url.clone(),
            user_agent: user_agent.to_owned(),
            has_credentials,
            challenges: Vec::new(),
            sequence: 0,
            tunnelled,
            own_host: Url::parse(&camera.url)
                .is_ok_and(|own| own.host().eq_ignore_ascii_case(url.host())),
        })
    }

    /// Whether that is the configured camera, and not where it redirected to.
    pub fn is_own_host(&self) -> bool {
        self.own_host
    }

    /// Name or literal address of the camera.
    pub fn host(&self) -> &str {
        self.url.host()
    }

    /// The URL of the camera, as it stands in requests.
    pub fn url(&self) -> String {
        self.url.to_string()
    }

    /// Asks, and asks once more with the password where the camera wants it. A second
    /// refusal is final, whatever nonce came with it: many makes lock an account that
    /// is tried too often.
    pub async fn call(&mut self, request: Request<'_>) -> Result<Reply, Error> {
        let reply = self.exchange(&request).await?;
        if reply.status != 401 {
            return Ok(reply);
        }
        self.learn(&reply.headers)?;
        let closing = reply
            .headers
            .get("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"));
        if closing && self.session.is_none() {
            self.reconnect().await?;
        }
        let again = self.exchange(&request).await;
        let reply = match again {
            // Some cameras hang up after a refusal without announcing it.
            Err(_) if self.session.is_none() && self.stream.is_closed() => {
                self.reconnect().await?;
                self.exchange(&request).await?
            }
            other => other?,
        };
        if reply.status == 401 {
            return Err(Error::auth(REFUSED));
        }
        Ok(reply)
    }

    /// Remembers how to log in.
    pub fn learn(&mut self, headers: &Headers) -> Result<(), Error> {
        self.challenges = fetch::challenges(headers, self.has_credentials)?;
        Ok(())
    }

    async fn reconnect(&mut self) -> Result<(), Error> {
        let (io, agent) = (&self.io, &self.user_agent);
        let wire = open(io, &self.url, agent, self.has_credentials, self.tunnelled).await?;
        self.stream = Stream::new(io, wire);
        Ok(())
    }

    /// Sends a request without waiting. Its number.
    pub fn send(&mut self, request: &Request<'_>) -> u32 {
        self.sequence += 1;
        let mut lines = Lines::default();
        lines.text(request.method).text(" ");
        lines.segments.extend(secret::uri_segments(request.uri));
        lines.text(" RTSP/1.0\r\n");
        lines.field("CSeq", &self.sequence.to_string());
        lines.field("User-Agent", &self.user_agent);
        if let Some(session) = &self.session {
            lines.field("Session", &session.id);
        }
        for (name, value) in request.headers {
            lines.field(name, value);
        }
        if !self.challenges.is_empty() {
            let value = secret::authorization(&self.challenges, request.method, request.uri);
            lines.text("Authorization: ");
            lines.segments.push(value);
            lines.text("\r\n");
        }
        lines.text("\r\n");
        self.stream.send(lines.joined());
        self.sequence
    }

    /// Sends a request and waits for its answer, whatever its status is. Media that
    /// comes in between is taken.
    async fn exchange(&mut self, request: &Request<'_>) -> Result<Reply, Error> {
        self.exchange_within(request, ANSWER).await
    }

    /// As `exchange`, with a patience of its own.
    pub async fn exchange_within(
        &mut self,
        request: &Request<'_>,
        patience: Duration,
    ) -> Result<Reply, Error> {
        self.stream.ready().await?;
        let number = self.send(request);
        let deadline = after(self.io.now(), patience);
        let during = |error: Error| error.during(request.method);
        let mut lenient = false;
        loop {
            while let Some(reply) = self.stream.next_reply(lenient)? {
                if self.answers(&reply, number) {
                    return Ok(reply);
                }
            }
            let now = self.io.now();
            if now >= deadline {
                return Err(during(Elapsed::new(patience).into()));
            }
            let left = Duration::from_micros(deadline - now);
            let wait = if self.stream.has_partial_description() {
                QUIET.min(left)
            } else {
                left
            };
            let stopped = self.stopped();
            match select(self.io.timeout(wait, self.stream.fill()), stopped).await {
                Either::Left(Ok(Ok(()))) => lenient = false,
                Either::Left(Err(_)) => lenient = true,
                Either::Left(Ok(Err(_))) if self.stream.has_partial_description() && !lenient => {
                    lenient = true;
                }
                Either::Left(Ok(Err(error))) => return Err(during(error)),
                Either::Right(()) => return Err(Error::other("no longer wanted")),
            }
        }
    }

    /// With a session there is something to say goodbye to. While saying it, nothing
    /// interrupts.
    fn stopped(&self) -> impl Future<Output = ()> + use<> {
        let io = self.io.clone();
        let deaf = self.session.is_none() || io.is_stopped();
        async move {
            if deaf {
                core::future::pending::<()>().await;
            }
            io.stopped().await;
        }
    }

    /// Whether a reply belongs to the request of that number. Where the camera does
    /// not say, or says a number that nobody asked with, it does.
    fn answers(&self, reply: &Reply, number: u32) -> bool {
        reply
            .sequence()
            .is_none_or(|answered| answered == number || answered > self.sequence)
    }
}

async fn open(
    io: &Io,
    url: &Url,
    user_agent: &str,
    has_credentials: bool,
    tunnelled: bool,
) -> Result<Wire, Error> {
    let (tls, default_port) = match url.scheme() {
        "rtsp" => (false, 554),
        // RFC 7826, section 4.2.
        "rtsps" => (true, 322),
        other => {
            let message = format!("{other}:// is not an RTSP URL");
            return Err(Error::unsupported(message));
        }
    };
    if tunnelled {
        let (down, up) = tunnel::open(io, url, user_agent, has_credentials).await?;
        return Ok(Wire::tunnel(down, up));
    }
    let connect = io.connect(url.host(), url.port_or(default_port), tls);
    Ok(Wire::plain(io.timeout(ANSWER, connect).await??))
}

/// A request in the making.
#[derive(Default)]
struct Lines {
    segments: Vec<Segment>,
}

impl Lines {
    fn text(&mut self, text: &str) -> &mut Self {
        self.segments.push(Segment::Bytes(text.as_bytes().to_vec()));
        self
    }

    fn field(&mut self, name: &str, value: &str) {
        self.text(name).text(": ").text(value).text("\r\n");
    }

    /// Neighbouring texts as one segment.
    fn joined(self) -> Vec<Segment> {
        let mut joined: Vec<Segment> = Vec::new();
        for segment in self.segments {
            match (joined.last_mut(), segment) {
                (Some(Segment::Bytes(before)), Segment::Bytes(bytes)) => before.extend(bytes),
                (_, segment) => joined.push(segment),
            }
        }
        joined
    }
}
