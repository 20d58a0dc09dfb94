//! A `redis-server` of a test's own, on a free port.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::support::client::within;
use crate::support::process::send_signal;

/// A port that is free.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.expect("a free port").port()
}

/// A running server. Dropping it kills it.
pub(crate) struct RedisServer {
    port: u16,
    process: Child,
}

impl RedisServer {
    /// Starts one on a free port, and waits until it listens.
    pub(crate) async fn start() -> Self {
        Self::start_on(free_port()).await
    }

    /// Starts one on this port: one that was killed comes back.
    pub(crate) async fn start_on(port: u16) -> Self {
        Self::start_with(port, &["--port", &port.to_string()]).await
    }

    /// Starts one that finds its data again in this folder.
    pub(crate) async fn start_persistent(port: u16, folder: &Path) -> Self {
        std::fs::create_dir_all(folder).expect("a folder");
        let folder = folder.to_str().expect("a name in UTF-8");
        let port_text = port.to_string();
        // What was answered is there after a kill.
        let keeps = ["--appendonly", "yes", "--appendfsync", "always", "--dir", folder];
        Self::start_with(port, &[&["--port", port_text.as_str()][..], &keeps].concat()).await
    }

    /// Starts one with these arguments, that listens on this port.
    pub(crate) async fn start_with(port: u16, arguments: &[&str]) -> Self {
        // A replica writes down what it got, and a server reads such a file at its start: each has a name of its own.
        let dump = format!("{}-{port}.rdb", std::process::id());
        let own =
            ["--save", "", "--appendonly", "no", "--dir", env!("CARGO_TARGET_TMPDIR"), "--dbfilename", &dump];
        // Replicas are not made to wait for others.
        let nothing = [&own[..], &["--repl-diskless-sync-delay", "0"]].concat();
        let keeps = if arguments.contains(&"--sentinel") { &[][..] } else { &nothing };
        let process = Command::new("redis-server")
            .args(keeps)
            .args(arguments)
            .args(["--bind", "127.0.0.1", "--daemonize", "no", "--loglevel", "warning"])
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("redis-server is installed: `apt-get install redis-server`, or scripts/test.sh");
        within("redis-server", async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        Self { port, process }
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Kills it, as a crash does; returns its port.
    pub(crate) async fn kill(mut self) -> u16 {
        self.process.kill().await.expect("it runs");
        self.port
    }

    /// Sends it a signal by its short name, `STOP` for example.
    pub(crate) async fn signal(&self, name: &str) {
        let id = self.process.id().expect("it runs");
        send_signal(id, name).await;
    }

    /// Runs a command whose answer is one line, and returns that as it stands on the wire.
    pub(crate) async fn command(&self, words: &str) -> String {
        within(words, async {
            let mut connection = TcpStream::connect(("127.0.0.1", self.port)).await.expect("it listens");
            connection.write_all(format!("{words}\r\n").as_bytes()).await.expect("it reads");
            let mut answer = Vec::new();
            while !answer.ends_with(b"\r\n") {
                assert_ne!(connection.read_buf(&mut answer).await.expect("it answers"), 0, "it answers");
            }
            String::from_utf8(answer).expect("a line")
        })
        .await
    }

    /// Runs a command with a longer answer, and returns what it is on the wire; nothing if the connection is cut.
    pub(crate) async fn info(&self, words: &str) -> String {
        within(words, async {
            let mut connection = TcpStream::connect(("127.0.0.1", self.port)).await.expect("it listens");
            if connection.write_all(format!("{words}\r\nPING\r\n").as_bytes()).await.is_err() {
                return String::new();
            }
            let mut answer = Vec::new();
            while !answer.ends_with(b"+PONG\r\n") {
                if !connection.read_buf(&mut answer).await.is_ok_and(|bytes| bytes > 0) {
                    return String::new();
                }
            }
            String::from_utf8(answer).expect("text")
        })
        .await
    }

    /// How many connections are subscribed to a sharded channel.
    pub(crate) async fn shard_subscribers(&self, channel: &str) -> usize {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.expect("Redis is there");
        let mut stream = BufStream::new(stream);
        let command = format!("PUBSUB SHARDNUMSUB {channel}\r\n");
        stream.write_all(command.as_bytes()).await.expect("Redis is there");
        stream.flush().await.expect("Redis is there");
        let mut lines = stream.lines();
        loop {
            let line = lines.next_line().await.expect("Redis is there").expect("an answer");
            if let Some(count) = line.strip_prefix(':') {
                return count.parse().expect("a number");
            }
        }
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}
