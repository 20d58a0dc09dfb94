//! `TestWsClient`: a plain WebSocket client inside the process of the test.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gateway_core::link::Encoder as _;
use gateway_core::{ArgumentLimits, Arguments, EXCEPTION_EVENT, EmitArgs, Frames, Payload};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::error::{TestError, shortened};
use super::event::{self, TestEvent};
use super::inbox::Inbox;
use super::transport::{Incoming, Outgoing, Wire};
use crate::ws::encoder::WsEncoder;
use crate::ws::message::parse_envelope;

/// A frame that a plain WebSocket client has received.
#[derive(Clone, PartialEq, Eq)]
pub enum TestFrame {
    /// A text frame.
    Text(String),
    /// A binary frame.
    Binary(Bytes),
}

impl TestFrame {
    /// Decodes the frame as JSON.
    ///
    /// # Errors
    /// It is no JSON, or of another type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, TestError> {
        let body = Arguments::from_json(&self.bytes()).map_err(|error| TestError::Unexpected {
            awaited: "JSON".to_owned(),
            came: format!("{} ({error})", shortened(self)),
        })?;
        event::decode(&body, "a frame".to_owned())
    }

    fn bytes(&self) -> Bytes {
        match self {
            Self::Text(text) => Bytes::copy_from_slice(text.as_bytes()),
            Self::Binary(bytes) => bytes.clone(),
        }
    }

    /// The event, if the frame is `{"event": …, "data": …}`.
    fn event(&self) -> Option<TestEvent> {
        let event = parse_envelope(self.bytes(), &ArgumentLimits::NONE).ok()?;
        let name = event.name().to_owned();
        Some(TestEvent::new(name, event.into_arguments(), None))
    }

    fn is_event(&self, name: &str) -> bool {
        self.event().is_some_and(|event| event.name() == name)
    }
}

impl fmt::Debug for TestFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Binary(bytes) => write!(f, "a binary frame of {} bytes", bytes.len()),
        }
    }
}

/// How a plain WebSocket was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestClose {
    /// The close code: 1005 if the close frame had none, 1006 if there was no close frame.
    pub code: u16,
    /// The reason in the close frame; often empty.
    pub reason: String,
}

impl fmt::Display for TestClose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "close code {}", self.code)?;
        if self.reason.is_empty() { Ok(()) } else { write!(f, ", {:?}", self.reason) }
    }
}

/// The code of a close frame without one.
const NO_CODE: u16 = 1005;

impl TestClose {
    /// Closed without a close frame.
    fn cut(reason: &str) -> Self {
        Self { code: 1006, reason: reason.to_owned() }
    }
}

struct Shared {
    inbox: Inbox<TestFrame, TestClose>,
    /// The connection has ended.
    ended: CancellationToken,
}

/// A bare WebSocket, as `new WebSocket(url)` is one for a page; for gateways behind a
/// [`WsAdapter`](crate::WsAdapter).
///
/// What it receives waits in order until the test takes it. Whatever is awaited has a time limit (default
/// 5 s). Dropping the client closes its connection with code 1001, as closing a browser tab does.
pub struct TestWsClient {
    shared: Arc<Shared>,
    outgoing: mpsc::Sender<Outgoing>,
}

impl fmt::Debug for TestWsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestWsClient").field("closed", &self.shared.inbox.closed()).finish_non_exhaustive()
    }
}

impl TestWsClient {
    pub(super) fn new(wire: Wire, limit: Duration) -> Self {
        let Wire { outgoing, incoming } = wire;
        let shared = Arc::new(Shared { inbox: Inbox::new(limit), ended: CancellationToken::new() });
        tokio::spawn(read(shared.clone(), incoming));
        Self { shared, outgoing }
    }

    /// Sends `{"event": …, "data": …}`; without data for `()`.
    ///
    /// # Errors
    /// The connection has ended, or the value does not serialize.
    pub async fn send(&self, event: &str, data: impl EmitArgs) -> Result<(), TestError> {
        let frames = WsEncoder.event("/", Payload::event(event, &data)?, None);
        self.put(Outgoing::Frames(frames), event).await
    }

    /// Sends a text frame as it is.
    ///
    /// # Errors
    /// The connection has ended.
    pub async fn send_text(&self, text: impl Into<String>) -> Result<(), TestError> {
        self.put(Outgoing::Text(text.into()), "a text frame").await
    }

    /// Sends a binary frame.
    ///
    /// # Errors
    /// The connection has ended.
    pub async fn send_binary(&self, bytes: impl Into<Bytes>) -> Result<(), TestError> {
        self.put(Outgoing::Frames(Frames::binary(bytes.into())), "a binary frame").await
    }

    /// Takes the next frame, whatever it is.
    ///
    /// # Errors
    /// None came in time, or the connection ended.
    pub async fn next_frame(&self) -> Result<TestFrame, TestError> {
        self.shared.inbox.take_next("a frame").await
    }

    /// Takes the next frame and decodes it as JSON: what a handler returned is such a frame.
    ///
    /// # Errors
    /// None came in time, it is no JSON or of another type, or the connection ended.
    pub async fn next_message<T: DeserializeOwned>(&self) -> Result<T, TestError> {
        self.next_frame().await?.json()
    }

    /// Takes the next frame, which must be an event.
    ///
    /// # Errors
    /// The frame is no event, none came in time, or the connection ended.
    pub async fn next_event(&self) -> Result<TestEvent, TestError> {
        let frame = self.shared.inbox.take_next("an event").await?;
        frame
            .event()
            .ok_or_else(|| TestError::Unexpected { awaited: "an event".to_owned(), came: shortened(&frame) })
    }

    /// Takes the next frame, which must be the event of this name.
    ///
    /// # Errors
    /// Another frame came, none came in time, or the connection ended.
    pub async fn expect_event(&self, name: &str) -> Result<TestEvent, TestError> {
        let awaited = format!("the event {name:?}");
        let frame = self.shared.inbox.take_next(&awaited).await?;
        frame
            .event()
            .filter(|event| event.name() == name)
            .ok_or_else(|| TestError::Unexpected { awaited, came: shortened(&frame) })
    }

    /// Takes the next event of this name and decodes its data. Other frames stay where they are.
    ///
    /// # Errors
    /// None came in time (the error tells what came instead), its data are of another type, or the
    /// connection ended.
    pub async fn next<T: DeserializeOwned>(&self, name: &str) -> Result<T, TestError> {
        let awaited = format!("the event {name:?}");
        let frame = self.shared.inbox.take(&awaited, |frame| frame.is_event(name)).await?;
        frame
            .event()
            .map_or(Err(TestError::Unexpected { awaited, came: shortened(&frame) }), |event| event.body())
    }

    /// Takes the next `exception`: what filters make of an error.
    ///
    /// # Errors
    /// See [`next`](Self::next).
    pub async fn exception(&self) -> Result<Value, TestError> {
        self.next(EXCEPTION_EVENT).await
    }

    /// Asserts that nothing waits and that nothing is on its way: two pings have come back, without
    /// sleeping. Handlers of this client's messages have been called by then; one that still waits for
    /// something (it is `async`) may send more afterwards.
    ///
    /// # Errors
    /// Frames wait: the error tells which.
    pub async fn no_more_messages(&self) -> Result<(), TestError> {
        // A pong may overtake what waits to be written when its ping is read; nothing that waited then is
        // still unwritten when the next ping is read.
        for _ in 0..2 {
            let marker = self.shared.inbox.marker();
            // A connection that has ended brings nothing either.
            let _ = self.outgoing.send(Outgoing::Ping).await;
            self.shared.inbox.wait_marker(marker).await?;
        }
        self.shared.inbox.expect_empty("no more messages")
    }

    /// Closes the connection without a code; returns when both sides have.
    ///
    /// # Errors
    /// The server did not close its side in time.
    pub async fn disconnect(&self) -> Result<(), TestError> {
        self.close(None).await
    }

    /// Closes the connection with a code and a reason (`ws.close(code, reason)`); returns when both sides
    /// have.
    ///
    /// # Errors
    /// The server did not close its side in time.
    pub async fn disconnect_with(&self, code: u16, reason: impl Into<String>) -> Result<(), TestError> {
        self.close(Some((code, reason.into()))).await
    }

    async fn close(&self, frame: Option<(u16, String)>) -> Result<(), TestError> {
        // A connection that has ended is closed.
        let _ = self.outgoing.send(Outgoing::Close(frame)).await;
        let ended = tokio::time::timeout(self.shared.inbox.limit(), self.shared.ended.cancelled()).await;
        ended.map_err(|_| self.shared.inbox.timeout(&"the end of the connection"))
    }

    /// Waits until the connection is closed, and tells how.
    ///
    /// # Errors
    /// It was not closed in time.
    pub async fn closed(&self) -> Result<TestClose, TestError> {
        self.shared.inbox.wait_closed().await
    }

    async fn put(&self, message: Outgoing, what: &str) -> Result<(), TestError> {
        let closed = match self.shared.inbox.closed() {
            None => self.outgoing.send(message).await.err().map(|_| TestClose::cut("")),
            closed => closed,
        };
        let not_sent =
            |close: TestClose| TestError::NotSent { what: what.to_owned(), reason: close.to_string() };
        closed.map_or(Ok(()), |close| Err(not_sent(close)))
    }
}

/// Reads until the connection ends.
async fn read(shared: Arc<Shared>, mut incoming: mpsc::Receiver<Incoming>) {
    let mut close = None;
    while let Some(frame) = incoming.recv().await {
        let frame = match frame {
            // Text frames are UTF-8, or the codec fails.
            Incoming::Text(text) => TestFrame::Text(String::from_utf8_lossy(&text).into_owned()),
            Incoming::Binary(bytes) => TestFrame::Binary(bytes),
            Incoming::Pong => {
                shared.inbox.marker_returned();
                continue;
            }
            Incoming::Closed(frame) => {
                let (code, reason) = frame.unwrap_or((NO_CODE, String::new()));
                close = Some(TestClose { code, reason });
                continue;
            }
            Incoming::Failed => continue,
        };
        if !shared.inbox.push(frame) {
            close = Some(TestClose::cut("more frames came than the test takes"));
            break;
        }
    }
    shared.inbox.close(close.unwrap_or_else(|| TestClose::cut("")));
    shared.ended.cancel();
}
