//! Compression, over the wire: permessage-deflate with real clients, compressed answers to polling requests.

use std::time::Duration;

use gateway_runtime::prelude::*;

use crate::support::app::TestApp;
use crate::support::http;
use crate::support::process::run_script;

const SCRIPT_LIMIT: Duration = Duration::from_secs(120);

#[web_socket_gateway]
struct Off {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl Off {
    #[subscribe_message("shout")]
    fn shout(&self, #[message_body] text: String) {
        self.server.emit("shouted", text);
    }

    #[subscribe_message("whisper")]
    fn whisper(&self, #[message_body] text: String) {
        self.server.compress(false).emit("shouted", text);
    }
}

#[web_socket_gateway(per_message_deflate = true)]
struct On {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl On {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Data) -> Data {
        body
    }

    #[subscribe_message("shout")]
    fn shout(&self, #[message_body] text: String) {
        self.server.emit("shouted", text);
    }
}

#[web_socket_gateway(per_message_deflate(
    threshold = 100,
    server_no_context_takeover = false,
    client_no_context_takeover = false,
    level = 9,
))]
struct Takeover {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl Takeover {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Data) -> Data {
        body
    }

    #[subscribe_message("shout")]
    fn shout(&self, #[message_body] text: String) {
        self.server.emit("shouted", text);
    }
}

#[web_socket_gateway(http_compression = false)]
struct Uncompressed {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl Uncompressed {
    #[subscribe_message("shout")]
    fn shout(&self, #[message_body] text: String) {
        self.server.emit("shouted", text);
    }
}

#[web_socket_gateway(http_compression(threshold = 0, level = 1))]
struct Eager {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl Eager {
    #[subscribe_message("shout")]
    fn shout(&self, #[message_body] text: String) {
        self.server.emit("shouted", text);
    }
}

#[tokio::test]
async fn real_clients_compress_both_ways() {
    let (io, plain) = (TestApp::serve::<On>().await, TestApp::serve_plain::<On>().await);
    let (io, plain) = (format!("http://{}", io.addr()), format!("ws://{}", plain.addr()));
    run_script(&"", "compression.mjs", &["--io", &io, "--plain", &plain, "--browser"], SCRIPT_LIMIT).await;
}

#[tokio::test]
async fn real_clients_compress_both_ways_with_context_takeover() {
    let (io, plain) = (TestApp::serve::<Takeover>().await, TestApp::serve_plain::<Takeover>().await);
    let (io, plain) = (format!("http://{}", io.addr()), format!("ws://{}", plain.addr()));
    let arguments = ["--io", &io, "--plain", &plain, "--browser", "--takeover"];
    run_script(&"", "compression.mjs", &arguments, SCRIPT_LIMIT).await;
}

#[tokio::test]
async fn it_is_off_unless_it_is_asked_for() {
    let app = TestApp::serve::<Off>().await;
    let offer = [("Sec-WebSocket-Extensions", "permessage-deflate")];
    let answer = http::upgrade(app.addr(), "/socket.io/?EIO=4&transport=websocket", &offer).await;
    assert_eq!((answer.status, answer.header("sec-websocket-extensions")), (101, None));
    let app = TestApp::serve::<On>().await;
    let answer = http::upgrade(app.addr(), "/socket.io/?EIO=4&transport=websocket", &[]).await;
    assert_eq!((answer.status, answer.header("sec-websocket-extensions")), (101, None));
}

/// A polling session in the main namespace, after an event was sent to it.
async fn polled(app: &TestApp, event: &str, text: &str, accept: &[(&str, &str)]) -> http::Response {
    const PATH: &str = "/socket.io/?EIO=4&transport=polling";
    let open = http::get(app.addr(), PATH, &[]).await;
    let path = format!("{PATH}&sid={}", open.body.split('"').nth(3).expect("a sid"));
    assert_eq!(http::request(app.addr(), "POST", &path, &[], "40").await.body, "ok");
    let connected = http::get(app.addr(), &path, &[]).await;
    assert!(connected.body.starts_with("40{"), "{connected:?}");
    let body = format!("42[{event:?},{text:?}]");
    assert_eq!(http::request(app.addr(), "POST", &path, &[], &body).await.body, "ok");
    http::get(app.addr(), &path, accept).await
}

#[tokio::test]
async fn answers_to_polling_requests_are_compressed_for_those_who_take_it() {
    const GZIP: [(&str, &str); 1] = [("Accept-Encoding", "gzip, deflate, br")];
    let long = "a".repeat(2000);
    let app = TestApp::serve::<Off>().await;
    let answer = polled(&app, "shout", &long, &GZIP).await;
    assert_eq!((answer.status, answer.header("content-encoding")), (200, Some("gzip")));
    let length: usize = answer.header("content-length").expect("a length").parse().expect("a number");
    assert!(length < 200, "{length}");
    let deflate = polled(&app, "shout", &long, &[("Accept-Encoding", "deflate")]).await;
    assert_eq!(deflate.header("content-encoding"), Some("deflate"));

    let plain = |answer: http::Response| {
        assert_eq!(answer.header("content-encoding"), None, "{answer:?}");
        assert!(answer.body.starts_with("42[\"shouted\",\""), "{answer:?}");
    };
    plain(polled(&app, "shout", &long, &[]).await);
    plain(polled(&app, "shout", &"a".repeat(900), &GZIP).await);
    plain(polled(&app, "whisper", &long, &GZIP).await);
    plain(polled(&TestApp::serve::<Uncompressed>().await, "shout", &long, &GZIP).await);
    let eager = polled(&TestApp::serve::<Eager>().await, "shout", "short", &GZIP).await;
    assert_eq!(eager.header("content-encoding"), Some("gzip"));
}
