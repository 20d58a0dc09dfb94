//! A socket as Node's adapters tell other servers of it: `{id, handshake, rooms, data}`.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use gateway_core::{Handshake, RemoteSocket, RequestHead, Room, Server};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::js_date::JsDate;

/// What other servers are told of a socket.
pub(crate) fn describe(socket: &RemoteSocket) -> Value {
    let rooms: Vec<&str> = socket.rooms().iter().map(|room| &**room).collect();
    json!({
        "id": socket.id(),
        "handshake": handshake(socket.handshake()),
        "rooms": rooms,
        "data": socket.data(),
    })
}

fn handshake(handshake: &Handshake) -> Value {
    let issued = handshake.issued();
    let time = i64::try_from(issued).ok().and_then(JsDate::from_millis).map(JsDate::to_utc_text);
    let auth = if handshake.auth().is_null() { json!({}) } else { handshake.auth().clone() };
    json!({
        "headers": headers(handshake.headers()),
        "time": time,
        "address": handshake.address().map(|address| address.ip().to_string()),
        "xdomain": handshake.xdomain(),
        "secure": handshake.secure(),
        "issued": issued,
        "url": handshake.url().to_string(),
        "query": query(handshake),
        "auth": auth,
    })
}

/// As Node's `request.headers`: several of one name are joined.
fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let joined = headers.keys().map(|name| {
        let separator = if name == header::COOKIE { "; " } else { ", " };
        let values: Vec<_> = headers.get_all(name).iter().map(latin1).collect();
        (name.as_str().to_owned(), values.join(separator).into())
    });
    joined.collect()
}

fn latin1(value: &HeaderValue) -> String {
    value.as_bytes().iter().map(|byte| char::from(*byte)).collect()
}

/// Several parameters of one name are an array.
fn query(handshake: &Handshake) -> Map<String, Value> {
    let mut query = Map::new();
    for (name, value) in handshake.query_pairs() {
        let value = Value::from(value);
        match query.get_mut(name.as_ref()) {
            None => drop(query.insert(name.into_owned(), value)),
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    query
}

/// What another server has told of a socket. Everything but the id may be missing.
#[derive(Deserialize)]
pub(crate) struct NodeSocket {
    id: String,
    #[serde(default)]
    handshake: NodeHandshake,
    #[serde(default)]
    rooms: Vec<Value>,
    #[serde(default)]
    data: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NodeHandshake {
    headers: Map<String, Value>,
    address: Value,
    secure: Value,
    issued: Value,
    url: Value,
    auth: Value,
}

impl NodeSocket {
    /// The rooms that it is in.
    pub(crate) fn rooms(&self) -> impl Iterator<Item = Room> {
        self.rooms.iter().filter_map(room)
    }

    /// The view of it.
    pub(crate) fn into_remote(self, server: &Server) -> RemoteSocket {
        let Self { id, handshake, rooms, data } = self;
        let rooms = rooms.iter().filter_map(room).collect();
        let data = if let Value::Object(data) = data { data } else { Map::new() };
        RemoteSocket::from_parts(server, id.into(), handshake.into_handshake(), rooms, data)
    }
}

/// The name of a room; in JavaScript it may be a number.
pub(crate) fn room(value: &Value) -> Option<Room> {
    match value {
        Value::String(name) => Some(name.as_str().into()),
        Value::Number(number) => Some(number.to_string().into()),
        _ => None,
    }
}

impl NodeHandshake {
    fn into_handshake(self) -> Handshake {
        let address = self.address.as_str().and_then(|address| address.parse::<IpAddr>().ok());
        let uri = self.url.as_str().and_then(|url| url.parse().ok());
        let issued = Duration::from_millis(self.issued.as_u64().unwrap_or_default());
        let defaults = RequestHead::default();
        let request = RequestHead {
            headers: header_map(&self.headers),
            uri: uri.unwrap_or(defaults.uri),
            // Its port is not told.
            address: address.map(|address| SocketAddr::new(address, 0)),
            secure: self.secure.as_bool().unwrap_or_default(),
            issued: UNIX_EPOCH.checked_add(issued).unwrap_or(UNIX_EPOCH),
        };
        Handshake::new(Arc::new(request), Some(self.auth).filter(|auth| !auth.is_null()))
    }
}

fn header_map(headers: &Map<String, Value>) -> HeaderMap {
    let parsed = headers.iter().flat_map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok();
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        let values = values.iter().filter_map(|value| header_value(value.as_str()?));
        values.filter_map(move |value| Some((name.clone()?, value)))
    });
    let mut map = HeaderMap::new();
    for (name, value) in parsed {
        map.append(name, value);
    }
    map
}

fn header_value(text: &str) -> Option<HeaderValue> {
    let bytes: Option<Vec<u8>> = text.chars().map(|char| u8::try_from(char).ok()).collect();
    HeaderValue::from_bytes(&bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gateway_core::{BroadcastOptions, Socket};

    #[test]
    fn what_is_told_comes_back() {
        let server = Server::detached();
        let mut request = RequestHead {
            uri: "/socket.io/?EIO=4&transport=websocket&tag=a&tag=b%20c".parse().unwrap(),
            address: Some("[::ffff:127.0.0.1]:4711".parse().unwrap()),
            issued: UNIX_EPOCH + Duration::from_millis(1_700_000_000_123),
            ..RequestHead::default()
        };
        request.headers.insert("host", HeaderValue::from_static("a.example"));
        request.headers.append("cookie", HeaderValue::from_static("a=1"));
        request.headers.append("cookie", HeaderValue::from_static("b=2"));
        request.headers.insert("x-name", HeaderValue::from_bytes(b"Zo\xeb").unwrap());
        let told = Handshake::new(Arc::new(request), Some(json!({ "token": "t" })));
        let socket = Socket::detached_with(&server, "s1", told);
        socket.join("r1");
        socket.set_data("user", "Ann");
        let everybody = BroadcastOptions::default();
        let view = server.adapter().fetch_sockets(&server, &everybody);
        let view = futures_util::FutureExt::now_or_never(view).unwrap().unwrap().remove(0);

        let described = describe(&view);
        assert_eq!(
            described,
            json!({
                "id": "s1",
                "handshake": {
                    "headers": { "host": "a.example", "cookie": "a=1; b=2", "x-name": "Zoë" },
                    "time": "Tue Nov 14 2023 22:13:20 GMT+0000 (Coordinated Universal Time)",
                    "address": "::ffff:127.0.0.1",
                    "xdomain": false,
                    "secure": false,
                    "issued": 1_700_000_000_123_u64,
                    "url": "/socket.io/?EIO=4&transport=websocket&tag=a&tag=b%20c",
                    "query": { "EIO": "4", "transport": "websocket", "tag": ["a", "b c"] },
                    "auth": { "token": "t" },
                },
                "rooms": ["s1", "r1"],
                "data": { "user": "Ann" },
            })
        );
        let parsed: NodeSocket = serde_json::from_value(described.clone()).unwrap();
        let back = parsed.into_remote(&server);
        assert_eq!(describe(&back), described);
        assert_eq!(back.data_value::<String>("user").as_deref(), Some("Ann"));
    }

    #[test]
    fn only_the_id_is_needed() {
        let odd = json!({ "id": "x", "rooms": [1, null, "a"], "data": [1], "handshake": { "url": "\u{0}" } });
        let socket = serde_json::from_value::<NodeSocket>(odd).unwrap().into_remote(&Server::detached());
        assert_eq!(socket.rooms(), [Room::from("1"), Room::from("a")]);
        assert!(socket.data().is_empty());
        assert!(serde_json::from_value::<NodeSocket>(json!({ "rooms": [] })).is_err());
    }
}
