//! The emitter: what it sends reaches the clients of all servers.

use std::sync::Arc;

use gateway_core::{Args, Binary, Incoming};
use serde_json::json;

use super::{adapter, bus, nodes};
use crate::RedisEmitter;
use crate::adapters::conformance::within;
use crate::adapters::redis::bus::BusOptions;
use crate::adapters::redis::driver::stub::StubDriver;

#[tokio::test]
async fn it_reaches_all_servers() {
    let stub = StubDriver::default();
    let nodes = nodes(2, async || adapter(&stub).await).await;
    let emitter = RedisEmitter::over(bus(Arc::new(stub.clone()), BusOptions::default()).await, "socket.io");
    let chat = emitter.of("chat");
    let mut clients: Vec<_> = nodes.iter().map(|node| node.client("a")).collect();
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    for node in &nodes {
        let told = told.clone();
        node.server.on("hello", move |event: Incoming| {
            told.send(event.get::<String>(0).expect("a name")).expect("the test listens");
        });
    }
    chat.sockets_join(["x", "y"]);
    chat.to("x").emit("one", Args((1, "é")));
    chat.to(["x", "y"]).volatile().compress(false).emit("both", json!({ "a": [null] }));
    chat.except("y").emit("nobody", ());
    emitter.emit("elsewhere", ());
    chat.emit("binary", Binary::from(b"bytes"));
    chat.in_("x").sockets_leave("y");
    chat.except("y").emit("left", ());
    chat.server_side_emit("hello", "Ann");
    chat.to("x").disconnect_sockets(true);
    for client in &mut clients {
        client.expect(r#"42/chat,["one",1,"é"]"#).await;
        client.expect(r#"42/chat,["both",{"a":[null]}]"#).await;
        let binary = client.next().await;
        assert_eq!(binary.as_str(), r#"451-/chat,["binary",{"_placeholder":true,"num":0}]"#);
        assert_eq!(binary.attachments(), [&b"bytes"[..]]);
        client.expect(r#"42/chat,["left"]"#).await;
        client.expect("disconnect true").await;
    }
    for _ in &nodes {
        assert_eq!(within("the event", heard.recv()).await.as_deref(), Some("Ann"));
    }
    let other_key = emitter.with_key("other");
    stub.published();
    other_key.emit("e", ());
    other_key.clone().close().await;
    assert_eq!(&*stub.published()[0].channel, "other#/#");
}
