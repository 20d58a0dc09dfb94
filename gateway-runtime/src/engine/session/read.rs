//! The session's way in: packets of data requests and of the WebSocket, within a budget.
//!
//! Decides what each packet type means for the session; what a message means is the connection's.

use std::task::{Context, Poll};

use bytes::Bytes;
use gateway_core::telemetry;
use tokio::sync::oneshot;
use tracing::{debug, warn};

use super::super::metrics::Traffic;
use super::super::packet::{self, Malformed, Packet, Payload};
use super::super::transport::{Failure, Incoming};
use super::super::{CloseReason, Connection, Revision, revision_3};
use super::{Farewell, Framing, Phase, Session, Transport};

/// A data request whose packets are being taken.
pub(super) struct Post {
    payload: PostPayload,
    taken: oneshot::Sender<()>,
}

/// A body, as the revision of its client has it.
enum PostPayload {
    V3(revision_3::Payload),
    V4(Payload),
}

impl PostPayload {
    fn next(&mut self) -> Option<Result<Packet, Malformed>> {
        match self {
            Self::V3(payload) => payload.next(),
            Self::V4(payload) => payload.next(),
        }
    }
}

impl Post {
    pub(super) fn new(framing: Framing, body: Bytes, binary: bool, taken: oneshot::Sender<()>) -> Self {
        let payload = match framing {
            Framing::EngineIo(Revision::V3) if binary => PostPayload::V3(revision_3::Payload::binary(body)),
            Framing::EngineIo(Revision::V3) => PostPayload::V3(revision_3::Payload::text(body)),
            _ => PostPayload::V4(Payload::new(body)),
        };
        Self { payload, taken }
    }

    /// Lets the request be answered.
    pub(super) fn complete(self) {
        // A request that is gone needs no answer.
        let _ = self.taken.send(());
    }
}

/// What may still be read in this turn.
struct Budget {
    frames: usize,
    bytes: usize,
    spent: Traffic,
}

impl Budget {
    fn spend(&mut self, bytes: usize) {
        self.spent.add(1, bytes);
        self.frames -= 1;
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    fn is_spent(&self) -> bool {
        self.frames == 0 || self.bytes == 0
    }
}

impl<C: Connection> Session<C> {
    /// Reads until nothing is there, the budget is spent, or the connection is saturated.
    pub(super) fn read(&mut self, cx: &mut Context<'_>) {
        let limits = &self.config.limits;
        // Zero would never read.
        let (frames, bytes) = (limits.read_budget_frames.max(1), limits.read_budget_bytes.max(1));
        let mut budget = Budget { frames, bytes, spent: Traffic::default() };
        let transport = self.link.transport();
        // A request body that came before the upgrade is taken before what came after it.
        if self.read_post(&mut budget, cx) {
            self.read_websocket(&mut budget, cx);
        }
        self.config.metrics.received(transport, budget.spent);
        self.watch_poll(cx);
        let saturated = self.is_saturated();
        self.heartbeat.pause(saturated);
    }

    /// A session that closes reads on, to see its client go.
    fn is_saturated(&self) -> bool {
        matches!(self.phase, Phase::Open) && self.connection.as_ref().is_some_and(Connection::is_saturated)
    }

    /// Takes packets of the data request; false while some are left.
    fn read_post(&mut self, budget: &mut Budget, cx: &mut Context<'_>) -> bool {
        while let Some(mut post) = self.post.take() {
            let saturated = self.is_saturated();
            if saturated || budget.is_spent() {
                if !saturated {
                    cx.waker().wake_by_ref();
                }
                self.post = Some(post);
                return false;
            }
            let Some(packet) = post.payload.next() else {
                post.complete();
                break;
            };
            budget.spend(packet_len(&packet));
            self.on_packet(packet, true, cx);
            if self.has_ended() {
                // By its own packet, which was taken: engine.io answers `ok` then.
                post.complete();
                break;
            }
            self.post = Some(post);
        }
        true
    }

    fn watch_poll(&mut self, cx: &mut Context<'_>) {
        if let Transport::Polling(polling) = &mut self.transport
            && polling.poll_aborted(cx).is_ready()
        {
            self.fault("poll connection closed prematurely");
        }
    }

    fn read_websocket(&mut self, budget: &mut Budget, cx: &mut Context<'_>) {
        while !self.has_ended() {
            if self.is_saturated() {
                return;
            }
            if budget.is_spent() {
                cx.waker().wake_by_ref();
                return;
            }
            let Transport::WebSocket(socket) = &mut self.transport else { return };
            match socket.poll_next(cx) {
                Poll::Pending => return,
                Poll::Ready(None) => {
                    self.on_websocket_gone();
                    return;
                }
                Poll::Ready(Some(Err(failure))) => {
                    self.on_failure(failure);
                    return;
                }
                Poll::Ready(Some(Ok(incoming))) => {
                    budget.spend(incoming_len(&incoming));
                    self.on_incoming(incoming, cx);
                }
            }
        }
    }

    fn on_incoming(&mut self, incoming: Incoming, cx: &mut Context<'_>) {
        match (incoming, self.config.framing) {
            (Incoming::Text(text), Framing::EngineIo(Revision::V4)) => {
                self.on_packet(packet::decode(text), false, cx);
            }
            (Incoming::Text(text), Framing::EngineIo(Revision::V3)) => {
                self.on_packet(revision_3::decode_text(text), false, cx);
            }
            (Incoming::Binary(bytes), Framing::EngineIo(Revision::V3)) => {
                self.on_packet(revision_3::decode_binary(bytes), false, cx);
            }
            (Incoming::Text(text), Framing::Plain) => {
                self.heartbeat.on_packet();
                self.on_message(Packet::Text(text), cx);
            }
            (Incoming::Binary(bytes), _) => {
                self.heartbeat.on_packet();
                self.on_message(Packet::Binary(bytes), cx);
            }
            (Incoming::Pong, Framing::Plain) => self.heartbeat.on_pong(),
            (Incoming::Ping(_) | Incoming::Pong, _) => {}
            (Incoming::Close { .. }, Framing::EngineIo(_)) => {
                self.end(CloseReason::TransportClose, Farewell::Answer);
            }
            (Incoming::Close { code, reason }, Framing::Plain) => {
                self.end(CloseReason::Closed { code, reason }, Farewell::Answer);
            }
        }
    }

    /// The WebSocket ended: in the closing handshake that was waited for, or without any.
    fn on_websocket_gone(&mut self) {
        self.end_cut(CloseReason::TransportClose);
    }

    fn on_failure(&mut self, failure: Failure) {
        let Some(code) = failure.close_code() else {
            self.on_websocket_gone();
            return;
        };
        if matches!(failure, Failure::TooLarge) {
            let limit = self.config.max_payload;
            telemetry::limit_exceeded("max_http_buffer_size");
            warn!(
                sid = self.link.id(),
                "client disconnected: a message is over max_http_buffer_size = {limit}"
            );
        } else {
            debug!(sid = self.link.id(), "transport error: {failure}");
        }
        let reason = match self.config.framing {
            Framing::EngineIo(_) => CloseReason::TransportError,
            Framing::Plain => CloseReason::Closed { code, reason: String::new() },
        };
        self.end(reason, Farewell::Code(code));
    }

    fn on_packet(&mut self, packet: Result<Packet, Malformed>, by_post: bool, cx: &mut Context<'_>) {
        // Also while the session closes: this client will not poll for the close.
        if by_post && matches!(packet, Ok(Packet::Close)) {
            self.end(CloseReason::TransportClose, Farewell::Answer);
            return;
        }
        // As in engine.io: what else arrives while the session closes is ignored.
        if !matches!(self.phase, Phase::Open) {
            return;
        }
        if !matches!(packet, Ok(Packet::Pong)) {
            self.heartbeat.on_packet();
        }
        let client_pings = self.config.framing == Framing::EngineIo(Revision::V3);
        match packet {
            Ok(message @ (Packet::Text(_) | Packet::Binary(_))) => self.on_message(message, cx),
            Ok(Packet::Pong) if !client_pings => self.heartbeat.on_pong(),
            Ok(Packet::Ping { .. }) if client_pings => {
                self.heartbeat.on_ping();
                self.ping_due = true;
            }
            Ok(Packet::Ping { .. } | Packet::Pong) => self.fault("invalid heartbeat direction"),
            Ok(Packet::Open | Packet::Close | Packet::Upgrade | Packet::Noop) => {}
            Err(Malformed) => self.end(CloseReason::ParseError, Farewell::Close),
        }
    }

    fn on_message(&mut self, message: Packet, cx: &mut Context<'_>) {
        if !matches!(self.phase, Phase::Open) {
            return;
        }
        let Some(connection) = &mut self.connection else { return };
        let result = match message {
            Packet::Text(text) => connection.on_text(text, cx),
            Packet::Binary(bytes) => connection.on_binary(bytes, cx),
            _ => Ok(()),
        };
        if let Err(reason) = result {
            self.begin_closing(reason);
        }
    }
}

fn packet_len(packet: &Result<Packet, Malformed>) -> usize {
    match packet {
        Ok(Packet::Text(bytes) | Packet::Binary(bytes)) => bytes.len(),
        _ => 0,
    }
}

fn incoming_len(incoming: &Incoming) -> usize {
    match incoming {
        Incoming::Text(bytes) | Incoming::Binary(bytes) => bytes.len(),
        _ => 0,
    }
}
