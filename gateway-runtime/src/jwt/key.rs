//! `JwtKey`: one key as the user gives it, and what is made of it at start.
//!
//! It must never know which token a key is used for.

use std::fmt;

use jsonwebtoken::errors::Result as LibraryResult;
use jsonwebtoken::jwk::{AlgorithmParameters, JwkSet, PublicKeyUse};
use jsonwebtoken::{DecodingKey, EncodingKey, crypto};

use super::algorithm::{JwtAlgorithm, KeyKind};
use super::error::JwtError;

/// The object identifiers of the curves, as they stand in a private key.
const P256_OID: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384_OID: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];

/// Secrets below this length are warned about: RFC 7518 (section 3.2) asks for as many bytes as the hash has.
const RECOMMENDED_SECRET_BYTES: usize = 32;

/// A key to sign or verify tokens with, its algorithm, and its `kid` if there are several.
///
/// ```
/// # use gateway_runtime::{JwtAlgorithm, JwtKey};
/// let secret = JwtKey::secret("32 or more bytes from a secret store");
/// let current = secret.algorithm(JwtAlgorithm::HS512).key_id("2026-10");
/// ```
#[derive(Clone)]
pub struct JwtKey {
    material: Material,
    algorithm: Option<JwtAlgorithm>,
    kid: Option<String>,
}

#[derive(Clone)]
enum Material {
    Secret(Vec<u8>),
    Public(Vec<u8>),
    Private(Vec<u8>),
    Pair {
        private: Vec<u8>,
        public: Vec<u8>,
    },
    /// A public key of a JSON Web Key Set.
    Jwk(DecodingKey),
}

impl JwtKey {
    fn of(material: Material) -> Self {
        Self { material, algorithm: None, kid: None }
    }

    /// A secret that signs and verifies (HMAC).
    pub fn secret(secret: impl AsRef<[u8]>) -> Self {
        Self::of(Material::Secret(secret.as_ref().to_vec()))
    }

    /// A public key that verifies: RSA, P-256, P-384 or Ed25519, as PEM (`PUBLIC KEY` or a certificate).
    pub fn public_key(pem: impl AsRef<[u8]>) -> Self {
        Self::of(Material::Public(pem.as_ref().to_vec()))
    }

    /// A private key that signs, as PEM (PKCS#8: `PRIVATE KEY`). It verifies nothing: see
    /// [`key_pair`](Self::key_pair).
    pub fn private_key(pem: impl AsRef<[u8]>) -> Self {
        Self::of(Material::Private(pem.as_ref().to_vec()))
    }

    /// A private key that signs and its public key that verifies, both as PEM.
    pub fn key_pair(private_pem: impl AsRef<[u8]>, public_pem: impl AsRef<[u8]>) -> Self {
        let (private, public) = (private_pem.as_ref().to_vec(), public_pem.as_ref().to_vec());
        Self::of(Material::Pair { private, public })
    }

    /// The keys of a JSON Web Key Set (RFC 7517), what identity providers publish as `jwks.json`: those that
    /// signatures are verified with. Symmetric keys and keys of other kinds are left out.
    ///
    /// # Errors
    /// [`JwtError::KeySet`]: it is no such document, or nothing in it can be used.
    pub fn from_jwk_set(json: impl AsRef<[u8]>) -> Result<Vec<Self>, JwtError> {
        let set: JwkSet =
            serde_json::from_slice(json.as_ref()).map_err(|error| JwtError::KeySet(Some(error.into())))?;
        let keys = set.keys.iter().filter_map(|jwk| {
            let for_signatures =
                jwk.common.public_key_use.as_ref().is_none_or(|it| *it == PublicKeyUse::Signature);
            let public = !matches!(jwk.algorithm, AlgorithmParameters::OctetKey(_));
            let key = Some(jwk).filter(|_| for_signatures && public).map(DecodingKey::from_jwk)?.ok()?;
            let algorithm = jwk.common.key_algorithm.map(|name| name.to_string());
            let mut key = Self::of(Material::Jwk(key));
            key.algorithm = algorithm.as_deref().and_then(named);
            key.kid.clone_from(&jwk.common.key_id);
            // A key for an algorithm that is not served is no key for us.
            (algorithm.is_none() || key.algorithm.is_some()).then_some(key)
        });
        let keys: Vec<_> = keys.collect();
        if keys.is_empty() { Err(JwtError::KeySet(None)) } else { Ok(keys) }
    }

    /// The key's one algorithm. Without it: HS256, RS256, or what the curve says.
    #[must_use]
    pub fn algorithm(mut self, algorithm: JwtAlgorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    /// The `kid` that tokens of this key have in their header.
    #[must_use]
    pub fn key_id(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    /// Reads the key. `allowed` and `preferred` choose its algorithms if it has none of its own.
    pub(super) fn prepare(
        self,
        allowed: &[JwtAlgorithm],
        preferred: Option<JwtAlgorithm>,
    ) -> Result<ReadyKey, JwtError> {
        let name = self.name();
        let (kind, signing, verifying) = match self.material {
            Material::Secret(secret) => {
                check_secret(&secret)?;
                let keys = (EncodingKey::from_secret(&secret), DecodingKey::from_secret(&secret));
                (KeyKind::Secret, Some(keys.0), Some(keys.1))
            }
            Material::Public(pem) => {
                let (kind, key) = read_public(&pem)?;
                (kind, None, Some(key))
            }
            Material::Private(pem) => {
                let (kind, key) = read_private(&pem)?;
                (kind, Some(key), None)
            }
            Material::Pair { private, public } => {
                let (private, public) = (read_private(&private)?, read_public(&public)?);
                if private.0 != public.0 {
                    let problem = "it is of another kind than the private key";
                    return Err(JwtError::Key { key: "public key", problem });
                }
                (private.0, Some(private.1), Some(public.1))
            }
            Material::Jwk(key) => (kind_of_public(&key)?, None, Some(key)),
        };
        let algorithms = match self.algorithm {
            Some(algorithm) => vec![algorithm],
            None => choose(kind, allowed, preferred),
        };
        if algorithms.is_empty() || algorithms.iter().any(|algorithm| !algorithm.fits(kind)) {
            let wanted = if algorithms.is_empty() { allowed } else { &algorithms };
            let names: Vec<_> = wanted.iter().map(ToString::to_string).collect();
            return Err(JwtError::KeyAlgorithm { key: name, algorithms: names.join(", ") });
        }
        let key = ReadyKey { kid: self.kid, algorithms, signing, verifying };
        key.prove(name)?;
        Ok(key)
    }

    fn name(&self) -> &'static str {
        match self.material {
            Material::Secret(_) => "secret",
            Material::Public(_) | Material::Jwk(_) => "public key",
            Material::Private(_) | Material::Pair { .. } => "private key",
        }
    }
}

impl fmt::Debug for JwtKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("JwtKey");
        debug.field("kind", &self.name()).field("algorithm", &self.algorithm).field("kid", &self.kid).finish()
    }
}

/// A key that can be used.
pub(super) struct ReadyKey {
    pub(super) kid: Option<String>,
    /// Never empty; the first one signs.
    pub(super) algorithms: Vec<JwtAlgorithm>,
    pub(super) signing: Option<EncodingKey>,
    pub(super) verifying: Option<DecodingKey>,
}

impl ReadyKey {
    /// The algorithm that it signs with.
    pub(super) fn signs_with(&self) -> JwtAlgorithm {
        self.algorithms.first().copied().unwrap_or(JwtAlgorithm::HS256)
    }

    /// Signs once, so that a key that cannot is an error of the start and not of the first login.
    fn prove(&self, name: &'static str) -> Result<(), JwtError> {
        const MESSAGE: &[u8] = b"proof";
        let Some(signing) = &self.signing else { return Ok(()) };
        let algorithm = self.signs_with().to_library();
        let signature = crypto::sign(MESSAGE, signing, algorithm)
            .map_err(|_| JwtError::Key { key: name, problem: "it does not sign: is it complete?" })?;
        let Some(verifying) = &self.verifying else { return Ok(()) };
        match crypto::verify(&signature, MESSAGE, verifying, algorithm) {
            Ok(true) => Ok(()),
            _ => Err(JwtError::Key { key: "public key", problem: "it does not belong to the private key" }),
        }
    }
}

fn named(name: &str) -> Option<JwtAlgorithm> {
    use JwtAlgorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    [RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA]
        .into_iter()
        .find(|it| it.to_string() == name)
}

/// The algorithms of a key that names none: the preferred one signs.
fn choose(kind: KeyKind, allowed: &[JwtAlgorithm], preferred: Option<JwtAlgorithm>) -> Vec<JwtAlgorithm> {
    let preferred = preferred.filter(|algorithm| algorithm.fits(kind));
    if allowed.is_empty() {
        return vec![preferred.unwrap_or_else(|| kind.default_algorithm())];
    }
    let mut chosen: Vec<_> = allowed.iter().copied().filter(|algorithm| algorithm.fits(kind)).collect();
    chosen.sort_by_key(|algorithm| Some(*algorithm) != preferred);
    chosen
}

fn check_secret(secret: &[u8]) -> Result<(), JwtError> {
    if secret.is_empty() {
        return Err(JwtError::Key { key: "secret", problem: "it is empty" });
    }
    if secret.trim_ascii_start().starts_with(b"-----BEGIN") {
        let problem = "it is a PEM document: use `public_key` or `private_key`";
        return Err(JwtError::Key { key: "secret", problem });
    }
    if secret.len() < RECOMMENDED_SECRET_BYTES {
        tracing::warn!("the JWT secret has less than {RECOMMENDED_SECRET_BYTES} bytes: it can be guessed");
    }
    Ok(())
}

fn read_public(pem: &[u8]) -> Result<(KeyKind, DecodingKey), JwtError> {
    if contains(pem, b"PRIVATE KEY-----") {
        let problem = "it is a private key: use `private_key`, or derive the public one from it";
        return Err(JwtError::Key { key: "public key", problem });
    }
    let readers: [fn(&[u8]) -> LibraryResult<DecodingKey>; 3] =
        [DecodingKey::from_rsa_pem, DecodingKey::from_ec_pem, DecodingKey::from_ed_pem];
    let key = readers.iter().find_map(|read| read(pem).ok());
    let problem = "it is no PEM document with an RSA, P-256, P-384 or Ed25519 key";
    let key = key.ok_or(JwtError::Key { key: "public key", problem })?;
    Ok((kind_of_public(&key)?, key))
}

fn kind_of_public(key: &DecodingKey) -> Result<KeyKind, JwtError> {
    use jsonwebtoken::AlgorithmFamily as Family;
    // A point on a curve: one byte, then two coordinates.
    let length = key.try_get_as_bytes().map(<[u8]>::len).unwrap_or_default();
    match (key.family(), length) {
        (Family::Rsa, _) => Ok(KeyKind::Rsa),
        (Family::Ec, 65) => Ok(KeyKind::P256),
        (Family::Ec, 97) => Ok(KeyKind::P384),
        (Family::Ed, 32) => Ok(KeyKind::Ed25519),
        _ => {
            Err(JwtError::Key { key: "public key", problem: "its curve is none of P-256, P-384 and Ed25519" })
        }
    }
}

fn read_private(pem: &[u8]) -> Result<(KeyKind, EncodingKey), JwtError> {
    let wrong = |problem| JwtError::Key { key: "private key", problem };
    if contains(pem, b"BEGIN EC PRIVATE KEY") || contains(pem, b"BEGIN ENCRYPTED PRIVATE KEY") {
        return Err(wrong("convert it to unencrypted PKCS#8: `openssl pkcs8 -topk8 -nocrypt`"));
    }
    if !contains(pem, b"PRIVATE KEY-----") {
        return Err(wrong("it is no PEM document with a private key"));
    }
    if let Ok(key) = EncodingKey::from_rsa_pem(pem) {
        return Ok((KeyKind::Rsa, key));
    }
    if let Ok(key) = EncodingKey::from_ed_pem(pem) {
        return Ok((KeyKind::Ed25519, key));
    }
    let key =
        EncodingKey::from_ec_pem(pem).map_err(|_| wrong("it is no RSA, P-256, P-384 or Ed25519 key"))?;
    match (contains(key.as_bytes(), P256_OID), contains(key.as_bytes(), P384_OID)) {
        (true, _) => Ok((KeyKind::P256, key)),
        (_, true) => Ok((KeyKind::P384, key)),
        _ => Err(wrong("its curve is none of P-256, P-384 and Ed25519")),
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
