-- Where a recording is on its host's clock, as text that the host alone reads: by it the next
-- run of the host goes on with a recording that it finds unfinished.
ALTER TABLE recordings ADD COLUMN clock TEXT;

PRAGMA user_version = 2;
