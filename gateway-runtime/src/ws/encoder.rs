//! How messages of plain WebSocket are encoded: JSON text, or a frame of bytes.

use bytes::Bytes;
use gateway_core::link::Encoder;
use gateway_core::{Arguments, Data, Frames, Payload};
use serde_json::{Map, Value, json};

/// The `{event, data}` envelope.
#[derive(Debug)]
pub(crate) struct WsEncoder;

impl Encoder for WsEncoder {
    fn event(&self, _namespace: &str, payload: Payload, _ack: Option<u64>) -> Frames {
        let event = payload.event_json();
        let mut text = Vec::with_capacity(payload.json().len() + 20);
        text.extend_from_slice(b"{\"event\":");
        text.extend_from_slice(event);
        let data = data(&payload);
        if !data.is_empty() {
            text.extend_from_slice(b",\"data\":");
            text.extend_from_slice(&data);
        }
        text.push(b'}');
        Frames::encoded(text.into(), Vec::new())
    }

    /// A handler's result: one frame of bare JSON.
    fn ack(&self, _namespace: &str, payload: Payload, _id: u64) -> Option<Frames> {
        Some(Frames::encoded(data(&payload), Vec::new()))
    }

    fn has_acks(&self) -> bool {
        false
    }

    /// As `send` of the `ws` package: bytes are a binary frame, a string is its own text.
    fn message(&self, _namespace: &str, payload: Payload) -> Frames {
        if let [bytes] = payload.attachments()
            && payload.arguments_json() == br#"{"_placeholder":true,"num":0}"#
        {
            return Frames::binary(bytes.clone());
        }
        let data = data(&payload);
        match serde_json::from_slice::<String>(&data) {
            Ok(text) => Frames::text(text),
            Err(_) => Frames::encoded(data, Vec::new()),
        }
    }
}

/// The arguments as one JSON value: the only one, or an array of several; empty if there are none.
fn data(payload: &Payload) -> Bytes {
    if !payload.attachments().is_empty() {
        return with_buffers(payload);
    }
    let arguments = payload.arguments_json();
    match serde_json::Deserializer::from_slice(arguments).into_iter::<&serde_json::value::RawValue>().next() {
        Some(Ok(first)) if first.get().len() < arguments.len() => {
            let mut array = Vec::with_capacity(arguments.len() + 2);
            array.push(b'[');
            array.extend_from_slice(arguments);
            array.push(b']');
            array.into()
        }
        _ => Bytes::copy_from_slice(arguments),
    }
}

/// Binary values inside JSON look as Node's `Buffer` does: there are no attachments to put them in.
fn with_buffers(payload: &Payload) -> Bytes {
    let array = [b"[", payload.arguments_json(), b"]"].concat();
    let arguments = Arguments::parse_acknowledgement(&array.into(), payload.attachments().to_vec());
    let data = arguments.ok().and_then(|arguments| arguments.body()?.decode::<Data>().ok());
    let value = data.map(buffers).unwrap_or_default();
    value.to_string().into()
}

fn buffers(data: Data) -> Value {
    match data {
        Data::Null => Value::Null,
        Data::Bool(value) => Value::Bool(value),
        Data::Number(value) => Value::Number(value),
        Data::String(value) => Value::String(value),
        Data::Binary(bytes) => json!({"type": "Buffer", "data": &bytes[..]}),
        Data::Array(items) => Value::Array(items.into_iter().map(buffers).collect()),
        Data::Object(members) => Value::Object(
            members.into_iter().map(|(key, value)| (key, buffers(value))).collect::<Map<_, _>>(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gateway_core::{Args, Binary};

    fn event(payload: Payload) -> String {
        WsEncoder.event("/", payload, None).as_str().to_owned()
    }

    #[test]
    fn events_are_envelopes() {
        assert_eq!(event(Payload::event("e", &1).unwrap()), r#"{"event":"e","data":1}"#);
        assert_eq!(event(Payload::event("e", &Args((1, "b"))).unwrap()), r#"{"event":"e","data":[1,"b"]}"#);
        assert_eq!(event(Payload::event("e", &[1, 2]).unwrap()), r#"{"event":"e","data":[1,2]}"#);
        assert_eq!(event(Payload::event("e", &()).unwrap()), r#"{"event":"e"}"#);
        assert_eq!(
            event(Payload::event("e", &json_with(Binary::from(b"\x01\x02"))).unwrap()),
            r#"{"event":"e","data":{"file":{"data":[1,2],"type":"Buffer"}}}"#
        );
    }

    fn json_with(file: Binary) -> impl serde::Serialize {
        #[derive(serde::Serialize)]
        struct Upload {
            file: Binary,
        }
        Upload { file }
    }

    #[test]
    fn replies_are_bare_json_and_sends_are_what_they_are() {
        let reply = |payload: Payload| WsEncoder.ack("/", payload, 0).unwrap().as_str().to_owned();
        assert_eq!(reply(Payload::arguments("x").unwrap()), r#""x""#);
        assert_eq!(reply(Payload::arguments(&0).unwrap()), "0");
        let send = |payload: Payload| WsEncoder.message("/", payload);
        assert_eq!(send(Payload::event("message", "text").unwrap()).as_str(), "text");
        assert_eq!(send(Payload::event("message", &[1]).unwrap()).as_str(), "[1]");
        let binary = send(Payload::event("message", &Binary::from(b"\xff")).unwrap());
        assert_eq!(
            (binary.text_bytes().len(), binary.attachments()),
            (0, &[Bytes::from_static(b"\xff")][..])
        );
    }
}
