//! A view of a socket that may belong to another process.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::broadcast_acks::BroadcastAckError;
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

    /// The view of a socket of another process, as an adapter has received it.
    pub fn from_parts(
        server: &Server,
        id: Room,
        handshake: Handshake,
        rooms: Vec<Room>,
        data: Map<String, Value>,
    ) -> Self {
        Self { id, server: server.clone(), handshake, rooms, data }
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

    /// One member of its [`data`](Self::data), decoded; `None` if it is missing or of another type.
    pub fn data_value<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.data.get(key).and_then(|value| T::deserialize(value).ok())
    }

    fn operator(&self) -> BroadcastOperator {
        self.server.to(&self.id)
    }

    /// How long [`emit_with_ack`](Self::emit_with_ack) waits, wherever the socket is:
    /// `socket.timeout(..).emit_with_ack("question", ())`.
    pub fn timeout(&self, timeout: Duration) -> BroadcastOperator {
        self.operator().timeout(timeout)
    }

    /// Sends an event to it and waits for its acknowledgement; [`timeout`](Self::timeout) limits that.
    ///
    /// # Errors
    /// It did not answer, or is gone.
    pub async fn emit_with_ack<R: DeserializeOwned + Send>(
        &self,
        event: &str,
        args: impl EmitArgs,
    ) -> Result<R, BroadcastAckError<R>> {
        let mut answers = self.operator().emit_with_ack::<R>(event, args).await?;
        match answers.pop() {
            Some(answer) => Ok(answer),
            None => Err(BroadcastAckError::not_sent()),
        }
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
