//! An untyped body that may hold binary values.

use std::fmt;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Number;

use crate::binary::{self, Binary, PLACEHOLDER_KEY};

/// Any value that a client can send, binary values included.
///
/// It is what `serde_json::Value` is for pure JSON. A handler that takes a `Data` and returns it
/// echoes the message byte for byte, attachments and the order of keys included.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Data {
    /// JSON's `null`; also a missing body.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Any number.
    Number(Number),
    /// A string.
    String(String),
    /// A binary value: an attachment of the packet.
    Binary(Binary),
    /// An array.
    Array(Vec<Data>),
    /// An object, in the order in which the client sent the keys.
    Object(IndexMap<String, Data>),
}

impl Data {
    /// The member of an object; `None` for anything else.
    pub fn get(&self, key: &str) -> Option<&Data> {
        match self {
            Data::Object(members) => members.get(key),
            _ => None,
        }
    }

    /// The text of a string; `None` for anything else.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Data::String(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes of a binary value; `None` for anything else.
    pub fn as_binary(&self) -> Option<&Binary> {
        match self {
            Data::Binary(binary) => Some(binary),
            _ => None,
        }
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Data::Null => serializer.serialize_unit(),
            Data::Bool(value) => serializer.serialize_bool(*value),
            Data::Number(value) => value.serialize(serializer),
            Data::String(value) => serializer.serialize_str(value),
            Data::Binary(value) => value.serialize(serializer),
            Data::Array(items) => items.serialize(serializer),
            Data::Object(members) => serializer.collect_map(members),
        }
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DataVisitor)
    }
}

struct DataVisitor;

impl<'de> Visitor<'de> for DataVisitor {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_none<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Data, D::Error> {
        Data::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Data, E> {
        Ok(Data::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Data, E> {
        Ok(Data::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Data, E> {
        Ok(Data::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Data, E> {
        Ok(Number::from_f64(value).map_or(Data::Null, Data::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Data, E> {
        Ok(Data::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Data, E> {
        Ok(Data::String(value))
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Data, E> {
        Ok(Data::Binary(value.to_vec().into()))
    }

    fn visit_byte_buf<E>(self, value: Vec<u8>) -> Result<Data, E> {
        Ok(Data::Binary(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Data, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Data::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
        let mut members = IndexMap::new();
        while let Some((key, value)) = map.next_entry::<String, Data>()? {
            members.insert(key, value);
        }
        Ok(binary_of(&members).unwrap_or(Data::Object(members)))
    }
}

/// The attachment for which an object stands. An object that merely looks like a placeholder, in a
/// packet without attachments, stays an object, as in Socket.IO's reference parser.
fn binary_of(members: &IndexMap<String, Data>) -> Option<Data> {
    if members.get(PLACEHOLDER_KEY) != Some(&Data::Bool(true)) {
        return None;
    }
    let Some(Data::Number(number)) = members.get("num") else {
        return None;
    };
    binary::attachment(number.as_u64()?).map(|bytes| Data::Binary(Binary(bytes)))
}

/// Why the placeholders of a packet do not match its attachments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("illegal attachments: a placeholder has no attachment")]
pub(crate) struct IllegalAttachments;

/// Checks that each placeholder in `json` has its attachment, as the reference parser does when it
/// puts a packet together.
pub(crate) fn check_placeholders(json: &str, attachments: usize) -> Result<(), IllegalAttachments> {
    let Ok(data) = serde_json::from_str::<Data>(json) else {
        return Err(IllegalAttachments);
    };
    if placeholders_are_legal(&data, attachments) { Ok(()) } else { Err(IllegalAttachments) }
}

fn placeholders_are_legal(data: &Data, attachments: usize) -> bool {
    match data {
        Data::Array(items) => items.iter().all(|item| placeholders_are_legal(item, attachments)),
        Data::Object(members) if members.get(PLACEHOLDER_KEY) == Some(&Data::Bool(true)) => {
            matches!(members.get("num"), Some(Data::Number(number))
                if number.as_u64().is_some_and(|number| number < attachments as u64))
        }
        Data::Object(members) => members.values().all(|value| placeholders_are_legal(value, attachments)),
        _ => true,
    }
}

impl From<serde_json::Value> for Data {
    fn from(value: serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Data::Null,
            Value::Bool(value) => Data::Bool(value),
            Value::Number(value) => Data::Number(value),
            Value::String(value) => Data::String(value),
            Value::Array(items) => Data::Array(items.into_iter().map(Data::from).collect()),
            Value::Object(members) => {
                Data::Object(members.into_iter().map(|(key, value)| (key, value.into())).collect())
            }
        }
    }
}

impl From<Binary> for Data {
    fn from(value: Binary) -> Self {
        Data::Binary(value)
    }
}

impl From<&str> for Data {
    fn from(value: &str) -> Self {
        Data::String(value.to_owned())
    }
}

impl From<String> for Data {
    fn from(value: String) -> Self {
        Data::String(value)
    }
}
