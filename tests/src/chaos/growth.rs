//! Whether a long-running host grows. Pure.

use crate::sums::median;

/// What the host may grow by, MiB.
pub const MOST_MIB: f64 = 8.0;
/// The share of a run before it counts: caches fill, and the allocator settles. Ten minutes of
/// forty.
const SETTLES: f64 = 0.25;
/// The share of a run whose median stands for its end, or for its beginning.
const WINDOW: f64 = 0.1;

/// What the host used at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Minutes since the run's start.
    pub minute: f64,
    /// Resident memory, MiB.
    pub rss: f64,
    /// Proportional set size, MiB.
    pub pss: f64,
    /// Open descriptors.
    pub descriptors: f64,
    /// Threads.
    pub threads: f64,
    /// Children.
    pub children: f64,
}

/// How much each grew after the host had settled.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Growth {
    /// The greatest resident memory after it had settled, less that when it had, MiB.
    pub rss: f64,
    /// The same of the proportional set size.
    pub pss: f64,
    /// Descriptors at the end, less those when it had settled.
    pub descriptors: f64,
    /// Threads, the same.
    pub threads: f64,
    /// Children, the same.
    pub children: f64,
}

impl Growth {
    /// Of a run; none where it is too short to tell.
    pub fn of(samples: &[Sample]) -> Option<Self> {
        let length = samples.len() as f64;
        let window = ((length * WINDOW) as usize).max(3);
        let settled = samples.get((length * SETTLES) as usize..)?;
        if settled.len() < window * 2 {
            return None;
        }
        let (begin, end) = (&settled[..window], &settled[settled.len() - window..]);
        let middle = |of: &[Sample], number: fn(&Sample) -> f64| {
            median(&of.iter().map(number).collect::<Vec<_>>())
        };
        let peak = |number: fn(&Sample) -> f64| {
            let greatest = settled.iter().map(number).fold(f64::MIN, f64::max);
            greatest - middle(begin, number)
        };
        let grown = |number: fn(&Sample) -> f64| middle(end, number) - middle(begin, number);
        Some(Self {
            rss: peak(|s| s.rss),
            pss: peak(|s| s.pss),
            descriptors: grown(|s| s.descriptors),
            threads: grown(|s| s.threads),
            children: grown(|s| s.children),
        })
    }

    /// What is more than is allowed, in words. Threads are a pool that comes and goes.
    pub fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for (name, mib) in [
            ("resident memory", self.rss),
            ("proportional set size", self.pss),
        ] {
            if mib > MOST_MIB {
                broken.push(format!(
                    "{name} grew by {mib:.1} MiB (at most {MOST_MIB:.0})"
                ));
            }
        }
        for (name, count) in [
            ("descriptors", self.descriptors),
            ("children", self.children),
        ] {
            if count > 0.5 {
                broken.push(format!("there are {count:.0} more {name}"));
            }
        }
        broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(change: impl Fn(f64, &mut Sample)) -> Option<Growth> {
        let samples = (0..240).map(|i| {
            let mut sample = Sample {
                minute: f64::from(i) / 6.0,
                rss: 60.0,
                pss: 50.0,
                descriptors: 80.0,
                threads: 12.0,
                children: 4.0,
            };
            change(sample.minute, &mut sample);
            sample
        });
        Growth::of(&samples.collect::<Vec<_>>())
    }

    #[test]
    fn a_host_that_settles_is_well() {
        let settles = |minute: f64, sample: &mut Sample| {
            sample.rss += 20.0 * (1.0 - (-minute).exp());
            // An outage takes a connection away, now and then.
            if minute.fract() < 0.1 {
                sample.descriptors -= 1.0;
            }
        };
        let growth = run(settles).expect("it is long enough");
        assert_eq!(growth.broken(), [""; 0]);
        assert!(growth.rss < 0.1, "{growth:?}");
    }

    #[test]
    fn leaks_are_found() {
        let leaks = run(|minute, sample| sample.rss += minute / 3.0);
        let broken = leaks.expect("it is long enough").broken();
        assert!(broken[0].contains("resident"), "{broken:?}");
        let peak = |minute: f64, sample: &mut Sample| {
            if (25.0..26.0).contains(&minute) {
                sample.pss += 10.0;
            }
        };
        assert_eq!(run(peak).expect("it is long enough").broken().len(), 1);
        let descriptors = |minute: f64, sample: &mut Sample| {
            sample.descriptors += (minute / 10.0).floor();
            sample.children += f64::from(u8::from(minute > 30.0));
        };
        let broken = run(descriptors).expect("it is long enough").broken();
        assert_eq!(broken.len(), 2, "{broken:?}");
    }

    #[test]
    fn too_short_is_no_verdict() {
        assert_eq!(Growth::of(&[Sample::default(); 6]), None);
        assert_eq!(Growth::of(&[]), None);
    }
}
