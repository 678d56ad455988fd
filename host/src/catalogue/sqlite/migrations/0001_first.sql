-- Times are microseconds since 1970, UTC. There is no foreign key between sessions,
-- recordings and files: each can be known without the others, when the rest was lost.

CREATE TABLE sessions (
    session_id TEXT PRIMARY KEY NOT NULL,
    terrain_id TEXT NOT NULL,
    club_id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    closed_us INTEGER,
    adapter TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_time ON sessions (created_us, session_id);
CREATE INDEX sessions_open ON sessions (created_us) WHERE closed_us IS NULL;

CREATE TABLE recordings (
    session_id TEXT PRIMARY KEY NOT NULL,
    state TEXT NOT NULL,
    mode TEXT,
    started_us INTEGER,
    planned_seconds REAL NOT NULL,
    frames INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    duration_seconds REAL,
    video_path TEXT,
    error TEXT,
    updated_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX recordings_open ON recordings (session_id) WHERE state NOT IN ('completed', 'failed');

CREATE TABLE gaps (
    session_id TEXT NOT NULL REFERENCES recordings (session_id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    start_seconds REAL NOT NULL,
    seconds REAL NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (session_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE files (
    session_id TEXT PRIMARY KEY NOT NULL,
    club_id TEXT NOT NULL,
    terrain_id TEXT NOT NULL,
    owner_id TEXT,
    size_bytes INTEGER NOT NULL,
    duration_seconds REAL NOT NULL,
    codec TEXT NOT NULL,
    sha256 TEXT,
    created_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX files_by_time ON files (created_us, session_id);
CREATE INDEX files_by_club ON files (club_id, created_us, session_id);
CREATE INDEX files_without_digest ON files (created_us, session_id) WHERE sha256 IS NULL;

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    user TEXT NOT NULL,
    role TEXT NOT NULL,
    club TEXT,
    address TEXT,
    action TEXT NOT NULL,
    resource_kind TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    resource_club TEXT,
    allowed INTEGER NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    request_id TEXT
) STRICT;

-- "PdVr": by this a file is known as a catalogue.
PRAGMA application_id = 1348753010;
PRAGMA user_version = 1;
