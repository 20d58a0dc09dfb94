//! What reaches the parameters of a handler: through pipes, by rules, from the message's context. The handlers
//! are called through their registrations, without a server.
#![allow(clippy::unused_self, reason = "handlers look like this")]

use std::any::TypeId;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use gateway_runtime::container::{Container, ContainerBuilder, Instance};
use gateway_runtime::prelude::*;
use gateway_runtime::registry::{GatewayDescriptor, HandlerDescriptor, Invoke, gateways, handlers_of};
use gateway_runtime::{
    Arguments, CanActivate, DefaultValuePipe, ExceptionFilter, ExecutionContext, FilterResult,
    FromExecutionContext, GuardResult, HandlerError, Interceptor, Metadata, Next, Outcome, ParseArrayPipe,
    ParseIntPipe, PipeTransform, Reply, ReplyResult, Target, ValidationPipe,
};
use serde::Deserialize;
use serde_json::{Value, json};
use validator::Validate;

/// Adds its number behind what it gets.
#[derive(Debug)]
struct Append(&'static str);

impl PipeTransform<String> for Append {
    type In = String;

    async fn transform(
        &self,
        value: String,
        metadata: &gateway_runtime::ArgumentMetadata,
    ) -> Result<String, HandlerError> {
        Ok(format!("{value}{}:{}", self.0, metadata.name()))
    }
}

/// Counts how often it was made and comes from the container.
#[injectable]
struct FromContainer {
    made: AtomicU32,
}

impl PipeTransform<u32> for FromContainer {
    type In = Option<u32>;

    async fn transform(
        &self,
        _: Option<u32>,
        _: &gateway_runtime::ArgumentMetadata,
    ) -> Result<u32, HandlerError> {
        // The future waits once: a handler with pipes is not polled only once.
        let mut polled = false;
        std::future::poll_fn(|context| {
            context.waker().wake_by_ref();
            if std::mem::replace(&mut polled, true) {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
        Ok(self.made.fetch_add(1, Ordering::Relaxed))
    }
}

/// Nobody provides it and it has no default.
struct Missing(#[expect(dead_code)] u8);

impl CanActivate for Missing {
    async fn can_activate(&self, _: &ExecutionContext) -> GuardResult {
        Ok(false)
    }
}

#[derive(Default)]
struct Allowed;

impl CanActivate for Allowed {
    async fn can_activate(&self, _: &ExecutionContext) -> GuardResult {
        Ok(true)
    }
}

#[derive(Default)]
struct Around;

impl Interceptor for Around {
    async fn intercept<'a>(&'a self, _: &'a ExecutionContext, next: Next<'a>) -> ReplyResult<'a> {
        next.handle().await
    }
}

#[derive(Default)]
struct Catches;

impl ExceptionFilter for Catches {
    type Exception = HandlerError;

    async fn catch(&self, _: HandlerError, _: &ExecutionContext) -> FilterResult {
        Ok(())
    }
}

#[derive(Debug, Deserialize, Validate)]
struct SignUp {
    #[validate(length(min = 3))]
    name: String,
}

struct UserId(u64);

impl FromExecutionContext for UserId {
    fn from_execution_context(context: &ExecutionContext) -> Result<Self, HandlerError> {
        let id = context.socket().data_value("userId");
        Ok(Self(id.ok_or_else(|| WsException::new("log in first"))?))
    }
}

const ROLES: &str = "roles";

#[use_guards(Allowed)]
#[set_metadata("area", "chat")]
#[web_socket_gateway]
#[use_guards(Missing, on = "connection")]
#[use_pipes(ValidationPipe::new().whitelist(true))]
struct Parameters;

#[subscribe_messages]
impl Parameters {
    const SUFFIX: &'static str = "!";

    #[subscribe_message("page")]
    fn page(&self, #[message_body("page", DefaultValuePipe::new(1), ParseIntPipe)] page: u32) -> u32 {
        page
    }

    #[subscribe_message("only default")]
    fn only_default(&self, #[message_body("page", DefaultValuePipe::new(1))] page: u8) -> u8 {
        page
    }

    #[subscribe_message("list")]
    async fn list(
        &self,
        #[message_body("ids", ParseArrayPipe::new().separator(";"))] ids: Vec<u8>,
    ) -> Vec<u8> {
        ids
    }

    #[use_pipes(Append("a"), Append("b"))]
    #[subscribe_message("appended")]
    #[use_pipes(Append(Self::SUFFIX))]
    fn appended(
        &self,
        #[message_body("x", Append("own"))] x: String,
        #[message_body] whole: Option<Whole>,
        #[connected_socket] client: &Socket,
    ) -> (String, bool, String) {
        (x, whole.is_some(), client.id().to_owned())
    }

    #[use_pipes(Append("a"))]
    #[subscribe_message("by type")]
    fn by_type(
        client: &Socket,
        server: Server,
        data: String,
        ack: Ack<u8>,
        context: &ExecutionContext,
    ) -> (String, String) {
        let _ = (server, ack, context);
        (client.id().to_owned(), data)
    }

    #[subscribe_message("from the container")]
    fn from_the_container(
        #[message_body(FromContainer)] made: u32,
        #[message_body(FromContainer)] again: u32,
    ) -> (u32, u32) {
        (made, again)
    }

    #[subscribe_message("sign up")]
    fn sign_up(&self, #[message_body] body: SignUp) -> String {
        body.name
    }

    #[subscribe_message("sign up by type")]
    fn sign_up_by_type(&self, body: SignUp) -> String {
        body.name
    }

    #[subscribe_message("sign up if")]
    fn sign_up_if(&self, #[message_body("user")] body: Option<SignUp>) -> Option<String> {
        body.map(|body| body.name)
    }

    #[subscribe_message("sign up with a pipe")]
    fn sign_up_with_a_pipe(&self, #[message_body("user", Polite)] body: SignUp) -> String {
        body.name
    }

    #[subscribe_message("own validation")]
    async fn own_validation(&self, #[message_body(ValidationPipe)] body: SignUp) -> String {
        body.name
    }

    #[subscribe_message("extracted")]
    fn extracted(
        &self,
        #[extract] user: UserId,
        #[message_name] name: &str,
        #[message_name] again: String,
    ) -> (u64, String, String) {
        (user.0, name.to_owned(), again)
    }

    #[use_guards(Missing, Allowed)]
    #[use_interceptors(Around)]
    #[use_filters(Catches, BaseWsExceptionFilter::new().include_cause(false))]
    #[set_metadata(ROLES, ["admin", "owner"])]
    #[subscribe_message("around")]
    #[subscribe_message("around too")]
    #[set_metadata("area", json!({ "own": Self::SUFFIX }))]
    fn around(&self) {}
}

/// Takes anything: a body that has rules is checked before it gets here.
#[derive(Default)]
struct Polite;

impl PipeTransform<SignUp> for Polite {
    type In = SignUp;

    async fn transform(
        &self,
        value: SignUp,
        _: &gateway_runtime::ArgumentMetadata,
    ) -> Result<SignUp, HandlerError> {
        Ok(SignUp { name: format!("Dear {}", value.name) })
    }
}

/// A body that the pipes of its method map as well.
#[derive(Debug)]
struct Whole;

impl PipeTransform<Option<Whole>> for Append {
    type In = Option<Whole>;

    async fn transform(
        &self,
        value: Option<Whole>,
        _: &gateway_runtime::ArgumentMetadata,
    ) -> Result<Option<Whole>, HandlerError> {
        Ok(value)
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

fn gateway() -> &'static GatewayDescriptor {
    gateways().into_iter().find(|gateway| gateway.type_id == TypeId::of::<Parameters>()).expect("the gateway")
}

fn handler(event: &str) -> &'static HandlerDescriptor {
    let handlers = handlers_of(TypeId::of::<Parameters>());
    handlers.into_iter().find(|handler| handler.event == event).expect("a handler of this event")
}

async fn container() -> Container {
    let builder = ContainerBuilder::new().provide(FromContainer { made: AtomicU32::new(7) });
    builder.build().await.expect("a container")
}

/// What the handler replied, or its exception's error.
async fn call_as(
    client: Socket,
    event: &str,
    body: Value,
    validation: Option<ValidationPipe>,
) -> Result<Value, Value> {
    let descriptor = handler(event);
    let container = container().await;
    let pipes = descriptor.pipes.iter().map(|pipe| (pipe.make)(&container).expect("a pipe"));
    let target = Target::new("Parameters", descriptor.method, event, Metadata::default())
        .with_pipes(pipes.collect())
        .with_validation(validation.map(Arc::new));
    let arguments = Arguments::from_value(&body).expect("arguments");
    let context = ExecutionContext::new(client, Arc::new(target), arguments, None);
    let instance = Instance::new(Parameters);
    match descriptor.invoke {
        Invoke::Owned(function) => settle(function(&instance, &context)).await,
        Invoke::Borrowed(function) => settle(function(&instance, &context)).await,
    }
}

async fn settle(outcome: Outcome<'_>) -> Result<Value, Value> {
    let reply = match outcome {
        Outcome::Ready(reply) => reply,
        Outcome::Pending(reply) => reply.await,
    };
    match reply {
        Ok(Reply::Nothing) => Ok(Value::Null),
        Ok(reply) => Ok(reply.decode().expect("a value").expect("JSON")),
        Err(error) => Err(error.into_exception().0.error().clone()),
    }
}

async fn call(event: &str, body: Value) -> Result<Value, Value> {
    call_as(Socket::detached("c1"), event, body, None).await
}

async fn validated(event: &str, body: Value) -> Result<Value, Value> {
    call_as(Socket::detached("c1"), event, body, Some(ValidationPipe::new())).await
}

#[tokio::test]
async fn pipes_follow_each_other_into_the_parameter() {
    assert_eq!(call("page", json!({})).await, Ok(json!(1)));
    assert_eq!(call("page", json!({ "page": "12" })).await, Ok(json!(12)));
    assert_eq!(
        call("page", json!({ "page": "x" })).await,
        Err(json!("Validation failed (numeric string is expected)"))
    );
    assert_eq!(call("only default", Value::Null).await, Ok(json!(1)));
    assert_eq!(call("only default", json!({ "page": 2 })).await, Ok(json!(2)));
    assert_eq!(call("list", json!({ "ids": "1;2" })).await, Ok(json!([1, 2])));
}

#[tokio::test]
async fn a_body_that_does_not_decode_for_a_pipe_names_its_key() {
    let refused = call("only default", json!({ "page": "two" })).await.expect_err("no number");
    assert!(refused.as_str().is_some_and(|text| text.starts_with("page: ")), "{refused}");
}

#[tokio::test]
async fn pipes_of_the_method_come_before_those_of_the_parameter() {
    let appended = call("appended", json!({ "x": "x" })).await;
    assert_eq!(appended, Ok(json!(["xa:xb:x!:xown:x", true, "c1"])));
}

#[tokio::test]
async fn pipes_of_the_method_are_for_the_body_only() {
    assert_eq!(call("by type", json!("x")).await, Ok(json!(["c1", "xa:body"])));
    assert!(handler("by type").takes_ack);
}

#[tokio::test]
async fn a_pipe_that_is_a_type_comes_from_the_container() {
    assert_eq!(call("from the container", Value::Null).await, Ok(json!([7, 8])));
    let classes: Vec<_> = handler("from the container").classes().map(|class| class.type_id).collect();
    assert_eq!(classes, [TypeId::of::<FromContainer>(); 2]);
}

#[tokio::test]
async fn bodies_with_rules_are_checked_where_the_gateway_says_so() {
    let short = json!({ "name": "A" });
    for event in ["sign up", "sign up by type"] {
        assert_eq!(call(event, short.clone()).await, Ok(json!("A")), "{event}");
        assert_eq!(validated(event, json!({ "name": "Ann" })).await, Ok(json!("Ann")), "{event}");
        let refused = validated(event, short.clone()).await.expect_err("a rule is broken");
        assert_eq!(refused["errors"][0]["property"], "name", "{event}");
    }
    assert_eq!(validated("sign up if", json!({})).await, Ok(Value::Null));
    assert!(validated("sign up if", json!({ "user": short })).await.is_err());
    assert!(validated("sign up with a pipe", json!({ "user": short })).await.is_err());
    assert_eq!(
        validated("sign up with a pipe", json!({ "user": { "name": "Ann" } })).await,
        Ok(json!("Dear Ann"))
    );
    let undecoded = validated("sign up if", json!({ "user": { "name": 1 } })).await.expect_err("no text");
    assert!(undecoded.as_str().is_some_and(|text| text.starts_with("user.name: ")), "{undecoded}");
}

#[tokio::test]
async fn a_parameter_can_have_its_own_validation() {
    assert!(call("own validation", json!({ "name": "A" })).await.is_err());
    assert_eq!(call("own validation", json!({ "name": "Ann" })).await, Ok(json!("Ann")));
}

#[tokio::test]
async fn parameters_of_ones_own_and_the_name_of_the_message() {
    assert_eq!(call("extracted", Value::Null).await, Err(json!("log in first")));
    let client = Socket::detached("c1");
    client.set_data("userId", 5);
    assert_eq!(
        call_as(client, "extracted", Value::Null, None).await,
        Ok(json!([5, "extracted", "extracted"]))
    );
}

#[tokio::test]
async fn what_stands_around_is_registered_in_the_order_of_reading() {
    let around = handler("around too").enhancers;
    let names: Vec<_> = around.guards.iter().map(|entry| entry.guard.name).collect();
    assert_eq!(names, ["Missing", "Allowed"]);
    assert_eq!(around.interceptors.len(), 1);
    let filters: Vec<_> = around.filters.iter().map(|filter| (filter.name, filter.class.is_some())).collect();
    assert_eq!(filters, [("Catches", true), ("BaseWsExceptionFilter::new().include_cause(false)", false)]);
    let gateway = gateway().enhancers;
    let guards: Vec<_> = gateway.guards.iter().map(|entry| (entry.guard.name, entry.on_connection)).collect();
    assert_eq!(guards, [("Allowed", false), ("Missing", true)]);
    let container = container().await;
    assert!((gateway.pipes[0].make)(&container).is_ok());

    let metadata = Metadata::new(gateway.metadata, around.metadata);
    assert_eq!(metadata.get::<Vec<String>>("roles"), Some(vec!["admin".to_owned(), "owner".to_owned()]));
    assert_eq!(metadata.get::<Value>("area"), Some(json!({ "own": "!" })));
    assert_eq!(Metadata::new(gateway.metadata, &[]).get::<String>("area").as_deref(), Some("chat"));
}

#[tokio::test]
async fn a_type_that_nothing_provides_needs_a_default() {
    let container = container().await;
    let guards = handler("around").enhancers.guards;
    assert!((guards[1].guard.make)(&container).is_ok());
    let error = (guards[0].guard.make)(&container).err().expect("nothing provides it").to_string();
    assert!(error.contains("add #[injectable] to Missing"), "{error}");
    assert!(error.ends_with("or derive Default for it"), "{error}");
}
