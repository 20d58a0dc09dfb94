//! The seam to Redis: the few commands that the adapters and the emitter need, on one connection.
//!
//! A [`Driver`] opens connections; it never retries, never reconnects and keeps nothing: what happens when
//! one is lost is decided above it, in `bus/`. Behind it are a real Redis ([`client`]), and a bus within
//! the process for tests (`stub`).
//!
//! Messages are handed to a function, on the task that reads the connection, instead of being put into a
//! queue: who is slower than Redis holds up its own connection (Redis buffers for it, within limits of its
//! own), and not this process's memory.

pub(super) mod client;
#[cfg(feature = "redis-cluster")]
pub(super) mod cluster;
#[cfg(feature = "redis-sentinel")]
pub(super) mod sentinel;
mod streams;
#[cfg(test)]
pub(super) mod stub;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;

pub(crate) use self::streams::{Addition, Entry, EntryId, Identity, Outgoing, Question, Reply};

/// What can be subscribed to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    /// One channel (`SUBSCRIBE`).
    Channel(Arc<str>),
    /// All channels that a pattern matches (`PSUBSCRIBE`).
    Pattern(Arc<str>),
    /// One sharded channel (`SSUBSCRIBE`, from Redis 7.0 on).
    Shard(Arc<str>),
}

impl Topic {
    /// The name of the channel, or the pattern.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Channel(name) | Self::Pattern(name) | Self::Shard(name) => name,
        }
    }
}

/// A message to a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Publication {
    pub(crate) channel: Arc<str>,
    pub(crate) message: Bytes,
    /// `SPUBLISH` instead of `PUBLISH`.
    pub(crate) sharded: bool,
}

impl Publication {
    /// What it takes in a buffer.
    pub(crate) fn byte_len(&self) -> usize {
        self.channel.len() + self.message.len()
    }
}

/// A message from a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// Why it came.
    pub(crate) topic: Topic,
    pub(crate) channel: Arc<str>,
    pub(crate) message: Bytes,
}

/// What a connection hands over without being asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Push {
    /// A message of a subscription.
    Message(Delivery),
    /// A subscription has ended, asked for or not.
    Unsubscribed(Topic),
}

/// Takes what a connection hands over. It must not block.
pub(crate) type Receiver = Arc<dyn Fn(Push) + Send + Sync>;

/// A subscription that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) topic: Topic,
    pub(crate) reason: String,
}

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DriverError {
    /// Redis has answered: no. The connection works.
    #[error("{0}")]
    Refused(String),
    /// The connection is lost, or could not be made.
    #[error("{0}")]
    Lost(String),
    /// The certificate of one side is not what the other trusts.
    #[error("{0}")]
    Untrusted(String),
    /// It will not work however often it is tried: a mistake in the address or in the features.
    #[error("{0}")]
    Invalid(String),
}

/// A service with channels.
pub(crate) trait Driver: fmt::Debug + Send + Sync + 'static {
    /// Opens a connection; messages of its subscriptions go to `receiver`.
    fn connect(&self, receiver: Option<Receiver>) -> BoxFuture<'_, Result<Arc<dyn Connection>, DriverError>>;

    /// Opens a connection whose answers may take longer by this: it waits for entries of a stream.
    fn connect_to_read(&self, block: Duration) -> BoxFuture<'_, Result<Arc<dyn Connection>, DriverError>>;
}

/// What became of each of several commands; an entry that was added has an id.
pub(crate) type Outcomes = Vec<Result<Option<EntryId>, DriverError>>;

/// One connection. It is closed when it is dropped.
pub(crate) trait Connection: Send + Sync + 'static {
    /// Sends in this order, written in one go. The results are those of the single messages: `Lost` for one
    /// that Redis cannot take at the moment, and has not taken.
    fn publish<'a>(&'a self, batch: &'a [Outgoing]) -> BoxFuture<'a, Result<Outcomes, DriverError>>;

    /// Asks about a stream or a key.
    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Result<Reply, DriverError>>;

    /// What another connection may have it closed by; `None` if this Redis does not tell.
    fn identity(&self) -> BoxFuture<'_, Option<Identity>>;

    /// Closes another connection: nothing that was sent over it is done after this.
    fn close_other<'a>(&'a self, other: &'a Identity) -> BoxFuture<'a, ()>;

    /// Subscribes, and returns when Redis has answered for each topic: what it has refused.
    fn subscribe<'a>(&'a self, topics: &'a [Topic]) -> BoxFuture<'a, Result<Vec<Refusal>, DriverError>>;

    /// Ends subscriptions.
    fn unsubscribe<'a>(&'a self, topics: &'a [Topic]) -> BoxFuture<'a, Result<(), DriverError>>;

    /// How many connections are subscribed to a channel or a sharded channel (`PUBSUB NUMSUB`, `SHARDNUMSUB`).
    fn num_sub<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, Result<usize, DriverError>>;

    /// Whether it still answers.
    fn ping(&self) -> BoxFuture<'_, Result<(), DriverError>>;

    /// Resolves when it is lost.
    fn closed(&self) -> BoxFuture<'_, ()>;
}
