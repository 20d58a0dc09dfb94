//! The connection under a socket, as far as an application may look at it.

use std::fmt;
use std::net::SocketAddr;

use crate::handshake::RequestHead;
use crate::options::Transport;
use crate::server::Server;
use crate::socket::Socket;

/// The connection under a socket (Socket.IO's `client.conn`), which all its namespaces share.
///
/// Its id is not here: who knows it can speak for the client.
#[derive(Clone, Copy)]
pub struct Conn<'s>(&'s Socket);

impl<'s> Conn<'s> {
    /// The transport that is in use now (`conn.transport.name`).
    pub fn transport(self) -> Transport {
        self.0.transport()
    }

    /// The peer's address when it connected (`conn.remoteAddress`).
    pub fn remote_address(self) -> Option<SocketAddr> {
        self.0.handshake().address()
    }

    /// The version of Engine.IO that the client speaks (`conn.protocol`): 4, or 3 for Socket.IO 2; `None` on
    /// plain WebSocket.
    pub fn protocol(self) -> Option<u8> {
        self.0.handshake().query("EIO")?.parse().ok()
    }

    /// The request that opened the connection (`conn.request`).
    pub fn request(self) -> &'s RequestHead {
        self.0.request()
    }

    /// Closes it, after what was emitted before (`conn.close()`): the client sees a `transport close` and comes
    /// back by itself, the server a `forced close`. [`Socket::disconnect`] sends the client away.
    pub fn close(self) {
        self.0.link().close(self.0);
    }
}

impl fmt::Debug for Conn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conn")
            .field("transport", &self.transport())
            .field("remote_address", &self.remote_address())
            .field("protocol", &self.protocol())
            .finish()
    }
}

impl Socket {
    /// The connection under the socket (`client.conn`).
    pub fn conn(&self) -> Conn<'_> {
        Conn(self)
    }

    /// The request that opened the connection (`client.request`).
    pub fn request(&self) -> &RequestHead {
        self.handshake().request()
    }

    /// The server's main namespace (`client.server`).
    pub fn server(&self) -> Server {
        self.nsp().of("/")
    }

    /// Whether the client is not connected to the namespace (`client.disconnected`).
    pub fn disconnected(&self) -> bool {
        !self.connected()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Handshake;

    #[test]
    fn what_is_known_of_a_connection() {
        let request = RequestHead {
            uri: "/socket.io/?EIO=3&transport=polling".parse().unwrap(),
            address: Some("192.0.2.1:80".parse().unwrap()),
            ..RequestHead::default()
        };
        let handshake = Handshake::new(Arc::new(request), None);
        let client = Socket::detached_with(&Server::detached().of("/chat"), "c1", handshake);
        let conn = client.conn();
        assert_eq!((conn.protocol(), conn.transport()), (Some(3), Transport::WebSocket));
        assert_eq!(conn.remote_address(), conn.request().address);
        assert_eq!(client.request().uri.path(), "/socket.io/");
        conn.close();
        assert!(client.disconnected());
        assert_eq!(Socket::detached("c2").conn().protocol(), None);
    }
}
