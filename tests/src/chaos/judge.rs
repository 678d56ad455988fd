//! What a recording lacks of what its camera sent, and whose fault that is. Pure.
//!
//! All times are seconds of one clock (Unix time), unless a name says otherwise.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::Fault;

/// Promise 3 of the contract: whatever dies, at most so many seconds are lost.
pub const MAY_BE_LOST: f64 = 2.0;
/// A picture may be so far from its time.
pub const TIMELINE_MS: f64 = 100.0;
/// A pause that is longer must be listed; see `gaps` of the host's recording.
const LISTED_FROM: f64 = 2.0;
/// A shorter one is listed where its cause is known to the host: always, when it was away.
const DEATH_LISTED_FROM: f64 = 0.5;
/// A gap begins and ends about where pictures are missing.
const LISTED_SLACK: f64 = 0.3;
/// What is on its way when `stop` is called need not be in the file.
const ON_ITS_WAY: f64 = 0.3;
/// A missing picture is that fault's that was nearest, within this time.
const NEAR: f64 = 3.0;
/// A picture is in the file where it is shown within so many seconds of its time.
const IN_PLACE: f64 = 1.0;
/// A simulated camera that is later than this is on a busy machine.
const OWN_LATENESS_MS: f64 = 60.0;
/// Rounding of sums of picture times.
const ROUNDING: f64 = 0.05;

/// What the camera sent.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// When picture 0 was taken.
    pub began: f64,
    /// Pictures a second.
    pub fps: f64,
    /// Pictures from one keyframe to the next; 1 for JPEGs.
    pub group: u64,
    /// Numbers of pictures that reached nobody whole, or that refer to one that did not.
    pub damaged: BTreeSet<u64>,
    /// Milliseconds by which the simulated camera itself was late, for pictures that bear no time.
    pub late_ms: BTreeMap<u64, f64>,
    /// Numbers that the simulated camera passed over by itself, on a machine that was too busy.
    pub passed_over: BTreeSet<u64>,
    /// When the machine gave nobody any time: from, and how long.
    pub pauses: Vec<(f64, f64)>,
}

impl Sent {
    /// By how much a machine that stood still about a time may have made a picture late: several
    /// short pauses are a long one, and camera and host wait in turn.
    fn pause(&self, at: f64) -> f64 {
        let near = |(from, length): &&(f64, f64)| at > from - 0.3 && at < from + length + 0.3;
        let near = self.pauses.iter().filter(near);
        near.map(|(_, length)| *length * 2.0).sum()
    }
}

/// A picture as the file shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    /// When, seconds of the file.
    pub at: f64,
    /// Number of the picture in the camera's life.
    pub number: u64,
}

/// A gap as the API lists it, seconds of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    /// Where it begins.
    pub from: f64,
    /// How long it is.
    pub seconds: f64,
    /// Why.
    pub cause: String,
}

/// A fault that struck this session.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Struck {
    /// What.
    pub fault: Fault,
    /// When it began.
    pub from: f64,
    /// When it was over.
    pub until: f64,
}

/// One session's recording.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// When `start` was called; the camera was live.
    pub asked: f64,
    /// Second 0 of the file.
    pub began: f64,
    /// When its recording was to end: the call of `stop`.
    pub ended: f64,
    /// In the order in which they are shown.
    pub shown: Vec<Shown>,
    /// As listed.
    pub gaps: Vec<Gap>,
    /// So many pictures in a row may be missing without a word: an encoder with a constant rate
    /// leaves out one or two where the camera's are not even.
    pub scattered: u64,
}

/// Pictures in a row that are missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Hole {
    /// When the first one was taken.
    pub from: f64,
    /// How long they would have been shown.
    pub seconds: f64,
    /// Of these, seconds that the fault itself took away.
    pub taken: f64,
    /// Which of the session's faults it was.
    pub fault: Option<usize>,
    /// Whether a gap is listed there.
    pub listed: bool,
}

/// What became of one fault.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loss {
    /// Seconds missing.
    pub seconds: f64,
    /// Seconds missing beyond what the fault itself took away.
    pub beyond: f64,
    /// Gaps that are listed for it.
    pub listed: usize,
    /// Worst timeline error from it until the next one, milliseconds.
    pub timeline_ms: f64,
}

/// The verdict on one session.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// All that is missing.
    pub holes: Vec<Hole>,
    /// One a fault.
    pub losses: Vec<Loss>,
    /// Worst timeline error of all checked pictures, milliseconds.
    pub timeline_ms: f64,
    /// Pictures whose time was checked.
    pub checked: usize,
    /// Pictures that the camera took while it was recorded.
    pub expected: usize,
    /// Of these, those that are missing.
    pub missing: usize,
    /// Promises that are broken, in words.
    pub broken: Vec<String>,
}

/// Judges a session.
pub fn judge(sent: &Sent, recorded: &Recorded, faults: &[Struck]) -> Verdict {
    let mut verdict = Verdict {
        losses: vec![Loss::default(); faults.len()],
        ..Verdict::default()
    };
    timeline(sent, recorded, faults, &mut verdict);
    holes(sent, recorded, faults, &mut verdict);
    for (struck, loss) in faults.iter().zip(&verdict.losses) {
        if loss.beyond > MAY_BE_LOST + ROUNDING {
            verdict.broken.push(format!(
                "{} at {:.1} s of the file: {:.2} s are missing, {:.2} s more than it took away",
                struck.fault,
                struck.from - recorded.began,
                loss.seconds,
                loss.beyond
            ));
        }
    }
    phantoms(sent, recorded, &mut verdict);
    verdict
}

/// What the host's own report says that is not so.
pub fn belied(verdict: &Verdict, whole: Option<bool>) -> Option<String> {
    let long = |hole: &&Hole| hole.seconds >= LISTED_FROM + ROUNDING;
    let longest = verdict.holes.iter().filter(long);
    let longest = longest.map(|hole| hole.seconds).fold(0.0, f64::max);
    (whole == Some(true) && longest > 0.0).then(|| {
        format!("its report says that it is whole, but {longest:.2} s are missing in one place")
    })
}

/// How late each picture is shown, milliseconds.
fn late_ms(sent: &Sent, recorded: &Recorded, shown: Shown) -> f64 {
    let taken = sent.began + shown.number as f64 / sent.fps;
    let late = (recorded.began + shown.at - taken) * 1000.0;
    // A simulated camera that was late itself is no measure of the host; while the next picture
    // is late, this one is shown on.
    let near = sent.late_ms.range(shown.number..shown.number + 6);
    let own = near.map(|(_, ms)| *ms).fold(0.0, f64::max);
    let own = own.max(sent.pause(taken) * 1000.0);
    late - own.min(late.max(0.0))
}

fn timeline(sent: &Sent, recorded: &Recorded, faults: &[Struck], verdict: &mut Verdict) {
    let in_gap = |at: f64| {
        let inside = |gap: &Gap| at > gap.from + 0.002 && at < gap.from + gap.seconds - 0.002;
        recorded.gaps.iter().any(inside)
    };
    let end = recorded.ended - recorded.began - ON_ITS_WAY;
    let (mut before, mut worst, mut bad) = (None, Shown { at: 0.0, number: 0 }, 0);
    for shown in &recorded.shown {
        // A picture that is shown once more only lasts longer.
        if before.replace(shown.number) == Some(shown.number) || in_gap(shown.at) || shown.at > end
        {
            continue;
        }
        verdict.checked += 1;
        let late = late_ms(sent, recorded, *shown).abs();
        bad += usize::from(late > TIMELINE_MS);
        if late > verdict.timeline_ms {
            (verdict.timeline_ms, worst) = (late, *shown);
        }
        let now = recorded.began + shown.at;
        if let Some(last) = faults.iter().rposition(|struck| struck.from <= now) {
            let loss = &mut verdict.losses[last];
            loss.timeline_ms = loss.timeline_ms.max(late);
        }
    }
    if bad > 0 {
        verdict.broken.push(format!(
            "{bad} of {} pictures are not at their time: at {:.3} s of the file picture {} is \
             {:.0} ms off",
            verdict.checked, worst.at, worst.number, verdict.timeline_ms
        ));
    }
    if verdict.checked == 0 {
        verdict.broken.push("no picture could be checked".into());
    }
}

fn holes(sent: &Sent, recorded: &Recorded, faults: &[Struck], verdict: &mut Verdict) {
    let in_place = |shown: &&Shown| {
        let taken = sent.began + shown.number as f64 / sent.fps;
        (recorded.began + shown.at - taken).abs() <= IN_PLACE
    };
    let shown = recorded.shown.iter().filter(in_place);
    let shown: BTreeSet<u64> = shown.map(|shown| shown.number).collect();
    let number = |at: f64| ((at - sent.began) * sent.fps).max(0.0);
    let time = |number: u64| sent.began + number as f64 / sent.fps;
    // The file's first picture may be rounded to the millisecond.
    let first = (number(recorded.began.min(recorded.asked)) - 0.1).ceil() as u64;
    let end = number(recorded.ended - ON_ITS_WAY).floor() as u64;
    verdict.expected = end.saturating_sub(first) as usize;
    let mut at = first;
    while at < end {
        if shown.contains(&at) {
            at += 1;
            continue;
        }
        let from = at;
        while at < end && !shown.contains(&at) {
            at += 1;
        }
        let fault = nearest(sent, faults, from, at);
        let damaged = (from..at).all(|n| sent.damaged.contains(&n));
        // Pictures that came in a heap are left out by an encoder with a constant rate.
        let own = |n: &u64| {
            let late = sent.late_ms.get(n).is_some_and(|ms| *ms > OWN_LATENESS_MS);
            let paused = recorded.scattered > 0 && sent.pause(time(*n)) > 0.0;
            late || paused || sent.passed_over.contains(n)
        };
        let hosts = (from..at).filter(|n| !own(n)).count() as u64;
        let counts = if fault.is_some() { at - from } else { hosts };
        if counts > recorded.scattered || (damaged && fault.is_some()) {
            hole(sent, recorded, faults, (from, at, fault), verdict);
        }
        verdict.missing += (at - from) as usize;
    }
}

/// The fault that is to blame for missing pictures.
fn nearest(sent: &Sent, faults: &[Struck], from: u64, until: u64) -> Option<usize> {
    let time = |number: u64| sent.began + number as f64 / sent.fps;
    let (from, until) = (time(from), time(until));
    let distance = |struck: &Struck| {
        let before = struck.from - until;
        // What a reconnect takes counts to the fault's end.
        let after = from - struck.until.max(struck.from);
        before.max(after).max(0.0)
    };
    let near = faults.iter().enumerate().map(|(i, f)| (i, distance(f)));
    near.filter(|(_, distance)| *distance <= NEAR)
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(index, _)| index)
}

fn hole(
    sent: &Sent,
    recorded: &Recorded,
    faults: &[Struck],
    (first, end, fault): (u64, u64, Option<usize>),
    verdict: &mut Verdict,
) {
    let seconds = (end - first) as f64 / sent.fps;
    let from = sent.began + first as f64 / sent.fps;
    let at = from - recorded.began;
    let taken = fault.map_or(0.0, |index| taken(sent, &faults[index], first, end));
    let gap = recorded.gaps.iter().find(|gap| {
        gap.from < at + LISTED_SLACK && gap.from + gap.seconds > at + seconds - LISTED_SLACK
    });
    let interval = 1.0 / sent.fps;
    let died = fault.is_some_and(|index| matches!(faults[index].fault, Fault::KillHost(_)));
    let listed_from = if died { DEATH_LISTED_FROM } else { LISTED_FROM };
    // What is before the file's first second has no place in the list.
    let before = at + seconds < interval;
    if gap.is_none() && !before && seconds + interval >= listed_from + ROUNDING {
        verdict.broken.push(format!(
            "{seconds:.2} s are missing at {at:.2} s of the file, and no gap says so{}",
            fault.map_or(String::new(), |index| format!(" ({})", faults[index].fault))
        ));
    }
    match fault {
        Some(index) => {
            let loss = &mut verdict.losses[index];
            loss.seconds += seconds;
            loss.beyond += seconds - taken;
            loss.listed += usize::from(gap.is_some());
        }
        None => verdict.broken.push(format!(
            "{seconds:.2} s are missing at {at:.2} s of the file, and nothing was done to it then"
        )),
    }
    verdict.holes.push(Hole {
        from,
        seconds,
        taken,
        fault,
        listed: gap.is_some(),
    });
}

/// Seconds of missing pictures that the fault itself took: those until its end, those until the
/// keyframe after it, and those that did not leave the camera whole.
fn taken(sent: &Sent, struck: &Struck, first: u64, end: u64) -> f64 {
    let number = |at: f64| ((at - sent.began) * sent.fps).max(0.0);
    let from = number(struck.from).floor() as u64;
    let group = sent.group.max(1);
    let key = (number(struck.until).ceil() as u64).div_ceil(group) * group;
    let takes = struck.fault.takes_pictures();
    let count = (first..end).filter(|n| {
        sent.damaged.contains(n) || (takes && (from..=key.saturating_sub(1)).contains(n))
    });
    count.count() as f64 / sent.fps
}

/// Gaps that are listed where the pictures are.
fn phantoms(sent: &Sent, recorded: &Recorded, verdict: &mut Verdict) {
    for gap in &recorded.gaps {
        let from = recorded.began + gap.from;
        let until = (from + gap.seconds).min(recorded.ended);
        let missing: f64 = verdict
            .holes
            .iter()
            .map(|hole| (hole.from + hole.seconds).min(until) - hole.from.max(from))
            .map(|seconds| seconds.max(0.0))
            .sum();
        let there = until - from - missing - 1.0 / sent.fps;
        if there > 1.0 {
            verdict.broken.push(format!(
                "a gap of {:.2} s at {:.2} s ({}) is listed, but {there:.2} s of it are in the file",
                gap.seconds, gap.from, gap.cause
            ));
        }
    }
}

#[cfg(test)]
mod tests;
