//! Cassettes: the conversation of one adapter session, to be played again at a desk.
//!
//! An adapter is a state machine over events, its clock is the `now` of the call and its random
//! numbers come from a seed. So what it was told, in order, is all that it takes to have it do
//! the same again, without a camera and without a network.
//!
//! # The file
//!
//! `*.cassette`, UTF-8, one JSON value a line:
//!
//! 1. The header: `cassette` (the format's version, 1), `world`, `host`, `adapter` (`name`,
//!    `version`, `digest`), `seed` (hexadecimal), `camera` (as the adapter saw it), `hidden` (how
//!    many credentials were taken out), `complete`.
//! 2. A line an event: `n` (its number from 0), `now` (microseconds), `event`, and `answer`, the
//!    list of commands; where the adapter did not come back from the call there is no `answer`.
//!    Of packets the answer has measures and a digest, not the pictures: they are in what was
//!    received. An event is named as in the WIT, `"start"` or `{"received": {…}}`; so is a
//!    command.
//! 3. Where the middle was not kept, `{"gap": {"events": …, "us": …}}`.
//! 4. Last, `{"end": {"how": …, "class": …, "message": …}}`; `how` is `finished`, `failed`,
//!    `crashed` (the adapter was stopped) or `stopped` (whoever recorded had enough).
//!
//! Bytes are a string where they are text, else `{"base64": "…"}`. Readers ignore members that
//! they do not know.
//!
//! Credentials are not in it: what an adapter sends are recipes, and what a camera sends back is
//! overwritten, letter for letter, so that all lengths stay.

mod bytes;
mod command;
mod crashes;
mod event;
mod fields;
mod file;
mod mask;
mod replay;
mod tape;

pub use command::{Pictured, Said};
pub use crashes::CrashFolder;
pub use file::{Camera, Cassette, CassetteError, End, How, Recorded, Recording, Step};
pub use mask::{Mask, Needle};
pub use replay::{Difference, Replay, replay};
pub use tape::{Tape, Turn};
