//! Sessions over WebSocket from the start.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt as _;
use gateway_core::Frames;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::super::{CloseReason, EngineConfig, TransportName};
use super::support::{serve, soon};

#[tokio::test]
async fn a_session_opens_echoes_and_closes() {
    let mut server = serve(EngineConfig::default()).await;
    let mut client = server.websocket("EIO=4&transport=websocket").await;
    let link = server.opened().await;
    let open = format!(
        r#"0{{"sid":"{}","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}}"#,
        link.id()
    );
    assert_eq!(client.text().await, open);
    assert_eq!(link.transport(), TransportName::WebSocket);
    client.send("4hi").await;
    assert_eq!(client.text().await, "4hi");
    client.send_binary(&[1, 2]).await;
    assert_eq!(client.next().await, Message::binary(Bytes::from_static(&[1, 2])));
    client.send("bAQI=").await;
    assert_eq!(client.next().await, Message::binary(Bytes::from_static(&[1, 2])));
    client.0.close(None).await.expect("closed");
    assert_eq!(server.closed().await, CloseReason::TransportClose);
    assert!(!link.is_open());
}

#[tokio::test]
async fn a_packet_and_its_attachments_are_never_parted() {
    let server = serve(EngineConfig::default()).await;
    let mut client = server.open_websocket().await;
    client.send("4binary event").await;
    client.send("4binary event").await;
    for _ in 0..2 {
        assert_eq!(client.text().await, "4two");
        assert_eq!(client.next().await, Message::binary(Bytes::from_static(&[1])));
        assert_eq!(client.next().await, Message::binary(Bytes::from_static(&[2])));
    }
}

#[tokio::test]
async fn messages_stay_in_order() {
    let server = serve(EngineConfig::default()).await;
    let mut client = server.open_websocket().await;
    for number in 0..500 {
        client.0.feed(Message::text(format!("4{number}"))).await.expect("sent");
    }
    client.0.flush().await.expect("flushed");
    for number in 0..500 {
        assert_eq!(client.text().await, format!("4{number}"));
    }
}

#[tokio::test]
async fn a_dropped_connection_is_a_transport_close() {
    let mut server = serve(EngineConfig::default()).await;
    drop(server.open_websocket().await);
    assert_eq!(server.closed().await, CloseReason::TransportClose);
    soon(server.engine.wait_idle()).await;
}

#[tokio::test]
async fn packets_without_meaning_are_ignored() {
    let server = serve(EngineConfig::default()).await;
    let mut client = server.open_websocket().await;
    for packet in ["0", "1", "3", "5", "6"] {
        client.send(packet).await;
    }
    client.send("4still").await;
    assert_eq!(client.text().await, "4still");
}

#[tokio::test]
async fn what_is_no_packet_closes_the_session_after_earlier_answers() {
    let mut server = serve(EngineConfig::default()).await;
    for (packet, reason) in [
        ("abc", CloseReason::ParseError),
        ("", CloseReason::ParseError),
        ("2", CloseReason::TransportError),
        ("4parse error", CloseReason::ParseError),
        ("4work ends", CloseReason::ForcedServerClose),
    ] {
        let mut client = server.open_websocket().await;
        client.0.feed(Message::text("4first")).await.expect("sent");
        client.send(packet).await;
        assert_eq!(client.text().await, "4first");
        assert_eq!(client.closed().await, 1005, "{packet:?}");
        assert_eq!(server.closed().await, reason, "{packet:?}");
    }
    soon(server.engine.wait_idle()).await;
}

#[tokio::test]
async fn a_message_of_exactly_the_limit_passes_and_one_byte_more_closes() {
    let mut server = serve(EngineConfig { max_http_buffer_size: 5000, ..EngineConfig::default() }).await;
    let mut client = server.open_websocket().await;
    let exact = format!("4{}", "x".repeat(4999));
    client.send(&exact).await;
    assert_eq!(client.text().await, exact);
    client.send(&format!("{exact}x")).await;
    assert_eq!(client.closed().await, 1009);
    assert_eq!(server.closed().await, CloseReason::TransportError);
}

#[tokio::test]
async fn fragments_count_as_one_message() {
    let mut server = serve(EngineConfig { max_http_buffer_size: 100, ..EngineConfig::default() }).await;
    let mut client = server.open_websocket().await;
    let piece = "x".repeat(49);
    for (last, sizes) in [("yy", 100), ("yyy", 101)] {
        let first = Frame::message(format!("4{piece}").into_bytes(), OpCode::Data(Data::Text), false);
        let middle = Frame::message(piece[1..].to_owned().into_bytes(), OpCode::Data(Data::Continue), false);
        let end = Frame::message(last.as_bytes(), OpCode::Data(Data::Continue), true);
        for frame in [first, middle, end] {
            client.0.feed(Message::Frame(frame)).await.expect("sent");
        }
        client.0.flush().await.expect("flushed");
        if sizes == 100 {
            assert_eq!(client.text().await.len(), 100);
        } else {
            assert_eq!(client.closed().await, 1009);
        }
    }
    assert_eq!(server.closed().await, CloseReason::TransportError);
}

#[tokio::test]
async fn a_protocol_violation_is_a_transport_error() {
    let mut server = serve(EngineConfig::default()).await;
    let mut client = server.open_websocket().await;
    let stray = Frame::message("x".as_bytes(), OpCode::Data(Data::Continue), true);
    client.0.send(Message::Frame(stray)).await.expect("sent");
    assert_eq!(client.closed().await, 1002);
    assert_eq!(server.closed().await, CloseReason::TransportError);
}

#[tokio::test]
async fn the_heartbeat_keeps_a_session_or_ends_it() {
    let mut server = serve(EngineConfig {
        ping_interval: Duration::from_millis(200),
        ping_timeout: Duration::from_millis(400),
        ..EngineConfig::default()
    })
    .await;
    let mut client = server.open_websocket().await;
    assert_eq!(client.text().await, "2");
    client.send("3").await;
    assert_eq!(client.text().await, "2");
    assert_eq!(client.closed().await, 1005);
    assert_eq!(server.closed().await, CloseReason::PingTimeout);
}

#[tokio::test]
async fn requests_that_are_not_valid_are_refused() {
    let config = EngineConfig {
        check_origin: Some(Arc::new(|headers| {
            headers.get("origin").is_none_or(|origin| origin == "http://ours")
        })),
        ..EngineConfig::default()
    };
    let server = serve(config).await;
    for (query, text) in [
        ("EIO=4&transport=abc", "Transport unknown"),
        ("EIO=4&transport=websocket&sid=abc", "Session ID unknown"),
        ("EIO=3&transport=websocket", "Unsupported protocol version"),
        ("EIO=4&transport=polling", "Bad request"),
    ] {
        let answer = server.refused(query, "").await;
        assert_eq!((answer.status, answer.body.as_str()), (400, text), "{query}");
        assert!(answer.head.contains("content-type: text/html"), "{}", answer.head);
    }
    let answer = server.refused("EIO=4&transport=websocket", "Origin: http://theirs\r\n").await;
    assert_eq!((answer.status, answer.body.as_str()), (403, r#"{"code":4,"message":"Forbidden"}"#));
}

#[tokio::test]
async fn a_panic_above_ends_its_session_only() {
    let mut server = serve(EngineConfig::default()).await;
    let mut other = server.open_websocket().await;
    let mut client = server.open_websocket().await;
    client.send("4panic").await;
    assert_eq!(client.closed().await, 1006);
    assert_eq!(server.closed().await, CloseReason::TransportError);
    other.send("4hi").await;
    assert_eq!(other.text().await, "4hi");
    assert_eq!(server.engine.sessions(), 1);
}

/// Packets of one number: small ones, which are framed when they are sent, and others, which are not.
fn numbered(number: usize) -> Frames {
    let length = [10, 200, 600, 3000, 20, 6000, 70_000][number % 7];
    let text = format!("4{number}:{}", "x".repeat(length));
    match number % 5 {
        0 => Frames::with_attachments(text, vec![Bytes::from(number.to_string()), Bytes::new()]),
        _ => Frames::text(text),
    }
}

#[tokio::test]
async fn packets_come_in_order_however_they_wait() {
    let config = EngineConfig { ping_interval: Duration::from_millis(20), ..EngineConfig::default() };
    let mut server = serve(config).await;
    let mut client = server.open_websocket().await;
    let link = server.opened().await;
    let (mut sent, mut received) = (0, 0);
    // A client that keeps up, one that is behind, and again one that keeps up.
    for waiting in [0, 4 << 20, 0] {
        for burst in 0..20 {
            loop {
                for _ in 0..=burst {
                    let frames = numbered(sent);
                    if sent % 2 == 0 {
                        link.send_shared(&frames, false);
                    } else {
                        link.send(frames, false);
                    }
                    sent += 1;
                }
                tokio::task::yield_now().await;
                if link.outbox_bytes() >= waiting {
                    break;
                }
            }
            let reads = if waiting == 0 || burst == 19 { sent } else { received };
            while received < reads {
                let text = client.text().await;
                if text == "2" {
                    client.send("3").await;
                    continue;
                }
                let number = text.split_once(':').map(|(number, _)| &number[1..]);
                assert_eq!(number, Some(received.to_string().as_str()));
                assert_eq!(text.len(), numbered(received).text_bytes().len());
                for attachment in numbered(received).attachments() {
                    assert_eq!(client.next().await, Message::binary(attachment.clone()));
                }
                received += 1;
            }
        }
    }
    soon(link.drained()).await.expect("open");
    assert_eq!((link.outbox_bytes(), link.outbox_len()), (0, 0));
}
