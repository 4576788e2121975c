-- Ids are UUIDv7: time-ordered, so that the tables that grow are appended to. Secrets are hashes (R20).

CREATE TABLE installation (
    id                INTEGER PRIMARY KEY CHECK (id = 1),
    -- The one ever-growing number: each cutoff takes the next, and nothing else does.
    number            INTEGER NOT NULL DEFAULT 0,
    -- The latest cutoff on everybody.
    everything_cutoff INTEGER NOT NULL DEFAULT 0,
    key_check         BLOB CHECK (length(key_check) = 32),
    seal_key          BLOB,
    clock_mark        INTEGER NOT NULL DEFAULT 0,
    setup_secret      BLOB CHECK (length(setup_secret) = 32),
    setup_expires_at  INTEGER
) STRICT;

INSERT INTO installation (id) VALUES (1);

CREATE TABLE users (
    id                 BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    email              TEXT NOT NULL UNIQUE,
    email_verified     INTEGER NOT NULL CHECK (email_verified IN (0, 1)),
    name               TEXT NOT NULL,
    -- In alphabetical order, comma-separated; a role's name has no comma.
    roles              TEXT NOT NULL,
    disabled           INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    created_at         INTEGER NOT NULL,
    -- The latest cutoff on this user.
    cutoff             INTEGER NOT NULL DEFAULT 0,
    password           TEXT,
    credential_version INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;

CREATE INDEX administrators ON users (id) WHERE instr(',' || roles || ',', ',admin,') > 0;

CREATE TABLE sessions (
    id           BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    user_id      BLOB NOT NULL REFERENCES users (id),
    secret       BLOB NOT NULL CHECK (length(secret) = 32),
    rev          INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    auth_time    INTEGER NOT NULL,
    last_seen    INTEGER NOT NULL,
    idle         INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    remembered   INTEGER NOT NULL CHECK (remembered IN (0, 1)),
    acr          TEXT NOT NULL,
    amr          INTEGER NOT NULL,
    user_agent   TEXT,
    address      TEXT,
    -- All three or none. Once set, final.
    ended_at     INTEGER,
    end_reason   TEXT,
    ended_number INTEGER,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL) AND (ended_at IS NULL) = (ended_number IS NULL))
) STRICT, WITHOUT ROWID;

-- A user's devices.
CREATE INDEX open_sessions_of_user ON sessions (user_id, id) WHERE ended_at IS NULL;
-- What may be dropped, oldest first. Nearly appended to: most sessions have one of two lives.
CREATE INDEX sessions_by_end ON sessions (coalesce(ended_at, expires_at));

-- An ended session stays ended, whatever code may come.
CREATE TRIGGER ended_is_final BEFORE UPDATE ON sessions WHEN old.ended_at IS NOT NULL
BEGIN
    SELECT raise(ABORT, 'an ended session is final');
END;

CREATE TABLE audit_events (
    -- AUTOINCREMENT: a position is never given twice, and a transition that fails gives its positions back.
    position        INTEGER PRIMARY KEY AUTOINCREMENT,
    act_id          BLOB NOT NULL CHECK (length(act_id) = 16),
    at              INTEGER NOT NULL,
    actor           TEXT NOT NULL,
    kind            TEXT NOT NULL,
    reason          TEXT NOT NULL,
    user_id         BLOB,
    session_id      BLOB,
    personal_digest BLOB CHECK (length(personal_digest) = 32)
) STRICT;

CREATE INDEX audit_events_of_user ON audit_events (user_id, position) WHERE user_id IS NOT NULL;

-- Personal data of an act: may be dropped on its own, and the chain of events stays whole.
CREATE TABLE audit_personal (
    act_id     BLOB PRIMARY KEY NOT NULL CHECK (length(act_id) = 16),
    salt       BLOB NOT NULL CHECK (length(salt) = 16),
    email      TEXT,
    address    TEXT,
    user_agent TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_seals (
    last      INTEGER PRIMARY KEY,
    first     INTEGER NOT NULL,
    head      BLOB NOT NULL CHECK (length(head) = 32),
    at        INTEGER NOT NULL,
    signature BLOB NOT NULL CHECK (length(signature) = 64),
    key_id    BLOB NOT NULL CHECK (length(key_id) = 8)
) STRICT;
