//! From a handler's reply to the client: acknowledgements, events, streams, exceptions.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::future::{Either, FutureExt, select};
use futures_util::stream::StreamExt;
use gateway_core::{Call, ExceptionCause, HandlerError, Payload, Reply, ReplyStream, Socket, serve};

use super::dispatcher::Handler;
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
    call: &Call,
    result: Result<Reply<'a>, HandlerError>,
) -> Rest<'a> {
    match result {
        Ok(Reply::Stream(stream)) => return Rest::Stream(stream),
        Ok(reply) => send(handler, call, reply),
        Err(error) => fail(call, error),
    }
    Rest::Nothing
}

fn send(handler: &Handler, call: &Call, reply: Reply<'_>) {
    match (reply, handler.style) {
        (Reply::Value(payload), ReplyStyle::Acknowledge) => acknowledge(handler, call, payload),
        (Reply::Value(payload), ReplyStyle::Frame) => serve::send_ack(call.socket(), 0, payload),
        (Reply::Event(payload), _) => serve::send_event(call.socket(), payload),
        _ => {}
    }
}

fn acknowledge(handler: &Handler, call: &Call, payload: Payload) {
    // With `#[ack]` the handler acknowledges by hand.
    if handler.descriptor.takes_ack {
        return;
    }
    if let Some(id) = call.ack_ticket().and_then(gateway_core::AckTicket::redeem) {
        serve::send_ack(call.socket(), id, payload);
    }
}

/// Sends the items of a stream until it ends, fails, or the client goes.
pub(crate) async fn drive(handler: &Handler, call: &Call, mut stream: ReplyStream<'_>) {
    let mut acknowledged = false;
    loop {
        let next = AssertUnwindSafe(stream.next()).catch_unwind();
        let item = match select(std::pin::pin!(call.socket().closed()), next).await {
            Either::Left(_) => return,
            Either::Right((item, _)) => item,
        };
        match item {
            // Of plain values the first one acknowledges; the rest have nowhere to go.
            Ok(Some(Ok(Reply::Value(_)))) if acknowledged => {}
            Ok(Some(Ok(reply))) => {
                acknowledged |= matches!((&reply, handler.style), (Reply::Value(_), ReplyStyle::Acknowledge));
                send(handler, call, reply);
            }
            Ok(Some(Err(error))) => return fail(call, error),
            Ok(None) => return,
            Err(panic) => return fail(call, HandlerError::panic(panic)),
        }
    }
}

/// [`drive`] as a task of its own.
pub(crate) fn drive_owned(handler: Arc<Handler>, call: Call, stream: ReplyStream<'static>) -> Task {
    Box::pin(async move { drive(&handler, &call, stream).await })
}

/// Sends the exception of a message to its sender.
pub(crate) fn fail(call: &Call, error: HandlerError) {
    send_exception(call.socket(), error, call.cause());
}

/// Sends an `exception` event; what the client must not know goes to the log.
pub(crate) fn send_exception(socket: &Socket, error: HandlerError, cause: ExceptionCause<'_>) {
    let (exception, log) = error.into_exception();
    if let Some(text) = log {
        let namespace = socket.nsp().name();
        tracing::error!(pattern = cause.pattern, namespace, socket = socket.id(), "a handler failed: {text}");
    }
    match exception.to_payload(Some(cause)) {
        Ok(payload) => serve::send_event(socket, payload),
        Err(error) => tracing::error!(%error, "an exception was not sent"),
    }
}
