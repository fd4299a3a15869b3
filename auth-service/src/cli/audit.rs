//! `auth-service audit …`

use clap::Subcommand;

use kernel::audit::Walk;
use kernel::clock::Instant;
use kernel::id::Id;

use super::{Failure, print};
use crate::ctx::Ctx;
use crate::http::views::AuditEvent;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Print the audit trail, oldest first, a JSON object a line.
    Export {
        /// From this time on, such as 2026-01-01T00:00:00Z.
        #[arg(long, value_name = "TIME")]
        since: Option<Instant>,
        /// Before this time.
        #[arg(long, value_name = "TIME")]
        until: Option<Instant>,
        /// Behind this event: the `id` in the last line of an export that broke off.
        #[arg(long, value_name = "ID")]
        after: Option<Id>,
    },
}

pub(super) async fn run(ctx: &Ctx, command: Command) -> Result<(), Failure> {
    let Command::Export {
        since,
        until,
        after,
    } = command;
    // What is written while it is read is for the next export, which begins where this one ended.
    let until = until.unwrap_or_else(|| ctx.clock.now());
    let mut walk = Walk::new(since.unwrap_or_default(), until, after);
    loop {
        let page = walk.next(&ctx.audit).await?;
        if page.is_empty() {
            return Ok(());
        }
        let mut lines = String::new();
        for event in page {
            lines += &serde_json::to_string(&AuditEvent::from(event))?;
            lines.push('\n');
        }
        print(&lines)?;
    }
}
