//! From a handler's reply to the client: acknowledgements, events, streams.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::future::{Either, FutureExt, select};
use futures_util::stream::StreamExt;
use gateway_core::{
    AckTicket, ExecutionContext, HandlerError, Payload, Reply, ReplyResult, ReplyStream, serve,
};

use super::fail;
use super::handler::Handler;
use crate::client::Task;

/// What becomes of a value that a handler returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplyStyle {
    /// It acknowledges, if the client asked for that (Socket.IO).
    Acknowledge,
    /// It is sent as one frame (plain WebSocket).
    Frame,
}

/// What is left to do after a reply.
pub(crate) enum Rest<'a> {
    Nothing,
    Stream(ReplyStream<'a>),
}

/// Sends a reply, or the exception that took its place.
pub(crate) fn deliver<'a>(
    handler: &Handler,
    context: &ExecutionContext,
    result: ReplyResult<'a>,
) -> Rest<'a> {
    match result {
        Ok(Reply::Stream(stream)) => return Rest::Stream(stream),
        Ok(reply) => send(handler, context, reply),
        Err(error) => fail::by_default(error, context),
    }
    Rest::Nothing
}

fn send(handler: &Handler, context: &ExecutionContext, reply: Reply<'_>) {
    match (reply, handler.style) {
        (Reply::Value(payload), ReplyStyle::Acknowledge) => acknowledge(handler, context, payload),
        (Reply::Value(payload), ReplyStyle::Frame) => serve::send_ack(context.socket(), 0, payload),
        (Reply::Event(payload), _) => serve::send_event(context.socket(), payload),
        _ => {}
    }
}

fn acknowledge(handler: &Handler, context: &ExecutionContext, payload: Payload) {
    // With `#[ack]` the handler acknowledges by hand.
    if handler.descriptor.takes_ack {
        return;
    }
    if let Some(id) = context.ack_ticket().and_then(AckTicket::redeem) {
        serve::send_ack(context.socket(), id, payload);
    }
}

/// Sends the items of a stream until it ends, fails, or the client goes.
pub(crate) async fn drive(handler: &Handler, context: &ExecutionContext, mut stream: ReplyStream<'_>) {
    let mut acknowledged = false;
    loop {
        let next = AssertUnwindSafe(stream.next()).catch_unwind();
        let item = match select(std::pin::pin!(context.socket().closed()), next).await {
            Either::Left(_) => return,
            Either::Right((item, _)) => item,
        };
        let error = match item {
            // Of plain values the first one acknowledges; the rest have nowhere to go.
            Ok(Some(Ok(Reply::Value(_)))) if acknowledged => continue,
            Ok(Some(Ok(reply))) => {
                acknowledged |= matches!((&reply, handler.style), (Reply::Value(_), ReplyStyle::Acknowledge));
                send(handler, context, reply);
                continue;
            }
            Ok(Some(Err(error))) => error,
            Ok(None) => return,
            Err(panic) => HandlerError::panic(panic),
        };
        return fail::through_filters(&handler.around.filters, error, context).await;
    }
}

/// [`drive`] as a task of its own.
pub(crate) fn drive_owned(
    handler: Arc<Handler>,
    context: ExecutionContext,
    stream: ReplyStream<'static>,
) -> Task {
    Box::pin(async move { drive(&handler, &context, stream).await })
}
