DROP INDEX audit_events_actor_id;
DROP TABLE leases;
