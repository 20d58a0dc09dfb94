//! Every buffer is bounded: peers that do not read, connections that take no more.

use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt as _;
use gateway_core::Frames;
use tokio_tungstenite::tungstenite::Message;

use super::super::session::Session;
use super::super::{CloseReason, EngineConfig, SessionLimits, SessionLink};
use super::support::{Echo, serve, soon};

fn limited(limits: SessionLimits) -> EngineConfig {
    EngineConfig { limits, ..EngineConfig::default() }
}

#[tokio::test]
async fn a_client_past_the_outbox_limit_is_disconnected() {
    let mut server =
        serve(limited(SessionLimits { max_outbox_bytes: 1 << 20, ..SessionLimits::default() })).await;
    let _client = server.open_websocket().await;
    let link = server.opened().await;
    let body = Bytes::from(vec![0; 64 << 10]);
    // More than the limit and all that the operating system buffers on a loopback connection.
    soon(async {
        while link.is_open() {
            link.send(Frames::binary(body.clone()), false);
            assert!(link.outbox_bytes() <= 1 << 20);
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(server.closed().await, CloseReason::TransportError);
    assert_eq!((link.outbox_bytes(), link.outbox_len()), (0, 0));
    soon(server.engine.wait_idle()).await;
}

#[tokio::test]
async fn a_polling_client_that_does_not_poll_is_bounded_too() {
    let mut server =
        serve(limited(SessionLimits { max_outbox_bytes: 1000, ..SessionLimits::default() })).await;
    let _session = server.open_polling().await;
    let link = server.opened().await;
    // Packets without a single byte count as well.
    for _ in 0..1000 {
        link.send(Frames::text(String::new()), false);
    }
    assert_eq!(server.closed().await, CloseReason::TransportError);
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_disconnected() {
    let write_timeout = Duration::from_millis(300);
    let mut server = serve(limited(SessionLimits { write_timeout, ..SessionLimits::default() })).await;
    let mut client = server.open_websocket().await;
    let link = server.opened().await;
    for _ in 0..120 {
        link.send(Frames::binary(Bytes::from(vec![0; 100_000])), false);
    }
    // Handlers are not held up meanwhile.
    client.send("4still read").await;
    assert_eq!(server.closed().await, CloseReason::TransportError);
    assert_eq!(server.shared.texts.lock().iter().collect::<Vec<_>>(), ["still read"]);
}

#[tokio::test]
async fn volatile_packets_are_dropped_while_nobody_can_take_them() {
    let mut server = serve(EngineConfig::default()).await;
    let session = server.open_polling().await;
    let link = server.opened().await;
    soon(async {
        while link.is_writable() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    link.send(Frames::text("4volatile".to_owned()), true);
    assert_eq!((link.outbox_len(), link.volatile_dropped()), (0, 1));
    link.send(Frames::text("4kept".to_owned()), false);
    assert_eq!(server.get(&session).await.body, "4kept");

    let mut client = server.open_websocket().await;
    let link = server.opened().await;
    link.send(Frames::text("4volatile".to_owned()), true);
    assert_eq!(client.text().await, "4volatile");
}

#[tokio::test]
async fn a_saturated_connection_reads_no_more_and_its_heartbeat_has_no_deadline() {
    let mut server = serve(EngineConfig {
        ping_interval: Duration::from_millis(100),
        ping_timeout: Duration::from_millis(100),
        ..EngineConfig::default()
    })
    .await;
    let mut client = server.open_websocket().await;
    server.shared.set_saturated(true);
    client.send("4later").await;
    let link = server.opened().await;
    // Its pongs are never read while the session is saturated, and the deadlines of its pings pass.
    for _ in 0..5 {
        assert_eq!(client.text().await, "2");
    }
    // What is sent meanwhile goes out.
    link.send(Frames::text("4out".to_owned()), false);
    while client.text().await != "4out" {}
    assert!(server.shared.texts.lock().is_empty());
    assert!(link.is_open());
    server.shared.set_saturated(false);
    while client.text().await != "4later" {}
}

#[tokio::test]
async fn a_data_request_is_answered_when_its_packets_were_taken() {
    let server = serve(EngineConfig::default()).await;
    let session = server.open_polling().await;
    server.shared.set_saturated(true);
    let mut post = Box::pin(server.request("POST", &session, "4a\x1e4b"));
    let waits = tokio::time::timeout(Duration::from_millis(200), &mut post).await;
    assert!(waits.is_err(), "{waits:?}");
    server.shared.set_saturated(false);
    assert_eq!(soon(post).await.body, "ok");
    assert_eq!(server.get(&session).await.body, "4a\x1e4b");
}

#[tokio::test]
async fn a_flood_does_not_keep_other_sessions_waiting() {
    let limits = SessionLimits { read_budget_frames: 2, read_budget_bytes: 64, ..SessionLimits::default() };
    let server = serve(limited(limits)).await;
    let mut flood = server.open_websocket().await;
    let mut other = server.open_websocket().await;
    for _ in 0..200 {
        flood.0.feed(Message::text("4flood")).await.expect("sent");
    }
    flood.0.flush().await.expect("flushed");
    other.send("4other").await;
    assert_eq!(other.text().await, "4other");
    for _ in 0..200 {
        assert_eq!(flood.text().await, "4flood");
    }
}

#[test]
fn a_session_is_small() {
    let (session, link) = (size_of::<Session<Echo>>(), size_of::<SessionLink>());
    // Beside the read buffer, this is most of what an idle client costs: about 6.5 KiB in all.
    assert!(session <= 1024 && link <= 256, "session {session} bytes, link {link} bytes");
}
