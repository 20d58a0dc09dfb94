//! What one receiver is subscribed to.

use std::collections::HashSet;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::super::driver::Topic;
use super::lane::Lane;
use super::{Bus, Receive};

/// The subscriptions of one receiver; they end when it is dropped.
pub(crate) struct Membership {
    bus: Bus,
    lane: Arc<Lane>,
    receiver: Weak<dyn Receive>,
    topics: Mutex<HashSet<Topic>>,
}

impl std::fmt::Debug for Membership {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Membership").field("topics", &self.topics).finish_non_exhaustive()
    }
}

impl Membership {
    pub(super) fn new(bus: Bus, lane: Arc<Lane>, receiver: Weak<dyn Receive>) -> Self {
        Self { bus, lane, receiver, topics: Mutex::default() }
    }

    /// Subscribes to more topics.
    pub(crate) fn subscribe(&self, topics: Vec<Topic>) {
        self.topics.lock().extend(topics.iter().cloned());
        self.lane.add(topics, &self.receiver);
    }

    /// Ends a subscription, if there is one.
    pub(crate) fn unsubscribe(&self, topic: Topic) {
        if self.topics.lock().remove(&topic) {
            self.lane.remove(vec![topic], &self.receiver, None);
        }
    }

    /// Waits until Redis has confirmed all that was asked for.
    pub(crate) async fn ready(&self) {
        let mut up = self.lane.follow_up();
        if up.wait_for(|up| *up).await.is_err() {
            return;
        }
        let (done, confirmed) = oneshot::channel();
        self.lane.confirm(done);
        // An error says that the bus has stopped.
        let _ = confirmed.await;
    }

    /// Whether messages come.
    pub(crate) fn is_up(&self) -> bool {
        self.lane.is_up()
    }

    /// Ends all subscriptions, and waits until Redis knows; it does not wait if Redis is away.
    pub(crate) async fn leave(&self) {
        let topics = std::mem::take(&mut *self.topics.lock());
        if topics.is_empty() {
            return;
        }
        let (done, confirmed) = oneshot::channel();
        self.lane.remove(topics.into_iter().collect(), &self.receiver, Some(done));
        let mut up = self.lane.follow_up();
        tokio::select! {
            _ = confirmed => {}
            _ = up.wait_for(|up| !*up) => {}
        }
        self.bus.left(&self.lane);
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let topics = std::mem::take(self.topics.get_mut());
        if !topics.is_empty() {
            self.lane.remove(topics.into_iter().collect(), &self.receiver, None);
            self.bus.left(&self.lane);
        }
    }
}
