-- Beside the living, sessions that expired in the year 2022 and as many audit events of then.
SET session_replication_role = replica; -- no check of each reference
INSERT INTO sessions (id, user_id, client_id, scope, amr, generation, created_at, rotated_at, idle_expires_at, expires_at, address, user_agent)
SELECT (lpad(to_hex(1650000000000 + n), 12, '0') || '70008000' || substr(md5(n::text), 1, 12))::uuid,
    ('00000000-0000-7000-9000-' || (100000000001 + (n::bigint * 7919) % :accounts))::uuid,
    'first-party', 'account', '["pwd"]', 1 + n % 400, to_timestamp(1650000000), to_timestamp(1650000000),
    to_timestamp(1651000000), to_timestamp(1651000000), '192.0.2.' || n % 250,
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'
FROM generate_series(1, :rows) n;
INSERT INTO audit_events (id, at, event, outcome, actor, actor_id, subject_id, session_id, address, user_agent, request_id, detail)
SELECT id, created_at, 'login', 'success', 'user', user_id, user_id, id, address, user_agent, gen_random_uuid()::text, '{}'
FROM sessions WHERE expires_at < now();
VACUUM (ANALYZE) sessions;
VACUUM (ANALYZE) audit_events;
CHECKPOINT;
