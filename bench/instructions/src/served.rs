//! Messages that go all the way: a server, and clients on loopback sockets, in one thread. The client's part
//! is in the figures: a write and reads of known length.

use gateway_runtime::prelude::*;
use tokio::runtime::{Builder, Runtime};

use super::client::{Client, frame};
use super::gateway::BenchGateway;
use super::poller::Poller;
use super::{Case, Work};

const BODY: &str = r#"{"id":1,"user":"ann","text":"a message of a chat, of common length"}"#;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case { name: "served-push-pop-16", times: 20, make: || pushes("push", 16, BODY.to_owned()) },
        Case { name: "served-push-pop-1", times: 200, make: || pushes("push", 1, BODY.to_owned()) },
        Case {
            name: "served-push-pop-untyped-16",
            times: 20,
            make: || pushes("push_any", 16, BODY.to_owned()),
        },
        Case {
            name: "served-push-pop-async-16",
            times: 20,
            make: || pushes("push_async", 16, BODY.to_owned()),
        },
        Case { name: "served-push-pop-64k", times: 20, make: || pushes("push", 1, large()) },
        Case { name: "served-ack-16", times: 20, make: || acks("echo", 16) },
        Case { name: "served-ack-bare-16", times: 20, make: || acks("id", 16) },
        Case { name: "served-ack-guard-16", times: 20, make: || acks("guarded", 16) },
        Case { name: "served-ack-pipe-16", times: 20, make: || acks("piped", 16) },
        Case { name: "served-ack-interceptor-16", times: 20, make: || acks("intercepted", 16) },
        Case { name: "served-ack-all-around-16", times: 20, make: || acks("around", 16) },
        Case { name: "served-broadcast-500", times: 10, make: || broadcast(500, 1) },
        Case { name: "served-broadcast-500-16", times: 5, make: || broadcast(500, 16) },
        Case { name: "served-broadcast-plain-500", times: 10, make: || broadcast_plain(500, 1) },
        Case { name: "served-broadcast-plain-500-16", times: 5, make: || broadcast_plain(500, 16) },
        Case { name: "served-polling-push-pop", times: 200, make: polling },
        Case { name: "served-connect", times: 20, make: connects },
    ]
}

fn large() -> String {
    format!(r#"{{"id":1,"user":"ann","text":"{}"}}"#, "a message ".repeat(6554))
}

/// A server with the gateway, and the thread that it runs in.
fn server() -> (Runtime, u16) {
    serving(IoAdapter::new())
}

fn serving(adapter: impl Into<WebSocketAdapter>) -> (Runtime, u16) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let port = runtime.block_on(async {
        let app = GatewayApp::builder().only::<BenchGateway>().use_web_socket_adapter(adapter);
        let app = app.create().await.expect("an app");
        let running = app.start(("127.0.0.1", 0)).await.expect("a port");
        let port = running.local_addr().port();
        // It serves as long as the process lives.
        tokio::spawn(async move { running.wait().await });
        port
    });
    (runtime, port)
}

/// Bytes of a server's text frame of this length.
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

/// Sends the same packet several times at once, and reads the answers.
fn exchange(packet: &str, at_once: usize, answer: usize) -> Work {
    let (runtime, port) = server();
    let mut client = runtime.block_on(Client::connect(port));
    let (bytes, answers) = (frame(packet).repeat(at_once), framed(answer) * at_once);
    Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                client.send(&bytes).await;
                client.receive(answers).await;
            }
        });
    })
}

fn pushes(event: &str, at_once: usize, body: String) -> Work {
    let answer = r#"42["pop",]"#.len() + body.len();
    exchange(&format!(r#"42["{event}",{body}]"#), at_once, answer)
}

fn acks(event: &str, at_once: usize) -> Work {
    let answer = if event == "echo" { format!("437[{BODY}]") } else { "437[1]".to_owned() };
    exchange(&format!(r#"427["{event}",{BODY}]"#), at_once, answer.len())
}

fn broadcast(clients: usize, at_once: usize) -> Work {
    let (runtime, port) = server();
    let clients = runtime.block_on(all(clients, || Client::connect(port)));
    casts((runtime, clients), at_once, &format!(r#"42["cast",{BODY}]"#), r#"42["cast",]"#.len() + BODY.len())
}

fn broadcast_plain(clients: usize, at_once: usize) -> Work {
    let (runtime, port) = serving(WsAdapter::new());
    let clients = runtime.block_on(all(clients, || Client::connect_plain(port)));
    let packet = format!(r#"{{"event":"cast","data":{BODY}}}"#);
    casts((runtime, clients), at_once, &packet, packet.len())
}

async fn all<F: Future<Output = Client>>(clients: usize, connect: impl Fn() -> F) -> Vec<Client> {
    let mut all = Vec::new();
    for _ in 0..clients {
        all.push(connect().await);
    }
    all
}

/// The first client sends the same packet several times at once, and all receive what it casts.
fn casts(
    (runtime, mut clients): (Runtime, Vec<Client>),
    at_once: usize,
    packet: &str,
    answer: usize,
) -> Work {
    let (bytes, answers) = (frame(packet).repeat(at_once), framed(answer) * at_once);
    Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                clients[0].send(&bytes).await;
                for client in &mut clients {
                    client.receive(answers).await;
                }
            }
        });
    })
}

/// Connects, joins the main namespace and is cut off.
fn connects() -> Work {
    let (runtime, port) = server();
    Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                drop(Client::connect(port).await);
            }
        });
    })
}

/// One message over polling: a request that carries it, and one that waits for the answer.
fn polling() -> Work {
    let (runtime, port) = server();
    let mut client = runtime.block_on(Poller::connect(port));
    let message = format!(r#"42["push",{BODY}]"#);
    Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                client.exchange(&message).await;
            }
        });
    })
}
