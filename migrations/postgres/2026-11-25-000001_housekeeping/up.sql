-- What one replica does at a time, which of them, and until when nobody else begins.
CREATE TABLE leases (
    name   text PRIMARY KEY,
    holder uuid NOT NULL,
    until  timestamptz NOT NULL
);

-- The index audit_events_actor_id is built afterwards, beside the writers: db/indexes.rs.
