//! The seam of broadcasting: which sockets are in which rooms, and how a packet reaches them.
//!
//! A namespace has one adapter. The one in memory serves a single process; others put a network
//! behind the same operations.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::{BoxFuture, FutureExt, ready};
use serde_json::{Map, Value};

use crate::arguments::Arguments;
use crate::broadcast_acks::BroadcastAcks;
use crate::frames::Frames;
use crate::payload::Payload;
use crate::recovery::SessionRecovery;
use crate::remote::RemoteSocket;
use crate::room::Room;
use crate::serve;
use crate::server::{Server, WeakServer};
use crate::socket::Socket;

/// Whom a broadcast is for (Socket.IO's `BroadcastOptions`).
#[derive(Clone, Debug, Default)]
pub struct BroadcastOptions {
    /// The rooms; empty means everybody in the namespace.
    pub rooms: Vec<Room>,
    /// The rooms whose members are left out.
    pub except: Vec<Room>,
    /// How it is delivered.
    pub flags: BroadcastFlags,
}

impl BroadcastOptions {
    /// Whether somebody in these rooms, that of its own id included, is one of those meant.
    pub fn reaches(&self, rooms: &[Room]) -> bool {
        let included = self.rooms.is_empty() || rooms.iter().any(|room| self.rooms.contains(room));
        included && !rooms.iter().any(|room| self.except.contains(room))
    }
}

/// How a broadcast is delivered (Socket.IO's `BroadcastFlags`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BroadcastFlags {
    /// May be lost by a client that is not ready to take it.
    pub volatile: bool,
    /// Only to clients of this process.
    pub local: bool,
    /// Whether transports may compress it; `None` if nothing was said, which means yes.
    pub compress: Option<bool>,
    /// How long acknowledgements, and answers of other processes, are waited for.
    pub timeout: Option<Duration>,
}

/// Why an operation over several processes failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdapterError {
    /// Other processes did not answer in time.
    #[error("timed out: {answered} of {expected} other servers answered")]
    Timeout {
        /// How many answered.
        answered: usize,
        /// How many should have.
        expected: usize,
    },
    /// The service between the processes cannot be reached.
    #[error("the adapter cannot reach its service: {0}")]
    Unavailable(String),
    /// The namespace or the adapter does not have this operation; the text says what to do instead.
    #[error("{0}")]
    Unsupported(&'static str),
}

/// The answers to a server-side event that have not all come in time.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct ServerSideAckError<R> {
    /// Why the rest did not come.
    #[source]
    pub error: AdapterError,
    /// The answers that came.
    pub responses: Vec<R>,
}

/// What is kept of a client that is gone, so that it can come back (Socket.IO's `Session`).
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// The socket's id.
    pub sid: Room,
    /// The private id, which only the client knows.
    pub pid: Arc<str>,
    /// The rooms that it was in, that of its own id included.
    pub rooms: Vec<Room>,
    /// Its `data`.
    pub data: Map<String, Value>,
}

impl Session {
    /// The session of a client that is new.
    pub fn new(sid: impl Into<Room>, pid: impl Into<Arc<str>>) -> Self {
        Self { sid: sid.into(), pid: pid.into(), rooms: Vec::new(), data: Map::new() }
    }
}

/// A client that came back in time.
#[derive(Clone, Debug)]
pub struct RestoredSession {
    /// What was kept of it.
    pub session: Session,
    /// The events that it has missed, encoded, in their order, each with its offset as the last argument.
    pub missed: Vec<Frames>,
    /// How far the adapter has looked: what [`resume`](Adapter::resume) goes on from.
    pub position: u64,
    /// What the adapter keeps until then; it ends when this is dropped.
    pub progress: Option<Arc<dyn Any + Send + Sync>>,
}

/// Whether an adapter works, for `health` endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AdapterHealth {
    /// It does.
    Up,
    /// It serves this process only until its service can be reached again; why.
    Degraded(String),
}

/// How the service behind adapters is, for this process: the same for all its namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdapterStatus {
    /// The kind of the adapter: `redis` for example. It is a label of metrics.
    pub adapter: &'static str,
    /// Whether it works, and if not why.
    pub health: AdapterHealth,
    /// Since when the service cannot be reached; `None` while it can.
    pub away_since: Option<SystemTime>,
    /// Messages to other servers that wait to be sent.
    pub buffered: usize,
    /// Their bytes.
    pub buffered_bytes: usize,
    /// Messages that were never sent: the buffer was full, or the service has refused them.
    pub dropped: u64,
    /// Messages that were on the way when the connection broke: whether they have arrived is not known.
    pub unconfirmed: u64,
}

impl AdapterStatus {
    /// One that works, with nothing that waits or was lost.
    pub fn new(adapter: &'static str) -> Self {
        Self {
            adapter,
            health: AdapterHealth::Up,
            away_since: None,
            buffered: 0,
            buffered_bytes: 0,
            dropped: 0,
            unconfirmed: 0,
        }
    }

    /// Whether the service can be reached.
    pub fn is_up(&self) -> bool {
        self.health == AdapterHealth::Up
    }
}

/// What the adapters of several namespaces share: the connection of a process to its service.
pub trait AdapterService: Send + Sync + 'static {
    /// How it is now. It is asked by health pages: it must not wait for anything.
    fn status(&self) -> AdapterStatus;
}

/// Rooms and broadcasting of one namespace (Socket.IO's `Adapter`).
///
/// A socket is always a member of the room that has its id as name.
pub trait Adapter: Send + Sync + fmt::Debug + 'static {
    /// Called once, when the namespace exists: what comes from other processes is for this server.
    fn init(&self, server: WeakServer) {
        let _ = server;
    }

    /// Resolves when what other processes send reaches this one (or when that has taken too long): an
    /// application waits for it before it listens.
    fn ready(&self) -> BoxFuture<'_, ()> {
        ready(()).boxed()
    }

    /// Called when the namespace is removed or the application stops: leaves the cluster.
    fn close(&self) -> BoxFuture<'_, ()> {
        ready(()).boxed()
    }

    /// Makes a socket known and puts it into rooms.
    fn add_all(&self, socket: &Socket, rooms: Vec<Room>);

    /// Takes a socket out of a room.
    fn del(&self, socket: &Socket, room: &str);

    /// Takes a socket out of all its rooms and forgets it.
    fn del_all(&self, socket: &Socket);

    /// The rooms of a socket, its own included; empty if it is unknown.
    fn socket_rooms(&self, socket: &Socket) -> Vec<Room>;

    /// How many rooms a socket is in, that of its own id included.
    fn room_count(&self, socket: &Socket) -> usize {
        self.socket_rooms(socket).len()
    }

    /// The rooms of this process that have members, those of single sockets left out.
    fn rooms(&self) -> Vec<Room>;

    /// Sends an event to all whom `to` names.
    fn broadcast(&self, server: &Server, payload: Payload, to: &BroadcastOptions);

    /// Sends an event to all whom `to` names and collects their acknowledgements.
    fn broadcast_with_ack(&self, server: &Server, payload: Payload, to: &BroadcastOptions) -> BroadcastAcks;

    /// The sockets of this process whom `to` names.
    fn local_sockets(&self, to: &BroadcastOptions) -> Vec<Socket>;

    /// The sockets of all processes whom `to` names.
    fn fetch_sockets<'a>(
        &'a self,
        server: &'a Server,
        to: &'a BroadcastOptions,
    ) -> BoxFuture<'a, Result<Vec<RemoteSocket>, AdapterError>>;

    /// Puts the sockets whom `to` names into rooms.
    fn add_sockets(&self, to: &BroadcastOptions, rooms: &[Room]);

    /// Takes the sockets whom `to` names out of rooms.
    fn del_sockets(&self, to: &BroadcastOptions, rooms: &[Room]);

    /// Disconnects the sockets whom `to` names; with `close` their whole connections.
    fn disconnect_sockets(&self, to: &BroadcastOptions, close: bool);

    /// The rooms of all processes that have members, those of single sockets included (`allRooms` of the
    /// Redis adapter).
    fn all_rooms(&self) -> BoxFuture<'_, Result<Vec<Room>, AdapterError>>;

    /// How many processes serve the namespace, this one included (`serverCount`).
    fn server_count(&self) -> BoxFuture<'_, Result<usize, AdapterError>>;

    /// Tells the other processes an event of the servers' own (`serverSideEmit`).
    fn server_side_emit(&self, event: Payload);

    /// [`server_side_emit`](Self::server_side_emit), and the answer of each of them, within the adapter's
    /// time for requests.
    fn server_side_emit_with_ack(
        &self,
        event: Payload,
    ) -> BoxFuture<'_, Result<Vec<Arguments>, ServerSideAckError<Arguments>>>;

    /// Called once, before clients connect, on a server with `connection_state_recovery`. Returns whether
    /// the adapter keeps sessions; then what is emitted to a single client goes through
    /// [`broadcast`](Self::broadcast) as well, which adds an offset to every event that is not volatile and
    /// keeps it for clients that are gone.
    fn recover_sessions(&self, recovery: &Arc<SessionRecovery>) -> bool {
        let _ = recovery;
        false
    }

    /// Keeps what is needed to restore a client that is gone (`persistSession`).
    fn persist_session(&self, session: Session) {
        let _ = session;
    }

    /// Restores a client with this private id that has received everything up to `offset`
    /// (`restoreSession`). Only one of several who ask gets it; `persist_session` gives it back. `None` if too much time has passed, or nothing is known of it.
    fn restore_session<'a>(
        &'a self,
        server: &'a Server,
        pid: &'a str,
        offset: &'a str,
    ) -> BoxFuture<'a, Option<RestoredSession>> {
        let _ = (server, pid, offset);
        ready(None).boxed()
    }

    /// Puts a restored client into its namespace and its rooms. `answer` is called with all that it has
    /// missed before a broadcast can reach it, so that it receives everything once and in order. Returns
    /// false, and calls nothing, if that is not possible any more.
    fn resume(
        &self,
        socket: &Socket,
        restored: RestoredSession,
        answer: &mut dyn FnMut(Vec<Frames>),
    ) -> bool {
        answer(restored.missed);
        serve::connect_in(socket, restored.session.rooms);
        true
    }

    /// Whether it works.
    fn health(&self) -> AdapterHealth {
        AdapterHealth::Up
    }

    /// The service that it shares with the adapters of other namespaces, which is the same `Arc` for all of them:
    /// what an application shows of it in its health. `None` without one.
    fn service(&self) -> Option<Arc<dyn AdapterService>> {
        None
    }
}

/// Makes the adapter of each namespace, by the namespace's name.
pub type AdapterFactory = Arc<dyn Fn(&str) -> Arc<dyn Adapter> + Send + Sync>;

/// What makes the adapters of a server's namespaces: a connected service (`RedisAdapter`), or a function
/// from a namespace's name to its adapter.
#[diagnostic::on_unimplemented(
    message = "`{Self}` makes no adapters",
    label = "expected a connected adapter such as `RedisAdapter::connect(url).await?`",
    note = "a function works too: `|namespace: &str| -> Arc<dyn Adapter>`"
)]
pub trait IntoAdapterFactory {
    /// The function that makes them.
    fn into_adapter_factory(self) -> AdapterFactory;
}

impl<F> IntoAdapterFactory for F
where
    F: Fn(&str) -> Arc<dyn Adapter> + Send + Sync + 'static,
{
    fn into_adapter_factory(self) -> AdapterFactory {
        Arc::new(self)
    }
}
