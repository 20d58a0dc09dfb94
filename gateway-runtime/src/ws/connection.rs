//! One plain WebSocket connection: one client, and what its frames mean.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Context;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt, ready};
use gateway_core::link::Link;
use gateway_core::{Disconnected, Frames, NamedArguments, Socket, Transport, serve, telemetry};

use super::message::{self, Ignored, WsFrame};
use super::server::WsServer;
use crate::client::{ClientKey, PacketBucket, Workload, disconnect_reason};
use crate::engine::{CloseReason, Connection, SessionLink};

/// The protocol object of one session.
pub(crate) struct WsConnection {
    server: Arc<WsServer>,
    session: Arc<SessionLink>,
    socket: Socket,
    /// `None` until the session's first turn.
    key: Option<ClientKey>,
    workload: Workload,
    /// `None` without `max_packets_per_second`.
    packet_rate: Option<Box<PacketBucket>>,
}

impl WsConnection {
    pub(super) fn new(server: Arc<WsServer>, session: Arc<SessionLink>, socket: Socket) -> Self {
        let workload = Workload::new(server.config().handlers);
        let packet_rate = server.config().packet_rate.map(PacketBucket::new);
        Self { server, session, socket, key: None, workload, packet_rate }
    }

    /// The client is in: it was admitted before the upgrade.
    fn join(&mut self, cx: &mut Context<'_>) -> ClientKey {
        *self.key.get_or_insert_with(|| {
            serve::connect(&self.socket);
            self.workload.join(self.socket.clone(), self.server.handler(), cx)
        })
    }

    fn frame(&mut self, bytes: Bytes, binary: bool, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        if let Some(rate) = &mut self.packet_rate
            && rate.take(cx).is_err()
        {
            // RFC 6455, 7.4.1: the endpoint got a message that violates its policy.
            let reason = "more than max_packets_per_second".to_owned();
            return Err(CloseReason::Closed { code: 1008, reason });
        }
        self.message(bytes, binary, cx);
        Ok(())
    }

    fn message(&mut self, bytes: Bytes, binary: bool, cx: &mut Context<'_>) {
        let key = self.join(cx);
        if let Some(parser) = &self.server.config().message_parser {
            let frame = match std::str::from_utf8(&bytes) {
                Ok(text) if !binary => WsFrame::Text(text),
                _ => WsFrame::Binary(&bytes),
            };
            if let Some(message) = parser.parse(frame) {
                self.event(key, NamedArguments::new(message.event, message.arguments), cx);
            }
            return;
        }
        match message::parse_envelope(bytes, &self.server.config().arguments) {
            Ok(event) => self.event(key, event, cx),
            Err(Ignored::Limit(limit)) => {
                telemetry::limit_exceeded(limit);
                tracing::debug!(socket = self.socket.id(), "a frame that exceeds {limit} was ignored");
            }
            Err(Ignored::NoEnvelope) => {
                tracing::debug!(socket = self.socket.id(), "a frame without `event` was ignored");
            }
        }
    }

    fn event(&mut self, key: ClientKey, event: NamedArguments, cx: &mut Context<'_>) {
        // A client that the server has disconnected is not heard any more.
        if self.socket.connected() {
            self.workload.event(key, event, None, cx);
        }
    }
}

impl Connection for WsConnection {
    fn on_text(&mut self, text: Bytes, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        self.frame(text, false, cx)
    }

    fn on_binary(&mut self, bytes: Bytes, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        self.frame(bytes, true, cx)
    }

    fn poll_work(&mut self, cx: &mut Context<'_>) -> Option<CloseReason> {
        self.join(cx);
        self.workload.poll(cx);
        if let Some(rate) = &mut self.packet_rate {
            rate.poll(cx);
        }
        None
    }

    fn is_saturated(&self) -> bool {
        self.workload.is_saturated() || self.packet_rate.as_ref().is_some_and(|rate| rate.is_empty())
    }

    fn on_close(self, reason: CloseReason) {
        let reason = disconnect_reason(reason);
        serve::disconnect(&self.socket, &reason);
        if self.key.is_none() {
            // It went before its first turn: nobody will ask for its listeners.
            serve::forget_listeners(&self.socket);
        }
        tracing::trace!(session = self.session.id(), %reason, "a client is gone");
        self.workload.finish(reason, &self.server.config().detached);
    }
}

/// The link under a plain WebSocket client. Guards and middlewares see the client before there is a
/// session: until then nothing can be sent.
#[derive(Default)]
pub(super) struct WsLink {
    session: OnceLock<Arc<SessionLink>>,
    closing: AtomicBool,
}

impl WsLink {
    /// Gives the client its session; one that was disconnected before is disconnected now.
    pub(super) fn bind(&self, session: Arc<SessionLink>) {
        if self.closing.load(Ordering::Acquire) {
            session.close(normal_closure());
        }
        // There is one session for one client.
        let _ = self.session.set(session);
    }
}

fn normal_closure() -> CloseReason {
    CloseReason::Closed { code: 1000, reason: String::new() }
}

impl Link for WsLink {
    fn send(&self, frames: Frames, volatile: bool) {
        if let Some(session) = self.session.get() {
            session.send(frames, volatile);
        }
    }

    fn send_shared(&self, frames: &Frames, volatile: bool) {
        if let Some(session) = self.session.get() {
            session.send_shared(frames, volatile);
        }
    }

    fn disconnect(&self, socket: &Socket, _close: bool) {
        // There is one namespace: leaving it is closing. What was sent before goes out first.
        if !self.closing.swap(true, Ordering::AcqRel) {
            if let Some(session) = self.session.get() {
                session.close(normal_closure());
            }
            serve::disconnect(socket, &disconnect_reason(normal_closure()));
        }
    }

    fn close(&self, _socket: &Socket) {
        if let Some(session) = self.session.get() {
            session.close(normal_closure());
        }
    }

    fn transport(&self) -> Transport {
        Transport::WebSocket
    }

    fn drained(&self) -> BoxFuture<'static, Result<(), Disconnected>> {
        match self.session.get() {
            Some(session) => session.drained().map(|drained| drained.map_err(|_| Disconnected)).boxed(),
            None => ready(Err(Disconnected)).boxed(),
        }
    }
}
