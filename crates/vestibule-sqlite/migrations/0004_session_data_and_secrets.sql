-- What applications prove themselves with: hashes (R20). The newest is at place 0; while one changes over there are two.
CREATE TABLE application_secrets (
    application_id BLOB NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    place          INTEGER NOT NULL CHECK (place IN (0, 1)),
    secret         BLOB NOT NULL CHECK (length(secret) = 32),
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (application_id, place)
) STRICT, WITHOUT ROWID;

-- What applications keep under sessions, which it goes with. Values may be long, and so do not lie in the key's tree.
CREATE TABLE session_data (
    session_id     BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    -- Perhaps gone: what is left of it is dropped behind everything else.
    application_id BLOB NOT NULL CHECK (length(application_id) = 16),
    key            TEXT NOT NULL,
    value          BLOB NOT NULL,
    -- Random, so that none comes twice: not when a key is made again, and not after a restore.
    version        INTEGER NOT NULL,
    PRIMARY KEY (session_id, application_id, key)
) STRICT;

CREATE INDEX session_data_of_application ON session_data (application_id);
