//! What goes wrong with keys and tokens. No text in here repeats anything of a token or a key.

use std::error::Error;

use gateway_core::WsException;
use jsonwebtoken::errors::{Error as LibraryError, ErrorKind};
use serde_json::json;

type Source = Box<dyn Error + Send + Sync>;

/// Why a service could not be made, or a token not be signed or verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JwtError {
    /// The options hold no key.
    #[error("there is no key: call `secret`, `private_key`, `public_key` or `key` of `JwtOptions`")]
    NoKey,
    /// A key is empty, or not what it was said to be.
    #[error("the {key} cannot be used: {problem}")]
    Key {
        /// Which one: `secret`, `public key`, `private key`.
        key: &'static str,
        /// What is wrong, and what to do.
        problem: &'static str,
    },
    /// An algorithm was chosen that the key is not for.
    #[error("the {key} is not for {algorithms}: choose an algorithm that fits, or another key")]
    KeyAlgorithm {
        /// Which key.
        key: &'static str,
        /// The algorithms that were asked for.
        algorithms: String,
    },
    /// Two keys have the same `kid`.
    #[error("two keys have the same `kid` {0:?}: give each one its own")]
    DuplicateKeyId(String),
    /// A document of keys could not be read.
    #[error("this is no JSON Web Key Set, or one without any key that signatures can be verified with")]
    KeySet(#[source] Option<Source>),
    /// More leeway than [`MAX_LEEWAY`](super::MAX_LEEWAY).
    #[error("the leeway is over {0} seconds, which makes `exp` meaningless")]
    Leeway(u64),
    /// A token was to be signed without a key that can.
    #[error("no key can sign: give `JwtOptions` a `secret` or a `private_key`")]
    NoSigningKey,
    /// The claims to sign are no JSON object.
    #[error("only a struct or a map can be the claims of a token")]
    Claims(#[source] Option<serde_json::Error>),
    /// The claims to sign have no `exp`, which `verify` requires.
    #[error("a token without `exp` would be refused: set `expires_in`, or `exp` in the claims")]
    NoExpiry,
    /// Signing failed.
    #[error("the token was not signed")]
    Sign(#[source] Source),

    /// The token is longer than `max_token_bytes`.
    #[error("the token is over `max_token_bytes` = {0}")]
    TooLong(usize),
    /// It is no JSON Web Token, or its algorithm is unknown, which `none` is.
    #[error("the token is malformed")]
    Malformed,
    /// Its header asks for an extension (`crit`).
    #[error("the token's header has `crit`, and no extension is supported")]
    Critical,
    /// No key has its `kid`.
    #[error("no key has the token's `kid`")]
    UnknownKey,
    /// It is signed with another algorithm than its key is for.
    #[error("the token's algorithm is not one that its key is for")]
    Algorithm,
    /// The signature is not of that key, or the token was changed.
    #[error("the token's signature is wrong")]
    Signature,
    /// `exp` is past.
    #[error("the token has expired")]
    Expired,
    /// `nbf` is to come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// A claim that must be there is not.
    #[error("the token has no `{0}`, which is required")]
    MissingClaim(&'static str),
    /// A registered claim is of the wrong type.
    #[error("a registered claim of the token is of the wrong type")]
    ClaimFormat,
    /// `aud` names others, or nobody expects an `aud` (RFC 7519, section 4.1.3).
    #[error("the token is for another audience")]
    Audience,
    /// `iss` is somebody else.
    #[error("the token is of another issuer")]
    Issuer,
    /// `sub` is somebody else.
    #[error("the token is about another subject")]
    Subject,
    /// The claims are not what the type expects.
    #[error("the token's claims do not fit the type that was asked for")]
    ClaimsType(#[source] serde_json::Error),
}

impl JwtError {
    /// Why the library refused a token.
    pub(super) fn refused(error: &LibraryError) -> Self {
        match error.kind() {
            ErrorKind::ExpiredSignature => Self::Expired,
            ErrorKind::ImmatureSignature => Self::NotYetValid,
            ErrorKind::InvalidSignature => Self::Signature,
            ErrorKind::InvalidAlgorithm => Self::Algorithm,
            ErrorKind::InvalidAudience => Self::Audience,
            ErrorKind::InvalidIssuer => Self::Issuer,
            ErrorKind::InvalidSubject => Self::Subject,
            ErrorKind::InvalidClaimFormat(_) => Self::ClaimFormat,
            ErrorKind::MissingRequiredClaim(claim) => Self::MissingClaim(match claim.as_str() {
                "aud" => "aud",
                "iss" => "iss",
                "sub" => "sub",
                "nbf" => "nbf",
                _ => "exp",
            }),
            _ => Self::Malformed,
        }
    }
}

/// What a client learns when [`WsJwtGuard`](super::WsJwtGuard) refuses it: `{"code": …, "message": …}`.
///
/// It is the payload of `exception`; on the connection `connect_error` has the message, and both in `data`. The
/// reason that a token is invalid for (a wrong signature, another audience) is in the log, at level debug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WsJwtError {
    /// `MISSING_TOKEN`: the handshake has none.
    #[error("Token is missing")]
    MissingToken,
    /// `EXPIRED_TOKEN`: it was valid once. The client should get a new one and try again.
    #[error("Token has expired")]
    ExpiredToken,
    /// `INVALID_TOKEN`: anything else. The client should log in again.
    #[error("Token is invalid")]
    InvalidToken,
}

impl WsJwtError {
    /// The `code` that the client receives.
    pub fn code(self) -> &'static str {
        match self {
            Self::MissingToken => "MISSING_TOKEN",
            Self::ExpiredToken => "EXPIRED_TOKEN",
            Self::InvalidToken => "INVALID_TOKEN",
        }
    }
}

impl From<&JwtError> for WsJwtError {
    fn from(error: &JwtError) -> Self {
        match error {
            JwtError::Expired => Self::ExpiredToken,
            _ => Self::InvalidToken,
        }
    }
}

impl From<WsJwtError> for WsException {
    fn from(error: WsJwtError) -> Self {
        Self::from_value(json!({ "code": error.code(), "message": error.to_string() }))
    }
}
