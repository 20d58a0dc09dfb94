//! The messages of `ClusterAdapter` of `socket.io-adapter` 2.5: how they look, however they travel.
//!
//! Pure functions over bytes; who sends them and what they cause is in the files beside this one.

use std::borrow::Cow;

use bytes::Bytes;
use gateway_core::{BroadcastOptions, Payload};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::adapters::redis::classic::wire::{ReceivedOptions, Whom, present};

/// The type of a Socket.IO packet that is an event.
const EVENT: u64 = 2;

/// What a message is (`MessageType`). Those of heartbeats are not used over Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::adapters::redis) enum Kind {
    Broadcast = 3,
    SocketsJoin = 4,
    SocketsLeave = 5,
    DisconnectSockets = 6,
    FetchSockets = 7,
    FetchSocketsResponse = 8,
    ServerSideEmit = 9,
    ServerSideEmitResponse = 10,
    BroadcastClientCount = 11,
    BroadcastAck = 12,
}

impl Kind {
    pub(in crate::adapters::redis) fn from_number(number: u64) -> Option<Self> {
        use Kind::*;
        let all = [
            Broadcast,
            SocketsJoin,
            SocketsLeave,
            DisconnectSockets,
            FetchSockets,
            FetchSocketsResponse,
            ServerSideEmit,
            ServerSideEmitResponse,
            BroadcastClientCount,
            BroadcastAck,
        ];
        all.into_iter().find(|kind| u64::from(*kind as u8) == number)
    }
}

/// A message, as it is written.
#[derive(Serialize)]
pub(in crate::adapters::redis) struct Message<'a> {
    pub(in crate::adapters::redis) r#type: u8,
    pub(in crate::adapters::redis) data: Data<'a>,
    pub(in crate::adapters::redis) uid: &'a str,
    pub(in crate::adapters::redis) nsp: &'a str,
}

/// What is in a message: what its type needs.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::adapters::redis) struct Data<'a> {
    /// The event of a broadcast.
    #[serde(rename = "packet", skip_serializing_if = "Option::is_none")]
    pub(in crate::adapters::redis) event: Option<Event<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::adapters::redis) request_id: Option<&'a str>,
    /// The event of the servers' own as an array, or an answer.
    #[serde(rename = "packet", skip_serializing_if = "Option::is_none")]
    pub(in crate::adapters::redis) value: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::adapters::redis) opts: Option<Whom<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::adapters::redis) rooms: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::adapters::redis) close: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::adapters::redis) sockets: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::adapters::redis) client_count: Option<usize>,
}

/// A packet of an event, as it is written.
#[derive(Serialize)]
pub(in crate::adapters::redis) struct Event<'a> {
    r#type: u64,
    data: &'a RawValue,
}

impl<'a> Event<'a> {
    pub(super) fn new(data: &'a RawValue) -> Self {
        Self { r#type: EVENT, data }
    }
}

/// A message, as it is read: JSON, or MessagePack turned into it.
#[derive(Deserialize)]
pub(super) struct Received<'a> {
    pub(super) r#type: u64,
    #[serde(borrow)]
    pub(super) uid: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) nsp: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) data: ReceivedData<'a>,
}

/// What is in a message, as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceivedData<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) packet: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) request_id: Option<Cow<'a, str>>,
    pub(super) opts: Option<ReceivedOptions>,
    pub(super) rooms: Option<Vec<Value>>,
    pub(super) close: Option<bool>,
    #[serde(borrow)]
    pub(super) sockets: Option<&'a RawValue>,
    pub(super) client_count: Option<usize>,
}

#[derive(Deserialize)]
struct ReceivedEvent<'a> {
    r#type: u64,
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

impl ReceivedData<'_> {
    /// Whom it is about.
    pub(super) fn take_options(&mut self) -> Option<BroadcastOptions> {
        self.opts.take().map(ReceivedOptions::into_options)
    }

    /// The event of a broadcast; `None` if it is none.
    pub(super) fn event(&self, attachments: &[Bytes]) -> Option<Payload> {
        let packet: ReceivedEvent<'_> = serde_json::from_str(self.packet?.get()).ok()?;
        let (event, arguments) = packet.data.split_first().filter(|_| packet.r#type == EVENT)?;
        let arguments = arguments.iter().map(|argument| argument.get()).collect::<Vec<_>>().join(",");
        Some(Payload::from_json(event.get().as_bytes(), arguments.as_bytes(), attachments.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_those_of_node() {
        // `JSON.stringify` of what `ClusterAdapter` publishes, version 2.5.9.
        let array = serde_json::from_str(r#"["e",1]"#).unwrap();
        let to = BroadcastOptions { rooms: vec!["x".into()], ..BroadcastOptions::default() };
        let data =
            Data { event: Some(Event::new(array)), opts: Some(Whom::with_flags(&to)), ..Data::default() };
        let message = Message { r#type: Kind::Broadcast as u8, data, uid: "0123456789abcdef", nsp: "/" };
        assert_eq!(
            serde_json::to_string(&message).unwrap(),
            r#"{"type":3,"data":{"packet":{"type":2,"data":["e",1]},"opts":{"rooms":["x"],"except":[],"flags":{}}},"uid":"0123456789abcdef","nsp":"/"}"#
        );
        let data = Data { request_id: Some("id"), value: Some(array), ..Data::default() };
        assert_eq!(serde_json::to_string(&data).unwrap(), r#"{"requestId":"id","packet":["e",1]}"#);
    }

    #[test]
    fn what_is_read() {
        let json =
            r#"{"uid":"u","nsp":"/","type":3,"data":{"packet":{"data":["\u00e9", {"a":1},2],"type":2}}}"#;
        let received: Received<'_> = serde_json::from_str(json).unwrap();
        assert_eq!(Kind::from_number(received.r#type), Some(Kind::Broadcast));
        let event = received.data.event(&[]).expect("an event");
        assert_eq!(event.json(), br#"["\u00e9",{"a":1},2]"#);
        for packet in ["null", "1", r#"{"type":2,"data":[]}"#, r#"{"type":3,"data":["e"]}"#, r#"{"type":2}"#]
        {
            let data = format!(r#"{{"packet":{packet}}}"#);
            let data: ReceivedData<'_> = serde_json::from_str(&data).unwrap();
            assert!(data.event(&[]).is_none(), "{packet}");
        }
        for number in [0, 1, 2, 13, u64::MAX] {
            assert_eq!(Kind::from_number(number), None);
        }
    }
}
