//! From JSON and attachments to a MessagePack packet, in the smallest forms, as `notepack.io` writes them.
//!
//! The JSON comes from this process: it is taken to be valid. Writing to a `Vec` does not fail, so the results of
//! `rmp` are dropped.

use bytes::Bytes;
use rmp::encode;
use serde::de::{self, Deserializer as _};

/// How [`Binary`](gateway_core::Binary) is written into JSON.
const PLACEHOLDER: &[u8] = br#"{"_placeholder":true,"num":"#;

/// What a packet says besides its data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header<'h> {
    /// 0 to 4.
    pub(crate) kind: u8,
    pub(crate) namespace: &'h str,
    pub(crate) id: Option<u64>,
}

/// Writes a packet; an empty `json` is no data.
pub(crate) fn encode(header: Header<'_>, json: &[u8], attachments: &[Bytes]) -> Vec<u8> {
    let bytes: usize = attachments.iter().map(Bytes::len).sum();
    let mut out = Vec::with_capacity(40 + header.namespace.len() + json.len() + bytes);
    let pairs = 2 + u8::from(!json.is_empty()) + u8::from(header.id.is_some());
    out.push(0x80 | pairs);
    text(&mut out, "type");
    let _ = encode::write_uint(&mut out, header.kind.into());
    if !json.is_empty() {
        text(&mut out, "data");
        value(&mut out, json, attachments);
    }
    if let Some(id) = header.id {
        text(&mut out, "id");
        let _ = encode::write_uint(&mut out, id);
    }
    text(&mut out, "nsp");
    text(&mut out, header.namespace);
    out
}

/// An array or map whose items are being written.
struct Level {
    /// Where its first byte stands; the length that belongs there is known at its end.
    start: usize,
    items: usize,
    map: bool,
}

fn value(out: &mut Vec<u8>, json: &[u8], attachments: &[Bytes]) {
    let mut levels: Vec<Level> = Vec::new();
    let mut rest = json;
    while let Some(first) = rest.first() {
        // In valid JSON neither blanks nor separators say what brackets do not.
        if matches!(first, b' ' | b'\t' | b'\r' | b'\n' | b',' | b':') {
            rest = &rest[1..];
            continue;
        }
        if matches!(first, b']' | b'}') {
            if let Some(level) = levels.pop() {
                close(out, &level);
            }
            rest = &rest[1..];
            continue;
        }
        if let Some(level) = levels.last_mut() {
            level.items += 1;
        }
        let taken = match placeholder(rest, attachments) {
            Some((length, bytes)) => {
                let _ = encode::write_bin(out, bytes);
                length
            }
            None if matches!(first, b'[' | b'{') => {
                levels.push(Level { start: out.len(), items: 0, map: *first == b'{' });
                out.push(0);
                1
            }
            None => scalar(out, rest),
        };
        rest = &rest[taken..];
    }
}

/// Puts the length in front of an array or a map.
fn close(out: &mut Vec<u8>, level: &Level) {
    let length = if level.map { level.items / 2 } else { level.items };
    let mut head = Vec::with_capacity(5);
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    let _ = if level.map {
        encode::write_map_len(&mut head, length)
    } else {
        encode::write_array_len(&mut head, length)
    };
    out.splice(level.start..=level.start, head);
}

/// The length of a placeholder in JSON, and the bytes that it stands for.
fn placeholder<'a>(json: &[u8], attachments: &'a [Bytes]) -> Option<(usize, &'a Bytes)> {
    let number = json.strip_prefix(PLACEHOLDER)?;
    let digits = number.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if number.get(digits) != Some(&b'}') {
        return None;
    }
    let index: usize = std::str::from_utf8(&number[..digits]).ok()?.parse().ok()?;
    Some((PLACEHOLDER.len() + digits + 1, attachments.get(index)?))
}

/// Writes a string, number, boolean or `null`; its length in JSON.
fn scalar(out: &mut Vec<u8>, json: &[u8]) -> usize {
    if json[0] == b'"' {
        let length = string_length(json);
        string(out, &json[..length]);
        return length;
    }
    let end =
        json.iter().position(|byte| matches!(byte, b',' | b']' | b'}' | b':' | b' ' | b'\t' | b'\r' | b'\n'));
    let length = end.unwrap_or(json.len()).max(1);
    match &json[..length] {
        b"true" => drop(encode::write_bool(out, true)),
        b"false" => drop(encode::write_bool(out, false)),
        b"null" => drop(encode::write_nil(out)),
        number => self::number(out, number),
    }
    length
}

fn number(out: &mut Vec<u8>, digits: &[u8]) {
    let digits = std::str::from_utf8(digits).unwrap_or_default();
    if let Ok(value) = digits.parse::<u64>() {
        let _ = encode::write_uint(out, value);
    } else if let Ok(value) = digits.parse::<i64>() {
        let _ = encode::write_sint(out, value);
    } else {
        match digits.parse::<f64>() {
            Ok(value) => drop(encode::write_f64(out, value)),
            Err(_) => drop(encode::write_nil(out)),
        }
    }
}

/// With both quotes.
fn string_length(json: &[u8]) -> usize {
    let mut escaped = false;
    for (index, byte) in json.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    json.len()
}

fn string(out: &mut Vec<u8>, json: &[u8]) {
    let inner = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
    if inner.contains(&b'\\') {
        // As bytes: half of a surrogate pair is a string in JavaScript, and none in Rust.
        let unescaped = serde_json::Deserializer::from_slice(json).deserialize_bytes(Unescaped);
        text(out, &unescaped.unwrap_or_default());
    } else {
        text(out, &String::from_utf8_lossy(inner));
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    let _ = encode::write_str(out, text);
}

struct Unescaped;

impl de::Visitor<'_> for Unescaped {
    type Value = String;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<String, E> {
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}
