//! Handlers that outlive their client: counted, capped, and waited for when the server stops.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use gateway_core::telemetry;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

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
    tasks: TaskTracker,
    slots: Arc<Semaphore>,
}

impl DetachedHandlers {
    pub(crate) fn new(limits: DetachedLimits) -> Self {
        Self { tasks: TaskTracker::new(), slots: Arc::new(Semaphore::new(limits.max_detached)) }
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
        self.tasks.spawn(async move {
            work.await;
            drop(slot);
        });
    }

    /// Waits until nothing runs any more, for this long at most; returns how many connections'
    /// handlers still run.
    pub(crate) async fn wait(&self, limit: Duration) -> usize {
        self.tasks.close();
        if tokio::time::timeout(limit, self.tasks.wait()).await.is_err() { self.tasks.len() } else { 0 }
    }
}
