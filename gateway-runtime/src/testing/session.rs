//! The protocol of a Socket.IO client: from the frames of a connection to events, acknowledgements and
//! the reason for its end.
//!
//! It must never know the transport, nor the test that reads.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gateway_core::{ArgumentLimits, Arguments, ConnectError, Parser};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::event::{Acknowledge, TestEvent};
use super::inbox::Inbox;
use super::transport::{Incoming, Outgoing};
use crate::engine::packet;
use crate::socketio::codec::{Packet, PacketError, PacketKind, PacketLimits};
use crate::socketio::decoder::{Decoded, Decoder};
use crate::socketio::encoder;

/// Nobody serves this namespace, so that the server refuses it at once: after all that it sent before.
pub(super) const MARKER_NAMESPACE: &str = "/:no-more-events:";

/// The server of a test may send what it likes.
const LIMITS: PacketLimits = PacketLimits {
    max_attachments: usize::MAX,
    max_attachments_bytes: usize::MAX,
    attachments_timeout: Duration::MAX,
    arguments: ArgumentLimits::NONE,
};

/// Why a Socket.IO client was disconnected, in the words of `socket.io-client`.
pub(super) mod reason {
    pub(in super::super) const IO_SERVER_DISCONNECT: &str = "io server disconnect";
    pub(in super::super) const IO_CLIENT_DISCONNECT: &str = "io client disconnect";
    pub(in super::super) const TRANSPORT_CLOSE: &str = "transport close";
    pub(in super::super) const TRANSPORT_ERROR: &str = "transport error";
    pub(in super::super) const PARSE_ERROR: &str = "parse error";
    pub(in super::super) const TOO_MANY_EVENTS: &str = "more events came than the test takes";
}

/// What the client and the one who reads for it share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) namespace: Arc<str>,
    pub(super) parser: Parser,
    pub(super) inbox: Inbox<TestEvent, &'static str>,
    acks: Mutex<Acks>,
    /// The connection has ended.
    pub(super) ended: CancellationToken,
}

#[derive(Debug, Default)]
struct Acks {
    next: u64,
    waiting: HashMap<u64, oneshot::Sender<Arguments>>,
    closed: bool,
}

impl Shared {
    pub(super) fn new(namespace: &str, parser: Parser, limit: Duration) -> Arc<Self> {
        Arc::new(Self {
            namespace: namespace.into(),
            parser,
            inbox: Inbox::new(limit),
            acks: Mutex::default(),
            ended: CancellationToken::new(),
        })
    }

    /// The number of the next acknowledgement, and where it arrives.
    pub(super) fn expect_ack(&self) -> (u64, oneshot::Receiver<Arguments>) {
        let (sender, receiver) = oneshot::channel();
        let mut acks = self.acks.lock();
        let id = acks.next;
        acks.next += 1;
        if !acks.closed {
            acks.waiting.insert(id, sender);
        }
        (id, receiver)
    }

    /// Nobody waits for it any more.
    pub(super) fn forget_ack(&self, id: u64) {
        self.acks.lock().waiting.remove(&id);
    }

    /// The client is disconnected; the first reason counts.
    pub(super) fn close(&self, reason: &'static str) {
        self.inbox.close(reason);
        let mut acks = self.acks.lock();
        acks.closed = true;
        acks.waiting.clear();
    }
}

/// The answer to the CONNECT of a client.
pub(super) type Connected = oneshot::Sender<Result<String, ConnectError>>;

/// Reads for one client.
pub(super) struct Reader {
    shared: Arc<Shared>,
    /// Weak, so that a client that is dropped closes its connection.
    outgoing: mpsc::WeakSender<Outgoing>,
    connected: Option<Connected>,
    decoder: Decoder,
}

/// The reader stops, for this reason.
struct End(&'static str);

impl Reader {
    pub(super) fn new(
        shared: Arc<Shared>,
        outgoing: mpsc::WeakSender<Outgoing>,
        connected: Connected,
    ) -> Self {
        let decoder = Decoder::new(shared.parser);
        Self { shared, outgoing, connected: Some(connected), decoder }
    }

    /// Reads until the connection ends.
    pub(super) async fn run(mut self, mut incoming: mpsc::Receiver<Incoming>) {
        let reason = loop {
            let Some(incoming) = incoming.recv().await else { break reason::TRANSPORT_CLOSE };
            if let Err(End(reason)) = self.read(incoming).await {
                break reason;
            }
        };
        self.shared.close(reason);
        self.connected = None;
        // One who is disconnected has nothing more to say. What still comes is read, so that the
        // connection can be closed by both sides.
        self.send(Outgoing::Close(None)).await;
        while incoming.recv().await.is_some() {}
        self.shared.ended.cancel();
    }

    async fn send(&self, message: Outgoing) {
        // If the connection has ended, the reader learns it next.
        if let Some(outgoing) = self.outgoing.upgrade() {
            let _ = outgoing.send(message).await;
        }
    }

    async fn read(&mut self, incoming: Incoming) -> Result<(), End> {
        let decoded = match incoming {
            Incoming::Text(text) => packet::decode(text).map_err(|_| End(reason::PARSE_ERROR))?,
            Incoming::Binary(bytes) => packet::Packet::Binary(bytes),
            Incoming::Pong => return Ok(()),
            Incoming::Closed(_) => return Err(End(reason::TRANSPORT_CLOSE)),
            Incoming::Failed => return Err(End(reason::TRANSPORT_ERROR)),
        };
        match decoded {
            packet::Packet::Ping { .. } => {
                self.send(Outgoing::Text("3".to_owned())).await;
                Ok(())
            }
            packet::Packet::Text(text) => {
                let decoded = self.decoder.text(text, &LIMITS);
                self.decoded(decoded).await
            }
            packet::Packet::Binary(bytes) => {
                let decoded = self.decoder.binary(bytes, &LIMITS);
                self.decoded(decoded).await
            }
            packet::Packet::Close => Err(End(reason::TRANSPORT_CLOSE)),
            packet::Packet::Open | packet::Packet::Pong | packet::Packet::Upgrade | packet::Packet::Noop => {
                Ok(())
            }
        }
    }

    async fn decoded(&mut self, decoded: Result<Decoded, PacketError>) -> Result<(), End> {
        match decoded.map_err(|_| End(reason::PARSE_ERROR))? {
            Some((packet, attachments)) => self.packet(packet, attachments).await,
            None => Ok(()),
        }
    }

    async fn packet(&mut self, packet: Packet, attachments: Vec<Bytes>) -> Result<(), End> {
        if packet.namespace() == MARKER_NAMESPACE {
            self.shared.inbox.marker_returned();
            if packet.kind == PacketKind::Connect {
                // A dynamic namespace that matches everything has let the marker in.
                let leave = encoder::disconnected(self.shared.parser, MARKER_NAMESPACE);
                self.send(Outgoing::Frames(leave)).await;
            }
            return Ok(());
        }
        match packet.kind {
            PacketKind::Connect => self.answer(id(packet.json())),
            PacketKind::ConnectError => self.answer(Err(refusal(packet.json()))),
            PacketKind::Disconnect => Err(End(reason::IO_SERVER_DISCONNECT)),
            PacketKind::Event => self.event(packet, attachments),
            PacketKind::Ack => self.ack(packet, attachments),
        }
    }

    fn answer(&mut self, answer: Result<String, ConnectError>) -> Result<(), End> {
        let connected = self.connected.take().ok_or(End(reason::PARSE_ERROR))?;
        // One who gave up waiting does not want to know.
        let _ = connected.send(answer);
        Ok(())
    }

    fn event(&self, packet: Packet, attachments: Vec<Bytes>) -> Result<(), End> {
        let (ack, json) = (packet.ack, packet.into_json());
        let (name, arguments) =
            Arguments::parse_event(&json, attachments).map_err(|_| End(reason::PARSE_ERROR))?;
        let acknowledge = ack.map(|id| Acknowledge {
            id,
            namespace: self.shared.namespace.clone(),
            parser: self.shared.parser,
            outgoing: self.outgoing.clone(),
        });
        let fits = self.shared.inbox.push(TestEvent::new(name.into_owned(), arguments, acknowledge));
        if fits { Ok(()) } else { Err(End(reason::TOO_MANY_EVENTS)) }
    }

    fn ack(&self, packet: Packet, attachments: Vec<Bytes>) -> Result<(), End> {
        let (ack, json) = (packet.ack, packet.into_json());
        let arguments = Arguments::parse_acknowledgement(&json, attachments);
        let arguments = arguments.map_err(|_| End(reason::PARSE_ERROR))?;
        let waiting = ack.and_then(|id| self.shared.acks.lock().waiting.remove(&id));
        if let Some(waiting) = waiting {
            // One who gave up waiting does not want to know.
            let _ = waiting.send(arguments);
        }
        Ok(())
    }
}

fn id(json: &[u8]) -> Result<String, ConnectError> {
    #[derive(Deserialize)]
    struct Connect {
        sid: String,
    }
    let connect: Result<Connect, _> = serde_json::from_slice(json);
    connect.map(|connect| connect.sid).map_err(|error| ConnectError::new(error.to_string()))
}

fn refusal(json: &[u8]) -> ConnectError {
    #[derive(Deserialize)]
    struct Refusal {
        message: String,
        data: Option<Value>,
    }
    match serde_json::from_slice(json) {
        Ok(Refusal { message, data }) => ConnectError { message, data },
        Err(error) => ConnectError::new(error.to_string()),
    }
}
