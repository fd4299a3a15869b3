-- What one replica does at a time, which of them, and until when nobody else begins.
CREATE TABLE leases (
    name   text PRIMARY KEY,
    holder uuid NOT NULL,
    until  timestamptz NOT NULL
);

-- What accounts did to others, which is little: for the export and the erasure of an account.
-- locks: writes to audit_events wait while it is read once, about a second a million rows.
CREATE INDEX audit_events_actor_id ON audit_events (actor_id, id) WHERE actor_id <> subject_id;
