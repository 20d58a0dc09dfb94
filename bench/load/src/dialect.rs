//! What is said to a server: the opening request, Socket.IO's CONNECT, events, and how answers are recognised. It must never
//! know of sockets.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{
    frame::{self, Opcode},
    spec::{Protocol, Spec},
    template::{FIRST_ID, Template},
};

/// Of the key that all connections send.
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// What Chromium sends besides, with cookies of an ordinary site.
const BROWSER: &str = "Connection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36\r\n\
    Accept-Language: de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7\r\n\
    Cookie: _ga=GA1.1.1234567890.1700000000; _ga_ABCDEF1234=GS1.1.1700000000.12.1.1700000123.0.0.0; \
    session=eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkFubiBFeGFtcGxlIn0.c2lnbmF0dXJl; \
    theme=dark; consent=necessary%2Cstatistics\r\n";

/// How one server is spoken to.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// What it speaks.
    pub(crate) protocol: Protocol,
    path: String,
    port: u16,
    frames: Option<String>,
    /// Namespaces that connections are dealt to.
    pub(crate) namespaces: Vec<String>,
}

impl Dialect {
    /// That of a run.
    pub(crate) fn of(spec: &Spec) -> Self {
        Self {
            protocol: spec.protocol,
            path: spec.path.clone(),
            port: spec.port,
            frames: spec.frames.clone(),
            namespaces: spec.namespaces.clone(),
        }
    }

    /// The request that opens a WebSocket, as a browser sends it.
    pub(crate) fn upgrade(&self) -> String {
        let query = match self.protocol {
            Protocol::SocketIo => "?EIO=4&transport=websocket",
            Protocol::Plain | Protocol::Raw => "",
        };
        let (path, port) = (&self.path, self.port);
        format!(
            "GET {path}{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{BROWSER}Upgrade: websocket\r\n\
             Origin: http://127.0.0.1:{port}\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
    }

    /// A request of Engine.IO's polling, without a session for the handshake.
    pub(crate) fn poll(&self, sid: Option<&str>, post: Option<&str>) -> String {
        let (path, port) = (&self.path, self.port);
        let sid = sid.map(|sid| format!("&sid={sid}")).unwrap_or_default();
        let browser = BROWSER.replace("Connection: Upgrade", "Connection: keep-alive");
        let head = format!(
            "{path}?EIO=4&transport=polling{sid} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{browser}Accept: */*\r\n"
        );
        match post {
            None => format!("GET {head}\r\n"),
            Some(body) => format!(
                "POST {head}Origin: http://127.0.0.1:{port}\r\nContent-Type: text/plain;charset=UTF-8\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            ),
        }
    }

    /// Where the server listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How many bytes the answer to the opening request is, or `None` if it has not come whole.
    ///
    /// # Errors
    /// If the server does not switch protocols.
    pub(crate) fn upgraded(input: &[u8]) -> Result<Option<usize>> {
        let Some(end) = input.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
        let head = std::str::from_utf8(&input[..end])?;
        ensure!(
            head.starts_with("HTTP/1.1 101"),
            "the upgrade was refused: {}",
            head.lines().next().unwrap_or_default()
        );
        ensure!(head.contains(ACCEPT), "the upgrade has not the right key: {head}");
        Ok(Some(end + 4))
    }

    /// Socket.IO's CONNECT of the `number`th connection.
    pub(crate) fn connect(&self, number: usize) -> String {
        match self.namespace(number) {
            "/" => "40".to_owned(),
            name => format!("40{name},"),
        }
    }

    fn namespace(&self, number: usize) -> &str {
        &self.namespaces[number % self.namespaces.len()]
    }

    /// An event of the `number`th connection; `ack` is the id under which it is acknowledged.
    ///
    /// # Errors
    /// If the protocol has no acknowledgements.
    pub(crate) fn event(&self, number: usize, name: &str, ack: Option<u64>, data: &str) -> Result<String> {
        let ack_id = ack.map(|id| id.to_string()).unwrap_or_default();
        Ok(match self.protocol {
            Protocol::SocketIo => {
                let namespace = match self.namespace(number) {
                    "/" => String::new(),
                    name => format!("{name},"),
                };
                format!(r#"42{namespace}{ack_id}["{name}",{data}]"#)
            }
            Protocol::Plain if ack.is_some() => bail!("plain WebSocket has no acknowledgements"),
            Protocol::Plain => {
                let frames = self.frames.as_deref().unwrap_or(r#"{"event":"$event","data":$data}"#);
                frames.replace("$event", name).replace("$data", data)
            }
            Protocol::Raw => format!(r#"42{ack_id}["{name}",{data}]"#),
        })
    }

    /// The frame of such an event, with the first id wherever an id stands.
    ///
    /// # Errors
    /// Those of [`Dialect::event`].
    pub(crate) fn frame(&self, number: usize, name: &str, ack: bool, data: &str) -> Result<Template> {
        let message = self.event(number, name, ack.then_some(FIRST_ID), data)?;
        let mut framed = Vec::new();
        frame::write(Opcode::Text, message.as_bytes(), &mut framed);
        Ok(Template::of(&framed, FIRST_ID))
    }
}

/// A JSON body of `size` bytes: `id`, `user`, `text`.
///
/// # Errors
/// If it does not fit.
pub(crate) fn body(id: u64, size: usize) -> Result<String> {
    let (head, tail) = (format!(r#"{{"id":{id},"user":"ann","text":""#), r#""}"#);
    let length = size.checked_sub(head.len() + tail.len()).context("the body is too small for its parts")?;
    Ok(format!("{head}{}{tail}", filler(length)))
}

/// Words, without a digit and without anything that JSON escapes.
pub(crate) fn filler(length: usize) -> String {
    "the quick brown fox jumps over the lazy dog and ".chars().cycle().take(length).collect()
}

/// Recognises the answers to one kind of message: the first is understood, all others must equal it but for the id.
#[derive(Debug)]
pub(crate) struct Replies {
    /// By namespace.
    learned: Vec<Option<Template>>,
    /// What must be in it, with the first id.
    expected: Value,
}

impl Replies {
    /// Answers that hold `expected`, a JSON text with the first id in it.
    ///
    /// # Errors
    /// If it is no JSON.
    pub(crate) fn with(expected: &str, namespaces: usize) -> Result<Self> {
        Ok(Self { learned: vec![None; namespaces], expected: serde_json::from_str(expected)? })
    }

    /// The id of an answer to the `number`th connection.
    ///
    /// # Errors
    /// If it is not what was expected.
    pub(crate) fn read(&mut self, number: usize, message: &[u8]) -> Result<u64> {
        let group = number % self.learned.len();
        if let Some(template) = &self.learned[group] {
            return template.read(message).with_context(|| {
                format!("a wrong answer: {}", String::from_utf8_lossy(&message[..message.len().min(300)]))
            });
        }
        let (template, id) = self
            .understand(message)
            .with_context(|| format!("a wrong answer: {}", String::from_utf8_lossy(message)))?;
        self.learned[group] = Some(template);
        Ok(id)
    }

    fn understand(&self, message: &[u8]) -> Result<(Template, u64)> {
        let text = std::str::from_utf8(message)?;
        let id = first_id(text).context("it has no id")?;
        let json = &text[text.find(['[', '{']).context("it has no JSON")?..];
        let found: Value = serde_json::from_str(json)?;
        let expected = self.expected.to_string().replace(&FIRST_ID.to_string(), &id.to_string());
        let expected: Value = serde_json::from_str(&expected)?;
        ensure!(holds(&found, &expected), "it does not hold {expected}");
        Ok((Template::of(message, id), id))
    }
}

/// The first number of ten digits.
fn first_id(text: &str) -> Option<u64> {
    text.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() >= 10).and_then(|digits| {
        // Socket.IO's packet type stands right before the id of an acknowledgement.
        digits[digits.len() - 10..].parse().ok()
    })
}

fn holds(value: &Value, wanted: &Value) -> bool {
    value == wanted
        || match value {
            Value::Array(items) => items.iter().any(|item| holds(item, wanted)),
            Value::Object(fields) => fields.values().any(|item| holds(item, wanted)),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(protocol: Protocol, frames: Option<&str>) -> Dialect {
        Dialect {
            protocol,
            path: "/socket.io/".to_owned(),
            port: 3000,
            frames: frames.map(str::to_owned),
            namespaces: vec!["/".to_owned(), "/chat".to_owned()],
        }
    }

    #[test]
    fn events_are_written_as_each_protocol_has_them() {
        let socket_io = dialect(Protocol::SocketIo, None);
        assert_eq!(socket_io.event(0, "push", None, "{}").unwrap(), r#"42["push",{}]"#);
        assert_eq!(socket_io.event(1, "echo", Some(7), "{}").unwrap(), r#"42/chat,7["echo",{}]"#);
        assert_eq!((socket_io.connect(0), socket_io.connect(1)), ("40".to_owned(), "40/chat,".to_owned()));
        let plain = dialect(Protocol::Plain, None);
        assert_eq!(plain.event(0, "push", None, "1").unwrap(), r#"{"event":"push","data":1}"#);
        assert!(plain.event(0, "echo", Some(1), "1").is_err());
        let other = dialect(Protocol::Plain, Some(r#"{"type":"$event","payload":$data}"#));
        assert_eq!(other.event(0, "push", None, "1").unwrap(), r#"{"type":"push","payload":1}"#);
        assert_eq!(dialect(Protocol::Raw, None).event(1, "push", None, "1").unwrap(), r#"42["push",1]"#);
    }

    #[test]
    fn bodies_have_the_size_that_is_asked_for() {
        for size in [60, 100, 1_024, 16_384] {
            let body = body(FIRST_ID, size).unwrap();
            assert_eq!(body.len(), size);
            assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["id"], FIRST_ID);
        }
        assert!(body(FIRST_ID, 10).is_err());
    }

    #[test]
    fn answers_are_understood_once_and_then_compared() {
        let mut replies = Replies::with(&body(FIRST_ID, 60).unwrap(), 1).unwrap();
        let answer = |id| format!(r#"42["pop",{}]"#, body(id, 60).unwrap());
        for id in [FIRST_ID + 5, FIRST_ID, FIRST_ID + 6] {
            assert_eq!(replies.read(0, answer(id).as_bytes()).unwrap(), id);
        }
        let other_event = answer(FIRST_ID).replace("pop", "pip");
        assert!(replies.read(0, other_event.as_bytes()).is_err());
    }

    #[test]
    fn the_first_answer_must_hold_the_body_in_whatever_form() {
        let mut replies = Replies::with(&body(FIRST_ID, 60).unwrap(), 1).unwrap();
        assert!(replies.read(0, br#"42["pop",{"id":1000000000}]"#).is_err());
        // Keys in another order, an envelope of its own.
        let mut sorted = serde_json::from_str::<Value>(&body(FIRST_ID + 3, 60).unwrap()).unwrap();
        let text = sorted.as_object_mut().unwrap().remove("text").unwrap();
        let answer =
            format!(r#"{{"type":"pop","payload":{{"text":{text},"user":"ann","id":{}}}}}"#, FIRST_ID + 3);
        assert_eq!(replies.read(0, answer.as_bytes()).unwrap(), FIRST_ID + 3);
    }

    #[test]
    fn an_acknowledgement_has_the_id_twice() {
        let mut replies = Replies::with(&body(FIRST_ID, 60).unwrap(), 1).unwrap();
        let answer = |ack, id| format!("43{ack}[{}]", body(id, 60).unwrap());
        assert_eq!(replies.read(0, answer(FIRST_ID + 1, FIRST_ID + 1).as_bytes()).unwrap(), FIRST_ID + 1);
        assert_eq!(replies.read(0, answer(FIRST_ID + 2, FIRST_ID + 2).as_bytes()).unwrap(), FIRST_ID + 2);
        assert!(replies.read(0, answer(FIRST_ID + 3, FIRST_ID + 4).as_bytes()).is_err());
    }

    #[test]
    fn only_the_right_answer_to_the_upgrade_is_taken() {
        let answer = format!("HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: {ACCEPT}\r\n\r\n");
        assert_eq!(Dialect::upgraded(answer.as_bytes()).unwrap(), Some(answer.len()));
        assert_eq!(Dialect::upgraded(&answer.as_bytes()[..answer.len() - 1]).unwrap(), None);
        assert!(Dialect::upgraded(answer.replace(ACCEPT, "x").as_bytes()).is_err());
        assert!(Dialect::upgraded(b"HTTP/1.1 403 Forbidden\r\n\r\n").is_err());
    }
}
