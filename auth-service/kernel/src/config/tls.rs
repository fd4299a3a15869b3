//! TLS on our own listeners: `tls`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Settings;
use super::check::Findings;

/// `tls`
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// PEM file of the certificate: the service's own first, those of its issuers after it. None:
    /// the listeners are plain, for an ingress that does TLS. A new one is taken up by itself.
    #[schema(value_type = Option<String>, example = "/run/secrets/tls/tls.crt")]
    pub certificate: Option<PathBuf>,
    /// PEM file of its private key, which nobody else may read.
    #[schema(value_type = Option<String>, example = "/run/secrets/tls/tls.key")]
    pub key: Option<PathBuf>,
    /// Whether the internal listener speaks TLS too, with the same certificate.
    pub internal: bool,
}

/// What the files hold is for the room `tls` to judge.
pub(super) fn check(settings: &Settings, found: &mut Findings) {
    let Tls {
        certificate,
        key,
        internal,
    } = &settings.tls;
    found.expect(
        certificate.is_some() || key.is_none(),
        "tls.certificate",
        "must be set where `tls.key` is",
    );
    found.expect(
        key.is_some() || certificate.is_none(),
        "tls.key",
        "must be set where `tls.certificate` is",
    );
    found.expect(
        certificate.is_some() || !internal,
        "tls.internal",
        "must be false without `tls.certificate` and `tls.key`",
    );
}
