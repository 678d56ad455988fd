//! Cameras that are no cameras: how they answer whatever is asked of them.

use super::dice::Dice;
use super::stage::connection_failed;
use crate::plugins::types::{
    BodyPart, Event, FailureClass, Header, HttpResponse, IoError, ReceivedBytes, RequestFailure,
};

/// Messages of rubbish after which the camera hangs up.
const RUBBISH_MESSAGES: u32 = 40;
/// Bytes of one message of rubbish at most.
const RUBBISH_BYTES: u64 = 4096;

/// A way to answer.
#[derive(Debug, Clone)]
pub enum Manner {
    /// Every connection is refused.
    Refuse,
    /// The host grants nothing.
    Deny,
    /// Takes every connection and says nothing.
    Silent,
    /// Takes every connection and closes it at the first word.
    HangUp,
    /// Answers with rubbish, and hangs up after a while.
    Rubbish {
        /// What the rubbish is made of.
        dice: Dice,
        /// Messages that are left.
        left: u32,
    },
    /// Nothing happens by itself: what happens comes from elsewhere.
    Scripted,
}

impl Manner {
    /// Rubbish of a number.
    pub fn rubbish(number: u64) -> Self {
        Self::Rubbish {
            dice: Dice::new(number),
            left: RUBBISH_MESSAGES,
        }
    }

    /// Whether a question without an answer stays open until the host ends it.
    pub fn is_silent(&self) -> bool {
        matches!(self, Self::Silent)
    }

    /// What a connection comes to.
    pub fn connect(&mut self, id: u32, now_us: u64) -> Vec<Event> {
        match self {
            Self::Refuse => vec![connection_failed(id, refused())],
            Self::Deny => vec![connection_failed(id, denied())],
            Self::Silent | Self::HangUp => vec![Event::Connected(id)],
            Self::Rubbish { .. } => {
                let mut events = vec![Event::Connected(id)];
                events.extend(self.sent(id, now_us));
                events
            }
            Self::Scripted => Vec::new(),
        }
    }

    /// What something that was sent is answered with.
    pub fn sent(&mut self, connection: u32, now_us: u64) -> Vec<Event> {
        match self {
            Self::HangUp | Self::Rubbish { left: 0, .. } => vec![Event::Closed(connection)],
            Self::Rubbish { dice, left } => {
                *left -= 1;
                let received = Event::Received(ReceivedBytes {
                    connection,
                    bytes: rubbish(dice),
                    arrived: now_us,
                });
                vec![received]
            }
            _ => Vec::new(),
        }
    }

    /// What an HTTP request is answered with.
    pub fn request(&mut self, id: u32, now_us: u64) -> Vec<Event> {
        let failed = |error| vec![Event::RequestFailed(RequestFailure { id, error })];
        match self {
            Self::Refuse => failed(refused()),
            Self::Deny => failed(denied()),
            Self::HangUp | Self::Rubbish { left: 0, .. } => failed(IoError {
                class: FailureClass::Protocol,
                message: "the connection was closed before the message was complete".to_owned(),
            }),
            Self::Rubbish { dice, left } => {
                *left -= 1;
                answer(id, dice, now_us)
            }
            Self::Silent | Self::Scripted => Vec::new(),
        }
    }

    /// Why a pair of ports is not there; none where nothing is said of it.
    pub fn port(&self) -> Option<IoError> {
        match self {
            Self::Refuse | Self::HangUp | Self::Rubbish { .. } => Some(refused()),
            Self::Deny => Some(denied()),
            Self::Silent | Self::Scripted => None,
        }
    }
}

fn refused() -> IoError {
    IoError {
        class: FailureClass::Unreachable,
        message: "connection refused".to_owned(),
    }
}

fn denied() -> IoError {
    IoError {
        class: FailureClass::Other,
        message: "192.0.2.1:1 is not granted to this camera's adapter".to_owned(),
    }
}

fn rubbish(dice: &mut Dice) -> Vec<u8> {
    let length = 1 + dice.below(RUBBISH_BYTES);
    match dice.below(4) {
        // Something that looks like a protocol for a while.
        0 => {
            let mut bytes =
                b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 99999999\r\n\r\n".to_vec();
            bytes.extend((0..length).map(|_| dice.byte()));
            bytes
        }
        1 => (0..length).map(|_| b' ' + dice.byte() % 95).collect(),
        2 => vec![dice.byte(); length as usize],
        _ => (0..length).map(|_| dice.byte()).collect(),
    }
}

fn answer(id: u32, dice: &mut Dice, now_us: u64) -> Vec<Event> {
    let status = [200, 200, 200, 204, 301, 401, 404, 500, 999][dice.below(9) as usize];
    let kinds = [
        "image/jpeg",
        "multipart/x-mixed-replace; boundary=x",
        "multipart/x-mixed-replace",
        "application/json",
        "",
    ];
    let kind = kinds[dice.below(kinds.len() as u64) as usize];
    let long = "x".repeat(dice.below(RUBBISH_BYTES) as usize);
    let headers = [
        ("content-type", kind),
        ("content-length", "99999999"),
        ("location", "http://192.0.2.1/"),
        ("www-authenticate", "Digest nonce=\"\u{fffd}\", realm=, ,,"),
        ("x-long", &long),
    ];
    let headers = headers.map(|(name, value)| Header {
        name: name.to_owned(),
        value: value.to_owned(),
    });
    let response = Event::Response(HttpResponse {
        id,
        status,
        headers: headers.into(),
    });
    let body = Event::Body(BodyPart {
        id,
        bytes: rubbish(dice),
        arrived: now_us,
        last: dice.below(2) == 0,
    });
    vec![response, body]
}
