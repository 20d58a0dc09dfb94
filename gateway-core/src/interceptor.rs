//! Interceptors: what runs around a handler.

use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::StreamExt;

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
    fn intercept_boxed<'a>(
        &'a self,
        context: &'a ExecutionContext,
        next: Next<'a>,
    ) -> BoxFuture<'a, ReplyResult<'a>>;
}

#[diagnostic::do_not_recommend]
impl<I: Interceptor> DynInterceptor for I {
    fn intercept_boxed<'a>(
        &'a self,
        context: &'a ExecutionContext,
        next: Next<'a>,
    ) -> BoxFuture<'a, ReplyResult<'a>> {
        catch_panics(async move { self.intercept(context, next).await }).boxed()
    }
}

/// Makes a panic an error like any other, so that the interceptors around it see it: one of the work
/// itself, or of the stream that it replies with.
pub async fn catch_panics<'a>(work: impl Future<Output = ReplyResult<'a>> + Send) -> ReplyResult<'a> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(Ok(Reply::Stream(items))) => {
            let items = AssertUnwindSafe(items).catch_unwind();
            Ok(Reply::stream(items.map(|item| item.unwrap_or_else(|panic| Err(HandlerError::panic(panic))))))
        }
        Ok(result) => result,
        Err(panic) => Err(HandlerError::panic(panic)),
    }
}

/// Calls the handler with its pipes. It catches panics ([`catch_panics`]).
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exception::UNKNOWN_EXCEPTION_MESSAGE;
    use futures_util::stream;

    /// Panics in its first steps, which are no future yet.
    struct Panicking;

    impl Interceptor for Panicking {
        fn intercept<'a>(
            &'a self,
            _: &'a ExecutionContext,
            _: Next<'a>,
        ) -> impl Future<Output = ReplyResult<'a>> + Send {
            panic!("boom");
            #[expect(unreachable_code, reason = "says what the function returns")]
            std::future::ready(Ok(Reply::nothing()))
        }
    }

    /// Answers with the error that it sees.
    struct Seeing;

    impl Interceptor for Seeing {
        async fn intercept<'a>(&'a self, _: &'a ExecutionContext, next: Next<'a>) -> ReplyResult<'a> {
            match next.handle().await {
                Ok(reply) => Ok(reply),
                Err(error) => Reply::value(&error.into_exception().0.message()),
            }
        }
    }

    #[tokio::test]
    async fn a_panic_is_an_error_to_the_interceptors_around_it() {
        let context = ExecutionContext::detached(crate::Socket::detached("c1"), "e", &1);
        let interceptors: [Arc<dyn DynInterceptor>; 2] = [Arc::new(Seeing), Arc::new(Panicking)];
        let handler = || futures_util::future::ready(Ok(Reply::nothing())).boxed();
        let reply = Next::new(&context, &interceptors, &handler).handle().await.unwrap();
        assert_eq!(reply.decode::<String>().unwrap().unwrap(), UNKNOWN_EXCEPTION_MESSAGE);
    }

    #[tokio::test]
    async fn a_stream_that_panics_ends_with_an_error() {
        let items =
            stream::iter([1, 2]).map(|item| if item == 1 { Reply::value(&item) } else { panic!("boom") });
        let reply = catch_panics(async { Ok(Reply::stream(items)) }).await.unwrap();
        let Reply::Stream(items) = reply else { panic!("no stream") };
        let ended: Vec<_> = items.map(|item| item.is_ok()).collect().await;
        assert_eq!(ended, [true, false]);
    }
}
