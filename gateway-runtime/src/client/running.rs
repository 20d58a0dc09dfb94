//! The futures that run for one connection, each with a label that says what has ended.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{FuturesUnordered, StreamExt};

use super::metrics::Share;
use super::{ClientKey, Task};

/// What a future was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    /// A handler, or a disconnect hook.
    Handler,
    /// The connection hooks of this client.
    Greeting(ClientKey),
}

struct Labelled {
    label: Label,
    task: Task,
}

impl Future for Labelled {
    type Output = Label;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Label> {
        let label = self.label;
        self.task.as_mut().poll(cx).map(|()| label)
    }
}

/// The running futures of one connection. Nothing is allocated before the first one waits.
#[derive(Default)]
pub(crate) struct Running {
    waiting: Option<Box<Waiting>>,
}

struct Waiting {
    futures: FuturesUnordered<Labelled>,
    counted: Share,
}

impl Default for Waiting {
    fn default() -> Self {
        Self { futures: FuturesUnordered::new(), counted: Share::running_handlers() }
    }
}

impl Running {
    /// Runs a future up to its first wait, so that those of one connection start in order. Returns
    /// true if it has ended.
    pub(crate) fn start(&mut self, label: Label, mut task: Task, cx: &mut Context<'_>) -> bool {
        if task.as_mut().poll(cx).is_ready() {
            return true;
        }
        let waiting = self.waiting.get_or_insert_default();
        waiting.futures.push(Labelled { label, task });
        waiting.counted.add();
        // It was polled with the waker of the whole session; the set polls it once more to give it
        // its own.
        cx.waker().wake_by_ref();
        false
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.as_ref().map_or(0, |waiting| waiting.futures.len())
    }

    /// The next one that has ended; pending while none has.
    pub(crate) fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<Label> {
        let Some(waiting) = &mut self.waiting else { return Poll::Pending };
        match waiting.futures.poll_next_unpin(cx) {
            Poll::Ready(Some(label)) => {
                waiting.counted.remove();
                Poll::Ready(label)
            }
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}
