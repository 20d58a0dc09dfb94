use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::net::connection::{Entrance, Origin, Serve};
use crate::net::stream::Carrier;

const TIME: Duration = Duration::from_secs(10);

/// Knows all targets below `/direct`; answers what ends with `/waits` when it is told to.
#[derive(Default)]
struct Stub {
    waiting: parking_lot::Mutex<Vec<oneshot::Sender<Bytes>>>,
    asked: tokio::sync::Notify,
}

impl Direct for Stub {
    fn knows(&self, target: &str) -> bool {
        target.starts_with("/direct")
    }

    fn answer(&self, request: &DirectRequest<'_>) -> Option<DirectAnswer> {
        if !request.target.ends_with("/waits") {
            return None;
        }
        let (answer, waits) = oneshot::channel();
        self.waiting.lock().push(answer);
        self.asked.notify_one();
        Some(waits.map(|body| Response::new(body.unwrap_or_default())).boxed())
    }
}

struct Served {
    client: DuplexStream,
    stub: Arc<Stub>,
    stop: CancellationToken,
}

impl Served {
    /// A connection whose pipe holds so many bytes; without anything direct if `by_hyper`.
    fn start(pipe: usize, by_hyper: bool) -> Self {
        let (client, server) = duplex(pipe);
        let (stub, stop) = (Arc::new(Stub::default()), CancellationToken::new());
        let echo = async |request: Request<Body>| {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
            let text = format!("{} {} {:?} ", parts.method, parts.uri, parts.headers);
            let status = if parts.uri.path().ends_with("/none") { 404 } else { 200 };
            let body = Body::from(text + &String::from_utf8_lossy(&body));
            let answer = Response::builder().status(status).header("x-two", "2");
            let closes = parts.headers.contains_key("x-close");
            let answer = if closes { answer.header("connection", "close") } else { answer };
            answer.body(body).expect("an answer")
        };
        let serve = Serve {
            open: Open::new(None),
            origin: Origin { peer: None, secure: false },
            router: Router::new().fallback(any(echo)),
            direct: if by_hyper { None } else { Some(stub.clone()) },
            entrance: Arc::<Entrance>::default(),
            stop: stop.clone(),
        };
        tokio::spawn(serve.run(Carrier::InProcess(server)));
        Self { client, stub, stop }
    }

    async fn send(&mut self, text: &str) {
        self.client.write_all(text.as_bytes()).await.expect("it is read");
    }

    /// One answer, without its date.
    async fn answer(&mut self) -> String {
        let mut read = Vec::new();
        let whole = async {
            loop {
                if let Some(answer) = whole(&read) {
                    return answer;
                }
                let byte = self.client.read_u8().await.expect("an answer");
                read.push(byte);
            }
        };
        timeout(TIME, whole).await.expect("in time")
    }

    async fn asked(&self) -> oneshot::Sender<Bytes> {
        timeout(TIME, self.stub.asked.notified()).await.expect("asked in time");
        self.stub.waiting.lock().remove(0)
    }

    /// Whether the connection ends without another byte.
    async fn ends(mut self) -> bool {
        let mut rest = Vec::new();
        timeout(TIME, self.client.read_to_end(&mut rest)).await.expect("in time").expect("no error") == 0
    }
}

fn whole(read: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(read).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().expect("a length"));
    let dated = head.lines().filter(|line| line.starts_with("date: ")).count();
    assert_eq!(dated, 1, "{head}");
    let lines: Vec<_> = head.lines().filter(|line| !line.starts_with("date: ")).collect();
    (body.len() == length).then(|| format!("{}\n\n{body}", lines.join("\n")))
}

fn get(target: &str, headers: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: example\r\n{headers}\r\n")
}

#[tokio::test]
async fn the_router_sees_and_says_what_it_does_behind_hyper() {
    for request in [
        get("/direct/?a=1", "Accept: */*\r\nX-Empty:\r\nx-two: 1\r\nX-Two: 2\r\n"),
        get("/direct/none", "Connection: Keep-Alive\r\n"),
        get("/direct/", "Connection: upgrade\r\n"),
        "POST /direct/ HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello".to_owned(),
        "OPTIONS /direct/ HTTP/1.1\r\nOrigin: http://example\r\n\r\n".to_owned(),
    ] {
        let (mut direct, mut hyper) = (Served::start(1 << 16, false), Served::start(1 << 16, true));
        for served in [&mut direct, &mut hyper] {
            served.send(&request).await;
        }
        let (answer, expected) = (direct.answer().await, hyper.answer().await);
        assert_eq!(answer, expected, "{request}");
        // And the next one.
        direct.send(&request).await;
        assert_eq!(direct.answer().await, expected);
        // Without hyper still.
        direct.send(&get("/direct/waits", "")).await;
        direct.asked().await;
    }
}

#[tokio::test]
async fn what_is_unusual_is_hypers_and_what_follows_as_well() {
    for request in [
        "POST /direct/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".to_owned(),
        "POST /direct/ HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello".to_owned(),
        get("/elsewhere/waits", ""),
        format!("{}{}", get("/direct/", ""), get("/direct/", "")),
        "DELETE /direct/ HTTP/1.1\r\n\r\n".to_owned(),
        get("/direct/", "Connection: upgrade\r\nUpgrade: h2c\r\n"),
    ] {
        let mut served = Served::start(1 << 16, false);
        served.send(&request).await;
        assert!(served.answer().await.starts_with("HTTP/1.1 200 OK\n"), "{request}");
        served.send(&get("/direct/waits", "")).await;
        assert!(served.answer().await.starts_with("HTTP/1.1 200 OK\n"), "{request}");
        assert!(served.stub.waiting.lock().is_empty(), "{request}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_by_hyper() {
    for request in [
        "POST /direct/ HTTP/1.1\r\nContent-Length: +5\r\n\r\nhello",
        "POST /direct/ HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "POST /direct/ HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\nhello",
        "GET /direct/ HTTP/1.1\r\nno header\r\n\r\n",
        "GET /direct/ HTTP/1.1\r\nHost : example\r\n\r\n",
        "GET /direct/ HTTP/1.1\r\nHost: example\r\n folded\r\n\r\n",
        "GET /direct/ HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET /direct/ HTTP/1.0\r\n\r\n",
        "GET  /direct/ HTTP/1.1\r\n\r\n",
        "GET /direct/\u{7f} HTTP/1.1\r\n\r\n",
        "GET /direct/ HTTP/3.1\r\n\r\n",
    ] {
        let (mut direct, mut hyper) = (Served::start(1 << 16, false), Served::start(1 << 16, true));
        let mut said = Vec::new();
        for served in [&mut direct, &mut hyper] {
            served.send(request).await;
            let mut all = Vec::new();
            let ended = timeout(TIME, served.client.read_to_end(&mut all)).await;
            ended.expect("the server closes").expect("no error");
            let all = String::from_utf8(all).expect("text");
            said.push(all.lines().filter(|line| !line.starts_with("date: ")).collect::<Vec<_>>().join("\n"));
        }
        assert!(said[0].starts_with("HTTP/1."), "{request}: {}", said[0]);
        assert_eq!(said[0], said[1], "{request}");
    }
}

#[tokio::test]
async fn a_request_in_pieces_is_answered() {
    let request = "POST /direct/ HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
    for cut in 1..request.len() {
        let mut served = Served::start(1 << 16, false);
        served.send(&request[..cut]).await;
        // The pipe holds one piece until it was read.
        tokio::task::yield_now().await;
        served.send(&request[cut..]).await;
        assert!(served.answer().await.ends_with(" hello"), "cut at {cut}");
    }
}

#[tokio::test]
async fn an_answer_is_waited_for_and_one_that_asks_ahead_waits_too() {
    let mut served = Served::start(1 << 16, false);
    served.send(&get("/direct/waits", "")).await;
    let answer = served.asked().await;
    served.send(&get("/direct/", "")).await;
    answer.send(Bytes::from_static(b"first")).expect("somebody waits");
    assert_eq!(served.answer().await, "HTTP/1.1 200 OK\ncontent-length: 5\n\nfirst");
    assert!(served.answer().await.contains("GET /direct/ "));
}

#[tokio::test]
async fn an_answer_is_dropped_when_its_client_goes() {
    let mut served = Served::start(1 << 16, false);
    served.send(&get("/direct/waits", "")).await;
    let mut answer = served.asked().await;
    drop(served);
    timeout(TIME, answer.closed()).await.expect("dropped in time");
}

#[tokio::test]
async fn a_large_answer_goes_out_as_the_client_takes_it() {
    let mut served = Served::start(100, false);
    served.send(&get("/direct/waits", "")).await;
    let body = "0123456789".repeat(10_000);
    served.asked().await.send(Bytes::from(body.clone())).expect("somebody waits");
    assert!(served.answer().await.ends_with(&body));
    served.send(&get("/direct/", "")).await;
    assert!(served.answer().await.contains("GET /direct/ "));
}

#[tokio::test]
async fn a_stop_ends_idle_connections_and_those_that_wait_with_their_answer() {
    let mut idle = Served::start(1 << 16, false);
    idle.send(&get("/direct/", "")).await;
    idle.answer().await;
    idle.stop.cancel();
    assert!(idle.ends().await);

    let mut told = Served::start(1 << 16, false);
    told.send(&get("/direct/", "X-Close: 1\r\n")).await;
    assert!(told.answer().await.contains("connection: close\n"));
    assert!(told.ends().await, "as its answer says");

    let fresh = Served::start(1 << 16, false);
    fresh.stop.cancel();
    assert!(fresh.ends().await);

    let mut waiting = Served::start(1 << 16, false);
    waiting.send(&get("/direct/waits", "")).await;
    let answer = waiting.asked().await;
    waiting.stop.cancel();
    tokio::task::yield_now().await;
    answer.send(Bytes::from_static(b"last")).expect("somebody waits");
    assert_eq!(waiting.answer().await, "HTTP/1.1 200 OK\nconnection: close\ncontent-length: 4\n\nlast");
    assert!(waiting.ends().await);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_nothing_is_cut_off() {
    let mut served = Served::start(1 << 16, false);
    let read = timeout(Duration::from_secs(60), served.client.read_u8());
    assert!(read.await.expect("within header_read_timeout").is_err());
}
