-- The administrators of this service have a role of its own; `admin` stays, for it is the apps'.
-- writes: the release before looks for `admin`, which stays, and knows no other role by name.
UPDATE users
SET roles = (
        SELECT json_group_array(role)
        FROM (
            SELECT value AS role FROM json_each(users.roles)
            UNION SELECT 'auth:admin'
            ORDER BY role
        )
    ),
    ver = ver + 1
WHERE EXISTS (SELECT 1 FROM json_each(users.roles) WHERE value = 'admin')
    AND NOT EXISTS (SELECT 1 FROM json_each(users.roles) WHERE value = 'auth:admin');

-- Counts the changes of an account's credentials: a sign-in that was proved before one opens no
-- session after it.
ALTER TABLE users ADD COLUMN credentials INTEGER NOT NULL DEFAULT 1;

-- `api`, `browser` or `client`.
ALTER TABLE sessions ADD COLUMN kind TEXT NOT NULL DEFAULT 'api';
-- The browser's session that a client's hangs on.
ALTER TABLE sessions ADD COLUMN parent_id BLOB;
-- When the owner last proved who they are, and how strongly (RFC 9470). Null: at `created_at`.
ALTER TABLE sessions ADD COLUMN authenticated_at INTEGER;
ALTER TABLE sessions ADD COLUMN acr TEXT;
-- The services that its tokens may be for. Null: those of the settings.
ALTER TABLE sessions ADD COLUMN audience TEXT;
-- The key that its tokens are bound to (RFC 9449).
ALTER TABLE sessions ADD COLUMN jkt TEXT;
-- Whether it goes on when its parent has ended.
ALTER TABLE sessions ADD COLUMN offline INTEGER NOT NULL DEFAULT 0;
