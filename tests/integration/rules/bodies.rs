//! From a message's arguments to a handler's parameters, and binary values both ways.

use gateway_runtime::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::app::TestApp;

#[derive(Debug, Deserialize, Serialize)]
struct Upload {
    name: String,
    content: Binary,
}

/// Says what it was given.
#[web_socket_gateway]
struct Bodies;

#[subscribe_messages]
impl Bodies {
    #[subscribe_message("body")]
    fn body(&self, #[message_body] body: Value) -> String {
        body.to_string()
    }

    #[subscribe_message("optional")]
    fn optional(&self, #[message_body] body: Option<u8>) -> String {
        format!("{body:?}")
    }

    #[subscribe_message("required")]
    fn required(&self, #[message_body] body: String) -> String {
        body
    }

    #[subscribe_message("pair")]
    async fn pair(&self, #[message_body] (number, text): (u8, String)) -> String {
        format!("{number} {text}")
    }

    #[subscribe_message("members")]
    fn members(
        &self,
        #[message_body("id")] id: Option<u8>,
        #[message_body("name")] name: Option<String>,
    ) -> String {
        format!("{id:?} {name:?}")
    }

    #[subscribe_message("member")]
    async fn member(&self, #[message_body("id")] id: u8) -> u8 {
        id
    }

    #[subscribe_message("undecorated")]
    fn undecorated(client: Socket, data: Value, ack: Ack<Value>) {
        ack.send(json!([client.id(), data]));
    }

    #[subscribe_message("7")]
    fn number(&self) -> &'static str {
        "seven"
    }

    #[subscribe_message("upload")]
    fn upload(&self, #[message_body] upload: Upload) -> Upload {
        let content: Vec<u8> = upload.content.iter().rev().copied().collect();
        Upload { name: upload.name, content: content.into() }
    }

    #[subscribe_message("stored")]
    async fn stored(&self, #[message_body] upload: Upload, #[connected_socket] client: Socket) {
        client.emit("copy", Args((upload.name, upload.content)));
    }

    #[subscribe_message("untyped")]
    fn untyped(&self, #[message_body] body: Data) -> Data {
        body
    }

    #[subscribe_message("refused")]
    async fn refused(&self, #[message_body] _upload: Data) -> Result<(), WsException> {
        Err(WsException::new("refused"))
    }
}

#[tokio::test]
async fn one_argument_is_the_body_and_several_are_an_array() {
    let app = TestApp::serve::<Bodies>().await;
    let mut client = app.client().await;
    for (arguments, body) in [
        (json!([{"a": 1}]), json!({"a": 1})),
        (json!(["text"]), json!("text")),
        (json!([[1, 2]]), json!([1, 2])),
        (json!([1, "two"]), json!([1, "two"])),
        (json!([1, null, 3]), json!([1, null, 3])),
        (json!([null]), json!(null)),
        (json!([]), json!(null)),
    ] {
        assert_eq!(client.call("body", arguments.clone()).await, json!([body.to_string()]), "{arguments}");
    }
    assert_eq!(client.call("pair", json!([1, "two"])).await, json!(["1 two"]));
    client.emit("pair", json!([1, "two"])).await;
    assert_eq!(client.call("body", json!([0])).await, json!(["0"]), "with or without an acknowledgement");
    let answer = client.call("undecorated", json!([1, 2])).await;
    assert_eq!(answer, json!([[client.id(), [1, 2]]]));
}

#[tokio::test]
async fn an_absent_body_is_undefined() {
    let app = TestApp::serve::<Bodies>().await;
    let mut client = app.client().await;
    assert_eq!(client.call("optional", json!([])).await, json!(["None"]));
    assert_eq!(client.call("optional", json!([null])).await, json!(["None"]));
    assert_eq!(client.call("optional", json!([5])).await, json!(["Some(5)"]));

    client.ask("required", json!([])).await;
    let exception = client.event("exception").await;
    assert_eq!(exception[0]["status"], "error");
    assert_eq!(exception[0]["cause"], json!({"pattern": "required"}), "no body, no data");
}

#[tokio::test]
async fn a_body_that_does_not_decode_names_the_field() {
    let app = TestApp::serve::<Bodies>().await;
    let mut client = app.client().await;
    client.ask("member", json!([{"id": "seven"}])).await;
    let exception = client.event("exception").await;
    let message = exception[0]["message"].as_str().expect("a message");
    assert!(message.contains("id") && message.contains("u8"), "{message}");
    assert_eq!(exception[0]["cause"], json!({"pattern": "member", "data": {"id": "seven"}}));

    client.ask("upload", json!([{"name": "n", "content": 5}])).await;
    let exception = client.event("exception").await;
    let message = exception[0]["message"].as_str().expect("a message");
    assert!(message.contains("content") && message.contains("binary"), "{message}");
}

#[tokio::test]
async fn members_of_what_is_no_object_are_undefined() {
    let app = TestApp::serve::<Bodies>().await;
    let mut client = app.client().await;
    assert_eq!(client.call("members", json!([{"id": 1, "name": "n"}])).await, json!(["Some(1) Some(\"n\")"]));
    for body in
        [json!(["text"]), json!([5]), json!([null]), json!([]), json!([[1, 2]]), json!([{"other": 1}])]
    {
        assert_eq!(client.call("members", body.clone()).await, json!(["None None"]), "{body}");
    }
}

#[tokio::test]
async fn event_names_are_compared_as_strings() {
    let app = TestApp::serve::<Bodies>().await;
    let mut client = app.client().await;
    assert_eq!(client.call("7", json!([])).await, json!(["seven"]));
    client.send_text("421234[7]").await;
    assert_eq!(client.acked(1234).await, json!(["seven"]));
}

#[tokio::test]
async fn binary_values_come_and_go_as_attachments() {
    let app = TestApp::serve::<Bodies>().await;
    let mut client = app.client().await;
    let upload = json!({"name": "n", "content": {"_placeholder": true, "num": 0}});
    client.send_text(&format!("451-1{}", json!(["upload", upload]))).await;
    client.send_binary(&b"abc"[..]).await;
    let packet = client.packet().await;
    assert_eq!((packet.kind, packet.id, &packet.data), ('3', Some(1), &json!([upload])));
    assert_eq!(packet.attachments, [&b"cba"[..]]);

    client.send_text(&format!("451-{}", json!(["stored", upload]))).await;
    client.send_binary(&b"abc"[..]).await;
    let packet = client.packet().await;
    assert_eq!(packet.data, json!(["copy", "n", {"_placeholder": true, "num": 0}]));
    assert_eq!(packet.attachments, [&b"abc"[..]]);

    // Two in one untyped body, in an order of the client's own.
    let swapped = json!([{"_placeholder": true, "num": 1}, {"deep": {"_placeholder": true, "num": 0}}]);
    client.send_text(&format!("452-2{}", json!(["untyped", swapped]))).await;
    client.send_binary(&b"zero"[..]).await;
    client.send_binary(&b"one"[..]).await;
    let packet = client.packet().await;
    let expected = json!([[{"_placeholder": true, "num": 0}, {"deep": {"_placeholder": true, "num": 1}}]]);
    assert_eq!((packet.id, packet.data), (Some(2), expected));
    assert_eq!(packet.attachments, [&b"one"[..], &b"zero"[..]]);
}

#[tokio::test]
async fn an_exceptions_cause_keeps_the_bodys_binary_values() {
    let app = TestApp::serve::<Bodies>().await;
    let mut client = app.client().await;
    client.send_text(r#"451-["refused",{"file":{"_placeholder":true,"num":0}}]"#).await;
    client.send_binary(&b"abc"[..]).await;
    let packet = client.packet().await;
    assert_eq!(packet.data[0], "exception");
    let cause = json!({"pattern": "refused", "data": {"file": {"_placeholder": true, "num": 0}}});
    assert_eq!((&packet.data[1]["message"], &packet.data[1]["cause"]), (&json!("refused"), &cause));
    assert_eq!(packet.attachments, [&b"abc"[..]]);
}
