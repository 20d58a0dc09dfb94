//! The probe of what a reply is: nothing, a `WsResponse`, a stream, a value.
//!
//! It must never know what a client makes of it.

use std::fmt;
use std::marker::PhantomData;

use futures_util::stream::{Stream, StreamExt};
use serde::Serialize;

use super::returned::{Encode, Returned};
use crate::exception::HandlerError;
use crate::reply::{Reply, WsResponse};

/// Makes a reply of a `T`.
#[diagnostic::on_unimplemented(
    message = "the return type hides a stream of replies",
    label = "name the stream: `-> impl Stream<Item = ..> + Send`"
)]
pub trait ReplyKind<'a, T> {
    /// The reply.
    ///
    /// # Errors
    /// The value does not serialize.
    fn reply(self, value: T) -> Result<Reply<'a>, HandlerError>;
}

/// The answers that are no streams have no items to ask about.
macro_rules! without_items {
    ($($name:ident)*) => {$(
        impl $name {
            /// The probe of its items: there are none.
            pub fn probe_item(&self) -> Returned<()> {
                Returned::new()
            }

            /// The same answer.
            pub fn probe_items<S>(self, _: S) -> Self {
                self
            }
        }
    )*};
}

without_items!(AsNothing AsResponse AsValue NoReply);

/// `()`: nothing.
#[derive(Clone, Copy, Debug)]
pub struct AsNothing;

impl<'a> ReplyKind<'a, ()> for AsNothing {
    fn reply(self, (): ()) -> Result<Reply<'a>, HandlerError> {
        Ok(Reply::Nothing)
    }
}

/// A `WsResponse`.
#[derive(Clone, Copy, Debug)]
pub struct AsResponse;

impl<'a, T: Serialize> ReplyKind<'a, WsResponse<T>> for AsResponse {
    fn reply(self, response: WsResponse<T>) -> Result<Reply<'a>, HandlerError> {
        Reply::response(&response)
    }
}

/// Any other value.
#[derive(Clone, Copy, Debug)]
pub struct AsValue;

impl<'a, T: Serialize> ReplyKind<'a, T> for AsValue {
    fn reply(self, value: T) -> Result<Reply<'a>, HandlerError> {
        Reply::value(&value)
    }
}

/// No reply at all.
#[derive(Clone, Copy, Debug)]
pub struct NoReply;

impl<'a, T> ReplyKind<'a, T> for NoReply {
    fn reply(self, _: T) -> Result<Reply<'a>, HandlerError> {
        Ok(Reply::Nothing)
    }
}

/// A stream, whose items are to be asked about.
pub struct AsStream<S>(PhantomData<fn() -> S>);

impl<S: Stream> AsStream<S> {
    /// The probe of its items.
    pub fn probe_item(&self) -> Returned<S::Item> {
        Returned::new()
    }

    /// A stream of such items.
    pub fn probe_items<I>(self, items: I) -> AsStreamOf<I> {
        AsStreamOf(items)
    }
}

impl<S> fmt::Debug for AsStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AsStream")
    }
}

/// A stream of known items.
#[derive(Clone, Copy, Debug)]
pub struct AsStreamOf<I>(I);

impl<'a, S, I> ReplyKind<'a, S> for AsStreamOf<I>
where
    S: Stream + Send + 'a,
    I: Encode<'a, S::Item> + Copy + Send + 'a,
{
    fn reply(self, stream: S) -> Result<Reply<'a>, HandlerError> {
        let items = self.0;
        Ok(Reply::stream(stream.map(move |item| items.encode(item))))
    }
}

/// First answer: what is known by its type.
pub trait KnownReplyKind {
    /// The kind.
    type Kind;
    /// The answer.
    fn probe_reply_kind(&self) -> Self::Kind;
}

impl KnownReplyKind for &&&Returned<()> {
    type Kind = AsNothing;
    fn probe_reply_kind(&self) -> AsNothing {
        AsNothing
    }
}

impl<T: Serialize> KnownReplyKind for &&&Returned<WsResponse<T>> {
    type Kind = AsResponse;
    fn probe_reply_kind(&self) -> AsResponse {
        AsResponse
    }
}

/// Second answer: a stream.
pub trait StreamReplyKind {
    /// The stream.
    type Stream;
    /// The answer.
    fn probe_reply_kind(&self) -> AsStream<Self::Stream> {
        AsStream(PhantomData)
    }
}

impl<S: Stream> StreamReplyKind for &&Returned<S> {
    type Stream = S;
}

/// Third answer: a value.
pub trait ValueReplyKind {
    /// The answer.
    fn probe_reply_kind(&self) -> AsValue {
        AsValue
    }
}

impl<T: Serialize> ValueReplyKind for &Returned<T> {}

/// Nothing implements it.
#[diagnostic::on_unimplemented(
    message = "a handler cannot reply with `{Self}`",
    label = "neither `serde::Serialize`, nor a `WsResponse`, nor a stream of these",
    note = "add `#[derive(serde::Serialize)]` to your type, or return nothing"
)]
pub trait HandlerReply {}

/// Last answer.
pub trait AnyReplyKind {
    /// The value's type.
    type Value;
    /// A sentence.
    fn probe_reply_kind(&self) -> NoReply
    where
        Self::Value: HandlerReply,
    {
        NoReply
    }
}

impl<T> AnyReplyKind for Returned<T> {
    type Value = T;
}
