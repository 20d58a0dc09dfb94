//! `JwtService`: signs tokens, and says whether a token is valid.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Header, crypto::rust_crypto, dangerous};
use parking_lot::RwLock;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::error::JwtError;
use super::key::JwtKey;
use super::keyring::Keyring;
use super::options::{JwtOptions, JwtSignOptions, JwtVerifyOptions};

/// Signs and verifies tokens (the `JwtService` of `@nestjs/jwt`). A clone shares the keys.
///
/// Provide it, and inject it where logins are answered:
/// `GatewayApp::builder().provide(JwtService::new(options)?)`, `#[inject] jwt: Arc<JwtService>`.
///
/// ```
/// use std::time::Duration;
/// use gateway_runtime::{JwtError, JwtOptions, JwtService, JwtSignOptions};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Claims {
///     sub: String,
///     roles: Vec<String>,
/// }
///
/// # fn main() -> Result<(), JwtError> {
/// let hour = JwtSignOptions::new().expires_in(Duration::from_secs(3600));
/// let jwt = JwtService::new(JwtOptions::new().secret("32 or more bytes from a secret store").sign_options(hour))?;
/// let token = jwt.sign(&Claims { sub: "ann".into(), roles: vec!["admin".into()] })?;
/// let claims: Claims = jwt.verify(&token)?;
/// assert_eq!(claims.sub, "ann");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct JwtService(Arc<Inner>);

struct Inner {
    keys: RwLock<Arc<Keyring>>,
    sign: JwtSignOptions,
    verify: JwtVerifyOptions,
}

/// The claims of a valid token.
pub(super) struct Verified {
    pub(super) claims: Value,
    /// From when on it is refused, in seconds since 1970, leeway included; `None` is never.
    pub(super) valid_until: Option<u64>,
}

impl JwtService {
    /// A service with these keys and rules. Each key that signs is tried once.
    ///
    /// # Errors
    /// There is no key, one cannot be read or does not fit its algorithm, or the leeway is too long.
    pub fn new(mut options: JwtOptions) -> Result<Self, JwtError> {
        // The library can be built with several backends and wants to be told which one. It is asked once for a
        // process: where the application chose before, its choice stands.
        let _ = rust_crypto::DEFAULT_PROVIDER.install_default();
        let verify = std::mem::take(&mut options.verify).expecting(&options.sign);
        verify.check()?;
        let keys = Keyring::new(options.take_keys(), &verify.algorithms, options.sign.algorithm)?;
        Ok(Self(Arc::new(Inner { keys: RwLock::new(Arc::new(keys)), sign: options.sign, verify })))
    }

    /// Puts other keys in the place of all, for all clones: what a task calls that reads a provider's key set
    /// from time to time.
    ///
    /// # Errors
    /// As [`new`](Self::new); the keys stay as they were then.
    pub fn set_keys(&self, keys: impl IntoIterator<Item = JwtKey>) -> Result<(), JwtError> {
        let keys = Keyring::new(keys, &self.0.verify.algorithms, self.0.sign.algorithm)?;
        *self.0.keys.write() = Arc::new(keys);
        Ok(())
    }

    fn keys(&self) -> Arc<Keyring> {
        self.0.keys.read().clone()
    }

    /// Signs claims: a struct or a map. `iat` is added, and what the sign options say; a claim that is set (and
    /// not null) stays as it is.
    ///
    /// # Errors
    /// No key can sign, the claims are no object, or they have no `exp` while `verify` requires one.
    pub fn sign<C: Serialize + ?Sized>(&self, claims: &C) -> Result<String, JwtError> {
        self.sign_with(claims, &JwtSignOptions::default())
    }

    /// [`sign`](Self::sign) with options of its own; what they do not say is taken from the service's.
    ///
    /// # Errors
    /// See [`sign`](Self::sign).
    pub fn sign_with<C: Serialize + ?Sized>(
        &self,
        claims: &C,
        options: &JwtSignOptions,
    ) -> Result<String, JwtError> {
        let options = options.or(&self.0.sign);
        let claims = match serde_json::to_value(claims) {
            Ok(Value::Object(claims)) => self.complete(claims, &options)?,
            Ok(_) => return Err(JwtError::Claims(None)),
            Err(error) => return Err(JwtError::Claims(Some(error))),
        };
        let keys = self.keys();
        let key = keys.signing(options.key_id.as_deref()).ok_or(JwtError::NoSigningKey)?;
        let signing = key.signing.as_ref().ok_or(JwtError::NoSigningKey)?;
        let mut header = Header::new(key.signs_with().to_library());
        header.kid.clone_from(&key.kid);
        jsonwebtoken::encode(&header, &claims, signing).map_err(|error| JwtError::Sign(error.into()))
    }

    fn complete(
        &self,
        mut claims: Map<String, Value>,
        options: &JwtSignOptions,
    ) -> Result<Map<String, Value>, JwtError> {
        // An `Option` that is `None` is no claim.
        claims.retain(|_, value| !value.is_null());
        let now = since_1970().as_secs();
        let mut add = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                claims.entry(name).or_insert(value);
            }
        };
        add("iat", Some(now.into()));
        add("exp", options.expires_in.map(|time| now.saturating_add(time.as_secs()).into()));
        add("nbf", options.not_before.map(|time| now.saturating_add(time.as_secs()).into()));
        add("iss", options.issuer.clone().map(Value::String));
        add("sub", options.subject.clone().map(Value::String));
        add(
            "aud",
            match options.audience.as_slice() {
                [] => None,
                [one] => Some(one.clone().into()),
                several => Some(json!(several)),
            },
        );
        if self.0.verify.requires_exp() && !claims.contains_key("exp") {
            return Err(JwtError::NoExpiry);
        }
        Ok(claims)
    }

    /// The claims of a token, if it is valid.
    ///
    /// # Errors
    /// Why it is not; or the claims are not what `C` expects.
    pub fn verify<C: DeserializeOwned>(&self, token: &str) -> Result<C, JwtError> {
        claims_as(self.check(token, &self.0.verify)?.claims)
    }

    /// [`verify`](Self::verify) with rules of its own; what they do not say is taken from the service's.
    ///
    /// # Errors
    /// See [`verify`](Self::verify).
    pub fn verify_with<C: DeserializeOwned>(
        &self,
        token: &str,
        options: &JwtVerifyOptions,
    ) -> Result<C, JwtError> {
        options.check()?;
        claims_as(self.check(token, &options.or(&self.0.verify))?.claims)
    }

    /// [`verify`](Self::verify), with all claims and the end of their time.
    pub(super) fn verified(&self, token: &str) -> Result<Verified, JwtError> {
        self.check(token, &self.0.verify)
    }

    fn check(&self, token: &str, options: &JwtVerifyOptions) -> Result<Verified, JwtError> {
        let limit = options.token_limit();
        if token.len() > limit {
            return Err(JwtError::TooLong(limit));
        }
        let header = jsonwebtoken::decode_header(token).map_err(|error| JwtError::refused(&error))?;
        if header.crit.is_some() {
            return Err(JwtError::Critical);
        }
        let keys = self.keys();
        let mut refusal = JwtError::UnknownKey;
        for key in keys.candidates(header.kid.as_deref()) {
            let accepted: Vec<_> = key.algorithms.iter().copied().filter(|it| options.accepts(*it)).collect();
            let Some(verifying) = key.verifying.as_ref() else { continue };
            if !accepted.iter().any(|algorithm| algorithm.to_library() == header.alg) {
                refusal = JwtError::Algorithm;
                continue;
            }
            match jsonwebtoken::decode::<Value>(token, verifying, &options.rules(&accepted)) {
                Ok(token) => return Ok(verified(token.claims, options)),
                Err(error) => refusal = JwtError::refused(&error),
            }
            // With the right signature it is this key's token, whatever else is wrong.
            if !matches!(refusal, JwtError::Signature) {
                break;
            }
        }
        Err(refusal)
    }

    /// What a token says, valid or not: nothing is checked, so never decide anything by it.
    ///
    /// # Errors
    /// It is too long, no token, or its claims are not what `C` expects.
    pub fn decode<C: DeserializeOwned>(&self, token: &str) -> Result<C, JwtError> {
        let limit = self.0.verify.token_limit();
        if token.len() > limit {
            return Err(JwtError::TooLong(limit));
        }
        let claims = dangerous::insecure_decode_claims(token).map_err(|error| JwtError::refused(&error))?;
        claims_as(claims)
    }

    /// Whether the other one is a clone of this one.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for JwtService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtService")
            .field("sign", &self.0.sign)
            .field("verify", &self.0.verify)
            .finish_non_exhaustive()
    }
}

pub(super) fn claims_as<C: DeserializeOwned>(claims: Value) -> Result<C, JwtError> {
    C::deserialize(claims).map_err(JwtError::ClaimsType)
}

fn verified(claims: Value, options: &JwtVerifyOptions) -> Verified {
    let exp = claims.get("exp").filter(|_| !options.ignores_expiration()).and_then(seconds);
    // The last second is valid, as the library counts.
    let valid_until = exp.map(|exp| exp.saturating_add(options.leeway_seconds()).saturating_add(1));
    Verified { claims, valid_until }
}

/// A `NumericDate`, which may have a fraction: rounded up, since what was just found valid must not be over.
fn seconds(date: &Value) -> Option<u64> {
    date.as_u64().or_else(|| {
        let date = date.as_f64().filter(|date| date.is_finite() && *date >= 0.0)?;
        Duration::try_from_secs_f64(date.ceil()).ok().map(|date| date.as_secs())
    })
}

pub(super) fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
