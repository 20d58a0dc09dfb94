//! Namespaces that clients make: which gateway serves them, how they come and go, and what keeps a client from making
//! too many.

use gateway_runtime::prelude::*;
use gateway_runtime::{AdapterError, NamespacePattern};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::app::TestApp;
use crate::support::client::{Client, LIMIT, within};
use crate::support::log::Log;

fn rooms() -> Regex {
    Regex::new("^/room-[0-9]+$").expect("an expression")
}

/// The main namespace.
#[web_socket_gateway]
struct Main;

/// A namespace with a name that the expression of [`Rooms`] takes as well.
#[web_socket_gateway(namespace = "room-0")]
struct Named {
    log: Log,
}

impl OnGatewayConnection for Named {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        self.log.add(client.nsp().name());
        Ok(())
    }
}

/// All rooms.
#[web_socket_gateway(namespace = rooms())]
struct Rooms {
    #[web_socket_server]
    server: Server,
    log: Log,
}

#[subscribe_messages]
impl Rooms {
    #[subscribe_message("where")]
    fn place(&self, #[connected_socket] client: &Socket) -> (String, String) {
        (client.nsp().name().to_owned(), client.nsp().pattern().to_owned())
    }

    #[subscribe_message("echo")]
    fn echo(&self, body: Value) -> Value {
        body
    }

    #[subscribe_message("join")]
    fn join(&self, #[message_body] room: String, #[connected_socket] client: &Socket) -> bool {
        client.join(room);
        true
    }

    #[subscribe_message("say")]
    fn say(&self, #[message_body] room: String, #[connected_socket] client: &Socket) -> bool {
        client.nsp().to(&room).emit("said", client.nsp().name());
        true
    }
}

impl OnGatewayInit for Rooms {
    async fn after_init(&self, server: Server) -> HookResult {
        let log = self.log.clone();
        log.add(format!("init {}", server.name()));
        server.on_new_namespace(move |namespace| {
            log.add(format!("new {}", namespace.name()));
            namespace.use_middleware(|client: Socket| async move {
                client.set_data("greeted", true);
                Ok(())
            });
        });
        server.use_middleware(|client: Socket| async move {
            match client.handshake().auth()["banned"].as_bool() {
                Some(true) => Err(ConnectError::new(format!("banned from {}", client.nsp().name()))),
                _ => Ok(()),
            }
        });
        Ok(())
    }
}

impl OnGatewayConnection for Rooms {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        let greeted = client.data_value::<bool>("greeted");
        self.log.add(format!("connection {} {greeted:?}", client.nsp().name()));
        Ok(())
    }
}

impl OnGatewayDisconnect for Rooms {
    async fn handle_disconnect(&self, client: Socket, _reason: DisconnectReason) -> HookResult {
        self.log.add(format!("disconnect {}", client.nsp().name()));
        Ok(())
    }
}

/// The same rooms, for somebody else.
#[web_socket_gateway(namespace = rooms())]
struct Visitors {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl Visitors {
    #[subscribe_message("visitors")]
    fn visitors(&self) -> usize {
        self.server.sockets().len()
    }
}

/// What [`Rooms`] does not take.
#[web_socket_gateway(namespace = Regex::new("^/room").expect("an expression"))]
struct Others;

#[subscribe_messages]
impl Others {
    #[subscribe_message("where")]
    fn place(&self) -> &'static str {
        "others"
    }
}

/// The refusal of a namespace, which must be the next packet.
async fn refused(client: &mut Client, namespace: &str, auth: Value) -> Value {
    client.send_text(&format!("40{namespace},{auth}")).await;
    let packet = client.packet().await;
    assert_eq!((packet.kind, packet.namespace.as_str()), ('4', namespace), "{packet:?}");
    packet.data["message"].clone()
}

#[tokio::test]
async fn each_name_is_a_namespace_of_its_own() {
    let app = TestApp::serve::<Rooms>().await;
    let (mut one, mut two) = (app.client_in("/room-1").await, app.client_in("/room-2").await);
    assert_eq!(one.call("where", json!([])).await, json!([["/room-1", "/^/room-[0-9]+$/"]]));
    for client in [&mut one, &mut two] {
        assert_eq!(client.call("join", json!(["kitchen"])).await, json!([true]));
    }
    one.emit("say", json!(["kitchen"])).await;
    assert_eq!(one.event("said").await, json!(["/room-1"]));
    assert_eq!(two.settle("echo").await, [], "the room of the same name is another one");
    let mut nobody = Client::open(app.addr()).await;
    for namespace in ["/room-", "/room-1/", "/a/room-1"] {
        assert_eq!(refused(&mut nobody, namespace, json!({})).await, json!("Invalid namespace"));
    }
    let log = app.get::<Rooms>().log.entries();
    assert_eq!(log[0], "init /^/room-[0-9]+$/");
    assert_eq!(log.iter().filter(|entry| entry.starts_with("init")).count(), 1, "{log:?}");
}

#[tokio::test]
async fn what_the_gateway_says_reaches_all_children() {
    let app = TestApp::serve::<Rooms>().await;
    let gateway = app.get::<Rooms>();
    let (mut one, mut two) = (app.client_in("/room-1").await, app.client_in("/room-2").await);
    one.call("join", json!(["kitchen"])).await;
    gateway.server.emit("all", 1);
    gateway.server.to("kitchen").emit("some", 2);
    gateway.server.except("kitchen").emit("others", 3);
    assert_eq!((one.event("all").await, one.event("some").await), (json!([1]), json!([2])));
    assert_eq!((two.event("all").await, two.event("others").await), (json!([1]), json!([3])));

    let asking = tokio::spawn({
        let server = gateway.server.clone();
        async move { server.timeout(LIMIT).emit_with_ack::<u8>("how many", ()).await }
    });
    for (client, answer) in [(&mut one, 1), (&mut two, 2)] {
        let question = client.packet().await;
        client.answer(question.id.expect("a question"), json!([answer])).await;
    }
    let mut answers = within("the answers", asking).await.expect("no panic").expect("all answer");
    answers.sort_unstable();
    assert_eq!(answers, [1, 2]);

    assert_eq!(gateway.server.sockets().len(), 2);
    let error = gateway.server.fetch_sockets().await.expect_err("refused");
    assert!(
        matches!(error, AdapterError::Unsupported(sentence) if sentence.contains("ask a child")),
        "{error}"
    );
    assert_eq!(gateway.server.of("/room-1").fetch_sockets().await.expect("a child").len(), 1);
    gateway.server.sockets_join("hall");
    assert_eq!(gateway.server.all_rooms().await.map(|rooms| rooms.contains(&"hall".into())), Ok(true));
    gateway.server.disconnect_sockets(true);
    one.closed().await;
    two.closed().await;
}

#[tokio::test]
async fn names_come_before_patterns_and_patterns_in_their_order() {
    let app = TestApp::serve::<(Main, Named, Rooms, Visitors, Others)>().await;
    let client = app.client_in("/room-0").await;
    assert_eq!(app.get::<Named>().log.until_len(1).await, ["/room-0"]);
    client.close().await;
    // Both gateways of one expression serve the same children.
    let mut client = app.client_in("/room-7").await;
    assert_eq!(client.call("visitors", json!([])).await, json!([1]));
    assert_eq!(client.call("where", json!([])).await, json!([["/room-7", "/^/room-[0-9]+$/"]]));
    let mut client = app.client_in("/room-x").await;
    assert_eq!(client.call("where", json!([])).await, json!(["others"]));
    let log = app.get::<Rooms>().log.entries();
    assert!(!log.iter().any(|entry| entry.contains("/room-0")), "{log:?}");
}

#[tokio::test]
async fn middlewares_of_the_gateway_and_of_the_child_decide() {
    let app = TestApp::serve::<Rooms>().await;
    let log = app.get::<Rooms>().log.clone();
    let mut client = Client::open(app.addr()).await;
    let message = refused(&mut client, "/room-1", json!({"banned": true})).await;
    assert_eq!(message, json!("banned from /room-1"));
    client.join("/room-1").await;
    log.until_has("connection /room-1 Some(true)").await;
    // What nobody has entered is not kept: the second client made it anew.
    assert_eq!(log.entries()[1..3], ["new /room-1", "new /room-1"]);
}

#[tokio::test]
async fn children_stay_until_the_server_ends() {
    let app = TestApp::serve::<Rooms>().await;
    let log = app.get::<Rooms>().log.clone();
    for _ in 0..2 {
        let mut client = app.client_in("/room-1").await;
        client.send_text("41/room-1,").await;
        log.until("a disconnect", |log| log.last().is_some_and(|last| last.starts_with("disconnect"))).await;
    }
    assert_eq!(log.entries().iter().filter(|entry| *entry == "new /room-1").count(), 1);
}

#[tokio::test]
async fn the_program_makes_children_too() {
    let app = TestApp::serve::<(Main, Rooms)>().await;
    let gateway = app.get::<Rooms>();
    let room = gateway.server.of("room-5");
    assert_eq!((room.name(), room.pattern()), ("/room-5", "/^/room-[0-9]+$/"));
    let free = gateway.server.of("/free");
    assert_eq!((free.name(), free.pattern()), ("/free", "/free"));
    assert_eq!(gateway.log.entries()[1..], ["new /room-5", "new /free"]);
    let mut client = app.client_in("/room-5").await;
    gateway.server.emit("all", 1);
    assert_eq!(client.event("all").await, json!([1]));
    let mut client = app.client_in("/free").await;
    free.emit("free", 1);
    assert_eq!(client.event("free").await, json!([1]));
}

/// Namespaces that a function decides on.
#[web_socket_gateway(namespace = NamespacePattern::predicate(|name: &str, auth: &Value| {
    assert!(name != "/tenant-panic", "a panic on purpose");
    name.starts_with("/tenant-") && auth["token"] == "t"
}))]
struct Tenants;

#[subscribe_messages]
impl Tenants {
    #[subscribe_message("where")]
    fn place(&self, #[connected_socket] client: &Socket) -> String {
        client.nsp().name().to_owned()
    }
}

/// Namespaces that a function decides on that waits.
#[web_socket_gateway(namespace = NamespacePattern::async_predicate(|name, _auth| async move {
    tokio::task::yield_now().await;
    assert!(name != "/later-panic", "a panic on purpose");
    name.starts_with("/later-")
}))]
struct Later;

#[subscribe_messages]
impl Later {
    #[subscribe_message("where")]
    fn place(&self, #[connected_socket] client: &Socket) -> String {
        format!("later {}", client.nsp().name())
    }
}

/// Asked after the one that waits.
#[web_socket_gateway(namespace = Regex::new("^/last$").expect("an expression"))]
struct Last;

#[tokio::test]
async fn predicates_see_the_auth_payload_and_may_wait() {
    let app = TestApp::serve::<(Tenants, Later, Last)>().await;
    let mut client = Client::connect_with(app.addr(), "/tenant-1", json!({"token": "t"})).await;
    assert_eq!(client.call("where", json!([])).await, json!(["/tenant-1"]));
    let mut stranger = Client::open(app.addr()).await;
    for namespace in ["/tenant-2", "/tenant-panic", "/later-panic", "/nobody"] {
        assert_eq!(refused(&mut stranger, namespace, json!({})).await, json!("Invalid namespace"));
    }
    // A namespace that is there is not asked about again: that is for middlewares and guards.
    stranger.join("/tenant-1").await;
    let mut client = app.client_in("/later-1").await;
    assert_eq!(client.call("where", json!([])).await, json!(["later /later-1"]));
    client.join("/last").await;
    // A second CONNECT while the first is being decided on.
    client.send_text("40/later-2,").await;
    client.send_text("40/later-2,").await;
    client.closed().await;
}

/// Rooms that go with their last client.
#[web_socket_gateway(namespace = rooms(), cleanup_empty_child_namespaces = true, max_child_namespaces = 3,
    max_namespace_length = 10, max_namespaces_per_connection = 2)]
struct Tidy {
    #[web_socket_server]
    server: Server,
    log: Log,
}

#[subscribe_messages]
impl Tidy {
    #[subscribe_message("where")]
    fn place(&self, #[connected_socket] client: &Socket) -> String {
        client.nsp().name().to_owned()
    }

    #[subscribe_message("say")]
    fn say(&self, body: Value, #[connected_socket] client: &Socket) -> bool {
        client.nsp().emit("said", body);
        true
    }
}

impl OnGatewayInit for Tidy {
    async fn after_init(&self, server: Server) -> HookResult {
        let log = self.log.clone();
        server.on_new_namespace(move |namespace| log.add(format!("new {}", namespace.name())));
        Ok(())
    }
}

impl OnGatewayDisconnect for Tidy {
    async fn handle_disconnect(&self, client: Socket, _reason: DisconnectReason) -> HookResult {
        self.log.add(format!("disconnect {}", client.nsp().name()));
        Ok(())
    }
}

#[tokio::test]
async fn an_empty_child_goes_if_that_is_wanted() {
    let app = TestApp::serve::<Tidy>().await;
    let log = app.get::<Tidy>().log.clone();
    let mut first = app.client_in("/room-1").await;
    let second = app.client_in("/room-1").await;
    second.close().await;
    log.until_has("disconnect /room-1").await;
    assert_eq!(first.call("where", json!([])).await, json!(["/room-1"]), "one is still there");
    first.send_text("41/room-1,").await;
    log.until_len(3).await;
    first.join("/room-1").await;
    assert_eq!(log.entries(), ["new /room-1", "disconnect /room-1", "disconnect /room-1", "new /room-1"]);
}

#[tokio::test]
async fn clients_cannot_make_namespaces_without_end() {
    let app = TestApp::serve::<Tidy>().await;
    let log = app.get::<Tidy>().log.clone();
    let mut first = Client::open(app.addr()).await;
    first.join("/room-1").await;
    first.join("/room-2").await;
    let message = refused(&mut first, "/room-3", json!({})).await;
    assert_eq!(message, json!("too many namespaces on one connection"));
    let mut second = app.client_in("/room-3").await;
    let message = refused(&mut second, "/room-4", json!({})).await;
    assert_eq!(message, json!("too many namespaces: no further one can be made now"));
    let message = refused(&mut second, "/room-12345", json!({})).await;
    assert_eq!(message, json!("the name of the namespace is too long"));
    second.join("/room-1").await;
    // Where one has gone there is room for another one.
    first.send_text("41/room-2,").await;
    log.until_has("disconnect /room-2").await;
    first.join("/room-4").await;
    assert_eq!(app.get::<Tidy>().server.sockets().len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_comes_while_the_last_one_leaves_is_in_the_namespace() {
    let app = TestApp::serve::<Tidy>().await;
    let mut clients = JoinSet::new();
    for _ in 0..4 {
        let addr = app.addr();
        clients.spawn(async move {
            let mut client = Client::open(addr).await;
            for _ in 0..100 {
                client.send_text("40/room-1,").await;
                // What others say may be on its way still from the last time.
                let sid = loop {
                    let packet = client.packet().await;
                    match packet.kind {
                        '2' => {}
                        _ => break packet.data["sid"].as_str().expect("connected").to_owned(),
                    }
                };
                // The client hears what is said in the namespace in which it is.
                client.send_text(&format!("42/room-1,7[\"say\",\"{sid}\"]")).await;
                let mut heard = false;
                loop {
                    let packet = client.packet().await;
                    match packet.kind {
                        '2' => heard |= packet.data[1] == json!(sid),
                        _ => break assert!(heard && packet.id == Some(7), "{packet:?}"),
                    }
                }
                client.send_text("41/room-1,").await;
            }
        });
    }
    while let Some(ended) = within("the clients", clients.join_next()).await {
        ended.expect("no panic");
    }
}
