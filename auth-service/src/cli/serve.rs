//! `auth-service serve`

use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, print};
use crate::app::{self, App};
use crate::clock::Clock;
use crate::config::Settings;
use crate::entropy::Entropy;
use crate::logs;
use crate::telemetry::Traces;

pub(super) async fn run(settings: Settings) -> Result<(), Failure> {
    let traces = Traces::start(&settings.telemetry)?;
    logs::start(&settings.log, settings.mode, traces.as_ref())?;
    let app = app::build(settings, Clock::system(), Entropy::system()).await?;
    welcome(&app)?;
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    app.run(stop).await?;
    tracing::info!("stopped");
    if let Some(traces) = traces {
        traces.stop();
    }
    Ok(())
}

fn welcome(app: &App) -> Result<(), Failure> {
    let (ctx, public, internal) = (app.ctx(), app.public_addr(), app.internal_addr());
    tracing::info!(%public, %internal, issuer = ctx.settings.issuer, "serving");
    match logs::is_json(&ctx.settings.log, ctx.settings.mode) {
        true => Ok(()),
        false => print(&format!(
            r#"
  listening   http://{public} (internal: http://{internal})
  issuer      {issuer}
  docs        http://{public}/docs

  curl -s http://{public}/v1/signup -H 'content-type: application/json' -d '{{"email":"ada@example.org","password":"a lovelace of engines"}}'
  curl -s http://{public}/v1/login -H 'content-type: application/json' -d '{{"email":"ada@example.org","password":"a lovelace of engines"}}'
  curl -s http://{public}/.well-known/jwks.json

"#,
            issuer = ctx.settings.issuer,
        )),
    }
}
