//! Notices handlers that hold a thread for long: everything else on that thread waits for them.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::{Duration, Instant};

use super::handler::Handler;

/// A handler that runs this long without waiting is worth a warning.
const SLOW_POLL: Duration = Duration::from_millis(100);

pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Warns if the handler has held its thread since `started` for longer than it should; tells how long it
/// was.
pub(crate) fn check(started: Instant, handler: &Handler) -> Duration {
    let held = started.elapsed();
    if held > SLOW_POLL {
        tracing::warn!(
            handler = format_args!("{}::{}", handler.target.gateway(), handler.descriptor.method),
            event = handler.descriptor.event,
            ?held,
            "a handler holds its thread: move the work to `tokio::task::spawn_blocking`, or await in between"
        );
    }
    held
}

/// Runs a handler's future, watching each poll of it.
pub(crate) async fn watched<F: Future>(handler: &Handler, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        let started = now();
        let polled = future.as_mut().poll(cx);
        check(started, handler);
        polled
    })
    .await
}
