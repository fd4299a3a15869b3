-- What a service keeps that writes a row for each refresh token.
CREATE TABLE five_tokens (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    session_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);
INSERT INTO five_tokens (token_hash, session_id, created_at)
SELECT decode(md5('token' || n), 'hex'), ('00000000-0000-7000-8000-' || (100000000000 + n))::uuid, now()
FROM generate_series(1, :families) n;
CREATE INDEX five_tokens_session_id ON five_tokens (session_id);
VACUUM (ANALYZE) five_tokens;
