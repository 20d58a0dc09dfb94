//! Several namespaces over one connection: how clients join and leave them, and who is told.

use std::time::Duration;

use gateway_runtime::prelude::*;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::{Client, within};
use crate::support::log::Log;

/// The main namespace.
#[web_socket_gateway(connect_timeout = 300)]
struct Main {
    log: Log,
}

#[subscribe_messages]
impl Main {
    #[subscribe_message("where")]
    fn place(&self, #[connected_socket] client: &Socket) -> String {
        client.nsp().name().to_owned()
    }

    #[subscribe_message("leave")]
    async fn leave(&self, #[message_body] close: bool, #[connected_socket] client: Socket) {
        for number in 0..100 {
            client.emit("before", number);
        }
        client.disconnect(close);
        client.emit("after", ());
        self.log.add(format!("connected: {}", client.connected()));
    }

    #[subscribe_message("elsewhere")]
    fn elsewhere(&self, #[connected_socket] client: &Socket) {
        client.nsp().of("/admin").emit("news", "from /");
        client.nsp().of("admin").to("nobody").emit("lost", ());
    }
}

impl OnGatewayDisconnect for Main {
    async fn handle_disconnect(&self, client: Socket, reason: DisconnectReason) -> HookResult {
        self.log.add(format!("{} {reason}", client.nsp().name()));
        Ok(())
    }
}

/// A namespace for those who have a token.
#[web_socket_gateway(namespace = "admin")]
struct Admin {
    #[inject]
    main: Arc<Main>,
}

#[subscribe_messages]
impl Admin {
    #[subscribe_message("where")]
    fn place(&self, #[connected_socket] client: &Socket) -> String {
        client.nsp().name().to_owned()
    }
}

impl OnGatewayInit for Admin {
    async fn after_init(&self, server: Server) -> HookResult {
        server.use_middleware(async |client: Socket| {
            match client.handshake().auth_value::<String>("token") {
                Some(token) => {
                    client.set_data("token", token);
                    Ok(())
                }
                None => Err(ConnectError::new("no token").with_data(json!({"code": 401}))),
            }
        });
        Ok(())
    }
}

impl OnGatewayConnection for Admin {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        self.main.log.add(format!("/admin {:?}", client.data_value::<String>("token")));
        Ok(())
    }
}

impl OnGatewayDisconnect for Admin {
    async fn handle_disconnect(&self, client: Socket, reason: DisconnectReason) -> HookResult {
        self.main.log.add(format!("{} {reason}", client.nsp().name()));
        Ok(())
    }
}

/// Joins the namespace behind the middleware.
async fn join_admin(client: &mut Client) -> String {
    client.join_with("/admin", r#"{"token":"t"}"#).await
}

#[tokio::test]
async fn namespaces_share_a_connection_and_nothing_else() {
    let app = TestApp::serve::<(Main, Admin)>().await;
    let mut client = app.client().await;
    let id = join_admin(&mut client).await;
    assert_ne!(id, client.id());
    assert_eq!(id.len(), 20);
    client.send_text(r#"42/admin,5["where"]"#).await;
    let packet = client.packet().await;
    let found = (packet.kind, packet.namespace.as_str(), packet.id, packet.data);
    assert_eq!(found, ('3', "/admin", Some(5), json!(["/admin"])));
    assert_eq!(client.call("where", json!([])).await, json!(["/"]));
    client.emit("elsewhere", json!([])).await;
    let packet = client.packet().await;
    assert_eq!((packet.namespace.as_str(), packet.data), ("/admin", json!(["news", "from /"])));
    assert_eq!(app.get::<Main>().log.entries(), [r#"/admin Some("t")"#]);
}

#[tokio::test]
async fn a_refused_namespace_says_why_and_the_connection_stays() {
    let app = TestApp::serve::<(Main, Admin)>().await;
    let mut client = app.client().await;
    client.send_text("40/admin,").await;
    let packet = client.packet().await;
    let refused = (packet.kind, packet.namespace.as_str(), packet.data);
    assert_eq!(refused, ('4', "/admin", json!({"message": "no token", "data": {"code": 401}})));
    for namespace in ["/nowhere", "/admin/", "/Admin"] {
        client.send_text(&format!("40{namespace},")).await;
        let packet = client.packet().await;
        let refused = (packet.kind, packet.namespace.as_str(), packet.data);
        assert_eq!(refused, ('4', namespace, json!({"message": "Invalid namespace"})));
    }
    assert_eq!(client.call("where", json!([])).await, json!(["/"]));
    assert_eq!(app.get::<Main>().log.entries(), [""; 0], "`handle_connection` is not called");
    // Refused once, welcome later.
    join_admin(&mut client).await;
}

#[tokio::test]
async fn a_client_may_leave_one_namespace() {
    let app = TestApp::serve::<(Main, Admin)>().await;
    let mut client = app.client().await;
    let first = join_admin(&mut client).await;
    client.send_text("41/admin,").await;
    app.get::<Main>().log.until_has("/admin client namespace disconnect").await;
    assert_eq!(client.call("where", json!([])).await, json!(["/"]));
    assert_ne!(join_admin(&mut client).await, first, "back again, as somebody else");
}

#[tokio::test]
async fn disconnect_leaves_the_clients_other_namespaces() {
    let app = TestApp::serve::<(Main, Admin)>().await;
    let main = app.get::<Main>();
    let mut client = app.client().await;
    join_admin(&mut client).await;
    client.emit("leave", json!([false])).await;
    for number in 0..100 {
        assert_eq!(client.event("before").await, json!([number]));
    }
    let packet = client.packet().await;
    assert_eq!((packet.kind, packet.namespace.as_str()), ('1', "/"));
    client.send_text(r#"42/admin,5["where"]"#).await;
    assert_eq!(client.packet().await.id, Some(5), "and nothing after the disconnect");
    let log = main.log.until_len(3).await;
    assert_eq!(log, [r#"/admin Some("t")"#, "connected: false", "/ server namespace disconnect"]);
}

#[tokio::test]
async fn disconnect_true_closes_all_after_what_was_emitted_before() {
    let app = TestApp::serve::<(Main, Admin)>().await;
    let main = app.get::<Main>();
    let mut client = app.client().await;
    join_admin(&mut client).await;
    client.emit("leave", json!([true])).await;
    for number in 0..100 {
        assert_eq!(client.event("before").await, json!([number]));
    }
    let mut left: Vec<_> =
        client.closed().await.into_iter().map(|packet| (packet.kind, packet.namespace)).collect();
    left.sort();
    assert_eq!(left, [('1', "/".to_owned()), ('1', "/admin".to_owned())]);
    let mut log = main.log.until_len(4).await.split_off(2);
    log.sort();
    assert_eq!(log, ["/ server namespace disconnect", "/admin server namespace disconnect"]);
}

#[tokio::test]
async fn a_client_that_joins_nothing_is_closed() {
    let app = TestApp::serve::<(Main, Admin)>().await;
    let mut silent = Client::open(app.addr()).await;
    let mut refused = Client::open(app.addr()).await;
    refused.send_text("40/nowhere,").await;
    assert_eq!(refused.packet().await.kind, '4');
    assert_eq!(silent.closed().await, []);
    assert_eq!(refused.closed().await, []);
}

#[tokio::test]
async fn a_client_that_has_joined_is_not() {
    let app = TestApp::serve::<(Main, Admin)>().await;
    let mut joined = app.client().await;
    let mut silent = Client::open(app.addr()).await;
    // Its time is over, and so would be that of the other, which came before.
    assert_eq!(silent.closed().await, []);
    assert_eq!(joined.call("where", json!([])).await, json!(["/"]));
}

/// Its middleware waits for ever.
#[web_socket_gateway(connect_timeout = 300)]
struct Undecided;

#[subscribe_messages]
impl Undecided {
    #[subscribe_message("event")]
    fn event(&self, body: Value) -> Value {
        body
    }
}

impl OnGatewayInit for Undecided {
    async fn after_init(&self, server: Server) -> HookResult {
        server.use_middleware(|_client| std::future::pending());
        Ok(())
    }
}

#[tokio::test]
async fn the_connect_timeout_covers_the_middlewares() {
    let app = TestApp::serve::<Undecided>().await;
    let mut client = Client::open(app.addr()).await;
    client.send_text("40").await;
    let closed = tokio::time::timeout(Duration::from_secs(20), client.closed());
    assert_eq!(within("the close", closed).await.expect("soon"), []);
}
