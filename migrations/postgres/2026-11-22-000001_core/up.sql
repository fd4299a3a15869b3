CREATE TABLE users (
    id             uuid PRIMARY KEY,
    email          text NOT NULL,
    email_key      text NOT NULL UNIQUE,
    email_verified boolean NOT NULL,
    name           text,
    password_hash  text,
    roles          jsonb NOT NULL,
    claims         jsonb NOT NULL,
    ver            bigint NOT NULL,
    disabled_at    timestamptz,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL
);

-- One row a session, which is one refresh token family: a refresh updates it in place. No index
-- holds a column that a refresh writes, and a page keeps room for the new version (HOT).
CREATE TABLE sessions (
    id              uuid PRIMARY KEY,
    user_id         uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id       text NOT NULL,
    scope           text NOT NULL,
    amr             jsonb NOT NULL,
    generation      bigint NOT NULL,
    created_at      timestamptz NOT NULL,
    rotated_at      timestamptz,
    idle_expires_at timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    revoked_at      timestamptz,
    address         text NOT NULL,
    user_agent      text NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX sessions_user_id ON sessions (user_id);

CREATE TABLE keys (
    kid        text PRIMARY KEY,
    purpose    text NOT NULL,
    slot       bigint NOT NULL,
    alg        text NOT NULL,
    public_jwk jsonb,
    sealed     bytea NOT NULL,
    created_at timestamptz NOT NULL,
    active_at  timestamptz NOT NULL,
    removed_at timestamptz,
    UNIQUE (purpose, slot)
);

CREATE TABLE revocations (
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL,
    value      text NOT NULL,
    ver        bigint,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX revocations_value ON revocations (value);
CREATE INDEX revocations_expires_at ON revocations (expires_at);

CREATE TABLE audit_events (
    id         uuid PRIMARY KEY,
    at         timestamptz NOT NULL,
    event      text NOT NULL,
    outcome    text NOT NULL,
    actor      text NOT NULL,
    actor_id   uuid,
    subject_id uuid,
    session_id uuid,
    address    text,
    user_agent text,
    request_id text,
    detail     jsonb NOT NULL
);
CREATE INDEX audit_events_subject_id ON audit_events (subject_id, id);
