//! From polling to WebSocket.

use std::time::Duration;

use super::super::{CloseReason, EngineConfig, TransportName};
use super::support::{Client, EngineServer, serve, soon};

/// A polling session and the WebSocket that is to take over, its probe answered.
async fn probed(server: &EngineServer) -> (String, Client) {
    let session = server.open_polling().await;
    let mut client = server.websocket(&session.replace("polling", "websocket")).await;
    client.send("2probe").await;
    assert_eq!(client.text().await, "3probe");
    (session, client)
}

#[tokio::test]
async fn a_session_moves_without_losing_a_message() {
    let mut server = serve(EngineConfig::default()).await;
    let (session, mut client) = probed(&server).await;
    let link = server.opened().await;
    // The waiting request is released, so that the client can pause polling.
    assert_eq!(server.get(&session).await.body, "6");
    assert_eq!(server.request("POST", &session, "4a\x1e4b").await.body, "ok");
    client.send("5").await;
    client.send("4c").await;
    for expected in ["4a", "4b", "4c"] {
        assert_eq!(client.text().await, expected);
    }
    assert_eq!(link.transport(), TransportName::WebSocket);
    let answer = server.get(&session).await;
    assert_eq!((answer.status, answer.body.as_str()), (400, r#"{"code":3,"message":"Bad request"}"#));
    drop(client);
    assert_eq!(server.closed().await, CloseReason::TransportClose);
}

#[tokio::test]
async fn polling_goes_on_while_the_probe_waits() {
    let server = serve(EngineConfig::default()).await;
    let (session, _client) = probed(&server).await;
    server.request("POST", &session, "4a").await;
    assert_eq!(server.get(&session).await.body, "4a");
}

#[tokio::test]
async fn a_failed_probe_leaves_the_session_on_polling_and_another_may_try() {
    let mut server = serve(EngineConfig::default()).await;
    let session = server.open_polling().await;
    let link = server.opened().await;
    for packet in ["4x", "abc", "2"] {
        let mut client = server.websocket(&session.replace("polling", "websocket")).await;
        client.send(packet).await;
        assert_eq!(client.closed().await, 1005);
    }
    assert_eq!(link.transport(), TransportName::Polling);
    server.request("POST", &session, "4a").await;
    assert_eq!(server.get(&session).await.body, "4a");
    let mut client = server.websocket(&session.replace("polling", "websocket")).await;
    client.send("5").await;
    client.send("4b").await;
    assert_eq!(client.text().await, "4b");
}

#[tokio::test]
async fn a_second_upgrade_is_turned_away() {
    let server = serve(EngineConfig::default()).await;
    let (session, mut client) = probed(&server).await;
    let query = session.replace("polling", "websocket");
    assert_eq!(server.websocket(&query).await.closed().await, 1005);
    client.send("5").await;
    client.send("4a").await;
    assert_eq!(client.text().await, "4a");
    assert_eq!(server.websocket(&query).await.closed().await, 1005);
    client.send("4b").await;
    assert_eq!(client.text().await, "4b");
}

#[tokio::test]
async fn an_upgrade_that_takes_too_long_is_given_up() {
    let config = EngineConfig { upgrade_timeout: Duration::from_millis(300), ..EngineConfig::default() };
    let server = serve(config).await;
    let (session, mut client) = probed(&server).await;
    assert_eq!(client.closed().await, 1005);
    server.request("POST", &session, "4a").await;
    assert_eq!(server.get(&session).await.body, "4a");
}

#[tokio::test]
async fn upgrades_can_be_switched_off() {
    let server = serve(EngineConfig { allow_upgrades: false, ..EngineConfig::default() }).await;
    assert!(server.get("EIO=4&transport=polling").await.body.contains(r#""upgrades":[]"#));
    let session = server.open_polling().await;
    assert_eq!(server.websocket(&session.replace("polling", "websocket")).await.closed().await, 1005);
}

#[tokio::test]
async fn the_end_of_the_session_closes_the_probe() {
    let mut server = serve(EngineConfig::default()).await;
    let (session, mut client) = probed(&server).await;
    server.request("POST", &session, "1").await;
    assert_eq!(client.closed().await, 1005);
    assert_eq!(server.closed().await, CloseReason::TransportClose);
    soon(server.engine.wait_idle()).await;
}
