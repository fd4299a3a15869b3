//! Accounts from another system, a JSON object a line.

use serde::Deserialize;
use serde_json::{Map, json};
use std::io::{self, BufRead, ErrorKind};

use kernel::audit::{Actor, Event, EventKind};
use kernel::caller::Caller;
use kernel::clock::Instant;
use kernel::db::DbError;
use kernel::db::types::Json;
use kernel::passwords::Hasher;

use crate::ctx::Ctx;
use crate::users::{self, Email, Faults, User, listed};

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

/// Why an import ended early; what was imported until then stays.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The lines can't be read.
    #[error("the lines can't be read: {0}")]
    Read(#[from] io::Error),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Windows' editors begin a file with it; to JSON it is nothing (RFC 8259 §8.1).
const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// Lines that one transaction imports.
const BATCH: usize = 200;

/// Imports every good line, and calls `progress` after each batch.
///
/// # Errors
/// [`ImportError`]
pub async fn import(
    ctx: &Ctx,
    lines: impl BufRead,
    caller: &Caller,
    mut progress: impl FnMut(&Imported),
) -> Result<Imported, ImportError> {
    let mut done = Imported::default();
    let mut batch = Vec::with_capacity(BATCH);
    for (at, line) in lines.lines().enumerate() {
        let parsed = match line {
            Ok(line) if at == 0 => parse(line.trim_start_matches(BYTE_ORDER_MARK), &ctx.hasher),
            Ok(line) => parse(&line, &ctx.hasher),
            Err(error) if error.kind() == ErrorKind::InvalidData => Some(Err(error.to_string())),
            Err(error) => return Err(error.into()),
        };
        match parsed {
            None => {}
            Some(Ok(line)) => batch.push(line),
            Some(Err(reason)) => done.bad.push(BadLine {
                number: at + 1,
                reason,
            }),
        }
        if batch.len() == BATCH {
            write(ctx, &mut batch, caller, &mut done).await?;
            progress(&done);
        }
    }
    write(ctx, &mut batch, caller, &mut done).await?;
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
fn parse(text: &str, hasher: &Hasher) -> Option<Result<Good, String>> {
    (!text.trim().is_empty()).then(|| {
        let line: Line = serde_json::from_str(text).map_err(|error| reason(&error))?;
        judge(line, hasher)
    })
}

/// Says of all fields at once what is wrong with them.
fn judge(line: Line, hasher: &Hasher) -> Result<Good, String> {
    let mut faults = Faults::<String>::new();
    let email = Email::new(&line.email).map_err(|error| format!("email: {error}"));
    let email = faults.take(email);
    let name = line.name.as_deref().map(users::name).transpose();
    let name = faults.take(name.map_err(|error| error.to_string()));
    let hash = line.hash.as_deref().map(|hash| hasher.can_verify(hash));
    let hash = hash.transpose();
    let hash = faults.take(hash.map_err(|error| format!("hash: {error}")));
    let roles = users::roles(line.roles).map_err(|error| error.to_string());
    let roles = faults.take(roles);
    let created_at = line.created_at.as_deref().map(str::parse::<Instant>);
    let created_at = created_at.transpose();
    let created_at = faults.take(created_at.map_err(|error| format!("created_at: {error}")));
    match (email, name, hash, roles, created_at) {
        (Some(email), Some(name), Some(_), Some(roles), Some(created_at)) => {
            let fits = users::fit_a_token(&roles, &Map::new(), email.address(), false);
            fits.map_err(|error| error.to_string())?;
            Ok(Good {
                email,
                name,
                hash: line.hash,
                roles,
                email_verified: line.email_verified,
                created_at,
            })
        }
        _ => Err(faults.into_error(|several| listed(&several))),
    }
}

/// Without what stands there instead, which may be a hash, and without a line number that is
/// always 1.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = match text.rsplit_once(", expected ") {
        Some((found, wanted)) if found.starts_with("invalid ") => format!("expected {wanted}"),
        _ => text,
    };
    text.replace(" at line 1 column ", " at column ")
}

async fn write(
    ctx: &Ctx,
    batch: &mut Vec<Good>,
    caller: &Caller,
    done: &mut Imported,
) -> Result<(), DbError> {
    let mut change = ctx.changes.begin().await?;
    let mut events = Vec::with_capacity(batch.len());
    let mut existing = 0;
    for line in batch.drain(..) {
        let mut user = User::new(ctx, &line.email, line.name);
        user.roles = Json(line.roles);
        user.email_verified = line.email_verified;
        user.created_at = line.created_at.unwrap_or(user.created_at);
        let hash = line.hash.as_deref();
        if users::store::insert(&mut change, &user, &line.email, hash).await? {
            let event = Event::new(EventKind::AccountImported, Actor::Operator);
            let detail = json!({ "roles": user.roles.0 });
            events.push(event.subject(user.id).detail(detail));
        } else {
            existing += 1;
        }
    }
    change.commit_all(&events, caller).await?;
    done.created += events.len();
    done.existing += existing;
    Ok(())
}
