//! From JSON with attachments to MessagePack.

use std::fmt;

use bytes::Bytes;
use rmp::encode;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::MessagePackError;

/// Appends one JSON value as MessagePack. An object that stands for one of `attachments` becomes that
/// binary value.
///
/// The JSON is one of this framework's own, or one that a parser has accepted: how deep it is was looked
/// at there.
pub(crate) fn from_json(
    json: &[u8],
    attachments: &[Bytes],
    out: &mut Vec<u8>,
) -> Result<(), MessagePackError> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let value = Value { attachments, out };
    value.deserialize(&mut deserializer).map_err(|_| MessagePackError::Json)?;
    deserializer.end().map_err(|_| MessagePackError::Json)
}

/// Writes the value that it is asked to deserialize.
struct Value<'o> {
    attachments: &'o [Bytes],
    out: &'o mut Vec<u8>,
}

/// Writing to a `Vec` does not fail.
fn written<T, E>(result: Result<T, E>) {
    debug_assert!(result.is_ok());
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        written(encode::write_nil(self.out));
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        written(encode::write_bool(self.out, value));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        written(encode::write_uint(self.out, value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        written(encode::write_sint(self.out, value));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if value.fract() == 0.0 && value.abs() <= EXACT {
            // JavaScript has one kind of number. Within 2^53, so nothing is cut off.
            written(encode::write_sint(self.out, value as i64));
        } else {
            written(encode::write_f64(self.out, value));
        }
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        written(encode::write_str(self.out, value));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Value { attachments, out } = self;
        let start = out.len();
        out.push(0);
        let mut length = 0;
        while seq.next_element_seed(Value { attachments, out })?.is_some() {
            length += 1;
        }
        put_header::<A::Error>(out, start, length, |header, length| {
            written(encode::write_array_len(header, length));
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Value { attachments, out } = self;
        let start = out.len();
        out.push(0);
        let (mut length, mut placeholder) = (0, Placeholder::default());
        loop {
            let key = out.len();
            if map.next_key_seed(Value { attachments, out })?.is_none() {
                break;
            }
            let value = out.len();
            map.next_value_seed(Value { attachments, out })?;
            if !attachments.is_empty() {
                placeholder.note(&out[key..value], &out[value..]);
            }
            length += 1;
        }
        if let Some(binary) = placeholder.attachment(attachments) {
            out.truncate(start);
            written(encode::write_bin(out, binary));
            return Ok(());
        }
        put_header::<A::Error>(out, start, length, |header, length| {
            written(encode::write_map_len(header, length));
        })
    }
}

/// The members of an object that may stand for a binary value, as MessagePack.
#[derive(Default)]
struct Placeholder {
    marked: bool,
    number: Option<usize>,
}

impl Placeholder {
    fn note(&mut self, key: &[u8], value: &[u8]) {
        match key {
            b"\xac_placeholder" => self.marked = value == [0xc3],
            b"\xa3num" => {
                let mut value = value;
                self.number = rmp::decode::read_int(&mut value).ok();
            }
            _ => {}
        }
    }

    fn attachment<'a>(&self, attachments: &'a [Bytes]) -> Option<&'a Bytes> {
        if self.marked { attachments.get(self.number?) } else { None }
    }
}

/// Puts the header of an array or an object where one byte was left for it: for most that is enough.
fn put_header<E: serde::de::Error>(
    out: &mut Vec<u8>,
    start: usize,
    length: usize,
    write: impl FnOnce(&mut Vec<u8>, u32),
) -> Result<(), E> {
    let length = u32::try_from(length).map_err(|_| E::custom("too many elements"))?;
    let mut header = Vec::with_capacity(5);
    write(&mut header, length);
    match header.as_slice() {
        [byte] => out[start] = *byte,
        header => drop(out.splice(start..=start, header.iter().copied())),
    }
    Ok(())
}
