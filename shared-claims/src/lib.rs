#![forbid(unsafe_code)]
//! What a service needs to trust the access tokens of `auth-service`: their claims, the keys that
//! sign them, a strict verifier and a mirror of what was revoked. All of it is pure: the time is
//! given, and nothing is fetched.
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

pub mod claims;
mod json;
pub mod jwk;
pub mod revocation;
pub mod token;

pub use claims::{Audience, Claims, RESERVED};
pub use jwk::{Algorithm, Jwk, JwkError, JwkSet, KeySet, VerifyingKey};
pub use revocation::{Entry, Kind, Mirror, Snapshot, Verdict};
pub use token::{Policy, Rejection, verify, verify_jws, verify_with_key};
