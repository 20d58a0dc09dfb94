//! Answers as bytes: head and body in one write. Must never know whom they are for.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Response, StatusCode};
use tokio::io::AsyncWrite;

/// A thread keeps a buffer of this size at most.
const KEPT_OUTPUT: usize = 64 << 10;

/// Length of `Sun, 06 Nov 1994 08:49:37 GMT`.
const DATE_LENGTH: usize = 29;

thread_local! {
    static OUTPUT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    /// Seconds since 1970, and the same as HTTP has it.
    static DATE: Cell<(u64, [u8; DATE_LENGTH])> = const { Cell::new((u64::MAX, [0; DATE_LENGTH])) };
}

/// Whether an answer itself says that the connection ends with it.
pub(super) fn says_close(response: &Response<Bytes>) -> bool {
    let mut values = response.headers().get_all(http::header::CONNECTION).iter();
    values.any(|value| value.as_bytes().eq_ignore_ascii_case(b"close"))
}

/// Sends an answer; `last` says that the connection ends with it.
pub(super) async fn send<S: AsyncWrite + Unpin>(
    stream: &mut S,
    response: Response<Bytes>,
    last: bool,
) -> io::Result<()> {
    let mut unsent = Some(response);
    // What is left after the first attempt: nearly always nothing.
    let (mut rest, mut sent) = (Vec::new(), 0);
    std::future::poll_fn(|cx| {
        // Not kept while the client takes the rest, which is a copy.
        match unsent.take() {
            Some(response) => {
                let mut output = OUTPUT.take();
                encode(&response, last, &mut output);
                let mut written = 0;
                let outcome = poll_write_all(stream, &output, &mut written, cx);
                if outcome.is_pending() {
                    rest = output.split_off(written);
                }
                keep(output);
                ready!(outcome)?;
            }
            None => ready!(poll_write_all(stream, &rest, &mut sent, cx))?,
        }
        Pin::new(&mut *stream).poll_flush(cx)
    })
    .await
}

/// Keeps the buffer for the thread's next answer.
fn keep(mut output: Vec<u8>) {
    // What is in it would be kept, whatever its size.
    output.clear();
    output.shrink_to(KEPT_OUTPUT);
    OUTPUT.set(output);
}

fn poll_write_all<S: AsyncWrite + Unpin>(
    stream: &mut S,
    bytes: &[u8],
    written: &mut usize,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while *written < bytes.len() {
        match ready!(Pin::new(&mut *stream).poll_write(cx, &bytes[*written..]))? {
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            more => *written += more,
        }
    }
    Poll::Ready(Ok(()))
}

/// As hyper does: lines that are ours come last.
fn encode(response: &Response<Bytes>, last: bool, output: &mut Vec<u8>) {
    let (status, body) = (response.status(), response.body());
    output.reserve(256 + body.len());
    output.extend_from_slice(b"HTTP/1.1 ");
    output.extend_from_slice(status.as_str().as_bytes());
    output.push(b' ');
    output.extend_from_slice(status.canonical_reason().unwrap_or("<none>").as_bytes());
    output.extend_from_slice(b"\r\n");
    let headers = response.headers();
    for (name, value) in headers {
        // How the body is sent is said below.
        if matches!(*name, http::header::CONTENT_LENGTH | http::header::TRANSFER_ENCODING) {
            continue;
        }
        output.extend_from_slice(name.as_str().as_bytes());
        output.extend_from_slice(b": ");
        output.extend_from_slice(value.as_bytes());
        output.extend_from_slice(b"\r\n");
    }
    if last && !headers.contains_key(http::header::CONNECTION) {
        output.extend_from_slice(b"connection: close\r\n");
    }
    let has_body = !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if has_body {
        output.extend_from_slice(b"content-length: ");
        push_number(body.len(), output);
        output.extend_from_slice(b"\r\n");
    }
    if !headers.contains_key(http::header::DATE) {
        output.extend_from_slice(b"date: ");
        output.extend_from_slice(&date());
        output.extend_from_slice(b"\r\n");
    }
    output.extend_from_slice(b"\r\n");
    if has_body {
        output.extend_from_slice(body);
    }
}

fn push_number(mut number: usize, output: &mut Vec<u8>) {
    let start = output.len();
    loop {
        #[expect(clippy::cast_possible_truncation, reason = "one digit")]
        output.push(b'0' + (number % 10) as u8);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    output[start..].reverse();
}

/// The time, made anew each second.
fn date() -> [u8; DATE_LENGTH] {
    let now = SystemTime::now();
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let (made, text) = DATE.get();
    if made == seconds {
        return text;
    }
    let mut text = [b' '; DATE_LENGTH];
    let formatted = httpdate::fmt_http_date(now);
    if formatted.len() == DATE_LENGTH {
        text.copy_from_slice(formatted.as_bytes());
    }
    DATE.set((seconds, text));
    text
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt;
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn the_buffer_of_a_large_answer_is_not_kept() {
        for pipe in [1 << 20, 100 << 10, 1] {
            let (mut client, mut server) = tokio::io::duplex(pipe);
            let body = Bytes::from(vec![b'a'; 4 * KEPT_OUTPUT]);
            let mut sent = pin!(send(&mut server, Response::new(body), false));
            // The buffer goes back at the first attempt, which a small pipe cuts short.
            let outcome = sent.as_mut().now_or_never();
            assert_eq!(outcome.is_some(), pipe > 4 * KEPT_OUTPUT, "{pipe}");
            assert!(client.read_u8().now_or_never().is_some(), "something was sent");
            let kept = OUTPUT.take();
            assert!(kept.is_empty() && kept.capacity() <= KEPT_OUTPUT, "{} of {pipe}", kept.capacity());
            OUTPUT.set(kept);
        }
    }
}
