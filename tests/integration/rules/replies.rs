//! What a handler's return value becomes on the wire: an acknowledgement, an event, or nothing.

use std::fmt;

use futures_util::stream::{self, Stream, StreamExt};
use gateway_runtime::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::log::{Gate, Log};

/// Serializes, and is an error: what a careless encoding would put on the wire as `{"Err": …}`.
#[derive(Debug, Serialize)]
struct Failed {
    secret: u8,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "secret {}", self.secret)
    }
}

impl std::error::Error for Failed {}

type WsResult<T> = Result<T, Failed>;

#[derive(Debug, Serialize)]
struct Answer {
    text: &'static str,
}

const ANSWER: Answer = Answer { text: "t" };

/// Every kind of reply.
#[web_socket_gateway]
struct Replies {
    log: Log,
    gate: Gate,
}

#[subscribe_messages]
impl Replies {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        body
    }

    #[subscribe_message("unit")]
    fn unit(&self) {}

    #[subscribe_message("async unit")]
    async fn async_unit(&self) {}

    #[subscribe_message("none")]
    fn none(&self) -> Option<u8> {
        None
    }

    #[subscribe_message("null")]
    async fn null(&self) -> Value {
        Value::Null
    }

    #[subscribe_message("zero")]
    fn zero(&self) -> u8 {
        0
    }

    #[subscribe_message("empty")]
    async fn empty(&self) -> &'static str {
        ""
    }

    #[subscribe_message("false")]
    fn no(&self) -> bool {
        false
    }

    #[subscribe_message("list")]
    fn list(&self) -> Vec<u8> {
        Vec::new()
    }

    #[subscribe_message("emits first")]
    async fn emits_first(&self, #[connected_socket] client: Socket) -> &'static str {
        client.emit("before", 1);
        "after"
    }

    #[subscribe_message("response")]
    fn response(&self) -> WsResponse<Answer> {
        WsResponse::new("answer", ANSWER)
    }

    #[subscribe_message("nameless")]
    fn nameless(&self) -> WsResponse<u8> {
        WsResponse::new("", 1)
    }

    #[subscribe_message("looks like a response")]
    fn looks_like_a_response(&self) -> Value {
        json!({"event": "disconnect", "data": 1})
    }

    #[subscribe_message("result")]
    fn result(&self, #[message_body] fail: bool) -> WsResult<Answer> {
        if fail { Err(Failed { secret: 7 }) } else { Ok(ANSWER) }
    }

    #[subscribe_message("async result")]
    async fn async_result(&self, #[message_body] fail: bool) -> WsResult<WsResponse<Answer>> {
        if fail { Err(Failed { secret: 7 }) } else { Ok(WsResponse::new("answer", ANSWER)) }
    }

    #[subscribe_message("optional result")]
    fn optional_result(&self, #[message_body] fail: bool) -> Option<WsResult<Answer>> {
        Some(self.result(fail))
    }

    #[subscribe_message("exception")]
    async fn exception(&self) -> Result<u8, WsException> {
        Err(WsException::new("bad"))
    }

    #[subscribe_message("object exception")]
    fn object_exception(&self) -> Result<(), WsException> {
        Err(WsException::from_value(json!({"code": 7})))
    }

    #[subscribe_message("events")]
    fn events(&self) -> impl Stream<Item = WsResponse<u8>> + Send {
        stream::iter([1, 2, 3]).map(|number| WsResponse::new("number", number))
    }

    #[subscribe_message("values")]
    fn values(&self) -> impl Stream<Item = u8> + Send {
        stream::iter([7, 8, 9])
    }

    #[subscribe_message("failing stream")]
    fn failing(&self) -> impl Stream<Item = Result<WsResponse<u8>, WsException>> + Send {
        stream::iter([
            Ok(WsResponse::new("number", 1)),
            Err(WsException::new("broken")),
            Ok(WsResponse::new("number", 2)),
        ])
    }

    #[subscribe_message("endless")]
    async fn endless(self: Arc<Self>) -> impl Stream<Item = WsResponse<u8>> + Send + 'static {
        let end = End(self);
        stream::iter([WsResponse::new("number", 1)]).chain(stream::once(async move {
            let _end = end;
            std::future::pending().await
        }))
    }

    #[subscribe_message("by hand")]
    async fn by_hand(&self, #[ack] ack: Ack<&'static str>) -> u8 {
        ack.send("by hand");
        ack.send("once more");
        1
    }

    #[subscribe_message("by hand and response")]
    fn by_hand_and_response(&self, #[ack] ack: Ack<u8>) -> WsResponse<u8> {
        ack.send(1);
        WsResponse::new("answer", 2)
    }

    #[subscribe_message("optional ack")]
    fn optional_ack(&self, ack: Option<Ack<bool>>) {
        self.log.add(format!("{}", ack.is_some()));
        if let Some(ack) = ack {
            ack.send(true);
        }
    }

    #[subscribe_message("both")]
    async fn slow_one(&self) -> &'static str {
        self.gate.passed().await;
        "slow"
    }

    #[subscribe_message("both")]
    async fn fast_one(&self, #[connected_socket] client: Socket) -> &'static str {
        client.emit("both", ());
        "fast"
    }
}

/// Says so when it is dropped.
struct End(Arc<Replies>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.log.add("the stream was dropped");
    }
}

fn exception(message: &str, pattern: &str, data: Option<Value>) -> Value {
    let mut cause = json!({"pattern": pattern});
    if let Some(data) = data {
        cause["data"] = data;
    }
    json!([{"status": "error", "message": message, "cause": cause}])
}

#[tokio::test]
async fn nothing_is_no_acknowledgement() {
    let app = TestApp::serve::<Replies>().await;
    let mut client = app.client().await;
    for event in ["unit", "async unit", "none", "null", "nobody subscribed to this"] {
        client.ask(event, json!([1])).await;
        assert_eq!(client.settle("echo").await, [], "{event}");
    }
}

#[tokio::test]
async fn every_other_value_is_acknowledged_if_that_was_asked_for() {
    let app = TestApp::serve::<Replies>().await;
    let mut client = app.client().await;
    for (event, answer) in
        [("zero", json!(0)), ("empty", json!("")), ("false", json!(false)), ("list", json!([]))]
    {
        assert_eq!(client.call(event, json!([])).await, json!([answer]), "{event}");
        client.emit(event, json!([])).await;
        assert_eq!(client.settle("echo").await, [], "{event}");
    }
    let id = client.ask("emits first", json!([])).await;
    assert_eq!(client.event("before").await, json!([1]));
    assert_eq!(client.acked(id).await, json!(["after"]));
}

#[tokio::test]
async fn only_the_type_ws_response_emits_and_it_never_acknowledges() {
    let app = TestApp::serve::<Replies>().await;
    let mut client = app.client().await;
    client.ask("response", json!([])).await;
    assert_eq!(client.event("answer").await, json!([{"text": "t"}]));
    assert_eq!(client.settle("echo").await, []);
    assert_eq!(client.call("nameless", json!([])).await, json!([{"event": "", "data": 1}]));
    let answer = client.call("looks like a response", json!([])).await;
    assert_eq!(answer, json!([{"event": "disconnect", "data": 1}]));
}

#[tokio::test]
async fn results_are_told_apart_by_type() {
    let app = TestApp::serve::<Replies>().await;
    let mut client = app.client().await;
    for event in ["result", "optional result"] {
        assert_eq!(client.call(event, json!([false])).await, json!([{"text": "t"}]));
    }
    client.ask("async result", json!([false])).await;
    assert_eq!(client.event("answer").await, json!([{"text": "t"}]));
    for event in ["result", "optional result", "async result"] {
        client.ask(event, json!([true])).await;
        let expected = exception("Internal server error", event, Some(json!(true)));
        assert_eq!(client.event("exception").await, expected);
        assert_eq!(client.settle("echo").await, [], "an exception is no acknowledgement");
    }
    client.ask("exception", json!([])).await;
    assert_eq!(client.event("exception").await, exception("bad", "exception", None));
    client.emit("object exception", json!([1])).await;
    assert_eq!(client.event("exception").await, json!([{"code": 7}]));
}

#[tokio::test]
async fn streams() {
    let app = TestApp::serve::<Replies>().await;
    let mut client = app.client().await;
    client.ask("events", json!([])).await;
    for number in 1..=3 {
        assert_eq!(client.event("number").await, json!([number]));
    }
    assert_eq!(client.settle("echo").await, []);

    // Of plain values the first acknowledges; nothing more can be acknowledged.
    assert_eq!(client.call("values", json!([])).await, json!([7]));
    assert_eq!(client.settle("echo").await, []);

    client.ask("failing stream", json!([])).await;
    assert_eq!(client.event("number").await, json!([1]));
    assert_eq!(client.event("exception").await, exception("broken", "failing stream", None));
    assert_eq!(client.settle("echo").await, []);
}

#[tokio::test]
async fn a_stream_stops_when_the_client_goes() {
    let app = TestApp::serve::<Replies>().await;
    let replies = app.get::<Replies>();
    let mut client = app.client().await;
    client.emit("endless", json!([])).await;
    assert_eq!(client.event("number").await, json!([1]));
    assert_eq!(replies.log.entries(), [""; 0]);
    client.close().await;
    replies.log.until_has("the stream was dropped").await;
}

#[tokio::test]
async fn acknowledgements_by_hand() {
    let app = TestApp::serve::<Replies>().await;
    let replies = app.get::<Replies>();
    let mut client = app.client().await;
    assert_eq!(client.call("by hand", json!([])).await, json!(["by hand"]));
    assert_eq!(client.settle("echo").await, [], "once, and not the returned value");
    client.emit("by hand", json!([])).await;
    assert_eq!(client.settle("echo").await, [], "nobody asked");

    let id = client.ask("by hand and response", json!([])).await;
    assert_eq!(client.acked(id).await, json!([1]));
    assert_eq!(client.event("answer").await, json!([2]));

    assert_eq!(client.call("optional ack", json!([])).await, json!([true]));
    client.emit("optional ack", json!([])).await;
    assert_eq!(client.settle("echo").await, []);
    assert_eq!(replies.log.entries(), ["true", "false"]);
}

#[tokio::test]
async fn two_handlers_of_one_event_both_run_and_the_first_acknowledgement_wins() {
    let app = TestApp::serve::<Replies>().await;
    let replies = app.get::<Replies>();
    let mut client = app.client().await;
    let id = client.ask("both", json!([])).await;
    assert_eq!(client.event("both").await, json!([]));
    assert_eq!(client.acked(id).await, json!(["fast"]));
    replies.gate.open();
    // Nothing acknowledges a second time: the slow one's turn comes before later messages'.
    assert_eq!(client.settle("echo").await, []);
    assert_eq!(client.settle("echo").await, []);
}
