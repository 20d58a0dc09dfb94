//! Guards: who may call a handler, or connect.

use std::future::Future;

use futures_util::future::{BoxFuture, FutureExt};

use crate::exception::HandlerError;
use crate::execution_context::ExecutionContext;

/// The message of the exception when a guard says no.
pub const FORBIDDEN_MESSAGE: &str = "Forbidden resource";

/// What a guard decides: `Ok(false)` is the exception `Forbidden resource`, an error is the exception that it
/// is (`Err(WsException::new("…"))?`).
pub type GuardResult = Result<bool, HandlerError>;

/// Decides whether a message may reach its handler (NestJS's `CanActivate`), or, with
/// `#[use_guards(A, on = "connection")]`, whether a client may connect.
///
/// ```
/// use gateway_core::{CanActivate, ExecutionContext, GuardResult};
///
/// struct RolesGuard;
///
/// impl CanActivate for RolesGuard {
///     async fn can_activate(&self, context: &ExecutionContext) -> GuardResult {
///         let Some(allowed) = context.metadata::<Vec<String>>("roles") else { return Ok(true) };
///         let role = context.socket().data_value::<String>("role");
///         Ok(role.is_some_and(|role| allowed.contains(&role)))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no guard",
    label = "implement `CanActivate` for it",
    note = "`#[use_guards]` takes types and values that implement `CanActivate`"
)]
pub trait CanActivate: Send + Sync + 'static {
    /// Decides.
    ///
    /// # Errors
    /// What the client receives as `exception` (on the connection: as `connect_error`).
    fn can_activate(&self, context: &ExecutionContext) -> impl Future<Output = GuardResult> + Send;
}

/// A guard of any type.
pub trait DynCanActivate: Send + Sync + 'static {
    /// [`CanActivate::can_activate`], boxed.
    fn can_activate_boxed<'a>(&'a self, context: &'a ExecutionContext) -> BoxFuture<'a, GuardResult>;
}

#[diagnostic::do_not_recommend]
impl<G: CanActivate> DynCanActivate for G {
    fn can_activate_boxed<'a>(&'a self, context: &'a ExecutionContext) -> BoxFuture<'a, GuardResult> {
        self.can_activate(context).boxed()
    }
}
