//! RTSP within two HTTP connections: a GET whose endless answer is what the camera says, a
//! POST whose endless body is what we say, in Base64. Apple's way ("Tunnelling RTSP
//! and RTP through HTTP"); there is no RFC.
//!
//! The password may be asked for by GET and POST, within the tunnel, or by both.

use core::time::Duration;

use padelvar_sdk::{Connection, Error, Headers, Io, Segment, Url, fetch, secret};

use super::chance;

/// How long a connection and an answer may take.
const ANSWER: Duration = Duration::from_secs(10);

/// A camera says nothing to a POST that it likes. One that refuses says so at once; so long
/// it is waited for, where it wanted a password for GET.
const REFUSAL: Duration = Duration::from_millis(300);

/// The header of an answer, bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// What the tunnel leads to, and how to log in.
struct End {
    io: Io,
    url: Url,
    tls: bool,
    user_agent: String,
    has_credentials: bool,
    cookie: String,
    challenges: Vec<String>,
}

/// The way up: what we say.
pub struct Up {
    end: End,
    connection: Connection,
}

/// Opens both ways. The connection is the way down.
pub async fn open(
    io: &Io,
    url: &Url,
    user_agent: &str,
    has_credentials: bool,
) -> Result<(Connection, Up), Error> {
    let text = url.to_string();
    let mut end = End {
        io: io.clone(),
        url: url.clone(),
        tls: url.scheme() == "rtsps",
        user_agent: user_agent.to_owned(),
        has_credentials,
        cookie: format!("{:016x}", chance::number(&text, io.now())),
        challenges: Vec::new(),
    };
    let down = end.get().await?;
    let connection = end.post().await?;
    Ok((down, Up { end, connection }))
}

impl End {
    async fn connect(&self) -> Result<Connection, Error> {
        let connect = self.io.connect(self.url.host(), self.port(), self.tls);
        self.io.timeout(ANSWER, connect).await?
    }

    fn default_port(&self) -> u16 {
        if self.tls { 443 } else { 80 }
    }

    fn port(&self) -> u16 {
        self.url.port_or(self.default_port())
    }

    /// Value of the `Host` header.
    fn host(&self) -> String {
        let host = self.url.host();
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        if self.port() == self.default_port() {
            host
        } else {
            format!("{host}:{}", self.port())
        }
    }

    /// HTTP/1.0, so that no answer comes in chunks.
    fn request(&self, method: &str, more: &str) -> Vec<Segment> {
        let target = self.url.target();
        let host = self.host();
        let head = format!(
            " HTTP/1.0\r\nHost: {host}\r\nUser-Agent: {}\r\n\
             x-sessioncookie: {}\r\n{more}Pragma: no-cache\r\nCache-Control: no-cache\r\n",
            self.user_agent, self.cookie
        );
        let mut segments = vec![Segment::Bytes(format!("{method} ").into_bytes())];
        segments.extend(secret::uri_segments(&target));
        segments.push(Segment::Bytes(head.into_bytes()));
        if !self.challenges.is_empty() {
            segments.push(Segment::Bytes(b"Authorization: ".to_vec()));
            segments.push(secret::authorization(&self.challenges, method, &target));
            segments.push(Segment::Bytes(b"\r\n".to_vec()));
        }
        segments.push(Segment::Bytes(b"\r\n".to_vec()));
        segments
    }

    async fn get(&mut self) -> Result<Connection, Error> {
        loop {
            let mut connection = self.connect().await?;
            let request = self.request("GET", "Accept: application/x-rtsp-tunnelled\r\n");
            connection.send_segments(request);
            let head = connection.read_until(b"\r\n\r\n", MAX_HEAD_BYTES);
            let head = self.io.timeout(ANSWER, head).await;
            let head = head
                .map_err(Error::from)
                .and_then(|head| head)
                .map_err(|error| error.during("GET of the HTTP tunnel"))?;
            let (status, headers) = parse(&head)?;
            match status {
                200..=299 if is_page(&headers) => return Err(refusal(status)),
                200..=299 => return Ok(connection),
                401 if self.challenges.is_empty() => self.learn(&headers)?,
                _ => return Err(refusal(status)),
            }
        }
    }

    async fn post(&mut self) -> Result<Connection, Error> {
        let mut again = false;
        loop {
            let mut connection = self.connect().await?;
            let more = "Content-Type: application/x-rtsp-tunnelled\r\nContent-Length: 32767\r\n\
                        Expires: Sun, 9 Jan 1972 00:00:00 GMT\r\n";
            connection.send_segments(self.request("POST", more));
            if self.challenges.is_empty() {
                return Ok(connection);
            }
            let wait = connection.read_until(b"\r\n\r\n", MAX_HEAD_BYTES);
            let Ok(Ok(head)) = self.io.timeout(REFUSAL, wait).await else {
                return Ok(connection);
            };
            let (status, headers) = parse(&head)?;
            match status {
                200..=299 => return Ok(connection),
                // It wants a nonce of its own for every connection.
                401 if !again => {
                    self.learn(&headers)?;
                    again = true;
                }
                _ => return Err(refusal(status)),
            }
        }
    }

    fn learn(&mut self, headers: &Headers) -> Result<(), Error> {
        self.challenges = fetch::challenges(headers, self.has_credentials)?;
        Ok(())
    }
}

impl Up {
    /// Opens the way up again where the camera closed it, as some do after each request.
    pub async fn ready(&mut self) -> Result<(), Error> {
        if self.connection.is_closed() {
            self.connection = self.end.post().await?;
        }
        Ok(())
    }

    /// Sends a message. Each is Base64 of its own: where one ends, the next begins anew.
    pub fn send(&mut self, segments: Vec<Segment>) {
        self.connection.send_base64(segments);
    }

    /// Waits for a refusal.
    pub async fn refused(&mut self) -> Error {
        while self.connection.fill().await.is_ok() {
            let status = self.connection.peek(|bytes| {
                let whole = bytes.windows(4).any(|window| window == b"\r\n\r\n");
                whole.then(|| parse(bytes).map(|(status, _)| status))
            });
            match status {
                Some(Ok(200..=299)) => {
                    let unread = self.connection.unread();
                    self.connection.consume(unread);
                }
                Some(Ok(status)) => return refusal(status),
                Some(Err(error)) => return error,
                None if self.connection.unread() > MAX_HEAD_BYTES => {
                    return Error::protocol("the camera answers the tunnel's POST with nonsense");
                }
                None => {}
            }
        }
        // Closed: it is opened again when there is something to say.
        core::future::pending().await
    }
}

/// Whether that is a page for people, as some cameras answer any GET with.
fn is_page(headers: &Headers) -> bool {
    let kind = headers.get("content-type").unwrap_or_default();
    kind.to_ascii_lowercase().starts_with("text/html")
}

/// Status and header of an HTTP answer.
fn parse(head: &[u8]) -> Result<(u16, Headers), Error> {
    let text = String::from_utf8_lossy(head);
    let (line, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let mut words = line.split_ascii_whitespace();
    let version = words.next().unwrap_or_default();
    if version.starts_with("RTSP/") {
        return Err(Error::unsupported(
            "an RTSP server answers, not an HTTP one; hint: transport = \"http\" needs the \
             camera's HTTP port in the URL, for example rtsp://camera:80/path",
        ));
    }
    let status = words.next().and_then(|word| word.parse().ok());
    match status {
        Some(status) if version.starts_with("HTTP/") => Ok((status, Headers::parse(rest))),
        _ => Err(Error::unsupported("what answers is no HTTP server")),
    }
}

fn refusal(status: u16) -> Error {
    match status {
        401 => Error::auth("the camera refuses the user name or password"),
        403 => Error::auth("the camera refuses access (403)"),
        453 | 503 => Error::unreachable(format!(
            "the camera serves no further client ({status}): close other viewers"
        )),
        500 | 502 | 504 => Error::unreachable(format!("the camera is not ready ({status})")),
        _ => Error::unsupported(format!(
            "the camera does not speak RTSP through HTTP at this address ({status}); hint: \
             transport = \"tcp\""
        )),
    }
}
