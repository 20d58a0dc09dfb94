//! HTTP/1.1 without an HTTP server, for requests that are as most of polling's are: whole when they are read, with a
//! body of known length, answered by one write.
//!
//! A connection starts here. The first request that is anything else goes to hyper as it came, and the connection with
//! it, for good. Between requests, and while an answer is waited for, a connection has no buffers here: they are the
//! thread's. It must never know what is asked for.

mod head;
mod write;

use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::WaitForCancellationFuture;

pub(crate) use self::head::DirectRequest;
use super::ConnectionOptions;
use super::stream::{Open, Stream};

/// What a thread reads with; larger requests are hyper's.
const INPUT_SIZE: usize = 16 << 10;

thread_local! {
    static INPUT: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// An answer that is waited for.
pub(crate) type DirectAnswer = BoxFuture<'static, Response<Bytes>>;

/// Answers requests without a router.
pub(crate) trait Direct: Send + Sync {
    /// Whether requests with this target (path and query) are short on both ways and answered at once. They need not
    /// be [`answer`](Self::answer)ed.
    fn knows(&self, target: &str) -> bool;

    /// The answer to a GET or a POST; `None` leaves it to the router.
    fn answer(&self, request: &DirectRequest<'_>) -> Option<DirectAnswer>;
}

/// What requests are answered with.
pub(super) struct Answers<R> {
    pub(super) direct: Arc<dyn Direct>,
    /// Whether the router must see all of them.
    pub(super) by_router: bool,
    /// Asks the router.
    pub(super) route: R,
}

/// What a read brought.
enum Turn {
    Answering(DirectAnswer),
    /// Something for hyper.
    Other(Bytes),
    End,
}

/// What a wait for an answer ended with.
enum Waited {
    Answer(Response<Bytes>),
    /// The client has gone.
    Gone,
}

/// Answers requests until one is hyper's, which is returned as far as it was read; `None` when the connection is over.
pub(super) async fn converse<R>(
    stream: &mut Stream,
    answers: &Answers<R>,
    open: &Open,
    options: &ConnectionOptions,
    mut stopped: Pin<&mut WaitForCancellationFuture<'_>>,
) -> Option<Bytes>
where
    R: Fn(Request<Body>) -> DirectAnswer,
{
    let mut stopping = false;
    loop {
        let turn = std::future::poll_fn(|cx| {
            if stopping || stopped.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Turn::End);
            }
            poll_turn(stream, answers, open, options, cx)
        });
        let mut answer = match turn.await {
            Turn::Answering(answer) => answer,
            Turn::Other(read) => return Some(read),
            Turn::End => break,
        };
        let mut ahead = Bytes::new();
        let waited = std::future::poll_fn(|cx| {
            if let Poll::Ready(response) = answer.as_mut().poll(cx) {
                return Poll::Ready(Waited::Answer(response));
            }
            stopping = stopping || stopped.as_mut().poll(cx).is_ready();
            // One that asks ahead waits until this is answered.
            if ahead.is_empty() {
                match ready!(poll_input(stream, cx, Bytes::copy_from_slice)) {
                    Some(read) => ahead = read,
                    None => return Poll::Ready(Waited::Gone),
                }
            }
            Poll::Pending
        });
        let waited = waited.await;
        drop(answer);
        let Waited::Answer(response) = waited else { return None };
        open.activity.answered();
        stopping |= write::says_close(&response);
        if write::send(stream, response, stopping).await.is_err() {
            return None;
        }
        if !ahead.is_empty() && !stopping {
            return Some(ahead);
        }
    }
    // The peer may be gone already.
    let _ = std::future::poll_fn(|cx| Pin::new(&mut *stream).poll_shutdown(cx)).await;
    None
}

/// Waits for a request and lets it be answered.
fn poll_turn<R>(
    stream: &mut Stream,
    answers: &Answers<R>,
    open: &Open,
    options: &ConnectionOptions,
    cx: &mut Context<'_>,
) -> Poll<Turn>
where
    R: Fn(Request<Body>) -> DirectAnswer,
{
    let turn = ready!(poll_input(stream, cx, |input| {
        let answer = head::target(input).filter(|target| answers.direct.knows(target)).and_then(|_| {
            head::read(input, options, |request| {
                let direct = !answers.by_router && request.is_get_or_post();
                let answer = if direct { answers.direct.answer(request) } else { None };
                // One that is none after all stays a head that its client is due to finish.
                answer
                    .or_else(|| request.to_http().map(&answers.route))
                    .inspect(|_| open.activity.answering())
            })
        });
        answer.map_or_else(|| Turn::Other(Bytes::copy_from_slice(input)), Turn::Answering)
    }));
    Poll::Ready(turn.unwrap_or(Turn::End))
}

/// Reads once with the thread's buffer; `None` at the end, by an error as well.
fn poll_input<T>(
    stream: &mut Stream,
    cx: &mut Context<'_>,
    take: impl FnOnce(&[u8]) -> T,
) -> Poll<Option<T>> {
    let mut buffer = INPUT.take().unwrap_or_else(|| vec![0; INPUT_SIZE].into_boxed_slice());
    let mut input = ReadBuf::new(&mut buffer);
    let read = Pin::new(stream).poll_read(cx, &mut input);
    let read = read.map(|read| match (read, input.filled()) {
        (Err(_), _) | (Ok(()), []) => None,
        (Ok(()), input) => Some(take(input)),
    });
    INPUT.set(Some(buffer));
    read
}

#[cfg(test)]
mod tests;
