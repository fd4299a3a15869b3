//! What is written down about an event.

use serde_json::Value;

use crate::id::Id;

/// A security event on its way to the audit trail.
#[derive(Clone, Debug)]
pub struct Event {
    pub(super) kind: EventKind,
    pub(super) outcome: Outcome,
    pub(super) actor: Actor,
    pub(super) subject: Option<Id>,
    pub(super) session: Option<Id>,
    pub(super) detail: Value,
}

impl Event {
    /// Something that `actor` did, with success.
    pub fn new(kind: EventKind, actor: Actor) -> Self {
        Self {
            kind,
            outcome: Outcome::Success,
            actor,
            subject: actor.id(),
            session: None,
            detail: Value::Object(serde_json::Map::new()),
        }
    }

    /// It was tried and refused.
    pub fn failed(mut self) -> Self {
        self.outcome = Outcome::Failure;
        self
    }

    /// The account that it was done to, where that is not the actor.
    pub fn subject(mut self, subject: Id) -> Self {
        self.subject = Some(subject);
        self
    }

    /// The session that it was done to, or in.
    pub fn session(mut self, session: Id) -> Self {
        self.session = Some(session);
        self
    }

    /// More about it. Never a secret.
    pub fn detail(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }
}

/// Names an enum's variants in the database, in logs and in the API.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Its name in the audit trail.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

named! {
    /// What happened.
    EventKind {
        /// An account was made.
        AccountCreated = "account.created",
        /// An account came from another system.
        AccountImported = "account.imported",
        /// Its name, roles, claims or status changed.
        AccountUpdated = "account.updated",
        /// An account and all that hangs on it was deleted.
        AccountDeleted = "account.deleted",
        /// All that is kept about an account was given out.
        AccountExported = "account.exported",
        /// An account was deleted, and what was personal in its audit events.
        AccountErased = "account.erased",
        /// Somebody signed in, or tried to.
        Login = "login",
        /// A password was changed, or somebody tried to.
        PasswordChanged = "password.changed",
        /// A session was ended.
        SessionEnded = "session.ended",
        /// All sessions of an account were ended.
        SessionsEnded = "sessions.ended",
        /// A refresh token came again after it was used: its session was ended.
        RefreshTokenReused = "refresh_token.reused",
        /// An access token was revoked by itself.
        TokenRevoked = "token.revoked",
        /// A key was made.
        KeyCreated = "key.created",
        /// A key was taken out in an emergency.
        KeyRemoved = "key.removed",
        /// Keys were sealed anew under another key-encryption key.
        KeysRewrapped = "keys.rewrapped",
    }
}

impl EventKind {
    /// What an administrator does to the service as a whole: it names no other account, and is no
    /// less an act on others for it.
    pub(super) const ON_THE_SERVICE: [Self; 4] = [
        Self::TokenRevoked,
        Self::KeyCreated,
        Self::KeyRemoved,
        Self::KeysRewrapped,
    ];
}

named! {
    /// How it ended.
    Outcome {
        /// It was done.
        Success = "success",
        /// It was refused.
        Failure = "failure",
    }
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Somebody who has not signed in.
    Anonymous,
    /// An account.
    User(Id),
    /// Somebody at the command line.
    Operator,
    /// The service itself.
    System,
}

impl Actor {
    /// Its name in the audit trail.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::User(_) => "user",
            Self::Operator => "operator",
            Self::System => "system",
        }
    }

    /// The account, where it is one.
    pub fn id(self) -> Option<Id> {
        match self {
            Self::User(id) => Some(id),
            _ => None,
        }
    }
}
