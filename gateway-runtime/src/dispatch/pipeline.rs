//! A message's way through what stands around its handler: guards, interceptors, pipes, the handler,
//! and filters for what goes wrong on that way.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};
use gateway_core::enhancers::SharedGuard;
use gateway_core::pipes::ArgumentMetadata;
use gateway_core::registry::Invoke;
use gateway_core::{
    Arguments, Data, ExecutionContext, FORBIDDEN_MESSAGE, HandlerError, Next, Outcome, Reply, ReplyResult,
    WsException, catch_panics,
};

use super::deliver::{self, Rest};
use super::handler::Handler;
use super::{fail, invoke, watch};

/// Runs a handler with all that stands around it, and replies.
pub(crate) async fn run(handler: Arc<Handler>, context: ExecutionContext) {
    let started = watch::now();
    let call = || call(&handler, &context);
    let result = invoke::guarded(&handler, through(&handler, &context, &call)).await;
    handler.metrics.ended(started.elapsed(), &result);
    match result {
        Err(error) => fail::through_filters(&handler.around.filters, error, &context).await,
        reply => {
            if let Rest::Stream(stream) = deliver::deliver(&handler, &context, reply) {
                deliver::drive(&handler, &context, stream).await;
            }
        }
    }
}

async fn through<'a>(
    handler: &'a Handler,
    context: &'a ExecutionContext,
    call: gateway_core::HandlerCall<'a>,
) -> ReplyResult<'a> {
    ask(&handler.around.guards, context).await?;
    Next::new(context, &handler.around.interceptors, call).handle().await
}

/// Asks guards in their order, up to the first that refuses.
pub(crate) async fn ask(guards: &[SharedGuard], context: &ExecutionContext) -> Result<(), HandlerError> {
    for guard in guards {
        if !guard.can_activate_boxed(context).await? {
            return Err(WsException::new(FORBIDDEN_MESSAGE))?;
        }
    }
    Ok(())
}

/// The pipes that know no types, then the handler, which runs those of its parameters.
fn call<'a>(handler: &'a Handler, context: &'a ExecutionContext) -> BoxFuture<'a, ReplyResult<'a>> {
    catch_panics(async move {
        if !handler.around.pipes.is_empty() && !context.is_transformed() {
            transform(handler, context).await?;
        }
        match handler.descriptor.invoke {
            Invoke::Owned(function) => {
                let reply = settle(function(&handler.instance, context)).await;
                reply.map(Reply::from_owned)
            }
            Invoke::Borrowed(function) => settle(function(&handler.instance, context)).await,
        }
    })
    .boxed()
}

async fn settle(outcome: Outcome<'_>) -> ReplyResult<'_> {
    match outcome {
        Outcome::Ready(result) => result,
        Outcome::Pending(future) => future.await,
    }
}

async fn transform(handler: &Handler, context: &ExecutionContext) -> Result<(), HandlerError> {
    let metadata = ArgumentMetadata { key: None, type_name: "Data" };
    let mut data: Data = match context.arguments().body() {
        Some(body) => body.decode()?,
        None => Data::Null,
    };
    for pipe in &handler.around.pipes {
        data = pipe.transform_boxed(data, &metadata).await?;
    }
    // What was undefined and still is nothing stays undefined.
    if data != Data::Null || !context.arguments().is_empty() {
        context.set_transformed(Arguments::from_value(&data)?);
    }
    Ok(())
}
