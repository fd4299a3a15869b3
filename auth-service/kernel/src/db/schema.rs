//! The tables, as `migrations/` makes them in both databases.

#![allow(missing_docs, reason = "the macro makes an item for each column")]

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{SqlId, SqlInstant, SqlJson};

    users (id) {
        id -> SqlId,
        email -> Text,
        email_key -> Text,
        email_verified -> Bool,
        name -> Nullable<Text>,
        password_hash -> Nullable<Text>,
        credentials -> BigInt,
        roles -> SqlJson,
        administered -> Bool,
        claims -> SqlJson,
        ver -> BigInt,
        disabled_at -> Nullable<SqlInstant>,
        created_at -> SqlInstant,
        updated_at -> SqlInstant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{SqlId, SqlInstant, SqlJson};

    sessions (id) {
        id -> SqlId,
        user_id -> SqlId,
        client_id -> Text,
        scope -> Text,
        amr -> SqlJson,
        generation -> BigInt,
        created_at -> SqlInstant,
        rotated_at -> Nullable<SqlInstant>,
        idle_expires_at -> SqlInstant,
        expires_at -> SqlInstant,
        revoked_at -> Nullable<SqlInstant>,
        address -> Text,
        user_agent -> Text,
        kind -> Text,
        parent_id -> Nullable<SqlId>,
        authenticated_at -> Nullable<SqlInstant>,
        acr -> Nullable<Text>,
        audience -> Nullable<SqlJson>,
        jkt -> Nullable<Text>,
        offline -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{SqlInstant, SqlJson};

    keys (kid) {
        kid -> Text,
        purpose -> Text,
        slot -> BigInt,
        alg -> Text,
        public_jwk -> Nullable<SqlJson>,
        sealed -> Binary,
        created_at -> SqlInstant,
        active_at -> SqlInstant,
        ends_at -> Nullable<SqlInstant>,
        removed_at -> Nullable<SqlInstant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::SqlInstant;

    revocations (seq) {
        seq -> BigInt,
        kind -> Text,
        value -> Text,
        ver -> Nullable<BigInt>,
        created_at -> SqlInstant,
        expires_at -> SqlInstant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{SqlId, SqlInstant, SqlJson};

    audit_events (id) {
        id -> SqlId,
        at -> SqlInstant,
        event -> Text,
        outcome -> Text,
        actor -> Text,
        actor_id -> Nullable<SqlId>,
        subject_id -> Nullable<SqlId>,
        session_id -> Nullable<SqlId>,
        address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        request_id -> Nullable<Text>,
        detail -> SqlJson,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{SqlId, SqlInstant};

    leases (name) {
        name -> Text,
        holder -> SqlId,
        until -> SqlInstant,
    }
}

diesel::joinable!(sessions -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(users, sessions);
