//! Accounts from another system, a JSON object a line.

use serde::Deserialize;
use std::io::BufRead;

use super::email::Email;
use super::signup::new_user;
use super::{UsersError, profile, store};
use crate::audit::{Actor, Event, EventKind, Origin};
use crate::change::Change;
use crate::clock::Instant;
use crate::ctx::Ctx;
use crate::db::types::Json;
use crate::passwords::StoredHash;

/// One line of an import.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    email: String,
    name: Option<String>,
    hash: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    email_verified: bool,
    created_at: Option<String>,
}

/// A line that was not imported, and why.
#[derive(Debug)]
pub struct BadLine {
    /// Counted from 1.
    pub number: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// What an import came to.
#[derive(Debug, Default)]
pub struct Imported {
    /// Accounts that were made.
    pub created: usize,
    /// Accounts that were there already: an import can be run again.
    pub existing: usize,
    /// Lines that were not imported.
    pub bad: Vec<BadLine>,
}

impl Imported {
    /// Lines that were read.
    pub fn lines(&self) -> usize {
        self.created + self.existing + self.bad.len()
    }
}

/// Lines that one transaction imports.
const BATCH: usize = 200;

/// Imports every good line, and calls `progress` after each batch.
///
/// # Errors
/// [`UsersError::Db`]: the database failed; what was imported until then stays.
pub async fn import(
    ctx: &Ctx,
    lines: impl BufRead,
    origin: &Origin,
    mut progress: impl FnMut(&Imported),
) -> Result<Imported, UsersError> {
    let mut done = Imported::default();
    let mut batch = Vec::with_capacity(BATCH);
    for (at, line) in lines.lines().enumerate() {
        let number = at + 1;
        match line
            .map_err(|error| error.to_string())
            .map(|line| parse(&line))
        {
            Ok(None) => {}
            Ok(Some(Ok(line))) => batch.push(line),
            Ok(Some(Err(reason))) | Err(reason) => done.bad.push(BadLine { number, reason }),
        }
        if batch.len() == BATCH {
            write(ctx, &mut batch, origin, &mut done).await?;
            progress(&done);
        }
    }
    write(ctx, &mut batch, origin, &mut done).await?;
    progress(&done);
    Ok(done)
}

/// A line that can be imported.
struct Good {
    email: Email,
    name: Option<String>,
    hash: Option<String>,
    roles: Vec<String>,
    email_verified: bool,
    created_at: Option<Instant>,
}

/// A blank line is nothing.
fn parse(text: &str) -> Option<Result<Good, String>> {
    (!text.trim().is_empty()).then(|| {
        let line: Line = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let email = Email::parse(&line.email).map_err(|error| format!("email: {error}"))?;
        let name = line.name.as_deref().map(profile::name).transpose();
        if let Some(hash) = &line.hash {
            StoredHash::parse(hash).map_err(|error| format!("hash: {error}"))?;
        }
        let created_at = line
            .created_at
            .as_deref()
            .map(str::parse::<Instant>)
            .transpose();
        Ok(Good {
            email,
            name: name.map_err(|error| error.to_string())?,
            hash: line.hash,
            roles: profile::roles(line.roles).map_err(|error| error.to_string())?,
            email_verified: line.email_verified,
            created_at: created_at.map_err(|error| format!("created_at: {error}"))?,
        })
    })
}

async fn write(
    ctx: &Ctx,
    batch: &mut Vec<Good>,
    origin: &Origin,
    done: &mut Imported,
) -> Result<(), UsersError> {
    let mut change = Change::begin(ctx).await?;
    let mut events = Vec::with_capacity(batch.len());
    let mut existing = 0;
    for line in batch.drain(..) {
        let mut user = new_user(ctx, &line.email, line.name);
        user.roles = Json(line.roles);
        user.email_verified = line.email_verified;
        user.created_at = line.created_at.unwrap_or(user.created_at);
        match store::insert(&mut change, &user, line.email.key(), line.hash.as_deref()).await? {
            true => events
                .push(Event::new(EventKind::AccountImported, Actor::Operator).subject(user.id)),
            false => existing += 1,
        }
    }
    change.commit_all(&events, origin).await?;
    done.created += events.len();
    done.existing += existing;
    Ok(())
}
