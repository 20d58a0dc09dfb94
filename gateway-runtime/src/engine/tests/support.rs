//! The server, the clients and the application that the tests share.

use std::collections::VecDeque;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Context;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::routing::any;
use bytes::Bytes;
use futures_util::task::AtomicWaker;
use futures_util::{SinkExt as _, StreamExt as _};
use gateway_core::Frames;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::super::{
    Application, CloseReason, Connection, Engine, EngineConfig, HandshakeRequest, PlainConfig, PlainEngine,
    SessionLink,
};

/// No test waits longer for anything.
const LIMIT: Duration = Duration::from_secs(20);

/// The result of a future that must come soon.
pub(super) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(LIMIT, future).await.expect("nothing came in time")
}

/// What the application saw.
#[derive(Debug)]
pub(super) enum Event {
    Open(Arc<SessionLink>, Arc<HandshakeRequest>),
    Closed(CloseReason),
}

/// The application's side of a test.
#[derive(Default)]
pub(super) struct Shared {
    /// No more messages are taken while it is set.
    saturated: AtomicBool,
    waker: AtomicWaker,
    /// Texts that arrived, in order.
    pub(super) texts: Mutex<VecDeque<String>>,
}

impl Shared {
    pub(super) fn set_saturated(&self, saturated: bool) {
        self.saturated.store(saturated, Ordering::SeqCst);
        self.waker.wake();
    }
}

pub(super) struct App {
    shared: Arc<Shared>,
    events: mpsc::UnboundedSender<Event>,
    /// Before each text that is sent: the packet type of Engine.IO, nothing on plain connections.
    prefix: &'static str,
}

/// Echoes, except for a few texts that make it misbehave.
pub(super) struct Echo {
    link: Arc<SessionLink>,
    shared: Arc<Shared>,
    events: mpsc::UnboundedSender<Event>,
    prefix: &'static str,
    work: Option<CloseReason>,
}

impl Application for App {
    type Connection = Echo;

    fn connect(&self, link: Arc<SessionLink>, request: Arc<HandshakeRequest>) -> Echo {
        // A test that no longer looks at events has dropped the receiver.
        let _ = self.events.send(Event::Open(Arc::clone(&link), request));
        let (shared, events) = (Arc::clone(&self.shared), self.events.clone());
        Echo { link, shared, events, prefix: self.prefix, work: None }
    }
}

impl Connection for Echo {
    fn on_text(&mut self, text: Bytes, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        let text = std::str::from_utf8(&text).expect("valid UTF-8").to_owned();
        self.shared.texts.lock().push_back(text.clone());
        match text.as_str() {
            "panic" => panic!("a test asked for it"),
            "parse error" => return Err(CloseReason::ParseError),
            "work ends" => {
                self.work = Some(CloseReason::ForcedServerClose);
                cx.waker().wake_by_ref();
            }
            "binary event" => {
                let attachments = vec![Bytes::from_static(&[1]), Bytes::from_static(&[2])];
                self.link.send(Frames::with_attachments(format!("{}two", self.prefix), attachments), false);
            }
            _ => self.link.send(Frames::text(format!("{}{text}", self.prefix)), false),
        }
        Ok(())
    }

    fn on_binary(&mut self, bytes: Bytes, _cx: &mut Context<'_>) -> Result<(), CloseReason> {
        self.link.send(Frames::binary(bytes), false);
        Ok(())
    }

    fn poll_work(&mut self, cx: &mut Context<'_>) -> Option<CloseReason> {
        self.shared.waker.register(cx.waker());
        self.work.take()
    }

    fn is_saturated(&self) -> bool {
        self.shared.saturated.load(Ordering::SeqCst)
    }

    fn on_close(self, reason: CloseReason) {
        let _ = self.events.send(Event::Closed(reason));
    }
}

/// A running server.
pub(super) struct TestServer<E> {
    pub(super) engine: Arc<E>,
    pub(super) address: SocketAddr,
    pub(super) shared: Arc<Shared>,
    events: mpsc::UnboundedReceiver<Event>,
}

pub(super) type EngineServer = TestServer<Engine<App>>;

pub(super) async fn serve(config: EngineConfig) -> EngineServer {
    let (app, shared, events) = application("4");
    let engine = Engine::new(config, app);
    let handler = Arc::clone(&engine);
    let address = listen(any(move |request: Request| Arc::clone(&handler).handle(request))).await;
    TestServer { engine, address, shared, events }
}

pub(super) async fn serve_plain(config: PlainConfig) -> TestServer<PlainEngine<App>> {
    let (app, shared, events) = application("");
    let engine = PlainEngine::new(config, app);
    let handler = Arc::clone(&engine);
    let address = listen(any(move |request: Request| Arc::clone(&handler).handle(request))).await;
    TestServer { engine, address, shared, events }
}

fn application(prefix: &'static str) -> (App, Arc<Shared>, mpsc::UnboundedReceiver<Event>) {
    let (sender, events) = mpsc::unbounded_channel();
    let shared = Arc::<Shared>::default();
    (App { shared: Arc::clone(&shared), events: sender, prefix }, shared, events)
}

async fn listen(route: axum::routing::MethodRouter) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let service =
        Router::new().route("/engine.io/", route).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

impl<E> TestServer<E> {
    pub(super) async fn opened(&mut self) -> Arc<SessionLink> {
        match soon(self.events.recv()).await {
            Some(Event::Open(link, _)) => link,
            other => panic!("expected an open session, got {other:?}"),
        }
    }

    pub(super) async fn opened_by(&mut self) -> Arc<HandshakeRequest> {
        match soon(self.events.recv()).await {
            Some(Event::Open(_, request)) => request,
            other => panic!("expected an open session, got {other:?}"),
        }
    }

    pub(super) async fn closed(&mut self) -> CloseReason {
        loop {
            match soon(self.events.recv()).await {
                Some(Event::Closed(reason)) => return reason,
                Some(Event::Open(..)) => {}
                None => panic!("the server is gone"),
            }
        }
    }

    pub(super) async fn request(&self, method: &str, query: &str, body: &str) -> Answer {
        soon(request(self.address, method, query, "", body)).await
    }

    pub(super) async fn get(&self, query: &str) -> Answer {
        self.request("GET", query, "").await
    }

    /// Opens a polling session; its query.
    pub(super) async fn open_polling(&self) -> String {
        let answer = self.get("EIO=4&transport=polling").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let sid = answer.body.split('"').nth(3).expect("a sid");
        format!("EIO=4&transport=polling&sid={sid}")
    }

    pub(super) async fn websocket(&self, query: &str) -> Client {
        let url = format!("ws://{}/engine.io/?{query}", self.address);
        Client(soon(tokio_tungstenite::connect_async(url)).await.expect("a websocket").0)
    }

    /// Opens a WebSocket session whose open packet was read.
    pub(super) async fn open_websocket(&self) -> Client {
        let mut client = self.websocket("EIO=4&transport=websocket").await;
        assert!(client.text().await.starts_with("0{"));
        client
    }

    /// The status that a WebSocket request is refused with.
    pub(super) async fn refused(&self, query: &str, headers: &str) -> Answer {
        let headers = format!(
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}"
        );
        soon(request(self.address, "GET", query, &headers, "")).await
    }

    /// A request that is begun and not finished.
    pub(super) async fn begin(&self, head: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        stream.write_all(head.as_bytes()).await.expect("a request");
        stream
    }
}

/// An HTTP answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    /// As text; what is no UTF-8 in it is replaced.
    pub(super) body: String,
    pub(super) bytes: Vec<u8>,
}

/// One request on a connection of its own.
pub(super) async fn request(
    address: SocketAddr,
    method: &str,
    query: &str,
    headers: &str,
    body: impl AsRef<[u8]>,
) -> Answer {
    let body = body.as_ref();
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let close = if headers.contains("Connection:") { "" } else { "Connection: close\r\n" };
    let head = format!(
        "{method} /engine.io/?{query} HTTP/1.1\r\nHost: localhost\r\n{close}{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.expect("a request");
    // The server may refuse the body and close.
    let _ = stream.write_all(body).await;
    let mut bytes = Vec::new();
    loop {
        if let Some(answer) = Answer::parse(&bytes, method) {
            return answer;
        }
        let read = stream.read_buf(&mut bytes).await.expect("an answer");
        assert!(read > 0, "cut short: {bytes:?}");
    }
}

impl Answer {
    /// The answer, once it is complete.
    fn parse(bytes: &[u8], method: &str) -> Option<Self> {
        let end_of_head = bytes.windows(4).position(|end| end == b"\r\n\r\n")?;
        let (head, body) = (&bytes[..end_of_head], &bytes[end_of_head + 4..]);
        let head = std::str::from_utf8(head).expect("a head of text").to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.and_then(|length| length.parse().ok()).filter(|_| method != "HEAD").unwrap_or(0);
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let bytes = body.get(..length)?.to_vec();
        Some(Self { status, body: String::from_utf8_lossy(&bytes).into_owned(), bytes, head })
    }
}

/// A WebSocket client.
pub(super) struct Client(pub(super) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    pub(super) async fn send(&mut self, text: &str) {
        soon(self.0.send(Message::text(text))).await.expect("sent");
    }

    pub(super) async fn send_binary(&mut self, bytes: &'static [u8]) {
        soon(self.0.send(Message::binary(bytes))).await.expect("sent");
    }

    pub(super) async fn next(&mut self) -> Message {
        soon(self.0.next()).await.expect("a message").expect("no error")
    }

    pub(super) async fn text(&mut self) -> String {
        match self.next().await {
            Message::Text(text) => text.to_string(),
            other => panic!("expected text, got {other:?}"),
        }
    }

    /// The code of the server's close frame; 1005 without one, 1006 if the connection was cut.
    pub(super) async fn closed(&mut self) -> u16 {
        let mut code = 1006;
        loop {
            match soon(self.0.next()).await {
                // Read on: that sends the client's side of the close.
                Some(Ok(Message::Close(frame))) => code = frame.map_or(1005, |frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return code,
            }
        }
    }
}
