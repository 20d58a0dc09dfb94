//! The chains `server.to(..).except(..)` and `client.volatile()`: whom an event is for, and how.

use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::ack::{AckError, AckFuture};
use crate::adapter::{AdapterError, BroadcastFlags, BroadcastOptions};
use crate::broadcast_acks::BroadcastAckError;
use crate::payload::{EmitArgs, EncodeError, Payload};
use crate::remote::RemoteSocket;
use crate::room::IntoRooms;
use crate::server::Server;
use crate::socket::{Socket, report};

/// A broadcast under construction (Socket.IO's `BroadcastOperator`).
#[derive(Clone, Debug)]
#[must_use = "a chain does nothing until something is emitted or done"]
pub struct BroadcastOperator {
    server: Server,
    to: BroadcastOptions,
}

impl BroadcastOperator {
    pub(crate) fn new(server: Server, to: BroadcastOptions) -> Self {
        Self { server, to }
    }

    /// Adds a room, or several; a member of several receives the event once.
    pub fn to(mut self, rooms: impl IntoRooms) -> Self {
        self.to.rooms.extend(rooms.into_rooms());
        self
    }

    /// The same as [`to`](Self::to) (`in` is a keyword of Rust).
    pub fn in_(self, rooms: impl IntoRooms) -> Self {
        self.to(rooms)
    }

    /// Leaves the members of rooms out.
    pub fn except(mut self, rooms: impl IntoRooms) -> Self {
        self.to.except.extend(rooms.into_rooms());
        self
    }

    /// The event may be lost by clients that are not ready to take it.
    pub fn volatile(mut self) -> Self {
        self.to.flags.volatile = true;
        self
    }

    /// The event goes to clients of this process only.
    pub fn local(mut self) -> Self {
        self.to.flags.local = true;
        self
    }

    /// Whether transports may compress the event; they may unless this says no.
    pub fn compress(mut self, compress: bool) -> Self {
        self.to.flags.compress = Some(compress);
        self
    }

    /// How long [`emit_with_ack`](Self::emit_with_ack) waits.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.to.flags.timeout = Some(timeout);
        self
    }

    /// Sends an event. It never fails and never blocks: a value that does not serialize is logged.
    pub fn emit(&self, event: &str, args: impl EmitArgs) {
        report(self.try_emit(event, args), event);
    }

    /// [`emit`](Self::emit) that returns the error.
    ///
    /// # Errors
    /// The value does not serialize.
    pub fn try_emit(&self, event: &str, args: impl EmitArgs) -> Result<(), EncodeError> {
        let payload = Payload::event(event, &args)?;
        if let Some(recorder) = self.server.recorder() {
            recorder.record_broadcast(&payload, &self.to);
        }
        self.server.adapter().broadcast(&self.server, payload, &self.to);
        Ok(())
    }

    /// Sends a `message` event (on plain WebSocket a frame without an event name).
    pub fn send(&self, args: impl EmitArgs) {
        self.emit("message", args);
    }

    /// Sends an event and waits until every client that receives it has acknowledged.
    ///
    /// # Errors
    /// Not all answered within the [`timeout`](Self::timeout) (without one: before they left). The
    /// answers that came are in the error, and who is missing.
    pub async fn emit_with_ack<R: DeserializeOwned + Send>(
        &self,
        event: &str,
        args: impl EmitArgs,
    ) -> Result<Vec<R>, BroadcastAckError<R>> {
        let payload = match Payload::event(event, &args) {
            Ok(payload) => payload,
            Err(error) => {
                report(Err(error), event);
                return Err(BroadcastAckError::not_sent());
            }
        };
        drop(args);
        if let Some(recorder) = self.server.recorder() {
            recorder.record_broadcast(&payload, &self.to);
        }
        self.server.adapter().broadcast_with_ack(&self.server, payload, &self.to).collect().await
    }

    /// Puts the targeted sockets into rooms.
    pub fn sockets_join(&self, rooms: impl IntoRooms) {
        self.server.adapter().add_sockets(&self.to, &rooms.into_rooms());
    }

    /// Takes the targeted sockets out of rooms.
    pub fn sockets_leave(&self, rooms: impl IntoRooms) {
        self.server.adapter().del_sockets(&self.to, &rooms.into_rooms());
    }

    /// Disconnects the targeted sockets; with `close` their whole connections.
    pub fn disconnect_sockets(&self, close: bool) {
        self.server.adapter().disconnect_sockets(&self.to, close);
    }

    /// The targeted sockets, on all servers of the cluster.
    ///
    /// # Errors
    /// Another server did not answer.
    pub async fn fetch_sockets(&self) -> Result<Vec<RemoteSocket>, AdapterError> {
        self.server.adapter().fetch_sockets(&self.server, &self.to).await
    }
}

/// An event to one client under construction: `client.volatile()`, `client.timeout(..)`.
#[derive(Clone, Debug)]
#[must_use = "a chain does nothing until something is emitted"]
pub struct SocketOperator {
    socket: Socket,
    flags: BroadcastFlags,
}

impl SocketOperator {
    pub(crate) fn new(socket: Socket) -> Self {
        Self { socket, flags: BroadcastFlags::default() }
    }

    /// The event may be lost if the client is not ready to take it.
    pub fn volatile(mut self) -> Self {
        self.flags.volatile = true;
        self
    }

    /// Whether the transport may compress the event; it may unless this says no.
    pub fn compress(mut self, compress: bool) -> Self {
        self.flags.compress = Some(compress);
        self
    }

    /// How long [`emit_with_ack`](Self::emit_with_ack) waits.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.flags.timeout = Some(timeout);
        self
    }

    /// Targets the members of rooms instead, but never this client.
    pub fn to(self, rooms: impl IntoRooms) -> BroadcastOperator {
        self.broadcast().to(rooms)
    }

    /// The same as [`to`](Self::to) (`in` is a keyword of Rust).
    pub fn in_(self, rooms: impl IntoRooms) -> BroadcastOperator {
        self.to(rooms)
    }

    /// Targets everybody in the namespace instead, but this client and the members of these rooms.
    pub fn except(self, rooms: impl IntoRooms) -> BroadcastOperator {
        self.broadcast().except(rooms)
    }

    /// Targets everybody of this process instead, but this client.
    pub fn local(self) -> BroadcastOperator {
        self.broadcast().local()
    }

    /// Targets everybody in the namespace instead, but this client.
    pub fn broadcast(self) -> BroadcastOperator {
        let except = vec![self.socket.shared_id()];
        let to = BroadcastOptions { except, flags: self.flags, ..BroadcastOptions::default() };
        BroadcastOperator::new(self.socket.nsp().clone(), to)
    }

    /// Sends an event to the client. It never fails and never blocks: a value that does not
    /// serialize is logged.
    pub fn emit(&self, event: &str, args: impl EmitArgs) {
        report(self.try_emit(event, args), event);
    }

    /// [`emit`](Self::emit) that returns the error.
    ///
    /// # Errors
    /// The value does not serialize.
    pub fn try_emit(&self, event: &str, args: impl EmitArgs) -> Result<(), EncodeError> {
        self.socket.send_event(Payload::event(event, &args)?, self.flags);
        Ok(())
    }

    /// Sends a `message` event (on plain WebSocket a frame without an event name).
    pub fn send(&self, args: impl EmitArgs) {
        match Payload::event("message", &args) {
            Ok(payload) => self.socket.send_message(payload, self.flags),
            Err(error) => report(Err(error), "message"),
        }
    }

    /// Sends an event and waits for the client's acknowledgement.
    pub fn emit_with_ack<R: DeserializeOwned>(&self, event: &str, args: impl EmitArgs) -> AckFuture<R> {
        let payload = match Payload::event(event, &args) {
            Ok(payload) => payload,
            Err(error) => return AckFuture::failed(AckError::Encode(error)),
        };
        if !self.socket.nsp().encoder().has_acks() {
            return AckFuture::failed(AckError::Unsupported);
        }
        let id = self.socket.nsp().next_ack_id();
        // Expected before it is sent: the answer may come at once.
        let answer = AckFuture::expect(&self.socket, id, self.flags.timeout);
        let frames = self.socket.nsp().encode_event(payload, Some(id));
        self.socket.send_with(frames, self.flags);
        answer
    }
}
