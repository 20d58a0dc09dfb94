//! Replies: what a handler returns, on its way to the client.

use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;

use futures_util::future::BoxFuture;
use futures_util::stream::{Stream, StreamExt};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::arguments::{Arguments, DecodeError};
use crate::exception::HandlerError;
use crate::payload::Payload;

/// A reply that is emitted to the sender as an event of its own (NestJS's `WsResponse`).
///
/// It never acknowledges. With an empty event name it is an ordinary value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WsResponse<T> {
    /// The name of the event that the client receives.
    pub event: Cow<'static, str>,
    /// The body of that event.
    pub data: T,
}

impl<T> WsResponse<T> {
    /// A response under this event name.
    pub fn new(event: impl Into<Cow<'static, str>>, data: T) -> Self {
        Self { event: event.into(), data }
    }
}

/// A stream of replies.
pub type ReplyStream<'a> = Pin<Box<dyn Stream<Item = Result<Reply<'a>, HandlerError>> + Send + 'a>>;

/// What a handler replied with, encoded.
#[non_exhaustive]
pub enum Reply<'a> {
    /// Nothing: `()`, `None`, `null`. Not even an acknowledgement.
    Nothing,
    /// A value: acknowledged if the client asked for it (Socket.IO), one frame of JSON (plain).
    Value(Payload),
    /// An event to the sender; on plain WebSocket one frame of JSON like any value.
    Event(Payload),
    /// Several replies, one after the other.
    Stream(ReplyStream<'a>),
}

impl<'a> Reply<'a> {
    /// The reply that is none.
    pub fn nothing() -> Self {
        Self::Nothing
    }

    /// A value; JSON's `null` is no reply.
    ///
    /// # Errors
    /// The value does not serialize.
    pub fn value<T: Serialize + ?Sized>(value: &T) -> Result<Self, HandlerError> {
        let payload = Payload::arguments(value)?;
        Ok(if payload.is_null() || payload.arguments_json().is_empty() {
            Self::Nothing
        } else {
            Self::Value(payload)
        })
    }

    /// A response under an event name of its own.
    ///
    /// # Errors
    /// The data does not serialize.
    pub fn response<T: Serialize>(response: &WsResponse<T>) -> Result<Self, HandlerError> {
        if response.event.is_empty() {
            return Self::value(response);
        }
        Ok(Self::Event(Payload::event(&response.event, &response.data)?))
    }

    /// A reply that borrows nothing, where one that might is expected.
    pub fn from_owned(reply: Reply<'static>) -> Self {
        match reply {
            Reply::Nothing => Self::Nothing,
            Reply::Value(payload) => Self::Value(payload),
            Reply::Event(payload) => Self::Event(payload),
            // A stream's item type names the lifetime, which makes it invariant.
            Reply::Stream(stream) => Self::stream(stream.map(|reply| reply.map(Reply::from_owned))),
        }
    }

    /// Changes what is replied: a value, the data of a `WsResponse`, each item of a stream. A reply that is none is
    /// `undefined`: it is changed if `In` can be that (`Option<T>`, `serde_json::Value`).
    ///
    /// What does not decode as `In`, or does not serialize afterwards, becomes an error.
    #[must_use]
    pub fn map<In, Out>(self, change: impl FnMut(In) -> Out + Send + 'a) -> Reply<'a>
    where
        In: DeserializeOwned,
        Out: Serialize,
    {
        let mut change = change;
        match self {
            Self::Stream(stream) => Self::stream(stream.map(move |reply| changed(reply?, &mut change))),
            reply => match changed(reply, &mut change) {
                Ok(reply) => reply,
                Err(error) => Self::stream(futures_util::stream::once(std::future::ready(Err(error)))),
            },
        }
    }

    /// The value, or the data of a `WsResponse`, decoded; `None` for a stream.
    ///
    /// # Errors
    /// It does not decode.
    pub fn decode<T: DeserializeOwned>(&self) -> Option<Result<T, DecodeError>> {
        match self {
            Self::Nothing => Some(Arguments::none().get(0)),
            Self::Value(payload) | Self::Event(payload) => {
                Some(payload.to_arguments().and_then(|arguments| arguments.get(0)))
            }
            Self::Stream(_) => None,
        }
    }

    /// A stream of replies. It is dropped when the client goes.
    pub fn stream(replies: impl Stream<Item = Result<Reply<'a>, HandlerError>> + Send + 'a) -> Self {
        Self::Stream(replies.boxed())
    }
}

fn changed<'a, In, Out>(
    reply: Reply<'a>,
    change: &mut impl FnMut(In) -> Out,
) -> Result<Reply<'a>, HandlerError>
where
    In: DeserializeOwned,
    Out: Serialize,
{
    match reply {
        Reply::Nothing => match Arguments::none().get::<In>(0) {
            Ok(undefined) => Reply::value(&change(undefined)),
            Err(_) => Ok(Reply::Nothing),
        },
        Reply::Value(payload) => Reply::value(&change(payload.to_arguments()?.get(0)?)),
        Reply::Event(payload) => {
            let event: String = serde_json::from_slice(payload.event_json())?;
            Ok(Reply::Event(Payload::event(&event, &change(payload.to_arguments()?.get(0)?))?))
        }
        Reply::Stream(_) => Ok(reply),
    }
}

impl fmt::Debug for Reply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("Nothing"),
            Self::Value(payload) => f.debug_tuple("Value").field(payload).finish(),
            Self::Event(payload) => f.debug_tuple("Event").field(payload).finish(),
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}

/// What calling a handler gives: a reply, or a future of one.
pub enum Outcome<'a> {
    /// The handler has finished.
    Ready(Result<Reply<'a>, HandlerError>),
    /// The handler waits for something.
    Pending(BoxFuture<'a, Result<Reply<'a>, HandlerError>>),
}

impl fmt::Debug for Outcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(reply) => f.debug_tuple("Ready").field(reply).finish(),
            Self::Pending(_) => f.write_str("Pending"),
        }
    }
}
