//! What becomes of an error: the one filter that handles it, or the exception that the sender gets.

use std::panic::AssertUnwindSafe;

use futures_util::future::FutureExt;
use gateway_core::enhancers::SharedFilter;
use gateway_core::{BaseWsExceptionFilter, ExecutionContext, HandlerError};

/// Emits the exception as NestJS does without filters.
pub(crate) fn by_default(error: HandlerError, context: &ExecutionContext) {
    BaseWsExceptionFilter::new().handle(error, context);
}

/// Gives an error to the first filter that handles its type. A filter that fails is logged: the next
/// message of the event is handled as ever.
pub(crate) async fn through_filters(
    filters: &[SharedFilter],
    error: HandlerError,
    context: &ExecutionContext,
) {
    let Some(filter) = filters.iter().find(|filter| filter.handles(&error)) else {
        return by_default(error, context);
    };
    // Called inside the future, so that a panic of its first steps is caught as well.
    let caught = AssertUnwindSafe(async { filter.catch_boxed(error, context).await }).catch_unwind().await;
    let failure = match caught {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error,
        Err(panic) => HandlerError::panic(panic),
    };
    let (gateway, method) = (context.get_class(), context.get_handler());
    tracing::error!(gateway, method, pattern = context.pattern(), "an exception filter failed: {failure:?}");
}
