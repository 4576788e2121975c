-- Plain tables and keys: no sequence, no trigger, no advisory lock, so that a database that speaks PostgreSQL across
-- machines takes them as well. The columns are named as on SQLite, since a backup moves rows between the two.
--
-- Ids are UUIDv7: time-ordered, so that the tables that grow are appended to. Secrets are hashes (R20). Addresses sort by
-- their bytes, whatever the database's own language is.

CREATE TABLE installation (
    id                bigint PRIMARY KEY CHECK (id = 1),
    -- The one ever-growing number: each cutoff takes the next, and nothing else does. Whoever takes it holds this row until
    -- the commit, so that numbers have no gap and are committed in their order.
    number            bigint NOT NULL DEFAULT 0,
    -- The latest cutoff on everybody.
    everything_cutoff bigint NOT NULL DEFAULT 0,
    key_check         bytea CHECK (octet_length(key_check) = 32),
    seal_key          bytea,
    clock_mark        bigint NOT NULL DEFAULT 0,
    setup_secret      bytea CHECK (octet_length(setup_secret) = 32),
    setup_expires_at  bigint
);

INSERT INTO installation (id) VALUES (1);

CREATE TABLE users (
    id                 bytea PRIMARY KEY CHECK (octet_length(id) = 16),
    email              text COLLATE "C" NOT NULL UNIQUE,
    email_verified     boolean NOT NULL,
    name               text NOT NULL,
    -- In alphabetical order, comma-separated; a role's name has no comma.
    roles              text NOT NULL,
    disabled           boolean NOT NULL DEFAULT false,
    created_at         bigint NOT NULL,
    -- The latest cutoff on this user.
    cutoff             bigint NOT NULL DEFAULT 0,
    password           text,
    credential_version bigint NOT NULL DEFAULT 1,
    -- What no check on a request needs of a user.
    language           text NOT NULL DEFAULT 'en',
    details            text NOT NULL DEFAULT '{}',
    terms_accepted_at  bigint,
    last_login         bigint,
    -- Stands in the settings file.
    declared           boolean NOT NULL DEFAULT false,
    -- Rises by one with each transition that publishes something about this user or their sessions; whoever raises it has
    -- held this row since before it read them.
    version            bigint NOT NULL DEFAULT 0
);

CREATE INDEX declared_users ON users (id) WHERE declared;
CREATE INDEX administrators ON users (id) WHERE strpos(',' || roles || ',', ',admin,') > 0;

-- Every address of every user. `users.email` repeats the primary one, which names the account.
CREATE TABLE addresses (
    email    text COLLATE "C" PRIMARY KEY,
    user_id  bytea NOT NULL REFERENCES users (id),
    verified boolean NOT NULL,
    added_at bigint NOT NULL
);

CREATE INDEX addresses_of_user ON addresses (user_id);

-- Devices known from earlier logins. Never a credential; the secret is a hash (R20).
CREATE TABLE known_devices (
    user_id    bytea NOT NULL REFERENCES users (id),
    device_id  bytea NOT NULL CHECK (octet_length(device_id) = 16),
    secret     bytea NOT NULL CHECK (octet_length(secret) = 32),
    first_seen bigint NOT NULL,
    last_seen  bigint NOT NULL,
    PRIMARY KEY (user_id, device_id)
);

CREATE TABLE sessions (
    id           bytea PRIMARY KEY CHECK (octet_length(id) = 16),
    user_id      bytea NOT NULL REFERENCES users (id),
    secret       bytea NOT NULL CHECK (octet_length(secret) = 32),
    rev          bigint NOT NULL,
    created_at   bigint NOT NULL,
    auth_time    bigint NOT NULL,
    last_seen    bigint NOT NULL,
    idle         bigint NOT NULL,
    expires_at   bigint NOT NULL,
    remembered   boolean NOT NULL,
    acr          text NOT NULL,
    amr          bigint NOT NULL,
    user_agent   text,
    address      text,
    -- All three or none. Once set, final: each statement that changes a session says `ended_at IS NULL`.
    ended_at     bigint,
    end_reason   text,
    ended_number bigint,
    -- Which known device it was opened on, so that ending a login by mail can forget it.
    device_id    bytea CHECK (octet_length(device_id) = 16),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL) AND (ended_at IS NULL) = (ended_number IS NULL))
);

-- A user's devices, and, when the account goes, whatever else is left of theirs.
CREATE INDEX sessions_of_user ON sessions (user_id, ended_at, id);
-- What may be dropped, oldest first. Nearly appended to: most sessions have one of two lives.
CREATE INDEX sessions_by_end ON sessions (coalesce(ended_at, expires_at));

CREATE TABLE applications (
    id         bytea PRIMARY KEY CHECK (octet_length(id) = 16),
    name       text COLLATE "C" NOT NULL UNIQUE,
    title      text NOT NULL,
    kind       text NOT NULL,
    -- JSON: what is asked, and the exceptions in their order.
    demand     text NOT NULL,
    rules      text NOT NULL,
    declared   boolean NOT NULL,
    created_at bigint NOT NULL
);

-- Where applications are reached: an authority (host, with a port unless it is the scheme's own) belongs to one.
CREATE TABLE application_origins (
    authority      text COLLATE "C" PRIMARY KEY,
    application_id bytea NOT NULL REFERENCES applications (id),
    origin         text COLLATE "C" NOT NULL
);

CREATE INDEX origins_of_application ON application_origins (application_id);

-- Cookies on applications' own hosts, under a session, which they go with. The secret is a hash (R20).
CREATE TABLE app_sessions (
    id             bytea PRIMARY KEY CHECK (octet_length(id) = 16),
    session_id     bytea NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    -- Perhaps gone: what is left of it is dropped behind everything else.
    application_id bytea NOT NULL CHECK (octet_length(application_id) = 16),
    origin         text NOT NULL,
    secret         bytea NOT NULL CHECK (octet_length(secret) = 32),
    opened_at      bigint NOT NULL
);

CREATE UNIQUE INDEX app_sessions_of_session ON app_sessions (session_id, application_id, origin);
CREATE INDEX app_sessions_of_application ON app_sessions (application_id);

-- Codes on their way from the issuer to an application's host: one use, ten seconds; hashes (R20).
CREATE TABLE handshakes (
    code           bytea PRIMARY KEY CHECK (octet_length(code) = 32),
    session_id     bytea NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    application_id bytea NOT NULL CHECK (octet_length(application_id) = 16),
    origin         text NOT NULL,
    browser        bytea NOT NULL CHECK (octet_length(browser) = 32),
    next           text NOT NULL,
    expires_at     bigint NOT NULL
);

CREATE INDEX handshakes_of_session ON handshakes (session_id);
CREATE INDEX handshakes_by_end ON handshakes (expires_at);

-- What roles are for. Users may hold others.
CREATE TABLE roles (
    name        text COLLATE "C" PRIMARY KEY,
    description text NOT NULL,
    -- In alphabetical order, comma-separated; a permission has no comma.
    permissions text NOT NULL,
    declared    boolean NOT NULL
);

CREATE TABLE audit_events (
    -- The order of what was not sealed yet: by the act's time, and ever growing on one server.
    entry           bigint NOT NULL,
    act_id          bytea NOT NULL CHECK (octet_length(act_id) = 16),
    -- Given without a gap by whoever seals, when what was committed is known; none until then.
    position        bigint UNIQUE,
    at              bigint NOT NULL,
    actor           text NOT NULL,
    kind            text NOT NULL,
    reason          text NOT NULL,
    user_id         bytea,
    session_id      bytea,
    application_id  bytea CHECK (octet_length(application_id) = 16),
    personal_digest bytea CHECK (octet_length(personal_digest) = 32),
    PRIMARY KEY (entry, act_id)
);

CREATE INDEX audit_events_unsealed ON audit_events (entry, act_id) WHERE position IS NULL;
CREATE INDEX audit_events_of_user ON audit_events (user_id, position) WHERE user_id IS NOT NULL;
-- What a user did to others, of which the personal data is theirs: few rows, since most acts have an event of their actor.
CREATE INDEX audit_events_on_others ON audit_events (actor)
WHERE substr(actor, 1, 5) = 'user:' AND replace(actor, '-', '') IS DISTINCT FROM 'user:' || encode(user_id, 'hex');

-- Personal data of an act: may be dropped on its own, and the chain of events stays whole.
CREATE TABLE audit_personal (
    act_id     bytea PRIMARY KEY CHECK (octet_length(act_id) = 16),
    salt       bytea NOT NULL CHECK (octet_length(salt) = 16),
    email      text,
    address    text,
    user_agent text
);

CREATE TABLE audit_seals (
    last      bigint PRIMARY KEY,
    first     bigint NOT NULL UNIQUE,
    head      bytea NOT NULL CHECK (octet_length(head) = 32),
    at        bigint NOT NULL,
    signature bytea NOT NULL CHECK (octet_length(signature) = 64),
    key_id    bytea NOT NULL CHECK (octet_length(key_id) = 8)
);

-- Whoever seals holds this row: no two fork the chain.
CREATE TABLE sealing (
    id bigint PRIMARY KEY CHECK (id = 1)
);

INSERT INTO sealing (id) VALUES (1);

-- Counters of tries, by a keyed hash: a stolen database tells neither who was tried nor from where.
CREATE TABLE tallies (
    key     bytea PRIMARY KEY CHECK (octet_length(key) = 16),
    scope   text NOT NULL,
    count   bigint NOT NULL,
    free_at bigint NOT NULL,
    epoch   bigint NOT NULL,
    -- From when on it says no more than none would, and may be dropped; never: a password's that has failures.
    idle_at bigint,
    -- Of a user's own tallies, so that they go with the account.
    user_id bytea CHECK (octet_length(user_id) = 16)
);

CREATE INDEX tallies_by_idleness ON tallies (idle_at) WHERE idle_at IS NOT NULL;
CREATE INDEX tallies_of_user ON tallies (user_id, scope) WHERE user_id IS NOT NULL;

-- Single-use secrets that went out in mails; a hash each (R20).
CREATE TABLE tickets (
    secret      bytea PRIMARY KEY CHECK (octet_length(secret) = 32),
    purpose     text NOT NULL,
    email       text COLLATE "C" NOT NULL,
    user_id     bytea CHECK (octet_length(user_id) = 16),
    session_id  bytea CHECK (octet_length(session_id) = 16),
    credential  bigint,
    asked       bytea CHECK (octet_length(asked) = 16),
    browser     bytea CHECK (octet_length(browser) = 32),
    name        text,
    particulars text,
    roles       text,
    invited     boolean,
    wrong_codes bigint NOT NULL DEFAULT 0,
    created_at  bigint NOT NULL,
    expires_at  bigint NOT NULL
);

CREATE INDEX tickets_by_end ON tickets (expires_at);
CREATE INDEX tickets_of_user ON tickets (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX tickets_of_email ON tickets (email);

-- What is to be done after the answer: sealed, since it may carry a link's secret.
CREATE TABLE errands (
    id         bytea PRIMARY KEY CHECK (octet_length(id) = 16),
    user_id    bytea CHECK (octet_length(user_id) = 16),
    sealed     bytea NOT NULL,
    request    boolean NOT NULL,
    due_at     bigint NOT NULL,
    expires_at bigint NOT NULL,
    attempts   bigint NOT NULL DEFAULT 0
);

CREATE INDEX errands_by_due ON errands (request, due_at);
CREATE INDEX errands_of_user ON errands (user_id) WHERE user_id IS NOT NULL;

-- Ids that are never given again.
CREATE TABLE deleted_users (
    user_id     bytea PRIMARY KEY CHECK (octet_length(user_id) = 16),
    -- Not null: personal data about them may be left in the trail. Whoever erases holds this row while they look, and whoever
    -- writes personal data about them sets it, so that nothing slips in behind the last look. (On SQLite the position that
    -- was reached; here a look finds by itself what is left.)
    erase_after bigint
);

CREATE INDEX erasures ON deleted_users (user_id) WHERE erase_after IS NOT NULL;

-- Who works on this database: one process at a time. Each that takes it raises the term, and commits under its own term alone.
CREATE TABLE holding (
    id         bigint PRIMARY KEY CHECK (id = 1),
    term       bigint NOT NULL DEFAULT 0,
    -- The data directory it works from; none: nobody holds it.
    holder     bytea CHECK (octet_length(holder) = 16),
    held_by    text NOT NULL DEFAULT '',
    -- By this database's clock.
    held_since bigint NOT NULL DEFAULT 0,
    held_until bigint NOT NULL DEFAULT 0
);

INSERT INTO holding (id) VALUES (1);
