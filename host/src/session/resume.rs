//! Recordings that an earlier run of the host left unfinished: which of them go on, and from
//! where. Pure.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::SessionId;
use super::records;
use crate::catalogue::SessionEntry;
use crate::clock::ClockAnchor;
use crate::config::{ClubId, Config, TerrainId};
use crate::mp4::Cut;
use crate::recording::{Earlier, Gap, Mode, Quality, RecordingState, RecordingStatus};

/// With less of the plan left, microseconds, a recording does not go on: there would hardly be
/// a picture.
const LEAST_LEFT_US: i64 = 1_000_000;

/// Where a recording is on the clock of its run of the host. Kept in the catalogue as text.
#[derive(Debug, Serialize, Deserialize)]
pub struct RecordingClock {
    #[serde(flatten)]
    anchor: ClockAnchor,
    /// When it was asked for, microseconds on the monotonic clock.
    requested_us: i64,
    /// Second 0 of the file, likewise; none before the first picture.
    zero_us: Option<i64>,
}

impl RecordingClock {
    /// Of a recording, now.
    pub fn of(status: &RecordingStatus, anchor: ClockAnchor) -> Self {
        Self {
            anchor,
            requested_us: status.requested_us,
            zero_us: status.zero_us,
        }
    }
}

/// A session whose recording goes on.
#[derive(Debug)]
pub struct Unfinished {
    /// Its id.
    pub id: SessionId,
    /// The terrain whose camera it uses.
    pub terrain_id: TerrainId,
    /// The terrain's club.
    pub club_id: ClubId,
    /// Who made it.
    pub owner_id: String,
    /// When.
    pub created_at: Timestamp,
    /// When the recording was asked for, on the monotonic clock of this run, microseconds.
    pub requested_us: i64,
    /// Its planned length from then on.
    pub length: Duration,
    /// What there is of it, once its file was looked at.
    pub earlier: Option<Earlier>,
    zero_us: Option<i64>,
    started_at: Option<Timestamp>,
    mode: Option<Mode>,
    gaps: Vec<Gap>,
    quality: Quality,
}

impl Unfinished {
    /// What goes on of a session that the catalogue knows as unfinished: one that was recording
    /// when the host ended, whose plan is not over and whose terrain is still its club's.
    pub fn of(entry: &SessionEntry, config: &Config, now: &ClockAnchor) -> Option<Self> {
        let record = entry.recording.as_ref()?;
        let going_on = [RecordingState::Starting, RecordingState::Recording];
        let unfinished = going_on.iter().any(|state| state.name() == record.state);
        if !unfinished || entry.session.closed_at.is_some() {
            return None;
        }
        let clock: RecordingClock = serde_json::from_str(record.clock.as_deref()?).ok()?;
        let length = Duration::try_from_secs_f64(record.planned_seconds).ok()?;
        let requested_us = clock.anchor.translate(clock.requested_us, now);
        let ends_us = requested_us.saturating_add(i64::try_from(length.as_micros()).ok()?);
        if ends_us.saturating_sub(now.monotonic_us()) < LEAST_LEFT_US {
            return None;
        }
        let past = records::past(entry.clone())?;
        let terrain = config.terrain(&past.terrain_id)?;
        if terrain.club_id != past.club_id {
            return None;
        }
        let status = past.recording?;
        Some(Self {
            id: past.id,
            terrain_id: past.terrain_id,
            club_id: past.club_id,
            owner_id: past.owner_id,
            created_at: past.created_at,
            // A clock that went back must not make a plan longer.
            requested_us: requested_us.min(now.monotonic_us()),
            length,
            earlier: None,
            zero_us: clock.zero_us.map(|us| clock.anchor.translate(us, now)),
            started_at: status.started_at,
            mode: status.mode,
            gaps: status.gaps,
            quality: status.quality.map(|quality| *quality).unwrap_or_default(),
        })
    }

    /// Goes on behind what is in the file, or, without one, waits for its first picture.
    pub fn go_on_from(&mut self, cut: Option<Cut>, now: &ClockAnchor) {
        let (Some(cut), Some(zero_us), Some(started_at)) = (cut, self.zero_us, self.started_at)
        else {
            return;
        };
        // What comes now is behind what is there, whatever the clocks say.
        let latest_us = now.monotonic_us() - cut.end_us.unwrap_or(0);
        self.earlier = Some(Earlier {
            zero_us: zero_us.min(latest_us),
            started_at,
            mode: self.mode,
            gaps: std::mem::take(&mut self.gaps),
            quality: std::mem::take(&mut self.quality),
            cut,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{RecordingRecord, SessionRecord};
    use crate::config;

    const MINUTE: i64 = 60_000_000;

    fn one_terrain() -> Config {
        let text = "[[clubs]]\nid = 1\nname = \"C\"\n[[terrains]]\nid = 1\nclub_id = 1\n\
            name = \"T\"\n[terrains.camera]\nurl = \"rtsp://10.0.0.11/1\"\n";
        let loaded = config::parse(
            text,
            "/srv".as_ref(),
            "padelvar.toml",
            &config::Environment::new(),
        );
        loaded.unwrap().config
    }

    /// Asked for at minute 10 of a machine's life, first picture a second later, 90 minutes.
    fn entry(anchor: &str) -> SessionEntry {
        let clock = format!(
            r#"{{"boot":"a",{anchor},"requested_us":{},"zero_us":{}}}"#,
            10 * MINUTE,
            10 * MINUTE + 1_000_000
        );
        SessionEntry {
            session: SessionRecord {
                session_id: "sess_1_1".into(),
                terrain_id: "1".into(),
                club_id: "1".into(),
                owner_id: "7".into(),
                created_at: Timestamp::UNIX_EPOCH,
                closed_at: None,
                adapter: None,
            },
            recording: Some(RecordingRecord {
                session_id: "sess_1_1".into(),
                state: "recording".into(),
                mode: Some("copy".into()),
                started_at: Some(Timestamp::UNIX_EPOCH),
                planned_seconds: 5400.0,
                frames: 0,
                size_bytes: 0,
                duration_seconds: None,
                gaps: Vec::new(),
                video_path: None,
                error: None,
                quality: None,
                updated_at: Timestamp::UNIX_EPOCH,
                clock: Some(clock),
            }),
        }
    }

    fn at(boot: &str, minute: i64, utc_minute: i64) -> ClockAnchor {
        let text = format!(
            r#"{{"boot":"{boot}","monotonic_us":{},"utc_us":{}}}"#,
            minute * MINUTE,
            utc_minute * MINUTE
        );
        serde_json::from_str(&text).unwrap()
    }

    /// The anchor of minute 20, which was UTC's minute 1000.
    fn known() -> SessionEntry {
        entry(&format!(
            r#""monotonic_us":{},"utc_us":{}"#,
            20 * MINUTE,
            1000 * MINUTE
        ))
    }

    fn cut(end_us: i64) -> Cut {
        Cut {
            bytes: 1000,
            parts: 1,
            samples: 25,
            end_us: Some(end_us),
        }
    }

    #[test]
    fn it_goes_on_until_its_plan_is_over() {
        let config = one_terrain();
        let now = at("a", 30, 7);
        let mut found = Unfinished::of(&known(), &config, &now).unwrap();
        assert_eq!(found.requested_us, 10 * MINUTE);
        assert_eq!(found.length, Duration::from_mins(90));
        found.go_on_from(Some(cut(19 * MINUTE)), &now);
        let earlier = found.earlier.unwrap();
        assert_eq!(earlier.zero_us, 10 * MINUTE + 1_000_000);
        assert_eq!(earlier.end_us(), 29 * MINUTE + 1_000_000);
        assert!(Unfinished::of(&known(), &config, &at("a", 99, 0)).is_some());
        assert!(Unfinished::of(&known(), &config, &at("a", 100, 0)).is_none());
    }

    #[test]
    fn after_a_start_of_the_machine_utc_tells() {
        let config = one_terrain();
        // Half an hour after the anchor; the machine is up for a minute.
        let now = at("b", 1, 1030);
        let mut found = Unfinished::of(&known(), &config, &now).unwrap();
        assert_eq!(found.requested_us, -39 * MINUTE);
        found.go_on_from(Some(cut(10 * MINUTE)), &now);
        assert_eq!(found.earlier.unwrap().zero_us, -39 * MINUTE + 1_000_000);
        assert!(Unfinished::of(&known(), &config, &at("b", 1, 1080)).is_none());
        // UTC was set back: what is in the file stays, and the plan gets no longer.
        let back = at("b", 1, 900);
        let mut found = Unfinished::of(&known(), &config, &back).unwrap();
        assert_eq!(found.requested_us, MINUTE);
        found.go_on_from(Some(cut(10 * MINUTE)), &back);
        assert_eq!(found.earlier.unwrap().end_us(), MINUTE);
    }

    #[test]
    fn what_does_not_go_on() {
        let (config, now) = (one_terrain(), at("a", 30, 7));
        let of = |change: &dyn Fn(&mut SessionEntry)| {
            let mut entry = known();
            change(&mut entry);
            Unfinished::of(&entry, &config, &now).is_some()
        };
        let recording = |entry: &mut SessionEntry| entry.recording.take().unwrap();
        assert!(of(&|_| ()));
        assert!(!of(&|entry| entry.recording = None));
        assert!(!of(
            &|entry| entry.session.closed_at = Some(Timestamp::UNIX_EPOCH)
        ));
        assert!(!of(&|entry| entry.session.terrain_id = "9".into()));
        assert!(!of(&|entry| entry.session.club_id = "9".into()));
        for state in ["finalizing", "completed", "failed", ""] {
            assert!(!of(&|entry| {
                let state = state.to_owned();
                entry.recording = Some(RecordingRecord {
                    state,
                    ..recording(entry)
                });
            }));
        }
        for clock in [None, Some(""), Some("{}"), Some("[1]")] {
            assert!(!of(&|entry| {
                let clock = clock.map(str::to_owned);
                entry.recording = Some(RecordingRecord {
                    clock,
                    ..recording(entry)
                });
            }));
        }
        for planned_seconds in [f64::NAN, -1.0, f64::INFINITY, 1e300] {
            assert!(!of(&|entry| {
                entry.recording = Some(RecordingRecord {
                    planned_seconds,
                    ..recording(entry)
                });
            }));
        }
    }

    #[test]
    fn without_a_picture_it_waits_anew() {
        let now = at("a", 30, 7);
        let mut found = Unfinished::of(&known(), &one_terrain(), &now).unwrap();
        found.go_on_from(None, &now);
        assert!(found.earlier.is_none());
    }
}
