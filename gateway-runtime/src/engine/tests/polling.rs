//! Long-polling: handshake, error bodies, payloads, and the ways to break its rules.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;

use super::super::config::Refusal;
use super::super::{CloseReason, CookieOptions, EngineConfig, TransportName, Transports};
use super::support::{request, serve, soon};

const UNKNOWN_SID: &str = r#"{"code":1,"message":"Session ID unknown"}"#;

#[tokio::test]
async fn the_handshake_is_the_reference_servers() {
    let mut server =
        serve(EngineConfig { cookie: Some(CookieOptions::default()), ..EngineConfig::default() }).await;
    let answer = server.get("EIO=4&transport=polling&x=a%20b").await;
    let link = server.opened().await;
    let expected = format!(
        r#"0{{"sid":"{}","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}}"#,
        link.id()
    );
    assert_eq!((answer.status, answer.body), (200, expected));
    assert!(answer.head.contains("content-type: text/plain; charset=utf-8"), "{}", answer.head);
    assert!(answer.head.contains("cache-control: no-store"), "{}", answer.head);
    let cookie = format!("set-cookie: io={}; path=/; httponly; samesite=lax", link.id().to_lowercase());
    assert!(answer.head.contains(&cookie), "{}", answer.head);
    assert_eq!(link.id().len(), 20);
    assert_eq!(link.transport(), TransportName::Polling);
    assert_eq!(server.engine.sessions(), 1);
}

#[tokio::test]
async fn the_request_is_kept_for_the_layer_above() {
    let mut server = serve(EngineConfig::default()).await;
    soon(request(server.address, "GET", "EIO=4&transport=polling&x=a%20b", "X-Test: 1\r\n", "")).await;
    let handshake = server.opened_by().await;
    assert_eq!(handshake.headers["x-test"], "1");
    assert!(handshake.query_pairs().contains(&("x".to_owned(), "a b".to_owned())));
    assert!(handshake.remote_address.is_some_and(|address| address.ip().is_loopback()));
    assert!(!handshake.secure);
}

#[tokio::test]
async fn errors_have_the_codes_and_statuses_of_the_reference_server() {
    let server = serve(EngineConfig::default()).await;
    let session = server.open_polling().await;
    let other_revision = session.replace("EIO=4", "EIO=3");
    let wrong_transport = session.replace("polling", "websocket");
    let cases = [
        ("GET", "EIO=4&transport=abc", 400, r#"{"code":0,"message":"Transport unknown"}"#),
        ("GET", "EIO=4", 400, r#"{"code":0,"message":"Transport unknown"}"#),
        ("GET", "EIO=4&transport=polling&sid=abc", 400, UNKNOWN_SID),
        ("POST", "EIO=4&transport=polling&sid=abc", 400, UNKNOWN_SID),
        ("POST", "EIO=4&transport=polling", 400, r#"{"code":2,"message":"Bad handshake method"}"#),
        ("OPTIONS", "EIO=4&transport=polling", 400, r#"{"code":2,"message":"Bad handshake method"}"#),
        ("HEAD", "EIO=4&transport=polling", 400, ""),
        ("GET", "EIO=4&transport=websocket", 400, r#"{"code":3,"message":"Bad request"}"#),
        ("GET", "EIO=3&transport=polling", 400, r#"{"code":5,"message":"Unsupported protocol version"}"#),
        ("GET", "transport=polling", 400, r#"{"code":5,"message":"Unsupported protocol version"}"#),
        ("GET", &other_revision, 400, r#"{"code":3,"message":"Bad request"}"#),
        ("GET", &wrong_transport, 400, r#"{"code":3,"message":"Bad request"}"#),
        ("PUT", &session, 500, ""),
        ("HEAD", &session, 500, ""),
    ];
    for (method, query, status, body) in cases {
        let answer = server.request(method, query, "").await;
        assert_eq!((answer.status, answer.body.as_str()), (status, body), "{method} {query}");
        if !body.is_empty() {
            assert!(answer.head.contains("content-type: application/json"), "{}", answer.head);
        }
    }
}

#[tokio::test]
async fn a_refused_handshake_says_why() {
    let config = EngineConfig {
        allow_request: Some(Arc::new(|request| {
            Box::pin(async move {
                if request.headers.contains_key("x-token") {
                    Ok(())
                } else {
                    Err(Refusal::new("no \"token\""))
                }
            })
        })),
        ..EngineConfig::default()
    };
    let server = serve(config).await;
    let answer = server.get("EIO=4&transport=polling").await;
    assert_eq!((answer.status, answer.body.as_str()), (403, r#"{"code":4,"message":"no \"token\""}"#));
    let answer = server.refused("EIO=4&transport=websocket", "").await;
    assert_eq!((answer.status, answer.body.as_str()), (400, "no \"token\""));
    let answer = soon(request(server.address, "GET", "EIO=4&transport=polling", "X-Token: 1\r\n", "")).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_transport_that_is_switched_off_is_unknown() {
    let transports = Transports { polling: true, websocket: false };
    let server = serve(EngineConfig { transports, ..EngineConfig::default() }).await;
    assert!(server.get("EIO=4&transport=polling").await.body.contains(r#""upgrades":[]"#));
    let answer = server.refused("EIO=4&transport=websocket", "").await;
    assert_eq!((answer.status, answer.body.as_str()), (400, "Transport unknown"));
}

#[tokio::test]
async fn messages_go_both_ways_in_payloads() {
    let server = serve(EngineConfig::default()).await;
    let session = server.open_polling().await;
    let answer = server.request("POST", &session, "4hello\x1e4wörld\x1ebAQIDBA==\x1e4binary event").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    assert!(answer.head.contains("content-type: text/html"), "{}", answer.head);
    let answer = server.get(&session).await;
    assert_eq!(answer.body, "4hello\x1e4wörld\x1ebAQIDBA==\x1e4two\x1ebAQ==\x1ebAg==");
}

#[tokio::test]
async fn a_payload_is_no_larger_than_announced() {
    let server = serve(EngineConfig { max_http_buffer_size: 10, ..EngineConfig::default() }).await;
    let session = server.open_polling().await;
    for body in ["4123456789", "4a\x1e4b\x1e4c", "4d"] {
        assert_eq!(server.request("POST", &session, body).await.body, "ok");
    }
    assert_eq!(server.get(&session).await.body, "4123456789");
    assert_eq!(server.get(&session).await.body, "4a\x1e4b\x1e4c");
    assert_eq!(server.get(&session).await.body, "4d");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_the_session_goes_on() {
    let server = serve(EngineConfig { max_http_buffer_size: 100, ..EngineConfig::default() }).await;
    let session = server.open_polling().await;
    let exact = format!("4{}", "x".repeat(99));
    assert_eq!(server.request("POST", &session, &exact).await.body, "ok");
    assert_eq!(server.get(&session).await.body, exact);
    assert_eq!(server.request("POST", &session, &format!("{exact}x")).await.status, 413);
    assert_eq!(server.request("POST", &session, "4hi").await.body, "ok");
    assert_eq!(server.get(&session).await.body, "4hi");
}

#[tokio::test]
async fn two_polls_at_a_time_close_the_session() {
    let mut server = serve(EngineConfig::default()).await;
    let session = server.open_polling().await;
    // Both are sent before either can be answered; which of them is first does not matter.
    let (one, other) = tokio::join!(server.get(&session), server.get(&session));
    let mut answers = [(one.status, one.body), (other.status, other.body)];
    answers.sort();
    assert_eq!(answers, [(200, "1".to_owned()), (400, String::new())]);
    assert_eq!(server.closed().await, CloseReason::TransportError);
    assert_eq!(server.get(&session).await.body, UNKNOWN_SID);
}

#[tokio::test]
async fn two_data_requests_at_a_time_close_the_session() {
    let mut server = serve(EngineConfig::default()).await;
    let session = server.open_polling().await;
    server.shared.set_saturated(true);
    let (one, other) =
        tokio::join!(server.request("POST", &session, "4a"), server.request("POST", &session, "4b"));
    // One overlaps, the packets of the other were not taken.
    assert_eq!((one.status, other.status), (400, 400), "{one:?} {other:?}");
    assert_eq!(server.closed().await, CloseReason::TransportError);
}

#[tokio::test]
async fn requests_that_are_given_up_close_the_session() {
    let mut server = serve(EngineConfig::default()).await;
    let session = server.open_polling().await;
    let head = format!("POST /engine.io/?{session} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n4a");
    drop(server.begin(&head).await);
    assert_eq!(server.closed().await, CloseReason::TransportError);

    let session = server.open_polling().await;
    drop(server.begin(&format!("GET /engine.io/?{session} HTTP/1.1\r\nHost: x\r\n\r\n")).await);
    assert_eq!(server.closed().await, CloseReason::TransportError);
    assert_eq!(server.engine.sessions(), 0);
}

#[tokio::test]
async fn a_body_in_pieces_is_read_as_one() {
    let server = serve(EngineConfig::default()).await;
    let session = server.open_polling().await;
    let head =
        format!("POST /engine.io/?{session} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    let mut stream = server.begin(&head).await;
    for chunk in ["2\r\n4h\r\n", "3\r\neyo\r\n", "0\r\n\r\n"] {
        stream.write_all(chunk.as_bytes()).await.expect("sent");
        stream.flush().await.expect("flushed");
        tokio::task::yield_now().await;
    }
    assert_eq!(server.get(&session).await.body, "4heyo");
}

#[tokio::test]
async fn the_client_closes_with_a_packet() {
    let mut server = serve(EngineConfig::default()).await;
    let session = server.open_polling().await;
    let poll = server.get(&session);
    let close = async {
        // The poll must be waiting, or there is nothing to answer.
        let link = server.engine.session(session.rsplit('=').next().expect("a sid")).expect("open");
        soon(async {
            while !link.is_writable() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        server.request("POST", &session, "1").await
    };
    let (poll, close) = tokio::join!(poll, close);
    assert_eq!((poll.body.as_str(), close.body.as_str()), ("6", "ok"));
    assert_eq!(server.closed().await, CloseReason::TransportClose);
}

#[tokio::test]
async fn malformed_packets_close_the_session() {
    let mut server = serve(EngineConfig::default()).await;
    for body in ["abc", "", "4a\x1e\x1e4b", "7", "b!!!!"] {
        let session = server.open_polling().await;
        assert_eq!(server.request("POST", &session, body).await.body, "ok");
        assert_eq!(server.closed().await, CloseReason::ParseError, "{body:?}");
    }
    let session = server.open_polling().await;
    server.request("POST", &session, "2").await;
    assert_eq!(server.closed().await, CloseReason::TransportError);
    assert_eq!(server.shared.texts.lock().iter().collect::<Vec<_>>(), ["a"]);
}

#[tokio::test]
async fn the_heartbeat_keeps_a_polling_session_or_ends_it() {
    let mut server = serve(EngineConfig {
        ping_interval: Duration::from_millis(200),
        ping_timeout: Duration::from_millis(400),
        ..EngineConfig::default()
    })
    .await;
    let session = server.open_polling().await;
    assert_eq!(server.get(&session).await.body, "2");
    server.request("POST", &session, "3").await;
    assert_eq!(server.get(&session).await.body, "2");
    assert_eq!(server.get(&session).await.body, "1");
    assert_eq!(server.closed().await, CloseReason::PingTimeout);
}
