//! How long what has ended is kept: `housekeeping`.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Settings;
use super::check::Findings;
use super::durations as duration;

/// `housekeeping`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Housekeeping {
    /// How long after one pass the next begins, whichever replica makes it.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub interval: Duration,
    /// Rows that one statement of a pass looks at. After each, the pass rests for four times as
    /// long as that took.
    pub batch: usize,
    /// How long an expired session is kept: so long its refresh token is answered
    /// `refresh_token_expired`, then `refresh_token_revoked`, and so long its device is known.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub session_retention: Duration,
    /// How long the audit trail reaches back. 0: for ever.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub audit_retention: Duration,
    /// After how long an account is deleted whose address was never verified, unless it has a role
    /// or is disabled. 0: never. As long as nothing verifies addresses, that would be all accounts.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub unverified_retention: Duration,
}

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const CENTURY: Duration = Duration::from_secs(36_500 * 24 * 60 * 60);

impl Default for Housekeeping {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(10 * 60),
            batch: 500,
            session_retention: DAY * 30,
            audit_retention: DAY * 365,
            unverified_retention: Duration::ZERO,
        }
    }
}

/// More than this in one statement would be felt by others.
const MAX_BATCH: usize = 10_000;

pub(super) fn check(settings: &Settings, found: &mut Findings) {
    let kept = &settings.housekeeping;
    let key = "housekeeping.interval";
    found.at_least(key, kept.interval, Duration::from_secs(1), "");
    found.at_most(key, kept.interval, DAY, ": what is due would pile up");
    found.expect(
        (1..=MAX_BATCH).contains(&kept.batch),
        "housekeeping.batch",
        format!("must be between 1 and {MAX_BATCH}"),
    );
    // What ends a session's access tokens, a change of password for one, finds them by its row.
    let tokens_live = (settings.tokens.access_ttl)
        .saturating_add(settings.revocation.max_leeway)
        .saturating_add(settings.database.statement_timeout);
    found.at_least(
        "housekeeping.session_retention",
        kept.session_retention,
        tokens_live,
        ": so long an access token of an expired session may count (`tokens.access_ttl`, \
         `revocation.max_leeway` and `database.statement_timeout` together)",
    );
    let key = "housekeeping.session_retention";
    found.at_most(key, kept.session_retention, CENTURY, "");
    let unverified = "housekeeping.unverified_retention";
    for (key, span, least) in [
        ("housekeeping.audit_retention", kept.audit_retention, DAY),
        (unverified, kept.unverified_retention, HOUR),
    ] {
        if !span.is_zero() {
            found.at_least(key, span, least, ", or 0s");
            found.at_most(key, span, CENTURY, "");
        }
    }
}
