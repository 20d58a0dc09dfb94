//! Subscriptions: who gets which messages, and the tasks that keep them alive.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::super::driver::{Connection, Delivery, DriverError, Receiver, Topic};
use super::backoff::Backoff;
use super::{Bus, Receive, Shared, Stats, stats};

/// Topics that must be confirmed within the time for an answer.
const TOPICS_AT_ONCE: usize = 2000;

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
    routes: HashMap<Topic, Weak<dyn Receive>>,
    /// A connection follows what changes; without one `routes` say it all, and nothing piles up.
    following: bool,
    /// What Redis has not been told yet, in order.
    changes: Vec<Change>,
}

struct Change {
    topics: Vec<Topic>,
    subscribe: bool,
    done: Option<oneshot::Sender<()>>,
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

    pub(super) fn stop(&self) {
        self.stop.cancel();
    }

    /// The function that takes the messages of a connection.
    pub(super) fn receiver(self: &Arc<Self>) -> Receiver {
        let lane = Arc::downgrade(self);
        Arc::new(move |delivery| {
            if let Some(lane) = lane.upgrade() {
                lane.route(delivery);
            }
        })
    }

    fn route(&self, delivery: Delivery) {
        let receiver = self.state.lock().routes.get(&delivery.topic).and_then(Weak::upgrade);
        let Some(receiver) = receiver else { return };
        self.stats.received();
        // The connection belongs to all namespaces: one that panics must not end it.
        if catch_unwind(AssertUnwindSafe(|| receiver.receive(delivery))).is_err() {
            tracing::error!("a message of another server ended in a panic");
        }
    }

    fn change(&self, mut change: Change) {
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
    fn all(&self) -> (Vec<Topic>, Vec<Change>) {
        let mut state = self.state.lock();
        state.following = true;
        (state.routes.keys().cloned().collect(), std::mem::take(&mut state.changes))
    }

    /// The connection is lost: the next one is told everything, and nothing is left but who waits.
    fn lost(&self) {
        let mut state = self.state.lock();
        state.following = false;
        state.changes.retain_mut(|change| {
            change.topics.clear();
            change.done.is_some()
        });
    }

    fn take_changes(&self) -> Vec<Change> {
        std::mem::take(&mut self.state.lock().changes)
    }
}

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
        {
            let mut state = self.lane.state.lock();
            for topic in &topics {
                state.routes.insert(topic.clone(), self.receiver.clone());
            }
        }
        self.topics.lock().extend(topics.iter().cloned());
        self.lane.change(Change { topics, subscribe: true, done: None });
    }

    /// Ends a subscription, if there is one.
    pub(crate) fn unsubscribe(&self, topic: Topic) {
        if self.topics.lock().remove(&topic) {
            self.end(vec![topic], None);
        }
    }

    fn end(&self, topics: Vec<Topic>, done: Option<oneshot::Sender<()>>) {
        {
            let mut state = self.lane.state.lock();
            for topic in &topics {
                state.routes.remove(topic);
            }
        }
        self.lane.change(Change { topics, subscribe: false, done });
    }

    /// Waits until Redis has confirmed all that was asked for.
    pub(crate) async fn ready(&self) {
        let mut up = self.lane.up.subscribe();
        if up.wait_for(|up| *up).await.is_err() {
            return;
        }
        let (done, confirmed) = oneshot::channel();
        self.lane.change(Change { topics: Vec::new(), subscribe: true, done: Some(done) });
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
        self.end(topics.into_iter().collect(), Some(done));
        let mut up = self.lane.up.subscribe();
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
            self.end(topics.into_iter().collect(), None);
            self.bus.left(&self.lane);
        }
    }
}

/// Keeps the subscriptions of a lane alive until it is stopped.
pub(super) async fn run(shared: Arc<Shared>, lane: Arc<Lane>, first: Option<Arc<dyn Connection>>) {
    tokio::select! {
        () = lane.stop.cancelled() => {}
        () = keep_subscribed(&shared, &lane, first) => {}
    }
    set_up(&shared, &lane, false);
}

/// Tells everybody whether the subscriptions of a lane work.
fn set_up(shared: &Shared, lane: &Lane, is_up: bool) {
    lane.up.send_replace(is_up);
    shared.connections_changed();
}

async fn keep_subscribed(shared: &Shared, lane: &Arc<Lane>, first: Option<Arc<dyn Connection>>) {
    let mut next = first;
    let mut backoff = Backoff::default();
    let mut was_lost = false;
    loop {
        let connection = match next.take() {
            Some(connection) => Ok(connection),
            None => connect(shared, lane).await,
        };
        let error = match connection {
            Ok(connection) => match resubscribe(shared, lane, &connection).await {
                Ok(()) => {
                    backoff.connected();
                    if std::mem::replace(&mut was_lost, false) {
                        shared.stats.back(stats::SUBSCRIBING);
                    }
                    set_up(shared, lane, true);
                    let error = follow(shared, lane, &connection).await;
                    set_up(shared, lane, false);
                    error
                }
                Err(error) => error,
            },
            Err(error) => error,
        };
        lane.lost();
        if std::mem::replace(&mut was_lost, true) {
            shared.stats.failed(&error);
        } else {
            shared.stats.lost(stats::SUBSCRIBING, &error);
        }
        backoff.wait().await;
    }
}

async fn connect(shared: &Shared, lane: &Arc<Lane>) -> Result<Arc<dyn Connection>, DriverError> {
    in_time(shared, shared.driver.connect(Some(lane.receiver()))).await
}

async fn in_time<T>(
    shared: &Shared,
    answer: impl Future<Output = Result<T, DriverError>>,
) -> Result<T, DriverError> {
    match timeout(shared.options.timeout, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(DriverError::Lost("Redis does not answer".into())),
    }
}

/// Subscribes or ends subscriptions, some at a time: how long Redis may take does not depend on how many
/// rooms there are.
async fn tell(
    shared: &Shared,
    connection: &Arc<dyn Connection>,
    topics: &[Topic],
    subscribe: bool,
) -> Result<(), DriverError> {
    for topics in topics.chunks(TOPICS_AT_ONCE) {
        if subscribe {
            in_time(shared, connection.subscribe(topics)).await?;
        } else {
            in_time(shared, connection.unsubscribe(topics)).await?;
        }
    }
    Ok(())
}

/// Subscribes a new connection to everything.
async fn resubscribe(
    shared: &Shared,
    lane: &Lane,
    connection: &Arc<dyn Connection>,
) -> Result<(), DriverError> {
    let (topics, changes) = lane.all();
    let subscribed = tell(shared, connection, &topics, true).await;
    if subscribed.is_err() {
        // They wait on; nothing but their ends is left of them.
        let done = changes.into_iter().filter(|change| change.done.is_some());
        let again = done.map(|change| Change { topics: Vec::new(), ..change });
        lane.state.lock().changes.extend(again);
    }
    subscribed
}

/// Follows what changes, until the connection is lost.
async fn follow(shared: &Shared, lane: &Lane, connection: &Arc<dyn Connection>) -> DriverError {
    let mut closed = connection.closed();
    loop {
        let ping = tokio::time::sleep_until(Instant::now() + shared.options.ping_interval);
        let result = tokio::select! {
            () = &mut closed => return DriverError::Lost("the connection was closed".into()),
            () = lane.changed.notified() => apply(shared, lane, connection).await,
            () = ping => in_time(shared, connection.ping()).await,
        };
        match result {
            Ok(()) => {}
            Err(error @ DriverError::Refused(_)) => shared.stats.failed(&error),
            Err(error) => return error,
        }
    }
}

async fn apply(shared: &Shared, lane: &Lane, connection: &Arc<dyn Connection>) -> Result<(), DriverError> {
    for Change { topics, subscribe, done } in lane.take_changes() {
        match tell(shared, connection, &topics, subscribe).await {
            // Nobody has to wait for it.
            Ok(()) => drop(done.map(|done| done.send(()))),
            // What comes after it may still be allowed.
            Err(error @ DriverError::Refused(_)) => {
                tracing::error!(%error, ?topics, "Redis has refused a subscription");
                shared.stats.failed(&error);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
