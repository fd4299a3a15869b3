//! Proving a password: at sign-in, and again where something serious is about to happen.

use super::email::Email;
use super::{User, UsersError, store};
use crate::audit::{self, Actor, Event, EventKind, Origin};
use crate::change::Change;
use crate::ctx::Ctx;
use crate::id::Id;
use crate::limits::{Blocked, LoginKeys, Ticket, network};
use crate::metrics::Login;
use crate::passwords::{Password, Verdict};
use crate::sessions::{self, Checked, Session};
use crate::tokens::{self, TokenPair};

/// An account whose password was proved may change until its session is written; then it is
/// proved again, this often at most.
const TRIES: usize = 3;

/// Signs in. Unknown, wrong and disabled take the same time and get the same answer.
///
/// # Errors
/// [`UsersError::InvalidCredentials`] · [`UsersError::Throttled`] · [`UsersError::Busy`] …
pub async fn login(
    ctx: &Ctx,
    email: &str,
    password: &str,
    origin: &Origin,
) -> Result<TokenPair, UsersError> {
    let signed_in = sign_in(ctx, email, password, origin).await;
    ctx.metrics.logins.count(match &signed_in {
        Ok(_) => Login::Success,
        Err(UsersError::InvalidCredentials) => Login::InvalidCredentials,
        Err(UsersError::Throttled(_)) => Login::RateLimited,
        Err(UsersError::Busy) => Login::Busy,
        Err(_) => Login::Error,
    });
    signed_in
}

async fn sign_in(
    ctx: &Ctx,
    email: &str,
    password: &str,
    origin: &Origin,
) -> Result<TokenPair, UsersError> {
    // What can't be an address or a password can't be an account's either.
    let (Ok(email), Ok(password)) = (Email::parse(email), Password::parse(password)) else {
        return Err(UsersError::InvalidCredentials);
    };
    let keys = keys(email.key(), origin);
    let ticket = begin(ctx, email.key(), keys, origin).await?;
    let (session, user) = match attempt(ctx, &email, &password, origin).await {
        Err(error) => return Err(settle(ctx, ticket, error).await),
        Ok(signed_in) => signed_in,
    };
    ctx.limits.succeeded(ticket).await;
    Ok(tokens::pair(ctx, &session, user, session.created_at)?)
}

async fn attempt(
    ctx: &Ctx,
    email: &Email,
    password: &Password,
    origin: &Origin,
) -> Result<(Session, User), UsersError> {
    for _ in 0..TRIES {
        let mut conn = ctx.db.conn().await?;
        let found = store::by_email(&mut conn, email.key()).await?;
        drop(conn);
        let (user, stored) = found.map_or((None, None), |(user, stored)| (Some(user), stored));
        let verdict = ctx.hasher.verify(password.clone(), stored.clone()).await?;
        let (Some(user), Some(stored), true) = (user.as_ref(), stored, verdict.matches) else {
            return Err(refuse(ctx, user.as_ref(), origin).await);
        };
        if user.disabled_at.is_some() {
            return Err(refuse(ctx, Some(user), origin).await);
        }
        if let Some(session) = open(ctx, user, stored, verdict, origin).await? {
            return Ok((session, user.clone()));
        }
    }
    Err(UsersError::Busy)
}

/// Opens the session and, where the stored hash is weaker than the settings ask, replaces it.
/// Nothing if the account has changed since the password was proved.
async fn open(
    ctx: &Ctx,
    user: &User,
    stored: String,
    verdict: Verdict,
    origin: &Origin,
) -> Result<Option<Session>, UsersError> {
    let checked = |password_hash| Checked {
        ver: user.ver,
        password_hash,
    };
    let Some(new) = verdict.rehash else {
        return Ok(sessions::sign_in(ctx, user.id, checked(stored), origin).await?);
    };
    let mut change = Change::begin(ctx).await?;
    let password_hash = match store::replace_hash(&mut change, user.id, &stored, &new, None).await?
    {
        true => new,
        false => stored,
    };
    let checked = checked(password_hash);
    let Some(session) = sessions::open(ctx, &mut change, user.id, checked, origin).await? else {
        change.abandon().await?;
        return Ok(None);
    };
    change.commit(sessions::signed_in(&session), origin).await?;
    Ok(Some(session))
}

async fn refuse(ctx: &Ctx, user: Option<&User>, origin: &Origin) -> UsersError {
    let mut event = Event::new(EventKind::Login, Actor::Anonymous).failed();
    if let Some(user) = user {
        event = event.subject(user.id);
    }
    match audit::record(ctx, event, origin).await {
        Ok(()) => UsersError::InvalidCredentials,
        Err(error) => error.into(),
    }
}

/// Asks an account that is signed in for its password again. `purpose` is what for.
///
/// # Errors
/// [`UsersError::WrongPassword`] · [`UsersError::Throttled`] · [`UsersError::Busy`] …
pub(super) async fn prove(
    ctx: &Ctx,
    id: Id,
    password: &str,
    purpose: EventKind,
    origin: &Origin,
) -> Result<(User, String), UsersError> {
    let mut conn = ctx.db.conn().await?;
    let found = store::with_password(&mut conn, id).await?;
    drop(conn);
    let (user, stored, email_key) = found.ok_or(UsersError::NotFound)?;
    let password = Password::parse(password).map_err(|_| UsersError::WrongPassword)?;
    let keys = keys(&email_key, origin).again();
    let ticket = begin(ctx, &email_key, keys, origin).await?;
    let verdict = match ctx.hasher.verify(password, stored.clone()).await {
        Ok(verdict) => verdict,
        Err(error) => return Err(settle(ctx, ticket, error.into()).await),
    };
    let (true, Some(stored)) = (verdict.matches, stored) else {
        let event = Event::new(purpose, Actor::User(id)).failed();
        audit::record(ctx, event, origin).await?;
        return Err(UsersError::WrongPassword);
    };
    ctx.limits.succeeded(ticket).await;
    Ok((user, stored))
}

fn keys(email_key: &str, origin: &Origin) -> LoginKeys {
    let user_agent = origin.user_agent.as_deref().unwrap_or_default();
    LoginKeys::new(email_key, origin.address_or_none(), user_agent)
}

/// Counts the attempt before anything is hashed.
async fn begin(
    ctx: &Ctx,
    email_key: &str,
    keys: LoginKeys,
    origin: &Origin,
) -> Result<Ticket, Blocked> {
    let user_agent = origin.user_agent.as_deref().unwrap_or_default();
    let network = network(origin.address_or_none());
    let known = async || {
        sessions::is_known_device(ctx, email_key, &network, user_agent)
            .await
            .unwrap_or(false)
    };
    ctx.limits.begin(keys, &origin.told, known).await
}

/// An attempt whose password was never judged is not held against anybody.
async fn settle(ctx: &Ctx, ticket: Ticket, error: UsersError) -> UsersError {
    match error {
        UsersError::InvalidCredentials => ctx.limits.failed(ticket),
        _ => ctx.limits.release(ticket).await,
    }
    error
}
