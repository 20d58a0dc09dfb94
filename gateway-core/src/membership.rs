//! The rooms of a socket: joining within a limit, leaving, looking.

use std::collections::HashSet;

use crate::room::{IntoRooms, Room};
use crate::socket::Socket;
use crate::telemetry;

/// Why a socket did not join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The client is gone.
    #[error("the client is disconnected")]
    Disconnected,
    /// It is in as many rooms as it may be.
    #[error("a socket may be in {limit} rooms: `max_rooms_per_socket`")]
    TooManyRooms {
        /// `max_rooms_per_socket`.
        limit: usize,
    },
}

impl Socket {
    /// Joins a room, or several.
    ///
    /// Past `max_rooms_per_socket` (10,000 by default) none of them is joined, which is logged once for a
    /// socket and counted; [`try_join`](Self::try_join) returns that error.
    pub fn join(&self, rooms: impl IntoRooms) {
        if let Err(JoinError::TooManyRooms { limit }) = self.try_join(rooms)
            && self.warns_of_rooms()
        {
            let (socket, namespace) = (self.id(), self.nsp().name());
            tracing::warn!(
                limit,
                socket,
                namespace,
                "a room was not joined: `max_rooms_per_socket` is reached"
            );
        }
    }

    /// [`join`](Self::join) that returns the error.
    ///
    /// ```
    /// # use gateway_core::{JoinError, Socket};
    /// # let client = Socket::detached("c1");
    /// if let Err(JoinError::TooManyRooms { limit }) = client.try_join("general") {
    ///     client.emit("full", limit);
    /// }
    /// ```
    ///
    /// # Errors
    /// The client is gone, or would be in too many rooms; then it joins none of these.
    pub fn try_join(&self, rooms: impl IntoRooms) -> Result<(), JoinError> {
        // Rooms of a client that is gone would stay for ever.
        if !self.connected() {
            return Err(JoinError::Disconnected);
        }
        let rooms = rooms.into_rooms();
        let limit = self.nsp().socket_limits().max_rooms;
        // The room of the socket's own id does not count.
        let joined = self.nsp().adapter().room_count(self).saturating_sub(1);
        if joined + rooms.len() > limit && joined + self.count_new(&rooms) > limit {
            telemetry::limit_exceeded("max_rooms_per_socket");
            return Err(JoinError::TooManyRooms { limit });
        }
        self.nsp().adapter().add_all(self, rooms);
        Ok(())
    }

    /// How many of these it is not in yet.
    fn count_new(&self, rooms: &[Room]) -> usize {
        let joined = self.nsp().adapter().socket_rooms(self);
        let joined: HashSet<&str> = joined.iter().map(|room| &**room).collect();
        let new: HashSet<&str> = rooms.iter().map(|room| &**room).collect();
        new.difference(&joined).count()
    }

    /// Leaves a room. The room of the socket's own id is never left.
    pub fn leave(&self, room: impl AsRef<str>) {
        self.nsp().adapter().del(self, room.as_ref());
    }

    /// The rooms that it is in, that of its own id included.
    pub fn rooms(&self) -> Rooms {
        Rooms(self.nsp().adapter().socket_rooms(self))
    }
}

/// The rooms of a socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rooms(Vec<Room>);

impl Rooms {
    /// Whether the socket is in this room.
    pub fn contains(&self, room: &str) -> bool {
        self.0.iter().any(|joined| &**joined == room)
    }

    /// How many rooms, that of its own id included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is in no room: it is disconnected then.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rooms' names.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|room| &**room)
    }
}

impl IntoIterator for Rooms {
    type Item = Room;
    type IntoIter = std::vec::IntoIter<Room>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket_limits::SocketLimits;
    use crate::{Server, serve};

    #[test]
    fn rooms_past_the_limit_are_not_joined() {
        let server = Server::detached();
        serve::limit_sockets(&server, SocketLimits { max_rooms: 2, ..SocketLimits::default() });
        let client = Socket::detached_in(&server, "c1");
        client.join(["a", "b"]);
        assert_eq!(client.try_join("c"), Err(JoinError::TooManyRooms { limit: 2 }));
        client.join("c");
        // What it is in already is no further room.
        assert_eq!(client.try_join(["a", "c1", "b", "b"]), Ok(()));
        assert_eq!(client.rooms().len(), 3);
        client.leave("a");
        // All or none.
        assert_eq!(client.try_join(["c", "d"]), Err(JoinError::TooManyRooms { limit: 2 }));
        assert_eq!(client.try_join(["c", "c"]), Ok(()));
        server.sockets_join("e");
        let rooms = client.rooms();
        assert!(rooms.contains("b") && rooms.contains("c") && !rooms.contains("e"));

        client.disconnect(false);
        assert_eq!(client.try_join("b"), Err(JoinError::Disconnected));
    }
}
