//! An adapter that misbehaves on order, to prove that the host stands it.
//!
//! The camera's option `do` names the misdeed; each module lists its own. It happens at
//! `start`, or, with `after = N`, once N good pictures were delivered. `host`, `port` and
//! `url` name the target of those that want to go somewhere. A misdeed that the host lets
//! pass ends in `fail` with a message that begins with `NOT STOPPED`; one that is answered
//! by an event fails with what that event said.
#![deny(unsafe_code)]

mod compute;
mod escape;
mod flood;
mod media;
mod network;
mod orders;

use std::cell::RefCell;

use padelvar_sdk::bindings::exports::padelvar::adapter::adapter::{Guest, GuestSession};
use padelvar_sdk::wit::{Description, TimerRequest};
use padelvar_sdk::{Camera, Command, Event, FailureClass, IoError, Microseconds};

use orders::Orders;

/// How the self-check goes. A test writes over these bytes in the component's file:
/// `describe` knows no camera and so no option.
static SELF_CHECK: [u8; 24] = *b"self-check: good        ";

/// Time between two of the good pictures.
const PICTURE_US: Microseconds = 40_000;
/// The timer of the good pictures.
const PICTURE_TIMER: u32 = 7;

struct Component;

impl Guest for Component {
    type Session = Session;

    fn describe() -> Description {
        let order = String::from_utf8_lossy(std::hint::black_box(&SELF_CHECK)).into_owned();
        let mut description = Description {
            title: "A hostile adapter for tests".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            schemes: vec!["hostile".into()],
            options: ["do", "after", "host", "port", "url"]
                .map(String::from)
                .into(),
        };
        match order.trim_start_matches("self-check:").trim() {
            "good" => {}
            "escapes" => description.title = "\u{1b}[2Jnice\r\nforged log line".into(),
            "giant" => description.schemes = vec!["x".repeat(1000); 5000],
            other => compute::commit(other),
        }
        description
    }
}

struct Session(RefCell<State>);

/// What a session remembers.
struct State {
    orders: Orders,
    pictures: u32,
    begun: bool,
    network: network::Progress,
}

impl GuestSession for Session {
    fn new(camera: Camera) -> Self {
        let orders = Orders::read(camera);
        if let Some(misdeed) = orders.misdeed.strip_prefix("constructor-") {
            compute::commit(misdeed);
        }
        Self(RefCell::new(State {
            orders,
            pictures: 0,
            begun: false,
            network: network::Progress::default(),
        }))
    }

    fn handle(&self, now: Microseconds, event: Event) -> Vec<Command> {
        let mut state = self.0.borrow_mut();
        match event {
            Event::Start if state.orders.after > 0 => {
                let mut commands = vec![media::good_track()];
                commands.extend(state.good_picture(now));
                commands
            }
            Event::Timer(PICTURE_TIMER) if !state.begun && state.pictures < state.orders.after => {
                state.good_picture(now)
            }
            Event::Start | Event::Timer(PICTURE_TIMER) if !state.begun => {
                state.begun = true;
                state.begin(now)
            }
            Event::Stop if state.orders.misdeed != "ignore-stop" => vec![Command::Finished],
            event => state.go_on(now, &event),
        }
    }
}

impl State {
    fn good_picture(&mut self, now: Microseconds) -> Vec<Command> {
        self.pictures += 1;
        vec![
            media::good_picture(now),
            ring(PICTURE_TIMER, now + PICTURE_US),
        ]
    }

    fn begin(&mut self, now: Microseconds) -> Vec<Command> {
        let orders = &self.orders;
        let found = media::begin(&orders.misdeed, now)
            .or_else(|| flood::begin(orders, now))
            .or_else(|| network::begin(orders, &mut self.network))
            .or_else(|| escape::begin(&orders.misdeed));
        found.unwrap_or_else(|| {
            compute::commit(&orders.misdeed);
            vec![]
        })
    }

    fn go_on(&mut self, now: Microseconds, event: &Event) -> Vec<Command> {
        flood::go_on(&self.orders, now, event)
            .or_else(|| network::go_on(&self.orders, &mut self.network, event))
            .unwrap_or_default()
    }
}

fn ring(id: u32, at: Microseconds) -> Command {
    Command::SetTimer(TimerRequest { id, at })
}

fn fail(message: impl Into<String>) -> Command {
    Command::Fail(IoError {
        class: FailureClass::Other,
        message: message.into(),
    })
}

/// What a misdeed says that the host should not have let pass.
fn not_stopped(what: &str) -> Vec<Command> {
    vec![fail(format!("NOT STOPPED: {what}"))]
}

padelvar_sdk::bindings::export_adapter!(Component with_types_in padelvar_sdk::bindings);
