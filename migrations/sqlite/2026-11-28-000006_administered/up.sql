-- Whether it has had the role `auth:admin`. False also where it has it now and got it before this column
-- was there: whoever asks looks at the role too, so that no row need be written here.
ALTER TABLE users ADD COLUMN administered INTEGER NOT NULL DEFAULT 0;

-- Who administers, which is few: so that the last of them stays.
-- locks: writes to users wait while it is read once, about a second a million rows.
CREATE INDEX users_administrators ON users (id) WHERE instr(roles, '"auth:admin"') > 0;
