//! The load: connections that send frames made before, and read until all is back.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::process::Server;

/// What is done to a server.
pub(crate) enum Load {
    /// Each connection has so many messages on their way; the figure is CPU time a message.
    Echo { connections: usize, in_flight: usize, length: usize },
    /// Connections that wait, after one message of this length each way; the figure is memory of one.
    Idle { connections: usize, touch: usize },
}

const TEXT: u8 = 1;

/// A frame of a client.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [1, 2, 3, 4];
    let mut frame = vec![first];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short @ ..126), _) => frame.push(0x80 | short),
        (_, Ok(medium)) => {
            frame.push(0x80 | 126);
            frame.extend(medium.to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// Bytes of a server's frame with a payload of this length.
fn framed(length: usize) -> usize {
    length
        + if length < 126 {
            2
        } else if length < 1 << 16 {
            4
        } else {
            10
        }
}

/// A connection after its handshake, and what the server answered.
async fn connect(port: u16, headers: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the server listens");
    stream.set_nodelay(true).expect("a TCP socket");
    let request = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("a request is taken");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("an answer"));
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    (stream, head)
}

/// Sends bytes while it reads as many as must come back.
async fn exchange(stream: &mut TcpStream, bytes: &[u8], mut back: usize, buffer: &mut [u8]) {
    let (mut reads, mut writes) = stream.split();
    let write = async { writes.write_all(bytes).await.expect("the server reads") };
    let read = async {
        while back > 0 {
            let end = back.min(buffer.len());
            let read = reads.read(&mut buffer[..end]).await.expect("the server writes");
            assert!(read > 0, "the server closed");
            back -= read;
        }
    };
    futures_util::future::join(write, read).await;
}

fn block_on<R>(work: impl Future<Output = R>) -> R {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, work)
}

/// Runs a load; returns its figure.
pub(crate) fn run(load: &Load, server: &Server) -> f64 {
    match *load {
        Load::Echo { connections, in_flight, length } => {
            block_on(echo(server, connections, in_flight, length))
        }
        Load::Idle { connections, touch } => block_on(idle(server, connections, touch)),
    }
}

async fn echo(server: &Server, connections: usize, in_flight: usize, length: usize) -> f64 {
    let (done, stop) = (Rc::new(Cell::new(0_u64)), Rc::new(Cell::new(false)));
    let bytes: Rc<[u8]> = frame(0x80 | TEXT, &vec![b'x'; length]).repeat(in_flight).into();
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let (mut stream, _) = connect(server.port, "").await;
        let (done, stop, bytes) = (done.clone(), stop.clone(), bytes.clone());
        tasks.push(tokio::task::spawn_local(async move {
            let mut buffer = vec![0; 64 << 10];
            while !stop.get() {
                exchange(&mut stream, &bytes, framed(length) * in_flight, &mut buffer).await;
                done.set(done.get() + in_flight as u64);
            }
        }));
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (cpu, messages) = (server.cpu(), done.get());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (cpu, messages) = (server.cpu() - cpu, done.get() - messages);
    stop.set(true);
    for task in tasks {
        task.await.expect("an echo ends");
    }
    cpu as f64 / 1000.0 / messages as f64
}

async fn idle(server: &Server, connections: usize, touch: usize) -> f64 {
    let (before, mut open) = (server.resident(), Vec::new());
    let bytes = frame(0x80 | TEXT, &vec![b'x'; touch]);
    let mut buffer = vec![0; 64 << 10];
    for _ in 0..connections {
        let (mut stream, _) = connect(server.port, "").await;
        if touch > 0 {
            exchange(&mut stream, &bytes, framed(touch), &mut buffer).await;
        }
        open.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    (server.resident() - before) / connections as f64
}

/// What a server says to clients that break the rules.
pub(crate) fn close_codes(server: &Server) -> Vec<(&'static str, String)> {
    let violations: [(&'static str, Vec<u8>); 5] = [
        ("text that is not UTF-8", frame(0x81, b"\xff\xfe")),
        ("an unknown opcode", frame(0x83, b"")),
        ("a frame without a mask", vec![0x81, 1, b'x']),
        ("a reserved bit", frame(0xa1, b"x")),
        ("a close with 1000", frame(0x88, b"\x03\xe8bye")),
    ];
    block_on(async {
        let mut answers = Vec::new();
        for (what, bytes) in violations {
            let (mut stream, _) = connect(server.port, "").await;
            stream.write_all(&bytes).await.expect("the server reads");
            let mut answer = Vec::new();
            let read = stream.read_to_end(&mut answer);
            // A reset after the close frame is an answer as well.
            let _ = tokio::time::timeout(Duration::from_secs(1), read).await;
            answers.push((
                what,
                match answer.as_slice() {
                    [0x88, _, high, low, ..] => u16::from_be_bytes([*high, *low]).to_string(),
                    [0x88, 0] => "close".to_owned(),
                    [] => "cut".to_owned(),
                    _ => "echo".to_owned(),
                },
            ));
        }
        answers
    })
}

/// What a server agrees to when a client offers compression as browsers do.
pub(crate) fn deflate(server: &Server) -> String {
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    let (_, head) = block_on(connect(server.port, offer));
    let agreed = head.lines().any(|line| line.to_ascii_lowercase().contains("permessage-deflate"));
    if agreed { "yes" } else { "no" }.to_owned()
}
