//! What may stand in an account: names, roles and custom claims.

use serde_json::{Map, Value};
use shared_claims::RESERVED;

/// The longest name, in characters.
const MAX_NAME: usize = 200;
/// The most roles of one account.
const MAX_ROLES: usize = 50;
/// The longest role, in characters.
const MAX_ROLE: usize = 64;
/// The role of an administrator of this service. Roles of apps never begin with [`OWN`].
pub const ADMIN_ROLE: &str = "auth:admin";
/// What the roles of this service itself begin with.
const OWN: &str = "auth:";
/// The most bytes of custom claims, as JSON: they stand in every access token.
const MAX_CLAIMS_BYTES: usize = 2048;

/// A name, role or claim that can't be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProfile {
    /// The name.
    #[error("a name has 1 to {MAX_NAME} characters and no control characters")]
    Name,
    /// A role.
    #[error(
        "roles are up to {MAX_ROLES} words of letters, digits and `-_.:/`, up to {MAX_ROLE} characters each"
    )]
    Roles,
    /// A custom claim has a name that the service itself uses.
    #[error("the claim `{0}` is the service's own")]
    ReservedClaim(String),
    /// The custom claims hold what a database can't keep.
    #[error("custom claims hold no NUL character")]
    ClaimsNul,
    /// A role of this service that there is not.
    #[error(
        "roles that begin with `{OWN}` belong to this service; it knows `{ADMIN_ROLE}`, but not `{0}`"
    )]
    UnknownOwnRole(String),
    /// The custom claims are too large.
    #[error("custom claims take {MAX_CLAIMS_BYTES} bytes at most")]
    ClaimsTooLarge,
}

impl InvalidProfile {
    /// The field that is wrong.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Roles | Self::UnknownOwnRole(_) => "roles",
            Self::ReservedClaim(_) | Self::ClaimsNul | Self::ClaimsTooLarge => "claims",
        }
    }
}

/// Checks a name; white space around it goes.
///
/// # Errors
/// [`InvalidProfile::Name`]
pub fn name(text: &str) -> Result<String, InvalidProfile> {
    let text = text.trim();
    let length = text.chars().count();
    let fits = (1..=MAX_NAME).contains(&length) && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned()).ok_or(InvalidProfile::Name)
}

/// Checks roles; each stands once.
///
/// # Errors
/// [`InvalidProfile::Roles`] · [`InvalidProfile::UnknownOwnRole`]
pub fn roles(mut roles: Vec<String>) -> Result<Vec<String>, InvalidProfile> {
    let is_word = |role: &String| {
        (1..=MAX_ROLE).contains(&role.len())
            && role
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte))
    };
    roles.sort();
    roles.dedup();
    if roles.len() > MAX_ROLES || !roles.iter().all(is_word) {
        return Err(InvalidProfile::Roles);
    }
    let mut own = roles.iter().filter(|role| role.starts_with(OWN));
    match own.find(|role| *role != ADMIN_ROLE) {
        Some(unknown) => Err(InvalidProfile::UnknownOwnRole(unknown.clone())),
        None => Ok(roles),
    }
}

/// Checks custom claims.
///
/// # Errors
/// [`InvalidProfile`]
pub fn claims(claims: Map<String, Value>) -> Result<Map<String, Value>, InvalidProfile> {
    if let Some(name) = claims.keys().find(|name| RESERVED.contains(&name.as_str())) {
        return Err(InvalidProfile::ReservedClaim(name.clone()));
    }
    let size = serde_json::to_string(&claims).map_or(usize::MAX, |json| json.len());
    if size > MAX_CLAIMS_BYTES {
        return Err(InvalidProfile::ClaimsTooLarge);
    }
    if claims.iter().any(has_nul) {
        return Err(InvalidProfile::ClaimsNul);
    }
    Ok(claims)
}

/// Postgres' `jsonb` has no place for `\u0000`.
fn has_nul((name, value): (&String, &Value)) -> bool {
    fn within(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains('\0'),
            Value::Array(items) => items.iter().any(within),
            Value::Object(members) => members.iter().any(has_nul),
            _ => false,
        }
    }
    name.contains('\0') || within(value)
}
