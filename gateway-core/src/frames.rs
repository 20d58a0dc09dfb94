//! Encoded packets, ready for any number of outboxes.
//!
//! This file knows bytes and how many of them there are. It must never know a protocol, a transport
//! or a socket.

use std::sync::Arc;

use bytes::Bytes;

use crate::incoming::Incoming;

/// One packet in its wire form: a text part and the binary attachments that follow it.
///
/// Cloning is cheap: the bytes are reference counted, so a broadcast encodes once and puts the same
/// bytes into every outbox. The parts are written back to back, never interleaved with another
/// packet's.
#[derive(Clone, Debug)]
pub struct Frames {
    text: Bytes,
    attachments: Option<Arc<[Bytes]>>,
    compress: bool,
    /// The event that it carries, if a socket of the namespace listens to what goes out.
    event: Option<Arc<Incoming>>,
}

impl Frames {
    /// A packet of one text frame.
    pub fn text(text: String) -> Self {
        Self { text: Bytes::from(text), attachments: None, compress: true, event: None }
    }

    /// A packet of one text frame, followed by binary frames.
    pub fn with_attachments(text: String, attachments: Vec<Bytes>) -> Self {
        let attachments = if attachments.is_empty() { None } else { Some(attachments.into()) };
        Self { text: Bytes::from(text), attachments, compress: true, event: None }
    }

    /// A packet whose text is encoded already. `text` must be UTF-8: it goes out as a text frame.
    pub fn encoded(text: Bytes, attachments: Vec<Bytes>) -> Self {
        debug_assert!(std::str::from_utf8(&text).is_ok(), "the text of a packet is UTF-8");
        let attachments = if attachments.is_empty() { None } else { Some(attachments.into()) };
        Self { text, attachments, compress: true, event: None }
    }

    /// A packet of one binary frame and no text (plain WebSocket `send` of bytes).
    pub fn binary(bytes: Bytes) -> Self {
        Self { text: Bytes::new(), attachments: Some(Arc::new([bytes])), compress: true, event: None }
    }

    /// Says whether a transport may compress it (Socket.IO's `compress` flag).
    #[must_use]
    pub fn with_compression(mut self, compress: bool) -> Self {
        self.compress = compress;
        self
    }

    /// Whether a transport may compress it; true unless something else was said.
    pub fn compress(&self) -> bool {
        self.compress
    }

    /// Adds the event that the packet carries, for listeners of what goes out.
    pub(crate) fn with_event(mut self, event: Option<Arc<Incoming>>) -> Self {
        self.event = event;
        self
    }

    /// The event that the packet carries, if somebody listens.
    pub(crate) fn event(&self) -> Option<&Arc<Incoming>> {
        self.event.as_ref()
    }

    /// The text part, UTF-8; empty if the packet is binary only.
    pub fn text_bytes(&self) -> &Bytes {
        &self.text
    }

    /// The text part without the packet around it, UTF-8.
    pub fn into_text_bytes(self) -> Bytes {
        self.text
    }

    /// The text part as a string.
    pub fn as_str(&self) -> &str {
        // Every constructor takes a `String` or leaves the text empty.
        std::str::from_utf8(&self.text).unwrap_or_default()
    }

    /// The binary frames that follow the text.
    pub fn attachments(&self) -> &[Bytes] {
        self.attachments.as_deref().unwrap_or_default()
    }

    /// Bytes of payload in all frames: what an outbox counts against its limit.
    pub fn byte_len(&self) -> usize {
        self.text.len() + self.attachments().iter().map(Bytes::len).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_text_and_attachments() {
        let frames = Frames::with_attachments("abc".into(), vec![Bytes::from_static(b"12"), Bytes::new()]);
        assert_eq!(frames.byte_len(), 5);
        assert_eq!(frames.as_str(), "abc");
        assert_eq!(frames.attachments().len(), 2);
        assert_eq!(Frames::binary(Bytes::from_static(b"xyz")).byte_len(), 3);
    }
}
