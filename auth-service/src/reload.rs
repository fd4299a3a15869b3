//! Settings that change while the service runs, at SIGHUP: few, and each whole or not at all.
//!
//! What was read is judged like at a start. If anything of it can't be used, nothing changes. What
//! can't change in a running service is named in the log, with the reason, and waits for the next
//! start.

use std::sync::Arc;

use kernel::clock::Clock;
use kernel::config::{ConfigError, Problem, Settings};

use crate::logs;
use crate::tls::{Endpoint, Files, TlsError};

/// When a changed setting counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// At SIGHUP.
    Live,
    /// At the next start, for this reason.
    Restart(&'static str),
}

use Effect::{Live, Restart};

const EACH_REQUEST: &str = "requests under way would be judged by two rules";
const CONNECTED: &str = "connections stand";
const AGREED: &str = "replicas and verifiers agree on it: roll it out";

/// Every setting by its name or its section; a name is stronger.
pub const EFFECTS: [(&str, Effect); 25] = [
    ("log.filter", Live),
    ("tls.certificate", Live),
    ("tls.key", Live),
    ("mode", Restart("all settings are judged by it")),
    ("issuer", Restart(AGREED)),
    ("listen", Restart("the address is bound")),
    ("internal_listen", Restart("the address is bound")),
    ("data_dir", Restart("files in it are open")),
    ("database", Restart(CONNECTED)),
    ("redis", Restart(CONNECTED)),
    ("tokens", Restart(AGREED)),
    ("refresh", Restart(AGREED)),
    ("keys", Restart(AGREED)),
    ("revocation", Restart(AGREED)),
    (
        "passwords",
        Restart("hashing threads and their memory are made"),
    ),
    ("signup", Restart(EACH_REQUEST)),
    ("step_up", Restart(EACH_REQUEST)),
    ("forward_auth", Restart(EACH_REQUEST)),
    ("throttle", Restart(EACH_REQUEST)),
    ("limits", Restart(EACH_REQUEST)),
    ("housekeeping", Restart("a pass under way began by it")),
    ("http", Restart("threads are started")),
    ("tls", Restart("a listener speaks TLS or does not")),
    ("telemetry", Restart("the exporter runs")),
    ("log", Restart("who reads the log expects one form")),
];

/// When a change of this setting counts; nothing if there is no such setting.
pub fn effect(key: &str) -> Option<Effect> {
    let section = key.split('.').next().unwrap_or_default();
    [key, section]
        .iter()
        .find_map(|name| EFFECTS.iter().find(|(known, _)| known == name))
        .map(|(_, effect)| *effect)
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The file or the environment can't be read.
    #[error(transparent)]
    Unreadable(#[from] ConfigError),
    /// The settings are wrong or unsafe.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Settings(Vec<Problem>),
    /// The log's filter is none.
    #[error("{0}")]
    Filter(String),
    /// The certificate can't be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// What a reload came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Settings that count from now on.
    pub changed: Vec<String>,
    /// Settings that count at the next start, and why.
    pub waiting: Vec<(String, &'static str)>,
    /// Whether another certificate is shown.
    pub certificate: bool,
}

/// A running service's settings that can be read anew.
pub struct Reload {
    /// Those that count now.
    pub running: Settings,
    /// The log's filter.
    pub filter: logs::Filter,
    /// TLS, if it is ours to do.
    pub tls: Option<Arc<Endpoint>>,
    /// The time.
    pub clock: Clock,
}

impl Reload {
    /// Takes up what can be of `read`: all of that, or nothing.
    ///
    /// # Errors
    /// [`ReloadError`]
    pub fn take_up(
        &mut self,
        read: Result<Settings, ConfigError>,
    ) -> Result<Reloaded, ReloadError> {
        let new = read?;
        new.validate().map_err(ReloadError::Settings)?;
        let filter = logs::parse(&new.log).map_err(ReloadError::Filter)?;
        let certificate = match &self.tls {
            Some(tls) => Some((tls, tls.prepare(Files::of(&new.tls), self.clock.now())?)),
            None => None,
        };
        let mut reloaded = Reloaded::default();
        for key in self.running.differing(&new) {
            match self.effect(&key, &new) {
                Live => reloaded.changed.push(key),
                Restart(why) => reloaded.waiting.push((key, why)),
            }
        }
        self.filter.set(filter).map_err(ReloadError::Filter)?;
        self.running.log.filter = new.log.filter;
        if let Some((tls, next)) = certificate {
            reloaded.certificate = tls.show(next);
            if new.tls.certificate.is_some() {
                self.running.tls.certificate = new.tls.certificate;
                self.running.tls.key = new.tls.key;
            }
        }
        Ok(reloaded)
    }

    /// TLS itself can't be switched on or off in a listener that stands.
    fn effect(&self, key: &str, new: &Settings) -> Effect {
        let switched = self.tls.is_some() != new.tls.certificate.is_some();
        let key = match key.starts_with("tls.") && switched {
            true => "tls",
            false => key,
        };
        effect(key).unwrap_or(Restart(CONNECTED))
    }

    /// As [`take_up`](Self::take_up), and tells the log.
    pub fn take_up_and_tell(&mut self, read: Result<Settings, ConfigError>) {
        match self.take_up(read) {
            Err(error) => {
                tracing::error!(%error, "the settings can't be used: those before stay");
            }
            Ok(reloaded) => {
                for (setting, why) in &reloaded.waiting {
                    tracing::warn!(setting, why, "counts at the next start");
                }
                let Reloaded {
                    changed,
                    certificate,
                    ..
                } = reloaded;
                tracing::info!(?changed, certificate, "settings read anew");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::config::setting_names;

    #[test]
    fn it_is_known_of_every_setting_when_its_change_counts() {
        let names = setting_names();
        for name in &names {
            assert!(
                effect(name).is_some(),
                "add `{name}` or its section to EFFECTS"
            );
        }
        for (known, _) in EFFECTS {
            let is = |name: &String| name == known || name.starts_with(&format!("{known}."));
            assert!(
                names.iter().any(is),
                "EFFECTS names {known}, which is no setting"
            );
        }
    }

    #[test]
    fn operators_are_told_which_settings_change_in_a_running_service() {
        let told = include_str!("../../docs/OPERATIONS.md");
        for (key, effect) in EFFECTS {
            if effect == Live {
                assert!(told.contains(&format!("`{key}`")), "OPERATIONS.md: {key}");
            }
        }
    }
}
