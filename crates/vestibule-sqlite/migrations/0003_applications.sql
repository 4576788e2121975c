-- Whom the trail tells of, besides.
ALTER TABLE audit_events ADD COLUMN application_id BLOB CHECK (length(application_id) = 16);

-- Stands in the settings file.
ALTER TABLE users ADD COLUMN declared INTEGER NOT NULL DEFAULT 0 CHECK (declared IN (0, 1));

CREATE INDEX declared_users ON users (id) WHERE declared = 1;

CREATE TABLE applications (
    id         BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    name       TEXT NOT NULL UNIQUE,
    title      TEXT NOT NULL,
    kind       TEXT NOT NULL,
    -- JSON: what is asked, and the exceptions in their order.
    demand     TEXT NOT NULL,
    rules      TEXT NOT NULL,
    declared   INTEGER NOT NULL CHECK (declared IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Where applications are reached: an authority (host, with a port unless it is the scheme's own) belongs to one.
CREATE TABLE application_origins (
    authority      TEXT PRIMARY KEY NOT NULL,
    application_id BLOB NOT NULL REFERENCES applications (id),
    origin         TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX origins_of_application ON application_origins (application_id);

-- Cookies on applications' own hosts, under a session, which they go with. The secret is a hash (R20).
CREATE TABLE app_sessions (
    id             BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    session_id     BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    -- Perhaps gone: what is left of it is dropped behind everything else.
    application_id BLOB NOT NULL CHECK (length(application_id) = 16),
    origin         TEXT NOT NULL,
    secret         BLOB NOT NULL CHECK (length(secret) = 32),
    opened_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX app_sessions_of_session ON app_sessions (session_id, application_id, origin);
CREATE INDEX app_sessions_of_application ON app_sessions (application_id);

-- Codes on their way from the issuer to an application's host: one use, ten seconds; hashes (R20).
CREATE TABLE handshakes (
    code           BLOB PRIMARY KEY NOT NULL CHECK (length(code) = 32),
    session_id     BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    application_id BLOB NOT NULL CHECK (length(application_id) = 16),
    origin         TEXT NOT NULL,
    browser        BLOB NOT NULL CHECK (length(browser) = 32),
    next           TEXT NOT NULL,
    expires_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX handshakes_of_session ON handshakes (session_id);
CREATE INDEX handshakes_by_end ON handshakes (expires_at);

-- What roles are for. Users may hold others.
CREATE TABLE roles (
    name        TEXT PRIMARY KEY NOT NULL,
    description TEXT NOT NULL,
    -- In alphabetical order, comma-separated; a permission has no comma.
    permissions TEXT NOT NULL,
    declared    INTEGER NOT NULL CHECK (declared IN (0, 1))
) STRICT, WITHOUT ROWID;
