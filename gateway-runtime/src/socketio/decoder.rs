//! From messages to whole packets: a packet's text waits here for its attachments, within limits.
//!
//! It must never know namespaces or what a packet means.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;

use bytes::Bytes;
use gateway_core::Parser;
use tokio::time::Sleep;

use super::codec::{self, Packet, PacketError, PacketLimits};
use super::msgpack;

/// A packet whose attachments are still on their way.
struct Incomplete {
    packet: Packet,
    attachments: Vec<Bytes>,
    bytes: usize,
    /// Runs until the next attachment must have come.
    timeout: Pin<Box<Sleep>>,
    /// Reading was paused, which is no fault of the client: the time begins anew.
    paused: bool,
}

/// A packet with all of its attachments, or `None`: more have to come.
pub(crate) type Decoded = Option<(Packet, Vec<Bytes>)>;

/// Puts packets together.
pub(crate) struct Decoder {
    parser: Parser,
    incomplete: Option<Box<Incomplete>>,
}

impl Decoder {
    pub(crate) fn new(parser: Parser) -> Self {
        Self { parser, incomplete: None }
    }

    /// Whether a message would begin a new packet.
    pub(crate) fn is_between_packets(&self) -> bool {
        self.incomplete.is_none()
    }

    /// Takes a text message.
    pub(crate) fn text(&mut self, text: Bytes, limits: &PacketLimits) -> Result<Decoded, PacketError> {
        if self.parser == Parser::MsgPack {
            return Err(PacketError::MsgPack);
        }
        if self.incomplete.is_some() {
            return Err(PacketError::AttachmentDue);
        }
        let packet = codec::decode(text, limits.max_attachments)?;
        if packet.attachments == 0 {
            return Ok(Some((packet, Vec::new())));
        }
        let timeout = Box::pin(tokio::time::sleep(limits.attachments_timeout));
        let incomplete = Incomplete { packet, attachments: Vec::new(), bytes: 0, timeout, paused: false };
        self.incomplete = Some(Box::new(incomplete));
        Ok(None)
    }

    /// Takes a binary message.
    pub(crate) fn binary(&mut self, bytes: Bytes, limits: &PacketLimits) -> Result<Decoded, PacketError> {
        if self.parser == Parser::MsgPack {
            return msgpack::decode(&bytes, limits).map(Some);
        }
        let mut incomplete = self.incomplete.take().ok_or(PacketError::NoAttachmentDue)?;
        incomplete.bytes = incomplete.bytes.saturating_add(bytes.len());
        if incomplete.bytes > limits.max_attachments_bytes {
            return Err(PacketError::AttachmentsTooLarge);
        }
        incomplete.attachments.push(bytes);
        if incomplete.attachments.len() < incomplete.packet.attachments {
            incomplete.restart(limits);
            self.incomplete = Some(incomplete);
            return Ok(None);
        }
        let Incomplete { packet, attachments, .. } = *incomplete;
        Ok(Some((packet, attachments)))
    }

    /// Looks whether attachments are late; `paused` says that nothing is read at the moment.
    pub(crate) fn poll(
        &mut self,
        limits: &PacketLimits,
        paused: bool,
        cx: &mut Context<'_>,
    ) -> Result<(), PacketError> {
        let Some(incomplete) = &mut self.incomplete else { return Ok(()) };
        if incomplete.paused && !paused {
            incomplete.restart(limits);
        }
        incomplete.paused = paused;
        if paused || incomplete.timeout.as_mut().poll(cx).is_pending() {
            return Ok(());
        }
        self.incomplete = None;
        Err(PacketError::AttachmentsLate)
    }
}

impl Incomplete {
    fn restart(&mut self, limits: &PacketLimits) {
        let now = tokio::time::Instant::now();
        let deadline = now.checked_add(limits.attachments_timeout);
        self.timeout.as_mut().reset(deadline.unwrap_or(now + std::time::Duration::from_secs(86_400)));
    }
}
