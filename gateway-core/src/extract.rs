//! Parameters of one's own.

use crate::exception::HandlerError;
use crate::execution_context::ExecutionContext;

/// A parameter that is taken from the message: `#[extract] user: CurrentUser` (NestJS's
/// `createParamDecorator`).
///
/// ```
/// use gateway_core::{ExecutionContext, FromExecutionContext, HandlerError, WsException};
///
/// struct UserId(u64);
///
/// impl FromExecutionContext for UserId {
///     fn from_execution_context(context: &ExecutionContext) -> Result<Self, HandlerError> {
///         let id = context.socket().data_value("userId");
///         Ok(Self(id.ok_or_else(|| WsException::new("log in first"))?))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be taken from a message with `#[extract]`",
    label = "implement `FromExecutionContext` for it"
)]
pub trait FromExecutionContext: Sized {
    /// Takes the parameter.
    ///
    /// # Errors
    /// What the filters receive, and then the client as `exception`.
    fn from_execution_context(context: &ExecutionContext) -> Result<Self, HandlerError>;
}
