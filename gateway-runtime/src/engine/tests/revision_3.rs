//! Engine.IO revision 3, which clients of Socket.IO 2 speak: payload framing, binary, the heartbeat that
//! the client drives, the upgrade, JSONP.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::header::ORIGIN;
use tokio_tungstenite::tungstenite::Message;

use super::super::{CloseReason, EngineConfig, Revision, TransportName};
use super::support::{Answer, Client, EngineServer, request, serve, soon};

const OCTETS: &str = "Content-Type: application/octet-stream\r\n";

fn config() -> EngineConfig {
    EngineConfig { allow_eio3: true, ..EngineConfig::default() }
}

/// Heartbeats that are due at once, with a wide margin above.
fn fast_heartbeat() -> EngineConfig {
    let (ping_interval, ping_timeout) = (Duration::from_millis(500), Duration::from_millis(500));
    EngineConfig { ping_interval, ping_timeout, ..config() }
}

/// Opens a polling session; its query.
async fn open(server: &EngineServer, parameters: &str) -> String {
    let answer = server.get(&format!("EIO=3&transport=polling{parameters}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let sid = answer.body.replace('\\', "").split('"').find(|part| part.len() == 20).map(str::to_owned);
    format!("EIO=3&transport=polling{parameters}&sid={}", sid.expect("a sid"))
}

async fn post(server: &EngineServer, session: &str, headers: &str, body: impl AsRef<[u8]>) -> Answer {
    soon(request(server.address, "POST", session, headers, body)).await
}

async fn open_websocket(server: &EngineServer, parameters: &str) -> Client {
    let mut client = server.websocket(&format!("EIO=3&transport=websocket{parameters}")).await;
    assert!(client.text().await.starts_with("0{"));
    client
}

#[tokio::test]
async fn the_handshake_is_the_reference_servers() {
    let mut server = serve(config()).await;
    for query in ["EIO=3&transport=polling", "EIO=2&transport=polling", "transport=polling"] {
        let answer = server.get(query).await;
        let link = server.opened().await;
        let open = format!(
            r#"0{{"sid":"{}","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}}"#,
            link.id()
        );
        assert_eq!((answer.status, answer.body), (200, format!("{}:{open}", open.len())), "{query}");
        assert!(answer.head.contains("content-type: text/plain; charset=utf-8"), "{}", answer.head);
        assert_eq!((link.revision(), link.transport()), (Revision::V3, TransportName::Polling));
    }
}

#[tokio::test]
async fn both_revisions_are_served_beside_each_other() {
    let server = serve(config()).await;
    let (old, new) = (open(&server, "").await, server.open_polling().await);
    server.request("POST", &old, "3:4hé").await;
    server.request("POST", &new, "4hé").await;
    assert_eq!(server.get(&old).await.body, "3:4hé");
    assert_eq!(server.get(&new).await.body, "4hé");
    // Each in its own revision only.
    for query in [old.replace("EIO=3", "EIO=4"), new.replace("EIO=4", "EIO=3"), new.replace("EIO=4&", "")] {
        let answer = server.get(&query).await;
        assert_eq!((answer.status, answer.body.as_str()), (400, r#"{"code":3,"message":"Bad request"}"#));
        let answer = server.refused(&query.replace("polling", "websocket"), "").await;
        assert_eq!((answer.status, answer.body.as_str()), (400, "Bad request"));
    }
}

#[tokio::test]
async fn without_the_option_the_revision_is_not_supported() {
    let server = serve(EngineConfig::default()).await;
    let answer = server.get("EIO=3&transport=polling&j=0").await;
    let expected = r#"{"code":5,"message":"Unsupported protocol version"}"#;
    assert_eq!((answer.status, answer.body.as_str()), (400, expected));
    let answer = server.refused("EIO=3&transport=websocket", "").await;
    assert_eq!((answer.status, answer.body.as_str()), (400, "Unsupported protocol version"));
    assert_eq!(server.engine.sessions(), 0);
}

#[tokio::test]
async fn text_payloads_count_utf_16_code_units() {
    let server = serve(config()).await;
    let session = open(&server, "").await;
    let answer = server.request("POST", &session, "6:4hello6:4wörld4:4😀x").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    assert!(answer.head.contains("content-type: text/html"), "{}", answer.head);
    let answer = server.get(&session).await;
    assert_eq!(answer.body, "6:4hello6:4wörld4:4😀x");
    assert!(answer.head.contains("content-type: text/plain; charset=utf-8"), "{}", answer.head);
}

#[tokio::test]
async fn a_payload_with_binary_is_binary_as_a_whole() {
    let server = serve(config()).await;
    let session = open(&server, "").await;
    let body = [&[0, 1, 3, 255][..], b"4binary event", &[1, 4, 255, 4, 7, 8, 9]].concat();
    assert_eq!(post(&server, &session, OCTETS, &body).await.body, "ok");
    let answer = server.get(&session).await;
    let expected = [&[0, 4, 255][..], b"4two", &[1, 2, 255, 4, 1, 1, 2, 255, 4, 2, 1, 4, 255, 4, 7, 8, 9]];
    assert_eq!(answer.bytes, expected.concat());
    // The client looks for exactly this.
    assert!(answer.head.contains("content-type: application/octet-stream\r\n"), "{}", answer.head);
}

#[tokio::test]
async fn base64_is_for_clients_that_cannot_take_bytes() {
    let server = serve(config()).await;
    // Base64 is understood of all, and used for those that asked.
    let session = open(&server, "&b64=1").await;
    server.request("POST", &session, "13:4binary event6:b4AQID").await;
    let answer = server.get(&session).await;
    assert_eq!(answer.body, "4:4two6:b4AQ==6:b4Ag==6:b4AQID");
    assert!(answer.head.contains("content-type: text/plain; charset=utf-8"), "{}", answer.head);
    let session = open(&server, "&b64=").await;
    server.request("POST", &session, "6:b4AQID").await;
    assert_eq!(server.get(&session).await.bytes, [1, 4, 255, 4, 1, 2, 3]);
}

#[tokio::test]
async fn payloads_are_no_larger_than_the_limit() {
    let server = serve(EngineConfig { max_http_buffer_size: 60, ..config() }).await;
    let session = open(&server, "").await;
    server.request("POST", &session, &"10:4123456789".repeat(4)).await;
    let (first, second) = (server.get(&session).await.body, server.get(&session).await.body);
    assert_eq!(first, "10:4123456789".repeat(2));
    assert_eq!(second, "10:4123456789".repeat(2));
    assert_eq!(server.request("POST", &session, &"4".repeat(61)).await.status, 413);
}

#[tokio::test]
async fn what_is_no_payload_ends_the_session() {
    let mut server = serve(config()).await;
    let texts: [&[u8]; 15] = [
        b"",
        b"4hello",
        b"x:4",
        b":4",
        b"5:4",
        b"1:9",
        b"1:x",
        b"-1:4",
        b"1.0:4",
        b"1:b",
        b"4:b4A!",
        b"2:b9",
        b"99999999999:4",
        b"2:4\xff",
        "2:4😀".as_bytes(),
    ];
    let bytes: [&[u8]; 10] = [
        &[0],
        &[1, 5, 255, 4],
        &[0, 255],
        &[0, 0, 255],
        &[1, 1, 255, 9],
        &[2, 1, 255, b'2'],
        &[0, 12, 255, b'2'],
        &[1, 1],
        &[0, 2, 255, b'4', 0xff],
        b"1:2",
    ];
    let cases = texts.iter().map(|body| ("", *body)).chain(bytes.iter().map(|body| (OCTETS, *body)));
    for (headers, body) in cases {
        let session = open(&server, "").await;
        // As in engine.io, the packets were taken, whatever they were.
        assert_eq!(post(&server, &session, headers, body).await.body, "ok", "{body:?}");
        assert_eq!(server.closed().await, CloseReason::ParseError, "{body:?}");
        assert_eq!(server.get(&session).await.status, 400);
    }
    assert_eq!(server.engine.sessions(), 0);
}

#[tokio::test]
async fn packets_before_a_malformed_one_count() {
    let mut server = serve(config()).await;
    let session = open(&server, "").await;
    server.request("POST", &session, "2:4a1:92:4b").await;
    assert_eq!(server.closed().await, CloseReason::ParseError);
    assert_eq!(*server.shared.texts.lock(), ["a"]);
}

#[tokio::test]
async fn a_payload_without_packets_is_fine() {
    let server = serve(config()).await;
    let session = open(&server, "").await;
    assert_eq!(server.request("POST", &session, "0:").await.body, "ok");
    assert_eq!(post(&server, &session, OCTETS, "").await.body, "ok");
    server.request("POST", &session, "2:4a").await;
    assert_eq!(server.get(&session).await.body, "2:4a");
}

#[tokio::test]
async fn the_client_pings_and_the_server_answers() {
    let mut server = serve(config()).await;
    let session = open(&server, "").await;
    server.request("POST", &session, "1:2").await;
    assert_eq!(server.get(&session).await.body, "1:3");
    post(&server, &session, OCTETS, [1, 1, 255, 2]).await;
    assert_eq!(server.get(&session).await.body, "1:3");
    let mut client = open_websocket(&server, "").await;
    client.send("2").await;
    assert_eq!(client.text().await, "3");
    client.send_binary(&[2]).await;
    assert_eq!(client.text().await, "3");
    // A pong is what the server says.
    client.send("3").await;
    assert_eq!(server.closed().await, CloseReason::TransportError);
    server.request("POST", &session, "1:3").await;
    assert_eq!(server.closed().await, CloseReason::TransportError);
}

#[tokio::test]
async fn a_client_that_does_not_ping_is_given_up() {
    let mut server = serve(fast_heartbeat()).await;
    let session = open(&server, "").await;
    assert_eq!(server.get(&session).await.body, "1:1");
    assert_eq!(server.closed().await, CloseReason::PingTimeout);
    let mut client = open_websocket(&server, "").await;
    // The server does not ping, and messages are no heartbeat.
    client.send("4a").await;
    assert_eq!(client.text().await, "4a");
    assert_eq!(client.closed().await, 1005);
    assert_eq!(server.closed().await, CloseReason::PingTimeout);
}

#[tokio::test]
async fn pings_keep_a_session_longer_than_the_timeout() {
    let mut server = serve(fast_heartbeat()).await;
    let mut client = open_websocket(&server, "").await;
    let mut pings = tokio::time::interval(Duration::from_millis(100));
    for _ in 0..15 {
        pings.tick().await;
        client.send("2").await;
        assert_eq!(client.text().await, "3");
    }
    let link = server.opened().await;
    assert!(link.is_open());
}

#[tokio::test]
async fn a_saturated_session_is_answered_without_being_read() {
    let config = EngineConfig { ping_timeout: Duration::from_millis(400), ..fast_heartbeat() };
    let server = serve(config).await;
    let mut client = open_websocket(&server, "").await;
    server.shared.set_saturated(true);
    client.send("2").await;
    client.send("4a").await;
    // For longer than the timeout.
    for _ in 0..6 {
        assert_eq!(client.text().await, "3");
    }
    server.shared.set_saturated(false);
    loop {
        match client.text().await.as_str() {
            "3" => {}
            text => break assert_eq!(text, "4a"),
        }
    }
}

#[tokio::test]
async fn frames_of_a_websocket_name_their_type() {
    let server = serve(config()).await;
    let mut client = open_websocket(&server, "").await;
    client.send_binary(&[4, 1, 2]).await;
    assert_eq!(client.next().await, Message::binary(vec![4, 1, 2]));
    client.send("b4AQID").await;
    assert_eq!(client.next().await, Message::binary(vec![4, 1, 2, 3]));
    client.send("4binary event").await;
    assert_eq!(client.text().await, "4two");
    assert_eq!(client.next().await, Message::binary(vec![4, 1]));
    assert_eq!(client.next().await, Message::binary(vec![4, 2]));
    let mut client = open_websocket(&server, "&b64=1").await;
    client.send_binary(&[4, 7, 7]).await;
    assert_eq!(client.text().await, "b4Bwc=");
}

#[tokio::test]
async fn malformed_frames_end_the_session() {
    let mut server = serve(config()).await;
    for text in ["", "9", "x", "b", "b9", "b4!"] {
        let mut client = open_websocket(&server, "").await;
        client.send(text).await;
        assert_eq!(server.closed().await, CloseReason::ParseError, "{text}");
        assert_eq!(client.closed().await, 1005);
    }
    for bytes in [&[][..], &[9], b"4a"] {
        let mut client = open_websocket(&server, "").await;
        client.send_binary(bytes).await;
        assert_eq!(server.closed().await, CloseReason::ParseError, "{bytes:?}");
        assert_eq!(client.closed().await, 1005);
    }
}

#[tokio::test]
async fn a_session_upgrades_with_a_probe() {
    let mut server = serve(config()).await;
    let session = open(&server, "&b64=1").await;
    let link = server.opened().await;
    let upgrade = session.replace("polling&b64=1", "websocket");
    let mut client = server.websocket(&upgrade).await;
    client.send("2probe").await;
    assert_eq!(client.text().await, "3probe");
    // The request that waits is answered, so that the client can pause polling.
    assert_eq!(server.get(&session).await.body, "1:6");
    client.send("5").await;
    client.send("4a").await;
    assert_eq!(client.text().await, "4a");
    assert_eq!(link.transport(), TransportName::WebSocket);
    // Each transport says for itself whether it takes bytes.
    client.send_binary(&[4, 1]).await;
    assert_eq!(client.next().await, Message::binary(vec![4, 1]));
    client.send("2").await;
    assert_eq!(client.text().await, "3");
}

#[tokio::test]
async fn a_client_that_polls_on_after_its_upgrade_is_told_to_stop() {
    let mut server = serve(config()).await;
    let session = open(&server, "").await;
    let link = server.opened().await;
    let mut client = server.websocket(&session.replace("polling", "websocket")).await;
    let (answer, ()) = tokio::join!(server.get(&session), async {
        soon(async {
            while !link.is_writable() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        client.send("5").await;
    });
    assert_eq!(answer.body, "1:1");
}

#[tokio::test]
async fn an_upgraded_session_still_has_to_ping() {
    let mut server = serve(fast_heartbeat()).await;
    let session = open(&server, "").await;
    let mut client = server.websocket(&session.replace("polling", "websocket")).await;
    client.send("2probe").await;
    assert_eq!(client.text().await, "3probe");
    client.send("5").await;
    assert_eq!(client.closed().await, 1005);
    // The reference server forgets its timer at the upgrade.
    assert_eq!(server.closed().await, CloseReason::PingTimeout);
}

#[tokio::test]
async fn closes_are_framed_too() {
    let mut server = serve(config()).await;
    let session = open(&server, "").await;
    let link = server.opened().await;
    link.close(CloseReason::ForcedServerClose);
    assert_eq!(server.get(&session).await.body, "1:1");
    assert_eq!(server.closed().await, CloseReason::ForcedServerClose);
    let session = open(&server, "").await;
    let (answer, _) = tokio::join!(server.get(&session), async {
        assert_eq!(server.request("POST", &session, "1:1").await.body, "ok");
    });
    // Whether the poll came before the close or after it.
    assert!(answer.body == "1:6" || answer.status == 400, "{answer:?}");
    assert_eq!(server.closed().await, CloseReason::TransportClose);
}

#[tokio::test]
async fn jsonp_wraps_answers_in_scripts_and_reads_forms() {
    let server = serve(config()).await;
    let answer = server.get("EIO=3&transport=polling&j=3x").await;
    assert!(answer.body.starts_with(r#"___eio[3]("118:0{\"sid\":\""#), "{}", answer.body);
    assert!(answer.body.ends_with(r#"\"maxPayload\":1000000}");"#), "{}", answer.body);
    assert!(answer.head.contains("content-type: text/javascript; charset=utf-8"), "{}", answer.head);
    let session = open(&server, "&j=0").await;
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    // A newline is sent as `\n`, and `\n` as `\\n`.
    assert_eq!(post(&server, &session, form, r"d=7%3A4a%5Cnb%5C%5Cn%E2%80%A8").await.body, "ok");
    assert_eq!(server.get(&session).await.body, r#"___eio[0]("7:4a\nb\\n\u2028");"#);
    // Scripts hold no bytes.
    post(&server, &session, form, "d=6%3Ab4AQID").await;
    assert_eq!(server.get(&session).await.body, r#"___eio[0]("6:b4AQID");"#);
}

#[tokio::test]
async fn jsonp_without_its_field_is_no_payload() {
    let mut server = serve(config()).await;
    for body in ["", "x=1", "2:4a"] {
        let session = open(&server, "&j=0").await;
        assert_eq!(post(&server, &session, "", body).await.body, "ok");
        assert_eq!(server.closed().await, CloseReason::ParseError, "{body}");
    }
}

#[tokio::test]
async fn jsonp_is_for_pages_that_may_upgrade() {
    let check = |headers: &HeaderMap| headers.get(ORIGIN).is_none_or(|origin| origin == "https://a.example");
    let server = serve(EngineConfig { check_origin: Some(Arc::new(check)), ..config() }).await;
    let get = async |headers| {
        soon(request(server.address, "GET", "EIO=3&transport=polling&j=0", headers, "")).await
    };
    assert_eq!(get("").await.status, 200);
    assert_eq!(get("Referer: https://a.example/page\r\nSec-Fetch-Site: cross-site\r\n").await.status, 200);
    for foreign in ["Referer: https://b.example/page\r\n", "Sec-Fetch-Site: cross-site\r\n"] {
        let answer = get(foreign).await;
        assert_eq!((answer.status, answer.body.as_str()), (403, r#"{"code":4,"message":"Forbidden"}"#));
    }
    // An open session is no better.
    let session = open(&server, "&j=0").await;
    let answer = soon(request(server.address, "GET", &session, "Sec-Fetch-Site: cross-site\r\n", "")).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn revision_4_has_no_jsonp() {
    let server = serve(config()).await;
    assert!(server.get("EIO=4&transport=polling&j=0").await.body.starts_with("0{"));
}
