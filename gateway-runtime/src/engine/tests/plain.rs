//! Plain WebSocket connections: messages as they are, close codes, no heartbeat of Engine.IO.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt as _;
use gateway_core::Frames;
use http::StatusCode;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::super::config::Refusal;
use super::super::{CloseReason, PlainConfig};
use super::support::{serve_plain, soon};

#[tokio::test]
async fn messages_go_as_they_are() {
    let server = serve_plain(PlainConfig::default()).await;
    let mut client = server.websocket("").await;
    for text in ["", "2", "4x", r#"{"event":"e"}"#] {
        client.send(text).await;
        assert_eq!(client.text().await, text);
    }
    client.send_binary(&[7]).await;
    assert_eq!(client.next().await, Message::binary(Bytes::from_static(&[7])));
    assert_eq!(server.engine.sessions(), 1);
}

#[tokio::test]
async fn the_close_code_of_the_client_is_the_reason() {
    let mut server = serve_plain(PlainConfig::default()).await;
    let mut client = server.websocket("").await;
    let frame = CloseFrame { code: 4001.into(), reason: "bye".into() };
    client.0.close(Some(frame)).await.expect("closed");
    assert_eq!(server.closed().await, CloseReason::Closed { code: 4001, reason: "bye".to_owned() });
    assert_eq!(client.closed().await, 4001);

    let mut client = server.websocket("").await;
    client.0.close(None).await.expect("closed");
    assert_eq!(server.closed().await, CloseReason::Closed { code: 1005, reason: String::new() });

    drop(server.websocket("").await);
    assert_eq!(server.closed().await, CloseReason::cut());
    soon(server.engine.wait_idle()).await;
}

#[tokio::test]
async fn the_server_closes_with_a_code_after_what_it_sent() {
    let mut server = serve_plain(PlainConfig::default()).await;
    let mut client = server.websocket("").await;
    let link = server.opened().await;
    link.send(Frames::text("last".to_owned()), false);
    let reason = CloseReason::Closed { code: 4002, reason: "enough".to_owned() };
    link.close(reason.clone());
    assert_eq!(client.text().await, "last");
    assert_eq!(client.closed().await, 4002);
    assert_eq!(server.closed().await, reason);

    let mut client = server.websocket("").await;
    let link = server.opened().await;
    link.close(CloseReason::ServerShuttingDown);
    assert_eq!(client.closed().await, 1001);
    assert_eq!(server.closed().await, CloseReason::ServerShuttingDown);

    // A code that may not be on the wire is not put there.
    let mut client = server.websocket("").await;
    let link = server.opened().await;
    link.close(CloseReason::cut());
    assert_eq!(client.closed().await, 1005);
}

#[tokio::test]
async fn a_message_over_the_limit_closes_with_its_code() {
    let mut server = serve_plain(PlainConfig { max_payload: 100, ..PlainConfig::default() }).await;
    let mut client = server.websocket("").await;
    client.send(&"x".repeat(100)).await;
    assert_eq!(client.text().await.len(), 100);
    client.send(&"x".repeat(101)).await;
    assert_eq!(client.closed().await, 1009);
    assert_eq!(server.closed().await, CloseReason::Closed { code: 1009, reason: String::new() });
}

#[tokio::test]
async fn pings_are_sent_if_asked_for_and_must_be_answered() {
    let config = PlainConfig {
        ping_interval: Some(Duration::from_millis(50)),
        ping_timeout: Duration::from_millis(200),
        ..PlainConfig::default()
    };
    let mut server = serve_plain(config).await;
    let mut client = server.websocket("").await;
    // The client answers whenever it reads.
    for _ in 0..3 {
        assert_eq!(client.next().await, Message::Ping(Bytes::new()));
        client.0.flush().await.expect("the pong is sent");
    }
    assert_eq!(server.closed().await, CloseReason::cut());
}

#[tokio::test]
async fn other_requests_are_refused_with_a_status() {
    let config = PlainConfig {
        check_origin: Some(Arc::new(|headers| {
            headers.get("origin").is_none_or(|origin| origin == "http://ours")
        })),
        allow_request: Some(Arc::new(|request| {
            Box::pin(async move {
                match request.headers.get("x-token") {
                    Some(_) => Ok(()),
                    None => Err(Refusal { status: StatusCode::UNAUTHORIZED, message: "no token".to_owned() }),
                }
            })
        })),
        ..PlainConfig::default()
    };
    let server = serve_plain(config).await;
    assert_eq!(server.get("").await.status, 426);
    assert_eq!(server.refused("", "Origin: http://theirs\r\n").await.status, 403);
    let answer = server.refused("", "").await;
    assert_eq!((answer.status, answer.body.as_str()), (401, "no token"));
}
