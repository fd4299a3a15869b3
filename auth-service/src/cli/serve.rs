//! `auth-service serve`

use tokio::signal::unix::{SignalKind, signal};

use kernel::clock::Clock;
use kernel::config::{ConfigError, Settings};
use kernel::entropy::Entropy;
use kernel::telemetry::Traces;

use super::Failure;
use crate::app::{self, App};
use crate::logs;
use crate::reload::Reload;

/// Serves until it is told to stop. At SIGHUP it reads its settings anew.
pub(super) async fn run(
    settings: Settings,
    read: impl Fn() -> Result<Settings, ConfigError> + Send + 'static,
) -> Result<(), Failure> {
    // From the start: unheard, it would end the process.
    let mut hangup = signal(SignalKind::hangup())?;
    let traces = Traces::start(&settings.telemetry)?;
    let log = logs::start(&settings.log, settings.mode, traces.as_ref())?;
    let app = app::build(settings, Clock::system(), Entropy::system()).await?;
    welcome(&app);
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
    let mut reload = Reload {
        running: app.ctx().settings.clone(),
        filter: log.filter,
        tls: app.tls(),
        clock: app.ctx().clock.clone(),
    };
    let reloading = tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            reload.take_up_and_tell(read());
        }
    });
    let served = app.run(stop).await;
    reloading.abort();
    served?;
    tracing::info!("stopped");
    if let Some(traces) = traces {
        traces.stop();
    }
    Ok(())
}

fn welcome(app: &App) {
    let (ctx, public, internal) = (app.ctx(), app.public_addr(), app.internal_addr());
    tracing::info!(%public, %internal, issuer = ctx.settings.issuer, "serving");
    if logs::is_json(&ctx.settings.log, ctx.settings.mode) {
        return;
    }
    logs::say(&format!(
        r#"
  listening   {scheme}://{public} (internal: {internal_scheme}://{internal})
  issuer      {issuer}
  docs        {scheme}://{public}/docs

  curl -s {scheme}://{public}/v1/signup -H 'content-type: application/json' -d '{{"email":"ada@example.org","password":"a lovelace of engines"}}'
  curl -s {scheme}://{public}/v1/login -H 'content-type: application/json' -d '{{"email":"ada@example.org","password":"a lovelace of engines"}}'
  curl -s {scheme}://{public}/.well-known/jwks.json

"#,
        issuer = ctx.settings.issuer,
        scheme = scheme(app.tls().is_some()),
        internal_scheme = scheme(ctx.settings.tls.internal),
    ));
}

fn scheme(tls: bool) -> &'static str {
    if tls { "https" } else { "http" }
}
