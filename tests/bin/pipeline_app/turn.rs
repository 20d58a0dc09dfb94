//! Waiting for nothing in particular, as `await Promise.resolve()` does.

use std::future::poll_fn;
use std::task::Poll;

/// Lets the others run once. It asks to be polled again at once (`tokio::task::yield_now` does so only when its thread
/// has nothing else to do), so that a scenario can tell when it is over.
pub(crate) async fn turn() {
    let mut waited = false;
    poll_fn(|cx| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
