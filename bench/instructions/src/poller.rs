//! A client over polling that does as little as a client can: a connection on which a request waits, and one for
//! what is sent, with the headers of a browser.

use std::fmt::Write as _;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const BROWSER: &str = "Host: localhost:3000\r\nConnection: keep-alive\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\
    sec-ch-ua-platform: \"Linux\"\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/131.0.0.0 Safari/537.36\r\nsec-ch-ua: \"Chromium\";v=\"131\", \"Not_A Brand\";v=\"24\"\r\nsec-ch-ua-mobile: ?0\r\n\
    Accept: */*\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n\
    Referer: http://localhost:3000/\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n";

/// One session in the main namespace, its request waiting.
pub(crate) struct Poller {
    polls: Connection,
    posts: Connection,
    target: String,
    request: String,
}

/// One HTTP connection.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn new(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the server listens");
        stream.set_nodelay(true).expect("a TCP socket");
        Self { stream, buffer: vec![0; 16 << 10] }
    }

    async fn send(&mut self, request: &str) {
        self.stream.write_all(request.as_bytes()).await.expect("the server reads");
    }

    /// The body of an answer. What is short comes at once.
    async fn receive(&mut self) -> &str {
        let read = self.stream.read(&mut self.buffer).await.expect("the server writes");
        let answer = std::str::from_utf8(&self.buffer[..read]).expect("text");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        answer.split_once("\r\n\r\n").expect("a body").1
    }
}

impl Poller {
    pub(crate) async fn connect(port: u16) -> Self {
        let mut polls = Connection::new(port).await;
        let mut target = "/socket.io/?EIO=4&transport=polling".to_owned();
        polls.send(&format!("GET {target} HTTP/1.1\r\n{BROWSER}\r\n")).await;
        let open = polls.receive().await;
        let sid = open.split('"').nth(3).expect("an open packet");
        let _ = write!(target, "&sid={sid}");
        let request = format!("GET {target} HTTP/1.1\r\n{BROWSER}\r\n");
        let mut poller = Self { polls, posts: Connection::new(port).await, target, request };
        poller.post("40").await;
        poller.polls.send(&poller.request).await;
        let connected = poller.polls.receive().await;
        assert!(connected.starts_with("40"), "not connected: {connected}");
        poller.polls.send(&poller.request).await;
        poller
    }

    async fn post(&mut self, packet: &str) {
        let Self { posts, target, .. } = self;
        let length = packet.len();
        let request = format!(
            "POST {target} HTTP/1.1\r\n{BROWSER}Origin: http://localhost:3000\r\n\
             Content-type: text/plain;charset=UTF-8\r\nContent-Length: {length}\r\n\r\n{packet}"
        );
        posts.send(&request).await;
        assert_eq!(posts.receive().await, "ok");
    }

    /// Sends a message, waits for its answer and asks for the next one.
    pub(crate) async fn exchange(&mut self, message: &str) {
        self.post(message).await;
        let answer = self.polls.receive().await;
        assert!(answer.starts_with("42"), "{answer}");
        self.polls.send(&self.request).await;
    }
}
