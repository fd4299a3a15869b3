//! Sealing anew, so that an old key-encryption key can go.

use serde_json::json;

use super::seal::{Label, SealError};
use super::store;
use super::{KeysError, Purpose, load};
use crate::audit::{Actor, Event, EventKind, Origin};
use crate::change::Change;
use crate::ctx::Ctx;

/// Seals every key under the first of `keys.encryption_keys` that is not yet; the answer is how
/// many were. A key that is out of use, and that none of them opens, stays as it is.
///
/// # Errors
/// [`KeysError::Broken`] · [`KeysError::Db`]
pub async fn rewrap(ctx: &Ctx, actor: Actor, origin: &Origin) -> Result<usize, KeysError> {
    let sealer = &ctx.keys.sealer;
    let mut change = Change::begin(ctx).await?;
    let mut count = 0;
    for purpose in [Purpose::Signing, Purpose::Refresh] {
        let rows = store::all(&mut change, purpose).await?;
        for row in rows.iter().filter(|row| !sealer.is_current(&row.sealed)) {
            let label = Label {
                kid: &row.kid,
                alg: &row.alg,
                purpose: purpose.as_str(),
            };
            let plain = match sealer.open(&label, &row.sealed) {
                Ok(plain) => plain,
                Err(SealError::UnknownKey) => continue,
                Err(error) => return Err(row.broken(error)),
            };
            let sealed = sealer.seal(&ctx.entropy, &label, &plain);
            count += usize::from(store::rewrap(&mut change, row, &sealed).await?);
        }
    }
    let event = Event::new(EventKind::KeysRewrapped, actor).detail(json!({ "count": count }));
    match count {
        0 => change.abandon().await?,
        _ => change.commit(event, origin).await?,
    }
    load(ctx).await?;
    Ok(count)
}
