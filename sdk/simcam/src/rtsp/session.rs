//! One client's RTSP conversation.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncWrite, split};
use tokio::time::{Instant, sleep_until};

use super::group::Groups;
use super::media::Media;
use super::track::Track;
use super::tunnel::{self, Half, Tunnels};
use super::{RtspConfig, dialect, sdp};
use crate::auth::Denied;
use crate::camera::{Client, Out, Shared, Socket};
use crate::fault::Once;
use crate::message::{Answer, End, Request, Requests};
use crate::rng::Rng;

pub(super) struct Session {
    shared: Arc<Shared>,
    config: Arc<RtspConfig>,
    tracks: Arc<[Track]>,
    groups: Arc<Groups>,
    addr: SocketAddr,
    client: Client,
    /// What the client calls the camera may differ; this is its real name.
    base: String,
    rng: Rng,
    state: State,
    media: Media,
    deadline: Instant,
}

enum State {
    Init,
    Ready { id: String },
    Playing { id: String },
    Over,
}

/// How a conversation ends.
enum Next {
    End,
    /// It was none yet: the connection is half of a tunnel.
    Tunnel(Half),
}

impl Session {
    pub(super) fn new(
        shared: Arc<Shared>,
        config: Arc<RtspConfig>,
        (tracks, groups): (Arc<[Track]>, Arc<Groups>),
        addr: SocketAddr,
        client: Client,
    ) -> Self {
        let scheme = if config.tls { "rtsps" } else { "rtsp" };
        let seed = u64::from(addr.port()) << 40 ^ shared.clock.elapsed().as_nanos() as u64;
        Self {
            base: format!("{scheme}://{addr}{}", config.path),
            deadline: Instant::now() + config.session_timeout,
            rng: Rng::new(seed),
            shared,
            config,
            tracks,
            groups,
            addr,
            client,
            state: State::Init,
            media: Media::default(),
        }
    }

    pub(super) async fn run(mut self, socket: Socket, tunnels: &Tunnels) {
        let (read, write) = split(socket);
        let mut requests = Requests::new(read);
        let mut out = Out::new(write, self.shared.clone());
        let ended = match self.converse(&mut requests, &mut out, Some(tunnels)).await {
            Ok(Next::Tunnel(Half::Post(to))) => {
                let (rest, read) = requests.into_rest();
                tunnel::pour(&rest, read, to).await;
                return;
            }
            Ok(Next::Tunnel(Half::Get { from, cookie })) => {
                let _waits = tunnels.forget_later(cookie);
                // Only its end is of interest.
                let (_, mut read) = requests.into_rest();
                let mut requests = Requests::new(from);
                let mut nowhere = tokio::io::sink();
                tokio::select! {
                    ended = self.converse(&mut requests, &mut out, None) => ended.map(drop),
                    _ = tokio::io::copy(&mut read, &mut nowhere) => Ok(()),
                }
            }
            Ok(Next::End) => Ok(()),
            Err(error) => Err(error),
        };
        if ended.is_ok() {
            out.close().await;
        }
    }

    async fn converse<R, W>(
        &mut self,
        requests: &mut Requests<R>,
        out: &mut Out<W>,
        tunnels: Option<&Tunnels>,
    ) -> std::io::Result<Next>
    where
        R: tokio::io::AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        while !matches!(self.state, State::Over) {
            let due = self.media.due();
            tokio::select! {
                biased;
                request = requests.next() => match request {
                    Ok(request) if request.version.starts_with("HTTP/") => {
                        let allowed = tunnels.filter(|_| self.config.transports.http_tunnel);
                        let half = allowed.and_then(|tunnels| tunnels.open(&request));
                        let status = if half.is_some() { 200 } else { 404 };
                        self.client.request(&request.method, &request.uri, status);
                        match half {
                            // It is never answered.
                            Some(half @ Half::Post(_)) => return Ok(Next::Tunnel(half)),
                            Some(half) => {
                                let answer = Answer::new(200)
                                    .with("Cache-Control", "no-store")
                                    .with("Content-Type", "application/x-rtsp-tunnelled");
                                out.send(&answer.bytes("HTTP/1.0")).await?;
                                return Ok(Next::Tunnel(half));
                            }
                            None => {
                                out.send(&Answer::new(404).bytes("HTTP/1.0")).await?;
                                return Ok(Next::End);
                            }
                        }
                    }
                    Ok(request) => {
                        self.deadline = Instant::now() + self.config.session_timeout;
                        let answer = self.answer(&request);
                        self.client.request(&request.method, &request.uri, answer.status);
                        out.send(&self.spoil(answer).bytes("RTSP/1.0")).await?;
                    }
                    Err(End::Malformed) => {
                        out.send(&Answer::new(400).bytes("RTSP/1.0")).await?;
                        return Ok(Next::End);
                    }
                    Err(End::Closed) => return Ok(Next::End),
                },
                () = sleep_until(self.deadline) => return Ok(Next::End),
                () = sleep_until(due.unwrap_or(self.deadline)), if due.is_some() => {
                    self.client.reports(requests.take_reports(), None);
                    self.media.advance(&self.shared, out, Some(&self.client)).await?;
                }
            }
        }
        Ok(Next::End)
    }

    /// Does to an answer what the faults in force demand.
    fn spoil(&self, answer: Answer) -> Answer {
        let faults = &self.shared.faults;
        let giant = faults.take(|f| match f {
            Once::GiantHeader(bytes) => Some(*bytes),
            _ => None,
        });
        let playing = matches!(self.state, State::Playing { .. });
        let lie = faults.take(|f| match f {
            // While frames go out it is their lengths that lie.
            Once::LengthLie(says) if !playing => Some(*says),
            _ => None,
        });
        let answer = match giant {
            Some(bytes) => answer.with("X-Padding", "x".repeat(bytes)),
            None => answer,
        };
        let length = lie.unwrap_or(answer.body.len() as u64);
        if length == 0 && lie.is_none() {
            return answer;
        }
        answer.with("Content-Length", length.to_string())
    }

    fn answer(&mut self, request: &Request) -> Answer {
        let Some(cseq) = request.header("CSeq").map(str::to_owned) else {
            return Answer::new(400);
        };
        let answer = self.respond(request, &cseq);
        if answer.has("CSeq") {
            return answer;
        }
        let answer = answer.with("Server", "simcam");
        match &self.state {
            State::Ready { id } | State::Playing { id } => {
                let timeout = self.config.session_timeout.as_secs().max(1);
                answer.with("Session", format!("{id};timeout={timeout}"))
            }
            State::Init | State::Over => answer,
        }
        .with("CSeq", cseq)
    }

    /// The real camera's answer, where the dialect has one for this request.
    fn scripted(&self, method: &str, cseq: &str, transport: Option<&str>) -> Option<Answer> {
        let number = self.media.count().saturating_sub(1);
        let text = self.config.dialect.as_ref()?.text(method, number)?;
        Some(dialect::answer(text, cseq, transport, self.own()))
    }

    fn own(&self) -> dialect::Own<'_> {
        let (scheme, rest) = self.base.split_once("://").unwrap_or_default();
        let end = rest.find('/').unwrap_or(rest.len());
        dialect::Own {
            scheme,
            authority: &rest[..end],
        }
    }

    fn respond(&mut self, request: &Request, cseq: &str) -> Answer {
        if request.method == "OPTIONS" {
            if let Some(answer) = self.scripted("OPTIONS", cseq, None) {
                return answer;
            }
            let mut public = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN".to_owned();
            if self.config.get_parameter {
                public += ", GET_PARAMETER";
            }
            return Answer::new(200).with("Public", public);
        }
        if let Some(url) = self.shared.faults.redirect() {
            return Answer::new(302).with("Location", url);
        }
        if let Some(gate) = &self.shared.gate {
            let value = request.header("Authorization");
            if let Err(Denied(challenges)) = gate.check(&request.method, &request.uri, value) {
                let challenge = |answer: Answer, c| answer.with("WWW-Authenticate", c);
                return challenges.into_iter().fold(Answer::new(401), challenge);
            }
        }
        let place = if self.config.dialect.is_some() {
            let controls = self.tracks.iter().map(|track| track.control.as_str());
            match dialect::track_of(&request.uri, controls) {
                Some(track) if request.method == "SETUP" => Some(Place::Track(track)),
                _ => Some(Place::Aggregate),
            }
        } else {
            place(&request.uri, &self.config.path, &self.tracks)
        };
        let Some(place) = place else {
            return Answer::new(404);
        };
        match request.method.as_str() {
            "DESCRIBE" if place == Place::Aggregate => self.describe(cseq),
            "SETUP" => self.setup(request, place, cseq),
            "PLAY" => self.play(request, cseq),
            "GET_PARAMETER" if self.config.get_parameter => {
                if self.knows(request) {
                    Answer::new(200)
                } else {
                    Answer::new(454)
                }
            }
            "TEARDOWN" if self.knows(request) => {
                self.state = State::Over;
                let scripted = self.scripted("TEARDOWN", cseq, None);
                scripted.unwrap_or_else(|| Answer::new(200))
            }
            "TEARDOWN" => Answer::new(454),
            "DESCRIBE" => Answer::new(404),
            _ => Answer::new(501),
        }
    }

    fn describe(&self, cseq: &str) -> Answer {
        if let Some(answer) = self.scripted("DESCRIBE", cseq, None) {
            return answer;
        }
        let mut answer = Answer::new(200)
            .with("Content-Base", format!("{}/", self.base))
            .with("Content-Type", "application/sdp");
        let dialect = self.config.dialect.as_ref();
        let sdp = match dialect.and_then(|dialect| dialect.sdp.as_deref()) {
            Some(text) => {
                let text = dialect::readdress(text, self.own());
                text.lines().flat_map(|line| [line, "\r\n"]).collect()
            }
            None => sdp::describe(&self.config, &self.shared.clip, &self.tracks),
        };
        answer.body = sdp.into_bytes();
        answer
    }

    fn setup(&mut self, request: &Request, place: Place, cseq: &str) -> Answer {
        let Place::Track(track) = place else {
            return Answer::new(455);
        };
        match &self.state {
            State::Init => {}
            State::Ready { .. } if self.knows(request) => {}
            State::Ready { .. } => return Answer::new(454),
            State::Playing { .. } | State::Over => return Answer::new(455),
        }
        let header = request.header("Transport").unwrap_or("");
        let ips = [self.addr.ip(), self.client.peer().ip()];
        let rng = &mut self.rng;
        let (shared, config, tracks) = (&self.shared, &self.config, &self.tracks);
        let (groups, addr) = (&self.groups, self.addr);
        let group = |rng: &mut Rng| groups.join(shared, config, tracks, addr, rng);
        let (agreed, ssrc) = match self.media.setup(track, header, config, ips, rng, group) {
            Ok(agreed) => agreed,
            Err(status) => return Answer::new(status),
        };
        let dialect = self.config.dialect.as_ref();
        let text = dialect.and_then(|d| d.text("SETUP", self.media.count() - 1));
        if let State::Init = self.state {
            let session = text.and_then(|text| dialect::header(text, "Session"));
            let id = session.and_then(|session| session.split(';').next());
            let id = id.map_or_else(
                || format!("{:08X}", self.rng.next() as u32),
                |id| id.trim().to_owned(),
            );
            self.state = State::Ready { id };
        }
        let Some(text) = text else {
            return Answer::new(200).with("Transport", format!("{agreed};ssrc={ssrc:08X}"));
        };
        if let Some(ssrc) = dialect::announced_ssrc(text) {
            self.media.announce(ssrc);
        }
        let transport = dialect::transport(text, &agreed, ips);
        dialect::answer(text, cseq, Some(&transport), self.own())
    }

    fn play(&mut self, request: &Request, cseq: &str) -> Answer {
        if matches!(self.state, State::Init) {
            return Answer::new(455);
        }
        if !self.knows(request) {
            return Answer::new(454);
        }
        if let State::Ready { id } = &self.state {
            let id = id.clone();
            let dialect = self.config.dialect.as_ref();
            let text = dialect.and_then(|dialect| dialect.text("PLAY", 0));
            for begin in text.map(dialect::starts).unwrap_or_default() {
                let controls = self.tracks.iter().map(|track| track.control.as_str());
                if let Some(track) = dialect::track_of(&begin.url, controls) {
                    self.media.begin(track, begin.sequence, begin.timestamp);
                }
            }
            self.media.play(&self.shared, &self.config, &self.tracks);
            self.state = State::Playing { id };
        }
        if let Some(answer) = self.scripted("PLAY", cseq, None) {
            return answer;
        }
        let starts = self.media.starts().into_iter().map(|start| {
            let (base, control) = (&self.base, &self.tracks[start.track].control);
            let (seq, rtptime) = (start.sequence, start.timestamp);
            format!("url={base}/{control};seq={seq};rtptime={rtptime}")
        });
        let starts = starts.collect::<Vec<_>>().join(",");
        let answer = Answer::new(200).with("Range", "npt=now-");
        if starts.is_empty() {
            // A group has begun before.
            return answer;
        }
        answer.with("RTP-Info", starts)
    }

    /// Whether the request names this session.
    fn knows(&self, request: &Request) -> bool {
        if self.config.dialect.is_some() {
            // The answers of a real camera may be of several sessions.
            return !matches!(self.state, State::Init | State::Over);
        }
        let given = request.header("Session").and_then(|s| s.split(';').next());
        match &self.state {
            State::Ready { id } | State::Playing { id } => {
                given.is_some_and(|given| given.trim() == id)
            }
            State::Init | State::Over => given.is_none(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Aggregate,
    /// The track with this number among the camera's.
    Track(usize),
}

/// What a request's URL means. Host and port are not looked at: a camera
/// behind a port mapping does not know its name.
fn place(uri: &str, path: &str, tracks: &[Track]) -> Option<Place> {
    let after_scheme = uri.split_once("://")?.1;
    let given = &after_scheme[after_scheme.find('/')?..];
    match given.strip_prefix(path)? {
        "" | "/" => Some(Place::Aggregate),
        rest => {
            let name = rest.strip_prefix('/')?;
            let number = tracks.iter().position(|track| track.control == name)?;
            Some(Place::Track(number))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Place;
    use crate::clip::Codec;
    use crate::rtsp::track;

    #[test]
    fn urls() {
        let tracks = track::own(Codec::H264, None);
        let place = |uri, path| super::place(uri, path, &tracks);
        let path = "/cam?channel=1";
        assert_eq!(
            place("rtsp://h/cam?channel=1", path),
            Some(Place::Aggregate)
        );
        assert_eq!(
            place("rtsp://h:5/cam?channel=1/", path),
            Some(Place::Aggregate)
        );
        assert_eq!(
            place("rtsp://h/cam?channel=1/trackID=1", path),
            Some(Place::Track(0))
        );
        for bad in [
            "",
            "*",
            "rtsp://h",
            "rtsp://h/cam",
            "rtsp://h/cam?channel=1/x",
            "/cam?channel=1",
        ] {
            assert_eq!(place(bad, path), None, "{bad}");
        }
    }
}
