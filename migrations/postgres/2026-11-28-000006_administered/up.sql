-- Whether it has had the role `auth:admin`. False also where it has it now and got it before this column
-- was there: whoever asks looks at the role too, so that no row need be written here.
ALTER TABLE users ADD COLUMN administered boolean NOT NULL DEFAULT false;

-- The index users_administrators is built afterwards, beside the writers: db/indexes.rs.
