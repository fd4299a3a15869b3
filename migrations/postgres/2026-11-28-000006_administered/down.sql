DROP INDEX IF EXISTS users_administrators;
ALTER TABLE users DROP COLUMN administered;
