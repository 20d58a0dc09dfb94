//! Runs scripts against a server and collects what went otherwise than written.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::frames::{Flags, Frame, FrameReader, encode};
use super::http;
use super::script::{Step, cut, steps};
use super::text::{Values, compare, shown, to_send};

/// How long a step waits for what must come.
const LIMIT: Duration = Duration::from_secs(20);

/// Which server a script runs against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// Ours.
    Rust,
    /// socket.io on Node: the judge.
    Node,
}

impl Server {
    /// Its name in scripts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Node => "node",
        }
    }
}

/// A named script.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    /// What it shows.
    pub(crate) name: &'static str,
    /// What is said.
    pub(crate) script: &'static str,
}

/// Runs all cases, a few at a time, and returns everything that went otherwise than written.
pub(crate) async fn run_all(server: Server, addr: SocketAddr, cases: &'static [Case]) -> Vec<String> {
    use futures_util::StreamExt as _;
    let failures: Vec<String> = futures_util::stream::iter(cases)
        .map(|case| async move {
            let result = Run::new(server, addr).all(case.script).await;
            result.err().map(|error| format!("{}: {}: {error}", server.name(), case.name))
        })
        .buffered(8)
        .filter_map(|failure| async move { failure })
        .collect()
        .await;
    println!("{} cases against {}, {} failed", cases.len(), server.name(), failures.len());
    failures
}

/// One TCP connection.
struct Channel {
    tcp: TcpStream,
    frames: FrameReader,
    /// A request for a WebSocket, or with `HEAD`, has an answer without a body.
    head_only: bool,
    ended: bool,
}

impl Channel {
    async fn connect(addr: SocketAddr) -> Result<Self, String> {
        let tcp = TcpStream::connect(addr).await.map_err(|error| error.to_string())?;
        Ok(Self { tcp, frames: FrameReader::default(), head_only: false, ended: false })
    }

    /// A server that has closed already takes nothing: the next expectation says whether it may.
    async fn send(&mut self, bytes: &[u8]) {
        let _closed = self.tcp.write_all(bytes).await;
    }

    /// Reads more; false at the end.
    async fn read(&mut self) -> bool {
        if !self.ended {
            self.ended = matches!(self.tcp.read_buf(&mut self.frames.buffer).await, Ok(0) | Err(_));
        }
        !self.ended
    }

    async fn answer(&mut self) -> Result<http::Answer, String> {
        loop {
            if let Some(answer) = http::answer(&mut self.frames.buffer, self.head_only, self.ended) {
                return Ok(answer);
            }
            if !self.read().await && self.frames.buffer.is_empty() {
                return Err("an answer was due, not the end of the connection".to_owned());
            }
        }
    }

    async fn frame(&mut self) -> Result<Option<Frame>, String> {
        loop {
            if let Some(frame) = self.frames.next()? {
                return Ok(Some(frame));
            }
            if !self.read().await {
                return Ok(None);
            }
        }
    }
}

/// Whether a frame is Engine.IO's ping, which is answered unless a script waits for it.
fn is_ping(frame: &Frame) -> bool {
    frame.op == 1 && frame.payload == b"2"
}

/// One script that runs.
struct Run {
    server: Server,
    addr: SocketAddr,
    channels: HashMap<String, Channel>,
    values: Values,
    /// Whether the last request of a channel was one that is answered over HTTP.
    asked: HashMap<String, bool>,
}

impl Run {
    fn new(server: Server, addr: SocketAddr) -> Self {
        Self { server, addr, channels: HashMap::new(), values: Values::new(), asked: HashMap::new() }
    }

    async fn all(mut self, script: &str) -> Result<(), String> {
        if steps(script, self.server).any(|step| step.channel == "log") {
            self.open_log().await?;
        }
        for step in steps(script, self.server) {
            match timeout(LIMIT, self.step(&step)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(format!("`{}`: {error}", step.line)),
                Err(_) => return Err(format!("`{}`: waited {LIMIT:?} in vain", step.line)),
            }
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        match (step.channel, step.verb) {
            ("log", "left") => self.left(step.rest).await,
            (_, "get" | "post" | "put" | "delete" | "patch" | "options" | "head") => self.request(step).await,
            (channel, "open") => {
                self.upgrade(channel, step.rest).await?;
                let answer = self.channel(channel)?.answer().await?;
                if answer.status != 101 {
                    return Err(format!("status {}, {}", answer.status, shown(&answer.body)));
                }
                self.asked.insert(channel.to_owned(), false);
                Ok(())
            }
            (channel, "upgrade") => self.upgrade(channel, step.rest).await,
            (channel, "raw") => {
                let bytes = to_send(step.rest, &self.values);
                if !self.channels.contains_key(channel) {
                    self.connect(channel).await?;
                    self.asked.insert(channel.to_owned(), true);
                }
                self.channel(channel)?.send(&bytes).await;
                Ok(())
            }
            (channel, "cut") => {
                self.channels.remove(channel);
                Ok(())
            }
            (channel, "fin") => {
                // A server that has closed already has what this asks for.
                let _closed = self.channel(channel)?.tcp.shutdown().await;
                Ok(())
            }
            (_, verb) if verb.starts_with('>') => self.send_frame(step).await,
            (_, verb) if verb.starts_with('<') => self.expect(step).await,
            _ => Err("no such step".to_owned()),
        }
    }

    async fn connect(&mut self, channel: &str) -> Result<&mut Channel, String> {
        let connection = Channel::connect(self.addr).await?;
        self.channels.insert(channel.to_owned(), connection);
        self.channel(channel)
    }

    fn channel(&mut self, name: &str) -> Result<&mut Channel, String> {
        self.channels.get_mut(name).ok_or_else(|| format!("the channel `{name}` is not open"))
    }

    async fn request(&mut self, step: &Step<'_>) -> Result<(), String> {
        let (head, body) = match step.rest.split_once(" :=") {
            Some((head, body)) => (head, Some(to_send(body.strip_prefix(' ').unwrap_or(body), &self.values))),
            None => (step.rest, None),
        };
        let (target, headers) = self.target(head);
        let headers: Vec<_> = headers.iter().map(String::as_str).collect();
        let request = http::request(step.verb, &target, &headers, body.as_deref());
        let channel = self.connect(step.channel).await?;
        channel.head_only = step.verb == "head";
        channel.send(&request).await;
        self.asked.insert(step.channel.to_owned(), true);
        Ok(())
    }

    async fn upgrade(&mut self, channel: &str, rest: &str) -> Result<(), String> {
        let (target, headers) = self.target(rest);
        let headers: Vec<_> = headers.iter().map(String::as_str).collect();
        let request = http::request("get", &target, &http::upgrade_headers(&headers), None);
        self.connect(channel).await?.send(&request).await;
        self.asked.insert(channel.to_owned(), true);
        Ok(())
    }

    /// `EIO=4&transport=polling [Name: value] [Other: value]`
    fn target(&self, text: &str) -> (String, Vec<String>) {
        let filled = String::from_utf8_lossy(&to_send(text, &self.values)).into_owned();
        let (target, headers) = filled.split_once(" [").unwrap_or((&filled, ""));
        let target = target.trim();
        let target =
            if target.starts_with('/') { target.to_owned() } else { format!("/socket.io/?{target}") };
        let headers = headers.trim_end_matches(']').split("] [").filter(|header| !header.is_empty());
        (target, headers.map(str::to_owned).collect())
    }

    async fn send_frame(&mut self, step: &Step<'_>) -> Result<(), String> {
        let usual = Flags::default();
        let (flags, text) = match step.verb {
            ">" => (usual, step.rest),
            ">b" => (Flags { op: 2, ..usual }, step.rest),
            ">ping" => (Flags { op: 9, ..usual }, step.rest),
            ">pong" => (Flags { op: 10, ..usual }, step.rest),
            ">close" => {
                let code: Option<u16> = step.rest.parse().ok();
                let payload = code.map_or(Vec::new(), |code| code.to_be_bytes().to_vec());
                let frame = encode(Flags { op: 8, ..usual }, &payload);
                self.channel(step.channel)?.send(&frame).await;
                return Ok(());
            }
            ">f" => {
                let (flags, text) = cut(step.rest);
                (Flags::parse(flags)?, text)
            }
            _ => return Err("no such step".to_owned()),
        };
        let frame = encode(flags, &to_send(text, &self.values));
        self.channel(step.channel)?.send(&frame).await;
        Ok(())
    }

    async fn expect(&mut self, step: &Step<'_>) -> Result<(), String> {
        let http = self.asked.get(step.channel).copied().unwrap_or(false);
        match step.verb {
            "<gone" => {
                let channel = self.channel(step.channel)?;
                if http {
                    while channel.read().await {}
                } else {
                    // What follows a close frame, or a server that writes no frames any more, does not matter.
                    while channel.frame().await.is_ok_and(|frame| frame.is_some_and(|frame| frame.op != 8)) {}
                }
                Ok(())
            }
            "<end" => {
                let channel = self.channel(step.channel)?;
                while channel.read().await {}
                if channel.frames.buffer.is_empty() {
                    Ok(())
                } else {
                    Err(format!("the end was due, not `{}`", shown(&channel.frames.buffer)))
                }
            }
            "<any" => {
                let channel = self.channel(step.channel)?;
                if http {
                    // Too early an end is an answer, too.
                    let _answer = channel.answer().await;
                } else {
                    channel.frame().await?;
                }
                Ok(())
            }
            "<until" => {
                let values = &mut self.values;
                let channel = self.channels.get_mut(step.channel).ok_or("the channel is not open")?;
                while let Some(frame) = channel.frame().await? {
                    if is_ping(&frame) {
                        channel.send(&encode(Flags::default(), b"3")).await;
                    }
                    if frame.op == 1 && compare(step.rest, &frame.payload, values).is_ok() {
                        return Ok(());
                    }
                }
                Err("it did not come before the end of the connection".to_owned())
            }
            "<" | "<h" | "<or" if http => self.expect_answer(step).await,
            _ => self.expect_frame(step).await,
        }
    }

    async fn expect_answer(&mut self, step: &Step<'_>) -> Result<(), String> {
        let channel = self.channel(step.channel)?;
        let answer = channel.answer().await?;
        let expected = match step.rest.split_once(" || ") {
            Some((one, _)) if step.verb == "<or" && answer.status.to_string() == cut(one).0 => one,
            Some((_, other)) if step.verb == "<or" => other,
            _ => step.rest,
        };
        let (status, rest) = cut(expected);
        if answer.status.to_string() != status {
            return Err(format!("status {}, {}", answer.status, shown(&answer.body)));
        }
        if answer.status == 101 {
            self.asked.insert(step.channel.to_owned(), false);
        }
        if step.verb != "<h" {
            return compare(rest, &answer.body, &mut self.values);
        }
        let (name, value) = rest.split_once(": ").ok_or("a header is `name: value`")?;
        match (answer.header(name), value) {
            (None, "-") => Ok(()),
            (Some(found), expected) => compare(expected, found.as_bytes(), &mut self.values),
            (None, _) => Err("the header is missing".to_owned()),
        }
    }

    async fn expect_frame(&mut self, step: &Step<'_>) -> Result<(), String> {
        let op = match step.verb {
            "<" => 1,
            "<b" => 2,
            "<close" => 8,
            "<ping" => 9,
            "<pong" => 10,
            _ => return Err("no such step".to_owned()),
        };
        let channel = self.channel(step.channel)?;
        let frame = loop {
            let frame = channel.frame().await?.ok_or("a frame was due, not the end of the connection")?;
            if !is_ping(&frame) || step.rest == "2" {
                break frame;
            }
            channel.send(&encode(Flags::default(), b"3")).await;
        };
        if frame.op != op {
            return Err(format!("a frame of opcode {}: `{}`", frame.op, shown(&frame.payload)));
        }
        if op != 8 {
            return compare(step.rest, &frame.payload, &mut self.values);
        }
        let code = match frame.payload[..] {
            [high, low, ..] => u16::from_be_bytes([high, low]).to_string(),
            _ => "-".to_owned(),
        };
        compare(step.rest, code.as_bytes(), &mut self.values)
    }

    /// A client in the namespace that tells which clients left, and why.
    async fn open_log(&mut self) -> Result<(), String> {
        let script = "log open EIO=4&transport=websocket\nlog < 0<*>\nlog > 40/log,\nlog < 40/log,<*>";
        for step in steps(script, self.server) {
            Box::pin(self.step(&step)).await?;
        }
        Ok(())
    }

    async fn left(&mut self, expected: &str) -> Result<(), String> {
        let expected = String::from_utf8_lossy(&to_send(expected, &self.values)).into_owned();
        let (id, reason) = cut(&expected);
        let entry = format!(r#"42/log,["left","{id}","{reason}"]"#);
        let start = format!(r#"42/log,["left","{id}","#);
        loop {
            let log = self.channel("log")?;
            let frame = log.frame().await?.ok_or("the log ended")?;
            let text = String::from_utf8_lossy(&frame.payload).into_owned();
            if is_ping(&frame) {
                log.send(&encode(Flags::default(), b"3")).await;
            } else if text == entry {
                return Ok(());
            } else if text.starts_with(&start) {
                return Err(format!("the log says {text}"));
            }
        }
    }
}
