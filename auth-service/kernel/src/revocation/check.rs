//! Whether a verified token still counts.

use shared_claims::{Claims, Mirror, Verdict};

use super::{Revocations, store};
use crate::db::DbError;

/// Whether a token is revoked can't be told now.
#[derive(Debug, thiserror::Error)]
pub enum RevocationError {
    /// The mirror is too old and the database did not answer in time.
    #[error("revocations can't be checked: {0}")]
    Unavailable(String),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Revocations {
    /// Judges a token by the mirror while that is fresh, else by the database. What the mirror
    /// knows against a token stays true however old it is.
    ///
    /// # Errors
    /// [`RevocationError`]: it can't be told; the token must not be accepted now.
    pub async fn check<C>(
        &self,
        claims: &Claims<C>,
        kid: &str,
    ) -> Result<Verdict, RevocationError> {
        let is_fresh = self.is_fresh() && !self.is_outdated();
        let known = self.mirror.check_claims(claims, kid);
        if is_fresh || known == Verdict::Revoked {
            return Ok(known);
        }
        if self.is_outdated() {
            return Err(RevocationError::Unavailable(
                "something was revoked in a way that this release does not know".into(),
            ));
        }
        let deadline = self.spans.lookup_timeout;
        match tokio::time::timeout(deadline, Box::pin(self.look_up(claims, kid))).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(RevocationError::Unavailable(
                "the database did not answer in time".into(),
            )),
        }
    }

    /// Whether a key is known to have been removed. As late as any revocation, `max_lag` at most.
    pub fn is_key_removed(&self, kid: &str) -> bool {
        self.mirror.is_key_removed(kid)
    }

    async fn look_up<C>(&self, claims: &Claims<C>, kid: &str) -> Result<Verdict, DbError> {
        let mut values = vec![claims.jti.as_str(), claims.sub.as_str(), kid];
        values.extend(claims.sid.as_deref());
        let mut conn = self.db.current().await?;
        let mirror = Mirror::default();
        for numbered in store::naming(&mut conn, &values, self.clock.now())
            .await?
            .known
        {
            mirror.apply(&numbered.entry);
        }
        Ok(mirror.check_claims(claims, kid))
    }
}
