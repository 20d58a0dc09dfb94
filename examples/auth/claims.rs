//! `Claims`: what a token of this app says about its user.
//!
//! It must never know how a token is signed or where it comes from.

use gateway_runtime::prelude::*;
use serde::{Deserialize, Serialize};

/// What is signed when a user logs in. `iat` and `exp` are the `JwtService`'s business.
#[derive(Debug, Serialize)]
pub(crate) struct NewClaims<'a> {
    pub(crate) sub: &'a str,
    pub(crate) role: &'a str,
}

/// What a verified token says: the type that `WsJwtGuard` and `CurrentUser` are for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Claims {
    /// The user's id.
    pub(crate) sub: String,
    pub(crate) role: String,
    /// When the token expires, in seconds since 1970.
    pub(crate) exp: u64,
}

impl Claims {
    /// The claims of a client that the guard has let in.
    pub(crate) fn of(client: &Socket) -> Option<Self> {
        client.extensions().get::<Self>().cloned()
    }

    #[cfg(test)]
    pub(crate) fn for_test(sub: &str, role: &str) -> Self {
        Self { sub: sub.to_owned(), role: role.to_owned(), exp: 4_000_000_000 }
    }
}
