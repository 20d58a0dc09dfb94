//! `Socket`: one client in one namespace.

use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use http::Extensions;
use parking_lot::{Mutex, MutexGuard};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::sync::Notify;

use crate::ack::{AckFuture, PendingAcks};
use crate::adapter::{BroadcastFlags, BroadcastOptions, Session};
use crate::arguments::Arguments;
use crate::counters;
use crate::detached::{Emitted, Recorder};
use crate::frames::Frames;
use crate::handshake::Handshake;
use crate::link::{Disconnected, Link};
use crate::listeners::{Listeners, SocketListeners};
use crate::operator::{BroadcastOperator, SocketOperator};
use crate::options::Transport;
use crate::payload::{EmitArgs, EncodeError, Payload};
use crate::reason::DisconnectReason;
use crate::room::{IntoRooms, Room};
use crate::server::Server;

/// A client's connection to one namespace (Socket.IO's `Socket`; on plain WebSocket the client).
///
/// It is a handle: cloning is cheap, and it may be kept after the client is gone; what it sends then
/// goes nowhere. [`Socket::detached`] makes one without a client for unit tests.
#[derive(Clone)]
pub struct Socket(Arc<SocketInner>);

/// A [`Socket`] that is not kept by this.
pub(crate) struct WeakSocket(Weak<SocketInner>);

impl WeakSocket {
    pub(crate) fn upgrade(&self) -> Option<Socket> {
        self.0.upgrade().map(Socket)
    }
}

struct SocketInner {
    id: Arc<str>,
    server: Server,
    handshake: Handshake,
    link: Arc<dyn Link>,
    connected: AtomicBool,
    /// It is about to leave, and says so once.
    leaving: AtomicBool,
    /// Listeners are no longer added.
    ended: AtomicBool,
    /// The limit of rooms was exceeded, which is logged once.
    warned_of_rooms: AtomicBool,
    data: Mutex<Map<String, Value>>,
    extensions: Mutex<Extensions>,
    acks: PendingAcks,
    /// Most sockets have none.
    listeners: OnceLock<Box<Listeners>>,
    closed: Notify,
    /// Only with connection state recovery.
    recoverable: Option<Box<Recoverable>>,
}

/// What a client is known by when it comes back.
struct Recoverable {
    pid: Arc<str>,
    recovered: bool,
}

impl Socket {
    pub(crate) fn build(id: Arc<str>, server: Server, handshake: Handshake, link: Arc<dyn Link>) -> Self {
        Self::build_with((id, Map::new(), None), server, handshake, link)
    }

    pub(crate) fn recoverable(
        session: &Session,
        recovered: bool,
        server: Server,
        handshake: Handshake,
        link: Arc<dyn Link>,
    ) -> Self {
        let recoverable = Recoverable { pid: session.pid.clone(), recovered };
        let identity = (session.sid.clone(), session.data.clone(), Some(Box::new(recoverable)));
        Self::build_with(identity, server, handshake, link)
    }

    fn build_with(
        (id, data, recoverable): (Arc<str>, Map<String, Value>, Option<Box<Recoverable>>),
        server: Server,
        handshake: Handshake,
        link: Arc<dyn Link>,
    ) -> Self {
        Self(Arc::new(SocketInner {
            id,
            server,
            handshake,
            link,
            connected: AtomicBool::new(false),
            leaving: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            warned_of_rooms: AtomicBool::new(false),
            data: Mutex::new(data),
            extensions: Mutex::default(),
            acks: PendingAcks::default(),
            listeners: OnceLock::new(),
            closed: Notify::new(),
            recoverable,
        }))
    }

    /// The id: unique, 20 characters, another one after each connection.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The id, shared.
    pub fn shared_id(&self) -> Arc<str> {
        self.0.id.clone()
    }

    /// The namespace of this socket.
    pub fn nsp(&self) -> &Server {
        &self.0.server
    }

    /// How the client introduced itself: headers, query, auth, address.
    pub fn handshake(&self) -> &Handshake {
        &self.0.handshake
    }

    /// Whether the client is connected to the namespace.
    pub fn connected(&self) -> bool {
        self.0.connected.load(Ordering::Acquire)
    }

    /// Whether the client has come back to what it had: its id, its rooms and its [`data`](Self::data)
    /// (`client.recovered`). It has received what it had missed then. Always false without the option
    /// `connection_state_recovery`.
    pub fn recovered(&self) -> bool {
        self.0.recoverable.as_ref().is_some_and(|recoverable| recoverable.recovered)
    }

    pub(crate) fn pid(&self) -> Option<&Arc<str>> {
        self.0.recoverable.as_ref().map(|recoverable| &recoverable.pid)
    }

    /// The transport that is in use now (`client.conn.transport.name`).
    pub fn transport(&self) -> Transport {
        self.0.link.transport()
    }

    /// Whatever the application keeps about this client, as JSON (Socket.IO's `socket.data`):
    /// `client.data().insert("userId".into(), json!(7))`.
    ///
    /// The guard is a lock: do not hold it across an `.await`.
    pub fn data(&self) -> MutexGuard<'_, Map<String, Value>> {
        self.0.data.lock()
    }

    /// One member of [`data`](Self::data), decoded; `None` if it is missing or of another type.
    pub fn data_value<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.0.data.lock().get(key).and_then(|value| T::deserialize(value).ok())
    }

    /// Sets one member of [`data`](Self::data). A value that does not serialize is logged and left
    /// out.
    pub fn set_data(&self, key: impl Into<String>, value: impl Serialize) {
        let key = key.into();
        match serde_json::to_value(&value) {
            Ok(value) => drop(self.0.data.lock().insert(key, value)),
            Err(error) => tracing::error!(%error, key, socket = self.id(), "a value of `data` was not set"),
        }
    }

    /// Typed values that the application keeps about this client, one of each type. They stay in
    /// this process.
    ///
    /// The guard is a lock: do not hold it across an `.await`.
    pub fn extensions(&self) -> MutexGuard<'_, Extensions> {
        self.0.extensions.lock()
    }

    /// Sends an event to this client.
    ///
    /// It never fails and never blocks: a value that does not serialize is logged with event and
    /// type; [`try_emit`](Self::try_emit) returns that error.
    pub fn emit(&self, event: &str, args: impl EmitArgs) {
        report(self.try_emit(event, args), event);
    }

    /// [`emit`](Self::emit) that returns the error.
    ///
    /// # Errors
    /// The value does not serialize.
    pub fn try_emit(&self, event: &str, args: impl EmitArgs) -> Result<(), EncodeError> {
        self.send_event(Payload::event(event, &args)?, BroadcastFlags::default());
        Ok(())
    }

    /// Sends a `message` event. On plain WebSocket it is a frame without an event name: a string as
    /// it is, a [`Binary`](crate::Binary) as a binary frame, anything else as JSON.
    pub fn send(&self, args: impl EmitArgs) {
        SocketOperator::new(self.clone()).send(args);
    }

    /// Sends an event and waits for the client's acknowledgement, for as long as the client is
    /// connected; [`timeout`](Self::timeout) limits that.
    ///
    /// ```
    /// # use gateway_core::{AckError, Socket};
    /// # async fn ask(client: Socket) -> Result<(), AckError> {
    /// let answer: String = client.emit_with_ack("question", "tea or coffee?").await?;
    /// # Ok(()) }
    /// ```
    pub fn emit_with_ack<R: DeserializeOwned>(&self, event: &str, args: impl EmitArgs) -> AckFuture<R> {
        SocketOperator::new(self.clone()).emit_with_ack(event, args)
    }

    /// Targets the members of a room, or of several, but never this client.
    pub fn to(&self, rooms: impl IntoRooms) -> BroadcastOperator {
        self.broadcast().to(rooms)
    }

    /// The same as [`to`](Self::to) (`in` is a keyword of Rust).
    pub fn in_(&self, rooms: impl IntoRooms) -> BroadcastOperator {
        self.broadcast().to(rooms)
    }

    /// Targets everybody in the namespace but this client and the members of these rooms.
    pub fn except(&self, rooms: impl IntoRooms) -> BroadcastOperator {
        self.broadcast().except(rooms)
    }

    /// Targets everybody in the namespace but this client.
    pub fn broadcast(&self) -> BroadcastOperator {
        SocketOperator::new(self.clone()).broadcast()
    }

    /// Targets everybody but this client, of this process only.
    pub fn local(&self) -> BroadcastOperator {
        self.broadcast().local()
    }

    /// The event may be lost if the client is not ready to take it.
    pub fn volatile(&self) -> SocketOperator {
        SocketOperator::new(self.clone()).volatile()
    }

    /// Whether the transport may compress the event; it may unless this says no.
    pub fn compress(&self, compress: bool) -> SocketOperator {
        SocketOperator::new(self.clone()).compress(compress)
    }

    /// How long [`emit_with_ack`](SocketOperator::emit_with_ack) waits.
    pub fn timeout(&self, timeout: Duration) -> SocketOperator {
        SocketOperator::new(self.clone()).timeout(timeout)
    }

    /// Disconnects the client from this namespace; with `close` its whole connection, all namespaces
    /// included. What was emitted before is delivered first, within a limit.
    pub fn disconnect(&self, close: bool) {
        if self.connected() || close {
            self.0.link.disconnect(self, close);
        }
    }

    /// Resolves when all that was sent to the client's connection before has been written to the
    /// network: what a handler that sends a long history waits for between its parts.
    ///
    /// # Errors
    /// The client is gone.
    pub async fn drained(&self) -> Result<(), Disconnected> {
        self.0.link.drained().await
    }

    /// Resolves when the client is not connected to the namespace (any more): what a task that works
    /// for one client races against.
    pub async fn closed(&self) {
        let mut closed = pin!(self.0.closed.notified());
        // Registered before the look, so that no disconnect falls between the two.
        closed.as_mut().enable();
        if self.connected() {
            closed.await;
        }
    }

    /// A socket without a client, for unit tests, in a detached server of its own. It remembers what
    /// it is sent, up to [`DETACHED_CAPACITY`](crate::DETACHED_CAPACITY) events.
    pub fn detached(id: &str) -> Self {
        Self::detached_in(&Server::detached(), id)
    }

    /// A socket without a client that is connected to `server`, which is detached as well: broadcasts
    /// of that server reach it.
    pub fn detached_in(server: &Server, id: &str) -> Self {
        Self::detached_with(server, id, Handshake::default())
    }

    /// [`detached_in`](Self::detached_in) with a handshake.
    pub fn detached_with(server: &Server, id: &str, handshake: Handshake) -> Self {
        let socket = Self::build(id.into(), server.clone(), handshake, Recorder::link());
        Recorder::attach(&**socket.link(), WeakSocket(Arc::downgrade(&socket.0)));
        socket.enter(Vec::new());
        socket
    }

    /// What a detached socket was sent, directly or by a broadcast, oldest first; empty for one with
    /// a client.
    pub fn emitted(&self) -> Vec<Emitted> {
        Recorder::sent_to(&*self.0.link)
    }

    /// Connects it to its namespace.
    pub(crate) fn enter(&self, rooms: Vec<Room>) {
        self.0.connected.store(true, Ordering::Release);
        self.nsp().adapter().add_all(self, rooms);
    }

    /// Takes it out of its namespace; false if it was out already.
    pub(crate) fn exit(&self, reason: &DisconnectReason) -> bool {
        if let Some(table) = self.listener_table()
            && self.connected()
            && !self.0.leaving.swap(true, Ordering::AcqRel)
        {
            SocketListeners::new(self, table).leaving(reason);
        }
        let was_connected = self.0.connected.swap(false, Ordering::AcqRel);
        let adapter = self.nsp().adapter();
        let pid = self.pid().filter(|_| was_connected && reason.is_recoverable());
        let session = pid.map(|pid| {
            let (sid, pid, data) = (self.shared_id(), pid.clone(), self.data().clone());
            Session { sid, pid, rooms: adapter.socket_rooms(self), data }
        });
        adapter.del_all(self);
        // Only now: who comes back has the same id.
        if let Some(session) = session {
            adapter.persist_session(session);
        }
        self.0.acks.close();
        self.0.closed.notify_waiters();
        was_connected
    }

    pub(crate) fn pending_acks(&self) -> &PendingAcks {
        &self.0.acks
    }

    pub(crate) fn resolve_ack(&self, id: u64, arguments: Arguments) {
        self.0.acks.resolve(id, arguments);
    }

    pub(crate) fn listener_table(&self) -> Option<&Listeners> {
        self.0.listeners.get().map(|table| &**table)
    }

    pub(crate) fn listener_table_or_new(&self) -> &Listeners {
        self.0.listeners.get_or_init(Box::default)
    }

    /// Whether listeners are no longer added.
    pub(crate) fn has_ended(&self) -> bool {
        self.0.ended.load(Ordering::Acquire)
    }

    /// Drops all listeners, and those that would come.
    pub(crate) fn forget_listeners(&self) {
        // Before the table is emptied: who adds one looks at this under the table's lock.
        self.0.ended.store(true, Ordering::Release);
        if let Some(table) = self.listener_table() {
            self.nsp().remove_outgoing_listeners(table.clear());
        }
    }

    /// Whether this is the first time that it has too many rooms.
    pub(crate) fn warns_of_rooms(&self) -> bool {
        !self.0.warned_of_rooms.swap(true, Ordering::Relaxed)
    }

    pub(crate) fn link(&self) -> &Arc<dyn Link> {
        &self.0.link
    }

    /// Sends an event.
    pub(crate) fn send_event(&self, payload: Payload, flags: BroadcastFlags) {
        if self.pid().is_some() && !flags.volatile {
            // Whatever becomes of this connection, the client receives it if it comes back.
            let to = BroadcastOptions { rooms: vec![self.shared_id()], flags, ..BroadcastOptions::default() };
            self.nsp().adapter().broadcast(self.nsp(), payload, &to);
        } else if self.connected() {
            self.send_with(self.nsp().encode_event(payload, None), flags);
        }
    }

    /// Sends a value without an event name.
    pub(crate) fn send_message(&self, payload: Payload, flags: BroadcastFlags) {
        if self.pid().is_some() {
            return self.send_event(payload, flags);
        }
        self.send_with(self.nsp().encode_message(payload), flags);
    }

    /// Sends an encoded packet of this socket alone.
    pub(crate) fn send_with(&self, frames: Frames, flags: BroadcastFlags) {
        self.send_own(frames.with_compression(flags.compress != Some(false)), flags.volatile);
    }

    /// Acknowledges the event that the client numbered `id`.
    pub(crate) fn send_ack(&self, id: u64, payload: Payload) {
        if let Some(frames) = self.nsp().encoder().ack(self.nsp().name(), payload, id) {
            self.send_own(frames, false);
        }
    }

    /// Sends an encoded packet: what adapters do with the frames of a broadcast.
    pub fn send_frames(&self, frames: &Frames, volatile: bool) {
        self.hear_outgoing(frames);
        self.put_frames(frames, volatile);
    }

    /// Sends an encoded packet of this socket alone, which nobody else counts.
    fn send_own(&self, frames: Frames, volatile: bool) {
        self.hear_outgoing(&frames);
        if self.connected() {
            self.0.link.send(frames, volatile);
        }
    }

    /// Calls the listeners of what goes out.
    pub(crate) fn hear_outgoing(&self, frames: &Frames) {
        if let Some(event) = frames.event()
            && let Some(table) = self.listener_table()
            && self.connected()
        {
            SocketListeners::new(self, table).outgoing(event);
        }
    }

    /// Puts an encoded packet into the outbox and calls nobody: may be done under a lock.
    pub(crate) fn put_frames(&self, frames: &Frames, volatile: bool) {
        if self.connected() {
            self.0.link.send_shared(frames, volatile);
        }
    }
}

/// Logs a value that was not sent: `emit` never fails.
pub(crate) fn report(result: Result<(), EncodeError>, event: &str) {
    if let Err(error) = result {
        counters::count_unsent_event();
        let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        tracing::error!(event, type_name = error.type_name(), source, "an event was not sent: {error}");
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("id", &self.id()).field("nsp", &self.nsp().name()).finish()
    }
}

impl PartialEq for Socket {
    /// Two handles are equal if they are of the same client in the same namespace.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Socket {}
