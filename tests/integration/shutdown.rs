//! How an application stops: what clients still receive, what still runs, and in which order it ends.

use gateway_runtime::prelude::*;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::support::app::{TestApp, builder};
use crate::support::client::within;
use crate::support::log::{Gate, Log};

/// Logs its whole life into the service that it shares with its test.
#[web_socket_gateway(namespace = "life")]
struct Life {
    #[web_socket_server]
    server: Server,
    log: Log,
    gate: Gate,
}

#[subscribe_messages]
impl Life {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        body
    }

    #[subscribe_message("slow")]
    async fn slow(&self) {
        self.log.add("handler starts");
        self.gate.passed().await;
        self.log.add("handler ends");
    }
}

macro_rules! logs {
    ($($hook:ident::$method:ident),+) => {
        $(impl $hook for Life {
            async fn $method(&self) -> HookResult {
                self.log.add(stringify!($hook));
                Ok(())
            }
        })+
    };
}

logs!(
    OnModuleInit::on_module_init,
    OnApplicationBootstrap::on_application_bootstrap,
    OnModuleDestroy::on_module_destroy
);

impl BeforeApplicationShutdown for Life {
    async fn before_application_shutdown(&self, signal: Option<&str>) -> HookResult {
        self.log.add(format!("BeforeApplicationShutdown {signal:?}"));
        Ok(())
    }
}

impl OnApplicationShutdown for Life {
    async fn on_application_shutdown(&self, signal: Option<&str>) -> HookResult {
        self.log.add(format!("OnApplicationShutdown {signal:?}"));
        Ok(())
    }
}

impl OnGatewayInit for Life {
    async fn after_init(&self, _server: Server) -> HookResult {
        self.log.add("after_init");
        Ok(())
    }
}

impl OnGatewayConnection for Life {
    async fn handle_connection(&self, _client: Socket) -> HookResult {
        self.log.add("handle_connection");
        Ok(())
    }
}

impl OnGatewayDisconnect for Life {
    async fn handle_disconnect(&self, _client: Socket, reason: DisconnectReason) -> HookResult {
        self.log.add(format!("handle_disconnect: {reason}"));
        Ok(())
    }
}

#[tokio::test]
async fn the_hooks_run_in_nestjs_order() {
    let app = TestApp::serve::<Life>().await;
    let log = app.get::<Life>().log.clone();
    let mut client = app.client_in("/life").await;
    assert_eq!(client.call("echo", json!([1])).await, json!([1]));
    let stopping = tokio::spawn(app.into_running().shutdown());
    client.closed().await;
    within("the stop", stopping).await.expect("it stops");
    let expected = [
        "OnModuleInit",
        "after_init",
        "OnApplicationBootstrap",
        "handle_connection",
        "OnModuleDestroy",
        "BeforeApplicationShutdown None",
        "handle_disconnect: server shutting down",
        "OnApplicationShutdown None",
    ];
    assert_eq!(log.entries(), expected);
}

#[tokio::test]
async fn what_was_sent_before_the_stop_arrives() {
    let app = TestApp::serve::<Life>().await;
    let server = app.get::<Life>().server.clone();
    let mut client = app.client_in("/life").await;
    let filling = "x".repeat(10_000);
    for number in 0..500 {
        server.emit("number", Args((number, &filling)));
    }
    let stopping = tokio::spawn(app.into_running().shutdown());
    for number in 0..500 {
        assert_eq!(client.event("number").await[0], number);
    }
    assert_eq!(client.closed().await, []);
    within("the stop", stopping).await.expect("it stops");
}

#[tokio::test]
async fn nobody_new_is_let_in_and_running_handlers_finish() {
    let app = TestApp::serve::<Life>().await;
    let (addr, life) = (app.addr(), app.get::<Life>());
    let mut client = app.client_in("/life").await;
    client.emit("slow", json!([])).await;
    life.log.until_has("handler starts").await;
    let stopping = tokio::spawn(app.into_running().shutdown());
    client.closed().await;
    life.log.until_has("handle_disconnect: server shutting down").await;
    let refused = async { while TcpStream::connect(addr).await.is_ok() {} };
    within("connections to be refused", refused).await;
    assert!(!stopping.is_finished(), "the handler still runs");
    life.gate.open();
    within("the stop", stopping).await.expect("it stops");
    let log = life.log.entries();
    assert_eq!(log[log.len() - 2..], ["handler ends", "OnApplicationShutdown None"]);
}

#[tokio::test]
async fn a_handler_that_does_not_end_is_given_up() {
    let options = ShutdownOptions::new().signals(false).window(0).handlers_timeout(100);
    let app = TestApp::start(builder::<Life>().shutdown_options(options)).await;
    let life = app.get::<Life>();
    let mut client = app.client_in("/life").await;
    client.emit("slow", json!([])).await;
    life.log.until_has("handler starts").await;
    let stopping = tokio::spawn(app.into_running().shutdown());
    client.closed().await;
    within("the stop", stopping).await.expect("it stops");
    life.log.until_has("OnApplicationShutdown None").await;
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_up_the_stop_for_its_timeout_only() {
    let options = ShutdownOptions::new().signals(false).window(0).timeout(200);
    let app = TestApp::start(builder::<Life>().shutdown_options(options)).await;
    let life = app.get::<Life>();
    let client = app.client_in("/life").await;
    let filling = "x".repeat(1_000_000);
    for _ in 0..12 {
        life.server.emit("much", &filling);
    }
    within("the stop", app.into_running().shutdown()).await;
    life.log.until_has("OnApplicationShutdown None").await;
    drop(client);
}

/// `listen` itself ends with the application.
#[tokio::test]
async fn listen_returns_after_the_shutdown() {
    let app = builder::<Life>().create().await.expect("the providers fit together");
    let handle = app.handle();
    let listening = tokio::spawn(app.listen(("127.0.0.1", 0)));
    handle.get::<Life>().expect("a gateway").log.until_has("OnApplicationBootstrap").await;
    handle.shutdown();
    within("the end", listening).await.expect("no panic").expect("no error");
}

#[tokio::test]
async fn plain_websocket_clients_get_1001() {
    let app = TestApp::serve_plain::<Simple>().await;
    let client = app.plain("/").await;
    let stopping = tokio::spawn(app.into_running().shutdown());
    assert_eq!(client.closed().await, Some(1001));
    within("the stop", stopping).await.expect("it stops");
}

#[web_socket_gateway]
struct Simple;

#[subscribe_messages]
impl Simple {}
