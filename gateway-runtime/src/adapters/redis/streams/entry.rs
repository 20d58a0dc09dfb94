//! Entries of a stream: the fields `uid`, `nsp`, `type` and `data`, as `@socket.io/redis-streams-adapter` writes and reads them.
//!
//! Pure functions. Three fields more are for servers in Rust, and others pass them over: `key` names an entry among those of
//! its `uid`, `early` says after which entry clients of the sender got it, and `early`, `early_from` and `early_to` without a
//! namespace say so of entries that were on their way already.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::adapters::redis::classic::received::Foreign;
use crate::adapters::redis::classic::wire::{self, Text};
use crate::adapters::redis::cluster::message::{Kind, Message};
use crate::adapters::redis::driver::{Entry, EntryId};

/// The stream of a namespace (`computeStreamName`).
pub(super) fn stream_of(namespace: &str, stream: &str, count: u32) -> String {
    if count <= 1 {
        return stream.to_owned();
    }
    let hash = namespace
        .encode_utf16()
        .fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    // As in JavaScript the sign is that of the hash: `socket.io--1` is a stream too.
    format!("{stream}-{}", i64::from(hash) % i64::from(count))
}

/// The fields of a message.
pub(super) fn fields(
    message: &Message<'_>,
    attachments: &[Bytes],
    only_plaintext: bool,
) -> Vec<(&'static str, Bytes)> {
    let mut data = if only_plaintext && !attachments.is_empty() {
        plaintext(&wire::encode(&message.data, &[]), attachments)
    } else {
        wire::encode(&message.data, attachments)
    };
    if data.first() != Some(&b'{') {
        data = STANDARD.encode(&data).into_bytes();
    }
    vec![
        ("nsp", Bytes::copy_from_slice(message.nsp.as_bytes())),
        ("type", message.r#type.to_string().into()),
        ("data", data.into()),
    ]
}

/// JSON in which bytes stand as `JSON.stringify` writes a `Buffer`. Placeholders are all written in one way, and text has
/// escaped quotes.
fn plaintext(json: &[u8], attachments: &[Bytes]) -> Vec<u8> {
    let mut text = String::from_utf8_lossy(json).into_owned();
    for (number, bytes) in attachments.iter().enumerate() {
        let bytes: Vec<_> = bytes.iter().map(u8::to_string).collect();
        let buffer = format!(r#"{{"type":"Buffer","data":[{}]}}"#, bytes.join(","));
        text = text.replacen(&format!(r#"{{"_placeholder":true,"num":{number}}}"#), &buffer, 1);
    }
    text.into_bytes()
}

/// A message, as it is read.
pub(in crate::adapters::redis) struct EntryMessage<'e> {
    pub(in crate::adapters::redis) id: EntryId,
    pub(in crate::adapters::redis) uid: &'e str,
    pub(in crate::adapters::redis) kind: Kind,
    /// Of servers in Rust.
    pub(in crate::adapters::redis) key: Option<u64>,
    /// The entry after which clients of the sender got it.
    pub(in crate::adapters::redis) early: Option<EntryId>,
    data: &'e Bytes,
}

impl<'e> EntryMessage<'e> {
    /// Reads an entry; its data are not looked at.
    pub(in crate::adapters::redis) fn of(entry: &'e Entry) -> Result<Self, Foreign> {
        let kind = entry.text("type").and_then(|kind| kind.parse().ok()).and_then(Kind::from_number);
        Ok(Self {
            id: entry.id,
            uid: entry.text("uid").ok_or(Foreign)?,
            kind: kind.ok_or(Foreign)?,
            key: number(entry, "key"),
            early: entry.text("early").and_then(EntryId::parse),
            data: entry.field("data").ok_or(Foreign)?,
        })
    }

    /// Its data: JSON begins with a brace, everything else is MessagePack in Base64.
    pub(in crate::adapters::redis) fn text(&self) -> Result<Text, Foreign> {
        if self.data.first() == Some(&b'{') {
            return Text::of(self.data).map_err(|_| Foreign);
        }
        let packed = STANDARD.decode(self.data).map_err(|_| Foreign)?;
        Text::of(&packed.into()).map_err(|_| Foreign)
    }
}

/// Entries of a server that its clients got before they were read.
pub(in crate::adapters::redis) struct EarlyNote<'e> {
    pub(in crate::adapters::redis) uid: &'e str,
    pub(in crate::adapters::redis) from: u64,
    pub(in crate::adapters::redis) to: u64,
    pub(in crate::adapters::redis) base: EntryId,
}

impl<'e> EarlyNote<'e> {
    /// `None` if an entry is something else.
    pub(in crate::adapters::redis) fn of(entry: &'e Entry) -> Option<Self> {
        Some(Self {
            uid: entry.text("uid")?,
            from: number(entry, "early_from")?,
            to: number(entry, "early_to")?,
            base: EntryId::parse(entry.text("early")?)?,
        })
    }
}

fn number(entry: &Entry, field: &str) -> Option<u64> {
    entry.text(field)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_those_of_node() {
        // `computeStreamName` of version 0.3.1.
        for (namespace, count, name) in [
            ("/", 1, "socket.io"),
            ("/", 4, "socket.io-3"),
            ("/chat", 4, "socket.io-3"),
            ("/admin/überall", 3, "socket.io--1"),
            ("/chats", 3, "socket.io-2"),
        ] {
            assert_eq!(stream_of(namespace, "socket.io", count), name, "{namespace}");
        }
    }

    #[test]
    fn bytes_as_plain_text() {
        let json = br#"{"a":[{"_placeholder":true,"num":0},{"num":0},{"_placeholder":true,"num":9}]}"#;
        let text = plaintext(json, &[Bytes::from_static(b"\x00\xff")]);
        assert_eq!(
            String::from_utf8(text).unwrap(),
            r#"{"a":[{"type":"Buffer","data":[0,255]},{"num":0},{"_placeholder":true,"num":9}]}"#
        );
    }
}
