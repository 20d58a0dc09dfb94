//! `RedisAdapter` beside `@socket.io/redis-adapter` 8: each server in turn speaks, and clients of all of them listen.

use serde_json::{Value, json};

use super::nodes::{Cluster, Node};
use crate::support::client::{Client, within};

/// Two clients a server: the first in `x` and `y`, the second in `y`.
async fn clients(cluster: &Cluster) -> Vec<(Client, Client)> {
    let mut clients = Vec::new();
    for node in &cluster.nodes {
        clients.push((node.client(&["x", "y"]).await, node.client(&["y"]).await));
    }
    cluster.rooms_are_followed_by(cluster.nodes.len(), &["x", "y"]).await;
    clients
}

/// What a client gets next, bytes as `{"$bin": […]}`.
async fn next(client: &mut Client, who: &str) -> Value {
    let packet = within(&format!("an event for {who}"), client.packet()).await;
    assert_eq!(packet.kind, '2', "{packet:?} for {who}");
    fill(packet.data, &packet.attachments)
}

fn fill(value: Value, attachments: &[bytes::Bytes]) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|item| fill(item, attachments)).collect(),
        Value::Object(members) if members.contains_key("_placeholder") => {
            let number = members["num"].as_u64().and_then(|number| usize::try_from(number).ok());
            json!({ "$bin": &attachments[number.expect("a number")][..] })
        }
        Value::Object(members) => members
            .into_iter()
            .map(|(key, value)| (key, fill(value, attachments)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn broadcasts_reach_clients_of_all_kinds_of_servers() {
    broadcasts(Cluster::start().await).await;
}

pub(super) async fn broadcasts(mut cluster: Cluster) {
    let mut clients = clients(&cluster).await;
    let text = json!(["é☕", 1, -1.5, 4_294_967_296_u64, null, true, { "a": [], "b": {} }]);
    let binary = json!([{ "$bin": [0, 255, 7] }, { "deep": [{ "$bin": [] }] }, "text"]);
    for (speaker, via) in
        [(0, None), (1, None), (2, None), (3, None), (0, Some("emitter")), (2, Some("emitter"))]
    {
        if via.is_some() && !cluster.is_classic() {
            continue;
        }
        for args in [&text, &binary] {
            let node = &mut cluster.nodes[speaker];
            let mut emit = async |mut operation: Value| {
                operation["op"] = json!("emit");
                operation["args"] = args.clone();
                if let Some(via) = via {
                    operation["via"] = json!(via);
                }
                node.perform(operation).await;
            };
            // On Node one that comes while another is being written may be lost: it is alone.
            emit(json!({ "event": "volatile", "volatile": true })).await;
            for (index, (a, b)) in clients.iter_mut().enumerate() {
                for client in [a, b] {
                    let mut expected = args.as_array().expect("arguments").clone();
                    expected.insert(0, json!("volatile"));
                    let who = format!("a client of {index} from {speaker}");
                    assert_eq!(next(client, &who).await, Value::Array(expected), "{who}");
                }
            }
            emit(json!({ "event": "all" })).await;
            emit(json!({ "event": "room", "rooms": ["x"] })).await;
            emit(json!({ "event": "rooms", "rooms": ["x", "y"] })).await;
            emit(json!({ "event": "except", "rooms": ["y"], "except": ["x"] })).await;
            emit(json!({ "event": "nobody", "except": ["y"] })).await;
            if via.is_none() {
                emit(json!({ "event": "local", "local": true })).await;
            }
            // With the other adapters Node delivers to its own clients when Redis has answered, and a local event at once.
            let in_order = cluster.is_classic();
            for (index, (a, b)) in clients.iter_mut().enumerate() {
                let local = index == speaker && via.is_none();
                let of_a: &[&str] = &["all", "room", "rooms", "local"];
                let of_b: &[&str] = &["all", "rooms", "except", "local"];
                for (client, events) in [(a, of_a), (b, of_b)] {
                    let who = format!("a client of {index} from {speaker}");
                    let (mut expected, mut seen) = (Vec::new(), Vec::new());
                    for event in events.iter().filter(|event| local || **event != "local") {
                        let mut event = vec![json!(event)];
                        event.extend(args.as_array().expect("arguments").iter().cloned());
                        expected.push(Value::Array(event));
                        seen.push(next(client, &who).await);
                    }
                    if !in_order && local {
                        expected.sort_by_key(ToString::to_string);
                        seen.sort_by_key(ToString::to_string);
                    }
                    assert_eq!(seen, expected, "{who}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledgements_come_from_clients_of_all_kinds_of_servers() {
    acknowledgements(Cluster::start().await).await;
}

pub(super) async fn acknowledgements(mut cluster: Cluster) {
    let mut clients = clients(&cluster).await;
    for speaker in 0..cluster.nodes.len() {
        let question = json!({ "op": "emitWithAck", "event": "q", "rooms": ["x"], "timeout": 20_000,
            "args": [{ "$bin": [1, 2] }] });
        let asked = cluster.nodes[speaker].begin(question).await;
        for (index, (a, _)) in clients.iter_mut().enumerate() {
            let packet = within("the question", a.packet()).await;
            assert_eq!(packet.data[0], "q");
            assert_eq!(packet.attachments, [&[1, 2][..]]);
            a.answer(packet.id.expect("it asks"), json!([{ "from": index }])).await;
        }
        let mut answers = cluster.nodes[speaker].end(asked).await;
        let answers = answers["responses"].as_array_mut().expect("answers");
        answers.sort_by_key(ToString::to_string);
        let expected: Vec<_> = (0..clients.len()).map(|index| json!({ "from": index })).collect();
        assert_eq!(*answers, expected, "asked by {}", cluster.nodes[speaker].name);

        // One of them does not answer.
        let question = json!({ "op": "emitWithAck", "event": "q", "rooms": ["x"], "timeout": 1500 });
        let asked = cluster.nodes[speaker].begin(question).await;
        for (index, (a, _)) in clients.iter_mut().enumerate() {
            let packet = within("the question", a.packet()).await;
            if index != speaker {
                a.answer(packet.id.expect("it asks"), json!([index])).await;
            }
        }
        let answer = cluster.nodes[speaker].end(asked).await;
        assert!(answer["error"].as_str().is_some_and(|error| error.starts_with("operation has timed out")));
        assert_eq!(answer["responses"].as_array().map(Vec::len), Some(clients.len() - 1));
    }
}

/// Waits until a room has so many members. On Node a join takes effect when Redis has handed it back, and an emitter
/// has a connection of its own.
async fn members(node: &mut Node, room: &str, count: usize) {
    within(&format!("{count} members of {room}"), async {
        loop {
            let members = node.perform(json!({ "op": "fetchSockets", "rooms": [room] })).await;
            if members.as_array().is_some_and(|members| members.len() == count) {
                return;
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_of_all_kinds_of_servers_are_seen_and_moved() {
    sockets(Cluster::start().await).await;
}

pub(super) async fn sockets(mut cluster: Cluster) {
    let classic = cluster.is_classic();
    for speaker in 0..cluster.nodes.len() {
        let mut clients = clients(&cluster).await;
        for (index, (a, _)) in clients.iter_mut().enumerate() {
            assert_eq!(a.call("set", json!([{ "user": index }])).await, json!([true]));
        }
        let node = &mut cluster.nodes[speaker];
        let name = node.name.clone();
        assert_eq!(node.perform(json!({ "op": "serverCount" })).await, 4, "{name}");

        let seen = node.perform(json!({ "op": "fetchSockets", "rooms": ["x"] })).await;
        let seen = seen.as_array().expect("sockets");
        assert_eq!(seen.len(), clients.len(), "{name}");
        for (index, (a, _)) in clients.iter().enumerate() {
            let socket = seen.iter().find(|socket| socket["id"] == a.id()).expect("each client is seen");
            assert_eq!(socket["data"], json!({ "user": index }), "{name}");
            assert_eq!(socket["rooms"], json!([a.id(), "x", "y"]), "{name}");
            let handshake = &socket["handshake"];
            assert_eq!(handshake["query"], json!({ "EIO": "4", "transport": "websocket" }), "{name}");
            assert_eq!(handshake["url"], "/socket.io/?EIO=4&transport=websocket", "{name}");
            assert!(handshake["auth"]["token"].is_string(), "{name}");
            assert_eq!(handshake["headers"]["upgrade"], "websocket", "{name}");
            assert_eq!(
                (&handshake["secure"], &handshake["xdomain"]),
                (&json!(false), &json!(false)),
                "{name}"
            );
            assert!(
                handshake["address"].as_str().is_some_and(|address| address.ends_with("127.0.0.1")),
                "{name}"
            );
            assert!(handshake["issued"].as_u64().is_some_and(|issued| issued > 1_600_000_000_000), "{name}");
        }

        let mut rooms: Vec<String> = vec!["x".into(), "y".into()];
        for (a, b) in &clients {
            rooms.extend([a.id().to_owned(), b.id().to_owned()]);
        }
        rooms.sort();
        // Other adapters of Node do not have it.
        if classic || name.starts_with("rust") {
            let all: Value = node.perform(json!({ "op": "allRooms" })).await;
            let mut all: Vec<String> = serde_json::from_value(all).expect("names");
            all.sort();
            assert_eq!(all, rooms, "{name}");
        }

        for (via, room) in [(None, "j1"), (Some("emitter"), "j2")] {
            if via.is_some() && !classic {
                continue;
            }
            let node = &mut cluster.nodes[speaker];
            node.perform(json!({ "op": "socketsJoin", "via": via, "rooms": ["y"], "except": ["x"], "targets": [room] }))
                .await;
            members(node, room, 4).await;
            cluster.rooms_are_followed_by(4, &[room]).await;
            let node = &mut cluster.nodes[speaker];
            node.perform(json!({ "op": "emit", "event": "joined", "rooms": [room] })).await;
            node.perform(json!({ "op": "socketsLeave", "via": via, "rooms": [room], "targets": [room] }))
                .await;
            members(node, room, 0).await;
            node.perform(json!({ "op": "emit", "event": "left", "rooms": [room] })).await;
            node.perform(json!({ "op": "emit", "event": "end" })).await;
            for (a, b) in &mut clients {
                assert_eq!(next(b, "who joined").await, json!(["joined"]), "{name}");
                assert_eq!(next(b, "who joined").await, json!(["end"]), "{name}");
                assert_eq!(next(a, "who did not").await, json!(["end"]), "{name}");
            }
        }

        let via = classic.then_some("emitter");
        let node = &mut cluster.nodes[speaker];
        node.perform(json!({ "op": "disconnectSockets", "rooms": ["x"], "close": true })).await;
        node.perform(json!({ "op": "disconnectSockets", "rooms": ["y"], "close": false, "via": via })).await;
        for (a, b) in &mut clients {
            within("the end of a connection", a.gone()).await;
            assert_eq!(within("the end of a socket", b.packet()).await.kind, '1', "{name}");
        }
        cluster.rooms_are_followed_by(0, &["x", "y", "j1"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_of_all_kinds_tell_each_other_events() {
    server_side_events(Cluster::start().await).await;
}

pub(super) async fn server_side_events(mut cluster: Cluster) {
    let names: Vec<String> = cluster.nodes.iter().map(|node| node.name.clone()).collect();
    for speaker in 0..cluster.nodes.len() {
        for via in [None, Some("emitter")] {
            if via.is_some() && !cluster.is_classic() {
                continue;
            }
            cluster.nodes[speaker].perform(json!({ "op": "serverSideEmit", "via": via, "event": "hello", "args": ["é", { "n": [1] }] })).await;
            for (index, node) in cluster.nodes.iter_mut().enumerate() {
                // The emitter speaks for nobody: the server beside it hears it too.
                if index == speaker && via.is_none() {
                    continue;
                }
                let heard = within("an event of another server", async {
                    loop {
                        let heard = node.perform(json!({ "op": "heard" })).await;
                        if heard != json!([]) {
                            return heard;
                        }
                    }
                });
                assert_eq!(
                    heard.await,
                    json!([["é", { "n": [1] }]]),
                    "at {} from {}",
                    node.name,
                    names[speaker]
                );
            }
        }
        let asked = json!({ "op": "serverSideEmitWithAck", "event": "question", "args": ["answer"] });
        let mut answers: Vec<String> =
            serde_json::from_value(cluster.nodes[speaker].perform(asked).await).expect("answers");
        answers.sort();
        let mut expected: Vec<_> = names
            .iter()
            .filter(|name| **name != names[speaker])
            .map(|name| format!("answer from {name}"))
            .collect();
        expected.sort();
        assert_eq!(answers, expected, "asked by {}", names[speaker]);
    }
    // Bytes between servers in Rust, and to servers on Node.
    cluster.nodes[0]
        .perform(json!({ "op": "serverSideEmit", "event": "hello", "args": [{ "$bin": [1, 255] }] }))
        .await;
    for node in &mut cluster.nodes[1..] {
        let heard = within("an event of another server", async {
            loop {
                let heard = node.perform(json!({ "op": "heard" })).await;
                if heard != json!([]) {
                    return heard;
                }
            }
        });
        assert_eq!(heard.await, json!([[{ "$bin": [1, 255] }]]), "at {}", node.name);
    }
}
