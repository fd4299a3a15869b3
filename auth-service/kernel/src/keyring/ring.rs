//! The keys in memory: opened, parsed and ready, as one immutable value that is swapped whole.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use jsonwebtoken::{Algorithm, Header};
use shared_claims::{Jwk, JwkError, JwkSet, KeySet, VerifyingKey};
use std::collections::BTreeSet;
use std::iter::zip;
use std::time::Duration;

use super::lifecycle::{self, Times};
use super::plan::{Plan, name};
use super::seal::{Label, Sealer};
use super::signer::Signer;
use super::store::{self, Row};
use super::{KeysError, Purpose};
use crate::clock::Instant;
use crate::config::TokenType;

/// Every key that the service uses.
pub struct Ring {
    signing: Vec<SigningKey>,
    /// The algorithm that signs access tokens.
    preferred: &'static str,
    refresh: MacKeys,
    verifying: KeySet,
    jwks: Jwks,
}

/// The published key set (RFC 7517 §5).
#[derive(Clone)]
pub struct Jwks {
    /// The document. Clones share it.
    pub body: Bytes,
    /// Its `ETag`: it changes with the document.
    pub etag: String,
    /// The algorithms of its keys, each once.
    pub algorithms: Vec<&'static str>,
    /// Changes with the document, too.
    generation: u64,
}

/// A key that may sign access tokens.
pub struct SigningKey {
    /// The key's identifier.
    pub kid: String,
    /// The encoded JOSE header of every access token that it signs.
    pub header: String,
    times: Times,
    stops_at: Option<Instant>,
    signer: Signer,
}

impl SigningKey {
    /// The signature of `message`, in the form that a JWS carries.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.signer.sign(message)
    }
}

impl Ring {
    pub(super) fn open(
        sealer: &Sealer,
        rows: &[Row],
        plan: &Plan,
        now: Instant,
    ) -> Result<Self, KeysError> {
        let published = |purpose| {
            let rows = store::of(rows, purpose);
            let stops = lifecycle::stops(&rows.iter().map(Row::times).collect::<Vec<_>>());
            let states = plan.states(&rows, now);
            let alive = zip(zip(rows, stops), states).filter(|(_, state)| state.is_published());
            alive.map(|(row, _)| row).collect::<Vec<_>>()
        };
        let signing = published(Purpose::Signing);
        let jwks: Vec<Jwk> = signing
            .iter()
            .map(|(row, _)| public(row))
            .collect::<Result<_, _>>()?;
        let open = |(row, stops_at): &_| SigningKey::open(sealer, row, *stops_at, plan.typ);
        Ok(Self {
            signing: signing.iter().map(open).collect::<Result<_, _>>()?,
            preferred: name(&plan.preferred()),
            refresh: MacKeys::open(sealer, &published(Purpose::Refresh))?,
            verifying: verifying(&jwks)?,
            jwks: Jwks::of(jwks),
        })
    }

    /// The key that signs access tokens now: of the preferred algorithm, or of another while that
    /// has none that signs.
    ///
    /// # Errors
    /// [`KeysError::NoActiveKey`]
    pub fn active(&self, now: Instant) -> Result<&SigningKey, KeysError> {
        let any = || newest(self.signing.iter(), now);
        // Where none does yet, the first that waits, as `lifecycle::states` has it.
        let waiting = || self.signing.iter().filter(|key| key.times.active_at > now);
        let first = || waiting().min_by_key(|key| key.times.slot);
        self.signing(self.preferred, now)
            .or_else(any)
            .or_else(first)
            .ok_or(KeysError::NoActiveKey)
    }

    /// The key that signs now with this JWS algorithm; nothing where none does.
    pub fn signing(&self, alg: &str, now: Instant) -> Option<&SigningKey> {
        newest(self.signing.iter().filter(|key| key.times.alg == alg), now)
    }

    /// When the key that signs access tokens now began to, and when the next one takes over: one
    /// that waits, or else the one that is due after `interval`; nothing while none signs.
    pub(super) fn turns(&self, now: Instant, interval: Duration) -> Option<(Instant, Instant)> {
        let active = &self.active(now).ok()?.times;
        let own = self
            .signing
            .iter()
            .filter(|key| key.times.alg == active.alg);
        let starts = own.map(|key| key.times.active_at);
        let since = active.active_at;
        let next = starts.filter(|at| *at > now.max(since)).min();
        Some((since, next.unwrap_or(since.plus(interval))))
    }

    /// The published keys, for verifying, and a number that changes when they do.
    pub fn verifying(&self) -> (&KeySet, u64) {
        (&self.verifying, self.jwks.generation)
    }

    /// The keys of the refresh token's MAC.
    pub fn refresh(&self) -> &MacKeys {
        &self.refresh
    }

    /// The published key set.
    pub fn jwks(&self) -> &Jwks {
        &self.jwks
    }
}

impl SigningKey {
    fn open(
        sealer: &Sealer,
        row: &Row,
        stops_at: Option<Instant>,
        typ: TokenType,
    ) -> Result<Self, KeysError> {
        let pkcs8 = open(sealer, row, Purpose::Signing)?;
        let signer = Signer::parse(&row.alg, &pkcs8).map_err(|why| row.broken(why))?;
        let alg: Algorithm = row
            .alg
            .parse()
            .map_err(|_| row.broken("unknown algorithm"))?;
        Ok(Self {
            kid: row.kid.clone(),
            header: header(alg, &row.kid, typ),
            times: row.times(),
            stops_at,
            signer,
        })
    }
}

/// RFC 9068 §2.1: an access token says that it is one, unless the settings have it say less.
fn header(alg: Algorithm, kid: &str, typ: TokenType) -> String {
    let mut header = Header::new(alg);
    header.typ = Some(typ.name().into());
    header.kid = Some(kid.to_owned());
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).expect("a header is plain JSON"))
}

/// The newest key that signs.
fn newest<'a>(keys: impl Iterator<Item = &'a SigningKey>, now: Instant) -> Option<&'a SigningKey> {
    let goes_on = |key: &&SigningKey| key.stops_at.is_none_or(|at| now < at);
    keys.filter(|key| key.times.active_at <= now)
        .filter(goes_on)
        .max_by_key(|key| key.times.slot)
}

/// The keys of the refresh token's MAC.
pub struct MacKeys(Vec<MacKey>);

struct MacKey {
    kid: String,
    active_at: Instant,
    key: hmac::Key,
}

impl MacKeys {
    fn open(sealer: &Sealer, rows: &[(Row, Option<Instant>)]) -> Result<Self, KeysError> {
        let key = |(row, _): &(Row, _)| {
            let secret = open(sealer, row, Purpose::Refresh)?;
            Ok(MacKey {
                kid: row.kid.clone(),
                active_at: row.active_at,
                key: hmac::Key::new(hmac::HMAC_SHA256, &secret),
            })
        };
        rows.iter().map(key).collect::<Result<_, _>>().map(Self)
    }

    /// The key that makes refresh tokens now.
    ///
    /// # Errors
    /// [`KeysError::NoActiveKey`]
    pub fn active(&self, now: Instant) -> Result<&hmac::Key, KeysError> {
        let started = self.0.iter().rfind(|key| key.active_at <= now);
        let key = started.or(self.0.first()).ok_or(KeysError::NoActiveKey)?;
        Ok(&key.key)
    }

    /// Every key that may have made a refresh token that still counts, by its identifier.
    pub fn all(&self) -> impl Iterator<Item = (&str, &hmac::Key)> {
        self.0.iter().map(|key| (&*key.kid, &key.key))
    }
}

fn open(
    sealer: &Sealer,
    row: &Row,
    purpose: Purpose,
) -> Result<zeroize::Zeroizing<Vec<u8>>, KeysError> {
    let label = Label {
        kid: &row.kid,
        alg: &row.alg,
        purpose: purpose.as_str(),
    };
    sealer
        .open(&label, &row.sealed)
        .map_err(|why| row.broken(why))
}

/// The public half, read as strictly as a verifier does. It is not sealed, but `kid` is, and is its
/// thumbprint: whoever can write to the database can't have a key of their own published.
fn public(row: &Row) -> Result<Jwk, KeysError> {
    let json = row.public_jwk.as_ref().map(|json| json.0.to_string());
    let jwk = Jwk::from_json(json.unwrap_or_default().as_bytes());
    let jwk = jwk.map_err(|why| row.broken(why))?;
    if jwk.kid() != row.kid || jwk.thumbprint() != row.kid {
        return Err(row.broken("its public half does not belong to it"));
    }
    Ok(jwk)
}

fn verifying(jwks: &[Jwk]) -> Result<KeySet, KeysError> {
    let broken = |kid: &str, error: JwkError| KeysError::Broken {
        kid: kid.to_owned(),
        why: error.to_string(),
    };
    let keys: Vec<VerifyingKey> = jwks
        .iter()
        .map(|jwk| VerifyingKey::new(jwk).map_err(|error| broken(jwk.kid(), error)))
        .collect::<Result<_, _>>()?;
    KeySet::new(keys).map_err(|error| broken("", error))
}

impl Jwks {
    fn of(keys: Vec<Jwk>) -> Self {
        let algorithms = keys.iter().map(|key| key.algorithm().name());
        let algorithms: BTreeSet<_> = algorithms.collect();
        let set = JwkSet { keys };
        let body = serde_json::to_string(&set).expect("a key set is plain JSON");
        let hash = digest(&SHA256, body.as_bytes());
        let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash.as_ref()[..12]));
        let generation = hash.as_ref()[..8].iter();
        let generation = generation.fold(0, |number, byte| number << 8 | u64::from(*byte));
        Self {
            body: body.into(),
            etag,
            algorithms: algorithms.into_iter().collect(),
            generation,
        }
    }
}
