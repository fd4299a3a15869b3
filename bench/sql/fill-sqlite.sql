-- As fill.sql, for the same numbers.
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2000)
INSERT INTO users (id, email, email_key, email_verified, name, roles, claims, ver, created_at, updated_at)
SELECT unhex('0000000000007000' || '9000' || (100000000000 + n)), 'user-' || n || '@bench.example',
    'user-' || n || '@bench.example', 1, 'Somebody Else', '["member"]', '{}', 1,
    unixepoch() * 1000000, unixepoch() * 1000000
FROM numbers;
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000)
INSERT INTO sessions (id, user_id, client_id, scope, amr, generation, created_at, idle_expires_at, expires_at, address, user_agent)
SELECT unhex('0000000000007000' || '8000' || (100000000000 + n)),
    unhex('0000000000007000' || '9000' || (100000000001 + (n * 7919) % 2000)),
    'first-party', 'account', '["pwd"]', 1, unixepoch() * 1000000, (unixepoch() + 14 * 86400) * 1000000,
    (unixepoch() + 90 * 86400) * 1000000, '192.0.2.' || n % 250,
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'
FROM numbers;
INSERT INTO leases VALUES ('housekeeping', randomblob(16), (unixepoch() + 86400) * 1000000)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until;
