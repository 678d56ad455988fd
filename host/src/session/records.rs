//! Sessions and recordings as the catalogue keeps them, there and back. Pure.

use jiff::Timestamp;

use super::id::SessionId;
use super::resume::RecordingClock;
use super::state::{PastSession, Session, SessionStatus};
use crate::catalogue::{GapRecord, RecordingRecord, SessionEntry, SessionRecord, state};
use crate::clock::ClockAnchor;
use crate::config::{ClubId, TerrainId};
use crate::library::NewFile;
use crate::recording::{Gap, Mode, RecordingState, RecordingStatus};

/// A session, now.
pub fn session(session: &Session, now: Timestamp) -> SessionRecord {
    let closed = session.status() == SessionStatus::Closed;
    SessionRecord {
        session_id: session.id.to_string(),
        terrain_id: session.terrain_id.to_string(),
        club_id: session.club_id.to_string(),
        owner_id: session.owner_id.clone(),
        created_at: session.created_at,
        closed_at: closed.then_some(now),
        adapter: session
            .camera()
            .map(|camera| camera.adapter)
            .filter(|adapter| !adapter.is_empty()),
    }
}

/// A recording, now.
pub fn recording(session: &Session, status: &RecordingStatus, now: Timestamp) -> RecordingRecord {
    let gap = |gap: &Gap| GapRecord {
        start_seconds: gap.start_seconds,
        seconds: gap.seconds,
        cause: gap.cause.clone().into_owned(),
    };
    RecordingRecord {
        session_id: session.id.to_string(),
        state: status.state.name().to_owned(),
        mode: status.mode.map(|mode| mode.to_string()),
        started_at: status.started_at,
        planned_seconds: status.planned_seconds,
        frames: status.frames,
        size_bytes: status.size_bytes,
        duration_seconds: status.duration_seconds,
        gaps: status.gaps.iter().map(gap).collect(),
        video_path: status.video_path.clone(),
        error: status.error.clone(),
        quality: quality_text(status),
        updated_at: now,
        clock: (!status.state.is_final())
            .then(|| RecordingClock::of(status, ClockAnchor::now()))
            .and_then(|clock| serde_json::to_string(&clock).ok()),
    }
}

fn quality_text(status: &RecordingStatus) -> Option<String> {
    let quality = status.quality.as_ref()?;
    // Numbers and words only: there is nothing that JSON cannot write.
    serde_json::to_string(quality).ok()
}

/// What a recording has become, for the library.
pub fn new_file(session: &Session) -> NewFile {
    NewFile {
        session_id: session.id.to_string(),
        club_id: session.club_id.to_string(),
        terrain_id: session.terrain_id.to_string(),
        owner_id: Some(session.owner_id.clone()),
        created_at: session.created_at,
    }
}

/// A session of an earlier run; none if its ids are not ids.
pub fn past(entry: SessionEntry) -> Option<PastSession> {
    let session = entry.session;
    Some(PastSession {
        id: SessionId::parse(&session.session_id)?,
        terrain_id: TerrainId::new(session.terrain_id).ok()?,
        club_id: ClubId::new(session.club_id).ok()?,
        owner_id: session.owner_id,
        created_at: session.created_at,
        adapter: session.adapter.unwrap_or_default(),
        recording: entry.recording.map(over),
    })
}

/// A recording that is over.
fn over(record: RecordingRecord) -> RecordingStatus {
    let mut status = RecordingStatus::starting(0, record.planned_seconds);
    status.state = match record.state.as_str() {
        state::COMPLETED => RecordingState::Completed,
        _ => RecordingState::Failed,
    };
    status.end_us = Some(0);
    status.mode = match record.mode.as_deref() {
        Some("copy") => Some(Mode::Copy),
        Some("encode") => Some(Mode::Encode),
        _ => None,
    };
    status.started_at = record.started_at;
    status.frames = record.frames;
    status.size_bytes = record.size_bytes;
    status.duration_seconds = record.duration_seconds;
    let gaps = record.gaps.into_iter();
    status.gaps = gaps
        .map(|gap| Gap {
            start_seconds: gap.start_seconds,
            seconds: gap.seconds,
            cause: gap.cause.into(),
        })
        .collect();
    status.video_path = record.video_path;
    status.error = record.error;
    // Of a version that wrote none, or that this one does not understand: not known.
    let quality = record.quality.as_deref();
    status.quality = quality.and_then(|text| serde_json::from_str(text).ok());
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_comes_back_as_it_went() {
        let record = RecordingRecord {
            session_id: "sess_1_1".into(),
            state: "completed".into(),
            mode: Some("copy".into()),
            started_at: Some(Timestamp::UNIX_EPOCH),
            planned_seconds: 60.0,
            frames: 25,
            size_bytes: 1000,
            duration_seconds: Some(1.0),
            gaps: vec![GapRecord {
                start_seconds: 0.5,
                seconds: 0.25,
                cause: "camera_lost".into(),
            }],
            video_path: Some("/v/1/sess_1_1.mp4".into()),
            error: None,
            quality: quality_text(&RecordingStatus::starting(0, 0.0)),
            updated_at: Timestamp::UNIX_EPOCH,
            clock: None,
        };
        let entry = SessionEntry {
            session: SessionRecord {
                session_id: "sess_1_1".into(),
                terrain_id: "1".into(),
                club_id: "1".into(),
                owner_id: "7".into(),
                created_at: Timestamp::UNIX_EPOCH,
                closed_at: Some(Timestamp::UNIX_EPOCH),
                adapter: Some("rtsp".into()),
            },
            recording: Some(record.clone()),
        };
        let past = Session::past(past(entry.clone()).unwrap());
        let status = past.recording_status().unwrap();
        assert_eq!(recording(&past, &status, Timestamp::UNIX_EPOCH), record);
        assert_eq!(session(&past, Timestamp::UNIX_EPOCH), entry.session);
        let mut odd = entry;
        odd.session.session_id = "../1".into();
        assert!(super::past(odd).is_none());
    }
}
