//! SQLite's result codes (<https://www.sqlite.org/rescode.html>), sorted by what to do.

use crate::catalogue::error::Error;

const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const NO_MEMORY: u32 = 7;
const READ_ONLY: u32 = 8;
const INTERRUPT: u32 = 9;
const IO: u32 = 10;
const CORRUPT: u32 = 11;
const FULL: u32 = 13;
const CANNOT_OPEN: u32 = 14;
const PROTOCOL: u32 = 15;
const NOT_A_DATABASE: u32 = 26;

/// The primary result code, where it was SQLite that refused.
fn code(error: &sqlx::Error) -> Option<u32> {
    let extended: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

/// Whether the file's content is at fault.
pub(super) fn is_damage(error: &sqlx::Error) -> bool {
    matches!(code(error), Some(CORRUPT | NOT_A_DATABASE))
}

/// Turns an error into this room's. A damaged file counts as one that may pass: the next start
/// makes a fresh one, and until then nothing else can be done but to try again.
pub(super) fn failed(doing: &'static str) -> impl FnOnce(sqlx::Error) -> Error {
    move |error| {
        let may_pass = match code(&error) {
            Some(code) => matches!(
                code,
                BUSY | LOCKED
                    | NO_MEMORY
                    | READ_ONLY
                    | INTERRUPT
                    | IO
                    | CORRUPT
                    | FULL
                    | CANNOT_OPEN
                    | PROTOCOL
                    | NOT_A_DATABASE
            ),
            None => matches!(
                error,
                sqlx::Error::Io(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::WorkerCrashed
                    | sqlx::Error::BeginFailed
            ),
        };
        let reason = error.to_string();
        if may_pass {
            Error::Unavailable { doing, reason }
        } else {
            Error::Refused { doing, reason }
        }
    }
}
