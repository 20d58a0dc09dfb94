//! Where an application listens: Unix sockets, shared ports.

use std::path::PathBuf;

use gateway_runtime::prelude::*;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::support::app::{TestApp, builder};
use crate::support::client::within;

#[web_socket_gateway]
struct Mirror;

#[subscribe_messages]
impl Mirror {
    #[subscribe_message("whoami")]
    fn whoami(&self, #[connected_socket] client: Socket) -> Option<String> {
        client.handshake().address().map(|address| address.ip().to_string())
    }

    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        body
    }
}

/// A path for a socket, short enough for the operating system.
fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("gateway-{name}-{}.sock", std::process::id()))
}

async fn get(path: &PathBuf, target: &str) -> String {
    let mut stream = within("a connection", UnixStream::connect(path)).await.expect("it listens");
    let head = format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    within("a write", stream.write_all(head.as_bytes())).await.expect("the server reads");
    let mut answer = String::new();
    within("an answer", stream.read_to_string(&mut answer)).await.expect("an answer");
    answer
}

#[tokio::test]
async fn a_unix_socket_is_served_and_its_file_goes_with_it() {
    use std::os::unix::fs::PermissionsExt;
    let path = path("served");
    // A session over polling that asks for nothing more.
    let options = ShutdownOptions::new().signals(false).window(0).timeout(100);
    let app = builder::<Mirror>().shutdown_options(options).create().await.expect("an app");
    let running =
        within("the start", app.start(ListenAddr::unix(&path).mode(0o660))).await.expect("it listens");
    let mode = std::fs::metadata(&path).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    let opened = get(&path, "/socket.io/?EIO=4&transport=polling").await;
    assert!(opened.contains("200 OK") && opened.contains("\"sid\""), "{opened}");
    let again = builder::<Mirror>().create().await.expect("an app").start(ListenAddr::unix(&path)).await;
    let error = again.expect_err("the path is taken").to_string();
    assert!(error.contains("another process listens there"), "{error}");
    within("the stop", running.shutdown()).await;
    assert!(!path.exists(), "the file is removed");
}

#[tokio::test]
async fn a_file_that_a_process_left_behind_is_replaced_and_other_files_are_kept() {
    let path = path("left");
    drop(std::os::unix::net::UnixListener::bind(&path).expect("a socket"));
    assert!(path.exists());
    let app = builder::<Mirror>().create().await.expect("an app");
    let running = within("the start", app.start(ListenAddr::unix(&path))).await.expect("it listens");
    within("the stop", running.shutdown()).await;

    std::fs::write(&path, "a file of yours").expect("a file");
    let app = builder::<Mirror>().create().await.expect("an app");
    let error = app.start(ListenAddr::unix(&path)).await.expect_err("no socket").to_string();
    assert!(error.contains("the file is no socket"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).expect("the file"), "a file of yours");
    std::fs::remove_file(&path).expect("removed");
}

#[tokio::test]
async fn a_port_may_be_shared() {
    let start =
        async |address: ListenAddr| builder::<Mirror>().create().await.expect("an app").start(address).await;
    let shared = |port| ListenAddr::from(("127.0.0.1", port)).reuse_port(true).backlog(64);
    let first = start(shared(0)).await.expect("it listens");
    let port = first.local_addr().port();
    let second = start(shared(port)).await.expect("the port is shared");
    assert_eq!(second.local_addr().port(), port);
    assert!(start(("127.0.0.1", port).into()).await.is_err(), "only with those that share it");
    within("the stop", first.shutdown()).await;
    within("the stop", second.shutdown()).await;
    let app = TestApp::serve::<Mirror>().await;
    app.client().await.close().await;
}
