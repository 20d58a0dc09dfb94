//! Servers and sockets without clients: what unit tests hold instead of a mock.
//!
//! They remember what they were told, up to [`DETACHED_CAPACITY`] events each; the oldest go first.

use std::any::Any;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt, ready};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::adapter::BroadcastOptions;
use crate::arguments::{Arguments, DecodeError};
use crate::detached_client::{self, Answer};
use crate::frames::Frames;
use crate::link::{Disconnected, Encoder, Link};
use crate::memory::MemoryAdapter;
use crate::options::Transport;
use crate::payload::Payload;
use crate::room::Room;
use crate::server::{Backend, Server};
use crate::socket::{Socket, WeakSocket};

/// How many events a detached server or socket remembers.
pub const DETACHED_CAPACITY: usize = 1024;

/// An event that a detached server or socket was told to emit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Emitted {
    /// The event's name.
    pub event: String,
    /// The rooms that it was for; empty means everybody, or the socket itself.
    pub rooms: Vec<String>,
    /// The rooms that were left out.
    pub except: Vec<String>,
    /// Whether it could have been lost.
    pub volatile: bool,
    /// What it carried.
    pub arguments: Arguments,
}

impl Emitted {
    /// The body: the one argument, all of them as an array, or null.
    pub fn data(&self) -> Value {
        self.arguments.body().and_then(|body| body.decode().ok()).unwrap_or_default()
    }

    /// One argument, decoded.
    ///
    /// # Errors
    /// It does not decode.
    pub fn get<T: DeserializeOwned>(&self, index: usize) -> Result<T, DecodeError> {
        self.arguments.get(index)
    }
}

/// A bounded record of events.
#[derive(Debug, Default)]
struct Log(Mutex<VecDeque<Emitted>>);

impl Log {
    fn push(&self, emitted: Emitted) {
        let mut log = self.0.lock();
        if log.len() == DETACHED_CAPACITY {
            log.pop_front();
        }
        log.push_back(emitted);
    }

    fn all(&self) -> Vec<Emitted> {
        self.0.lock().iter().cloned().collect()
    }
}

/// What makes a server a detached one.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    log: Log,
    /// What `of` returned, so that a test can look into it.
    namespaces: Mutex<HashMap<String, Server>>,
}

impl Recorder {
    pub(crate) fn server(name: &str) -> Server {
        let backend = Backend::new(Arc::new(MemoryAdapter::default()), Arc::new(BareEncoder), None);
        Server::build(name, Some(backend), Some(Self::default()))
    }

    /// The link of a detached socket, which [`attach`](Self::attach) is told of.
    pub(crate) fn link() -> Arc<dyn Link> {
        Arc::new(RecordingLink::default())
    }

    /// Tells the link which socket stands on it.
    pub(crate) fn attach(link: &dyn Link, socket: WeakSocket) {
        if let Some(link) = recording(link) {
            // There is one socket for one link.
            let _ = link.socket.set(socket);
        }
    }

    /// What the client that is not there answers to an event.
    pub(crate) fn script(link: &dyn Link, event: String, answer: Answer) {
        if let Some(link) = recording(link) {
            link.answers.lock().insert(event, answer);
        }
    }

    pub(crate) fn namespace(&self, name: &str) -> Server {
        let name = if name.starts_with('/') { name.to_owned() } else { format!("/{name}") };
        let mut namespaces = self.namespaces.lock();
        namespaces.entry(name).or_insert_with_key(|name| Self::server(name)).clone()
    }

    pub(crate) fn record_broadcast(&self, payload: &Payload, to: &BroadcastOptions) {
        let text = Bytes::copy_from_slice(payload.json());
        let names = |rooms: &[Room]| rooms.iter().map(ToString::to_string).collect();
        if let Some(mut emitted) = read(&text, payload.attachments().to_vec()) {
            emitted.rooms = names(&to.rooms);
            emitted.except = names(&to.except);
            emitted.volatile = to.flags.volatile;
            self.log.push(emitted);
        }
    }

    pub(crate) fn emitted(&self) -> Vec<Emitted> {
        self.log.all()
    }

    /// What was sent over this link, if it is a recording one.
    pub(crate) fn sent_to(link: &dyn Link) -> Vec<Emitted> {
        recording(link).map(|link| link.log.all()).unwrap_or_default()
    }
}

fn recording(link: &dyn Link) -> Option<&RecordingLink> {
    let link: &dyn Any = link;
    link.downcast_ref()
}

fn read(text: &Bytes, attachments: Vec<Bytes>) -> Option<Emitted> {
    let (event, arguments) = Arguments::parse_event(text, attachments).ok()?;
    Some(Emitted {
        event: event.into_owned(),
        rooms: Vec::new(),
        except: Vec::new(),
        volatile: false,
        arguments,
    })
}

/// The wire form of detached servers: the JSON array, and before it the number of an event that asks for an
/// acknowledgement.
#[derive(Debug)]
pub(crate) struct BareEncoder;

impl Encoder for BareEncoder {
    fn event(&self, _namespace: &str, payload: Payload, ack: Option<u64>) -> Frames {
        let number = ack.map(|id| id.to_string()).unwrap_or_default();
        payload.into_frames(number.as_bytes())
    }

    fn ack(&self, _namespace: &str, _payload: Payload, _id: u64) -> Option<Frames> {
        None
    }

    fn message(&self, namespace: &str, payload: Payload) -> Frames {
        self.event(namespace, payload, None)
    }
}

#[derive(Default)]
struct RecordingLink {
    log: Log,
    socket: OnceLock<WeakSocket>,
    answers: Mutex<HashMap<String, Answer>>,
}

impl fmt::Debug for RecordingLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordingLink")
    }
}

impl RecordingLink {
    /// Answers an event as the test says; one without an answer is waited for.
    fn answer(&self, emitted: &Emitted, id: u64) {
        let answer = self.answers.lock().get(&emitted.event).cloned();
        let (Some(answer), Some(socket)) = (answer, self.socket.get().and_then(WeakSocket::upgrade)) else {
            return;
        };
        match answer(emitted).ok().and_then(|payload| payload.to_arguments().ok()) {
            Some(arguments) => socket.resolve_ack(id, arguments),
            None => tracing::error!(event = emitted.event, "an answer does not serialize"),
        }
    }
}

impl Link for RecordingLink {
    fn send(&self, frames: Frames, volatile: bool) {
        let text = frames.text_bytes();
        let number = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let ack = frames.as_str().get(..number).and_then(|number| number.parse().ok());
        if let Some(mut emitted) = read(&text.slice(number..), frames.attachments().to_vec()) {
            emitted.volatile = volatile;
            self.log.push(emitted.clone());
            if let Some(id) = ack {
                self.answer(&emitted, id);
            }
        }
    }

    fn disconnect(&self, socket: &Socket, _close: bool) {
        detached_client::disconnect(socket);
    }

    fn close(&self, socket: &Socket) {
        self.disconnect(socket, true);
    }

    fn transport(&self) -> Transport {
        Transport::WebSocket
    }

    fn drained(&self) -> BoxFuture<'static, Result<(), Disconnected>> {
        ready(Ok(())).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binary::Binary;
    use crate::payload::Args;
    use serde_json::json;

    #[test]
    fn a_server_remembers_what_it_was_told() {
        let server = Server::detached();
        server.to("general").except("muted").volatile().emit("roomMessage", "hi");
        server.emit("moved", Args((1, 2)));
        let emitted = server.emitted();
        assert_eq!((emitted[0].event.as_str(), emitted[0].data()), ("roomMessage", json!("hi")));
        assert_eq!(
            (&emitted[0].rooms[..], &emitted[0].except[..]),
            (&["general".to_owned()][..], &["muted".to_owned()][..])
        );
        assert!(emitted[0].volatile);
        assert_eq!(emitted[1].data(), json!([1, 2]));
        server.of("admin").emit("x", ());
        assert_eq!(server.of("/admin").emitted().len(), 1);
    }

    #[test]
    fn a_socket_receives_what_is_meant_for_it() {
        let server = Server::detached();
        let (ann, bob) = (Socket::detached_in(&server, "ann"), Socket::detached_in(&server, "bob"));
        ann.join("room");
        bob.join(vec!["room".to_owned()]);
        ann.to("room").emit("greeting", "hello");
        ann.emit("file", Binary::from(b"bytes"));
        assert_eq!(bob.emitted()[0].data(), json!("hello"));
        assert_eq!(ann.emitted().len(), 1);
        assert_eq!(ann.emitted()[0].get::<Binary>(0).unwrap(), Binary::from(b"bytes"));
        bob.disconnect(true);
        assert!(!bob.connected() && bob.rooms().is_empty());
        ann.to("room").emit("greeting", "anyone?");
        assert_eq!(bob.emitted().len(), 1);
    }

    #[test]
    fn the_memory_is_bounded() {
        let server = Server::detached();
        for number in 0..DETACHED_CAPACITY + 10 {
            server.emit("n", number);
        }
        let emitted = server.emitted();
        assert_eq!((emitted.len(), emitted[0].data()), (DETACHED_CAPACITY, json!(10)));
    }
}
