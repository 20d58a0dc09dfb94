//! What each kind of return value becomes, by its type and not by its spelling; and where parameters come
//! from. The handlers are called through their registrations, without a server.
#![allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "handlers look like this")]

use std::any::TypeId;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use gateway_runtime::container::Instance;
use gateway_runtime::prelude::*;
use gateway_runtime::registry::{HandlerDescriptor, Invoke, handlers_of};
use gateway_runtime::{Arguments, ExecutionContext, HandlerError, Metadata, Outcome, Reply, Target};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Message {
    text: String,
}

fn message(text: &str) -> Message {
    Message { text: text.to_owned() }
}

/// Serializes, and is an error: it must never reach a client inside `{"Ok":..}` or `{"Err":..}`.
#[derive(Debug, Serialize)]
struct Failed;

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the details")
    }
}

impl std::error::Error for Failed {}

/// Says itself what the client learns.
#[derive(Debug, Serialize)]
struct NotAllowed(u8);

impl From<NotAllowed> for WsException {
    fn from(error: NotAllowed) -> Self {
        Self::new(format!("not allowed: {}", error.0))
    }
}

type WsResult<T> = Result<T, Failed>;
type Maybe<T> = Option<T>;
type Later = BoxFuture<'static, WsResult<Message>>;
type Feed = BoxStream<'static, WsResult<Message>>;

#[web_socket_gateway]
#[derive(Default)]
struct Replies {
    calls: AtomicU32,
}

#[subscribe_messages]
impl Replies {
    #[subscribe_message("unit")]
    fn unit(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    #[subscribe_message("async unit")]
    async fn async_unit(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    #[subscribe_message("text")]
    fn text(&self) -> String {
        "text".to_owned()
    }

    #[subscribe_message("lent")]
    fn lent<'a>(&self, client: &'a Socket) -> &'a str {
        client.id()
    }

    #[subscribe_message("empty")]
    fn empty(&self) -> (bool, String, Vec<u8>, u8) {
        (false, String::new(), Vec::new(), 0)
    }

    #[subscribe_message("false")]
    fn no(&self) -> bool {
        false
    }

    #[subscribe_message("null")]
    fn null(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    #[subscribe_message("none")]
    fn none(&self) -> Option<String> {
        None
    }

    #[subscribe_message("some")]
    async fn some(&self) -> Maybe<Message> {
        Some(message("some"))
    }

    #[subscribe_message("ok")]
    fn ok(&self) -> WsResult<Message> {
        Ok(message("ok"))
    }

    #[subscribe_message("error")]
    fn error(&self) -> WsResult<Message> {
        Err(Failed)
    }

    #[subscribe_message("not allowed")]
    async fn not_allowed(&self) -> Result<(), NotAllowed> {
        Err(NotAllowed(7))
    }

    #[subscribe_message("exception")]
    fn exception(&self) -> Result<Option<Message>, WsException> {
        Err(WsException::new("exception"))
    }

    #[subscribe_message("some error")]
    fn some_error(&self) -> Maybe<WsResult<Message>> {
        Some(Err(Failed))
    }

    #[subscribe_message("ok none")]
    fn ok_none(&self) -> WsResult<Maybe<Message>> {
        Ok(None)
    }

    #[subscribe_message("hook")]
    async fn hook(&self) -> Result<String, HookError> {
        Err(WsException::new("through a hook error"))?;
        Ok(String::new())
    }

    #[subscribe_message("boxed error")]
    fn boxed_error(&self) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        Err("boxed")?
    }

    #[subscribe_message("response")]
    fn response(&self) -> WsResult<WsResponse<Message>> {
        Ok(WsResponse::new("event", message("response")))
    }

    #[subscribe_message("future")]
    fn future(&self) -> impl Future<Output = WsResult<Maybe<Message>>> + Send {
        std::future::ready(Ok(Some(message("future"))))
    }

    #[subscribe_message("alias of a future")]
    fn later(&self) -> Later {
        Box::pin(async { Ok(message("later")) })
    }

    #[subscribe_message("stream")]
    fn stream(&self) -> impl Stream<Item = Maybe<WsResult<WsResponse<u32>>>> + Send {
        let first = self.calls.load(Ordering::Relaxed);
        stream::iter([Some(Ok(WsResponse::new("n", first))), None, Some(Err(Failed))])
    }

    #[subscribe_message("alias of a stream")]
    async fn feed(&self) -> WsResult<Feed> {
        Ok(stream::iter([Ok(message("feed"))]).boxed())
    }

    #[subscribe_message("body")]
    fn body(#[message_body] body: Message, #[message_body("text")] text: String) -> (Message, String) {
        (body, text)
    }

    #[subscribe_message("missing")]
    fn missing(#[message_body("missing")] missing: Option<String>) -> bool {
        missing.is_none()
    }

    #[subscribe_message("by type")]
    fn by_type(client: Socket, data: Message, ack: Ack<u8>) -> (String, Message, bool) {
        (client.id().to_owned(), data, ack.is_expected())
    }
}

/// What a handler did, in words.
fn describe(reply: &Result<Reply<'_>, HandlerError>) -> String {
    match reply {
        Ok(Reply::Nothing) => "nothing".to_owned(),
        Ok(Reply::Value(payload)) => format!("value {}", String::from_utf8_lossy(payload.json())),
        Ok(Reply::Event(payload)) => format!("event {}", String::from_utf8_lossy(payload.json())),
        Ok(Reply::Stream(_)) => "stream".to_owned(),
        Ok(other) => format!("{other:?}"),
        Err(_) => "error".to_owned(),
    }
}

fn finish(reply: Result<Reply<'_>, HandlerError>) -> String {
    match reply {
        Ok(Reply::Stream(items)) => {
            let items = ready(items.collect::<Vec<_>>());
            items.into_iter().map(finish).collect::<Vec<_>>().join(", ")
        }
        Err(error) => {
            let (exception, log) = error.into_exception();
            format!("exception {:?}, log {log:?}", exception.message())
        }
        other => describe(&other),
    }
}

/// The output of a future that waits for nothing.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing here waits"),
    }
}

fn handler(event: &str) -> &'static HandlerDescriptor {
    let handlers = handlers_of(TypeId::of::<Replies>());
    handlers.into_iter().find(|handler| handler.event == event).expect("a handler of this event")
}

fn call_with(event: &str, packet: &'static str) -> (String, &'static str) {
    let instance = Instance::new(Replies::default());
    let (_, arguments) =
        Arguments::parse_event(&Bytes::from_static(packet.as_bytes()), Vec::new()).expect("a packet");
    let target = Target::new("Replies", "", event, Metadata::default());
    let call = ExecutionContext::new(Socket::detached("c1"), Arc::new(target), arguments, None);
    match handler(event).invoke {
        Invoke::Owned(function) => (complete(function(&instance, &call)), "owned"),
        Invoke::Borrowed(function) => (complete(function(&instance, &call)), "borrowed"),
    }
}

fn complete(outcome: Outcome<'_>) -> String {
    match outcome {
        Outcome::Ready(reply) => finish(reply),
        Outcome::Pending(future) => finish(ready(future)),
    }
}

fn reply_of(event: &str) -> String {
    call_with(event, r#"["e"]"#).0
}

const INTERNAL: &str = "exception \"Internal server error\"";

#[test]
fn nothing_is_no_reply() {
    for event in ["unit", "async unit", "null", "none", "ok none"] {
        assert_eq!(reply_of(event), "nothing", "{event}");
    }
}

#[test]
fn every_other_value_is_one() {
    assert_eq!(reply_of("text"), r#"value ["text"]"#);
    assert_eq!(reply_of("lent"), r#"value ["c1"]"#);
    assert_eq!(reply_of("false"), "value [false]");
    assert_eq!(reply_of("some"), r#"value [{"text":"some"}]"#);
    assert_eq!(reply_of("ok"), r#"value [{"text":"ok"}]"#);
    assert_eq!(reply_of("future"), r#"value [{"text":"future"}]"#);
    assert_eq!(reply_of("alias of a future"), r#"value [{"text":"later"}]"#);
}

#[test]
fn an_error_is_one_however_its_type_is_spelled() {
    let logged = format!("{INTERNAL}, log Some(\"the details\")");
    assert_eq!(reply_of("error"), logged);
    assert_eq!(reply_of("some error"), logged);
    assert_eq!(reply_of("boxed error"), format!("{INTERNAL}, log Some(\"boxed\")"));
}

#[test]
fn an_error_that_says_what_the_client_learns_is_asked() {
    assert_eq!(reply_of("not allowed"), "exception \"not allowed: 7\", log None");
    assert_eq!(reply_of("exception"), "exception \"exception\", log None");
    assert_eq!(reply_of("hook"), "exception \"through a hook error\", log None");
}

#[test]
fn a_response_is_an_event() {
    assert_eq!(reply_of("response"), r#"event ["event",{"text":"response"}]"#);
}

#[test]
fn the_items_of_a_stream_are_replies_too() {
    assert_eq!(reply_of("stream"), format!(r#"event ["n",0], nothing, {INTERNAL}, log Some("the details")"#));
    assert_eq!(reply_of("alias of a stream"), r#"value [{"text":"feed"}]"#);
}

#[test]
fn parameters_come_from_the_message() {
    let packet = r#"["e",{"text":"t"}]"#;
    assert_eq!(call_with("body", packet).0, r#"value [[{"text":"t"},"t"]]"#);
    assert_eq!(call_with("missing", packet).0, "value [true]");
    assert_eq!(call_with("by type", packet).0, r#"value [["c1",{"text":"t"},false]]"#);
    assert!(handler("by type").takes_ack);
    assert!(!handler("body").takes_ack);
    assert!(call_with("body", r#"["e",{"text":1}]"#).0.starts_with("exception \"text"));
}

#[test]
fn only_futures_and_borrowing_streams_are_kept_on_the_heap() {
    for event in ["unit", "text", "lent", "ok", "response", "body", "by type"] {
        assert_eq!(call_with(event, r#"["e",{"text":"t"}]"#).1, "owned", "{event}");
    }
    for event in ["async unit", "some", "future", "stream"] {
        assert_eq!(call_with(event, r#"["e"]"#).1, "borrowed", "{event}");
    }
}

#[test]
fn handlers_are_plain_functions_in_the_order_of_the_source() {
    let replies = Replies::default();
    replies.unit();
    assert_eq!((replies.text(), replies.calls.load(Ordering::Relaxed)), ("text".to_owned(), 1));
    let events: Vec<_> = handlers_of(TypeId::of::<Replies>()).iter().map(|handler| handler.event).collect();
    assert_eq!(events[..4], ["unit", "async unit", "text", "lent"]);
}
