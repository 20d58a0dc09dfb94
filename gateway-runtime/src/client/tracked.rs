//! Handlers that outlive their client: counted, capped, and waited for when the server stops.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::FutureExt;
use gateway_core::telemetry;
use tokio::sync::{Semaphore, watch};

/// What the handlers of clients that are gone may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DetachedLimits {
    /// Connections whose handlers run on after the client is gone; of more than these the handlers are
    /// dropped, with a warning.
    pub(crate) max_detached: usize,
}

impl Default for DetachedLimits {
    fn default() -> Self {
        Self { max_detached: 10_000 }
    }
}

/// The tasks that run on after their connection has ended.
#[derive(Clone, Debug)]
pub(crate) struct DetachedHandlers {
    /// How many there are.
    running: watch::Sender<usize>,
    slots: Arc<Semaphore>,
}

impl DetachedHandlers {
    pub(crate) fn new(limits: DetachedLimits) -> Self {
        Self { running: watch::Sender::default(), slots: Arc::new(Semaphore::new(limits.max_detached)) }
    }

    /// Runs what is left of a connection to its end.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let Ok(slot) = self.slots.clone().try_acquire_owned() else {
            telemetry::limit_exceeded("max_detached_handlers");
            tracing::warn!(
                "handlers of a client that is gone were dropped: `max_detached_handlers` is reached"
            );
            return;
        };
        let running = Running::new(self.running.clone());
        let work = async move {
            work.await;
            drop((slot, running));
        };
        tokio::spawn(work.boxed());
    }

    /// Waits until nothing runs any more, for this long at most; returns how many connections'
    /// handlers still run.
    pub(crate) async fn wait(&self, limit: Duration) -> usize {
        let mut running = self.running.subscribe();
        // An error would mean that nobody counts any more.
        let _ = tokio::time::timeout(limit, running.wait_for(|running| *running == 0)).await;
        *running.borrow()
    }
}

/// Counted for as long as it is there, also if its task panics.
struct Running(watch::Sender<usize>);

impl Running {
    fn new(running: watch::Sender<usize>) -> Self {
        running.send_modify(|running| *running += 1);
        Self(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|running| *running -= 1);
    }
}
