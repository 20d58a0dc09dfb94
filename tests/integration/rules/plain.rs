//! Plain WebSocket: `{event, data}` in, bare JSON out, and what is ignored.

use futures_util::stream::{self, Stream};
use gateway_runtime::prelude::*;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::support::app::{TestApp, builder};
use crate::support::log::{Gate, Log};
use crate::support::plain::PlainClient;

/// On `/`.
#[web_socket_gateway(max_http_buffer_size = 10_000)]
struct Plain {
    #[web_socket_server]
    server: Server,
    log: Log,
    gate: Gate,
}

#[subscribe_messages]
impl Plain {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        body
    }

    #[subscribe_message("nothing")]
    async fn nothing(&self) {
        self.log.add("nothing");
    }

    #[subscribe_message("optional")]
    fn optional(&self, #[message_body] body: Option<Value>) -> String {
        format!("{body:?}")
    }

    #[subscribe_message("response")]
    fn response(&self) -> WsResponse<u8> {
        WsResponse::new("answer", 1)
    }

    #[subscribe_message("stream")]
    fn stream(&self) -> impl Stream<Item = u8> + Send {
        stream::iter([1, 2, 3])
    }

    #[subscribe_message("fails")]
    async fn fails(&self) -> Result<u8, WsException> {
        Err(WsException::new("bad"))
    }

    #[subscribe_message("panics")]
    fn panics(&self) {
        panic!("a handler")
    }

    #[subscribe_message("both")]
    fn one(&self) -> u8 {
        1
    }

    #[subscribe_message("both")]
    fn other(&self) -> u8 {
        2
    }

    #[subscribe_message("send")]
    fn send(&self, #[connected_socket] client: &Socket) {
        client.send("raw text");
        client.send(json!({"a": 1}));
        client.send(Binary::from(b"bytes"));
        client.emit("named", json!([1, 2]));
        client.emit("bare", ());
    }

    #[subscribe_message("broadcast")]
    fn broadcast(&self, #[message_body] text: String, #[connected_socket] client: &Socket) {
        client.join("room");
        self.server.to("room").emit("news", &text);
        client.broadcast().emit("others", &text);
    }

    #[subscribe_message("slow")]
    async fn slow(&self) {
        self.gate.passed().await;
        self.log.add("slow ends");
    }

    #[subscribe_message("go")]
    fn go(&self, #[connected_socket] client: &Socket) {
        client.emit("last", ());
        client.disconnect(false);
    }
}

impl OnGatewayConnection for Plain {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        match client.handshake().query("fail") {
            Some(_) => Err(WsException::new("not you").into()),
            None => Ok(()),
        }
    }
}

impl OnGatewayDisconnect for Plain {
    async fn handle_disconnect(&self, _client: Socket, reason: DisconnectReason) -> HookResult {
        self.log.add(match &reason {
            DisconnectReason::Closed { code, reason } => format!("{code} {reason}"),
            other => other.to_string(),
        });
        Ok(())
    }
}

impl PlainClient {
    async fn ask(&mut self, event: &str, data: Value) -> Value {
        self.send(&json!({"event": event, "data": data}).to_string()).await;
        self.json().await
    }
}

#[tokio::test]
async fn replies_are_bare_json_and_null_is_none() {
    let app = TestApp::serve_plain::<Plain>().await;
    let mut client = app.plain("/").await;
    for value in [json!("text"), json!(0), json!(""), json!(false), json!([]), json!({"a": [1, null]})] {
        assert_eq!(client.ask("echo", value.clone()).await, value);
    }
    client.send(r#"{"event":"nothing"}"#).await;
    client.send(r#"{"event":"echo","data":null}"#).await;
    client.send(r#"{"event":"echo"}"#).await;
    assert_eq!(client.ask("response", json!(1)).await, json!({"event": "answer", "data": 1}));
    assert_eq!(client.ask("stream", json!(1)).await, 1);
    assert_eq!((client.json().await, client.json().await), (json!(2), json!(3)));
    assert_eq!(client.ask("both", json!(1)).await, 1);
    assert_eq!(client.json().await, 2);
    client.send(r#"{"event":"optional"}"#).await;
    assert_eq!(client.json().await, "None");
}

#[tokio::test]
async fn frames_without_an_event_are_ignored() {
    let app = TestApp::serve_plain::<Plain>().await;
    let mut client = app.plain("/").await;
    for frame in [
        "",
        "x",
        "{",
        "[]",
        "5",
        "null",
        "\"echo\"",
        "{}",
        r#"{"data":1}"#,
        r#"{"event":5,"data":1}"#,
        r#"{"event":null}"#,
        r#"{"event":{"a":1}}"#,
        r#"{"event":"unknown","data":1}"#,
        r#"{"event":"echo","data":1} x"#,
        r#"[{"event":"echo","data":1}]"#,
    ] {
        client.send(frame).await;
        assert_eq!(client.ask("echo", json!(frame)).await, json!(frame));
    }
    client.send_binary(&b"\xff\xfe"[..]).await;
    client.send_binary(&br#"{"event":"echo","data":"binary JSON"}"#[..]).await;
    assert_eq!(client.json().await, "binary JSON");
    // Escapes, key order and further keys make no difference.
    client.send(r#"{"id":1,"data":"data first","event":"\u0065cho"}"#).await;
    assert_eq!(client.json().await, "data first");
}

#[tokio::test]
async fn exceptions_are_frames_of_their_own() {
    let app = TestApp::serve_plain::<Plain>().await;
    let mut client = app.plain("/").await;
    let exception = |message: &str, cause: Value| json!({"event": "exception", "data": {"status": "error", "message": message, "cause": cause}});
    let answer = client.ask("fails", json!({"a": 1})).await;
    assert_eq!(answer, exception("bad", json!({"pattern": "fails", "data": {"a": 1}})));
    client.send(r#"{"event":"panics"}"#).await;
    assert_eq!(client.json().await, exception("Internal server error", json!({"pattern": "panics"})));
    assert_eq!(client.ask("echo", json!(1)).await, 1);

    let mut refused = app.plain("/?fail=yes").await;
    assert_eq!(refused.json().await, exception("not you", json!({"pattern": "handleConnection"})));
    assert_eq!(refused.ask("echo", json!(1)).await, 1);
}

#[tokio::test]
async fn what_is_sent_is_what_arrives() {
    let app = TestApp::serve_plain::<Plain>().await;
    let mut client = app.plain("/").await;
    client.send(r#"{"event":"send"}"#).await;
    assert_eq!(client.frame().await, Message::text("raw text"));
    assert_eq!(client.json().await, json!({"a": 1}));
    assert_eq!(client.frame().await, Message::binary(&b"bytes"[..]));
    assert_eq!(client.json().await, json!({"event": "named", "data": [1, 2]}));
    assert_eq!(client.json().await, json!({"event": "bare"}));
}

#[tokio::test]
async fn rooms_and_broadcasts_work() {
    let app = TestApp::serve_plain::<Plain>().await;
    let mut one = app.plain("/").await;
    let mut other = app.plain("/").await;
    assert_eq!(other.ask("echo", json!(1)).await, 1);
    assert_eq!(one.ask("broadcast", json!("t")).await, json!({"event": "news", "data": "t"}));
    assert_eq!(other.json().await, json!({"event": "others", "data": "t"}));
}

#[tokio::test]
async fn closing_gives_the_code_and_running_handlers_end() {
    let app = TestApp::serve_plain::<Plain>().await;
    let plain = app.get::<Plain>();
    let mut client = app.plain("/").await;
    client.send(r#"{"event":"slow"}"#).await;
    assert_eq!(client.ask("echo", json!(1)).await, 1);
    client.close(4321, "enough").await;
    plain.log.until_has("4321 enough").await;
    plain.gate.open();
    plain.log.until_has("slow ends").await;

    let mut client = app.plain("/").await;
    assert_eq!(client.ask("go", json!(1)).await, json!({"event": "last"}));
    assert_eq!(client.closed().await, Some(1000));
    plain.log.until_len(3).await;

    let mut client = app.plain("/").await;
    client.send(&"x".repeat(10_001)).await;
    assert_eq!(client.closed().await, Some(1009));
    assert_eq!(plain.log.until_len(4).await[3], "1009 ");
}

/// On a path of its own.
#[web_socket_gateway(path = "/chat")]
struct Chat;

#[subscribe_messages]
impl Chat {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        json!(["chat", body])
    }
}

#[tokio::test]
async fn several_paths_of_one_port() {
    let app = TestApp::serve_plain::<(Plain, Chat)>().await;
    assert_eq!(app.plain("/").await.ask("echo", json!(1)).await, 1);
    assert_eq!(app.plain("/chat").await.ask("echo", json!(1)).await, json!(["chat", 1]));
    assert_eq!(app.plain("/chat/?a=b").await.ask("echo", json!(1)).await, json!(["chat", 1]));
    let error = PlainClient::try_connect(app.addr(), "/elsewhere").await.expect_err("nobody is there");
    assert!(matches!(&error, Error::Http(response) if response.status() == 404), "{error}");
}

#[tokio::test]
async fn a_custom_parser_maps_other_formats() {
    let adapter = WsAdapter::new().message_parser(|frame| match frame {
        WsFrame::Text(text) => {
            let (event, data) = text.split_once(' ')?;
            WsMessage::new(event, &data).ok()
        }
        WsFrame::Binary(bytes) => Some(WsMessage::from_binary("echo", bytes.to_vec())),
    });
    let app = TestApp::start(builder::<Plain>().use_web_socket_adapter(adapter)).await;
    let mut client = app.plain("/").await;
    client.send("echo some words").await;
    assert_eq!(client.json().await, "some words");
    client.send("ignored").await;
    client.send("echo again").await;
    assert_eq!(client.json().await, "again");
}
