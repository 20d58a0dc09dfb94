//! `CurrentUser`: the claims of whoever sent a message, as a parameter.

use std::ops::Deref;

use gateway_core::{ExecutionContext, FromExecutionContext, HandlerError};

use super::error::WsJwtError;

/// The claims that [`WsJwtGuard<C>`](super::WsJwtGuard) accepted (the `@CurrentUser()` decorator that NestJS projects
/// write): `#[extract] CurrentUser(user): CurrentUser<Claims>`.
///
/// A client that no such guard has let in gets the exception `MISSING_TOKEN`.
///
/// ```
/// # use gateway_runtime::CurrentUser;
/// # #[derive(Clone)] struct Claims { sub: String }
/// fn whoami(user: &CurrentUser<Claims>) -> String {
///     user.sub.clone()
/// }
/// assert_eq!(whoami(&CurrentUser(Claims { sub: "ann".into() })), "ann");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentUser<C>(pub C);

impl<C> Deref for CurrentUser<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.0
    }
}

impl<C: Clone + Send + Sync + 'static> FromExecutionContext for CurrentUser<C> {
    fn from_execution_context(context: &ExecutionContext) -> Result<Self, HandlerError> {
        let claims = context.socket().extensions().get::<C>().cloned();
        claims.map(Self).ok_or_else(|| HandlerError::exception(WsJwtError::MissingToken))
    }
}
