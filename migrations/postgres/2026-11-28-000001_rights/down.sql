ALTER TABLE keys DROP COLUMN ends_at;
ALTER TABLE sessions
    DROP COLUMN offline,
    DROP COLUMN jkt,
    DROP COLUMN audience,
    DROP COLUMN acr,
    DROP COLUMN authenticated_at,
    DROP COLUMN parent_id,
    DROP COLUMN kind;
ALTER TABLE users DROP COLUMN credentials;
