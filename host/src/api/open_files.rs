//! File descriptors: every connection takes one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// Descriptors that the host needs beside the connections of a listener: files, cameras, pipes
/// to children, the other listener's connections.
const OTHERS: u64 = 3000;
/// Connections that are served whatever the limit is.
const LEAST: usize = 64;

/// Raises the process's limit as far as it may so that `wanted` connections fit, and tells how
/// many do.
pub fn room_for(wanted: usize) -> usize {
    let needed = wanted as u64 + OTHERS;
    let limit = getrlimit(Resource::Nofile);
    let Some(current) = limit.current.filter(|current| *current < needed) else {
        return wanted;
    };
    let possible = limit.maximum.map_or(needed, |most| most.min(needed));
    let raised = Rlimit {
        current: Some(possible),
        maximum: limit.maximum,
    };
    let granted = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => possible,
        Err(_) => current,
    };
    let room = fitting(wanted, granted);
    if room < wanted {
        warn!(
            granted,
            room,
            "few files may be open, so few connections are served; hint: raise the limit (LimitNOFILE, ulimit -n)"
        );
    }
    room
}

/// How many of `wanted` connections fit below a limit: a third of it where it is tight, since
/// the other listener wants as many.
fn fitting(wanted: usize, limit: u64) -> usize {
    if limit >= wanted as u64 + OTHERS {
        return wanted;
    }
    usize::try_from(limit / 3)
        .unwrap_or(wanted)
        .clamp(LEAST, wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_keep_their_descriptors() {
        assert_eq!(fitting(2000, 5000), 2000);
        assert_eq!(fitting(2000, 4096), 1365);
        assert_eq!(fitting(2000, 1024), 341);
        assert_eq!(fitting(2000, 10), 64);
    }
}
