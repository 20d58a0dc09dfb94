//! What a test asks of a server in Rust: the same as `tests/nestjs/src/cluster/operations.ts`.

use std::time::Duration;

use gateway_runtime::prelude::*;
use gateway_runtime::{RedisEmitter, RemoteSocket};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Where clients are.
#[web_socket_gateway(namespace = "cluster")]
pub(crate) struct ClusterGateway {
    #[web_socket_server]
    server: Server,
    #[inject("NODE_NAME")]
    name: Arc<String>,
    heard: Heard,
}

/// What other servers have told, since a test asked last.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Value>>>);

impl OnGatewayInit for ClusterGateway {
    async fn after_init(&self, server: Server) -> HookResult {
        let (heard, name) = (self.heard.clone(), self.name.clone());
        server.on("hello", move |event: Incoming| {
            let args = (0..event.len()).filter_map(|index| event.get::<Data>(index).ok());
            heard.0.lock().push(args.map(without_buffers).collect());
        });
        server.on("question", move |event: Incoming| {
            let arg: String = event.get(0).unwrap_or_default();
            event.ack(format!("{arg} from {name}"));
        });
        Ok(())
    }
}

#[subscribe_messages]
impl ClusterGateway {
    #[subscribe_message("join")]
    fn join(&self, #[message_body] rooms: Vec<String>, #[connected_socket] client: Socket) -> bool {
        client.join(rooms);
        true
    }

    #[subscribe_message("set")]
    fn set(&self, #[message_body] data: Map<String, Value>, #[connected_socket] client: Socket) -> bool {
        client.data().extend(data);
        true
    }
}

/// Where a test asks.
#[web_socket_gateway(namespace = "control")]
pub(crate) struct ControlGateway {
    #[inject]
    cluster: Arc<ClusterGateway>,
    #[inject]
    emitter: Arc<RedisEmitter>,
}

/// `Operation` in TypeScript.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Operation {
    op: String,
    via: Option<String>,
    rooms: Vec<String>,
    except: Vec<String>,
    local: bool,
    volatile: bool,
    timeout: Option<u64>,
    event: String,
    args: Vec<Value>,
    targets: Vec<String>,
    close: bool,
}

#[subscribe_messages]
impl ControlGateway {
    #[subscribe_message("op")]
    async fn op(&self, #[message_body] operation: Operation) -> Value {
        if operation.via.as_deref() == Some("emitter") {
            return operation.emitted(&self.emitter.of("cluster"));
        }
        operation.performed(&self.cluster).await
    }
}

impl Operation {
    fn arguments(&self) -> Args<Vec<Data>> {
        Args(self.args.iter().cloned().map(with_buffers).collect())
    }

    async fn performed(&self, cluster: &ClusterGateway) -> Value {
        let server = &cluster.server;
        let mut target = server.to(&self.rooms).except(&self.except);
        if self.local {
            target = target.local();
        }
        if self.volatile {
            target = target.volatile();
        }
        if let Some(timeout) = self.timeout {
            target = target.timeout(Duration::from_millis(timeout));
        }
        match self.op.as_str() {
            "emit" => target.emit(&self.event, self.arguments()),
            "emitWithAck" => {
                let responses =
                    |responses: Vec<Data>| -> Value { responses.into_iter().map(without_buffers).collect() };
                return match target.emit_with_ack::<Data>(&self.event, self.arguments()).await {
                    Ok(answers) => json!({ "responses": responses(answers) }),
                    Err(error) => {
                        let text = error.to_string();
                        json!({ "error": text, "responses": responses(error.responses) })
                    }
                };
            }
            "fetchSockets" => {
                let sockets = target.fetch_sockets().await.expect("the other servers answer");
                return sockets.iter().map(seen).collect();
            }
            "socketsJoin" => target.sockets_join(&self.targets),
            "socketsLeave" => target.sockets_leave(&self.targets),
            "disconnectSockets" => target.disconnect_sockets(self.close),
            "serverSideEmit" => server.server_side_emit(&self.event, self.arguments()),
            "serverSideEmitWithAck" => {
                let answers = server.server_side_emit_with_ack::<Data>(&self.event, self.arguments()).await;
                let answers = answers.expect("the other servers answer");
                return answers.into_iter().map(without_buffers).collect();
            }
            "heard" => return std::mem::take(&mut *cluster.heard.0.lock()).into(),
            "allRooms" => {
                let rooms = server.all_rooms().await.expect("the other servers answer");
                return rooms.iter().map(|room| Value::from(&**room)).collect();
            }
            "serverCount" => return server.server_count().await.expect("Redis answers").into(),
            other => panic!("unknown operation {other}"),
        }
        Value::Bool(true)
    }

    fn emitted(&self, emitter: &RedisEmitter) -> Value {
        let mut target = emitter.to(&self.rooms).except(&self.except);
        if self.volatile {
            target = target.volatile();
        }
        match self.op.as_str() {
            "emit" => target.emit(&self.event, self.arguments()),
            "socketsJoin" => target.sockets_join(&self.targets),
            "socketsLeave" => target.sockets_leave(&self.targets),
            "disconnectSockets" => target.disconnect_sockets(self.close),
            "serverSideEmit" => emitter.server_side_emit(&self.event, self.arguments()),
            other => panic!("the emitter has no {other}"),
        }
        Value::Bool(true)
    }
}

fn seen(socket: &RemoteSocket) -> Value {
    let handshake = socket.handshake();
    let query: Map<_, _> =
        handshake.query_pairs().map(|(name, value)| (name.into_owned(), Value::from(value))).collect();
    let headers: Map<_, _> = handshake
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), Value::from(value.to_str().unwrap_or_default())))
        .collect();
    let rooms: Vec<&str> = socket.rooms().iter().map(|room| &**room).collect();
    json!({
        "id": socket.id(),
        "rooms": rooms,
        "data": socket.data(),
        "handshake": {
            "headers": headers,
            "query": query,
            "url": handshake.url().to_string(),
            "auth": handshake.auth(),
            "secure": handshake.secure(),
            "xdomain": handshake.xdomain(),
            "issued": handshake.issued(),
            "address": handshake.address().map(|address| address.ip().to_string()),
        },
    })
}

fn with_buffers(value: Value) -> Data {
    match value {
        Value::Array(items) => Data::Array(items.into_iter().map(with_buffers).collect()),
        Value::Object(members) => match members.get("$bin").and_then(Value::as_array) {
            Some(bytes) => {
                let bytes = bytes.iter().filter_map(|byte| u8::try_from(byte.as_u64()?).ok());
                Binary::from(bytes.collect::<Vec<_>>()).into()
            }
            None => {
                Data::Object(members.into_iter().map(|(key, value)| (key, with_buffers(value))).collect())
            }
        },
        other => other.into(),
    }
}

fn without_buffers(data: Data) -> Value {
    match data {
        Data::Null => Value::Null,
        Data::Bool(value) => value.into(),
        Data::Number(value) => Value::Number(value),
        Data::String(value) => value.into(),
        Data::Binary(bytes) => json!({ "$bin": &bytes[..] }),
        Data::Array(items) => items.into_iter().map(without_buffers).collect(),
        Data::Object(members) => Value::Object(
            members.into_iter().map(|(key, value)| (key, without_buffers(value))).collect::<Map<_, _>>(),
        ),
    }
}
