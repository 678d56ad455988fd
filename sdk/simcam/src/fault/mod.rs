//! What a camera does wrong on demand.

mod network;
mod schedule;
mod spoil;
mod state;

use std::str::FromStr;
use std::time::Duration;

pub(crate) use network::Fates;
pub use network::Network;
pub use schedule::ScheduledFault;
pub(crate) use spoil::Spoil;
pub(crate) use state::{Faults, Once};

/// One thing that goes wrong. Faults with a duration end by themselves; those
/// that speak of the "next" message or frame strike once, whichever client it
/// is for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// Drops every client now. New ones are welcome.
    Close,
    /// Sends nothing for a while and keeps the connections open. What fell due
    /// meanwhile is lost; video goes on at the next keyframe.
    Stall(Duration),
    /// Sends nothing for a while, then what fell due meanwhile at once, as a network
    /// does that was held up (up to 5 s; RTSP only, over HTTP it is a stall).
    Late(Duration),
    /// Closes the listener for a while: connections are refused. Clients that
    /// are there stay.
    Refuse(Duration),
    /// Sends no sound for a while; the pictures go on (RTSP only).
    Mute(Duration),
    /// The plug is pulled for a while: [`Fault::Close`] and [`Fault::Refuse`].
    Outage(Duration),
    /// From now on there is room for so many clients at a time: further ones are closed at once.
    MostClients(usize),
    /// Writes in small pieces with pauses between them, for a while.
    SlowBytes {
        /// Bytes a write.
        bytes: usize,
        /// Pause after each.
        pause: Duration,
        /// For how long; `Duration::ZERO` ends it now.
        lasting: Duration,
    },
    /// The password is another one from now on, and all clients are dropped.
    Password(String),
    /// RTP timestamps jump by so many ticks of 90 kHz, forwards or backwards.
    TimestampJump(i64),
    /// From now on RTP timestamps run at this many times their rate: 1 is right, 0 stands still,
    /// below that they run backwards. RTSP only.
    ClockRate(f64),
    /// So many of the next RTP packets each arrive behind the one that follows it.
    Reorder(u32),
    /// For a while the pictures are noise behind their heads: a decoder is told what to expect
    /// and cannot make anything of what comes.
    Noise(Duration),
    /// For a while all that the camera sends as pictures and parameter sets are random bytes; of
    /// a NAL unit the header stays.
    Rubbish(Duration),
    /// This share (0 to 1) of RTP packets, or of MJPEG frames, is not sent
    /// until another rate is set.
    LossRate(f64),
    /// From now on the network to clients over UDP is like this, for all their packets; the seed
    /// counts for clients that come from now on.
    Network(Network),
    /// So many of the next RTP packets, or MJPEG frames, are not sent.
    DropNext(u32),
    /// The second half of the next frame is missing; all lengths fit.
    TruncateFrame,
    /// The next message ends in its middle and the connection closes.
    TruncateMessage,
    /// The next message claims this length: an interleaved frame (at most
    /// 65535), a part of a multipart answer, or an answer's `Content-Length`.
    LengthLie(u64),
    /// The next answer, or part of a multipart answer, has a header line of so
    /// many bytes.
    GiantHeader(usize),
    /// So many random bytes go out before the next message.
    Garbage(usize),
    /// Requests are answered with a redirection to this address until `None`.
    Redirect(Option<String>),
}

/// Bound of the bytes that one fault makes up: more shows nothing new and would
/// only fill the memory.
const MAX_BYTES: usize = 64 << 20;
/// How much faster than it should a clock runs at most.
const MAX_CLOCK_RATE: f64 = 1000.0;
/// The latest that a network brings a packet, in milliseconds.
const MAX_LATE_MS: f64 = 60_000.0;
/// The longest duration; also keeps sums of instants from overflowing.
const MAX_SECONDS: f64 = 1e6;

/// A fault was written in a way that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseFaultError(pub(crate) String);

impl FromStr for Fault {
    type Err = ParseFaultError;

    /// Reads `KIND` or `KIND:ARG`; durations are seconds with a fraction.
    ///
    /// `close`, `stall:SECONDS`, `mute:SECONDS`, `late:SECONDS`, `refuse:SECONDS`, `outage:SECONDS`,
    /// `clients:COUNT`, `slow-bytes:BYTES,PAUSE_MS,SECONDS`, `password:TEXT`, `jump:TICKS`,
    /// `clock-rate:TIMES`, `reorder:COUNT`, `noise:SECONDS`, `rubbish:SECONDS`,
    /// `loss:RATE`, `network:LOSS,REORDER,DELAY_MS,DUPLICATE,JITTER_MS` (shares 0 to 1), `drop:COUNT`, `truncate-frame`, `truncate`,
    /// `length:BYTES`, `giant-header:BYTES`, `garbage:BYTES`, `redirect[:URL]`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, arg) = match text.split_once(':') {
            Some((kind, arg)) => (kind, Some(arg)),
            None => (text, None),
        };
        let needs = |what: &str| ParseFaultError(format!("fault `{kind}` needs {what}"));
        let number = |what| {
            arg.and_then(|a| a.parse::<u64>().ok())
                .ok_or_else(|| needs(what))
        };
        let bytes = || number(":BYTES").map(|n| (n as usize).min(MAX_BYTES));
        let lasting = || arg.and_then(seconds).ok_or_else(|| needs(":SECONDS"));
        Ok(match kind {
            "close" => Self::Close,
            "stall" => Self::Stall(lasting()?),
            "mute" => Self::Mute(lasting()?),
            "late" => Self::Late(lasting()?),
            "refuse" => Self::Refuse(lasting()?),
            "outage" => Self::Outage(lasting()?),
            "clients" => Self::MostClients(number(":COUNT")? as usize),
            "slow-bytes" | "slow_bytes" => {
                let needs = || needs(":BYTES,PAUSE_MS,SECONDS");
                let parts: Vec<&str> = arg.unwrap_or("").split(',').collect();
                let [bytes, pause, lasting] = parts[..] else {
                    return Err(needs());
                };
                Self::SlowBytes {
                    bytes: bytes.parse().map_err(|_| needs())?,
                    pause: Duration::from_millis(u64::from(
                        pause.parse::<u32>().map_err(|_| needs())?,
                    )),
                    lasting: seconds(lasting).ok_or_else(needs)?,
                }
            }
            "password" => Self::Password(arg.ok_or_else(|| needs(":TEXT"))?.to_owned()),
            "jump" => {
                let ticks = arg.and_then(|a| a.parse().ok());
                Self::TimestampJump(ticks.ok_or_else(|| needs(":TICKS"))?)
            }
            "clock-rate" => {
                let times = arg.and_then(|a| a.parse().ok());
                let times = times.filter(|t: &f64| t.abs() <= MAX_CLOCK_RATE);
                Self::ClockRate(times.ok_or_else(|| needs(":TIMES from -1000 to 1000"))?)
            }
            "reorder" => Self::Reorder(number(":COUNT")?.min(u64::from(u32::MAX)) as u32),
            "noise" => Self::Noise(lasting()?),
            "rubbish" => Self::Rubbish(lasting()?),
            "loss" => {
                let rate = arg.and_then(|a| a.parse().ok());
                let rate = rate.filter(|rate| is_share(*rate));
                Self::LossRate(rate.ok_or_else(|| needs(":RATE from 0 to 1"))?)
            }
            "network" => {
                let needs = || needs(":LOSS,REORDER,DELAY_MS,DUPLICATE,JITTER_MS");
                let parts = arg.unwrap_or("").split(',').map(str::parse);
                let parts: Result<Vec<f64>, _> = parts.collect();
                match parts.map_err(|_| needs())?[..] {
                    [loss, reorder, delay_ms, duplicate, jitter_ms]
                        if [loss, reorder, duplicate].into_iter().all(is_share)
                            && [delay_ms, jitter_ms].into_iter().all(is_wait) =>
                    {
                        Self::Network(Network {
                            loss,
                            reorder,
                            delay: Duration::from_secs_f64(delay_ms / 1000.0),
                            duplicate,
                            jitter: Duration::from_secs_f64(jitter_ms / 1000.0),
                            ..Network::default()
                        })
                    }
                    _ => return Err(needs()),
                }
            }
            "drop" => Self::DropNext(number(":COUNT")?.min(u64::from(u32::MAX)) as u32),
            "truncate-frame" => Self::TruncateFrame,
            "truncate" => Self::TruncateMessage,
            "length" => Self::LengthLie(number(":BYTES")?),
            "giant-header" => Self::GiantHeader(bytes()?),
            "garbage" => Self::Garbage(bytes()?),
            "redirect" => Self::Redirect(arg.map(str::to_owned)),
            _ => return Err(ParseFaultError(format!("there is no fault `{kind}`"))),
        })
    }
}

fn is_share(share: f64) -> bool {
    (0.0..=1.0).contains(&share)
}

/// Whether that many milliseconds are a time that a packet can be late.
fn is_wait(ms: f64) -> bool {
    (0.0..=MAX_LATE_MS).contains(&ms)
}

/// Seconds as people write them.
fn seconds(text: &str) -> Option<Duration> {
    // `min` would make a number of what is none.
    let seconds = text.parse().ok().filter(|s: &f64| !s.is_nan())?;
    Duration::try_from_secs_f64(seconds.min(MAX_SECONDS)).ok()
}

#[cfg(test)]
mod tests {
    use super::{Fault, Network};
    use std::time::Duration;

    #[test]
    fn reads_every_kind() {
        let read = |text: &str| text.parse::<Fault>().expect(text);
        assert_eq!(read("close"), Fault::Close);
        assert_eq!(read("stall:1.5"), Fault::Stall(Duration::from_millis(1500)));
        assert_eq!(read("jump:-90000"), Fault::TimestampJump(-90_000));
        assert_eq!(read("clock-rate:-0.5"), Fault::ClockRate(-0.5));
        assert_eq!(read("reorder:7"), Fault::Reorder(7));
        assert_eq!(read("noise:2"), Fault::Noise(Duration::from_secs(2)));
        assert_eq!(read("rubbish:2"), Fault::Rubbish(Duration::from_secs(2)));
        assert_eq!(read("loss:0.01"), Fault::LossRate(0.01));
        assert_eq!(read("password:a:b"), Fault::Password("a:b".into()));
        assert_eq!(read("redirect"), Fault::Redirect(None));
        assert_eq!(read("clients:1"), Fault::MostClients(1));
        let url = Some("http://127.0.0.1:1/x".to_owned());
        assert_eq!(read("redirect:http://127.0.0.1:1/x"), Fault::Redirect(url));
        let network = Network {
            loss: 0.02,
            reorder: 0.01,
            delay: Duration::from_millis(40),
            duplicate: 0.0,
            jitter: Duration::from_millis(5),
            ..Network::default()
        };
        assert_eq!(read("network:0.02,0.01,40,0,5"), Fault::Network(network));
        let slow = Fault::SlowBytes {
            bytes: 10,
            pause: Duration::from_millis(20),
            lasting: Duration::from_secs(3),
        };
        assert_eq!(read("slow-bytes:10,20,3"), slow);
    }

    #[test]
    fn refuses_nonsense_with_a_reason() {
        for text in [
            "",
            "stall",
            "stall:x",
            "stall:-1",
            "stall:nan",
            "loss:2",
            "clock-rate:nan",
            "clock-rate:1e9",
            "reorder:-1",
            "slow-bytes:1",
            "network:0.1",
            "network:2,0,0,0,0",
            "network:0,0,-1,0,0",
            "boom",
        ] {
            let error = text.parse::<Fault>().expect_err(text);
            assert!(error.to_string().contains("fault"), "{error}");
        }
    }

    #[test]
    fn absurd_numbers_are_bounded() {
        assert_eq!("garbage:99999999999".parse(), Ok(Fault::Garbage(64 << 20)));
        assert!("stall:1e300".parse::<Fault>().is_ok());
    }
}
