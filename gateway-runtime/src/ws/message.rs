//! What a plain WebSocket frame means: the `{event, data}` envelope, or a format of the user's own.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use gateway_core::{ArgumentLimits, Arguments, EventName, NamedArguments, ParseArgumentsError, position};
use serde::Serialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A frame as the client sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WsFrame<'a> {
    /// A text frame.
    Text(&'a str),
    /// A binary frame.
    Binary(&'a [u8]),
}

impl<'a> WsFrame<'a> {
    /// The bytes of either kind.
    pub fn as_bytes(self) -> &'a [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

/// A message for the handlers of an event (NestJS's `WsMessage`).
#[derive(Clone, Debug)]
pub struct WsMessage {
    pub(crate) event: String,
    pub(crate) arguments: Arguments,
}

impl WsMessage {
    /// A message with a body.
    ///
    /// # Errors
    /// The body does not serialize.
    pub fn new<T: Serialize>(event: impl Into<String>, data: &T) -> Result<Self, serde_json::Error> {
        Ok(Self { event: event.into(), arguments: Arguments::from_value(data)? })
    }

    /// A message whose body is JSON text.
    ///
    /// # Errors
    /// It is not one JSON value.
    pub fn from_json(event: impl Into<String>, json: impl Into<Bytes>) -> Result<Self, ParseArgumentsError> {
        Ok(Self { event: event.into(), arguments: Arguments::from_json(&json.into())? })
    }

    /// A message whose body is binary: handlers take it as a [`Binary`](gateway_core::Binary).
    pub fn from_binary(event: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self { event: event.into(), arguments: Arguments::from_binary(bytes.into()) }
    }

    /// A message without a body.
    pub fn without_body(event: impl Into<String>) -> Self {
        Self { event: event.into(), arguments: Arguments::none() }
    }
}

type Parse = dyn Fn(WsFrame<'_>) -> Option<WsMessage> + Send + Sync;

/// Maps frames to messages (the `messageParser` of NestJS's `WsAdapter`); `None` drops a frame.
#[derive(Clone)]
pub struct MessageParser(Arc<Parse>);

impl MessageParser {
    pub(crate) fn new(parse: impl Fn(WsFrame<'_>) -> Option<WsMessage> + Send + Sync + 'static) -> Self {
        Self(Arc::new(parse))
    }

    pub(crate) fn parse(&self, frame: WsFrame<'_>) -> Option<WsMessage> {
        (self.0)(frame)
    }
}

impl fmt::Debug for MessageParser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MessageParser")
    }
}

/// Why a frame is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ignored {
    /// It is no `{event, data}`.
    NoEnvelope,
    /// It exceeds the limit of this option.
    Limit(&'static str),
}

/// Reads `{"event": "name", "data": …}`; anything else is ignored.
pub(crate) fn parse_envelope(frame: Bytes, limits: &ArgumentLimits) -> Result<NamedArguments, Ignored> {
    let text = std::str::from_utf8(&frame).map_err(|_| Ignored::NoEnvelope)?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let (event, data) = deserializer.deserialize_map(EnvelopeVisitor).map_err(|_| Ignored::NoEnvelope)?;
    deserializer.end().map_err(|_| Ignored::NoEnvelope)?;
    let event = EventName::of(event.ok_or(Ignored::NoEnvelope)?, &frame);
    let data = data.map(|data| position(data.get(), &frame));
    NamedArguments::found(limits, frame, event, data)
        .map_err(|error| error.limit().map_or(Ignored::NoEnvelope, Ignored::Limit))
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = (Option<Cow<'de, str>>, Option<&'de RawValue>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `event` and `data`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // The last of two equal keys counts, as in JavaScript.
        let (mut event, mut data) = (None, None);
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Event => event = string(map.next_value::<&'de RawValue>()?),
                Key::Data => data = Some(map.next_value::<&'de RawValue>()?),
                Key::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok((event, data))
    }
}

fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    let json = value.get();
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(json).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

enum Key {
    Event,
    Data,
    Other,
}

impl<'de> de::Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E: de::Error>(self, key: &str) -> Result<Key, E> {
                Ok(match key {
                    "event" => Key::Event,
                    "data" => Key::Data,
                    _ => Key::Other,
                })
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn parse(text: &'static str) -> Option<(String, Option<Value>)> {
        let bytes = Bytes::from_static(text.as_bytes());
        let event = parse_envelope(bytes, &ArgumentLimits::default()).ok()?;
        let name = event.name().to_owned();
        Some((name, event.into_arguments().body().map(|body| body.decode().unwrap())))
    }

    #[test]
    fn envelopes() {
        assert_eq!(parse(r#"{"event":"a","data":{"x":[1]}}"#), Some(("a".into(), Some(json!({"x": [1]})))));
        assert_eq!(parse(r#" {"data": null, "event": "\u00e9"} "#), Some(("é".into(), Some(Value::Null))));
        assert_eq!(parse(r#"{"event":"a"}"#), Some(("a".into(), None)));
        assert_eq!(parse(r#"{"event":"a","event":"b","more":{}}"#), Some(("b".into(), None)));
    }

    #[test]
    fn what_is_ignored() {
        for text in [
            "",
            "x",
            "[]",
            "5",
            "null",
            r#""event""#,
            "{}",
            r#"{"event":5}"#,
            r#"{"event":"a""#,
            r#"{"event":"a"} {}"#,
            r#"{"event":null,"data":1}"#,
            r#"{"event":"a","data":}"#,
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        let limits = ArgumentLimits::default();
        let latin = Bytes::from_static(b"{\"event\":\"\xff\"}");
        assert_eq!(parse_envelope(latin, &limits).err(), Some(Ignored::NoEnvelope));
    }

    #[test]
    fn what_exceeds_a_limit_is_ignored() {
        let limits = ArgumentLimits::default();
        let ignored = |text: String| parse_envelope(Bytes::from(text), &limits).err();
        let long = format!(r#"{{"event":"{}"}}"#, "e".repeat(1025));
        assert_eq!(ignored(long), Some(Ignored::Limit("max_event_name_length")));
        let deep =
            |levels: usize| format!(r#"{{"event":"e","data":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
        assert_eq!(ignored(deep(128)), None);
        assert_eq!(ignored(deep(129)), Some(Ignored::Limit("max_json_depth")));
        assert_eq!(ignored(deep(200_000)), Some(Ignored::Limit("max_json_depth")));
    }
}
