//! One subscribing connection: which topics it has, and whom their messages are for.
//!
//! It says what Redis must be told; who tells it is in `subscriber`.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};

use gateway_core::telemetry;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::super::driver::{Delivery, Push, Receiver, Refusal, Topic};
use super::{Receive, Stats};

/// One subscribing connection, and whom its messages are for.
pub(super) struct Lane {
    state: Mutex<State>,
    changed: Notify,
    /// Whether Redis has confirmed all subscriptions on a connection that works.
    up: watch::Sender<bool>,
    stats: Arc<Stats>,
    stop: CancellationToken,
}

#[derive(Default)]
struct State {
    routes: HashMap<Topic, Receivers>,
    /// A connection follows what changes; without one `routes` say it all, and nothing piles up.
    following: bool,
    /// What Redis has not been told yet, in order.
    changes: Vec<Change>,
    /// What Redis has refused, until it is asked again.
    refused: HashSet<Topic>,
    /// Why it has refused one of them.
    refusal: Option<Arc<str>>,
    /// How often Redis has ended a subscription that is wanted.
    ended: u64,
}

/// A change that Redis must be told.
pub(super) struct Change {
    pub(super) topics: Vec<Topic>,
    pub(super) subscribe: bool,
    /// Told when Redis has confirmed it.
    pub(super) done: Option<oneshot::Sender<()>>,
}

/// Who gets the messages of a topic: one, but for a room whose name makes its channel that of another namespace.
enum Receivers {
    One(Weak<dyn Receive>),
    Several(Vec<Weak<dyn Receive>>),
}

impl Receivers {
    fn all(&self) -> &[Weak<dyn Receive>] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(all) => all,
        }
    }

    fn add(&mut self, receiver: &Weak<dyn Receive>) {
        if !self.all().iter().any(|known| known.ptr_eq(receiver)) {
            let all = self.all().iter().chain([receiver]).cloned();
            *self = Self::Several(all.collect());
        }
    }

    /// Takes one out; whether nobody is left.
    fn remove(&mut self, receiver: &Weak<dyn Receive>) -> bool {
        let mut others: Vec<_> = self.all().iter().filter(|known| !known.ptr_eq(receiver)).cloned().collect();
        match others.len() {
            0 => return true,
            1 => *self = Self::One(others.remove(0)),
            _ => *self = Self::Several(others),
        }
        false
    }
}

impl Lane {
    pub(super) fn new(stats: Arc<Stats>, stop: &CancellationToken) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            changed: Notify::new(),
            up: watch::Sender::new(false),
            stats,
            stop: stop.child_token(),
        })
    }

    pub(super) fn is_free_for(&self, topics: &[Topic]) -> bool {
        let state = self.state.lock();
        !topics.iter().any(|topic| state.routes.contains_key(topic))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.state.lock().routes.is_empty()
    }

    pub(super) fn is_up(&self) -> bool {
        *self.up.borrow()
    }

    /// Follows [`is_up`](Self::is_up).
    pub(super) fn follow_up(&self) -> watch::Receiver<bool> {
        self.up.subscribe()
    }

    pub(super) fn set_up(&self, is_up: bool) {
        self.up.send_replace(is_up);
    }

    pub(super) fn stop(&self) {
        self.stop.cancel();
    }

    /// Resolves when it is to end.
    pub(super) async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Resolves when Redis must be told something.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// The function that takes the messages of a connection.
    pub(super) fn receiver(self: &Arc<Self>) -> Receiver {
        let lane = Arc::downgrade(self);
        Arc::new(move |push| {
            let Some(lane) = lane.upgrade() else { return };
            match push {
                Push::Message(delivery) => lane.route(delivery),
                Push::Unsubscribed(topic) => lane.unsubscribed(topic),
            }
        })
    }

    fn route(&self, delivery: Delivery) {
        let mut several = Vec::new();
        let first = {
            let state = self.state.lock();
            let Some(receivers) = state.routes.get(&delivery.topic) else { return };
            let (first, others) = receivers
                .all()
                .split_first()
                .map_or((None, &[][..]), |(first, others)| (first.upgrade(), others));
            several.extend(others.iter().filter_map(Weak::upgrade));
            first
        };
        if first.is_none() && several.is_empty() {
            return;
        }
        self.stats.received();
        for receiver in several {
            hand_over(&*receiver, delivery.clone());
        }
        if let Some(receiver) = first {
            hand_over(&*receiver, delivery);
        }
    }

    /// Redis has ended a subscription. If it is wanted, nobody has asked for that: the slot of its channel has moved to
    /// another node of a Redis Cluster. (Or somebody has changed their mind meanwhile, and it is asked for twice.)
    fn unsubscribed(&self, topic: Topic) {
        {
            let mut state = self.state.lock();
            if !state.routes.contains_key(&topic) {
                return;
            }
            state.ended += 1;
        }
        tracing::debug!(topic = topic.name(), "Redis has ended a subscription: it is asked for again");
        self.change(Change { topics: vec![topic], subscribe: true, done: None });
    }

    /// How often Redis has ended a subscription that is wanted.
    pub(super) fn ended(&self) -> u64 {
        self.state.lock().ended
    }

    /// Hands the messages of topics to a receiver as well, and tells Redis of those that are new.
    pub(super) fn add(&self, mut topics: Vec<Topic>, receiver: &Weak<dyn Receive>) {
        let mut state = self.state.lock();
        topics.retain(|topic| match state.routes.get_mut(topic) {
            Some(receivers) => {
                receivers.add(receiver);
                false
            }
            None => {
                state.routes.insert(topic.clone(), Receivers::One(receiver.clone()));
                true
            }
        });
        drop(state);
        self.change(Change { topics, subscribe: true, done: None });
    }

    /// The end of [`add`](Self::add); Redis is told of topics that nobody is left for.
    pub(super) fn remove(
        &self,
        mut topics: Vec<Topic>,
        receiver: &Weak<dyn Receive>,
        done: Option<oneshot::Sender<()>>,
    ) {
        let mut state = self.state.lock();
        topics.retain(|topic| {
            let ends = state.routes.get_mut(topic).is_some_and(|receivers| receivers.remove(receiver));
            if ends {
                state.routes.remove(topic);
                state.refused.remove(topic);
            }
            ends
        });
        if state.refused.is_empty() {
            state.refusal = None;
        }
        drop(state);
        self.change(Change { topics, subscribe: false, done });
    }

    /// Tells when all that was asked for before is confirmed.
    pub(super) fn confirm(&self, done: oneshot::Sender<()>) {
        self.change(Change { topics: Vec::new(), subscribe: true, done: Some(done) });
    }

    fn change(&self, mut change: Change) {
        if change.topics.is_empty() && change.done.is_none() {
            return;
        }
        let mut state = self.state.lock();
        if !state.following {
            if change.done.is_none() {
                return;
            }
            change.topics.clear();
        }
        match state.changes.last_mut() {
            // A client that joins a thousand rooms costs one round trip, not a thousand.
            Some(last) if last.done.is_none() && last.subscribe == change.subscribe => {
                last.topics.extend(change.topics);
                last.done = change.done;
            }
            _ => state.changes.push(change),
        }
        drop(state);
        self.changed.notify_one();
    }

    /// All topics, in place of what changed before.
    pub(super) fn all(&self) -> (Vec<Topic>, Vec<Change>) {
        let mut state = self.state.lock();
        state.following = true;
        state.refused.clear();
        state.refusal = None;
        (state.routes.keys().cloned().collect(), std::mem::take(&mut state.changes))
    }

    /// The connection is lost: the next one is told everything, and nothing is left but who waits.
    pub(super) fn lost(&self) {
        let mut state = self.state.lock();
        state.following = false;
        state.changes.retain_mut(|change| {
            change.topics.clear();
            change.done.is_some()
        });
    }

    /// Those who wait for changes that could not be told wait on.
    pub(super) fn wait_on(&self, changes: Vec<Change>) {
        let waiting = changes.into_iter().filter(|change| change.done.is_some());
        let again = waiting.map(|change| Change { topics: Vec::new(), ..change });
        self.state.lock().changes.extend(again);
    }

    pub(super) fn take_changes(&self) -> Vec<Change> {
        std::mem::take(&mut self.state.lock().changes)
    }

    /// What came of asking for topics: the others of them were allowed. What is refused is said once.
    pub(super) fn asked(&self, topics: &[Topic], refusals: Vec<Refusal>) {
        let mut state = self.state.lock();
        if refusals.is_empty() && state.refused.is_empty() {
            return;
        }
        let before: HashSet<Topic> = topics.iter().filter_map(|topic| state.refused.take(topic)).collect();
        let mut new = refusals.iter().filter(|refusal| !before.contains(&refusal.topic));
        if let Some(first) = new.next() {
            let count = 1 + new.count();
            tracing::error!(
                topic = first.topic.name(),
                reason = &*first.reason,
                count,
                "Redis has refused subscriptions: what other servers send there does not arrive; allow the channels in its ACL"
            );
            (0..count).for_each(|_| telemetry::adapter_error("subscription"));
        }
        for Refusal { topic, reason } in refusals {
            // It may have ended meanwhile.
            if state.routes.contains_key(&topic) {
                let text = format!("Redis has refused the subscription to {}: {reason}", topic.name());
                state.refusal = Some(text.into());
                state.refused.insert(topic);
            }
        }
        if state.refused.is_empty() {
            state.refusal = None;
            if !before.is_empty() {
                tracing::info!("Redis allows the subscriptions that it had refused");
            }
        }
    }

    /// Asks again for what was refused: an operator may have allowed it.
    pub(super) fn retry_refused(&self) {
        let topics: Vec<_> = self.state.lock().refused.iter().cloned().collect();
        self.change(Change { topics, subscribe: true, done: None });
    }

    /// Why Redis has refused a subscription that is wanted.
    pub(super) fn refusal(&self) -> Option<Arc<str>> {
        self.state.lock().refusal.clone()
    }
}

/// The connection belongs to all namespaces: one that panics must not end it.
fn hand_over(receiver: &dyn Receive, delivery: Delivery) {
    if catch_unwind(AssertUnwindSafe(|| receiver.receive(delivery))).is_err() {
        tracing::error!("a message of another server ended in a panic");
    }
}
