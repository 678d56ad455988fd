//! The tables, as text that is Markdown, too, and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::judge::{Loss, MAY_BE_LOST, TIMELINE_MS};
use super::plan::KINDS;
use super::run::Outcome;

/// What stands above each column, and how wide it is.
const COLUMNS: [(&str, usize); 7] = [
    ("fault", 14),
    ("count", 5),
    ("missing, mean s", 15),
    ("lost, mean s", 12),
    ("lost, worst s", 13),
    ("gaps listed", 11),
    ("off, worst ms", 13),
];

/// What one kind of fault did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Its kind.
    pub kind: &'static str,
    /// How often it struck a session.
    pub count: usize,
    /// Seconds missing, the mean.
    pub missing: f64,
    /// Of these, seconds that the fault did not take away itself: the mean and the worst.
    pub lost: (f64, f64),
    /// Gaps listed.
    pub gaps: usize,
    /// Worst timeline error, milliseconds.
    pub timeline_ms: f64,
}

/// One row a kind that struck.
pub fn rows(outcome: &Outcome) -> Vec<Row> {
    let all = outcome.sessions.iter();
    let all = all.flat_map(|session| session.struck.iter().zip(&session.verdict.losses));
    let all: Vec<(&str, &Loss)> = all
        .map(|(struck, loss)| (struck.fault.kind(), loss))
        .collect();
    let row = |kind| {
        let of: Vec<&Loss> = all
            .iter()
            .filter(|(k, _)| *k == kind)
            .map(|(_, l)| *l)
            .collect();
        let mean =
            |number: fn(&Loss) -> f64| of.iter().map(|l| number(l)).sum::<f64>() / of.len() as f64;
        let worst = |number: fn(&Loss) -> f64| of.iter().map(|l| number(l)).fold(0.0, f64::max);
        (!of.is_empty()).then(|| Row {
            kind,
            count: of.len(),
            missing: mean(|loss| loss.seconds),
            lost: (mean(|loss| loss.beyond), worst(|loss| loss.beyond)),
            gaps: of.iter().map(|loss| loss.listed).sum(),
            timeline_ms: worst(|loss| loss.timeline_ms),
        })
    };
    KINDS.into_iter().filter_map(row).collect()
}

/// The table of faults and the sums.
pub fn text(outcome: &Outcome) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let heads = COLUMNS.map(|(head, width)| format!("{head:>width$}"));
    let lines = COLUMNS.map(|(_, width)| format!("{:->width$}:", "", width = width + 1));
    let _ = writeln!(text, "| {} |\n|{}|", heads.join(" | "), lines.join("|"));
    for row in rows(outcome) {
        let cells = [
            row.kind.to_owned(),
            row.count.to_string(),
            format!("{:.2}", row.missing),
            format!("{:.2}", row.lost.0),
            format!("{:.2}", row.lost.1),
            row.gaps.to_string(),
            format!("{:.0}", row.timeline_ms),
        ];
        let cells = cells.iter().zip(COLUMNS);
        let cells = cells.map(|(cell, (_, width))| format!("{cell:>width$}"));
        let _ = writeln!(text, "| {} |", cells.collect::<Vec<_>>().join(" | "));
    }
    let sums = Sums::of(outcome);
    let _ = writeln!(
        text,
        "\n{} sessions, {} of them one MP4 that decodes without error; {} pictures taken, {} of \
         them missing; {} pictures checked, the worst {:.0} ms off (at most {TIMELINE_MS:.0}); \
         promises broken: {}.",
        sums.sessions,
        sums.whole,
        sums.expected,
        sums.missing,
        sums.checked,
        sums.timeline_ms,
        outcome.broken.len()
    );
    if !outcome.paused.is_empty() {
        let _ = writeln!(text, "\n{}", outcome.paused);
    }
    for skipped in &outcome.skipped {
        let _ = writeln!(text, "\nNot done: {skipped}.");
    }
    text
}

/// The same for programs.
pub fn json(outcome: &Outcome) -> Value {
    let sums = Sums::of(outcome);
    let rows = rows(outcome).into_iter().map(|row| {
        json!({
            "fault": row.kind,
            "count": row.count,
            "missing_mean_seconds": row.missing,
            "lost_mean_seconds": row.lost.0,
            "lost_worst_seconds": row.lost.1,
            "gaps_listed": row.gaps,
            "timeline_worst_ms": row.timeline_ms,
        })
    });
    json!({
        "faults": rows.collect::<Vec<_>>(),
        "sessions": sums.sessions,
        "whole_files": sums.whole,
        "pictures": sums.expected,
        "pictures_missing": sums.missing,
        "pictures_checked": sums.checked,
        "timeline_worst_ms": sums.timeline_ms,
        "limits": { "lost_seconds": MAY_BE_LOST, "timeline_ms": TIMELINE_MS },
        "broken": outcome.broken,
        "skipped": outcome.skipped,
        "machine": outcome.paused,
    })
}

struct Sums {
    sessions: usize,
    whole: usize,
    expected: usize,
    missing: usize,
    checked: usize,
    timeline_ms: f64,
}

impl Sums {
    fn of(outcome: &Outcome) -> Self {
        let verdicts = || outcome.sessions.iter().map(|session| &session.verdict);
        Self {
            sessions: outcome.sessions.len(),
            whole: outcome.sessions.iter().filter(|s| s.whole).count(),
            expected: verdicts().map(|v| v.expected).sum(),
            missing: verdicts().map(|v| v.missing).sum(),
            checked: verdicts().map(|v| v.checked).sum(),
            timeline_ms: verdicts().map(|v| v.timeline_ms).fold(0.0, f64::max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::judge::{Struck, Verdict};
    use crate::chaos::plan::Fault;
    use crate::chaos::probe::Done;
    use crate::chaos::run::Judged;

    fn outcome() -> Outcome {
        let loss = |seconds, beyond| Loss {
            seconds,
            beyond,
            listed: 1,
            timeline_ms: 12.0,
        };
        let struck = Struck {
            fault: Fault::Outage(3.0),
            from: 1.0,
            until: 4.0,
        };
        let session = Judged {
            done: Done {
                id: "sess_1_1".into(),
                start_call: 0.0,
                stop_call: 60.0,
                recording: Value::Null,
                report: Value::Null,
                file: "sess_1_1.mp4".into(),
                length_known: true,
            },
            camera: "court 1".into(),
            struck: vec![struck, struck],
            verdict: Verdict {
                losses: vec![loss(3.0, 0.0), loss(5.0, 1.0)],
                checked: 10,
                expected: 20,
                missing: 10,
                timeline_ms: 12.0,
                ..Verdict::default()
            },
            whole: true,
        };
        Outcome {
            sessions: vec![session],
            broken: vec!["a promise".into()],
            skipped: vec!["disk full: not root".into()],
            paused: String::new(),
        }
    }

    #[test]
    fn means_and_worsts_stand_in_the_table() {
        let text = text(&outcome());
        let row = text.lines().nth(2).expect("there is one");
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let expected = [
            "",
            "camera outage",
            "2",
            "4.00",
            "0.50",
            "1.00",
            "2",
            "12",
            "",
        ];
        assert_eq!(cells, expected);
        let widths: Vec<usize> = text.lines().take(3).map(str::len).collect();
        assert_eq!(widths, [widths[0]; 3], "{text}");
        assert!(text.contains("promises broken: 1"), "{text}");
        assert!(text.contains("Not done: disk full: not root."), "{text}");
    }

    #[test]
    fn programs_read_the_same() {
        let found = json(&outcome());
        assert_eq!(found["faults"][0]["lost_worst_seconds"], 1.0);
        assert_eq!(found["broken"][0], "a promise");
    }
}
