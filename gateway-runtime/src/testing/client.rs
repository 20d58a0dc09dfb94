//! `TestClient`: a Socket.IO client inside the process of the test.

use std::fmt;
use std::sync::Arc;

use gateway_core::{EXCEPTION_EVENT, EmitArgs, Payload};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use super::error::{TestError, shortened};
use super::event::{self, TestEvent};
use super::session::{MARKER_NAMESPACE, Reader, Shared, reason};
use super::transport::{Incoming, Outgoing, Wire};
use crate::socketio::encoder;

/// A Socket.IO client in one namespace, as `socket.io-client` is one for a page.
///
/// What it receives waits in order until the test takes it: [`expect_event`](Self::expect_event) and
/// [`next_event`](Self::next_event) take what comes next, [`next`](Self::next) the next event of a name
/// and leaves the others. Whatever is awaited has a time limit (default 5 s). Dropping the client closes its
/// connection as closing a browser tab does.
pub struct TestClient {
    id: String,
    shared: Arc<Shared>,
    outgoing: mpsc::Sender<Outgoing>,
}

impl fmt::Debug for TestClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestClient").field("id", &self.id).field("namespace", &self.shared.namespace).finish()
    }
}

impl TestClient {
    /// Joins the namespace over a connection whose open packet has come.
    pub(super) async fn join(
        wire: Wire,
        shared: Arc<Shared>,
        auth: Option<&Value>,
    ) -> Result<Self, TestError> {
        let Wire { outgoing, mut incoming } = wire;
        match incoming.recv().await {
            Some(Incoming::Text(open)) if open.first() == Some(&b'0') => {}
            other => {
                return Err(TestError::connection("the handshake of Engine.IO", format!("{other:?} came")));
            }
        }
        let (sender, connected) = oneshot::channel();
        tokio::spawn(Reader::new(shared.clone(), outgoing.downgrade(), sender).run(incoming));
        let connect = encoder::connect(shared.parser, &shared.namespace, auth);
        // A connection that has ended meanwhile is seen next.
        let _ = outgoing.send(Outgoing::Frames(connect)).await;
        match connected.await {
            Ok(connected) => Ok(Self { id: connected?, shared, outgoing }),
            Err(_ended) => Err(shared.inbox.ended(&"the answer to the connection")),
        }
    }

    /// `client.id`: the id of the client's `Socket` on the server.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether neither side has disconnected it yet, for all that the client knows.
    pub fn is_connected(&self) -> bool {
        self.shared.inbox.closed().is_none()
    }

    /// Sends an event. Several arguments are `Args((first, second))`, bytes are a
    /// [`Binary`](crate::Binary).
    ///
    /// # Errors
    /// The connection has ended, or the value does not serialize.
    pub async fn emit(&self, event: &str, args: impl EmitArgs) -> Result<(), TestError> {
        self.send(event, Payload::event(event, &args)?, None).await
    }

    /// Sends an event and waits for its acknowledgement. One of several arguments decodes as a tuple.
    ///
    /// # Errors
    /// None came in time (the error tells what came instead: an `exception`, for example), it is of
    /// another type, the connection ended, or the value does not serialize.
    pub async fn emit_with_ack<R: DeserializeOwned>(
        &self,
        event: &str,
        args: impl EmitArgs,
    ) -> Result<R, TestError> {
        let payload = Payload::event(event, &args)?;
        let (id, answer) = self.shared.expect_ack();
        let forget = Forget { shared: &self.shared, id };
        self.send(event, payload, Some(id)).await?;
        let awaited = format_args!("the acknowledgement of {event:?}").to_string();
        let answer = tokio::time::timeout(self.shared.inbox.limit(), answer).await;
        drop(forget);
        match answer {
            Ok(Ok(arguments)) => event::decode(&arguments, awaited),
            Ok(Err(_ended)) => Err(self.shared.inbox.ended(&awaited)),
            Err(_elapsed) => Err(self.shared.inbox.timeout(&awaited)),
        }
    }

    /// Takes the next event, whatever it is.
    ///
    /// # Errors
    /// None came in time, or the connection ended.
    pub async fn next_event(&self) -> Result<TestEvent, TestError> {
        self.shared.inbox.take_next("an event").await
    }

    /// Takes the next event, which must have this name.
    ///
    /// # Errors
    /// Another event came, which is taken and told in the error; none came in time, or the connection ended.
    pub async fn expect_event(&self, name: &str) -> Result<TestEvent, TestError> {
        let awaited = format!("the event {name:?}");
        let event = self.shared.inbox.take_next(&awaited).await?;
        if event.name() == name {
            Ok(event)
        } else {
            Err(TestError::Unexpected { awaited, came: shortened(&event) })
        }
    }

    /// Takes the next event of this name and decodes its body. Other events stay where they are.
    ///
    /// # Errors
    /// None came in time (the error tells what came instead), its body is of another type, or the
    /// connection ended.
    pub async fn next<T: DeserializeOwned>(&self, name: &str) -> Result<T, TestError> {
        let awaited = format_args!("the event {name:?}").to_string();
        self.shared.inbox.take(awaited, |event| event.name() == name).await?.body()
    }

    /// Takes the next `exception`: what filters make of an error.
    ///
    /// # Errors
    /// See [`next`](Self::next).
    pub async fn exception(&self) -> Result<Value, TestError> {
        self.next(EXCEPTION_EVENT).await
    }

    /// Asserts that nothing waits and that nothing is on its way.
    ///
    /// It asks the server something that is answered at once and after everything sent before; it does
    /// not sleep. Handlers of this client's events have been called by then, unless its
    /// `handle_connection` has not finished. One that still waits for something (it is `async`) may
    /// send more afterwards: await its acknowledgement first.
    ///
    /// # Errors
    /// Events wait: the error tells which.
    pub async fn no_more_events(&self) -> Result<(), TestError> {
        let marker = self.shared.inbox.marker();
        let question = encoder::connect(self.shared.parser, MARKER_NAMESPACE, None);
        // A connection that has ended brings nothing either.
        let _ = self.outgoing.send(Outgoing::Frames(question)).await;
        self.shared.inbox.wait_marker(marker).await?;
        self.shared.inbox.expect_empty("no more events")
    }

    /// Leaves the namespace and closes the connection (`socket.disconnect()`); returns when both sides
    /// have. The gateway sees `client namespace disconnect`.
    ///
    /// # Errors
    /// The server did not close its side in time.
    pub async fn disconnect(&self) -> Result<(), TestError> {
        self.shared.close(reason::IO_CLIENT_DISCONNECT);
        let leave = encoder::disconnected(self.shared.parser, &self.shared.namespace);
        // A connection that has ended is closed.
        let _ = self.outgoing.send(Outgoing::Frames(leave)).await;
        let _ = self.outgoing.send(Outgoing::Close(None)).await;
        let ended = tokio::time::timeout(self.shared.inbox.limit(), self.shared.ended.cancelled()).await;
        ended.map_err(|_| self.shared.inbox.timeout(&"the end of the connection"))
    }

    /// Waits until the client is disconnected, and tells why in the words of `socket.io-client`:
    /// `io server disconnect`, `transport close`, ….
    ///
    /// # Errors
    /// It was not disconnected in time.
    pub async fn closed(&self) -> Result<&'static str, TestError> {
        self.shared.inbox.wait_closed().await
    }

    async fn send(&self, event: &str, payload: Payload, ack: Option<u64>) -> Result<(), TestError> {
        let frames = encoder::of_parser(self.shared.parser).event(&self.shared.namespace, payload, ack);
        let closed = match self.shared.inbox.closed() {
            None => self.outgoing.send(Outgoing::Frames(frames)).await.err().map(|_| reason::TRANSPORT_CLOSE),
            closed => closed,
        };
        let not_sent =
            |reason: &str| TestError::NotSent { what: format!("{event:?}"), reason: reason.to_owned() };
        closed.map_or(Ok(()), |reason| Err(not_sent(reason)))
    }
}

/// Takes an acknowledgement off the list when nobody waits for it any more.
struct Forget<'c> {
    shared: &'c Shared,
    id: u64,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.shared.forget_ack(self.id);
    }
}
