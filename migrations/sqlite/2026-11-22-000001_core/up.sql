CREATE TABLE users (
    id             BLOB PRIMARY KEY NOT NULL,
    email          TEXT NOT NULL,
    email_key      TEXT NOT NULL UNIQUE,
    email_verified INTEGER NOT NULL,
    name           TEXT,
    password_hash  TEXT,
    roles          TEXT NOT NULL,
    claims         TEXT NOT NULL,
    ver            INTEGER NOT NULL,
    disabled_at    INTEGER,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) STRICT;

-- One row a session, which is one refresh token family: a refresh updates it in place, and no
-- index holds a column that a refresh writes.
CREATE TABLE sessions (
    id              BLOB PRIMARY KEY NOT NULL,
    user_id         BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id       TEXT NOT NULL,
    scope           TEXT NOT NULL,
    amr             TEXT NOT NULL,
    generation      INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    rotated_at      INTEGER,
    idle_expires_at INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    revoked_at      INTEGER,
    address         TEXT NOT NULL,
    user_agent      TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_user_id ON sessions (user_id);

CREATE TABLE keys (
    kid        TEXT PRIMARY KEY NOT NULL,
    purpose    TEXT NOT NULL,
    slot       INTEGER NOT NULL,
    alg        TEXT NOT NULL,
    public_jwk TEXT,
    sealed     BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    active_at  INTEGER NOT NULL,
    removed_at INTEGER,
    UNIQUE (purpose, slot)
) STRICT;

CREATE TABLE revocations (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT NOT NULL,
    value      TEXT NOT NULL,
    ver        INTEGER,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX revocations_value ON revocations (value);
CREATE INDEX revocations_expires_at ON revocations (expires_at);

CREATE TABLE audit_events (
    id         BLOB PRIMARY KEY NOT NULL,
    at         INTEGER NOT NULL,
    event      TEXT NOT NULL,
    outcome    TEXT NOT NULL,
    actor      TEXT NOT NULL,
    actor_id   BLOB,
    subject_id BLOB,
    session_id BLOB,
    address    TEXT,
    user_agent TEXT,
    request_id TEXT,
    detail     TEXT NOT NULL
) STRICT;
CREATE INDEX audit_events_subject_id ON audit_events (subject_id, id);
