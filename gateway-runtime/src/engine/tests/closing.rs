//! Closing by the server: what was sent before arrives, in bounded time, and everybody learns of it.

use std::time::Duration;

use gateway_core::Frames;

use super::super::link::SessionClosed;
use super::super::{CloseReason, EngineConfig};
use super::support::{request, serve, soon};

#[tokio::test]
async fn what_was_sent_before_a_close_arrives_over_websocket() {
    let mut server = serve(EngineConfig::default()).await;
    let mut client = server.open_websocket().await;
    let link = server.opened().await;
    let body = "x".repeat(50_000);
    for number in 0..40 {
        link.send(Frames::text(format!("4{number}{body}")), false);
    }
    link.close(CloseReason::ForcedServerClose);
    link.close(CloseReason::ParseError);
    link.send(Frames::text("4late".to_owned()), false);
    assert!(!link.is_open());
    for number in 0..40 {
        assert_eq!(client.text().await, format!("4{number}{body}"));
    }
    assert_eq!(client.closed().await, 1005);
    assert_eq!(server.closed().await, CloseReason::ForcedServerClose);
    soon(server.engine.wait_idle()).await;
}

#[tokio::test]
async fn what_was_sent_before_a_close_arrives_over_polling() {
    let mut server = serve(EngineConfig::default()).await;
    let session = server.open_polling().await;
    let link = server.opened().await;
    link.send(Frames::text("4a".to_owned()), false);
    link.close(CloseReason::ForcedServerClose);
    // Not in one payload: socket.io-client 4 would throw the message away.
    assert_eq!(server.get(&session).await.body, "4a");
    assert_eq!(server.get(&session).await.body, "1");
    assert_eq!(server.closed().await, CloseReason::ForcedServerClose);
    assert_eq!(server.get(&session).await.status, 400);
}

#[tokio::test]
async fn a_client_that_closes_itself_ends_a_close_over_polling() {
    let mut server = serve(EngineConfig::default()).await;
    let session = server.open_polling().await;
    let link = server.opened().await;
    link.send(Frames::text("4a".to_owned()), false);
    link.close(CloseReason::ForcedServerClose);
    assert_eq!(server.get(&session).await.body, "4a");
    assert_eq!(server.request("POST", &session, "1").await.body, "ok");
    assert_eq!(server.closed().await, CloseReason::ForcedServerClose);
}

#[tokio::test]
async fn a_close_waits_no_longer_than_its_limit() {
    let mut config = EngineConfig::default();
    config.limits.close_timeout = Duration::from_millis(300);
    let mut server = serve(config).await;
    let _session = server.open_polling().await;
    let link = server.opened().await;
    link.close(CloseReason::ForcedClose);
    assert_eq!(server.closed().await, CloseReason::ForcedClose);

    // A WebSocket client that reads nothing.
    let _client = server.open_websocket().await;
    let link = server.opened().await;
    for _ in 0..100 {
        link.send(Frames::text("4".repeat(100_000)), false);
    }
    link.close(CloseReason::ForcedServerClose);
    assert_eq!(server.closed().await, CloseReason::ForcedServerClose);
    soon(server.engine.wait_idle()).await;
}

#[tokio::test]
async fn all_sessions_are_closed_within_the_window_and_no_new_ones_open() {
    let mut server = serve(EngineConfig::default()).await;
    let mut clients = Vec::new();
    for _ in 0..10 {
        clients.push(server.open_websocket().await);
    }
    let session = server.open_polling().await;
    let address = server.address;
    let poll = tokio::spawn(async move { request(address, "GET", &session, "", "").await });
    assert_eq!(server.engine.sessions(), 11);
    server.engine.stop();
    assert_eq!(server.get("EIO=4&transport=polling").await.status, 503);
    assert_eq!(server.refused("EIO=4&transport=websocket", "").await.status, 503);
    let start = tokio::time::Instant::now();
    soon(server.engine.close_all(CloseReason::ServerShuttingDown, Duration::from_millis(300))).await;
    assert!(start.elapsed() < Duration::from_secs(5));
    for client in &mut clients {
        assert_eq!(client.closed().await, 1005);
    }
    assert_eq!(soon(poll).await.expect("an answer").body, "1");
    for _ in 0..11 {
        assert_eq!(server.closed().await, CloseReason::ServerShuttingDown);
    }
    assert_eq!(server.engine.sessions(), 0);
    soon(server.engine.wait_idle()).await;
}

#[tokio::test]
async fn drained_waits_for_the_write_and_fails_if_the_session_ends_first() {
    let mut server = serve(EngineConfig::default()).await;
    let session = server.open_polling().await;
    let link = server.opened().await;
    assert_eq!(soon(link.drained()).await, Ok(()));
    link.send(Frames::text("4a".to_owned()), false);
    let drained = tokio::spawn(link.drained());
    link.send(Frames::text("4b".to_owned()), false);
    assert_eq!(link.outbox_len(), 2);
    assert_eq!(server.get(&session).await.body, "4a\x1e4b");
    assert_eq!(soon(drained).await.expect("no panic"), Ok(()));
    assert_eq!(soon(link.drained()).await, Ok(()));

    link.send(Frames::text("4c".to_owned()), false);
    let drained = link.drained();
    server.request("POST", &session, "7").await;
    assert_eq!(server.closed().await, CloseReason::ParseError);
    assert_eq!(soon(drained).await, Err(SessionClosed));

    let mut client = server.open_websocket().await;
    let link = server.opened().await;
    link.send(Frames::text("4d".to_owned()), false);
    let drained = link.drained();
    link.close(CloseReason::ForcedClose);
    assert_eq!(soon(drained).await, Ok(()));
    assert_eq!(client.text().await, "4d");
}
