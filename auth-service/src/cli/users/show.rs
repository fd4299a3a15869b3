//! Accounts and sessions, a line each.

use crate::cli::{Failure, json_line, print};
use crate::http::views::{AdminUserInfo, SessionInfo};
use crate::sessions::Session;
use crate::users::User;

pub(super) fn account(user: &User) -> Result<(), Failure> {
    let state = match user.disabled_at {
        Some(_) => "disabled",
        None => "active",
    };
    print(&format!(
        "{}  {state:8}  {}  {}\n",
        user.id,
        user.email,
        user.roles.0.join(",")
    ))
}

pub(super) fn accounts(users: Vec<User>, json: bool) -> Result<(), Failure> {
    users.into_iter().try_for_each(|user| match json {
        true => json_line(&AdminUserInfo::from(user)),
        false => account(&user),
    })
}

pub(super) fn sessions(sessions: Vec<Session>, json: bool) -> Result<(), Failure> {
    sessions.into_iter().try_for_each(|session| match json {
        true => json_line(&SessionInfo::new(session, None)),
        false => print(&format!(
            "{}  since {}  used {}  {}  {}\n",
            session.id,
            session.created_at,
            session.last_used_at(),
            session.address,
            session.user_agent
        )),
    })
}
