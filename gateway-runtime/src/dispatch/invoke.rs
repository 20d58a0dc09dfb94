//! Calling one handler with one message. Panics stay here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use futures_util::future::{BoxFuture, FutureExt};
use gateway_core::container::Instance;
use gateway_core::registry::Invoke;
use gateway_core::{ExecutionContext, HandlerError, Outcome, ReplyResult};

use tracing::Instrument;

use super::deliver::{self, Rest};
use super::handler::Handler;
use super::{fail, pipeline, watch};
use crate::client::Task;

/// Calls a handler. A handler that is done at once has replied when this returns; what is left to
/// do goes to `run`.
pub(crate) fn invoke(handler: &Arc<Handler>, context: ExecutionContext, run: &mut dyn FnMut(Task)) {
    if handler.descriptor.spawn {
        return run(spawned(handler.clone(), context));
    }
    if !handler.bare {
        return run(Box::pin(pipeline::run(handler.clone(), context)));
    }
    match handler.descriptor.invoke {
        Invoke::Owned(function) => {
            let started = watch::now();
            let outcome = catch_unwind(AssertUnwindSafe(|| function(&handler.instance, &context)));
            let held = watch::check(started, handler);
            match outcome {
                Ok(Outcome::Ready(result)) => {
                    handler.metrics.ended(held, &result);
                    if let Rest::Stream(stream) = deliver::deliver(handler, &context, result) {
                        run(deliver::drive_owned(handler.clone(), context, stream));
                    }
                }
                Ok(Outcome::Pending(future)) => run(finish_owned(handler.clone(), context, future, started)),
                Err(panic) => {
                    let error = HandlerError::panic(panic);
                    handler.metrics.failed(held);
                    fail::by_default(error, &context);
                }
            }
        }
        Invoke::Borrowed(function) => run(Box::pin(run_borrowed(handler.clone(), context, function))),
    }
}

/// A handler as a task of its own, on whichever thread is free. The connection counts it among its
/// running handlers; when the client goes it runs on.
fn spawned(handler: Arc<Handler>, context: ExecutionContext) -> Task {
    Box::pin(async move {
        let task = tokio::spawn(pipeline::run(handler, context).in_current_span());
        if let Err(error) = task.await {
            tracing::error!(%error, "a spawned handler did not end by itself");
        }
    })
}

/// A future that borrows nothing.
fn finish_owned(
    handler: Arc<Handler>,
    context: ExecutionContext,
    future: BoxFuture<'static, ReplyResult<'static>>,
    started: Instant,
) -> Task {
    Box::pin(async move {
        let result = guarded(&handler, future).await;
        handler.metrics.ended(started.elapsed(), &result);
        if let Rest::Stream(stream) = deliver::deliver(&handler, &context, result) {
            deliver::drive(&handler, &context, stream).await;
        }
    })
}

/// A handler whose future or stream borrows the gateway and the message: all three live in this
/// future.
async fn run_borrowed(
    handler: Arc<Handler>,
    context: ExecutionContext,
    function: for<'a> fn(&'a Instance, &'a ExecutionContext) -> Outcome<'a>,
) {
    let work = async {
        match function(&handler.instance, &context) {
            Outcome::Ready(result) => result,
            Outcome::Pending(future) => future.await,
        }
    };
    let started = watch::now();
    let result = guarded(&handler, work).await;
    handler.metrics.ended(started.elapsed(), &result);
    if let Rest::Stream(stream) = deliver::deliver(&handler, &context, result) {
        deliver::drive(&handler, &context, stream).await;
    }
}

/// Runs a handler's future; a panic becomes its error.
pub(crate) async fn guarded<'a>(
    handler: &Handler,
    work: impl Future<Output = ReplyResult<'a>> + Send,
) -> ReplyResult<'a> {
    match watch::watched(handler, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(result) => result,
        Err(panic) => Err(HandlerError::panic(panic)),
    }
}
