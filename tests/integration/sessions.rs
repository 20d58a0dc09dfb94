//! One client's messages: their order, what runs together, and what holds up what.

use std::time::Duration;

use gateway_runtime::prelude::*;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::within;
use crate::support::log::{Gate, Log};

/// Records when its handlers start and end; the async ones wait at a gate.
#[web_socket_gateway(ping_interval = 100, ping_timeout = 10_000)]
struct Orders {
    log: Log,
    gate: Gate,
}

#[subscribe_messages]
impl Orders {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        body
    }

    #[subscribe_message("sync")]
    fn sync(&self, #[message_body] number: u32) -> u32 {
        self.log.add(format!("{number}"));
        number
    }

    #[subscribe_message("async")]
    async fn waiting(&self, #[message_body] number: u32) -> u32 {
        self.log.add(format!("{number}"));
        self.gate.passed().await;
        number
    }

    #[subscribe_message("slow")]
    async fn slow(&self, #[connected_socket] client: Socket) {
        self.log.add("slow starts");
        self.gate.passed().await;
        self.log.add(format!("slow ends, connected: {}", client.connected()));
    }

    #[subscribe_message("question")]
    async fn question(
        &self,
        #[message_body] number: u32,
        #[connected_socket] client: Socket,
    ) -> Result<u32, AckError> {
        let answer: u32 = client.emit_with_ack("how much", number).await?;
        Ok(answer)
    }

    #[subscribe_message("disappointed")]
    async fn disappointed(&self, #[connected_socket] client: Socket) {
        let answer = client.emit_with_ack::<Value>("anybody", ()).await;
        self.log.add(format!("{answer:?}"));
    }
}

impl OnGatewayDisconnect for Orders {
    async fn handle_disconnect(&self, _client: Socket, reason: DisconnectReason) -> HookResult {
        self.log.add(reason.to_string());
        Ok(())
    }
}

#[tokio::test]
async fn pipelined_events_start_in_order_and_wait_together() {
    let app = TestApp::serve::<Orders>().await;
    let orders = app.get::<Orders>();
    let mut client = app.client().await;
    for number in 0..200 {
        let event = if number % 2 == 0 { "sync" } else { "async" };
        client.ask(event, json!([number])).await;
    }
    // All have started while none of the hundred that wait has ended.
    let started = orders.log.until_len(200).await;
    assert_eq!(started, (0..200).map(|number| number.to_string()).collect::<Vec<_>>());
    for number in (0..200).step_by(2) {
        assert_eq!(client.acked(number).await, json!([number]));
    }
    orders.gate.open();
    let mut answered = Vec::new();
    for _ in 0..100 {
        let packet = client.packet().await;
        assert_eq!(packet.kind, '3');
        assert_eq!(packet.data, json!([packet.id]));
        answered.extend(packet.id);
    }
    answered.sort_unstable();
    assert_eq!(answered, (1..200).step_by(2).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_waiting_handler_holds_up_neither_messages_nor_heartbeat_nor_the_disconnect() {
    let app = TestApp::serve::<Orders>().await;
    let orders = app.get::<Orders>();
    let mut client = app.client().await;
    client.emit("slow", json!([])).await;
    assert_eq!(client.call("echo", json!(["later"])).await, json!(["later"]));

    // The heartbeat goes on.
    for _ in 0..2 {
        assert_eq!(client.text().await, "2");
        client.send_text("3").await;
    }
    client.close().await;
    let log = orders.log.until_len(2).await;
    assert_eq!(log, ["slow starts", "transport close"]);

    // And the handler runs to its end, for a client that is gone.
    orders.gate.open();
    let log = orders.log.until_len(3).await;
    assert_eq!(log[2], "slow ends, connected: false");
}

#[tokio::test]
async fn all_handlers_that_wait_for_the_same_clients_acks_get_them() {
    let app = TestApp::serve::<Orders>().await;
    let mut client = app.client().await;
    for number in 0..64 {
        client.ask("question", json!([number])).await;
    }
    let mut questions = Vec::new();
    for _ in 0..64 {
        let packet = client.packet().await;
        assert_eq!((packet.kind, &packet.data[0]), ('2', &json!("how much")));
        questions.push((packet.id.expect("an answer is wanted"), packet.data[1].clone()));
    }
    // None has been answered until here; now all are, the last one first.
    for (id, number) in questions.iter().rev() {
        client.answer(*id, json!([number.as_u64().map(|number| number + 1000)])).await;
    }
    let mut answered = Vec::new();
    for _ in 0..64 {
        let packet = client.packet().await;
        assert_eq!(packet.data, json!([packet.id.map(|id| id + 1000)]));
        answered.extend(packet.id);
    }
    answered.sort_unstable();
    assert_eq!(answered, (0..64).collect::<Vec<u64>>());
}

#[tokio::test]
async fn acks_that_are_waited_for_end_with_the_client() {
    let app = TestApp::serve::<Orders>().await;
    let orders = app.get::<Orders>();
    let mut client = app.client().await;
    client.emit("disappointed", json!([])).await;
    assert_eq!(client.event("anybody").await, json!([]));
    client.close().await;
    orders.log.until_has("Err(Disconnected)").await;
}

/// Few handlers at a time, and a short queue behind them.
#[web_socket_gateway(max_running_handlers = 4, max_queued_bytes = 100_000)]
struct Limited {
    log: Log,
    gate: Gate,
}

#[web_socket_gateway(namespace = "beside")]
struct Beside;

#[subscribe_messages]
impl Beside {}

#[subscribe_messages]
impl Limited {
    #[subscribe_message("question")]
    async fn question(
        &self,
        #[message_body] number: u32,
        #[connected_socket] client: Socket,
    ) -> Result<u32, AckError> {
        self.log.add(format!("{number}"));
        client.emit_with_ack("how much", number).await
    }

    #[subscribe_message("large")]
    async fn large(&self, #[message_body] (number, _filling): (u32, String)) {
        self.log.add(format!("{number}"));
        self.gate.passed().await;
    }
}

#[tokio::test]
async fn events_past_the_limit_of_handlers_queue_in_order_and_acks_pass_them() {
    let app = TestApp::serve::<(Limited, Beside)>().await;
    let limited = app.get::<Limited>();
    let mut client = app.client().await;
    for number in 0..20 {
        client.ask("question", json!([number])).await;
    }
    let mut questions = Vec::new();
    for _ in 0..4 {
        questions.push(client.packet().await);
    }
    // What the client sent after its events has been read: they wait, and only four have started.
    client.join("/beside").await;
    assert_eq!(limited.log.entries(), ["0", "1", "2", "3"]);

    let mut next = 4;
    for answered in 0..20 {
        let question = questions.remove(0);
        client.answer(question.id.expect("an answer is wanted"), json!([answered])).await;
        assert_eq!(client.acked(answered).await, json!([answered]));
        if next < 20 {
            questions.push(client.packet().await);
            next += 1;
        }
    }
    assert_eq!(limited.log.entries(), (0..20).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn past_the_limit_of_queued_bytes_reading_pauses_and_nothing_is_lost() {
    const MOST: u32 = 6000;
    let app = TestApp::serve::<Limited>().await;
    let limited = app.get::<Limited>();
    let mut client = app.client().await;
    let filling = "x".repeat(10_000);
    let mut sent = 0;
    // The network takes some megabytes, then nothing more: the server has stopped reading.
    loop {
        assert!(sent < MOST, "60 MB were read for handlers that do not run");
        let event = format!("42{}", json!(["large", [sent, filling]]));
        let taken = client.try_send_text(event, Duration::from_secs(1)).await;
        sent += 1;
        if !taken {
            break;
        }
    }
    limited.gate.open();
    let finishing = tokio::spawn(async move {
        // Sends what the network did not take before.
        client.send_text(&format!("42{}", json!(["large", [u32::MAX, ""]]))).await;
    });
    let log = limited.log.until_has(&u32::MAX.to_string()).await;
    within("the client", finishing).await.expect("it sends");
    let numbers: Vec<u32> = log.iter().map(|number| number.parse().expect("a number")).collect();
    let arrived = u32::try_from(numbers.len() - 1).expect("few enough");
    // The very last one may not have been handed to the network.
    assert!(arrived == sent || arrived + 1 == sent, "{arrived} of {sent}");
    assert_eq!(numbers[..numbers.len() - 1], (0..arrived).collect::<Vec<_>>());
}

/// One handler at a time, and hardly any queue.
#[web_socket_gateway(
    max_running_handlers = 1,
    max_queued_bytes = 100,
    ping_interval = 100,
    ping_timeout = 500
)]
struct Narrow {
    log: Log,
    gate: Gate,
}

#[subscribe_messages]
impl Narrow {
    #[subscribe_message("question")]
    async fn question(&self, #[connected_socket] client: Socket) {
        let answer = client.emit_with_ack::<Value>("never answered", ()).await;
        self.log.add(format!("{answer:?}"));
    }

    #[subscribe_message("wait")]
    async fn wait(&self) {
        self.gate.passed().await;
        self.log.add("waited");
    }
}

impl OnGatewayDisconnect for Narrow {
    async fn handle_disconnect(&self, _client: Socket, reason: DisconnectReason) -> HookResult {
        self.log.add(reason.to_string());
        Ok(())
    }
}

#[tokio::test]
async fn a_client_that_leaves_while_its_reading_is_paused_is_noticed() {
    let app = TestApp::serve::<Narrow>().await;
    let narrow = app.get::<Narrow>();
    let mut client = app.client().await;
    for _ in 0..20 {
        client.emit("question", json!([])).await;
    }
    client.event("never answered").await;
    drop(client);
    narrow.log.until_has("Err(Disconnected)").await;
}

#[tokio::test]
async fn heartbeats_go_on_while_reading_is_paused() {
    let app = TestApp::serve::<Narrow>().await;
    let narrow = app.get::<Narrow>();
    let mut client = app.client().await;
    for _ in 0..20 {
        client.emit("wait", json!([])).await;
    }
    // The server reads no answer, but the client must see that it is alive, for longer than the
    // client's own time limit.
    for _ in 0..10 {
        assert_eq!(client.text().await, "2");
        client.send_text("3").await;
    }
    assert_eq!(narrow.log.entries(), [""; 0]);
    narrow.gate.open();
    narrow.log.until_len(20).await;
}

/// Handlers that hold their thread, as a task of their own and not.
#[web_socket_gateway(namespace = "burning")]
struct BurningGateway {
    gate: Gate,
}

#[subscribe_messages]
impl BurningGateway {
    /// Holds its thread until the other handler has run: on the session's own task that would be never.
    #[subscribe_message("burn", spawn)]
    fn burn(&self) -> &'static str {
        let limit = std::time::Instant::now() + crate::support::client::LIMIT;
        while !self.gate.is_open() && std::time::Instant::now() < limit {
            std::thread::yield_now();
        }
        if self.gate.is_open() { "burnt" } else { "held up" }
    }

    #[subscribe_message("next")]
    fn next(&self) -> &'static str {
        self.gate.open();
        "next"
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spawned_handler_that_burns_cpu_holds_up_nothing_of_its_client() {
    let app = TestApp::serve::<BurningGateway>().await;
    let mut client = app.client_in("/burning").await;
    let burning = client.ask("burn", serde_json::json!([])).await;
    let next = client.ask("next", serde_json::json!([])).await;
    let mut answers = [client.packet().await, client.packet().await].map(|packet| (packet.id, packet.data));
    answers.sort_by_key(|(id, _)| *id);
    let expected = [(Some(burning), serde_json::json!(["burnt"])), (Some(next), serde_json::json!(["next"]))];
    assert_eq!(answers, expected);
}
