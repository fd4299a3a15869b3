//! The last administrator stays: nobody who acts over HTTP can take the role from all, neither by
//! disabling, demoting nor deleting, nor can two who act at once. At the command line it can be
//! done: whoever is there can make another.
//!
//! Few accounts administer. So a change is first made without looking for others, and begun again
//! with the others held fast where it turns out that it takes an administrator away.

use kernel::audit::Actor;
use kernel::change::Change;
use kernel::db::DbError;
use kernel::id::Id;

use crate::users::{UsersError, store};

/// Whether those who administer are held fast until the change has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guard {
    /// Not yet: the account may be no administrator.
    Open,
    /// They are.
    Held,
}

/// Makes a change, and again with the administrators held fast where it says by `None` that it must
/// be so.
pub(super) async fn guarded<T>(
    mut attempt: impl AsyncFnMut(Guard) -> Result<Option<T>, UsersError>,
) -> Result<T, UsersError> {
    match attempt(Guard::Open).await? {
        Some(done) => Ok(done),
        None => (attempt(Guard::Held).await?).ok_or(UsersError::LastAdministrator),
    }
}

/// Whether an administrator may go, as far as others are left.
pub(super) fn may_lack(actor: Actor, guard: Guard) -> bool {
    guard == Guard::Held || !matches!(actor, Actor::User(_))
}

/// Whether another account than this one administers, or this one does not either. Where nothing is
/// held fast, that is not asked.
pub(super) async fn another_stays(
    change: &mut Change<'_>,
    id: Id,
    guard: Guard,
) -> Result<bool, DbError> {
    match guard {
        Guard::Open => Ok(true),
        Guard::Held => Ok(store::administrators(change).await? != [id]),
    }
}
