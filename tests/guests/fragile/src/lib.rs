//! The RTSP adapter as it is, but for one thing: it traps when the camera says that 57005 bytes
//! follow.
//!
//! With it a test can make the adapter of a good camera trap, at a moment of its choice:
//! simcam's `Fault::LengthLie(0xDEAD)`.
#![deny(unsafe_code)]

#[path = "../../../../plugins/rtsp/src/bits.rs"]
mod bits;
#[path = "../../../../plugins/rtsp/src/conversation/mod.rs"]
pub mod conversation;
#[path = "../../../../plugins/rtsp/src/depacketiser.rs"]
pub mod depacketiser;
#[path = "../../../../plugins/rtsp/src/media/mod.rs"]
pub mod media;
#[path = "../../../../plugins/rtsp/src/message.rs"]
pub mod message;
#[path = "../../../../plugins/rtsp/src/notes.rs"]
mod notes;
#[path = "../../../../plugins/rtsp/src/rtp/mod.rs"]
pub mod rtp;
#[path = "../../../../plugins/rtsp/src/sdp/mod.rs"]
pub mod sdp;
#[path = "../../../../plugins/rtsp/src/sound/mod.rs"]
pub mod sound;
#[path = "../../../../plugins/rtsp/src/video/mod.rs"]
pub mod video;

use std::cell::RefCell;

use padelvar_sdk::bindings::exports::padelvar::adapter::adapter::{Guest, GuestSession};
use padelvar_sdk::runtime::Driver;
use padelvar_sdk::{Camera, Command, Description, Event, Microseconds};

/// The length of an interleaved frame (RFC 2326 10.12) that no camera says.
const LENGTH: [u8; 2] = [0xde, 0xad];
/// What follows it: the first byte of every RTP packet (RFC 3550 5.1).
const RTP: u8 = 0x80;

struct Component;

impl Guest for Component {
    type Session = Session;

    fn describe() -> Description {
        Description {
            title: "RTSP cameras, by an adapter that traps on order".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            schemes: vec!["fragile".into()],
            options: vec!["transport".into()],
        }
    }
}

struct Session(RefCell<Driver>);

impl GuestSession for Session {
    fn new(camera: Camera) -> Self {
        let driver = Driver::new(camera, &["transport"], conversation::run);
        Self(RefCell::new(driver))
    }

    fn handle(&self, now: Microseconds, event: Event) -> Vec<Command> {
        if let Event::Received(received) = &event {
            let ordered =
                |bytes: &[u8]| bytes[0] == b'$' && bytes[2..4] == LENGTH && bytes[4] == RTP;
            assert!(!received.bytes.windows(5).any(ordered), "as ordered");
        }
        self.0.borrow_mut().handle(now, event)
    }
}

padelvar_sdk::bindings::export_adapter!(Component with_types_in padelvar_sdk::bindings);
