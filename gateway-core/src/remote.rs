//! A view of a socket that may belong to another process.

use serde_json::{Map, Value};

use crate::handshake::Handshake;
use crate::operator::BroadcastOperator;
use crate::payload::EmitArgs;
use crate::room::{IntoRooms, Room};
use crate::server::Server;
use crate::socket::Socket;

/// What `fetch_sockets` returns (Socket.IO's `RemoteSocket`): the state of a socket when it was
/// asked, and the operations that reach it wherever it is.
#[derive(Clone, Debug)]
pub struct RemoteSocket {
    id: Room,
    server: Server,
    handshake: Handshake,
    rooms: Vec<Room>,
    data: Map<String, Value>,
}

impl RemoteSocket {
    /// The view of a socket of this process.
    pub(crate) fn of(server: &Server, socket: &Socket) -> Self {
        Self {
            id: socket.shared_id(),
            server: server.clone(),
            handshake: socket.handshake().clone(),
            rooms: server.adapter().socket_rooms(socket),
            data: socket.data().clone(),
        }
    }

    /// The socket's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its handshake.
    pub fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    /// The rooms that it was in.
    pub fn rooms(&self) -> &[Room] {
        &self.rooms
    }

    /// Its `data`.
    pub fn data(&self) -> &Map<String, Value> {
        &self.data
    }

    fn operator(&self) -> BroadcastOperator {
        self.server.to(&self.id)
    }

    /// Sends an event to it.
    pub fn emit(&self, event: &str, args: impl EmitArgs) {
        self.operator().emit(event, args);
    }

    /// Puts it into rooms.
    pub fn join(&self, rooms: impl IntoRooms) {
        self.operator().sockets_join(rooms);
    }

    /// Takes it out of a room.
    pub fn leave(&self, room: &str) {
        self.operator().sockets_leave(room);
    }

    /// Disconnects it; with `close` its whole connection.
    pub fn disconnect(&self, close: bool) {
        self.operator().disconnect_sockets(close);
    }
}
