-- The bare statements of a refresh that takes five: find the token, its session and account, mark
-- the token, add its successor, touch the session.
\set number random(1, :families)
\set family 100000000000 + :number
\set successor random(1, 9000000000000000000)
BEGIN;
SELECT id, session_id, revoked_at FROM five_tokens WHERE token_hash = decode(md5('token' || :number), 'hex');
SELECT s.id, s.scope, s.amr, s.expires_at, s.revoked_at, u.id, u.email, u.roles, u.claims, u.disabled_at FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = ('00000000-0000-7000-8000-' || :family)::uuid;
UPDATE five_tokens SET revoked_at = now() WHERE token_hash = decode(md5('token' || :number), 'hex');
INSERT INTO five_tokens (token_hash, session_id, created_at) VALUES (decode(md5('successor' || :successor), 'hex'), ('00000000-0000-7000-8000-' || :family)::uuid, now());
UPDATE sessions SET idle_expires_at = now() + interval '14 days' WHERE id = ('00000000-0000-7000-8000-' || :family)::uuid;
COMMIT;
