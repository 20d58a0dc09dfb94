//! The algorithms that tokens are signed with, and which keys they go with.

use std::fmt;

use jsonwebtoken::{Algorithm, AlgorithmFamily};

/// How a token is signed (RFC 7518, section 3.1; RFC 8037 for `EdDSA`).
///
/// The algorithm belongs to the key: what a token says about itself never chooses it. `none` does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256: the default for a secret.
    HS256,
    /// HMAC with SHA-384.
    HS384,
    /// HMAC with SHA-512.
    HS512,
    /// RSASSA-PKCS1-v1_5 with SHA-256: the default for an RSA key.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PSS with SHA-384.
    PS384,
    /// RSASSA-PSS with SHA-512.
    PS512,
    /// ECDSA on the curve P-256 with SHA-256: the only one for keys on that curve.
    ES256,
    /// ECDSA on the curve P-384 with SHA-384: the only one for keys on that curve.
    ES384,
    /// Ed25519: the only one for such a key.
    EdDSA,
}

impl JwtAlgorithm {
    pub(super) fn to_library(self) -> Algorithm {
        match self {
            Self::HS256 => Algorithm::HS256,
            Self::HS384 => Algorithm::HS384,
            Self::HS512 => Algorithm::HS512,
            Self::RS256 => Algorithm::RS256,
            Self::RS384 => Algorithm::RS384,
            Self::RS512 => Algorithm::RS512,
            Self::PS256 => Algorithm::PS256,
            Self::PS384 => Algorithm::PS384,
            Self::PS512 => Algorithm::PS512,
            Self::ES256 => Algorithm::ES256,
            Self::ES384 => Algorithm::ES384,
            Self::EdDSA => Algorithm::EdDSA,
        }
    }

    /// Whether keys of that kind can be used with it.
    pub(super) fn fits(self, kind: KeyKind) -> bool {
        match (self, kind) {
            (Self::ES256, KeyKind::P256) | (Self::ES384, KeyKind::P384) => true,
            (Self::ES256 | Self::ES384, _) | (_, KeyKind::P256 | KeyKind::P384) => false,
            _ => self.to_library().family() == kind.family(),
        }
    }
}

impl fmt::Display for JwtAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What a key is, found out from the key itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyKind {
    Secret,
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl KeyKind {
    /// The algorithm of a key for which none is named.
    pub(super) fn default_algorithm(self) -> JwtAlgorithm {
        match self {
            Self::Secret => JwtAlgorithm::HS256,
            Self::Rsa => JwtAlgorithm::RS256,
            Self::P256 => JwtAlgorithm::ES256,
            Self::P384 => JwtAlgorithm::ES384,
            Self::Ed25519 => JwtAlgorithm::EdDSA,
        }
    }

    fn family(self) -> AlgorithmFamily {
        match self {
            Self::Secret => AlgorithmFamily::Hmac,
            Self::Rsa => AlgorithmFamily::Rsa,
            Self::P256 | Self::P384 => AlgorithmFamily::Ec,
            Self::Ed25519 => AlgorithmFamily::Ed,
        }
    }
}
