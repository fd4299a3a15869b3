//! `/v1/admin/…`: what an administrator of this service does.

pub mod personal_data;
pub mod security;
pub mod users;
