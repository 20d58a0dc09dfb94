//! The seams between sockets and whatever serves them: the connection below, the encoding between.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::frames::Frames;
use crate::options::Transport;
use crate::payload::Payload;
use crate::server::Server;
use crate::socket::Socket;

/// The client is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client is disconnected")]
pub struct Disconnected;

/// The connection under a socket. None of its operations blocks.
pub trait Link: Any + Send + Sync {
    /// Puts a packet into the connection's outbox. A volatile one may be dropped.
    fn send(&self, frames: Frames, volatile: bool);

    /// [`send`](Self::send) of a packet that others receive as well.
    fn send_shared(&self, frames: &Frames, volatile: bool) {
        self.send(frames.clone(), volatile);
    }

    /// Disconnects the socket from its namespace; with `close` the whole connection, after what was
    /// sent before has been delivered.
    fn disconnect(&self, socket: &Socket, close: bool);

    /// Closes the connection as if it had been cut, after what was sent before has been delivered: its
    /// namespaces are not left first, so a client may come back to what it had.
    fn close(&self, socket: &Socket);

    /// The transport that is in use now.
    fn transport(&self) -> Transport;

    /// Resolves when all that is in the outbox now has been written to the transport.
    fn drained(&self) -> BoxFuture<'static, Result<(), Disconnected>>;
}

/// How packets of a namespace look on the wire.
pub trait Encoder: Send + Sync + fmt::Debug + 'static {
    /// An event; `ack` is the number under which its acknowledgement is expected.
    fn event(&self, namespace: &str, payload: Payload, ack: Option<u64>) -> Frames;

    /// The acknowledgement of the event that the client numbered `id`; `None` where the protocol has
    /// none.
    fn ack(&self, namespace: &str, payload: Payload, id: u64) -> Option<Frames>;

    /// Whether clients can acknowledge what the server sends.
    fn has_acks(&self) -> bool {
        true
    }

    /// A value without an event name: what `send` sends.
    fn message(&self, namespace: &str, payload: Payload) -> Frames;
}

/// Is told of namespaces that come into being.
pub type NewNamespaceListener = Arc<dyn Fn(Server) + Send + Sync>;

/// The namespaces of one server.
pub trait Namespaces: Send + Sync + 'static {
    /// The namespace of this name (with its leading slash); it is made if it does not exist yet.
    fn of(&self, name: &str) -> Server;

    /// How many connections the server has.
    fn clients_count(&self) -> usize;

    /// Adds a listener to namespaces that come into being from now on.
    fn on_new_namespace(&self, listener: NewNamespaceListener);
}

/// No other namespaces: a plain WebSocket server, or a server that is gone.
pub(crate) type SharedNamespaces = Option<Arc<dyn Namespaces>>;
