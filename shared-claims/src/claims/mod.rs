//! What an access token says (RFC 9068 §2.2, RFC 7519 §4.1, RFC 8176 for `amr`).

mod read;

use std::fmt;

use serde::de::{Deserializer, SeqAccess, Visitor, value::SeqAccessDeserializer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The claims of an access token (RFC 9068 §2.2), with `custom` beside them in the same object.
///
/// Times are whole seconds since the Unix epoch: a `NumericDate` without a fraction (RFC 7519 §2).
/// Whoever writes them into a token may borrow its texts: `S` is `&str` then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(bound(serialize = "C: Serialize, S: Serialize + AsRef<str>"))]
pub struct Claims<C = Map<String, Value>, S = String> {
    /// The issuer (RFC 7519 §4.1.1).
    pub iss: S,
    /// The user (RFC 7519 §4.1.2).
    pub sub: S,
    /// The services that the token is for (RFC 7519 §4.1.3).
    pub aud: Audience<S>,
    /// When the token ends (RFC 7519 §4.1.4).
    pub exp: i64,
    /// When the token was issued (RFC 7519 §4.1.6).
    pub iat: i64,
    /// When the token begins (RFC 7519 §4.1.5); `auth-service` does not set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// The token's own name (RFC 7519 §4.1.7).
    pub jti: S,
    /// The session that the token belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<S>,
    /// The client that asked for the token (RFC 8693 §4.3).
    pub client_id: S,
    /// Space-separated scopes (RFC 8693 §4.2); left out when there are none.
    #[serde(skip_serializing_if = "is_empty")]
    pub scope: S,
    /// The user's roles (RFC 9068 §2.2.3.1); left out when there are none: some verifiers refuse an
    /// empty list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<S>,
    /// When the user last proved who they are (RFC 9068 §2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// How strongly they did (RFC 9470 §3), as the service counts: `1` is one factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<S>,
    /// How they did (RFC 8176 §1); left out when it is not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<S>,
    /// The user's version: it grows with each change of roles, custom claims or status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ver: Option<i64>,
    /// The user's address, where the service is configured to tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<S>,
    /// Whether the user proved to hold that address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
    /// Every other claim. None may bear a name of [`RESERVED`].
    #[serde(flatten)]
    pub custom: C,
}

fn is_empty(text: &impl AsRef<str>) -> bool {
    text.as_ref().is_empty()
}

impl<C> Claims<C> {
    /// Whether the token was granted this scope, compared exactly (RFC 6749 §3.3).
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scope.split_ascii_whitespace().any(|own| own == scope)
    }

    /// Whether the user has this role, compared exactly.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }
}

/// The names that no custom claim may bear: ours, and those of the IANA registry to which
/// verifiers give a meaning of their own (RFC 7519 §10.1).
#[rustfmt::skip]
pub const RESERVED: &[&str] = &[
    "iss", "sub", "aud", "exp", "iat", "nbf", "jti", "sid", "client_id", "scope", "roles",
    "auth_time", "acr", "amr", "ver", "email", "email_verified",
    "act", "active", "at_hash", "authorization_details", "azp", "c_hash", "cnf",
    "entitlements", "events", "groups", "may_act", "nonce", "s_hash", "sub_id", "sub_jwk",
    "toe", "token_introspection", "token_type", "txn", "username",
];

/// `aud` (RFC 7519 §4.1.3): read from a string or an array of strings, always written as an array.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Audience<S = String>(pub Vec<S>);

impl Audience {
    /// Whether one of `accepted` is named.
    pub fn intersects(&self, accepted: &[String]) -> bool {
        self.0.iter().any(|own| accepted.contains(own))
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AudienceVisitor).map(Self)
    }
}

struct AudienceVisitor;

impl<'de> Visitor<'de> for AudienceVisitor {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an array of strings")
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(vec![value.to_owned()])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(items))
    }
}
