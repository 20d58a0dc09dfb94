//! Interceptors: what runs around a handler.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};

use crate::exception::HandlerError;
use crate::execution_context::ExecutionContext;
use crate::reply::Reply;

/// What a handler, or an interceptor around it, replied.
pub type ReplyResult<'a> = Result<Reply<'a>, HandlerError>;

/// Runs around a handler (NestJS's `NestInterceptor`): may change what it replied, measure it, repeat it,
/// or answer in its place.
///
/// ```
/// use gateway_core::{ExecutionContext, Interceptor, Next, ReplyResult};
///
/// struct TransformInterceptor;
///
/// impl Interceptor for TransformInterceptor {
///     async fn intercept<'a>(&'a self, _: &'a ExecutionContext, next: Next<'a>) -> ReplyResult<'a> {
///         let reply = next.handle().await?;
///         Ok(reply.map(|value: serde_json::Value| serde_json::json!({ "data": value })))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no interceptor",
    label = "implement `Interceptor` for it",
    note = "`#[use_interceptors]` takes types and values that implement `Interceptor`"
)]
pub trait Interceptor: Send + Sync + 'static {
    /// Runs around the handler. What it does not pass to `next.handle()`, the handler never sees.
    ///
    /// # Errors
    /// What the filters receive, and then the client as `exception`.
    fn intercept<'a>(
        &'a self,
        context: &'a ExecutionContext,
        next: Next<'a>,
    ) -> impl Future<Output = ReplyResult<'a>> + Send;
}

/// An interceptor of any type.
pub trait DynInterceptor: Send + Sync + 'static {
    /// [`Interceptor::intercept`], boxed.
    fn intercept_boxed<'a>(&'a self, context: &'a ExecutionContext, next: Next<'a>) -> BoxFuture<'a, ReplyResult<'a>>;
}

#[diagnostic::do_not_recommend]
impl<I: Interceptor> DynInterceptor for I {
    fn intercept_boxed<'a>(&'a self, context: &'a ExecutionContext, next: Next<'a>) -> BoxFuture<'a, ReplyResult<'a>> {
        self.intercept(context, next).boxed()
    }
}

/// Calls the handler with its pipes.
pub type HandlerCall<'a> = &'a (dyn Fn() -> BoxFuture<'a, ReplyResult<'a>> + Send + Sync);

/// What is inside an interceptor: the next one, or the handler (NestJS's `CallHandler`).
///
/// It is `Copy`: an interceptor that repeats calls [`handle`](Self::handle) again.
#[derive(Clone, Copy)]
pub struct Next<'a> {
    context: &'a ExecutionContext,
    rest: &'a [Arc<dyn DynInterceptor>],
    handler: HandlerCall<'a>,
}

impl<'a> Next<'a> {
    /// The chain of `interceptors` around `handler`.
    pub fn new(
        context: &'a ExecutionContext,
        interceptors: &'a [Arc<dyn DynInterceptor>],
        handler: HandlerCall<'a>,
    ) -> Self {
        Self { context, rest: interceptors, handler }
    }

    /// Runs what is inside.
    pub fn handle(self) -> BoxFuture<'a, ReplyResult<'a>> {
        match self.rest {
            [] => (self.handler)(),
            [first, rest @ ..] => first.intercept_boxed(self.context, Next { rest, ..self }),
        }
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("interceptors", &self.rest.len()).finish_non_exhaustive()
    }
}
