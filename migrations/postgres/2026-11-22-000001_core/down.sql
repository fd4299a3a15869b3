DROP TABLE audit_events;
DROP TABLE revocations;
DROP TABLE keys;
DROP TABLE sessions;
DROP TABLE users;
