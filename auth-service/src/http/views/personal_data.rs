//! What is kept about an account.

use kernel::clock::Instant;
use serde::Serialize;
use utoipa::ToSchema;

use super::{AdminUserInfo, AuditEvent, SessionRecord};
use crate::accounts;

/// All that is kept about an account, without secrets.
#[derive(Serialize, ToSchema)]
pub struct PersonalData {
    /// When it was put together.
    #[schema(value_type = String, format = DateTime)]
    exported_at: Instant,
    /// The account.
    account: AdminUserInfo,
    /// Its sessions, newest first.
    sessions: Vec<SessionRecord>,
    /// What was done by it and to it, newest first.
    audit: Vec<AuditEvent>,
}

impl From<accounts::PersonalData> for PersonalData {
    fn from(data: accounts::PersonalData) -> Self {
        Self {
            exported_at: data.exported_at,
            account: data.account.into(),
            sessions: data.sessions.into_iter().map(Into::into).collect(),
            audit: data.audit.into_iter().map(Into::into).collect(),
        }
    }
}
