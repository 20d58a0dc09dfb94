//! Calling one handler with one message. Panics stay here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};
use gateway_core::registry::Invoke;
use gateway_core::{Call, HandlerError, Outcome, Reply};

use super::deliver::{self, Rest};
use super::dispatcher::Handler;
use super::watch;
use crate::client::Task;

type HandlerResult<'a> = Result<Reply<'a>, HandlerError>;

/// Calls a handler. A handler that is done at once has replied when this returns; what is left to
/// do goes to `run`.
pub(crate) fn invoke(handler: &Arc<Handler>, call: Call, run: &mut dyn FnMut(Task)) {
    match handler.descriptor.invoke {
        Invoke::Owned(function) => {
            let started = watch::now();
            let outcome = catch_unwind(AssertUnwindSafe(|| function(&handler.instance, &call)));
            watch::check(started, handler);
            match outcome {
                Ok(Outcome::Ready(result)) => {
                    if let Rest::Stream(stream) = deliver::deliver(handler, &call, result) {
                        run(deliver::drive_owned(handler.clone(), call, stream));
                    }
                }
                Ok(Outcome::Pending(future)) => run(finish_owned(handler.clone(), call, future)),
                Err(panic) => deliver::fail(&call, HandlerError::panic(panic)),
            }
        }
        Invoke::Borrowed(function) => run(Box::pin(run_borrowed(handler.clone(), call, function))),
    }
}

/// A future that borrows nothing.
fn finish_owned(
    handler: Arc<Handler>,
    call: Call,
    future: BoxFuture<'static, HandlerResult<'static>>,
) -> Task {
    Box::pin(async move {
        let result = guarded(&handler, future).await;
        if let Rest::Stream(stream) = deliver::deliver(&handler, &call, result) {
            deliver::drive(&handler, &call, stream).await;
        }
    })
}

/// A handler whose future or stream borrows the gateway and the call: all three live in this future.
async fn run_borrowed(
    handler: Arc<Handler>,
    call: Call,
    function: for<'a> fn(&'a gateway_core::container::Instance, &'a Call) -> Outcome<'a>,
) {
    let work = async {
        match function(&handler.instance, &call) {
            Outcome::Ready(result) => result,
            Outcome::Pending(future) => future.await,
        }
    };
    let result = guarded(&handler, work).await;
    if let Rest::Stream(stream) = deliver::deliver(&handler, &call, result) {
        deliver::drive(&handler, &call, stream).await;
    }
}

/// Runs a handler's future; a panic becomes its error.
async fn guarded<'a>(
    handler: &Handler,
    work: impl Future<Output = HandlerResult<'a>> + Send,
) -> HandlerResult<'a> {
    match watch::watched(handler, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(result) => result,
        Err(panic) => Err(HandlerError::panic(panic)),
    }
}
