//! What is kept of a client under its private id: MessagePack in Base64, as Node's adapter writes and reads it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use gateway_core::adapter::Session;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::offset::Offset;
use crate::adapters::redis::classic::wire::{self, Text};

/// What a server in Rust writes besides; Node does not look at it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Trace {
    /// The server that the client was connected to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) node: Option<String>,
    /// The last key of that server when the client came to it.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) key: u64,
    /// Whether some of what it got early there was not in the stream yet.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) early: bool,
    /// What it got early at servers before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) seen: Vec<Seen>,
}

/// Of a server: entries with keys after this one, sent early, up to an offset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Seen {
    pub(super) uid: String,
    pub(super) key: u64,
    #[serde(with = "text")]
    pub(super) offset: Offset,
}

/// An offset as clients show it.
mod text {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Offset;

    pub(super) fn serialize<S: Serializer>(offset: &Offset, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(offset)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Offset, D::Error> {
        let text = String::deserialize(deserializer)?;
        Offset::parse(&text).ok_or_else(|| serde::de::Error::custom("no offset"))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
fn is_zero(key: &u64) -> bool {
    *key == 0
}

#[derive(Serialize)]
struct Written<'a> {
    sid: &'a str,
    pid: &'a str,
    rooms: Vec<&'a str>,
    data: &'a Map<String, Value>,
    #[serde(flatten)]
    trace: &'a Trace,
}

#[derive(Deserialize)]
struct Read {
    sid: String,
    pid: String,
    rooms: Vec<Value>,
    data: Option<Map<String, Value>>,
    #[serde(flatten)]
    trace: Trace,
}

pub(super) fn encode(session: &Session, trace: &Trace) -> Bytes {
    let rooms = session.rooms.iter().map(|room| &**room).collect();
    let written = Written { sid: &session.sid, pid: &session.pid, rooms, data: &session.data, trace };
    STANDARD.encode(wire::encode_packed(&written, &[])).into()
}

/// The session, and what a server in Rust has written besides.
pub(super) fn decode(value: &Bytes, pid: &str) -> Option<(Session, Trace)> {
    let text = Text::of(&STANDARD.decode(value).ok()?.into()).ok()?;
    let read: Read = text.parse().ok().filter(|read: &Read| read.pid == pid)?;
    let mut session = Session::new(read.sid, read.pid);
    session.rooms = wire::rooms(&read.rooms);
    session.data = read.data.unwrap_or_default();
    Some((session, read.trace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_come_back() {
        let mut session = Session::new("sid", "pid");
        session.rooms = vec!["sid".into(), "x".into()];
        session.data.insert("user".into(), 7.into());
        let offset = Offset::parse("5-100000000001").unwrap();
        let seen = vec![Seen { uid: "before".into(), key: 3, offset }];
        for trace in [Trace::default(), Trace { node: Some("node".into()), key: 7, early: true, seen }] {
            let value = encode(&session, &trace);
            assert_eq!(decode(&value, "pid"), Some((session.clone(), trace)));
        }
        let value = encode(&session, &Trace::default());
        assert_eq!(decode(&value, "other"), None);
    }

    #[test]
    fn those_of_node_are_read() {
        // `encode` of `@msgpack/msgpack` 2.8, which version 0.3.1 sets.
        let value = Bytes::from_static(b"hKNzaWSjc2lko3BpZKNwaWSlcm9vbXOSo3NpZKF4pGRhdGGBoW4B");
        let (session, trace) = decode(&value, "pid").expect("a session");
        assert_eq!((&*session.sid, session.rooms.len(), trace), ("sid", 2, Trace::default()));
        assert_eq!(session.data.get("n"), Some(&1.into()));
        for wrong in ["", "!", "gA==", "wQ==", "e30="] {
            assert_eq!(decode(&Bytes::from(wrong), "pid"), None, "{wrong}");
        }
    }
}
