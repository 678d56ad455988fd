//! When the machine gave nobody any time: what is late then is no measure of the host.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::now;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(10);
/// So much later than asked for is a pause.
const PAUSE: Duration = Duration::from_millis(20);

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Watch {
    seen: Arc<Mutex<Vec<(f64, f64)>>>,
    over: Arc<AtomicBool>,
}

impl Watch {
    /// Begins.
    pub fn start() -> Self {
        let (seen, over) = (
            Arc::<Mutex<Vec<_>>>::default(),
            Arc::new(AtomicBool::new(false)),
        );
        let watch = Self {
            seen: Arc::clone(&seen),
            over: Arc::clone(&over),
        };
        thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                let asked = Instant::now();
                thread::sleep(LOOK);
                let late = asked.elapsed().saturating_sub(LOOK);
                if late > PAUSE {
                    let late = late.as_secs_f64();
                    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    seen.push((now() - late, late));
                }
            }
        });
        watch
    }

    /// All pauses so far: from, seconds since 1970, and how long.
    pub fn seen(&self) -> Vec<(f64, f64)> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.clone()
    }

    /// What there was, in words; empty where there was nothing.
    pub fn words(&self) -> String {
        let seen = self.seen();
        let longest = seen.iter().map(|(_, s)| *s).fold(0.0, f64::max) * 1000.0;
        match seen.len() {
            0 => String::new(),
            count => format!(
                "The machine itself stood still {count} times, for {longest:.0} ms at the longest."
            ),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}
