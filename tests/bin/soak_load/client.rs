//! A Socket.IO client in one namespace, over WebSocket.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Connections of one address of this machine: it has some 28,000 ports for them.
const PER_ADDRESS: usize = 20_000;

/// Why a client cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The network.
    #[error("no connection: {0} (are there enough file descriptors?)")]
    Io(#[from] std::io::Error),
    /// The WebSocket.
    #[error("WebSocket: {0}")]
    WebSocket(#[from] Box<tokio_tungstenite::tungstenite::Error>),
    /// The server closed the connection.
    #[error("the server closed the connection")]
    Closed,
    /// The server said what was not expected.
    #[error("unexpected: {0}")]
    Unexpected(String),
}

impl From<tokio_tungstenite::tungstenite::Error> for Trouble {
    fn from(error: tokio_tungstenite::tungstenite::Error) -> Self {
        Self::WebSocket(Box::new(error))
    }
}

/// What a client hears.
#[derive(Debug)]
pub(crate) enum Heard {
    /// An event's name and arguments.
    Event(Value),
    /// An acknowledgement's number and arguments.
    Ack(u64, Value),
}

/// A connected client.
pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
    header: String,
    next_ack: u64,
}

impl Client {
    /// Connects, and joins a namespace.
    pub(crate) async fn connect(server: SocketAddr, index: usize, namespace: &str) -> Result<Self, Trouble> {
        let tcp = TcpSocket::new_v4()?;
        let address = u8::try_from(1 + index / PER_ADDRESS).unwrap_or(u8::MAX);
        tcp.bind(SocketAddr::from(([127, 0, 0, address], 0)))?;
        let tcp = tcp.connect(server).await?;
        tcp.set_nodelay(true)?;
        let url = format!("ws://{server}/socket.io/?EIO=4&transport=websocket");
        // Thousands of clients with the usual buffers would need a gigabyte.
        let config = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0);
        let (socket, _) = client_async_with_config(url, tcp, Some(config)).await?;
        let header = if namespace == "/" { String::new() } else { format!("{namespace},") };
        let mut client = Self { socket, header, next_ack: 0 };
        client.text().await?;
        client.send(format!("40{}", client.header)).await?;
        let answer = client.text().await?;
        if answer.starts_with("40") { Ok(client) } else { Err(Trouble::Unexpected(answer)) }
    }

    async fn send(&mut self, text: String) -> Result<(), Trouble> {
        Ok(self.socket.send(Message::text(text)).await?)
    }

    /// The next packet that is no heartbeat, which is answered.
    async fn text(&mut self) -> Result<String, Trouble> {
        loop {
            match self.socket.next().await.ok_or(Trouble::Closed)?? {
                Message::Text(text) if text.as_str() == "2" => self.send("3".to_owned()).await?,
                Message::Text(text) => return Ok(text.as_str().to_owned()),
                Message::Close(_) => return Err(Trouble::Closed),
                _ => {}
            }
        }
    }

    /// Emits an event that asks for an acknowledgement; returns its number.
    pub(crate) async fn ask(&mut self, event: &str, body: &Value) -> Result<u64, Trouble> {
        let id = self.next_ack;
        self.next_ack += 1;
        self.send(format!("42{}{id}{}", self.header, json!([event, body]))).await?;
        Ok(id)
    }

    /// Waits for what comes next.
    pub(crate) async fn hear(&mut self) -> Result<Heard, Trouble> {
        let text = self.text().await?;
        let unexpected = || Trouble::Unexpected(text.clone());
        let rest =
            text.get(2..).and_then(|rest| rest.strip_prefix(self.header.as_str())).ok_or_else(unexpected)?;
        let start = rest.find('[').ok_or_else(unexpected)?;
        let data = serde_json::from_str(&rest[start..]).map_err(|_| unexpected())?;
        match (&text[..2], rest[..start].parse()) {
            ("42", _) => Ok(Heard::Event(data)),
            ("43", Ok(id)) => Ok(Heard::Ack(id, data)),
            _ => Err(unexpected()),
        }
    }

    /// Closes the connection as a browser does.
    pub(crate) async fn close(mut self) -> Result<(), Trouble> {
        Ok(self.socket.close(None).await?)
    }
}
