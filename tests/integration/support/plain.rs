//! A plain WebSocket client, as a browser's `WebSocket` is.

use std::net::SocketAddr;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::client::within;

/// A plain WebSocket client.
#[derive(Debug)]
pub(crate) struct PlainClient {
    socket: WebSocketStream<TcpStream>,
}

impl PlainClient {
    /// Connects to a path.
    pub(crate) async fn connect(addr: SocketAddr, path: &str) -> Self {
        Self::try_connect(addr, path).await.expect("an upgrade")
    }

    /// Connects to a path; the error is the server's answer.
    pub(crate) async fn try_connect(addr: SocketAddr, path: &str) -> Result<Self, Error> {
        let tcp = within("a TCP connection", TcpStream::connect(addr)).await?;
        let (socket, _) = within("the upgrade", client_async(format!("ws://{addr}{path}"), tcp)).await?;
        Ok(Self { socket })
    }

    /// Sends a text frame.
    pub(crate) async fn send(&mut self, text: &str) {
        within("a write", self.socket.send(Message::text(text))).await.expect("the server reads");
    }

    /// Sends a binary frame.
    pub(crate) async fn send_binary(&mut self, bytes: impl Into<Bytes>) {
        within("a write", self.socket.send(Message::binary(bytes))).await.expect("the server reads");
    }

    /// The next frame.
    pub(crate) async fn frame(&mut self) -> Message {
        let frame = within("a frame", self.socket.next()).await;
        frame.expect("the server keeps the connection").expect("a frame")
    }

    /// The next frame, which is JSON text.
    pub(crate) async fn json(&mut self) -> Value {
        let frame = self.frame().await;
        serde_json::from_str(frame.to_text().expect("a text frame")).expect("JSON")
    }

    /// Closes the connection with a code.
    pub(crate) async fn close(mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame { code: code.into(), reason: reason.into() };
        within("the close", self.socket.close(Some(frame))).await.expect("the server reads");
    }

    /// Waits until the server closes, and returns its code.
    pub(crate) async fn closed(mut self) -> Option<u16> {
        loop {
            match within("the close", self.socket.next()).await {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }
}
