//! One plain WebSocket connection: one client, and what its frames mean.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt};
use gateway_core::link::Link;
use gateway_core::{Arguments, ConnectError, Disconnected, Frames, Socket, Transport, serve};

use super::message::{self, WsFrame};
use super::server::WsServer;
use crate::client::{ClientKey, Event, Workload, disconnect_reason};
use crate::engine::{CloseReason, Connection, SessionLink};

/// Where the client stands.
enum State {
    /// Nothing has been asked yet.
    New,
    /// Middlewares decide.
    Joining(BoxFuture<'static, Result<(), ConnectError>>),
    Joined(ClientKey),
}

/// The protocol object of one session.
pub(crate) struct WsConnection {
    server: Arc<WsServer>,
    session: Arc<SessionLink>,
    socket: Socket,
    state: State,
    workload: Workload,
}

impl WsConnection {
    pub(super) fn new(server: Arc<WsServer>, session: Arc<SessionLink>, socket: Socket) -> Self {
        let workload = Workload::new(server.config().handlers);
        Self { server, session, socket, state: State::New, workload }
    }

    /// Lets the client in as soon as the middlewares allow it; `Some` if they do not.
    fn poll_joining(&mut self, cx: &mut Context<'_>) -> Option<CloseReason> {
        if matches!(self.state, State::New) {
            match self.server.admission(&self.socket) {
                None => self.admitted(cx),
                Some(decision) => self.state = State::Joining(decision),
            }
        }
        let State::Joining(decision) = &mut self.state else { return None };
        match Pin::new(decision).poll(cx) {
            Poll::Pending => None,
            Poll::Ready(Ok(())) => {
                self.admitted(cx);
                None
            }
            // 1008: policy violation.
            Poll::Ready(Err(error)) => Some(CloseReason::Closed { code: 1008, reason: error.message }),
        }
    }

    fn admitted(&mut self, cx: &mut Context<'_>) {
        serve::connect(&self.socket);
        let key = self.workload.join(self.socket.clone(), self.server.handler(), cx);
        self.state = State::Joined(key);
    }

    fn frame(&mut self, bytes: &Bytes, binary: bool, cx: &mut Context<'_>) {
        // Reading pauses until the client is let in.
        let State::Joined(key) = self.state else { return };
        if let Some(parser) = &self.server.config().message_parser {
            let frame = match std::str::from_utf8(bytes) {
                Ok(text) if !binary => WsFrame::Text(text),
                _ => WsFrame::Binary(bytes),
            };
            if let Some(message) = parser.parse(frame) {
                self.event(key, &message.event, message.arguments, cx);
            }
        } else if let Some((event, arguments)) = message::parse_envelope(bytes) {
            self.event(key, &event, arguments, cx);
        } else {
            tracing::debug!(socket = self.socket.id(), "a frame without `event` was ignored");
        }
    }

    fn event(&mut self, key: ClientKey, event: &str, arguments: Arguments, cx: &mut Context<'_>) {
        if let Some(route) = self.server.handler().route(event) {
            self.workload.event(key, Event { route, arguments, ack: None }, cx);
        }
    }
}

impl Connection for WsConnection {
    fn on_text(&mut self, text: Bytes, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        self.frame(&text, false, cx);
        Ok(())
    }

    fn on_binary(&mut self, bytes: Bytes, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        self.frame(&bytes, true, cx);
        Ok(())
    }

    fn poll_work(&mut self, cx: &mut Context<'_>) -> Option<CloseReason> {
        if let Some(refused) = self.poll_joining(cx) {
            return Some(refused);
        }
        self.workload.poll(cx);
        None
    }

    fn is_saturated(&self) -> bool {
        !matches!(self.state, State::Joined(_)) || self.workload.is_saturated()
    }

    fn on_close(self, reason: CloseReason) {
        serve::disconnect(&self.socket);
        let reason = disconnect_reason(reason);
        tracing::trace!(session = self.session.id(), %reason, "a client is gone");
        self.workload.finish(reason, &self.server.config().detached);
    }
}

/// The link under a plain WebSocket client.
pub(super) struct WsLink {
    session: Arc<SessionLink>,
    closing: AtomicBool,
}

impl WsLink {
    pub(super) fn new(session: Arc<SessionLink>) -> Arc<Self> {
        Arc::new(Self { session, closing: AtomicBool::new(false) })
    }
}

impl Link for WsLink {
    fn send(&self, frames: &Frames, volatile: bool) {
        self.session.send(frames, volatile);
    }

    fn disconnect(&self, socket: &Socket, _close: bool) {
        // There is one namespace: leaving it is closing. What was sent before goes out first.
        if !self.closing.swap(true, Ordering::AcqRel) {
            self.session.close(CloseReason::Closed { code: 1000, reason: String::new() });
            serve::disconnect(socket);
        }
    }

    fn transport(&self) -> Transport {
        Transport::WebSocket
    }

    fn drained(&self) -> BoxFuture<'static, Result<(), Disconnected>> {
        self.session.drained().map(|drained| drained.map_err(|_| Disconnected)).boxed()
    }
}
