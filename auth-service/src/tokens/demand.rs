//! What each route demands of an access token: the one place that judges it.
//!
//! ```text
//! route             audience         scope     role         client        proved within
//! /v1/me…           the issuer       account   –            –             –
//! /v1/admin/… read  the issuer only  admin     auth:admin   first-party   –
//!             write the issuer only  admin     auth:admin   first-party   step_up.max_age
//! /v1/verify        tokens.audience            as the gateway says
//! ```
//!
//! A token of the release before names no issuer in its audience. At `/v1/me…` it counts until it
//! expires, so that nobody notices an upgrade; it is told by its want of `acr`, which every token of
//! ours has since. The release after this one forgets them.

use std::time::Duration;

use shared_claims::Claims;

use kernel::config::Settings;

/// What is demanded: all of it.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'a> {
    /// For one of these services (RFC 9068 §4).
    pub audience: &'a [String],
    /// Of this scope.
    pub scope: Option<&'static str>,
    /// Of an account with this role; given to this service's own client, and for no other service.
    pub role: Option<&'static str>,
    /// Of an account whose owner proved who they are no longer ago than this.
    pub proved_within: Option<Duration>,
}

/// What a valid access token lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// It is for other services.
    #[error("the access token is not for this service")]
    Audience,
    /// The scope.
    #[error("this call needs the scope {0}")]
    Scope(&'static str),
    /// The role.
    #[error("this call needs the role {0}")]
    Role(&'static str),
    /// It was given to another client than this service's own.
    #[error("this call needs a token of this service's own client")]
    Client,
    /// A recent proof (RFC 9470 §3).
    #[error("this call needs a sign-in no older than {} s: sign in again", .0.as_secs())]
    RecentProof(Duration),
}

impl Demand<'_> {
    /// Whether a valid access token has all that is demanded at `now`, in seconds since the Unix
    /// epoch.
    ///
    /// # Errors
    /// The first [`Missing`].
    pub fn judge<C>(
        &self,
        claims: &Claims<C>,
        settings: &Settings,
        now: i64,
    ) -> Result<(), Missing> {
        let demand = |holds: bool, missing| if holds { Ok(()) } else { Err(missing) };
        let is_meant = claims.aud.intersects(self.audience)
            || (self.role.is_none() && is_of_the_release_before(claims, settings));
        demand(is_meant, Missing::Audience)?;
        if let Some(scope) = self.scope {
            demand(claims.has_scope(scope), Missing::Scope(scope))?;
        }
        if let Some(role) = self.role {
            let is_ours = |name: &String| self.audience.contains(name);
            demand(claims.aud.0.iter().all(is_ours), Missing::Audience)?;
            let own = claims.client_id == settings.tokens.client_id;
            demand(own, Missing::Client)?;
            demand(claims.has_role(role), Missing::Role(role))?;
        }
        if let Some(most) = self.proved_within {
            let seconds = i64::try_from(most.as_secs()).unwrap_or(i64::MAX);
            let proved = claims.auth_time;
            let recent = proved.is_some_and(|at| now.saturating_sub(at) <= seconds);
            demand(recent, Missing::RecentProof(most))?;
        }
        Ok(())
    }
}

fn is_of_the_release_before<C>(claims: &Claims<C>, settings: &Settings) -> bool {
    let tokens = &settings.tokens;
    let is_first_party = claims.client_id == tokens.client_id;
    claims.acr.is_none() && is_first_party && claims.aud.intersects(&tokens.audience)
}
