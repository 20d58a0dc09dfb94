//! How Socket.IO packets are encoded: text with attachments, the default parser of Socket.IO, or MessagePack.

use std::sync::Arc;

use gateway_core::link::Encoder;
use gateway_core::{ConnectError, Frames, Parser, Payload};
use serde::Serialize;

use super::codec::Header;
use super::msgpack;

/// The encoder of a parser.
pub(crate) fn of_parser(parser: Parser) -> Arc<dyn Encoder> {
    match parser {
        Parser::MsgPack => Arc::new(MsgPackEncoder),
        _ => Arc::new(SocketIoEncoder),
    }
}

/// `socket.io-msgpack-parser`.
#[derive(Debug)]
struct MsgPackEncoder;

impl Encoder for MsgPackEncoder {
    fn event(&self, namespace: &str, payload: Payload, ack: Option<u64>) -> Frames {
        packed(msgpack::Header { kind: 2, namespace, id: ack }, &payload)
    }

    fn ack(&self, namespace: &str, payload: Payload, id: u64) -> Option<Frames> {
        Some(packed(msgpack::Header { kind: 3, namespace, id: Some(id) }, &payload))
    }

    fn message(&self, namespace: &str, payload: Payload) -> Frames {
        self.event(namespace, payload, None)
    }
}

fn packed(header: msgpack::Header<'_>, payload: &Payload) -> Frames {
    Frames::binary(msgpack::encode(header, payload.json(), payload.attachments()).into())
}

/// Socket.IO's default parser.
#[derive(Debug)]
struct SocketIoEncoder;

impl Encoder for SocketIoEncoder {
    fn event(&self, namespace: &str, payload: Payload, ack: Option<u64>) -> Frames {
        encode((b'2', b'5'), namespace, payload, ack)
    }

    fn ack(&self, namespace: &str, payload: Payload, id: u64) -> Option<Frames> {
        Some(encode((b'3', b'6'), namespace, payload, Some(id)))
    }

    fn message(&self, namespace: &str, payload: Payload) -> Frames {
        self.event(namespace, payload, None)
    }
}

fn encode((text, binary): (u8, u8), namespace: &str, payload: Payload, id: Option<u64>) -> Frames {
    let attachments = payload.attachments().len();
    let kind = if attachments == 0 { text } else { binary };
    payload.into_frames(Header::new(kind, attachments, namespace, id).as_bytes())
}

/// A client's CONNECT.
#[cfg(feature = "testing")]
pub(crate) fn connect(parser: Parser, namespace: &str, auth: Option<&serde_json::Value>) -> Frames {
    control(parser, b'0', namespace, auth)
}

/// The answer to a CONNECT: the id of the new socket, and the private one by which it may come back.
pub(crate) fn connected(parser: Parser, namespace: &str, id: &str, pid: Option<&Arc<str>>) -> Frames {
    #[derive(Serialize)]
    struct Connected<'a> {
        sid: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        pid: Option<&'a str>,
    }
    control(parser, b'0', namespace, Some(&Connected { sid: id, pid: pid.map(|pid| &**pid) }))
}

/// The refusal of a CONNECT.
pub(crate) fn connect_error(parser: Parser, namespace: &str, error: &ConnectError) -> Frames {
    #[derive(Serialize)]
    struct Refused<'a> {
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<&'a serde_json::Value>,
    }
    control(parser, b'4', namespace, Some(&Refused { message: &error.message, data: error.data.as_ref() }))
}

/// The server disconnects the socket of a namespace.
pub(crate) fn disconnected(parser: Parser, namespace: &str) -> Frames {
    control(parser, b'1', namespace, None::<&()>)
}

/// A packet that is no event.
pub(super) fn control<T: Serialize + ?Sized>(
    parser: Parser,
    kind: u8,
    namespace: &str,
    json: Option<&T>,
) -> Frames {
    // These structs of strings and JSON values always serialize.
    let json = json.map(|json| serde_json::to_vec(json).unwrap_or_default()).unwrap_or_default();
    if parser == Parser::MsgPack {
        let header = msgpack::Header { kind: kind - b'0', namespace, id: None };
        return Frames::binary(msgpack::encode(header, &json, &[]).into());
    }
    let text = [Header::new(kind, 0, namespace, None).as_bytes(), &json].concat();
    Frames::encoded(text.into(), Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gateway_core::Binary;

    #[test]
    fn packets_as_the_protocol_has_them() {
        let event = Payload::event("e", &1).unwrap();
        assert_eq!(SocketIoEncoder.event("/", event, None).as_str(), r#"42["e",1]"#);
        let asking = Payload::event("e", &1).unwrap();
        assert_eq!(SocketIoEncoder.event("/chat", asking, Some(3)).as_str(), r#"42/chat,3["e",1]"#);
        let binary = Payload::event("b", &Binary::from(b"x")).unwrap();
        let frames = SocketIoEncoder.event("/chat", binary, None);
        assert_eq!(frames.as_str(), r#"451-/chat,["b",{"_placeholder":true,"num":0}]"#);
        assert_eq!(frames.attachments().len(), 1);
        let ack = SocketIoEncoder.ack("/", Payload::arguments(&"ok").unwrap(), 9).unwrap();
        assert_eq!(ack.as_str(), r#"439["ok"]"#);
        assert_eq!(connected(Parser::Default, "/chat", "abc", None).as_str(), r#"40/chat,{"sid":"abc"}"#);
        let with_pid = connected(Parser::Default, "/", "abc", Some(&"xyz".into()));
        assert_eq!(with_pid.as_str(), r#"40{"sid":"abc","pid":"xyz"}"#);
        let error = ConnectError::new("no").with_data(serde_json::json!({"code": 1}));
        assert_eq!(
            connect_error(Parser::Default, "/", &error).as_str(),
            r#"44{"message":"no","data":{"code":1}}"#
        );
        assert_eq!(
            connect_error(Parser::Default, "/x", &ConnectError::new("Invalid namespace")).as_str(),
            r#"44/x,{"message":"Invalid namespace"}"#
        );
        assert_eq!(
            (disconnected(Parser::Default, "/").as_str(), disconnected(Parser::Default, "/chat").as_str()),
            ("41", "41/chat,")
        );
    }
}
