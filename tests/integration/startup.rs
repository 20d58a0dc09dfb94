//! What keeps an application from starting, in the words that its developer reads.

use gateway_runtime::GatewaySet;
use gateway_runtime::prelude::*;

use crate::support::app::builder;

/// The text of the error that a start with these gateways ends with.
async fn refusal<S: GatewaySet>() -> String {
    let error = builder::<S>().create().await.expect_err("it must not start");
    format!("{error:?}")
}

fn assert_names(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in: {text}");
    }
}

/// Nothing provides it.
struct Database;

#[web_socket_gateway]
struct Needy {
    #[inject]
    database: Arc<Database>,
}

#[subscribe_messages]
impl Needy {
    #[subscribe_message("count")]
    fn count(&self) -> usize {
        Arc::strong_count(&self.database)
    }
}

#[tokio::test]
async fn a_missing_provider_is_named_with_gateway_field_and_type() {
    let text = refusal::<Needy>().await;
    assert_names(&text, &["Needy.database", "Arc<Database>", "#[injectable]", ".provide("]);
    assert!(builder::<Needy>().provide(Database).create().await.is_ok(), "and the advice works");
}

#[injectable]
struct Chicken {
    #[inject]
    egg: Arc<Egg>,
}

#[injectable]
struct Egg {
    #[inject]
    chicken: Arc<Chicken>,
}

#[web_socket_gateway]
struct Farm {
    #[inject]
    chicken: Arc<Chicken>,
}

#[subscribe_messages]
impl Farm {
    #[subscribe_message("count")]
    fn count(&self) -> usize {
        Arc::strong_count(&self.chicken.egg) + Arc::strong_count(&self.chicken.egg.chicken)
    }
}

#[tokio::test]
async fn a_cycle_is_drawn() {
    let text = refusal::<Farm>().await;
    assert_names(&text, &["need each other", "Chicken.egg -> Egg.chicken -> Chicken"]);
}

/// Says that it is a gateway, but nothing registers it: as a library's that is not linked in.
struct NotLinked;

impl Gateway for NotLinked {}

#[web_socket_gateway]
struct Fine;

#[subscribe_messages]
impl Fine {}

#[tokio::test]
async fn an_expected_gateway_that_is_not_linked_is_named() {
    let error = builder::<Fine>().expect::<NotLinked>().create().await.expect_err("it must not start");
    assert_names(&error.to_string(), &["NotLinked", "is not linked in", "main.rs"]);
    let text = refusal::<NotLinked>().await;
    assert_names(&text, &["NotLinked", "is not linked in"]);
    let error = builder::<Fine>().expect::<Needy>().create().await.expect_err("left out by `only`");
    assert_names(&error.to_string(), &["Needy", "`only`"]);
    assert!(builder::<Fine>().expect::<Fine>().create().await.is_ok());
}

#[web_socket_gateway(transports = ["carrier pigeon"], cors(methods = ["GE T"]), ping_interval = 0)]
struct Odd;

#[subscribe_messages]
impl Odd {}

#[tokio::test]
async fn impossible_options_are_named_all_at_once() {
    let text = refusal::<Odd>().await;
    assert_names(
        &text,
        &["Odd", "startup.rs", "carrier pigeon", "\"polling\" and \"websocket\"", "GE T", "ping_interval"],
    );
}

#[web_socket_gateway(namespace = "chats")]
struct Namespaced;

#[subscribe_messages]
impl Namespaced {}

#[tokio::test]
async fn a_namespace_on_plain_websocket_is_refused() {
    let app = builder::<Namespaced>().use_web_socket_adapter(WsAdapter::new()).create().await;
    let error = app.expect("the adapter may change until it listens").start(("127.0.0.1", 0)).await;
    let text = error.expect_err("it must not start").to_string();
    assert_names(
        &text,
        &["Namespaced", "/chats", "WsAdapter does not support namespaces", "`path`", "IoAdapter"],
    );
}

#[web_socket_gateway]
struct Unlucky;

#[subscribe_messages]
impl Unlucky {}

impl OnGatewayInit for Unlucky {
    async fn after_init(&self, _server: Server) -> HookResult {
        Err(std::io::Error::other("no queue").into())
    }
}

#[tokio::test]
async fn a_failing_after_init_stops_the_start() {
    let app = builder::<Unlucky>().create().await.expect("the providers fit together");
    let error = app.start(("127.0.0.1", 0)).await.expect_err("it must not start");
    assert_names(&format!("{error:?}"), &["after_init of Unlucky failed", "no queue"]);
}

/// A provider that says itself what it starts with.
#[injectable]
struct Seeded {
    limit: u32,
}

impl Default for Seeded {
    fn default() -> Self {
        Self { limit: 42 }
    }
}

#[web_socket_gateway(namespace = "seeded")]
struct SeededGateway {
    #[inject]
    seeded: Arc<Seeded>,
}

#[tokio::test]
async fn a_provider_that_is_given_nothing_starts_with_its_own_default() {
    let app = GatewayApp::builder().only::<SeededGateway>().create().await.expect("it starts");
    assert_eq!(app.get::<SeededGateway>().expect("a gateway").seeded.limit, 42);
}
