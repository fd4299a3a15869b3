//! The keys of an issuer, by name.

use std::collections::{HashMap, hash_map::Entry};

use serde_json::Value;

use super::{Jwk, JwkError, VerifyingKey};

/// Keys by `kid`, which is an opaque map key and nothing more (RFC 7515 §4.1.4).
#[derive(Clone, Debug, Default)]
pub struct KeySet(HashMap<String, VerifyingKey>);

impl KeySet {
    /// A set of these keys; refused if two bear one `kid` (RFC 7517 §4.5).
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Result<Self, JwkError> {
        let mut set = HashMap::new();
        for key in keys {
            match set.entry(key.kid().to_owned()) {
                Entry::Vacant(free) => free.insert(key),
                Entry::Occupied(_) => return Err(JwkError::DuplicateKid),
            };
        }
        Ok(Self(set))
    }

    /// Loads a JWK Set (RFC 7517 §5).
    ///
    /// A key of an algorithm that we do not use is skipped, as that section asks, so that an
    /// issuer can add one. A key that is malformed, mislabelled, weak or secret condemns the
    /// whole set: an issuer that publishes one is not to be trusted with the others. So does a
    /// set without a usable key, which would only replace keys that work.
    pub fn from_json(json: &[u8]) -> Result<Self, JwkError> {
        let set = crate::json::object(json)?;
        let keys = set.get("keys").and_then(Value::as_array);
        let mut loaded = Vec::new();
        for jwk in keys.ok_or(JwkError::Malformed)? {
            match Jwk::from_members(jwk.as_object().ok_or(JwkError::Malformed)?) {
                Ok(jwk) => loaded.push(VerifyingKey::new(&jwk)?),
                Err(JwkError::AlgorithmNotAllowed) => {}
                Err(refused) => return Err(refused),
            }
        }
        if loaded.is_empty() {
            return Err(JwkError::NoUsableKey);
        }
        Self::new(loaded)
    }

    /// The key of this name.
    pub fn get(&self, kid: &str) -> Option<&VerifyingKey> {
        self.0.get(kid)
    }

    /// The names, in no order.
    pub fn kids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none, and so nothing verifies.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
