-- What came, was repeated, is missing: JSON, which only the room of recordings reads. NULL for
-- recordings of versions before.
ALTER TABLE recordings ADD COLUMN quality TEXT;

PRAGMA user_version = 3;
