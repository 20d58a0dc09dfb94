//! All keys of a service: which one signs, and which ones may have signed a token.

use std::collections::HashSet;

use super::algorithm::JwtAlgorithm;
use super::error::JwtError;
use super::key::{JwtKey, ReadyKey};

/// The keys, in the order in which they were given.
pub(super) struct Keyring(Vec<ReadyKey>);

impl Keyring {
    pub(super) fn new(
        keys: impl IntoIterator<Item = JwtKey>,
        allowed: &[JwtAlgorithm],
        preferred: Option<JwtAlgorithm>,
    ) -> Result<Self, JwtError> {
        let keys: Result<Vec<_>, _> = keys.into_iter().map(|key| key.prepare(allowed, preferred)).collect();
        let keys = keys?;
        if keys.is_empty() {
            return Err(JwtError::NoKey);
        }
        let mut seen = HashSet::new();
        // A private and a public key may share a `kid`: they are one key in two parts.
        for kid in keys.iter().filter(|key| key.verifying.is_some()).filter_map(|key| key.kid.as_ref()) {
            if !seen.insert(kid) {
                return Err(JwtError::DuplicateKeyId(kid.clone()));
            }
        }
        Ok(Self(keys))
    }

    /// The first key that can sign, or the one with that `kid`.
    pub(super) fn signing(&self, kid: Option<&str>) -> Option<&ReadyKey> {
        let mut able = self.0.iter().filter(|key| key.signing.is_some());
        able.find(|key| kid.is_none() || key.kid.as_deref() == kid)
    }

    /// The keys that a token with this `kid` may be signed with. Without `kid`s of our own, that of a token
    /// means nothing; with them, a token that names none can only be of a key that has none.
    pub(super) fn candidates<'a>(&'a self, kid: Option<&'a str>) -> impl Iterator<Item = &'a ReadyKey> {
        let named = self.0.iter().any(|key| key.kid.is_some());
        let verifying = self.0.iter().filter(|key| key.verifying.is_some());
        verifying.filter(move |key| !named || key.kid.as_deref() == kid)
    }
}
