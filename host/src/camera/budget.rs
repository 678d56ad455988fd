//! What an adapter may use up over time, beside the limits of a single call. Pure: the caller
//! brings the clock.

/// Calls a second that bring no data of the camera (timers, refusals, answers), and how many
/// may come at once: stops adapters that ring their own timers in circles or connect without
/// end. An honest one needs a few. Calls with data are as many as the camera makes them.
const TURNS: (f64, f64) = (500.0, 1_000.0);
/// Processor seconds a second, and how many at once: stops adapters that nearly use up each
/// call. An honest one needs a hundredth.
const CPU: (f64, f64) = (0.5, 2.0);
/// Datagrams sent a second, and how many at once: stops floods towards the camera. Reports of
/// reception go out every few seconds.
const DATAGRAMS: (f64, f64) = (200.0, 1_000.0);
/// Log lines a second that are kept, and how many may come at once.
const LINES: (f64, f64) = (20.0, 400.0);

/// The budgets of one camera's adapter. They outlive its attempts, so that starting anew earns
/// nothing. The errors continue "it …".
#[derive(Debug)]
pub struct Budget {
    turns: Bucket,
    cpu: Bucket,
    datagrams: Bucket,
    lines: Bucket,
}

impl Budget {
    /// Full budgets at `now_us` on the monotonic clock.
    pub fn new(now_us: i64) -> Self {
        Self {
            turns: Bucket::new(TURNS, now_us),
            cpu: Bucket::new(CPU, now_us),
            datagrams: Bucket::new(DATAGRAMS, now_us),
            lines: Bucket::new(LINES, now_us),
        }
    }

    /// Counts a call that took `cpu_us` of processor time; `data`: it brought data of the
    /// camera.
    pub fn call(&mut self, data: bool, cpu_us: u64, now_us: i64) -> Result<(), String> {
        if !data && !self.turns.take(1.0, now_us) {
            return Err(format!(
                "keeps itself busy, over {} times a second",
                TURNS.0
            ));
        }
        if !self.cpu.take(cpu_us as f64 / 1e6, now_us) {
            return Err(format!(
                "used more than {} s of processor time a second",
                CPU.0
            ));
        }
        Ok(())
    }

    /// Counts a datagram.
    pub fn datagram(&mut self, now_us: i64) -> Result<(), String> {
        if self.datagrams.take(1.0, now_us) {
            return Ok(());
        }
        Err(format!("sent more than {} datagrams a second", DATAGRAMS.0))
    }

    /// Counts a log line.
    pub fn line(&mut self, now_us: i64) -> Result<(), String> {
        if self.lines.take(1.0, now_us) {
            return Ok(());
        }
        Err(format!("wrote more than {} log lines a second", LINES.0))
    }
}

/// A token bucket.
#[derive(Debug)]
struct Bucket {
    a_second: f64,
    most: f64,
    left: f64,
    at_us: i64,
}

impl Bucket {
    fn new((a_second, most): (f64, f64), at_us: i64) -> Self {
        Self {
            a_second,
            most,
            left: most,
            at_us,
        }
    }

    /// False, and nothing taken, when there is not so much left.
    fn take(&mut self, amount: f64, now_us: i64) -> bool {
        let earned = now_us.saturating_sub(self.at_us).max(0) as f64 / 1e6 * self.a_second;
        self.at_us = now_us;
        self.left = (self.left + earned).min(self.most);
        let enough = self.left >= amount;
        if enough {
            self.left -= amount;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    /// How often in a row it works.
    fn count(mut works: impl FnMut(i64) -> bool) -> i64 {
        (1..1_000_000).take_while(|n| works(*n)).count() as i64
    }

    #[test]
    fn an_honest_adapter_never_meets_its_budget() {
        let mut budget = Budget::new(0);
        for call in 0..100_000 {
            let now = call * SECOND / 200;
            assert_eq!(budget.call(call % 2 == 0, 1_000, now), Ok(()));
        }
    }

    #[test]
    fn adapters_that_turn_in_circles_end() {
        let mut budget = Budget::new(0);
        assert_eq!(count(|_| budget.call(false, 0, 0).is_ok()), 1_000);
        let error = budget.call(false, 0, 0).unwrap_err();
        assert!(error.contains("500 times"), "{error}");
        assert_eq!(
            count(|n| n < 9_000 && budget.call(true, 0, 0).is_ok()),
            8_999
        );
        assert_eq!(budget.call(false, 0, SECOND), Ok(()), "it is earned back");
    }

    #[test]
    fn busy_adapters_end() {
        let mut budget = Budget::new(0);
        // 90 ms of processor time in every 100 ms.
        let good = count(|n| budget.call(true, 90_000, n * SECOND / 10).is_ok());
        assert!((48..=52).contains(&good), "2 s are gone after 5 s: {good}");
    }

    #[test]
    fn nobody_is_flooded_with_datagrams() {
        let mut budget = Budget::new(0);
        assert_eq!(count(|_| budget.datagram(0).is_ok()), 1_000);
        assert_eq!(count(|_| budget.datagram(SECOND).is_ok()), 200);
    }

    #[test]
    fn the_log_is_not_flooded() {
        let mut budget = Budget::new(0);
        assert_eq!(count(|_| budget.line(0).is_ok()), 400);
        assert_eq!(count(|_| budget.line(SECOND).is_ok()), 20);
    }

    #[test]
    fn a_clock_that_stands_earns_nothing() {
        let mut bucket = Bucket::new((1.0, 1.0), 5 * SECOND);
        assert!(bucket.take(1.0, 5 * SECOND));
        assert!(!bucket.take(1.0, 4 * SECOND));
        assert!(!bucket.take(1.0, 4 * SECOND));
    }
}
