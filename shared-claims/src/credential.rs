//! The token that a request presents.

/// A token, and what carried it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// `Authorization: Bearer` (RFC 6750 §2.1).
    Header(String),
    /// A cookie. Browsers send it unasked: whoever takes one must itself refuse unsafe requests
    /// from other origins.
    Cookie(String),
}

impl Credential {
    /// From the values of `Authorization` and `Cookie`, as bytes, and the name of the cookie if
    /// one is taken. The header wins. None unless exactly one token is presented.
    pub fn of<'r>(
        authorization: impl Iterator<Item = &'r [u8]>,
        cookies: impl Iterator<Item = &'r [u8]>,
        cookie: Option<&str>,
    ) -> Option<Self> {
        let mut headers = authorization;
        match (headers.next(), headers.next()) {
            // Which of two a proxy before us looked at, nobody can say.
            (Some(_), Some(_)) => None,
            (Some(value), None) if is_bearer(value) => bearer(value).map(Self::Header),
            _ => only(named(cookies, cookie?)).map(Self::Cookie),
        }
    }

    /// The token.
    pub fn token(&self) -> &str {
        match self {
            Self::Header(token) | Self::Cookie(token) => token,
        }
    }
}

/// Whether this is of the scheme `Bearer`, in any case (RFC 9110 §11.1).
fn is_bearer(value: &[u8]) -> bool {
    let scheme = value.split(|byte| *byte == b' ').next();
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer"))
}

/// RFC 6750 §2.1.
fn bearer(value: &[u8]) -> Option<String> {
    let (_, token) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    (!token.is_empty()).then(|| token.to_owned())
}

/// The values of the cookies of this name (RFC 6265 §4.2.1), as they were sent: whatever bytes other
/// cookies hold.
fn named<'r>(
    cookies: impl Iterator<Item = &'r [u8]>,
    name: &str,
) -> impl Iterator<Item = &'r [u8]> {
    cookies
        .flat_map(|header| header.split(|byte| *byte == b';'))
        .filter_map(|pair| split(pair.trim_ascii(), b'='))
        .filter_map(move |(own, value)| (own == name.as_bytes()).then_some(value))
}

fn split(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == at)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

/// Two cookies of one name come from different paths or domains: which is right can't be told.
fn only<'r>(mut values: impl Iterator<Item = &'r [u8]>) -> Option<String> {
    let value = std::str::from_utf8(values.next()?).ok()?;
    (values.next().is_none() && !value.is_empty()).then(|| value.to_owned())
}
