//! What a client's packets may be: each limit from both sides, and what happens past it.

use std::time::Duration;

use gateway_runtime::prelude::*;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::log::Log;

#[web_socket_gateway(
    max_attachments = 2,
    max_attachments_bytes = 10,
    attachments_timeout = 200,
    max_event_name_length = 8,
    max_arguments = 3,
    max_json_depth = 4
)]
struct Limited {
    log: Log,
}

#[subscribe_messages]
impl Limited {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Data) -> Data {
        body
    }

    #[subscribe_message("eight888")]
    fn eight(&self) -> bool {
        true
    }

    #[subscribe_message("size")]
    fn size(&self, #[message_body] body: Vec<Binary>) -> usize {
        body.iter().map(|bytes| bytes.len()).sum()
    }
}

impl OnGatewayDisconnect for Limited {
    async fn handle_disconnect(&self, _client: Socket, reason: DisconnectReason) -> HookResult {
        self.log.add(reason.to_string());
        Ok(())
    }
}

const PLACEHOLDERS: &str = r#"[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;

#[tokio::test]
async fn what_is_at_the_limit_passes() {
    let app = TestApp::serve::<Limited>().await;
    let mut client = app.client().await;
    client.send_text(&format!(r#"452-1["size",{PLACEHOLDERS}]"#)).await;
    client.send_binary(&b"12345"[..]).await;
    client.send_binary(&b"67890"[..]).await;
    assert_eq!(client.acked(1).await, json!([10]));
    client.send_text(r#"422["eight888"]"#).await;
    assert_eq!(client.acked(2).await, json!([true]));
    client.send_text(r#"423["echo",1,2,3]"#).await;
    assert_eq!(client.acked(3).await, json!([[1, 2, 3]]));
    client.send_text(r#"424["echo",[[{"a":["[[[[[["]}]]]"#).await;
    assert_eq!(client.acked(4).await, json!([[[{"a": ["[[[[[["]}]]]));
}

#[tokio::test]
async fn what_is_past_the_limit_closes_the_connection() {
    let app = TestApp::serve::<Limited>().await;
    let texts = [
        r#"453-["size"]"#,
        r#"42["nine99999"]"#,
        r#"42["echo",1,2,3,4]"#,
        "430[1,2,3,4]",
        r#"42["echo",[[[[[]]]]]]"#,
        "430[[[[[[]]]]]]",
    ];
    for (index, text) in texts.into_iter().enumerate() {
        let mut client = app.client().await;
        client.send_text(text).await;
        assert_eq!(client.closed().await, [], "{text}");
        assert_eq!(app.get::<Limited>().log.until_len(index + 1).await[index], "forced close", "{text}");
    }
    let mut client = app.client().await;
    client.send_text(&format!(r#"452-["size",{PLACEHOLDERS}]"#)).await;
    client.send_binary(&b"12345678"[..]).await;
    client.send_binary(&b"901"[..]).await;
    assert_eq!(client.closed().await, []);
}

#[tokio::test]
async fn attachments_that_never_come_hold_no_memory() {
    let app = TestApp::serve::<Limited>().await;
    let mut client = app.client().await;
    client.send_text(&format!(r#"452-["size",{PLACEHOLDERS}]"#)).await;
    client.send_binary(&b"1"[..]).await;
    assert_eq!(client.closed().await, []);
    assert_eq!(app.get::<Limited>().log.until_len(1).await, ["forced close"]);
}

#[tokio::test]
async fn a_megabyte_of_brackets_closes_its_connection_only() {
    let app = TestApp::serve::<Unlimited>().await;
    let mut other = app.client().await;
    for text in [
        "[".repeat(900_000),
        r#"{"a":"#.repeat(180_000),
        format!("{}{}", "[".repeat(400_000), "]".repeat(400_000)),
    ] {
        let mut client = app.client().await;
        client.send_text(&format!(r#"42["echo",{text}]"#)).await;
        assert_eq!(client.closed().await, []);
        assert_eq!(other.call("echo", json!(["still here"])).await, json!(["still here"]));
    }
}

#[web_socket_gateway(max_json_depth = 1_000_000)]
struct Deep;

#[subscribe_messages]
impl Deep {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        body
    }
}

#[tokio::test]
async fn deeper_than_a_value_can_be_is_an_exception_where_it_is_let_through() {
    let app = TestApp::serve::<Deep>().await;
    let mut client = app.client().await;
    let deep = format!("{}{}", "[".repeat(400_000), "]".repeat(400_000));
    client.send_text(&format!(r#"42["echo",{deep}]"#)).await;
    // With the body in its cause it is too deep for this client as well.
    let exception = client.raw().await;
    assert!(exception.starts_with(r#"42["exception","#));
    assert!(exception.contains(r#": recursion limit exceeded","#));
    assert_eq!(client.call("echo", json!(["still here"])).await, json!(["still here"]));
}

#[web_socket_gateway]
struct Unlimited;

#[subscribe_messages]
impl Unlimited {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        body
    }
}

#[web_socket_gateway(max_packets_per_second = PacketRate::per_second(20).burst(5))]
struct Slowed;

#[subscribe_messages]
impl Slowed {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        body
    }
}

#[tokio::test]
async fn a_client_that_is_too_fast_is_slowed_down_and_loses_nothing() {
    let app = TestApp::serve::<Slowed>().await;
    let mut client = app.client().await;
    let begun = tokio::time::Instant::now();
    for number in 0..30 {
        client.send_text(&format!(r#"42{number}["echo",{number}]"#)).await;
    }
    for number in 0..30 {
        assert_eq!(client.acked(number).await, json!([number]));
    }
    // 31 packets with the CONNECT: 5 at once, one is too many, the others in their time. Clocks of loaded
    // machines only make it longer.
    assert!(begun.elapsed() >= Duration::from_millis(1_000), "{:?}", begun.elapsed());
}

#[web_socket_gateway(max_packets_per_second = PacketRate::per_second(1).burst(3).or_close())]
struct Strict {
    log: Log,
}

#[subscribe_messages]
impl Strict {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        body
    }
}

impl OnGatewayDisconnect for Strict {
    async fn handle_disconnect(&self, _client: Socket, reason: DisconnectReason) -> HookResult {
        self.log.add(reason.to_string());
        Ok(())
    }
}

#[tokio::test]
async fn a_client_that_is_too_fast_is_disconnected_if_the_option_says_so() {
    let app = TestApp::serve::<Strict>().await;
    let mut client = app.client().await;
    for _ in 0..50 {
        client.send_text(r#"42["echo"]"#).await;
    }
    client.closed().await;
    assert_eq!(app.get::<Strict>().log.until_len(1).await, ["forced close"]);
}

#[tokio::test]
async fn plain_web_socket_ignores_what_is_past_the_limits() {
    let app = TestApp::serve_plain::<Limited>().await;
    let mut client = app.plain("/").await;
    for ignored in [
        r#"{"event":"nine99999"}"#.to_owned(),
        r#"{"event":"echo","data":[[[[[]]]]]}"#.to_owned(),
        format!(r#"{{"event":"echo","data":{}}}"#, "[".repeat(900_000)),
    ] {
        client.send(&ignored).await;
    }
    client.send(r#"{"event":"eight888"}"#).await;
    assert_eq!(client.json().await, json!(true));
}

#[tokio::test]
async fn plain_web_socket_says_why_it_closes() {
    let app = TestApp::serve_plain::<Strict>().await;
    let mut client = app.plain("/").await;
    for _ in 0..50 {
        client.send(r#"{"event":"echo"}"#).await;
    }
    assert_eq!(client.closed().await, Some(1008));
    assert_eq!(app.get::<Strict>().log.until_len(1).await, ["1008"]);
}

/// The same limits hold for MessagePack.
#[web_socket_gateway(parser = "msgpack", max_attachments = 1, max_json_depth = 2)]
struct Packed {
    log: Log,
}

#[subscribe_messages]
impl Packed {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Data) -> Data {
        body
    }
}

impl OnGatewayDisconnect for Packed {
    async fn handle_disconnect(&self, _client: Socket, reason: DisconnectReason) -> HookResult {
        self.log.add(reason.to_string());
        Ok(())
    }
}

#[tokio::test]
async fn msgpack_packets_that_are_none_close_the_connection() {
    let app = TestApp::serve::<Packed>().await;
    let prefix = b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data";
    let packets: [Vec<u8>; 6] = [
        vec![],
        b"\xc1".to_vec(),
        prefix.to_vec(),
        // ["echo", <bin>, <bin>], deep arrays, and an array that claims four billion items
        [&prefix[..], b"\x93\xa4echo\xc4\x00\xc4\x00"].concat(),
        [&prefix[..], b"\x92\xa4echo", &[0x91; 900_000], b"\xc0"].concat(),
        [&prefix[..], b"\x92\xa4echo\xdd\xff\xff\xff\xff"].concat(),
    ];
    for (index, packet) in packets.into_iter().enumerate() {
        let mut client = Client::open(app.addr()).await;
        client.send_binary(&b"\x82\xa4type\x00\xa3nsp\xa1/"[..]).await;
        client.send_binary(packet).await;
        client.gone().await;
        assert_eq!(app.get::<Packed>().log.until_len(index + 1).await[index], "forced close", "{index}");
    }
    let mut client = Client::open(app.addr()).await;
    client.send_text("40").await;
    client.gone().await;
}
