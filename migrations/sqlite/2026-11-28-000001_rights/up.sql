-- Roles that begin with `auth:` are this service's own from now on: an app's keeps its name behind
-- `app:`, so that none becomes an administrator by a name.
-- writes: the release before knows no such role; an app that does finds it behind `app:`.
UPDATE users
SET roles = (
        SELECT json_group_array(role)
        FROM (
            SELECT CASE WHEN value GLOB 'auth:*' THEN 'app:' || value ELSE value END AS role
            FROM json_each(users.roles)
            ORDER BY role
        )
    ),
    ver = ver + 1
WHERE EXISTS (SELECT 1 FROM json_each(users.roles) WHERE value GLOB 'auth:*');

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
WHERE EXISTS (SELECT 1 FROM json_each(users.roles) WHERE value = 'admin');

-- No session that is open has asked to administer.
-- writes: the release before looks at roles, never at a scope.
UPDATE sessions
SET scope = coalesce(nullif(trim(replace(' ' || scope || ' ', ' admin ', ' ')), ''), 'account')
WHERE ' ' || scope || ' ' LIKE '% admin %';

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

-- When a key stops signing if none of its algorithm succeeds it. Null: not by itself.
ALTER TABLE keys ADD COLUMN ends_at INTEGER;
-- So far each key ended the one before it, whatever its algorithm.
-- writes: the release before does not know the column.
UPDATE keys
SET ends_at = (
        SELECT min(later.active_at)
        FROM keys AS later
        WHERE later.purpose = keys.purpose
            AND later.slot > keys.slot
            AND (later.removed_at IS NULL OR later.removed_at >= later.active_at)
    )
WHERE purpose = 'signing';
