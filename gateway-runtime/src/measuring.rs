//! Parts of the server as functions, for the benchmarks in `bench/`: what they count must be what the server
//! does, and nothing beside it. No public API.

use bytes::Bytes;
use gateway_core::{ArgumentLimits, Frames, NamedArguments, Parser, Payload};

use crate::engine::packet::{self, Packet};
use crate::socketio::codec::{self, PacketLimits};
use crate::socketio::{encoder, msgpack};

pub use crate::engine::measuring::{echo, read_messages, write_messages};

/// The event in a message of Engine.IO, as it is read from a WebSocket; `None` if it is no event.
pub fn event(message: Bytes, attachments: Vec<Bytes>) -> Option<NamedArguments> {
    let Ok(Packet::Text(text)) = packet::decode(message) else { return None };
    let packet = codec::decode(text, usize::MAX).ok()?;
    NamedArguments::parse(&ArgumentLimits::default(), packet.into_json(), attachments).ok()
}

/// The event in a MessagePack packet; `None` if it is no event.
pub fn msgpack_event(message: &Bytes) -> Option<NamedArguments> {
    let (packet, attachments) = msgpack::decode(message, &PacketLimits::default()).ok()?;
    NamedArguments::parse(&ArgumentLimits::default(), packet.into_json(), attachments).ok()
}

/// How events and acknowledgements leave.
#[derive(Debug)]
pub struct Encoder {
    encoder: std::sync::Arc<dyn gateway_core::link::Encoder>,
}

impl Encoder {
    /// The encoder of a parser.
    pub fn new(parser: Parser) -> Self {
        Self { encoder: encoder::of_parser(parser) }
    }

    /// An event of a namespace.
    pub fn event(&self, namespace: &str, payload: Payload) -> Frames {
        self.encoder.event(namespace, payload, None)
    }

    /// An acknowledgement.
    pub fn ack(&self, namespace: &str, payload: Payload, id: u64) -> Option<Frames> {
        self.encoder.ack(namespace, payload, id)
    }
}
