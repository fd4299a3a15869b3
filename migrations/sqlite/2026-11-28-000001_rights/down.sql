ALTER TABLE sessions DROP COLUMN offline;
ALTER TABLE sessions DROP COLUMN jkt;
ALTER TABLE sessions DROP COLUMN audience;
ALTER TABLE sessions DROP COLUMN acr;
ALTER TABLE sessions DROP COLUMN authenticated_at;
ALTER TABLE sessions DROP COLUMN parent_id;
ALTER TABLE sessions DROP COLUMN kind;
ALTER TABLE users DROP COLUMN credentials;
