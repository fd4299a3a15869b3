-- Sessions as if many had signed in, ten an account. The identifier of number 7 ends in
-- 100000000007, in decimal, which is hexadecimal too: pgbench can make it. Indexes are built
-- afterwards, which takes half the time.
SET session_replication_role = replica; -- no check of each reference
SET maintenance_work_mem = '512MB';
ALTER TABLE sessions DROP CONSTRAINT sessions_pkey;
DROP INDEX sessions_user_id;
INSERT INTO users (id, email, email_key, email_verified, name, password_hash, roles, claims, ver, created_at, updated_at)
SELECT ('00000000-0000-7000-9000-' || (100000000000 + n))::uuid, 'user-' || n || '@bench.example',
    'user-' || n || '@bench.example', true, 'Somebody Else', :'hash', '["member"]', '{}', 1, now(), now()
FROM generate_series(1, :sessions / 10) n;
INSERT INTO sessions (id, user_id, client_id, scope, amr, generation, created_at, idle_expires_at, expires_at, address, user_agent)
SELECT ('00000000-0000-7000-8000-' || (100000000000 + n))::uuid,
    ('00000000-0000-7000-9000-' || (100000000001 + (n::bigint * 7919) % (:sessions / 10)))::uuid,
    'first-party', 'account', '["pwd"]', 1, now(), now() + interval '14 days', now() + interval '90 days',
    '192.0.2.' || n % 250,
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'
FROM generate_series(1, :sessions) n;
ALTER TABLE sessions ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);
CREATE INDEX sessions_user_id ON sessions (user_id);
VACUUM (ANALYZE) sessions;
VACUUM (ANALYZE) users;
CHECKPOINT;
-- Housekeeping is somebody else's turn: what it costs is a suite of its own.
INSERT INTO leases VALUES ('housekeeping', gen_random_uuid(), now() + interval '1 day')
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until;
