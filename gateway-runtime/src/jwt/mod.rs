//! JSON Web Tokens: signing and verifying them, and letting only clients with a valid one in.
//!
//! [`JwtService`] mirrors `@nestjs/jwt`, on the crate `jsonwebtoken`; [`WsJwtGuard`] is the guard that every NestJS
//! project with a gateway writes for itself. Neither knows a protocol: a guard sees a handshake and a socket.
//! A token itself is never kept and never logged.

mod algorithm;
mod current_user;
mod error;
mod guard;
mod key;
mod keyring;
mod options;
mod service;
mod session;
mod source;
#[cfg(test)]
mod tests;

pub use algorithm::JwtAlgorithm;
pub use current_user::CurrentUser;
pub use error::{JwtError, WsJwtError};
pub use guard::{DEFAULT_DATA_KEY, WsJwtGuard};
pub use key::JwtKey;
pub use options::{DEFAULT_MAX_TOKEN_BYTES, JwtOptions, JwtSignOptions, JwtVerifyOptions, MAX_LEEWAY};
pub use service::JwtService;
pub use source::TokenSource;

use gateway_core::container::ContainerBuilder;
use serde::de::DeserializeOwned;

/// Provides the service and the guard. A mistake in the options is an error of the start.
pub(crate) fn provide<C>(container: ContainerBuilder, options: JwtOptions) -> ContainerBuilder
where
    C: DeserializeOwned + Clone + Send + Sync + 'static,
{
    container.provide_factory(move |_| Ok(JwtService::new(options.clone())?)).provide_factory(|resolver| {
        let service = resolver.resolve::<JwtService>()?;
        Ok(WsJwtGuard::<C>::new(JwtService::clone(&service)))
    })
}
