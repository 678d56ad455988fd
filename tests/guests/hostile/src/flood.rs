//! Misdeeds by number: too many commands, calls, lines, connections.

use padelvar_sdk::wit::{
    ConnectRequest, ExtraItem, HttpRequest, LogLevel, LogLine, RequestHeader, SendRequest,
};
use padelvar_sdk::{Command, Event, Microseconds, Segment};

use crate::orders::Orders;
use crate::{not_stopped, ring};

const STORM_TIMER: u32 = 8;

/// See the match.
pub fn begin(orders: &Orders, now: Microseconds) -> Option<Vec<Command>> {
    Some(match orders.misdeed.as_str() {
        "commands" => vec![Command::Close(1); 5000],
        "million-commands" => vec![Command::Close(1); 1_000_000],
        "giant-answer" => vec![Command::Extra(extra(30 << 20))],
        "giant-log" => vec![Command::Log(line("\u{1b}[2J\r\nforged ".repeat(100_000)))],
        "log-flood" => vec![Command::Log(line("spam".into())); 2000],
        "timers" => (0..1000).map(|id| ring(id, u64::MAX)).collect(),
        "memory" => vec![Command::Remember(vec![7; 4097])],
        "timer-storm" => vec![ring(STORM_TIMER, 0)],
        // Any port that is not granted: refused without a word to the network.
        "refused-storm" => vec![refused()],
        "busy-storm" => busy(now),
        "connections" => (0..1000).map(|id| connect(orders, id)).collect(),
        "same-connection" => vec![connect(orders, 1), connect(orders, 1)],
        "requests" => (0..1000).map(|id| request(orders, id, vec![])).collect(),
        "same-request" => vec![request(orders, 1, vec![]), request(orders, 1, vec![])],
        "ports" => (0..1000).map(Command::BindDatagramPair).collect(),
        "headers" => {
            let header = |number: u32| RequestHeader {
                name: format!("x-{number}"),
                value: vec![],
            };
            vec![request(orders, 1, (0..40_000).map(header).collect())]
        }
        "unwritten" => vec![
            connect(orders, 1),
            send(vec![Segment::Bytes(vec![0; 2 << 20])]),
        ],
        "ignore-stop" | "silence" => vec![],
        _ => return None,
    })
}

/// Storms go on by themselves.
pub fn go_on(orders: &Orders, now: Microseconds, event: &Event) -> Option<Vec<Command>> {
    match (orders.misdeed.as_str(), event) {
        ("timer-storm", Event::Timer(STORM_TIMER)) => Some(vec![ring(STORM_TIMER, 0)]),
        ("busy-storm", Event::Timer(STORM_TIMER)) => Some(busy(now)),
        ("refused-storm", Event::Failed(_)) => Some(vec![refused()]),
        ("headers", Event::Response(_)) => Some(not_stopped("40,000 headers went out")),
        ("ignore-stop" | "silence", _) => Some(vec![]),
        _ => None,
    }
}

/// Nearly all of a call's time, and again at once.
fn busy(_now: Microseconds) -> Vec<Command> {
    let mut n = 1_u64;
    for _ in 0..20_000_000 {
        n = std::hint::black_box(n.wrapping_mul(31));
    }
    vec![ring(STORM_TIMER, 0)]
}

fn refused() -> Command {
    Command::Connect(ConnectRequest {
        id: 1,
        host: "camera.invalid".into(),
        port: 1,
        tls: false,
    })
}

fn connect(orders: &Orders, id: u32) -> Command {
    Command::Connect(ConnectRequest {
        id,
        host: orders.host.clone(),
        port: orders.port,
        tls: false,
    })
}

fn send(segments: Vec<Segment>) -> Command {
    Command::Send(SendRequest {
        connection: 1,
        segments,
        base64: false,
    })
}

fn request(orders: &Orders, id: u32, headers: Vec<RequestHeader>) -> Command {
    Command::Request(HttpRequest {
        id,
        method: "GET".into(),
        url: format!("http://{}:{}/", orders.host, orders.port),
        headers,
        body: vec![],
        header_timeout_ms: 5000,
        idle_timeout_ms: 5000,
    })
}

fn line(message: String) -> LogLine {
    LogLine {
        level: LogLevel::Info,
        message,
    }
}

fn extra(bytes: usize) -> ExtraItem {
    ExtraItem {
        name: "big".into(),
        bytes: vec![0; bytes],
    }
}
