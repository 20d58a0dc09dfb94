//! Whom broadcasts reach: rooms, exceptions, the sender, acknowledgements of several clients.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gateway_runtime::BroadcastAckError;
use gateway_runtime::prelude::*;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::log::Log;

/// Its clients join the rooms that their auth names.
#[web_socket_gateway]
struct Rooms {
    #[web_socket_server]
    server: Server,
    log: Log,
}

#[subscribe_messages]
impl Rooms {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        body
    }

    #[subscribe_message("to others")]
    fn to_others(&self, #[message_body] room: Option<String>, #[connected_socket] client: &Socket) {
        match room {
            Some(room) => client.to(room).emit("news", ()),
            None => client.broadcast().emit("news", ()),
        }
    }

    #[subscribe_message("to others but")]
    fn to_others_but(&self, #[message_body] room: String, #[connected_socket] client: &Socket) {
        client.except(room).emit("news", ());
    }
}

impl OnGatewayConnection for Rooms {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        let rooms: Vec<String> = client.handshake().auth_value("rooms").unwrap_or_default();
        client.join(rooms);
        client.set_data("name", client.handshake().auth_value::<String>("name"));
        client.emit("joined", ());
        Ok(())
    }
}

impl OnGatewayDisconnect for Rooms {
    async fn handle_disconnect(&self, client: Socket, reason: DisconnectReason) -> HookResult {
        self.log.add(format!("{} {reason}", client.data_value::<String>("name").unwrap_or_default()));
        Ok(())
    }
}

/// `a` is in room `one`, `b` in `one` and `two`, `c` in `two`, `d` in none.
struct Clients {
    app: TestApp,
    all: Vec<(&'static str, Client)>,
}

impl Clients {
    async fn new() -> Self {
        let app = TestApp::serve::<Rooms>().await;
        let mut all = Vec::new();
        for (name, rooms) in
            [("a", json!(["one"])), ("b", json!(["one", "two"])), ("c", json!(["two"])), ("d", json!([]))]
        {
            let auth = json!({"name": name, "rooms": rooms});
            let mut client = Client::connect_with(app.addr(), "/", auth).await;
            client.event("joined").await;
            all.push((name, client));
        }
        Self { app, all }
    }

    fn server(&self) -> Server {
        self.app.get::<Rooms>().server.clone()
    }

    fn client(&mut self, name: &str) -> &mut Client {
        self.all.iter_mut().find(|(known, _)| *known == name).map(|(_, client)| client).expect("a client")
    }

    /// Who has received how many events since the last time.
    async fn received(&mut self) -> String {
        let mut received = String::new();
        for (name, client) in &mut self.all {
            for packet in client.settle("echo").await {
                assert_eq!((packet.kind, &packet.data[0]), ('2', &json!("news")));
                received.push_str(name);
            }
        }
        received
    }
}

#[tokio::test]
async fn a_server_reaches_rooms_once_each() {
    let mut clients = Clients::new().await;
    let server = clients.server();
    server.emit("news", ());
    assert_eq!(clients.received().await, "abcd");
    server.to("one").emit("news", ());
    assert_eq!(clients.received().await, "ab");
    server.in_("two").emit("news", ());
    assert_eq!(clients.received().await, "bc");
    server.to("one").to("two").emit("news", ());
    assert_eq!(clients.received().await, "abc", "who is in both rooms gets it once");
    server.to(["one", "two"]).emit("news", ());
    assert_eq!(clients.received().await, "abc");
    server.except("one").emit("news", ());
    assert_eq!(clients.received().await, "cd");
    server.to("two").except("one").emit("news", ());
    assert_eq!(clients.received().await, "c");
    server.local().to("one").emit("news", ());
    assert_eq!(clients.received().await, "ab");
    server.volatile().emit("news", ());
    assert_eq!(clients.received().await, "abcd", "all are ready to take it");
    server.to("nobody").emit("news", ());
    assert_eq!(clients.received().await, "");
    let id = clients.client("d").id().to_owned();
    server.to(&id).emit("news", ());
    assert_eq!(clients.received().await, "d", "a client's id is a room");
}

#[tokio::test]
async fn a_socket_reaches_others_but_not_itself() {
    let mut clients = Clients::new().await;
    clients.client("a").emit("to others", json!([])).await;
    clients.client("a").settle("echo").await;
    assert_eq!(clients.received().await, "bcd");
    clients.client("a").emit("to others", json!(["one"])).await;
    assert_eq!(clients.client("a").settle("echo").await, []);
    assert_eq!(clients.received().await, "b");
    clients.client("d").emit("to others", json!(["one"])).await;
    assert_eq!(clients.client("d").settle("echo").await, []);
    assert_eq!(clients.received().await, "ab", "whether it is in the room or not");
    clients.client("d").emit("to others but", json!(["two"])).await;
    assert_eq!(clients.client("d").settle("echo").await, []);
    assert_eq!(clients.received().await, "a");
}

async fn ask(whom: BroadcastOperator) -> Result<Vec<String>, BroadcastAckError<String>> {
    whom.emit_with_ack("question", 1).await
}

#[tokio::test]
async fn broadcasts_collect_acknowledgements() {
    let mut clients = Clients::new().await;
    let server = clients.server();
    let asking = tokio::spawn(ask(server.to("one").timeout(Duration::from_secs(20))));
    for name in ["a", "b"] {
        let packet = clients.client(name).packet().await;
        assert_eq!(packet.data, json!(["question", 1]));
        clients.client(name).answer(packet.id.expect("an answer is wanted"), json!([name])).await;
    }
    let mut answers = asking.await.expect("it ends").expect("all have answered");
    answers.sort();
    assert_eq!(answers, ["a", "b"]);
    assert_eq!(clients.received().await, "", "nobody else was asked");
    let nobody = ask(server.to("nobody").timeout(Duration::from_secs(20))).await;
    assert_eq!(nobody.expect("nobody was asked"), [""; 0]);
}

#[tokio::test]
async fn a_broadcast_that_not_all_acknowledge_times_out_with_the_answers_that_came() {
    let mut clients = Clients::new().await;
    let server = clients.server();
    let asking = tokio::spawn(ask(server.to("one").timeout(Duration::from_secs(2))));
    let packet = clients.client("a").packet().await;
    clients.client("a").answer(packet.id.expect("an answer is wanted"), json!(["a"])).await;
    let error = asking.await.expect("it ends").expect_err("b has not answered");
    assert_eq!((error.responses.as_slice(), error.expected), (&["a".to_owned()][..], 2));
    assert_eq!(error.to_string(), "operation has timed out: 1 of 2 clients acknowledged");

    // A late answer is a stray one.
    let packet = clients.client("b").packet().await;
    clients.client("b").answer(packet.id.expect("an answer is wanted"), json!(["b"])).await;
    assert_eq!(clients.client("b").settle("echo").await, []);
}

#[tokio::test]
async fn sockets_are_fetched_moved_and_disconnected_by_room() {
    let mut clients = Clients::new().await;
    let server = clients.server();
    let names = async |room: &str| {
        let sockets = server.in_(room).fetch_sockets().await.expect("one process");
        let mut names: Vec<_> = sockets.iter().map(|socket| socket.data()["name"].clone()).collect();
        names.sort_by_key(Value::to_string);
        Value::Array(names)
    };
    assert_eq!(names("one").await, json!(["a", "b"]));
    server.in_("one").sockets_join("three");
    assert_eq!(names("three").await, json!(["a", "b"]));
    server.to("three").emit("news", ());
    assert_eq!(clients.received().await, "ab");
    server.in_("two").sockets_leave("three");
    assert_eq!(names("three").await, json!(["a"]));
    let sockets = server.in_("three").fetch_sockets().await.expect("one process");
    let [socket] = sockets.as_slice() else { panic!("one is left: {sockets:?}") };
    assert!(socket.rooms().iter().any(|room| &**room == "one"));
    socket.emit("news", ());
    assert_eq!(clients.received().await, "a");

    server.in_("two").disconnect_sockets(false);
    for name in ["b", "c"] {
        assert_eq!(clients.client(name).packet().await.kind, '1');
    }
    let mut log = clients.app.get::<Rooms>().log.until_len(2).await;
    log.sort();
    assert_eq!(log, ["b server namespace disconnect", "c server namespace disconnect"]);
    assert_eq!(names("two").await, json!([]), "who is gone is in no room");
    assert_eq!(server.fetch_sockets().await.expect("one process").len(), 2);

    server.disconnect_sockets(true);
    for name in ["a", "d"] {
        assert_eq!(clients.client(name).closed().await.len(), 1, "a disconnect, then the close");
    }
    clients.app.get::<Rooms>().log.until_len(4).await;
    assert_eq!(server.fetch_sockets().await.expect("one process").len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broadcasts_race_those_who_come_and_go() {
    const CLIENTS: usize = 100;
    let app = TestApp::serve::<Rooms>().await;
    let rooms = app.get::<Rooms>();
    let stop = Arc::new(AtomicBool::new(false));
    let (server, stopped) = (rooms.server.clone(), stop.clone());
    let broadcasting = std::thread::spawn(move || {
        while !stopped.load(Ordering::Relaxed) {
            server.emit("news", ());
            server.sockets_join("late");
            std::thread::yield_now();
        }
    });
    for _ in 0..CLIENTS {
        // The first packet answers the CONNECT: nothing overtakes it.
        let client = app.client().await;
        client.close().await;
    }
    rooms.log.until_len(CLIENTS).await;
    stop.store(true, Ordering::Relaxed);
    broadcasting.join().expect("it only broadcasts");
    assert_eq!(rooms.server.sockets().len(), 0, "nobody stays behind");
    assert_eq!(rooms.server.adapter().rooms().len(), 0);
}
