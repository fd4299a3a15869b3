DROP INDEX users_administrators;
ALTER TABLE users DROP COLUMN administered;
