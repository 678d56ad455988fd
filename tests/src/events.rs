//! Server-sent events (the HTML standard, 9.2).

use std::time::Duration;

use reqwest::Response;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

/// One event.
#[derive(Clone, Debug)]
pub struct Event {
    /// What a client that comes back names as the last one it saw.
    pub id: String,
    /// `session`, `recording`, `camera`, `plugin`.
    pub kind: String,
    /// The object.
    pub data: Value,
}

/// An open stream of events.
#[derive(Debug)]
pub struct Events {
    answer: Response,
    buffer: Vec<u8>,
}

impl Events {
    /// Of an answer with such a body.
    #[track_caller]
    pub fn of(answer: Response) -> Self {
        assert_eq!(answer.status(), 200);
        let kind = answer.headers()["content-type"].to_str().expect("text");
        assert!(kind.starts_with("text/event-stream"), "{kind}");
        Self {
            answer,
            buffer: Vec::new(),
        }
    }

    /// The next event that comes within so long.
    pub async fn next(&mut self, patience: Duration) -> Option<Event> {
        let deadline = Instant::now() + patience;
        loop {
            while let Some(block) = self.block() {
                if let Some(event) = event(&block) {
                    return Some(event);
                }
            }
            let chunk = timeout_at(deadline, self.answer.chunk()).await.ok()?;
            self.buffer.extend_from_slice(&chunk.ok()??);
        }
    }

    /// Reads on to an event that is wanted; all that came, this one last.
    ///
    /// # Panics
    /// Where it does not come in time.
    pub async fn until(
        &mut self,
        patience: Duration,
        wanted: impl Fn(&Event) -> bool,
    ) -> Vec<Event> {
        let deadline = Instant::now() + patience;
        let mut seen = Vec::new();
        while let Some(left) = deadline.checked_duration_since(Instant::now()) {
            let Some(event) = self.next(left).await else {
                break;
            };
            let found = wanted(&event);
            seen.push(event);
            if found {
                return seen;
            }
        }
        panic!("it does not come; what came: {seen:#?}");
    }

    /// All that come within so long.
    pub async fn all(&mut self, span: Duration) -> Vec<Event> {
        let deadline = Instant::now() + span;
        let mut seen = Vec::new();
        while let Some(left) = deadline.checked_duration_since(Instant::now()) {
            match self.next(left).await {
                Some(event) => seen.push(event),
                None => break,
            }
        }
        seen
    }

    /// A block of lines up to an empty one.
    fn block(&mut self) -> Option<String> {
        let end = self.buffer.windows(2).position(|w| w == b"\n\n")?;
        let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
        Some(String::from_utf8(block).expect("events are UTF-8"))
    }
}

/// A block's event; none where it is a comment (a sign of life) or has no data.
fn event(block: &str) -> Option<Event> {
    let field = |name: &str| {
        let values = block.lines().filter_map(|line| line.strip_prefix(name));
        let values: Vec<&str> = values
            .filter_map(|rest| rest.strip_prefix(':'))
            .map(|rest| rest.strip_prefix(' ').unwrap_or(rest))
            .collect();
        (!values.is_empty()).then(|| values.join("\n"))
    };
    let data = field("data")?;
    Some(Event {
        id: field("id").unwrap_or_default(),
        kind: field("event").unwrap_or_default(),
        data: serde_json::from_str(&data).unwrap_or_else(|e| panic!("{data}: {e}")),
    })
}
