//! A bus within the process that can be switched off, for tests: the commands of Redis without Redis.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::{BoxFuture, FutureExt, ready};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::{Connection, Delivery, Driver, DriverError, Publication, Push, Receiver, Refusal, Topic};

/// A service without a network. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct StubDriver(Arc<Service>);

#[derive(Debug, Default)]
struct Service {
    connections: Mutex<Vec<Arc<Peer>>>,
    away: AtomicBool,
    /// Connections that were tried while it was away.
    tries: AtomicUsize,
    /// Channels that nobody may subscribe to.
    forbidden: Mutex<HashSet<String>>,
    /// The next messages arrive, and the connection breaks before it is said.
    loses_answer: AtomicBool,
    /// What was published, for tests.
    log: Mutex<Vec<Publication>>,
}

struct Peer {
    receiver: Option<Receiver>,
    topics: Mutex<HashSet<Topic>>,
    lost: watch::Sender<bool>,
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peer").field("topics", &self.topics).finish_non_exhaustive()
    }
}

struct StubConnection {
    service: Arc<Service>,
    peer: Arc<Peer>,
}

impl StubDriver {
    /// Cuts all connections and refuses new ones.
    pub(crate) fn go_away(&self) {
        self.0.tries.store(0, Ordering::SeqCst);
        self.0.away.store(true, Ordering::SeqCst);
        self.cut_connections();
    }

    /// Waits until so many connections have been tried in vain since it went away.
    pub(crate) async fn tried(&self, times: usize) {
        while self.0.tries.load(Ordering::SeqCst) < times {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }

    /// Forbids to subscribe to a channel, or allows it again (an ACL).
    pub(crate) fn forbid(&self, channel: &str, forbidden: bool) {
        let mut all = self.0.forbidden.lock();
        if forbidden {
            all.insert(channel.to_owned());
        } else {
            all.remove(channel);
        }
    }

    /// Ends all subscriptions to a sharded channel unasked, as a node does whose slot has moved.
    pub(crate) fn move_slot(&self, channel: &str) {
        let topic = Topic::Shard(channel.into());
        let peers = self.0.connections.lock().clone();
        for peer in peers {
            if peer.topics.lock().remove(&topic)
                && let Some(receive) = &peer.receiver
            {
                receive(Push::Unsubscribed(topic.clone()));
            }
        }
    }

    /// Accepts connections again.
    pub(crate) fn come_back(&self) {
        self.0.away.store(false, Ordering::SeqCst);
    }

    /// Cuts all connections (`CLIENT KILL`).
    pub(crate) fn cut_connections(&self) {
        for peer in self.0.connections.lock().drain(..) {
            peer.lost.send_replace(true);
        }
    }

    /// Delivers the next messages and cuts the connection in place of an answer.
    pub(crate) fn lose_next_answer(&self) {
        self.0.loses_answer.store(true, Ordering::SeqCst);
    }

    /// How many connections are subscribed to a channel.
    pub(crate) fn subscribers(&self, channel: &str) -> usize {
        let connections = self.0.connections.lock();
        let subscribed = |peer: &&Arc<Peer>| peer.topics.lock().iter().any(|topic| topic.name() == channel);
        connections.iter().filter(subscribed).count()
    }

    /// What was published since the last call.
    pub(crate) fn published(&self) -> Vec<Publication> {
        std::mem::take(&mut self.0.log.lock())
    }

    /// Publishes as somebody else.
    pub(crate) fn publish(&self, channel: &str, message: impl Into<bytes::Bytes>) {
        let publication = Publication { channel: channel.into(), message: message.into(), sharded: false };
        self.0.deliver(&publication);
    }

    /// [`publish`](Self::publish) to a sharded channel.
    pub(crate) fn publish_sharded(&self, channel: &str, message: impl Into<bytes::Bytes>) {
        let publication = Publication { channel: channel.into(), message: message.into(), sharded: true };
        self.0.deliver(&publication);
    }
}

impl Driver for StubDriver {
    fn connect(&self, receiver: Option<Receiver>) -> BoxFuture<'_, Result<Arc<dyn Connection>, DriverError>> {
        if self.0.away.load(Ordering::SeqCst) {
            self.0.tries.fetch_add(1, Ordering::SeqCst);
            return ready(Err(DriverError::Lost("away".into()))).boxed();
        }
        let peer = Arc::new(Peer { receiver, topics: Mutex::default(), lost: watch::Sender::new(false) });
        self.0.connections.lock().push(peer.clone());
        let connection: Arc<dyn Connection> = Arc::new(StubConnection { service: self.0.clone(), peer });
        ready(Ok(connection)).boxed()
    }
}

impl Service {
    fn deliver(&self, publication: &Publication) {
        let peers = self.connections.lock().clone();
        for peer in peers {
            let topics: Vec<_> =
                peer.topics.lock().iter().filter(|topic| matches(topic, publication)).cloned().collect();
            for topic in topics {
                if let Some(receive) = &peer.receiver {
                    let (channel, message) = (publication.channel.clone(), publication.message.clone());
                    receive(Push::Message(Delivery { topic, channel, message }));
                }
            }
        }
    }
}

fn matches(topic: &Topic, publication: &Publication) -> bool {
    match topic {
        Topic::Channel(name) => !publication.sharded && *name == publication.channel,
        Topic::Shard(name) => publication.sharded && *name == publication.channel,
        // The adapters' patterns are a prefix and a star.
        Topic::Pattern(pattern) => {
            let prefix = pattern.strip_suffix('*').unwrap_or(pattern).replace('\\', "");
            !publication.sharded && publication.channel.starts_with(&prefix)
        }
    }
}

impl StubConnection {
    fn check(&self) -> Result<(), DriverError> {
        if *self.peer.lost.borrow() { Err(DriverError::Lost("cut".into())) } else { Ok(()) }
    }
}

impl Drop for StubConnection {
    fn drop(&mut self) {
        self.service.connections.lock().retain(|peer| !Arc::ptr_eq(peer, &self.peer));
    }
}

impl Connection for StubConnection {
    fn publish<'a>(
        &'a self,
        batch: &'a [Publication],
    ) -> BoxFuture<'a, Result<Vec<Result<(), DriverError>>, DriverError>> {
        let result = self.check().map(|()| {
            for publication in batch {
                self.service.log.lock().push(publication.clone());
                self.service.deliver(publication);
            }
            batch.iter().map(|_| Ok(())).collect()
        });
        if self.service.loses_answer.swap(false, Ordering::SeqCst) {
            self.peer.lost.send_replace(true);
            return ready(Err(DriverError::Lost("the answer was lost".into()))).boxed();
        }
        ready(result).boxed()
    }

    fn subscribe<'a>(&'a self, topics: &'a [Topic]) -> BoxFuture<'a, Result<Vec<Refusal>, DriverError>> {
        let result = self.check().map(|()| {
            let forbidden = self.service.forbidden.lock();
            let (refused, allowed): (Vec<_>, Vec<_>) =
                topics.iter().cloned().partition(|topic| forbidden.contains(topic.name()));
            self.peer.topics.lock().extend(allowed);
            let reason = "NOPERM".to_owned();
            refused.into_iter().map(|topic| Refusal { topic, reason: reason.clone() }).collect()
        });
        ready(result).boxed()
    }

    fn unsubscribe<'a>(&'a self, topics: &'a [Topic]) -> BoxFuture<'a, Result<(), DriverError>> {
        ready(self.check().map(|()| self.peer.topics.lock().retain(|topic| !topics.contains(topic)))).boxed()
    }

    fn num_sub<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, Result<usize, DriverError>> {
        let peers = self.service.connections.lock();
        let count = peers.iter().filter(|peer| peer.topics.lock().contains(topic)).count();
        ready(self.check().map(|()| count)).boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), DriverError>> {
        ready(self.check()).boxed()
    }

    fn closed(&self) -> BoxFuture<'_, ()> {
        let mut lost = self.peer.lost.subscribe();
        async move {
            // The sender lives as long as `self`.
            let _ = lost.wait_for(|lost| *lost).await;
        }
        .boxed()
    }
}
