//! To whom a session is given, and for what.

use std::fmt;

use serde_json::json;

use super::Session;
use kernel::db::types::Json;
use serde_json::Value;

/// What the owner of an account does with it: `/v1/me…`.
pub const ACCOUNT: &str = "account";
/// What an administrator of this service does: `/v1/admin/…`.
pub const ADMIN: &str = "admin";

/// Scope tokens (RFC 6749 §3.3), each once, in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope(String);

impl Scope {
    /// Parses scope tokens with one space between; nothing if the text is none, or empty.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words: Vec<&str> = Vec::new();
        for word in text.split(' ') {
            let byte = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
            if word.is_empty() || !word.bytes().all(byte) {
                return None;
            }
            if !words.contains(&word) {
                words.push(word);
            }
        }
        Some(Self(words.join(" ")))
    }

    /// The scope tokens.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ')
    }

    /// Whether this scope token is among them.
    pub fn has(&self, word: &str) -> bool {
        self.words().any(|own| own == word)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whom a session is for, and what its tokens may be for at most.
#[derive(Clone, Debug)]
pub struct Grantee {
    /// The client (RFC 6749 §2.2).
    pub client: String,
    /// The services; none named is those of the settings, as they are when a token is made.
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
    #[error("a token for these audiences is not granted here")]
    Audience,
    /// The scope.
    #[error("a token of this scope is not granted here")]
    Scope,
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
        if !self.audience.iter().flatten().all(granted) {
            return Err(NotGranted::Audience);
        }
        let granted = |word: &str| session.scope.split(' ').any(|own| own == word);
        match self.scope.iter().flat_map(Scope::words).all(granted) {
            true => Ok(()),
            false => Err(NotGranted::Scope),
        }
    }

    /// The audiences as the database compares them.
    pub(super) fn audience_json(&self) -> Json<Value> {
        Json(json!(self.audience.as_deref().unwrap_or_default()))
    }

    /// The scope tokens as the database compares them.
    pub(super) fn scope_json(&self) -> Json<Value> {
        let words: Vec<&str> = self.scope.iter().flat_map(Scope::words).collect();
        Json(json!(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_words_each_once() {
        let scope = Scope::parse("account admin account").unwrap();
        assert_eq!(scope.to_string(), "account admin");
        assert!(scope.has("admin") && !scope.has("adm"));
        for text in [
            "", " ", "a  b", " a", "a ", "a\"b", "a\\b", "é", "a\tb", "a\u{0}b",
        ] {
            assert_eq!(Scope::parse(text), None, "{text:?}");
        }
    }
}
