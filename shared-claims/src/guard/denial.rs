//! What somebody who is not let through is told.

use serde_json::json;

use crate::verifier::Refusal;

/// An answer that is not the route's (RFC 9457, RFC 6750 §3).
#[derive(Debug)]
pub(super) struct Denial {
    pub(super) status: u16,
    code: &'static str,
    detail: String,
    challenge: Option<String>,
}

const PROBLEM: &str = "application/problem+json";

impl Denial {
    /// No error code where there was no token (RFC 6750 §3.1).
    pub(super) fn missing() -> Self {
        let detail = "there is no bearer token";
        Self::new(401, "token_missing", detail, Some("Bearer".into()))
    }

    pub(super) fn refused(refusal: &Refusal) -> Self {
        let challenge = refusal.challenge().map(Into::into);
        Self::new(
            refusal.status(),
            refusal.code(),
            &refusal.to_string(),
            challenge,
        )
    }

    /// Names what would be enough (RFC 6750 §3.1).
    pub(super) fn lacks_scope(scopes: &[String]) -> Self {
        let scopes: Vec<_> = scopes
            .iter()
            .map(|scope| scope.chars().filter(|c| in_scope(*c)).collect::<String>())
            .collect();
        let challenge = format!(
            r#"Bearer error="insufficient_scope", scope="{}""#,
            scopes.join(" ")
        );
        Self::new(
            403,
            "forbidden",
            "this takes another scope",
            Some(challenge),
        )
    }

    pub(super) fn lacks_role() -> Self {
        let challenge = r#"Bearer error="insufficient_scope""#;
        Self::new(
            403,
            "forbidden",
            "this takes another role",
            Some(challenge.into()),
        )
    }

    /// An extractor on a route that no guard stands before.
    pub(super) fn unguarded() -> Self {
        tracing::error!("a route asks for `Authenticated`, and no `Guard` stands before it");
        Self::new(500, "internal", "the service failed", None)
    }

    fn new(status: u16, code: &'static str, detail: &str, challenge: Option<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            challenge,
        }
    }

    /// The headers, beside those of the body.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let challenge = self.challenge.as_deref();
        let retry = (self.status == 503).then_some(("retry-after", "1"));
        [("content-type", PROBLEM), ("cache-control", "no-store")]
            .into_iter()
            .chain(challenge.map(|challenge| ("www-authenticate", challenge)))
            .chain(retry)
    }

    pub(super) fn body(&self) -> String {
        let title = match self.status {
            401 => "Unauthorized",
            403 => "Forbidden",
            503 => "Service Unavailable",
            _ => "Internal Server Error",
        };
        json!({
            "type": "about:blank", "title": title, "status": self.status,
            "detail": self.detail, "code": self.code,
        })
        .to_string()
    }
}

/// A character of a scope (RFC 6749 §3.3); no other may stand in a quoted string unescaped.
fn in_scope(c: char) -> bool {
    c.is_ascii_graphic() && c != '"' && c != '\\'
}
