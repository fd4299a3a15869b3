//! To whom a session is given, and for what.

use kernel::db::types::Json;

use super::{Scope, Session};

/// Whom a session is for, and what its tokens may be for at most.
#[derive(Clone, Debug)]
pub struct Grantee {
    /// The client (RFC 6749 §2.2).
    pub client: String,
    /// The services. `None`: those of the settings at the time when a token is issued.
    pub audience: Option<Vec<String>>,
    /// What it may do.
    pub scope: Scope,
}

/// Less than a session was granted: what one token is to be for.
#[derive(Clone, Debug)]
pub struct Within {
    /// The services, where they are named.
    pub audience: Option<Vec<String>>,
    /// What it may do, where that is named.
    pub scope: Option<Scope>,
}

/// More was asked for than may be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotGranted {
    /// The audience.
    #[error("this audience can not be requested here")]
    Audience,
    /// The scope.
    #[error("this scope can not be requested here")]
    Scope,
    /// Both.
    #[error("this audience and this scope can not be requested here")]
    Both,
}

impl NotGranted {
    /// Says whether both may be granted, and if not, which can't.
    ///
    /// # Errors
    /// [`NotGranted`]
    pub fn unless(audience: bool, scope: bool) -> Result<(), Self> {
        match (audience, scope) {
            (true, true) => Ok(()),
            (false, true) => Err(Self::Audience),
            (true, false) => Err(Self::Scope),
            (false, false) => Err(Self::Both),
        }
    }
}

impl Within {
    /// Whether the session was granted all of it.
    ///
    /// # Errors
    /// [`NotGranted`]
    pub(super) fn check(&self, session: &Session) -> Result<(), NotGranted> {
        let granted = |audience: &String| match &session.audience {
            Some(Json(granted)) => granted.contains(audience),
            // Judged against the settings before.
            None => true,
        };
        let audience = self.audience.iter().flatten().all(granted);
        let granted = |word: &str| session.scope.split(' ').any(|own| own == word);
        let scope = self.scope.iter().flat_map(Scope::words).all(granted);
        NotGranted::unless(audience, scope)
    }
}
