//! What a server implementation needs of sockets and namespaces, and handlers do not.
//!
//! The runtime creates sockets, connects them, delivers acknowledgements and takes them out again
//! through these functions; adapters and transports of other crates may as well.

use std::sync::{Arc, Weak};

use futures_util::future::BoxFuture;

use crate::adapter::{Adapter, BroadcastFlags, RestoredSession, Session};
use crate::arguments::Arguments;
use crate::frames::Frames;
use crate::handshake::Handshake;
use crate::incoming::Incoming;
use crate::link::{Encoder, Link, Namespaces};
use crate::listeners::SocketListeners;
use crate::payload::Payload;
use crate::reason::DisconnectReason;
use crate::recovery::SessionRecovery;
use crate::room::Room;
use crate::server::{Backend, ConnectError, Server};
use crate::server_events;
use crate::socket::Socket;
use crate::socket_limits::SocketLimits;

/// A namespace that serves.
pub fn namespace(
    name: &str,
    adapter: Arc<dyn Adapter>,
    encoder: Arc<dyn Encoder>,
    namespaces: Option<Weak<dyn Namespaces>>,
) -> Server {
    let server = Server::build(name, Some(Backend::new(adapter, encoder, namespaces)), None);
    server.adapter().init(server.downgrade());
    server
}

/// A child of a dynamic namespace: it has the parent's middlewares, and is counted under its
/// [pattern](Server::pattern).
pub fn child_namespace(name: &str, parent: &Server, adapter: Arc<dyn Adapter>) -> Server {
    let server = Server::build(name, Some(Backend::child(parent, adapter)), None);
    server.adapter().init(server.downgrade());
    server
}

/// The next number of an event that expects an acknowledgement from clients of a namespace, or of all
/// children of a dynamic one.
pub fn next_ack_id(server: &Server) -> u64 {
    server.next_ack_id()
}

/// A handle whose namespace is not known yet: until it is [bound](bind), it reaches nobody.
pub fn unbound(name: &str) -> Server {
    Server::build(name, None, None)
}

/// Makes a handle speak to the namespace of another one; false if it is bound already.
pub fn bind(handle: &Server, to: &Server) -> bool {
    handle.bind(to)
}

/// A client that wants to connect to a namespace. It is not connected yet: middlewares and guards
/// may look at it.
pub fn socket(id: Arc<str>, server: Server, handshake: Handshake, link: Arc<dyn Link>) -> Socket {
    Socket::build(id, server, handshake, link)
}

/// A client of a namespace with connection state recovery, which has come back or may do so. Its id and its
/// data are those of the session.
pub fn recoverable_socket(
    session: &Session,
    recovered: bool,
    server: Server,
    handshake: Handshake,
    link: Arc<dyn Link>,
) -> Socket {
    Socket::recoverable(session, recovered, server, handshake, link)
}

/// The private id by which the client may come back.
pub fn pid(socket: &Socket) -> Option<&Arc<str>> {
    socket.pid()
}

/// Lets clients of a namespace come back. Called once, before clients connect; false if its adapter keeps
/// no sessions.
pub fn recover_sessions(server: &Server, recovery: &Arc<SessionRecovery>) -> bool {
    server.recover_sessions(recovery)
}

/// How clients of a namespace may come back; `None` if they may not.
pub fn recovery(server: &Server) -> Option<&Arc<SessionRecovery>> {
    server.recovery()
}

/// Connects a socket whose session was restored. `answer` is called with what it has missed before
/// broadcasts can reach it. False if what it has missed is not known any more: then it is not connected.
pub fn resume(socket: &Socket, restored: RestoredSession, mut answer: impl FnMut(Vec<Frames>)) -> bool {
    socket.nsp().adapter().resume(socket, restored, &mut answer)
}

/// [`connect`], and puts the socket into rooms.
pub fn connect_in(socket: &Socket, rooms: Vec<Room>) {
    socket.enter(rooms);
}

/// Runs the middlewares of the socket's namespace; `None` if there are none.
pub fn middlewares(socket: &Socket) -> Option<BoxFuture<'static, Result<(), ConnectError>>> {
    socket.nsp().run_middlewares(socket)
}

/// Connects a socket: from now on broadcasts reach it.
pub fn connect(socket: &Socket) {
    socket.enter(Vec::new());
}

/// Takes a socket out of its namespace: its listeners of `disconnecting` are called, it leaves its rooms, and acknowledgements that are waited
/// for end as disconnected. Returns false if it was out already.
pub fn disconnect(socket: &Socket, reason: &DisconnectReason) -> bool {
    socket.exit(reason)
}

/// A socket's listeners, which come and go while it is connected; `None` if it never had any.
pub fn listeners(socket: &Socket) -> Option<SocketListeners<'_>> {
    socket.listener_table().map(|table| SocketListeners::new(socket, table))
}

/// Drops a socket's listeners, and those that are added later: nothing will happen to it any more, or
/// it was never let in. What a listener owns may own the socket, so nothing else would free either.
pub fn forget_listeners(socket: &Socket) {
    socket.forget_listeners();
}

/// Sets what one socket of a namespace may have: once, before there are any.
pub fn limit_sockets(server: &Server, limits: SocketLimits) {
    server.limit_sockets(limits);
}

/// Delivers a client's acknowledgement.
pub fn resolve_ack(socket: &Socket, id: u64, arguments: Arguments) {
    socket.resolve_ack(id, arguments);
}

/// Acknowledges the event that the client numbered `id`.
pub fn send_ack(socket: &Socket, id: u64, payload: Payload) {
    socket.send_ack(id, payload);
}

/// Emits an event that is encoded already.
pub fn send_event(socket: &Socket, payload: Payload) {
    socket.send_event(payload, BroadcastFlags::default());
}

/// Sends a value without an event name.
pub fn send_message(socket: &Socket, payload: Payload) {
    socket.send_message(payload, BroadcastFlags::default());
}

/// Calls the listeners of an event that another server has told; `Some` is what they have left to do.
pub fn server_side_event(server: &Server, event: Incoming) -> Option<BoxFuture<'static, ()>> {
    server_events::receive(server, event)
}

/// The connection under a socket.
pub fn link(socket: &Socket) -> &Arc<dyn Link> {
    socket.link()
}
