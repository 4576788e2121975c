-- What applications prove themselves with: hashes (R20). The newest is at place 0; while one changes over there are two.
CREATE TABLE application_secrets (
    application_id bytea NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    place          bigint NOT NULL CHECK (place IN (0, 1)),
    secret         bytea NOT NULL CHECK (octet_length(secret) = 32),
    created_at     bigint NOT NULL,
    PRIMARY KEY (application_id, place)
);

-- What applications keep under sessions, which it goes with. Whoever changes any of it holds the session's row.
CREATE TABLE session_data (
    session_id     bytea NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    -- Perhaps gone: what is left of it is dropped behind everything else.
    application_id bytea NOT NULL CHECK (octet_length(application_id) = 16),
    key            text COLLATE "C" NOT NULL,
    value          bytea NOT NULL,
    -- Random, so that none comes twice: not when a key is made again, and not after a restore.
    version        bigint NOT NULL,
    PRIMARY KEY (session_id, application_id, key)
);

CREATE INDEX session_data_of_application ON session_data (application_id);
