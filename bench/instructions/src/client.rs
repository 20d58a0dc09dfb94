//! A client that does as little as a client can: its part of what is counted must be small and the same.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A text message of a client as its frame.
pub(crate) fn frame(text: &str) -> Vec<u8> {
    const MASK: [u8; 4] = [1, 2, 3, 4];
    let mut frame = vec![0x81];
    match (u8::try_from(text.len()), u16::try_from(text.len())) {
        (Ok(short @ ..126), _) => frame.push(0x80 | short),
        (_, Ok(medium)) => {
            frame.push(0x80 | 126);
            frame.extend(medium.to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend((text.len() as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(text.bytes().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    /// Over Socket.IO, in the main namespace.
    pub(crate) async fn connect(port: u16) -> Self {
        let mut client = Self::open(port, "/socket.io/?EIO=4&transport=websocket", b"0{").await;
        client.send(&frame("40")).await;
        let connected = client.stream.read(&mut client.buffer).await.expect("an answer");
        assert!(client.buffer[..connected].windows(2).any(|bytes| bytes == b"40"), "not connected");
        client
    }

    /// Over plain WebSocket.
    pub(crate) async fn connect_plain(port: u16) -> Self {
        Self::open(port, "/", b"\r\n\r\n").await
    }

    /// Upgrades to WebSocket, and reads up to these bytes.
    async fn open(port: u16, path: &str, until: &[u8]) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the server listens");
        stream.set_nodelay(true).expect("a TCP socket");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
            Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("a request is taken");
        let mut client = Self { stream, buffer: vec![0; 64 << 10] };
        let mut head = Vec::new();
        while !head.windows(until.len()).any(|bytes| bytes == until) {
            let read = client.stream.read(&mut client.buffer).await.expect("an answer");
            assert!(read > 0, "the server closed: {}", String::from_utf8_lossy(&head));
            head.extend_from_slice(&client.buffer[..read]);
        }
        client
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("the server reads");
    }

    /// Reads this many bytes.
    pub(crate) async fn receive(&mut self, mut bytes: usize) {
        while bytes > 0 {
            let end = bytes.min(self.buffer.len());
            let read = self.stream.read(&mut self.buffer[..end]).await.expect("the server writes");
            assert!(read > 0, "the server closed");
            bytes -= read;
        }
    }
}
