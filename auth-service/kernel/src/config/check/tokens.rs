//! Tokens: what is in them, where they are looked for, and how long they count.

use super::{DAY, Findings, HOUR, MINUTE, SECOND};
use crate::config::durations::text;
use crate::config::issuer::is_origin;
use crate::config::{ForwardAuth, Settings};

pub(super) fn tokens(settings: &Settings, found: &mut Findings) {
    let tokens = &settings.tokens;
    found.at_least("tokens.access_ttl", tokens.access_ttl, 10 * SECOND, "");
    let why = ": what lives longer is a session, for `refresh.absolute_ttl` to say";
    found.at_most("tokens.access_ttl", tokens.access_ttl, DAY, why);
    let named = |name: &String| !name.trim().is_empty();
    found.expect(
        !tokens.audience.is_empty() && tokens.audience.iter().all(named),
        "tokens.audience",
        "must name at least one service, and none by an empty name",
    );
    // A token that administers is for the issuer alone, so that no API ever sees one.
    found.expect(
        !tokens.audience.contains(&settings.issuer),
        "tokens.audience",
        "must not name the issuer: each token is for it too, unless its owner asked for less",
    );
    found.expect(
        named(&tokens.client_id),
        "tokens.client_id",
        "must not be empty",
    );
    found.expect(
        tokens.scope.split(' ').all(is_scope_token),
        "tokens.scope",
        "must be scope tokens (RFC 6749 §3.3) with one space between: printable ASCII \
         without `\"` and `\\`",
    );
    // Every session would be one for the service alone, and could administer it.
    found.expect(
        tokens.scope.split(' ').all(|word| word != "admin"),
        "tokens.scope",
        "must not name `admin`: whoever administers this service asks for that scope at sign-in",
    );
    found.at_most("tokens.leeway", tokens.leeway, MINUTE, "");
    let (most, why) = (settings.revocation.max_leeway, " (`revocation.max_leeway`)");
    found.at_most("tokens.leeway", tokens.leeway, most, why);
}

/// The most bytes of an access token's claims, as JSON, that settings fill. What an account fills has
/// a share of its own, so that no change of either makes a token that verifiers refuse (I40): they
/// take 8,192 bytes, and a header line has no more.
pub const TOKEN_SHARE: usize = 1_200;

/// The longest name of a cookie that holds an access token: both share a header line.
const MAX_COOKIE_NAME: usize = 128;

pub(super) fn size(settings: &Settings, found: &mut Findings) {
    let (tokens, issuer) = (&settings.tokens, &settings.issuer);
    let size = |json: serde_json::Result<String>| json.map_or(TOKEN_SHARE, |json| json.len());
    // Each token is for the issuer too, and may ask for these two scopes.
    let scope = format!("{} account admin", tokens.scope);
    let parts = [
        ("issuer", 1 + 2 * size(serde_json::to_string(issuer))),
        (
            "tokens.audience",
            size(serde_json::to_string(&tokens.audience)),
        ),
        (
            "tokens.client_id",
            size(serde_json::to_string(&tokens.client_id)),
        ),
        ("tokens.scope", size(serde_json::to_string(&scope))),
    ];
    let bytes = parts.iter().map(|(_, size)| size).sum::<usize>();
    let largest = parts.into_iter().max_by_key(|(_, size)| *size);
    let key = largest.map_or("tokens.audience", |(key, _)| key);
    let advice = format!(
        "is too long: `issuer`, `tokens.audience`, `tokens.client_id` and `tokens.scope` take \
         {bytes} bytes of each access token together, and may take {TOKEN_SHARE}: with the roles \
         and claims of an account, a larger token fits into no header line of 8 KiB"
    );
    found.expect(bytes <= TOKEN_SHARE, key, advice);
}

pub(super) fn step_up(settings: &Settings, found: &mut Findings) {
    let (key, max_age) = ("step_up.max_age", settings.step_up.max_age);
    found.at_least(key, max_age, 10 * SECOND, ": nobody could sign in in time");
    let why = ": whoever finds an administrator's screen unlocked could do anything for as long";
    found.at_most(key, max_age, HOUR, why);
}

pub(super) fn forward_auth(settings: &Settings, found: &mut Findings) {
    let ForwardAuth { cookie, origins } = &settings.forward_auth;
    found.expect(
        cookie.as_deref().is_none_or(is_cookie_name),
        "forward_auth.cookie",
        "must be the name of a cookie (RFC 6265 §4.1.1), such as `__Host-access`",
    );
    found.expect(
        cookie
            .as_deref()
            .is_none_or(|name| name.len() <= MAX_COOKIE_NAME),
        "forward_auth.cookie",
        format!(
            "must have {MAX_COOKIE_NAME} characters at most: name and access token share a header \
             line of 8 KiB"
        ),
    );
    found.expect(
        origins.iter().all(|origin| is_origin(origin)),
        "forward_auth.origins",
        "must be origins as browsers send them, such as `https://app.example.com`: in small \
         letters, without a path and without a slash at the end",
    );
}

pub(super) fn refresh(settings: &Settings, found: &mut Findings) {
    let refresh = &settings.refresh;
    let (most, why) = (refresh.absolute_ttl, " (`refresh.absolute_ttl`)");
    found.at_most("refresh.idle_ttl", refresh.idle_ttl, most, why);
    let why = ": a stolen token is answered for as long";
    found.at_most(
        "refresh.reuse_window",
        refresh.reuse_window,
        10 * MINUTE,
        why,
    );
    found.expect(
        refresh.reuse_window < refresh.idle_ttl,
        "refresh.reuse_window",
        format!(
            "must be less than `refresh.idle_ttl` ({})",
            text(refresh.idle_ttl)
        ),
    );
}

pub(super) fn revocation(settings: &Settings, found: &mut Findings) {
    let (key, lag) = ("revocation.max_lag", settings.revocation.max_lag);
    found.at_least(
        key,
        lag,
        SECOND / 5,
        ": the database would be asked at each request",
    );
    found.at_most(key, lag, MINUTE, ": a revoked token could pass for as long");
}

/// RFC 6749 §3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`
fn is_scope_token(token: &str) -> bool {
    let byte = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    !token.is_empty() && token.bytes().all(byte)
}

/// RFC 6265 §4.1.1: a token of RFC 9110 §5.6.2.
fn is_cookie_name(name: &str) -> bool {
    let byte = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(byte)
}
