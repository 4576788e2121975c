-- What no check on a request needs of a user.
ALTER TABLE users ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
ALTER TABLE users ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
ALTER TABLE users ADD COLUMN terms_accepted_at INTEGER;
ALTER TABLE users ADD COLUMN last_login INTEGER;

-- Every address of every user. `users.email` repeats the primary one, which names the account.
CREATE TABLE addresses (
    email    TEXT PRIMARY KEY NOT NULL,
    user_id  BLOB NOT NULL REFERENCES users (id),
    verified INTEGER NOT NULL CHECK (verified IN (0, 1)),
    added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX addresses_of_user ON addresses (user_id);

INSERT INTO addresses (email, user_id, verified, added_at)
SELECT email, id, email_verified, created_at FROM users;

-- Devices known from earlier logins. Never a credential; the secret is a hash (R20).
CREATE TABLE known_devices (
    user_id    BLOB NOT NULL REFERENCES users (id),
    device_id  BLOB NOT NULL CHECK (length(device_id) = 16),
    secret     BLOB NOT NULL CHECK (length(secret) = 32),
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    PRIMARY KEY (user_id, device_id)
) STRICT, WITHOUT ROWID;

-- Which known device a session was opened on, so that ending a login by mail can forget it.
ALTER TABLE sessions ADD COLUMN device_id BLOB CHECK (length(device_id) = 16);

-- A user's devices, and, when the account goes, whatever else is left of theirs.
DROP INDEX open_sessions_of_user;
CREATE INDEX sessions_of_user ON sessions (user_id, ended_at, id);

-- Counters of tries, by a keyed hash: a stolen database tells neither who was tried nor from where.
CREATE TABLE tallies (
    key     BLOB PRIMARY KEY NOT NULL CHECK (length(key) = 16),
    scope   TEXT NOT NULL,
    count   INTEGER NOT NULL,
    free_at INTEGER NOT NULL,
    epoch   INTEGER NOT NULL,
    -- From when on it says no more than none would, and may be dropped; never: a password's that has failures.
    idle_at INTEGER,
    -- Of a user's own tallies, so that they go with the account.
    user_id BLOB CHECK (length(user_id) = 16)
) STRICT, WITHOUT ROWID;

CREATE INDEX tallies_by_idleness ON tallies (idle_at) WHERE idle_at IS NOT NULL;
CREATE INDEX tallies_of_user ON tallies (user_id, scope) WHERE user_id IS NOT NULL;

-- Single-use secrets that went out in mails; a hash each (R20).
CREATE TABLE tickets (
    secret      BLOB PRIMARY KEY NOT NULL CHECK (length(secret) = 32),
    purpose     TEXT NOT NULL,
    email       TEXT NOT NULL,
    user_id     BLOB CHECK (length(user_id) = 16),
    session_id  BLOB CHECK (length(session_id) = 16),
    credential  INTEGER,
    asked       BLOB CHECK (length(asked) = 16),
    browser     BLOB CHECK (length(browser) = 32),
    name        TEXT,
    particulars TEXT,
    roles       TEXT,
    invited     INTEGER CHECK (invited IN (0, 1)),
    wrong_codes INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX tickets_by_end ON tickets (expires_at);
CREATE INDEX tickets_of_user ON tickets (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX tickets_of_email ON tickets (email);

-- What is to be done after the answer: sealed, since it may carry a link's secret.
CREATE TABLE errands (
    id         BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    user_id    BLOB CHECK (length(user_id) = 16),
    sealed     BLOB NOT NULL,
    request    INTEGER NOT NULL CHECK (request IN (0, 1)),
    due_at     INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX errands_by_due ON errands (request, due_at);
CREATE INDEX errands_of_user ON errands (user_id) WHERE user_id IS NOT NULL;

-- Ids that are never given again.
CREATE TABLE deleted_users (
    user_id     BLOB PRIMARY KEY NOT NULL CHECK (length(user_id) = 16),
    -- The position in the trail after which personal data about them is still to be erased; none: there is none left.
    erase_after INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX erasures ON deleted_users (user_id) WHERE erase_after IS NOT NULL;

-- What a user did to others, of which the personal data is theirs: few rows, since most acts have an event of their actor.
CREATE INDEX audit_events_on_others ON audit_events (actor, position)
WHERE substr(actor, 1, 5) = 'user:' AND replace(actor, '-', '') IS NOT 'user:' || lower(hex(user_id));
