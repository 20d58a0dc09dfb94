//! The one connection of a process to the channels of its cluster, whatever happens to Redis.
//!
//! A [`Bus`] publishes in order out of a bounded buffer, keeps subscriptions alive across reconnects, and
//! counts what it loses. It knows channels and bytes, and must never know what they mean.
//!
//! - What is published while Redis is away waits, up to a bound; what comes past it is dropped.
//! - What was being sent when the connection broke may have arrived: it is not sent again.
//! - Connections come back by themselves, each with growing, random pauses.

mod backoff;
mod held;
mod lane;
mod membership;
mod outbox;
mod presence;
mod publisher;
mod reader;
mod stats;
mod subscriber;

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use gateway_core::{AdapterError, AdapterHealth, AdapterService, AdapterStatus};
use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use self::backoff::Backoff;
use self::lane::Lane;
pub(crate) use self::membership::Membership;
use self::outbox::Outbox;
use self::presence::Presence;
use self::publisher::Publisher;
use self::reader::Reader;
pub(crate) use self::reader::{Following, ReadOptions, ReceiveEntry};
pub use self::stats::RedisAdapterStats;
pub(crate) use self::stats::Stats;
use super::certificates::Certificates;
use super::driver::{Delivery, Driver, DriverError, Outgoing, Publication, Question, Reply, Topic};

/// Limits and times of a bus, and how it is connected.
#[derive(Clone, Debug)]
pub(crate) struct BusOptions {
    /// The kind of the adapter, in health and metrics.
    pub(crate) adapter: &'static str,
    /// For a connection and for an answer.
    pub(crate) timeout: Duration,
    /// How often a quiet connection is asked whether it still works.
    pub(crate) ping_interval: Duration,
    /// Messages that wait to be published.
    pub(crate) max_buffered_messages: usize,
    /// Bytes of messages that wait to be published.
    pub(crate) max_buffered_bytes: usize,
    /// For TLS.
    pub(in crate::adapters::redis) certificates: Certificates,
    /// Whether messages go over streams, which keep them: nobody has to be there when they are sent.
    pub(crate) streams: bool,
}

impl Default for BusOptions {
    fn default() -> Self {
        Self {
            adapter: "redis",
            timeout: Duration::from_secs(5),
            ping_interval: Duration::from_secs(10),
            max_buffered_messages: 65_536,
            max_buffered_bytes: 16 * 1024 * 1024,
            certificates: Certificates::default(),
            streams: false,
        }
    }
}

/// Who gets the messages of a subscription.
pub(crate) trait Receive: Send + Sync + 'static {
    /// Takes a message, on the task that reads the connection: it must not block.
    fn receive(&self, delivery: Delivery);
}

/// A handle; when the last one goes, so do the connections.
#[derive(Clone)]
pub(crate) struct Bus {
    shared: Arc<Shared>,
    _stop_when_dropped: Arc<DropGuard>,
}

/// What the tasks of a bus share.
pub(crate) struct Shared {
    driver: Arc<dyn Driver>,
    options: BusOptions,
    outbox: Outbox,
    publisher: Publisher,
    lanes: Mutex<Vec<Arc<Lane>>>,
    readers: Mutex<Vec<Arc<Reader>>>,
    presence: Presence,
    stats: Arc<Stats>,
    stop: CancellationToken,
    runtime: tokio::runtime::Handle,
}

impl std::fmt::Debug for Bus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bus").field("driver", &self.shared.driver).finish_non_exhaustive()
    }
}

impl Bus {
    /// Connects; tries for as long as `wait`, and once at least. A bus that `subscribes` has a connection for
    /// it from the start.
    ///
    /// # Errors
    /// What the last try failed with.
    pub(crate) async fn connect(
        driver: Arc<dyn Driver>,
        options: BusOptions,
        wait: Duration,
        subscribes: bool,
    ) -> Result<Self, DriverError> {
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared {
            outbox: Outbox::new(options.max_buffered_messages, options.max_buffered_bytes),
            publisher: Publisher::default(),
            lanes: Mutex::default(),
            readers: Mutex::default(),
            presence: Presence::new(options.adapter),
            stats: Arc::default(),
            runtime: tokio::runtime::Handle::current(),
            stop: stop.clone(),
            driver,
            options,
        });
        let lane = Lane::new(shared.stats.clone(), &shared.stop);
        let deadline = Instant::now() + wait;
        let mut backoff = Backoff::default();
        let (commands, subscriber) = loop {
            let commands = shared.driver.connect(None);
            let subscriber = async {
                if subscribes {
                    shared.driver.connect(Some(lane.receiver())).await.map(Some)
                } else {
                    Ok(None)
                }
            };
            match futures_util::future::try_join(commands, subscriber).await {
                Ok(connections) => break connections,
                Err(error @ (DriverError::Invalid(_) | DriverError::Untrusted(_))) => return Err(error),
                Err(error) if Instant::now() >= deadline => return Err(error),
                Err(error) => tracing::warn!(%error, "Redis cannot be reached yet"),
            }
            // Not longer than there is time.
            let _ = tokio::time::timeout_at(deadline, backoff.wait()).await;
        };
        // Before the task runs: it may be used at once.
        shared.publisher.set(Some(commands.clone()));
        shared.runtime.spawn(publisher::run(shared.clone(), commands));
        if subscriber.is_some() {
            shared.lanes.lock().push(lane.clone());
            shared.runtime.spawn(subscriber::run(shared.clone(), lane, subscriber));
        }
        shared.connections_changed();
        Ok(Self { shared, _stop_when_dropped: Arc::new(stop.drop_guard()) })
    }

    /// Publishes, at once or when Redis is there again. Messages keep their order.
    pub(crate) fn publish(&self, channel: Arc<str>, message: impl Into<Bytes>) {
        self.put(Publication { channel, message: message.into(), sharded: false });
    }

    /// [`publish`](Self::publish) to a sharded channel.
    pub(crate) fn publish_sharded(&self, channel: Arc<str>, message: impl Into<Bytes>) {
        self.put(Publication { channel, message: message.into(), sharded: true });
    }

    /// Publishes to a channel of either kind.
    pub(crate) fn put(&self, publication: Publication) {
        if !self.shared.outbox.push(publication.into()) {
            self.shared.stats.dropped(1);
        }
    }

    /// Adds an entry to a stream, or sets a key, in order with what is published. False if there is no room for it.
    pub(crate) fn send(&self, outgoing: Outgoing) -> bool {
        let counts = matches!(&outgoing, Outgoing::Add(addition) if addition.counts);
        let sent = self.shared.outbox.push(outgoing);
        if !sent && counts {
            self.shared.stats.dropped(1);
        }
        sent
    }

    /// Waits for a connection: others may have had theirs back a moment before.
    pub(crate) async fn connected(&self) {
        self.shared.publisher.connected().await;
    }

    /// Asks about a stream or a key.
    ///
    /// # Errors
    /// Redis is away, or refuses.
    pub(crate) async fn ask(&self, question: &Question) -> Result<Reply, DriverError> {
        let lost = || DriverError::Lost(self.shared.stats.last_error());
        let connection = self.shared.publisher.connection().ok_or_else(lost)?;
        match tokio::time::timeout(self.shared.options.timeout, connection.ask(question)).await {
            Ok(reply) => reply,
            Err(_) => Err(publisher::no_answer()),
        }
    }

    /// Reads a stream from now on; entries of `namespace` go to `receiver`. A process reads each stream once.
    pub(crate) fn follow(
        &self,
        stream: &Arc<str>,
        namespace: &str,
        receiver: Weak<dyn ReceiveEntry>,
        options: ReadOptions,
    ) -> Following {
        let mut readers = self.shared.readers.lock();
        let found = readers.iter().find(|reader| reader.stream() == stream).cloned();
        let reader = found.unwrap_or_else(|| {
            let reader = Reader::new(stream.clone(), options, &self.shared.stop);
            self.shared.runtime.spawn(reader::run(self.shared.clone(), reader.clone()));
            readers.push(reader.clone());
            reader
        });
        // Still locked: a reader without receivers is stopped.
        Following::new(self.clone(), reader, namespace, receiver)
    }

    /// Called when a receiver of a stream has gone: what nobody wants is not read.
    fn unfollowed(&self, reader: &Arc<Reader>) {
        let mut readers = self.shared.readers.lock();
        if reader.is_empty() {
            reader.stop();
            readers.retain(|known| !Arc::ptr_eq(known, reader));
        }
        drop(readers);
        self.shared.connections_changed();
    }

    /// Waits until all that was published before has been sent, or Redis is away.
    pub(crate) async fn flushed(&self) {
        tokio::select! {
            () = self.shared.outbox.emptied() => {}
            () = self.shared.publisher.disconnected() => {}
        }
    }

    /// How many connections are subscribed to a channel.
    ///
    /// # Errors
    /// Redis is away.
    pub(crate) async fn num_sub(&self, topic: &Topic) -> Result<usize, AdapterError> {
        let connection = self.shared.publisher.connection().ok_or_else(|| self.unavailable())?;
        let count = tokio::time::timeout(self.shared.options.timeout, connection.num_sub(topic)).await;
        match count {
            Ok(Ok(count)) => Ok(count),
            Ok(Err(error)) => Err(AdapterError::Unavailable(error.to_string())),
            Err(_) => Err(AdapterError::Unavailable("Redis does not answer".into())),
        }
    }

    /// Whether Redis has sharded channels; `prefix` is what their names begin with.
    ///
    /// # Errors
    /// It has none, or does not answer.
    pub(crate) async fn require_sharded_channels(&self, prefix: &str) -> Result<(), DriverError> {
        let asked = self.num_sub(&Topic::Shard(prefix.into())).await;
        asked.map(drop).map_err(|error| {
            DriverError::Invalid(format!("sharded channels need Redis 7.0 or later: {error}"))
        })
    }

    /// Waits until all that was published has been sent, and ends a namespace's subscriptions; no longer than
    /// the limit, since a Redis that does not answer will see that the connection is gone.
    pub(crate) async fn leave(&self, membership: Option<&Membership>, limit: Duration) {
        let left = async {
            self.flushed().await;
            if let Some(membership) = membership {
                membership.leave().await;
            }
        };
        let _ = tokio::time::timeout(limit, left).await;
    }

    /// Subscribes `receiver` to topics, all on one connection. It is the first connection unless somebody of
    /// this process is subscribed to one of them there: other servers count connections (`PUBSUB NUMSUB`)
    /// and expect an answer from each.
    pub(crate) fn join(&self, receiver: Weak<dyn Receive>, topics: Vec<Topic>) -> Membership {
        let mut lanes = self.shared.lanes.lock();
        let found = lanes.iter().find(|lane| lane.is_free_for(&topics)).cloned();
        let lane = found.unwrap_or_else(|| {
            let lane = Lane::new(self.shared.stats.clone(), &self.shared.stop);
            self.shared.runtime.spawn(subscriber::run(self.shared.clone(), lane.clone(), None));
            lanes.push(lane.clone());
            lane
        });
        let membership = Membership::new(self.clone(), lane, receiver);
        // Still locked: a lane without topics is stopped, and somebody else could choose it for the same topics.
        membership.subscribe(topics);
        membership
    }

    /// Called when a membership has ended: connections that nobody needs are closed, but for the first one.
    fn left(&self, lane: &Arc<Lane>) {
        let mut lanes = self.shared.lanes.lock();
        let index = lanes.iter().position(|known| Arc::ptr_eq(known, lane));
        if let Some(index) = index.filter(|index| *index > 0 && lane.is_empty()) {
            lanes.remove(index).stop();
        }
        drop(lanes);
        self.shared.connections_changed();
    }

    /// Whether all connections work.
    pub(crate) fn health(&self) -> AdapterHealth {
        self.shared.health()
    }

    /// What health pages show of it.
    pub(crate) fn service(&self) -> Arc<dyn AdapterService> {
        self.shared.presence.repeat();
        self.shared.clone()
    }

    /// The error of an operation that needs Redis now.
    pub(crate) fn unavailable(&self) -> AdapterError {
        AdapterError::Unavailable(self.shared.stats.last_error())
    }

    /// What was published, received and lost.
    pub(crate) fn stats(&self) -> &Stats {
        &self.shared.stats
    }

    /// Runs something beside the connections.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.shared.runtime.spawn(task);
    }
}

impl Shared {
    fn is_up(&self) -> bool {
        let readers_up = || self.readers.lock().iter().all(|reader| reader.is_up());
        self.lanes.lock().iter().all(|lane| lane.is_up())
            && readers_up()
            && self.publisher.connection().is_some()
    }

    fn health(&self) -> AdapterHealth {
        if !self.is_up() {
            return AdapterHealth::Degraded(self.stats.last_error());
        }
        let refusal = self.lanes.lock().iter().find_map(|lane| lane.refusal());
        refusal.map_or(AdapterHealth::Up, |refusal| AdapterHealth::Degraded(refusal.to_string()))
    }

    /// Told when a connection was made or lost.
    fn connections_changed(&self) {
        self.presence.connections_changed(|| self.is_up());
    }

    /// Told when there is more or less in the buffer.
    fn buffer_changed(&self) {
        self.presence.buffered(self.outbox.waiting().0);
    }
}

impl AdapterService for Shared {
    fn status(&self) -> AdapterStatus {
        let stats = self.stats.snapshot();
        let mut status = AdapterStatus::new(self.presence.adapter());
        status.health = self.health();
        status.away_since = self.presence.away_since().filter(|_| !status.is_up());
        (status.buffered, status.buffered_bytes) = self.outbox.waiting();
        status.dropped = stats.dropped + stats.refused;
        status.unconfirmed = stats.unconfirmed;
        status
    }
}
