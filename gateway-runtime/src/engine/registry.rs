//! All sessions of one engine: found by id, closed together, waited for.
//!
//! Knows links only, never what runs in a session.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{CloseReason, SessionLink};

/// A session in the set, equal to its id.
struct Entry(Arc<SessionLink>);

impl Borrow<str> for Entry {
    fn borrow(&self) -> &str {
        self.0.id()
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.0.id() == other.0.id()
    }
}

impl Eq for Entry {}

impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id().hash(state);
    }
}

/// The sessions of one engine.
#[derive(Default)]
pub(crate) struct Registry {
    sessions: Mutex<HashSet<Entry>>,
    /// Session tasks that have not returned: more than open sessions while closed ones still wait for
    /// their client's side of the close.
    tasks: AtomicUsize,
    idle: Notify,
    stopped: AtomicBool,
}

impl Registry {
    /// Adds a session; `None` if its id is taken or no new sessions are taken.
    pub(crate) fn register(self: &Arc<Self>, link: &Arc<SessionLink>) -> Option<Registration> {
        let mut sessions = self.sessions.lock();
        // Read under the lock, so that `close_all` after `stop` sees every session.
        if self.stopped.load(Ordering::Relaxed) || !sessions.insert(Entry(Arc::clone(link))) {
            return None;
        }
        self.tasks.fetch_add(1, Ordering::Relaxed);
        Some(Registration { registry: Arc::clone(self), link: Arc::clone(link), listed: true })
    }

    /// The open session of that id.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<SessionLink>> {
        self.sessions.lock().get(id).map(|entry| Arc::clone(&entry.0))
    }

    /// How many sessions are open.
    pub(crate) fn len(&self) -> usize {
        self.sessions.lock().len()
    }

    /// From now on no new session opens.
    pub(crate) fn stop(&self) {
        let _sessions = self.sessions.lock();
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether new sessions are refused.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Closes every session that is open now, each at a random instant within the window; returns when
    /// the last has been told.
    pub(crate) async fn close_all(&self, reason: CloseReason, window: Duration) {
        let start = Instant::now();
        let links: Vec<_> = self.sessions.lock().iter().map(|entry| Arc::clone(&entry.0)).collect();
        let mut due: Vec<_> =
            links.into_iter().map(|link| (window.mul_f64(random_fraction()), link)).collect();
        due.sort_unstable_by_key(|(delay, _)| *delay);
        for (delay, link) in due {
            if !delay.is_zero() {
                tokio::time::sleep_until(start + delay).await;
            }
            link.close(reason.clone());
        }
    }

    /// Waits until no session is left, closed ones that wait for their client included.
    pub(crate) async fn wait_idle(&self) {
        loop {
            let mut notified = std::pin::pin!(self.idle.notified());
            // Enabled before the check, or a session that ends in between would go unnoticed.
            notified.as_mut().enable();
            if self.tasks.load(Ordering::Acquire) == 0 {
                return;
            }
            notified.await;
        }
    }
}

/// A random number in `0.0..1.0`; zero if the system has no randomness to give, which only costs the spread.
fn random_fraction() -> f64 {
    getrandom::u32().map_or(0.0, |number| f64::from(number) / (f64::from(u32::MAX) + 1.0))
}

/// A session's place in the registry: given up when it closes, at the latest when its task is dropped.
pub(crate) struct Registration {
    registry: Arc<Registry>,
    link: Arc<SessionLink>,
    listed: bool,
}

impl Registration {
    /// The session is no longer found.
    pub(crate) fn leave(&mut self) {
        if std::mem::take(&mut self.listed) {
            self.registry.sessions.lock().remove(self.link.id());
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.leave();
        self.link.finish();
        if self.registry.tasks.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.registry.idle.notify_waiters();
        }
    }
}
