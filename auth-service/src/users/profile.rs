//! What may stand in an account: names, roles and custom claims.

use serde_json::{Map, Value};
use shared_claims::RESERVED;

use super::visible::{is_blank, is_hidden, shapes_others};

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
/// The most bytes of an access token's claims, as JSON, that an account fills: with its roles, its
/// custom claims and its address. What the settings fill has a share of its own
/// (`kernel::config::TOKEN_SHARE`). Together they leave a token of 8,000 bytes with any key that
/// there can be: verifiers refuse one of more than 8,192, and a header line has no more (I40).
pub const TOKEN_SHARE: usize = 4_000;

/// A name, role or claim that can't be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProfile {
    /// The name.
    #[error(
        "a name has 1 to {MAX_NAME} characters, one of which is seen, and no control characters"
    )]
    Name,
    /// The name holds a character that nobody sees.
    #[error("a name can't hold the invisible character U+{:04X}", u32::from(*.0))]
    Hidden(char),
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
    /// A custom claim holds a number that would come out as another.
    #[error(
        "the claim `{0}` holds a number beyond 64 bits, which would come out as another: write it as text"
    )]
    InexactNumber(String),
    /// A role of this service that there is not.
    #[error(
        "roles that begin with `{OWN}` belong to this service; it knows `{ADMIN_ROLE}`, but not `{0}`"
    )]
    UnknownOwnRole(String),
    /// The custom claims are too large.
    #[error("custom claims take {MAX_CLAIMS_BYTES} bytes at most")]
    ClaimsTooLarge,
    /// The access tokens would be larger than verifiers take.
    #[error(
        "roles, custom claims and address take {bytes} bytes of each access token together, and \
         {TOKEN_SHARE} at most"
    )]
    TokenTooLarge {
        /// How many they take, as JSON.
        bytes: usize,
        /// Whether it was the custom claims that were given.
        by_claims: bool,
    },
}

impl InvalidProfile {
    /// The field that is wrong.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Name | Self::Hidden(_) => "name",
            Self::Roles | Self::UnknownOwnRole(_) => "roles",
            Self::TokenTooLarge {
                by_claims: false, ..
            } => "roles",
            Self::ReservedClaim(_)
            | Self::InexactNumber(_)
            | Self::ClaimsNul
            | Self::ClaimsTooLarge
            | Self::TokenTooLarge { .. } => "claims",
        }
    }
}

/// Checks a name; white space around it goes.
///
/// # Errors
/// [`InvalidProfile::Name`] · [`InvalidProfile::Hidden`]
pub fn name(text: &str) -> Result<String, InvalidProfile> {
    let text = text.trim();
    let length = text.chars().count();
    if !(1..=MAX_NAME).contains(&length) || text.chars().any(char::is_control) {
        return Err(InvalidProfile::Name);
    }
    let is_refused = |c: &char| is_hidden(*c) && !shapes_others(*c);
    match text.chars().find(is_refused) {
        Some(hidden) => Err(InvalidProfile::Hidden(hidden)),
        None if text.chars().all(is_blank) => Err(InvalidProfile::Name),
        None => Ok(text.to_owned()),
    }
}

/// Whether the access tokens of an account of these roles, custom claims and address are small
/// enough to be accepted. `by_claims` says which field is to blame.
///
/// # Errors
/// [`InvalidProfile::TokenTooLarge`]
pub fn fit_a_token(
    roles: &[String],
    claims: &Map<String, Value>,
    email: &str,
    by_claims: bool,
) -> Result<(), InvalidProfile> {
    let size = |json: serde_json::Result<String>| json.map_or(usize::MAX, |json| json.len());
    let bytes = [
        serde_json::to_string(roles),
        serde_json::to_string(claims),
        serde_json::to_string(email),
    ];
    let bytes = bytes.into_iter().map(size).fold(0, usize::saturating_add);
    match bytes <= TOKEN_SHARE {
        true => Ok(()),
        false => Err(InvalidProfile::TokenTooLarge { bytes, by_claims }),
    }
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
    match claims.iter().find(|(_, value)| has_inexact_number(value)) {
        Some((name, _)) => Err(InvalidProfile::InexactNumber(name.clone())),
        None => Ok(claims),
    }
}

/// A number that is no whole one of 64 bits is kept as a double: of one so great, nobody can say
/// whether it was meant so.
fn has_inexact_number(value: &Value) -> bool {
    const BEYOND: f64 = (1_u64 << 63) as f64;
    match value {
        Value::Number(number) if number.is_f64() => {
            number.as_f64().is_none_or(|double| double.abs() >= BEYOND)
        }
        Value::Array(items) => items.iter().any(has_inexact_number),
        Value::Object(members) => members.values().any(has_inexact_number),
        _ => false,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_seen_and_turns_nothing_about() {
        for text in [
            "Ada",
            "Zo\u{EB} \u{2603}",
            "\u{5E2}\u{5D3}\u{5D4}",
            "\u{646}\u{627}\u{645}\u{647}\u{200C}\u{627}\u{6CC}",
            "\u{1F469}\u{200D}\u{1F52C}",
            "\u{2764}\u{FE0F}",
            "\u{845B}\u{E0100}\u{98FE}",
            "\u{915}\u{94D}\u{200D}\u{937}",
        ] {
            assert_eq!(name(text).as_deref(), Ok(text), "{text:?}");
        }
        for text in [
            "",
            " ",
            "\u{3000}",
            "\u{2800}",
            "\u{200D}",
            "\u{200C}\u{200D}",
            "\u{FE0F}",
            " \u{200D} ",
            "a\nb",
        ] {
            assert_eq!(name(text), Err(InvalidProfile::Name), "{text:?}");
        }
        for hidden in [
            '\u{202E}',
            '\u{202A}',
            '\u{2066}',
            '\u{2069}',
            '\u{200E}',
            '\u{200F}',
            '\u{61C}',
            '\u{2028}',
            '\u{2029}',
            '\u{200B}',
            '\u{2060}',
            '\u{FEFF}',
            '\u{AD}',
            '\u{34F}',
            '\u{115F}',
            '\u{1160}',
            '\u{3164}',
            '\u{FFA0}',
            '\u{E0041}',
        ] {
            for text in [format!("Ada{hidden}nimda"), hidden.to_string()] {
                let said = name(&text).expect_err(&text);
                // `trim` takes away the two separators, which are white space.
                assert!(
                    said == InvalidProfile::Hidden(hidden) || said == InvalidProfile::Name,
                    "{text:?}: {said:?}"
                );
            }
        }
        let said = InvalidProfile::Hidden('\u{202E}').to_string();
        assert!(said.contains("U+202E"), "{said}");
    }
}
