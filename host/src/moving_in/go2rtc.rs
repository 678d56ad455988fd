//! go2rtc's `streams:`.
//!
//! A stream is a source or a list of sources; a source is a URL with parameters behind `#`
//! (`#transport=udp#media=video`), or something behind a prefix (`ffmpeg:`, `exec:`), or the
//! name or restreamed address of another stream of the file.

use super::command;
use super::court::{Camera, Court, Moved, shown};
use super::source;
use super::yaml::Node;

/// Streams that lead to streams that lead to …: more than this is a circle.
const MAX_REFERENCES: usize = 8;
/// go2rtc's own ports where its file names none.
const RTSP_PORT: &str = "8554";
const API_PORT: &str = "1984";
/// Hosts by which a program reaches itself.
const SELF: [&str; 4] = ["127.0.0.1", "localhost", "[::1]", "0.0.0.0"];

/// A go2rtc file, or the `go2rtc:` part of one of Frigate's.
pub(super) struct Streams<'f> {
    by_name: Option<&'f Node>,
    rtsp_port: &'f str,
    api_port: &'f str,
    /// Further hosts that mean this go2rtc: with Frigate in containers, its name.
    also_self: &'f [&'f str],
}

impl<'f> Streams<'f> {
    pub fn new(root: &'f Node, also_self: &'f [&'f str]) -> Self {
        let port = |part: &str, default| {
            let listen = root.text_at(&[part, "listen"]);
            listen
                .and_then(|listen| listen.rsplit_once(':'))
                .map_or(default, |(_, port)| port)
        };
        Self {
            by_name: root.get("streams"),
            rtsp_port: port("rtsp", RTSP_PORT),
            api_port: port("api", API_PORT),
            also_self,
        }
    }

    /// The stream of this name.
    pub fn stream(&self, name: &str) -> Option<&'f Node> {
        self.by_name?.get(name)
    }

    /// The stream that an address of this go2rtc's own server names:
    /// `rtsp://127.0.0.1:8554/NAME` or `http://127.0.0.1:1984/api/stream.mp4?src=NAME`.
    pub fn restreamed<'u>(&self, url: &'u str) -> Option<&'u str> {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, tail) = rest.split_once('/')?;
        let host_port = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        let (host, port) = host_port.rsplit_once(':')?;
        if !SELF.contains(&host) && !self.also_self.contains(&host) {
            return None;
        }
        match scheme {
            "rtsp" if port == self.rtsp_port => tail.split(['?', '#']).next(),
            "http" if port == self.api_port => {
                let (_, query) = tail.split_once('?')?;
                let pairs = query.split(['&', '#']);
                pairs.into_iter().find_map(|pair| pair.strip_prefix("src="))
            }
            _ => None,
        }
    }

    /// The first source of a stream that can be used, and notes on the others.
    pub fn camera(&self, stream: &Node) -> (Option<Camera>, Vec<String>) {
        self.camera_within(stream, 0)
    }

    fn camera_within(&self, stream: &Node, depth: usize) -> (Option<Camera>, Vec<String>) {
        // An older form: `name: { url: … }`.
        let sources = stream.get("url").unwrap_or(stream).items();
        if sources.is_empty() {
            let why = "it has no source: a program publishes into it; name the camera's address";
            return (None, vec![why.to_owned()]);
        }
        let mut camera = None;
        let mut notes = Vec::new();
        for (index, node) in sources.iter().enumerate() {
            let number = index + 1;
            if camera.is_some() {
                let left = sources.len() - index;
                notes.push(format!(
                    "{left} further source(s) are not used: a terrain has one camera"
                ));
                break;
            }
            let found = match node.text() {
                Some(text) => self.source(text, depth),
                None => Err("it is no text".to_owned()),
            };
            match found {
                Ok((found, its_notes)) => {
                    camera = Some(found);
                    notes.extend(its_notes);
                }
                Err(why) if sources.len() == 1 => notes.push(why),
                Err(why) => notes.push(format!("source {number}: {why}")),
            }
        }
        (camera, notes)
    }

    fn source(&self, text: &str, depth: usize) -> source::Found {
        let text = text.trim();
        let mut parts = text.split('#');
        let address = parts.next().unwrap_or_default();
        let parameters: Vec<&str> = parts.collect();
        if let Some(inner) = address.strip_prefix("ffmpeg:") {
            let found = self.reference(inner, depth);
            let (camera, mut notes) = found.unwrap_or_else(|| source::camera(inner))?;
            notes.push(
                "FFmpeg was put in between: PadelVar encodes where it must (`video.encode`)".into(),
            );
            return with_parameters(camera, notes, &parameters);
        }
        if let Some(line) = text.strip_prefix("exec:") {
            let Some(url) = command::input_of(line) else {
                return Err(super::kinds::why_not(text));
            };
            let (camera, mut notes) = source::camera(&url)?;
            notes.push("the command is not run: its FFmpeg input is taken".into());
            return Ok((camera, notes));
        }
        let found = self.reference(address, depth);
        let (camera, notes) = found.unwrap_or_else(|| source::camera(address))?;
        with_parameters(camera, notes, &parameters)
    }

    /// What another stream of the file comes to; `None` where this is no reference.
    fn reference(&self, text: &str, depth: usize) -> Option<source::Found> {
        let restreamed = self.restreamed(text);
        let name = restreamed.unwrap_or(text.split('?').next().unwrap_or(text));
        let Some(stream) = self.stream(name) else {
            return restreamed.map(|name| {
                let name = shown(name);
                Err(format!(
                    "it restreams `{name}`, which this file does not have"
                ))
            });
        };
        if depth == MAX_REFERENCES {
            return Some(Err("its sources lead to each other in a circle".to_owned()));
        }
        let (camera, mut notes) = self.camera_within(stream, depth + 1);
        let name = shown(name);
        let Some(camera) = camera else {
            let why = notes.pop().unwrap_or_default();
            return Some(Err(format!("it restreams `{name}`, and of that: {why}")));
        };
        notes.insert(
            0,
            format!("it restreamed `{name}`: that stream's camera is taken"),
        );
        Some(Ok((camera, notes)))
    }
}

fn with_parameters(
    mut camera: Camera,
    mut notes: Vec<String>,
    parameters: &[&str],
) -> source::Found {
    for parameter in parameters {
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match (key, value) {
            ("transport" | "input", "tcp" | "rtsp" | "rtsp/tcp") => camera.transport = Some("tcp"),
            ("transport" | "input", "udp" | "rtsp/udp") => camera.transport = Some("udp"),
            ("transport", _) => notes.push("its `#transport` is not known here".into()),
            ("media", value) if !value.split(',').any(|kind| kind == "video") => {
                return Err("`#media` leaves the picture out".to_owned());
            }
            (
                "video" | "width" | "height" | "rotate" | "hardware" | "gop" | "raw" | "drawtext",
                _,
            ) => {
                let key = shown(key);
                notes.push(format!(
                    "`#{key}` is not carried over: what is recorded is what the camera sends"
                ));
            }
            // Sound is the terrain's to say; the rest concerns go2rtc's own server.
            ("media" | "audio" | "backchannel" | "timeout" | "async" | "query" | "input", _) => {}
            _ => notes.push(format!("`#{}` is not carried over", shown(key))),
        }
    }
    notes.dedup();
    Ok((camera, notes))
}

/// Translates a go2rtc file.
pub(super) fn translate(root: &Node) -> Moved {
    let streams = Streams::new(root, &[]);
    let mut moved = Moved::default();
    for (key, part) in root.entries() {
        match key {
            "preload" | "publish" | "ffmpeg" | "homekit" | "webrtc" | "hass" | "ngrok" => {
                moved.notes.push(format!("line {}: `{key}` is not carried over", part.line));
            }
            "api" | "rtsp" if part.get("username").is_some() => moved.notes.push(format!(
                "line {}: the account of `{key}` is not carried over: who may watch is the policy's to say",
                part.line
            )),
            _ => {}
        }
    }
    for (name, stream) in root.get("streams").into_iter().flat_map(Node::entries) {
        let (camera, notes) = streams.camera(stream);
        moved.courts.push(Court {
            name: name.to_owned(),
            line: stream.line,
            camera,
            notes,
        });
    }
    if moved.courts.is_empty() {
        moved.notes.push("it has no `streams`".to_owned());
    }
    moved
}
