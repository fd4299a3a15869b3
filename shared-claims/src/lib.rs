#![forbid(unsafe_code)]
//! What a service needs to trust the access tokens of `auth-service`: a [`Verifier`] that keeps
//! itself up to date, a [`Guard`] that stands before routes, and under them a pure core.
//!
//! | feature | |
//! | --- | --- |
//! | `verifier`, on by default | [`Verifier`]: keys from the issuer, revocations from its feed, verified tokens kept |
//! | `redis` | [`Revocations::Redis`]: look revocations up there |
//! | `actix` | [`Guard`] as actix middleware, [`Authenticated`] as an extractor |
//! | `tower` | [`Guard`] as a tower layer, [`Authenticated`] as an axum extractor |
//!
//! Without any, there is the core: claims, keys, strict verification and a mirror of what was
//! revoked, where the time is given and nothing is fetched.
//!
//! ```
//! use shared_claims::{Claims, KeySet, Mirror, Policy, Rejection, Verdict, verify_with_key};
//!
//! /// Whether a request may go on. `now` is in seconds since the Unix epoch.
//! fn admit(
//!     token: &str, keys: &KeySet, policy: &Policy, mirror: &Mirror, now: i64,
//! ) -> Result<Option<Claims>, Rejection> {
//!     let (claims, key) = verify_with_key(token, keys, policy, now)?;
//!     let verdict = mirror.check_claims(&claims, key.kid());
//!     Ok((verdict == Verdict::Accepted).then_some(claims))
//! }
//!
//! // As fetched from the issuer's `/.well-known/jwks.json`.
//! let keys = KeySet::from_json(br#"{"keys":[{
//!     "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
//!     "kid": "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U",
//!     "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
//!     "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
//! }]}"#)?;
//! let policy = Policy::new("https://auth.example.com", ["api"]);
//!
//! let refused = admit("not.a.token", &keys, &policy, &Mirror::default(), 1_700_000_000);
//! let rejection = refused.unwrap_err();
//! assert_eq!(rejection.to_string(), "the token is not valid"); // for the client
//! assert_eq!(rejection.rule(), "encoding"); // for the log
//! # Ok::<(), shared_claims::JwkError>(())
//! ```

// Its examples are compiled with the tests.
#[cfg(all(doctest, feature = "actix", feature = "tower"))]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod claims;
mod credential;
#[cfg(feature = "verifier")]
mod feed;
#[cfg(any(feature = "actix", feature = "tower"))]
mod guard;
mod json;
pub mod jwk;
#[cfg(feature = "redis")]
mod redis;
pub mod revocation;
pub mod token;
#[cfg(feature = "verifier")]
mod verifier;

pub use claims::{Audience, Claims, RESERVED};
pub use credential::Credential;
pub use jwk::{Algorithm, Jwk, JwkError, JwkSet, KeySet, VerifyingKey};
pub use revocation::{Entry, Kind, Mirror, Snapshot, Told, Unknown, UnknownKinds, Verdict};
pub use token::{Policy, Rejection, TokenCache, Verified, verify, verify_jws, verify_with_key};

#[cfg(feature = "actix")]
pub use guard::ActixGuarded;
#[cfg(feature = "tower")]
pub use guard::TowerGuarded;
#[cfg(any(feature = "actix", feature = "tower"))]
pub use guard::{Authenticated, Guard};
#[cfg(feature = "verifier")]
pub use verifier::{BuildError, Builder, Clock, Freshness, Refusal, Revocations, Verifier};
