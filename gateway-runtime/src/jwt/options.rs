//! What `JwtService` is made of: the options of NestJS's `JwtModule`.

use std::time::Duration;

use super::algorithm::JwtAlgorithm;
use super::error::JwtError;
use super::key::JwtKey;

/// Tokens that are longer are refused unread, unless
/// [`max_token_bytes`](JwtVerifyOptions::max_token_bytes) says otherwise.
pub const DEFAULT_MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The most [`leeway`](JwtVerifyOptions::leeway) that is accepted: a day.
pub const MAX_LEEWAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Keys and rules (NestJS's `JwtModuleOptions`).
///
/// ```
/// # use std::time::Duration;
/// # use gateway_runtime::{JwtOptions, JwtSignOptions};
/// let options = JwtOptions::new()
///     .secret("32 or more bytes from a secret store")
///     .sign_options(JwtSignOptions::new().expires_in(Duration::from_secs(3600)).audience("chat"));
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "make a `JwtService` of it"]
pub struct JwtOptions {
    pub(super) keys: Vec<JwtKey>,
    pub(super) private_key: Option<Vec<u8>>,
    pub(super) public_key: Option<Vec<u8>>,
    pub(super) sign: JwtSignOptions,
    pub(super) verify: JwtVerifyOptions,
}

impl JwtOptions {
    /// Without a key, which a service needs.
    pub fn new() -> Self {
        Self::default()
    }

    /// The secret that signs and verifies.
    pub fn secret(self, secret: impl AsRef<[u8]>) -> Self {
        self.key(JwtKey::secret(secret))
    }

    /// The private key that signs, as PEM.
    pub fn private_key(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.private_key = Some(pem.as_ref().to_vec());
        self
    }

    /// The public key that verifies, as PEM.
    pub fn public_key(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.public_key = Some(pem.as_ref().to_vec());
        self
    }

    /// Adds a key with an algorithm or a `kid` of its own. The first one that can sign signs, all others
    /// verify: to change keys, put the new one in front of the old one until the last old token has expired.
    pub fn key(mut self, key: JwtKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Adds several keys, such as those of [`JwtKey::from_jwk_set`].
    pub fn keys(mut self, keys: impl IntoIterator<Item = JwtKey>) -> Self {
        self.keys.extend(keys);
        self
    }

    /// What signed tokens say.
    pub fn sign_options(mut self, options: JwtSignOptions) -> Self {
        self.sign = options;
        self
    }

    /// What tokens must be.
    pub fn verify_options(mut self, options: JwtVerifyOptions) -> Self {
        self.verify = options;
        self
    }

    /// All keys, `private_key` and `public_key` in front.
    pub(super) fn take_keys(&mut self) -> Vec<JwtKey> {
        let main = match (self.private_key.take(), self.public_key.take()) {
            (Some(private), Some(public)) => Some(JwtKey::key_pair(private, public)),
            (Some(private), None) => Some(JwtKey::private_key(private)),
            (None, Some(public)) => Some(JwtKey::public_key(public)),
            (None, None) => None,
        };
        main.into_iter().chain(self.keys.drain(..)).collect()
    }
}

/// What a signed token says besides the claims. A claim that is set already stays as it is.
#[derive(Clone, Debug, Default)]
#[must_use = "give it to `JwtOptions::sign_options` or `JwtService::sign_with`"]
pub struct JwtSignOptions {
    pub(super) expires_in: Option<Duration>,
    pub(super) not_before: Option<Duration>,
    pub(super) audience: Vec<String>,
    pub(super) issuer: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) algorithm: Option<JwtAlgorithm>,
    pub(super) key_id: Option<String>,
}

impl JwtSignOptions {
    /// Nothing but the claims and `iat`.
    pub fn new() -> Self {
        Self::default()
    }

    /// `exp`: for how long the token is valid, in whole seconds.
    pub fn expires_in(mut self, time: Duration) -> Self {
        self.expires_in = Some(time);
        self
    }

    /// `nbf`: how long from now the token becomes valid, in whole seconds.
    pub fn not_before(mut self, time: Duration) -> Self {
        self.not_before = Some(time);
        self
    }

    /// `aud`: adds one whom the token is for. Unless the verify options name an audience, `verify` expects
    /// this one.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience.push(audience.into());
        self
    }

    /// `iss`: who signs. Unless the verify options name an issuer, `verify` expects this one.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// `sub`: whom the token is about.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// The algorithm of keys that have none of their own. It is chosen when the service is made:
    /// [`sign_with`](super::JwtService::sign_with) leaves it out.
    pub fn algorithm(mut self, algorithm: JwtAlgorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    /// Signs with the key that has this `kid`, not with the first one.
    pub fn key_id(mut self, kid: impl Into<String>) -> Self {
        self.key_id = Some(kid.into());
        self
    }

    /// These, and for what they do not say, `base`.
    pub(super) fn or(&self, base: &Self) -> Self {
        Self {
            expires_in: self.expires_in.or(base.expires_in),
            not_before: self.not_before.or(base.not_before),
            audience: either(&self.audience, &base.audience),
            issuer: self.issuer.clone().or_else(|| base.issuer.clone()),
            subject: self.subject.clone().or_else(|| base.subject.clone()),
            algorithm: base.algorithm,
            key_id: self.key_id.clone().or_else(|| base.key_id.clone()),
        }
    }
}

/// What a token must be. `exp` is required and checked, `nbf` is checked if it is there.
#[derive(Clone, Debug, Default)]
#[must_use = "give it to `JwtOptions::verify_options` or `JwtService::verify_with`"]
pub struct JwtVerifyOptions {
    audience: Vec<String>,
    any_audience: Option<bool>,
    issuer: Vec<String>,
    subject: Option<String>,
    pub(super) algorithms: Vec<JwtAlgorithm>,
    leeway: Option<Duration>,
    ignore_expiration: Option<bool>,
    require_exp: Option<bool>,
    max_token_bytes: Option<usize>,
}

impl JwtVerifyOptions {
    /// `exp` and `nbf`, to the second.
    pub fn new() -> Self {
        Self::default()
    }

    /// `aud` must name this one, or another one that is added. A token with an `aud` that nobody expects is
    /// refused, as RFC 7519 demands (NestJS lets it pass: see [`any_audience`](Self::any_audience)).
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience.push(audience.into());
        self
    }

    /// Whether `aud` is not looked at.
    pub fn any_audience(mut self, any: bool) -> Self {
        self.any_audience = Some(any);
        self
    }

    /// `iss` must be this one, or another one that is added.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer.push(issuer.into());
        self
    }

    /// `sub` must be this one.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// The algorithms that are accepted, of those that fit the key. Given to
    /// [`verify_with`](super::JwtService::verify_with) it narrows the service's list.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = JwtAlgorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// How far clocks may differ (`clockTolerance`): `exp` and `nbf` are stretched by it. The default is
    /// none, the maximum [`MAX_LEEWAY`].
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = Some(leeway);
        self
    }

    /// Whether tokens are valid after `exp`.
    pub fn ignore_expiration(mut self, ignore: bool) -> Self {
        self.ignore_expiration = Some(ignore);
        self
    }

    /// Whether a token must have `exp`: yes, unless this says no.
    pub fn require_exp(mut self, required: bool) -> Self {
        self.require_exp = Some(required);
        self
    }

    /// The longest token that is read: [`DEFAULT_MAX_TOKEN_BYTES`] unless this says otherwise.
    pub fn max_token_bytes(mut self, bytes: usize) -> Self {
        self.max_token_bytes = Some(bytes);
        self
    }

    /// These, and for what they do not say, `base`.
    pub(super) fn or(&self, base: &Self) -> Self {
        Self {
            audience: either(&self.audience, &base.audience),
            any_audience: self.any_audience.or(base.any_audience),
            issuer: either(&self.issuer, &base.issuer),
            subject: self.subject.clone().or_else(|| base.subject.clone()),
            algorithms: either(&self.algorithms, &base.algorithms),
            leeway: self.leeway.or(base.leeway),
            ignore_expiration: self.ignore_expiration.or(base.ignore_expiration),
            require_exp: self.require_exp.or(base.require_exp),
            max_token_bytes: self.max_token_bytes.or(base.max_token_bytes),
        }
    }

    /// These, with the audience and the issuer that are signed if none are expected.
    pub(super) fn expecting(mut self, signed: &JwtSignOptions) -> Self {
        if self.audience.is_empty() {
            self.audience.clone_from(&signed.audience);
        }
        if self.issuer.is_empty() {
            self.issuer.extend(signed.issuer.clone());
        }
        self
    }

    pub(super) fn requires_exp(&self) -> bool {
        self.require_exp.unwrap_or(true)
    }

    pub(super) fn ignores_expiration(&self) -> bool {
        self.ignore_expiration.unwrap_or(false)
    }

    pub(super) fn leeway_seconds(&self) -> u64 {
        self.leeway.unwrap_or_default().as_secs()
    }

    pub(super) fn token_limit(&self) -> usize {
        self.max_token_bytes.unwrap_or(DEFAULT_MAX_TOKEN_BYTES)
    }

    pub(super) fn accepts(&self, algorithm: JwtAlgorithm) -> bool {
        self.algorithms.is_empty() || self.algorithms.contains(&algorithm)
    }

    /// Refuses what makes no sense.
    pub(super) fn check(&self) -> Result<(), JwtError> {
        if self.leeway > Some(MAX_LEEWAY) { Err(JwtError::Leeway(MAX_LEEWAY.as_secs())) } else { Ok(()) }
    }

    /// The rules as the library takes them, for a key of these algorithms.
    pub(super) fn rules(&self, algorithms: &[JwtAlgorithm]) -> jsonwebtoken::Validation {
        let mut rules = jsonwebtoken::Validation {
            algorithms: algorithms.iter().map(|algorithm| algorithm.to_library()).collect(),
            leeway: self.leeway_seconds(),
            validate_exp: !self.ignores_expiration(),
            validate_nbf: true,
            validate_aud: !self.any_audience.unwrap_or(false),
            sub: self.subject.clone(),
            ..jsonwebtoken::Validation::default()
        };
        let mut required = Vec::new();
        if self.requires_exp() {
            required.push("exp");
        }
        if rules.validate_aud && !self.audience.is_empty() {
            rules.set_audience(&self.audience);
            required.push("aud");
        }
        if !self.issuer.is_empty() {
            rules.set_issuer(&self.issuer);
            required.push("iss");
        }
        if self.subject.is_some() {
            required.push("sub");
        }
        rules.set_required_spec_claims(&required);
        rules
    }
}

fn either<T: Clone>(first: &[T], second: &[T]) -> Vec<T> {
    if first.is_empty() { second.to_vec() } else { first.to_vec() }
}
