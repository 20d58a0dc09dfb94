//! A bus within the process that can be switched off, for tests: the commands of Redis without Redis.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt, ready};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::{
    Connection, Delivery, Driver, DriverError, Entry, EntryId, Identity, Outcomes, Outgoing, Publication,
    Push, Question, Receiver, Refusal, Reply, Topic,
};

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
    streams: Mutex<HashMap<String, Vec<Entry>>>,
    /// The time in milliseconds of the last entry.
    clock: AtomicUsize,
    added: watch::Sender<()>,
    keys: Mutex<HashMap<String, Bytes>>,
    /// Entries wait for this to end before they are added, and their answers too.
    stalled: watch::Sender<bool>,
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

    /// Adds an entry as somebody else.
    pub(crate) fn add(&self, stream: &str, fields: &[(&str, &str)]) -> EntryId {
        let fields = fields.iter().map(|(name, value)| {
            (Bytes::copy_from_slice(name.as_bytes()), Bytes::copy_from_slice(value.as_bytes()))
        });
        self.0.add(stream, fields.collect())
    }

    /// What is in a stream.
    pub(crate) fn entries(&self, stream: &str) -> Vec<Entry> {
        self.0.streams.lock().get(stream).cloned().unwrap_or_default()
    }

    /// Deletes what is in a stream, but for the last ones.
    pub(crate) fn trim(&self, stream: &str, last: usize) {
        if let Some(entries) = self.0.streams.lock().get_mut(stream) {
            entries.drain(..entries.len().saturating_sub(last));
        }
    }

    /// Sets a key as somebody else.
    pub(crate) fn set(&self, key: &str, value: &str) {
        self.0.keys.lock().insert(key.into(), Bytes::copy_from_slice(value.as_bytes()));
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<Bytes> {
        self.0.keys.lock().get(key).cloned()
    }

    /// Lets nothing through that publishes, until it is called again with false.
    pub(crate) fn stall(&self, stalled: bool) {
        self.0.stalled.send_replace(stalled);
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

    fn connect_to_read(&self, _: Duration) -> BoxFuture<'_, Result<Arc<dyn Connection>, DriverError>> {
        self.connect(None)
    }
}

impl Service {
    fn add(&self, stream: &str, fields: Vec<(Bytes, Bytes)>) -> EntryId {
        let millis = self.clock.fetch_add(1, Ordering::SeqCst) as u64 + 1000;
        let id = EntryId { millis, number: 0 };
        self.streams.lock().entry(stream.into()).or_default().push(Entry { id, fields });
        self.added.send_replace(());
        id
    }

    fn send(&self, outgoing: &Outgoing) -> Option<EntryId> {
        match outgoing {
            Outgoing::Publish(publication) => {
                self.log.lock().push(publication.clone());
                self.deliver(publication);
                None
            }
            Outgoing::Add(addition) => {
                let (uid, key) = (addition.uid.to_string(), addition.key.to_string());
                let own = [("uid", Bytes::from(uid)), ("key", key.into())];
                let fields = own.iter().chain(&addition.fields);
                let fields = fields.map(|(name, value)| (Bytes::from_static(name.as_bytes()), value.clone()));
                Some(self.add(&addition.stream, fields.collect()))
            }
            Outgoing::Set { key, value, .. } => {
                self.keys.lock().insert(key.to_string(), value.clone());
                None
            }
        }
    }

    fn from(&self, stream: &str, from: EntryId, count: usize) -> Vec<Entry> {
        let streams = self.streams.lock();
        let entries = streams.get(stream).map(Vec::as_slice).unwrap_or_default();
        entries.iter().filter(|entry| entry.id >= from).take(count).cloned().collect()
    }

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
    fn publish<'a>(&'a self, batch: &'a [Outgoing]) -> BoxFuture<'a, Result<Outcomes, DriverError>> {
        async move {
            // The sender lives as long as `self`.
            let _ = self.service.stalled.subscribe().wait_for(|stalled| !*stalled).await;
            self.check()?;
            let sent = batch.iter().map(|outgoing| Ok(self.service.send(outgoing))).collect();
            if self.service.loses_answer.swap(false, Ordering::SeqCst) {
                self.peer.lost.send_replace(true);
                return Err(DriverError::Lost("the answer was lost".into()));
            }
            Ok(sent)
        }
        .boxed()
    }

    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Result<Reply, DriverError>> {
        async move {
            // An answer takes its time: others do something meanwhile.
            tokio::task::yield_now().await;
            self.check()?;
            let entries = match question {
                Question::Range { stream, from, count } => self.service.from(stream, *from, *count),
                Question::Last { stream } => {
                    self.service.from(stream, EntryId::START, usize::MAX).pop().into_iter().collect()
                }
                Question::Take { key } => {
                    return Ok(Reply::Value(self.service.keys.lock().remove(&**key)));
                }
                Question::Read { stream, after, count, block } => {
                    let mut added = self.service.added.subscribe();
                    let deadline = tokio::time::sleep(*block);
                    tokio::pin!(deadline);
                    loop {
                        added.mark_unchanged();
                        let entries = self.service.from(stream, after.next(), *count);
                        if !entries.is_empty() {
                            break entries;
                        }
                        tokio::select! {
                            _ = added.changed() => {}
                            () = self.closed() => return Err(DriverError::Lost("cut".into())),
                            () = &mut deadline => break Vec::new(),
                        }
                    }
                }
            };
            Ok(Reply::Entries(entries))
        }
        .boxed()
    }

    fn identity(&self) -> BoxFuture<'_, Option<Identity>> {
        ready(None).boxed()
    }

    fn close_other<'a>(&'a self, _: &'a Identity) -> BoxFuture<'a, ()> {
        ready(()).boxed()
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
