//! What happens when. Pure: the same seed is the same plan.

use std::fmt;

use super::dice::Dice;

/// Seconds of a recording before its first fault, and after its last one.
const SETTLE: f64 = 6.0;
/// Seconds from the end of a fault to the next one of the same camera: what a fault took away
/// has an end by then, and is told apart from what the next one takes.
const APART: f64 = 12.0;
/// Seconds between two recordings of a camera.
const BREAK: f64 = 2.0;
/// Traps of an adapter are at least this far apart, seconds: five a minute are its quarantine,
/// which is another test's.
const TRAPS_APART: f64 = 20.0;
/// Seconds around the death of a host in which nothing else goes wrong.
const AROUND_DEATH: (f64, f64) = (9.0, 14.0);
/// A recording is this long at least, seconds; the plan has as many as fit.
const SHORTEST_TAKE: f64 = 45.0;
/// And this long at most.
const LONGEST_TAKE: f64 = 200.0;

/// How a camera speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Camera {
    /// H.264 over RTSP, a keyframe every so many pictures.
    Rtsp {
        /// Pictures.
        gop: u32,
    },
    /// The same, through an adapter that traps when the camera says a certain thing.
    Fragile,
    /// JPEGs over HTTP, which are encoded.
    Mjpeg,
}

/// One thing that goes wrong. Durations are seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// The camera drops its client.
    Close,
    /// The camera's plug is pulled.
    Outage(f64),
    /// The camera says nothing and keeps the connection.
    Stall(f64),
    /// So many RTP packets or JPEGs do not arrive.
    Loss(u32),
    /// The recording's FFmpeg is killed.
    KillFfmpeg,
    /// The recording's FFmpeg is stopped, and goes on afterwards if it is still there.
    StopFfmpeg(f64),
    /// So many viewers open the preview and read next to nothing.
    SlowViewers(u32, f64),
    /// The adapter traps.
    Trap,
    /// The host is killed, and started again after so long.
    KillHost(f64),
    /// The disk is full.
    FullDisk,
}

/// Kinds of faults, as the table has them.
pub const KINDS: [&str; 10] = [
    "camera closes",
    "camera outage",
    "camera stalls",
    "packets lost",
    "FFmpeg killed",
    "FFmpeg stopped",
    "slow viewers",
    "adapter traps",
    "host killed",
    "disk full",
];

impl Fault {
    /// Its kind, one of [`KINDS`].
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Close => KINDS[0],
            Self::Outage(_) => KINDS[1],
            Self::Stall(_) => KINDS[2],
            Self::Loss(_) => KINDS[3],
            Self::KillFfmpeg => KINDS[4],
            Self::StopFfmpeg(_) => KINDS[5],
            Self::SlowViewers(..) => KINDS[6],
            Self::Trap => KINDS[7],
            Self::KillHost(_) => KINDS[8],
            Self::FullDisk => KINDS[9],
        }
    }

    /// How long it lasts.
    pub fn lasts(&self) -> f64 {
        match *self {
            Self::Outage(s)
            | Self::Stall(s)
            | Self::StopFfmpeg(s)
            | Self::SlowViewers(_, s)
            | Self::KillHost(s) => s,
            Self::Close | Self::Loss(_) | Self::KillFfmpeg | Self::Trap | Self::FullDisk => 0.0,
        }
    }

    /// Whether it takes pictures away by itself, as a camera does that sends none.
    pub fn takes_pictures(&self) -> bool {
        matches!(
            self,
            Self::Close | Self::Outage(_) | Self::Stall(_) | Self::Loss(_) | Self::KillHost(_)
        )
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind())?;
        match *self {
            Self::Outage(s) | Self::Stall(s) | Self::StopFfmpeg(s) | Self::KillHost(s) => {
                write!(f, ", {s:.1} s")
            }
            Self::SlowViewers(count, s) => write!(f, ", {count} for {s:.1} s"),
            Self::Loss(count) => write!(f, ", {count}"),
            Self::Close | Self::KillFfmpeg | Self::Trap | Self::FullDisk => Ok(()),
        }
    }
}

/// A fault at its time, seconds since the plan's start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Planned {
    /// When.
    pub at: f64,
    /// What.
    pub fault: Fault,
}

/// One recording and what happens to it, times in seconds since the plan's start.
#[derive(Clone, Debug, PartialEq)]
pub struct Take {
    /// When it is started.
    pub from: f64,
    /// When it is stopped.
    pub until: f64,
    /// In order.
    pub faults: Vec<Planned>,
}

/// The whole of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// One list of recordings a camera.
    pub takes: Vec<Vec<Take>>,
    /// Deaths of the host, which all recordings share.
    pub deaths: Vec<Planned>,
    /// When the disk of the host with the small disk is full.
    pub full_disks: Vec<Planned>,
}

/// What a plan is made of.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of everything that is left to chance.
    pub seed: u64,
    /// Length.
    pub seconds: f64,
    /// The cameras.
    pub cameras: Vec<Camera>,
    /// Whether the host dies, too.
    pub deaths: bool,
}

/// Makes the plan.
pub fn plan(wanted: &Wanted) -> Plan {
    let deaths = if wanted.deaths {
        deaths(wanted)
    } else {
        Vec::new()
    };
    let cameras = wanted.cameras.iter().zip(1..);
    let takes = cameras.map(|(camera, stream)| {
        let mut dice = Dice::new(wanted.seed, stream);
        takes(*camera, wanted.seconds, &deaths, &mut dice)
    });
    let takes = takes.collect();
    let full_disks = full_disks(wanted);
    Plan {
        takes,
        deaths,
        full_disks,
    }
}

/// The host dies about every two minutes, at least once.
fn deaths(wanted: &Wanted) -> Vec<Planned> {
    let mut dice = Dice::new(wanted.seed, 100);
    let count = (wanted.seconds / 120.0).round().max(1.0);
    let share = wanted.seconds / count;
    let mut planned = Vec::new();
    for number in 0..count as u32 {
        let from = f64::from(number) * share;
        let at = dice.between(from + share * 0.45, from + share * 0.6);
        let fault = Fault::KillHost(dice.between(0.0, 4.0));
        planned.push(Planned { at, fault });
    }
    planned
}

/// The small disk is full about once a minute.
fn full_disks(wanted: &Wanted) -> Vec<Planned> {
    let mut dice = Dice::new(wanted.seed, 101);
    let mut planned = Vec::new();
    let mut at = dice.between(10.0, 20.0);
    while at < wanted.seconds - 20.0 {
        let fault = Fault::FullDisk;
        planned.push(Planned { at, fault });
        at += dice.between(40.0, 60.0);
    }
    planned
}

fn takes(camera: Camera, seconds: f64, deaths: &[Planned], dice: &mut Dice) -> Vec<Take> {
    let mut bag = Bag::of(camera);
    let mut takes = Vec::new();
    let mut from = dice.between(0.0, 1.5);
    let near_death = |at: f64| {
        let (before, after) = AROUND_DEATH;
        deaths
            .iter()
            .any(|death| at > death.at - before && at < death.at + death.fault.lasts() + after)
    };
    loop {
        let left = seconds - from;
        if left < SHORTEST_TAKE {
            return takes;
        }
        let mut until = from + dice.between(SHORTEST_TAKE, LONGEST_TAKE).min(left);
        if seconds - until < SHORTEST_TAKE + BREAK {
            until = seconds;
        }
        // Starting and stopping are calls, and want a host that answers.
        if until < seconds && near_death(until + BREAK) {
            until = seconds.min(until + AROUND_DEATH.0 + AROUND_DEATH.1);
            if seconds - until < SHORTEST_TAKE + BREAK {
                until = seconds;
            }
        }
        let mut take = Take {
            from,
            until,
            faults: Vec::new(),
        };
        let mut at = from + SETTLE + dice.between(0.0, 3.0);
        let mut trap_from = 0.0;
        // One that does not fit any more is passed over: a shorter one may.
        let mut passed_over = 0;
        while passed_over < bag.kinds.len() {
            let fault = bag.next(dice, at >= trap_from);
            let mut begins = at;
            while near_death(begins) || near_death(begins + fault.lasts()) {
                begins += 0.5;
            }
            let ends = begins + fault.lasts();
            if ends + SETTLE > until {
                passed_over += 1;
                continue;
            }
            passed_over = 0;
            if fault == Fault::Trap {
                trap_from = begins + TRAPS_APART;
            }
            take.faults.push(Planned { at: begins, fault });
            at = ends + APART + dice.between(0.0, 3.0);
        }
        from = until + BREAK;
        takes.push(take);
    }
}

/// Kinds in an order of chance, each before any comes again.
struct Bag {
    kinds: Vec<u8>,
    left: Vec<u8>,
    camera: Camera,
}

impl Bag {
    fn of(camera: Camera) -> Self {
        let kinds = match camera {
            Camera::Rtsp { .. } | Camera::Mjpeg => vec![0, 1, 2, 3, 4, 5, 6],
            // Every other one is a trap.
            Camera::Fragile => vec![7, 0, 7, 4, 7, 3],
        };
        Self {
            kinds,
            left: Vec::new(),
            camera,
        }
    }

    fn next(&mut self, dice: &mut Dice, trap: bool) -> Fault {
        for _ in 0..100 {
            if self.left.is_empty() {
                self.left.clone_from(&self.kinds);
                dice.shuffle(&mut self.left);
            }
            let fault = match self.left.pop() {
                Some(1) => Fault::Outage(dice.between(1.0, 9.0)),
                Some(2) => Fault::Stall(dice.between(1.0, 6.0)),
                Some(3) if self.camera == Camera::Mjpeg => {
                    Fault::Loss(dice.between(1.0, 10.0) as u32)
                }
                Some(3) => Fault::Loss(dice.between(1.0, 40.0) as u32),
                Some(4) => Fault::KillFfmpeg,
                Some(5) => Fault::StopFfmpeg(dice.between(1.0, 15.0)),
                Some(6) => {
                    Fault::SlowViewers(dice.between(1.0, 5.0) as u32, dice.between(3.0, 8.0))
                }
                Some(7) if trap => Fault::Trap,
                Some(7) => continue,
                _ => Fault::Close,
            };
            return fault;
        }
        Fault::Close
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(seed: u64, seconds: f64) -> Wanted {
        Wanted {
            seed,
            seconds,
            cameras: vec![Camera::Rtsp { gop: 25 }, Camera::Mjpeg, Camera::Fragile],
            deaths: true,
        }
    }

    #[test]
    fn the_same_seed_is_the_same_plan() {
        assert_eq!(plan(&wanted(5, 480.0)), plan(&wanted(5, 480.0)));
        assert_ne!(plan(&wanted(5, 480.0)), plan(&wanted(6, 480.0)));
    }

    #[test]
    fn every_kind_comes_and_has_its_time() {
        for seed in 0..50 {
            let wanted = wanted(seed, 480.0);
            let plan = plan(&wanted);
            let mut kinds: Vec<&str> = Vec::new();
            for take in plan.takes.iter().flatten() {
                assert!(take.from >= 0.0 && take.until <= 480.0, "{take:?}");
                assert!(take.until - take.from >= SHORTEST_TAKE, "{take:?}");
                for pair in take.faults.windows(2) {
                    let apart = pair[1].at - pair[0].at - pair[0].fault.lasts();
                    assert!(apart >= APART, "{pair:?}");
                }
                for fault in &take.faults {
                    assert!(fault.at >= take.from + SETTLE, "{take:?}");
                    assert!(fault.at + fault.fault.lasts() <= take.until - SETTLE);
                    for death in &plan.deaths {
                        let after = fault.at - death.at;
                        let ends = death.at - fault.at - fault.fault.lasts();
                        assert!(after > 14.0 || ends >= 9.0, "{fault:?} {death:?}");
                    }
                    kinds.push(fault.fault.kind());
                }
            }
            kinds.extend(plan.deaths.iter().map(|d| d.fault.kind()));
            kinds.extend(plan.full_disks.iter().map(|d| d.fault.kind()));
            for kind in KINDS {
                assert!(kinds.contains(&kind), "seed {seed}: no {kind}");
            }
        }
    }

    #[test]
    fn a_minute_has_some_of_everything() {
        for seed in 0..50 {
            let plan = plan(&wanted(seed, 60.0));
            assert_eq!(plan.deaths.len(), 1);
            for takes in &plan.takes {
                assert_eq!(takes.len(), 1, "seed {seed}: {takes:?}");
                assert!(!takes[0].faults.is_empty(), "seed {seed}: {takes:?}");
            }
        }
    }
}
