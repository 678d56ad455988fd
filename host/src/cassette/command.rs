//! What an adapter answered, as a cassette keeps it: commands as they are, of pictures their
//! measures.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::bytes;
use super::event::component_name;
use super::fields::class_name;
use crate::plugins::types::{
    Command, Credential, Encoding, HashAlgorithm, HashPart, LogLevel, Packet, Recipe, Segment,
};

/// One command.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// As it was answered.
    Command(Command),
    /// A packet, without its picture.
    Packet(Pictured),
    /// So many commands that were too large to be kept.
    Cut(usize),
}

/// A packet without its picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Pictured {
    /// As in the WIT.
    pub track: u32,
    /// As in the WIT.
    pub timestamp: Option<u64>,
    /// As in the WIT.
    pub arrived: u64,
    /// As in the WIT.
    pub keyframe: bool,
    /// As in the WIT.
    pub lost_before: u32,
    /// Length of the picture, bytes.
    pub bytes: usize,
    /// SHA-256 of the picture; none where nobody had the time for it.
    pub sha256: Option<[u8; 32]>,
}

impl Pictured {
    /// The measures of a packet, with its digest or without.
    pub fn of(packet: &Packet, digest: bool) -> Self {
        Self {
            track: packet.track,
            timestamp: packet.timestamp,
            arrived: packet.arrived,
            keyframe: packet.keyframe,
            lost_before: packet.lost_before,
            bytes: packet.data.len(),
            sha256: digest.then(|| Sha256::digest(&packet.data).into()),
        }
    }
}

impl Said {
    /// A command or several: one a packet.
    pub fn of(command: &Command, digest: bool) -> Vec<Self> {
        match command {
            Command::Packets(packets) => packets
                .iter()
                .map(|packet| Self::Packet(Pictured::of(packet, digest)))
                .collect(),
            other => vec![Self::Command(other.clone())],
        }
    }

    /// By its name in the WIT.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Command(command) => command_json(command),
            Self::Packet(it) => {
                let mut packet = json!({
                    "track": it.track,
                    "timestamp": it.timestamp,
                    "arrived": it.arrived,
                    "keyframe": it.keyframe,
                    "lost_before": it.lost_before,
                    "bytes": it.bytes,
                });
                if let Some(digest) = &it.sha256 {
                    packet["sha256"] = Value::from(crate::hex::lower(digest));
                }
                json!({ "packet": packet })
            }
            Self::Cut(commands) => json!({ "cut": commands }),
        }
    }
}

/// Bytes that a command takes up, about; of packets without their pictures.
pub fn weight(command: &Command) -> usize {
    const ITEM: usize = 96;
    let segments = |segments: &[Segment]| segments.iter().map(segment_weight).sum::<usize>();
    ITEM + match command {
        Command::Send(it) => segments(&it.segments),
        Command::SendDatagram(it) => it.bytes.len() + it.host.len(),
        Command::Request(it) => {
            let headers = it.headers.iter();
            let headers = headers.map(|it| ITEM + it.name.len() + segments(&it.value));
            it.url.len() + it.method.len() + headers.sum::<usize>() + segments(&it.body)
        }
        Command::Tracks(tracks) => tracks
            .iter()
            .map(|it| ITEM + it.codec.len() + it.config.len())
            .sum(),
        Command::Packets(packets) => packets.len() * ITEM,
        Command::Connect(it) => it.host.len(),
        Command::JoinMulticast(it) => it.group.len() + it.source.as_ref().map_or(0, String::len),
        Command::Log(it) => it.message.len(),
        Command::Fail(it) => it.message.len(),
        Command::Extra(it) => it.name.len() + it.bytes.len(),
        _ => 0,
    }
}

fn segment_weight(segment: &Segment) -> usize {
    const ITEM: usize = 64;
    ITEM + match segment {
        Segment::Bytes(bytes) => bytes.len(),
        Segment::Secret(Recipe::Authorization(it)) => {
            it.challenges
                .iter()
                .map(|it| ITEM + it.len())
                .sum::<usize>()
                + it.method.len()
                + it.uri.len()
        }
        Segment::Secret(Recipe::Hash(steps)) => steps
            .iter()
            .flat_map(|step| &step.parts)
            .map(|part| match part {
                HashPart::Bytes(bytes) => ITEM + bytes.len(),
                _ => ITEM,
            })
            .sum(),
        Segment::Secret(_) => 0,
    }
}

fn command_json(command: &Command) -> Value {
    match command {
        Command::Connect(it) => json!({ "connect": {
            "id": it.id, "host": it.host, "port": it.port, "tls": it.tls,
        }}),
        Command::Send(it) => {
            let mut send = json!({
                "connection": it.connection, "segments": segments(&it.segments),
            });
            if it.base64 {
                send["base64"] = true.into();
            }
            json!({ "send": send })
        }
        Command::Close(id) => json!({ "close": id }),
        Command::BindDatagramPair(id) => json!({ "bind-datagram-pair": id }),
        Command::SendDatagram(it) => json!({ "send-datagram": {
            "port": it.port,
            "component": component_name(it.component),
            "host": it.host,
            "to_port": it.to_port,
            "bytes": bytes::to_json(&it.bytes),
        }}),
        Command::JoinMulticast(it) => json!({ "join-multicast": {
            "port": it.port, "group": it.group, "rtp_port": it.rtp_port, "source": it.source,
        }}),
        Command::Unbind(id) => json!({ "unbind": id }),
        Command::Request(it) => {
            let headers: Vec<Value> = it
                .headers
                .iter()
                .map(|it| json!({ "name": it.name, "value": segments(&it.value) }))
                .collect();
            json!({ "request": {
                "id": it.id,
                "method": it.method,
                "url": it.url,
                "headers": headers,
                "body": segments(&it.body),
                "header_timeout_ms": it.header_timeout_ms,
                "idle_timeout_ms": it.idle_timeout_ms,
            }})
        }
        Command::Cancel(id) => json!({ "cancel": id }),
        Command::SetTimer(it) => json!({ "set-timer": { "id": it.id, "at": it.at } }),
        Command::ClearTimer(id) => json!({ "clear-timer": id }),
        Command::Tracks(tracks) => {
            let tracks: Vec<Value> = tracks
                .iter()
                .map(|it| {
                    json!({
                        "id": it.id,
                        "codec": it.codec,
                        "clock_rate": it.clock_rate,
                        "config": bytes::to_json(&it.config),
                        "channels": it.channels,
                    })
                })
                .collect();
            json!({ "tracks": tracks })
        }
        Command::Packets(packets) => json!({ "packets": packets.len() }),
        Command::Reference(it) => json!({ "reference": {
            "track": it.track, "timestamp": it.timestamp, "ntp": it.ntp,
        }}),
        Command::Remember(memory) => json!({ "remember": bytes::to_json(memory) }),
        Command::Log(it) => json!({ "log": {
            "level": level(it.level), "message": it.message,
        }}),
        Command::Fail(it) => json!({ "fail": {
            "class": class_name(it.class), "message": it.message,
        }}),
        Command::Finished => json!("finished"),
        Command::Extra(it) => json!({ "extra": {
            "name": it.name, "bytes": bytes::to_json(&it.bytes),
        }}),
    }
}

fn level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
    }
}

fn segments(segments: &[Segment]) -> Value {
    let written = segments.iter().map(|segment| match segment {
        Segment::Bytes(bytes) => bytes::to_json(bytes),
        Segment::Secret(recipe) => json!({ "secret": recipe_json(recipe) }),
    });
    Value::Array(written.collect())
}

fn recipe_json(recipe: &Recipe) -> Value {
    match recipe {
        Recipe::Credential(it) => json!({ "credential": {
            "which": match it.which {
                Credential::Username => "username",
                Credential::Password => "password",
            },
            "encoding": encoding(it.encoding),
        }}),
        Recipe::Authorization(it) => json!({ "authorization": {
            "challenges": it.challenges, "method": it.method, "uri": it.uri,
        }}),
        Recipe::Hash(steps) => {
            let steps: Vec<Value> = steps
                .iter()
                .map(|step| {
                    let parts: Vec<Value> = step.parts.iter().map(part).collect();
                    let algorithm = match step.algorithm {
                        HashAlgorithm::Md5 => "md5",
                        HashAlgorithm::Sha1 => "sha1",
                        HashAlgorithm::Sha256 => "sha256",
                    };
                    json!({
                        "algorithm": algorithm,
                        "parts": parts,
                        "encoding": encoding(step.encoding),
                    })
                })
                .collect();
            json!({ "hash": steps })
        }
        Recipe::WsUsernameToken(it) => json!({ "ws-username-token": {
            "clock_offset_seconds": it.clock_offset_seconds,
        }}),
    }
}

fn part(part: &HashPart) -> Value {
    match part {
        HashPart::Bytes(bytes) => json!({ "bytes": bytes::to_json(bytes) }),
        HashPart::Username => json!("username"),
        HashPart::Password => json!("password"),
        HashPart::Step(number) => json!({ "step": number }),
    }
}

fn encoding(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Plain => "plain",
        Encoding::Percent => "percent",
        Encoding::Json => "json",
        Encoding::Base64 => "base64",
        Encoding::Hex => "hex",
        Encoding::HexUpper => "hex-upper",
    }
}
