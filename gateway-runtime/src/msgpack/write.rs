//! From JSON with attachments to MessagePack, in the smallest forms, as `notepack.io` writes them.
//!
//! The JSON comes from this process: it is taken to be valid. Writing to a `Vec` does not fail, so the results of
//! `rmp` are dropped.

use bytes::Bytes;
use rmp::encode;
use serde::de::{self, Deserializer as _};

use super::item::EXACT;

/// An array or map whose items are being written.
struct Level {
    /// Where its first byte stands; the length that belongs there is known at its end.
    start: usize,
    items: usize,
    map: bool,
    /// What it says of the binary value that it may stand for.
    placeholder: Placeholder,
}

/// The members of an object that may stand for a binary value.
#[derive(Default)]
struct Placeholder {
    key: Key,
    marked: bool,
    number: Option<usize>,
}

/// Which of them comes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Key {
    #[default]
    Other,
    Marked,
    Number,
}

impl Placeholder {
    /// Notes a key, as MessagePack.
    fn key(&mut self, key: &[u8]) {
        self.key = match key {
            b"\xac_placeholder" => Key::Marked,
            b"\xa3num" => Key::Number,
            _ => Key::Other,
        };
    }

    /// Notes a value, as MessagePack; nothing of an array or an object.
    fn value(&mut self, mut value: &[u8]) {
        match self.key {
            Key::Marked => self.marked = value == [0xc3],
            Key::Number => self.number = rmp::decode::read_int(&mut value).ok(),
            Key::Other => {}
        }
    }

    fn attachment<'a>(&self, attachments: &'a [Bytes]) -> Option<&'a Bytes> {
        if self.marked { attachments.get(self.number?) } else { None }
    }
}

/// Appends one JSON value as MessagePack, however deep it is: without recursion. An object that stands for one of
/// `attachments` becomes that binary value.
pub(crate) fn from_json(json: &[u8], attachments: &[Bytes], out: &mut Vec<u8>) {
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
                close(out, &level, attachments);
            }
            rest = &rest[1..];
            continue;
        }
        let start = out.len();
        let opens = matches!(first, b'[' | b'{');
        let taken = if opens {
            out.push(0);
            1
        } else {
            scalar(out, rest)
        };
        if let Some(level) = levels.last_mut() {
            if level.map && !attachments.is_empty() {
                let written = if opens { &[][..] } else { &out[start..] };
                if level.items % 2 == 0 {
                    level.placeholder.key(written);
                } else {
                    level.placeholder.value(written);
                }
            }
            level.items += 1;
        }
        if opens {
            levels.push(Level { start, items: 0, map: *first == b'{', placeholder: Placeholder::default() });
        }
        rest = &rest[taken..];
    }
}

/// Puts the length in front of an array or a map, or what it stands for in its place.
fn close(out: &mut Vec<u8>, level: &Level, attachments: &[Bytes]) {
    if let Some(binary) = level.placeholder.attachment(attachments) {
        out.truncate(level.start);
        let _ = encode::write_bin(out, binary);
        return;
    }
    let length = if level.map { level.items / 2 } else { level.items };
    let mut head = Vec::with_capacity(5);
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    let _ = if level.map {
        encode::write_map_len(&mut head, length)
    } else {
        encode::write_array_len(&mut head, length)
    };
    match head.as_slice() {
        // For most, one byte is enough.
        [byte] => out[level.start] = *byte,
        _ => drop(out.splice(level.start..=level.start, head)),
    }
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
            // JavaScript has one kind of number.
            #[expect(clippy::cast_possible_truncation, reason = "checked by the guard")]
            Ok(value) if value.fract() == 0.0 && value.abs() <= EXACT => {
                let _ = encode::write_sint(out, value as i64);
            }
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
