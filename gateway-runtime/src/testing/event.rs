//! An event that a test client has received.

use std::fmt;
use std::sync::Arc;

use gateway_core::{Arguments, EmitArgs, Parser, Payload};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use super::error::{TestError, shortened};
use super::transport::Outgoing;
use crate::socketio::encoder;

/// An event from the server, with its arguments.
///
/// `Debug` prints it as the call that it is: `roomMessage("Ann has joined")`.
pub struct TestEvent {
    name: String,
    arguments: Arguments,
    acknowledge: Option<Acknowledge>,
}

/// How the client answers.
pub(super) struct Acknowledge {
    pub(super) id: u64,
    pub(super) namespace: Arc<str>,
    pub(super) parser: Parser,
    pub(super) outgoing: mpsc::WeakSender<Outgoing>,
}

impl TestEvent {
    pub(super) fn new(name: String, arguments: Arguments, acknowledge: Option<Acknowledge>) -> Self {
        Self { name, arguments, acknowledge }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All arguments, undecoded: binary values included, and fit to be emitted again.
    pub fn arguments(&self) -> &Arguments {
        &self.arguments
    }

    /// The body: the only argument, or several as a tuple. An event without arguments decodes as an
    /// `Option` or as `Value::Null`.
    ///
    /// # Errors
    /// It is of another type.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, TestError> {
        let what = format!("the body of {:?}", self.name);
        decode(&self.arguments, what)
    }

    /// One argument.
    ///
    /// # Errors
    /// It is of another type, or there are fewer arguments.
    pub fn argument<T: DeserializeOwned>(&self, index: usize) -> Result<T, TestError> {
        self.arguments.get(index).map_err(|source| TestError::Decode {
            what: format!("argument {index} of {:?}", self.name),
            json: self.arguments.raw(index).map(|argument| argument.json().to_owned()).unwrap_or_default(),
            source,
        })
    }

    /// Whether the server waits for an acknowledgement.
    pub fn wants_acknowledgement(&self) -> bool {
        self.acknowledge.is_some()
    }

    /// Acknowledges the event: what the callback does in a JavaScript client. Several arguments are
    /// `Args((first, second))`.
    ///
    /// # Errors
    /// The server did not ask for it, the connection has ended, or the value does not serialize.
    pub async fn reply(&self, args: impl EmitArgs) -> Result<(), TestError> {
        let payload = Payload::arguments(&args)?;
        let Some(Acknowledge { id, namespace, parser, outgoing }) = &self.acknowledge else {
            return Err(TestError::NoAcknowledgement { event: self.name.clone() });
        };
        // Socket.IO has acknowledgements of every payload.
        let Some(frames) = encoder::of_parser(*parser).ack(namespace, payload, *id) else { return Ok(()) };
        let sent = match outgoing.upgrade() {
            Some(outgoing) => outgoing.send(Outgoing::Frames(frames)).await.is_ok(),
            None => false,
        };
        let gone = || TestError::NotSent {
            what: format!("the acknowledgement of {:?}", self.name),
            reason: "the client is gone".to_owned(),
        };
        if sent { Ok(()) } else { Err(gone()) }
    }
}

impl fmt::Debug for TestEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}(", self.name)?;
        for index in 0..self.arguments.len() {
            let argument = self.arguments.raw(index);
            let json = argument.as_ref().map_or("", |argument| argument.json());
            write!(f, "{}{json}", if index == 0 { "" } else { ", " })?;
        }
        f.write_str(")")
    }
}

/// Decodes a body, or an acknowledgement.
pub(super) fn decode<T: DeserializeOwned>(arguments: &Arguments, what: String) -> Result<T, TestError> {
    let decoded = match arguments.body() {
        Some(body) => body.decode(),
        None => arguments.get(0),
    };
    decoded.map_err(|source| {
        let json = arguments.body().map_or_else(String::new, |body| body.json().to_owned());
        TestError::Decode { what, json: shortened(&format_args!("{json}")), source }
    })
}
