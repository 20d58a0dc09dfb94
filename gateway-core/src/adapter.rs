//! The seam of broadcasting: which sockets are in which rooms, and how a packet reaches them.
//!
//! A namespace has one adapter. The one in memory serves a single process; others put a network
//! behind the same operations.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::ack::BroadcastAcks;
use crate::payload::Payload;
use crate::remote::RemoteSocket;
use crate::room::Room;
use crate::server::Server;
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

/// How a broadcast is delivered (Socket.IO's `BroadcastFlags`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BroadcastFlags {
    /// May be lost by a client that is not ready to take it.
    pub volatile: bool,
    /// Only to clients of this process.
    pub local: bool,
    /// How long acknowledgements are waited for.
    pub timeout: Option<Duration>,
}

/// Why an operation over several processes failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdapterError {
    /// Other processes did not answer in time.
    #[error("timed out: {answered} of {expected} servers answered")]
    Timeout {
        /// How many answered.
        answered: usize,
        /// How many should have.
        expected: usize,
    },
    /// The service between the processes cannot be reached.
    #[error("the adapter cannot reach its service: {0}")]
    Unavailable(String),
}

/// Rooms and broadcasting of one namespace (Socket.IO's `Adapter`).
///
/// A socket is always a member of the room that has its id as name.
pub trait Adapter: Send + Sync + fmt::Debug + 'static {
    /// Makes a socket known and puts it into rooms.
    fn add_all(&self, socket: &Socket, rooms: Vec<Room>);

    /// Takes a socket out of a room.
    fn del(&self, socket: &Socket, room: &str);

    /// Takes a socket out of all its rooms and forgets it.
    fn del_all(&self, socket: &Socket);

    /// The rooms of a socket, its own included; empty if it is unknown.
    fn socket_rooms(&self, socket: &Socket) -> Vec<Room>;

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
}

/// Makes the adapter of each namespace, by the namespace's name.
pub type AdapterFactory = Arc<dyn Fn(&str) -> Arc<dyn Adapter> + Send + Sync>;
