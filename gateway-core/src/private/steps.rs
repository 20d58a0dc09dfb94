//! The answers of all probes put together: from a returned value to its reply.
//!
//! It must never ask anything itself.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use futures_util::future::FutureExt;

use super::conversion::Convert;
use super::reply_kind::ReplyKind;
use super::returned::Encode;
use super::shape::{Shape, Shaped};
use crate::exception::HandlerError;
use crate::reply::{Outcome, Reply};

/// Takes a value of shape `S` apart, converts its error with `C`, and replies with the rest as `K`.
pub struct Steps<S, C, K> {
    kind: K,
    others: PhantomData<fn() -> (S, C)>,
}

impl<S, C, K> Steps<S, C, K> {
    /// The steps by their answers.
    pub fn new(_: Shaped<S>, _: C, kind: K) -> Self {
        Self { kind, others: PhantomData }
    }
}

impl<S, C, K: Copy> Clone for Steps<S, C, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S, C, K: Copy> Copy for Steps<S, C, K> {}

impl<S, C, K> fmt::Debug for Steps<S, C, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Steps")
    }
}

impl<'a, S, C, K> Encode<'a, S::Whole> for Steps<S, C, K>
where
    S: Shape,
    C: Convert<S::Error>,
    K: ReplyKind<'a, S::Leaf>,
{
    fn encode(self, value: S::Whole) -> Result<Reply<'a>, HandlerError> {
        match S::split(value) {
            Ok(Some(leaf)) => self.kind.reply(leaf),
            Ok(None) => Ok(Reply::Nothing),
            Err(error) => Err(C::convert(error)),
        }
    }
}

/// The outcome of a method that returns nothing.
pub fn nothing<'a>() -> Outcome<'a> {
    Outcome::Ready(Ok(Reply::Nothing))
}

/// The outcome of an `async` method that returns nothing.
pub fn nothing_after<'a>(future: impl Future<Output = ()> + Send + 'a) -> Outcome<'a> {
    Outcome::Pending(Box::pin(future.map(|()| Ok(Reply::Nothing))))
}

/// The outcome of a message whose parameters do not decode.
pub fn failed<'a>(error: HandlerError) -> Outcome<'a> {
    Outcome::Ready(Err(error))
}

/// The outcome of a method whose parameters have pipes to wait for.
pub fn pending<'a>(reply: impl Future<Output = Result<Reply<'a>, HandlerError>> + Send + 'a) -> Outcome<'a> {
    Outcome::Pending(Box::pin(reply))
}

/// The reply of an outcome.
///
/// # Errors
/// The handler failed.
pub async fn settled(outcome: Outcome<'_>) -> Result<Reply<'_>, HandlerError> {
    match outcome {
        Outcome::Ready(reply) => reply,
        Outcome::Pending(reply) => reply.await,
    }
}
