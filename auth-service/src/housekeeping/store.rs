//! The `leases` table.

use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use kernel::clock::Instant;
use kernel::db::schema::leases;
use kernel::db::{Db, DbError, alone};
use kernel::id::Id;

/// The row of `leases`.
const LEASE: &str = "housekeeping";

/// Takes the lease until `until`, if nobody has it at `now`.
pub(super) async fn take_lease(
    db: &Db,
    holder: Id,
    now: Instant,
    until: Instant,
) -> Result<bool, DbError> {
    use diesel::query_dsl::methods::FilterDsl;
    let take = diesel::insert_into(leases::table)
        .values((
            leases::name.eq(LEASE),
            leases::holder.eq(holder),
            leases::until.eq(until),
        ))
        .on_conflict(leases::name)
        .do_update()
        .set((
            leases::holder.eq(excluded(leases::holder)),
            leases::until.eq(excluded(leases::until)),
        ))
        .filter(leases::until.le(now));
    let rows = alone!(db, c => pg (&take).execute(c), one diesel::RunQueryDsl::execute(take, c))?;
    Ok(rows == 1)
}

/// Moves the end of the lease; false if somebody else has taken it meanwhile.
pub(super) async fn extend_lease(db: &Db, holder: Id, until: Instant) -> Result<bool, DbError> {
    let extend = diesel::update(leases::table)
        .filter(leases::name.eq(LEASE))
        .filter(leases::holder.eq(holder))
        .set(leases::until.eq(until));
    let rows =
        alone!(db, c => pg (&extend).execute(c), one diesel::RunQueryDsl::execute(extend, c))?;
    Ok(rows == 1)
}
