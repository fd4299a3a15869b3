-- The administrators of this service have a role of its own; `admin` stays, for it is the apps'.
-- First, so that no table is locked while the accounts are read.
-- writes: the release before looks for `admin`, which stays, and knows no other role by name.
UPDATE users
SET roles = (
        SELECT jsonb_agg(role ORDER BY role COLLATE "C")
        FROM (
            SELECT jsonb_array_elements_text(users.roles) AS role
            UNION SELECT 'auth:admin'
        ) AS together
    ),
    ver = ver + 1
WHERE roles @> '["admin"]' AND NOT roles @> '["auth:admin"]';

-- Counts the changes of an account's credentials: a sign-in that was proved before one opens no
-- session after it.
ALTER TABLE users ADD COLUMN credentials bigint NOT NULL DEFAULT 1;

-- `api`, `browser` or `client`.
ALTER TABLE sessions ADD COLUMN kind text NOT NULL DEFAULT 'api';
-- The browser's session that a client's hangs on.
ALTER TABLE sessions ADD COLUMN parent_id uuid;
-- When the owner last proved who they are, and how strongly (RFC 9470). Null: at `created_at`.
ALTER TABLE sessions ADD COLUMN authenticated_at timestamptz;
ALTER TABLE sessions ADD COLUMN acr text;
-- The services that its tokens may be for. Null: those of the settings.
ALTER TABLE sessions ADD COLUMN audience jsonb;
-- The key that its tokens are bound to (RFC 9449).
ALTER TABLE sessions ADD COLUMN jkt text;
-- Whether it goes on when its parent has ended.
ALTER TABLE sessions ADD COLUMN offline boolean NOT NULL DEFAULT false;
