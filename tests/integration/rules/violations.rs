//! What a client must not send, and what becomes of its connection. The reasons are those of socket.io
//! 4.8 for the same bytes.

use gateway_runtime::prelude::*;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::log::Log;

/// Records why its clients left.
#[web_socket_gateway(max_http_buffer_size = 10_000)]
struct Strict {
    log: Log,
}

#[subscribe_messages]
impl Strict {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        body
    }

    // Subscribed or not: clients cannot emit these.
    #[subscribe_message("disconnect")]
    fn reserved(&self) {
        self.log.add("a client emitted a reserved event");
    }
}

impl OnGatewayDisconnect for Strict {
    async fn handle_disconnect(&self, _client: Socket, reason: DisconnectReason) -> HookResult {
        self.log.add(reason.to_string());
        Ok(())
    }
}

#[tokio::test]
async fn packets_that_are_none_close_the_connection() {
    let texts = [
        "4",
        "49",
        "4x[\"echo\"]",
        "42",
        "42{}",
        "42[",
        "42[\"echo\",]",
        "42[\"echo\"]x",
        "42[]",
        "42[null]",
        "42[{}]",
        "43{}",
        "43",
        "41x",
        "45[\"echo\"]",
        "450-[\"echo\"]",
        "45x-[\"echo\"]",
        "4511-[\"echo\"]",
        "4299999999999999999999[\"echo\"]",
    ];
    for text in texts {
        let app = TestApp::serve::<Strict>().await;
        let mut client = app.client().await;
        client.send_text(text).await;
        assert_eq!(client.closed().await, [], "{text}");
        let log = app.get::<Strict>().log.until_len(1).await;
        assert_eq!(log, ["forced close"], "{text}");
    }
}

#[tokio::test]
async fn what_is_no_engine_io_packet_closes_the_connection() {
    for text in ["", "9", "x"] {
        let app = TestApp::serve::<Strict>().await;
        let mut client = app.client().await;
        client.send_text(text).await;
        assert_eq!(client.closed().await, [], "{text}");
        let log = app.get::<Strict>().log.until_len(1).await;
        assert_eq!(log, ["parse error"], "{text}");
    }
}

#[tokio::test]
async fn packets_out_of_place_close_the_connection() {
    for text in [
        "40",
        "40{}",
        r#"42/nowhere,["echo"]"#,
        "41/nowhere,",
        r#"44{"message":"m"}"#,
        r#"42["connect"]"#,
        r#"42["connect_error"]"#,
        r#"42["disconnect"]"#,
        r#"42["disconnecting"]"#,
        r#"42["newListener"]"#,
        r#"42["removeListener"]"#,
    ] {
        let app = TestApp::serve::<Strict>().await;
        let mut client = app.client().await;
        client.send_text(text).await;
        assert_eq!(client.closed().await, [], "{text}");
        assert_eq!(app.get::<Strict>().log.until_len(1).await, ["forced close"], "{text}");
    }
}

#[tokio::test]
async fn an_event_before_connect_closes_the_connection() {
    let app = TestApp::serve::<Strict>().await;
    for text in [r#"42["echo"]"#, "43[]", "41", "4x"] {
        let mut client = Client::open(app.addr()).await;
        client.send_text(text).await;
        assert_eq!(client.closed().await, [], "{text}");
    }
    assert_eq!(app.get::<Strict>().log.entries(), [""; 0], "nobody had connected");
}

#[tokio::test]
async fn attachments_must_match() {
    // A binary frame without a packet; a text where an attachment was due; a placeholder without one.
    let app = TestApp::serve::<Strict>().await;
    let mut client = app.client().await;
    client.send_binary(&b"x"[..]).await;
    assert_eq!(client.closed().await, []);

    let mut client = app.client().await;
    client.send_text(r#"451-["echo",{"_placeholder":true,"num":0}]"#).await;
    client.send_text(r#"42["echo"]"#).await;
    assert_eq!(client.closed().await, []);

    let mut client = app.client().await;
    client.send_text(r#"451-["echo",{"_placeholder":true,"num":5}]"#).await;
    client.send_binary(&b"x"[..]).await;
    assert_eq!(client.closed().await, []);
    let log = app.get::<Strict>().log.until_len(3).await;
    assert_eq!(log, ["forced close"; 3]);
}

#[tokio::test]
async fn stray_acknowledgements_are_ignored() {
    let app = TestApp::serve::<Strict>().await;
    let mut client = app.client().await;
    for text in ["430[]", r#"43999["x",1]"#, "43[]"] {
        client.send_text(text).await;
        assert_eq!(client.call("echo", json!([text])).await, json!([text]));
    }
}

#[tokio::test]
async fn the_largest_message_passes_and_one_byte_more_closes() {
    let app = TestApp::serve::<Strict>().await;
    let envelope = r#"4217["echo",""]"#.len();
    let mut client = app.client().await;
    let filling = "x".repeat(10_000 - envelope);
    client.send_text(&format!(r#"4217["echo","{filling}"]"#)).await;
    assert_eq!(client.acked(17).await, json!([filling]));
    client.send_text(&format!(r#"4217["echo","{filling}y"]"#)).await;
    assert_eq!(client.closed().await, []);
    app.get::<Strict>().log.until_has("transport error").await;
}
