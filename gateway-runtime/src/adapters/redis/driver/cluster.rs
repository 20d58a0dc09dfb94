//! A Redis Cluster: all nodes know all channels, and each counts only its own subscribers.

use std::fmt;
use std::future::{pending, ready};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt, join_all};
use futures_util::stream::{self, StreamExt};
use redis::aio::ConnectionLike;
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr};
use redis::{ErrorKind, Pipeline, ProtocolVersion, RedisError, ServerErrorKind, Value};
use tokio::sync::watch;

use super::super::certificates::Certificates;
use super::client::{
    ask, count, error, num_sub_command, outcome, provide_cryptography, pushes, refusals, sent,
};
use super::{
    Connection, Driver, DriverError, Identity, Outcomes, Outgoing, Question, Receiver, Refusal, Reply, Topic,
};

/// Subscriptions that wait for their answer at the same time: a cluster has no order of them.
const TOPICS_AT_ONCE: usize = 500;

/// How often a subscription is asked for again after a redirection.
const SUBSCRIPTION_RETRIES: u32 = 5;

/// The nodes that are asked for all others.
pub(crate) struct ClusterDriver {
    nodes: Vec<String>,
    timeout: Duration,
    certificates: Certificates,
}

impl fmt::Debug for ClusterDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The addresses may hold a password.
        f.debug_struct("ClusterDriver").finish_non_exhaustive()
    }
}

impl ClusterDriver {
    /// The cluster that the nodes at these addresses belong to.
    pub(crate) fn new(
        nodes: Vec<String>,
        timeout: Duration,
        certificates: &Certificates,
    ) -> Result<Self, DriverError> {
        provide_cryptography();
        let driver = Self { nodes, timeout, certificates: certificates.clone() };
        driver.builder().build().map_err(|error| DriverError::Invalid(error.to_string()))?;
        Ok(driver)
    }

    fn builder(&self) -> ClusterClientBuilder {
        let builder = ClusterClientBuilder::new(self.nodes.iter().map(String::as_str));
        // What was sent must not be sent again: it could arrive twice.
        with_certificates(builder, &self.certificates)
            .retries(0)
            .connection_timeout(self.timeout)
            .response_timeout(self.timeout)
            .use_protocol(ProtocolVersion::RESP3)
    }
}

#[cfg(feature = "redis-tls")]
fn with_certificates(builder: ClusterClientBuilder, certificates: &Certificates) -> ClusterClientBuilder {
    match certificates.for_redis() {
        Some(certificates) => builder.certs(certificates),
        None => builder,
    }
}

#[cfg(not(feature = "redis-tls"))]
fn with_certificates(builder: ClusterClientBuilder, _: &Certificates) -> ClusterClientBuilder {
    builder
}

impl Driver for ClusterDriver {
    fn connect(&self, receiver: Option<Receiver>) -> BoxFuture<'_, Result<Arc<dyn Connection>, DriverError>> {
        self.connect_with(receiver, Duration::ZERO)
    }

    fn connect_to_read(&self, block: Duration) -> BoxFuture<'_, Result<Arc<dyn Connection>, DriverError>> {
        self.connect_with(None, block)
    }
}

impl ClusterDriver {
    fn connect_with(
        &self,
        receiver: Option<Receiver>,
        block: Duration,
    ) -> BoxFuture<'_, Result<Arc<dyn Connection>, DriverError>> {
        async move {
            // Lost connections to single nodes are made anew below this, subscriptions included.
            // A subscription may be asked for twice, when its slot has moved; what is published may not.
            let retries = if receiver.is_some() { SUBSCRIPTION_RETRIES } else { 0 };
            let builder = self.builder().retries(retries);
            let builder = builder.response_timeout(self.timeout.saturating_add(block));
            let builder = builder.push_sender(pushes(receiver, watch::Sender::new(false)));
            let connecting = async { builder.build()?.get_async_connection().await };
            let connection = match tokio::time::timeout(self.timeout, connecting).await {
                Ok(connection) => connection.map_err(error)?,
                Err(_) => return Err(DriverError::Lost("the cluster does not answer".into())),
            };
            let connection: Arc<dyn Connection> = Arc::new(ClusterNodes(connection));
            Ok(connection)
        }
        .boxed()
    }
}

/// A slot that has moved is no refusal: on a new connection, which knows where it is, all is asked for again.
fn subscription_error(failure: RedisError) -> DriverError {
    use ServerErrorKind::{Ask, BusyLoading, ClusterDown, MasterDown, Moved, TryAgain};
    match failure.kind() {
        ErrorKind::Server(Moved | Ask | TryAgain | ClusterDown | MasterDown | BusyLoading) => {
            DriverError::Lost(failure.to_string())
        }
        _ => error(failure),
    }
}

struct ClusterNodes(ClusterConnection);

async fn subscribe(mut connection: ClusterConnection, topic: Topic) -> Result<(), DriverError> {
    match topic {
        Topic::Channel(name) => connection.subscribe(&*name).await,
        Topic::Pattern(name) => connection.psubscribe(&*name).await,
        Topic::Shard(name) => connection.ssubscribe(&*name).await,
    }
    .map_err(subscription_error)
}

async fn unsubscribe(mut connection: ClusterConnection, topic: Topic) -> Result<(), DriverError> {
    match topic {
        Topic::Channel(name) => connection.unsubscribe(&*name).await,
        Topic::Pattern(name) => connection.punsubscribe(&*name).await,
        Topic::Shard(name) => connection.sunsubscribe(&*name).await,
    }
    .map_err(subscription_error)
}

impl ClusterNodes {
    /// Asks for many topics at the same time: how long they take together must not be the sum.
    fn for_each<F>(
        &self,
        topics: &[Topic],
        one: fn(ClusterConnection, Topic) -> F,
    ) -> impl Future<Output = Vec<(Topic, Result<(), DriverError>)>> + Send + use<F>
    where
        F: Future<Output = Result<(), DriverError>> + Send,
    {
        let (connection, topics) = (self.0.clone(), topics.to_vec());
        let asked = topics.into_iter().map(move |topic| {
            let outcome = one(connection.clone(), topic.clone());
            async move { (topic, outcome.await) }
        });
        stream::iter(asked).buffer_unordered(TOPICS_AT_ONCE).collect()
    }

    /// All over one node, that of this slot: between nodes there is no order.
    async fn publish_in_order(&self, batch: &[Outgoing]) -> Result<Outcomes, DriverError> {
        let mut pipeline = Pipeline::new();
        for publication in batch {
            pipeline.add_command(publication.command());
        }
        let node = SingleNodeRoutingInfo::SpecificNode(Route::new(0, SlotAddr::Master));
        let mut connection = self.0.clone();
        let answers = connection.route_pipeline(pipeline, 0, batch.len(), node).await.map_err(error)?;
        Ok(batch.iter().zip(answers).map(|(outgoing, answer)| sent(outgoing, Ok(answer))).collect())
    }

    /// Each over the node of its channel, stream or key; those of one of them in order.
    async fn publish_sharded(&self, batch: &[Outgoing]) -> Result<Outcomes, DriverError> {
        let sending = batch.iter().map(|outgoing| {
            let (command, mut connection) = (outgoing.command(), self.0.clone());
            async move { sent(outgoing, connection.req_packed_command(&command).await) }
        });
        let results = join_all(sending).await;
        match results.iter().find(|result| matches!(result, Err(DriverError::Lost(_)))) {
            Some(Err(error)) if results.iter().all(Result::is_err) => Err(error.clone()),
            _ => Ok(results),
        }
    }
}

impl Connection for ClusterNodes {
    fn publish<'a>(&'a self, batch: &'a [Outgoing]) -> BoxFuture<'a, Result<Outcomes, DriverError>> {
        async move {
            let mut results = Vec::with_capacity(batch.len());
            for run in batch.chunk_by(|one, next| one.is_of_one_node() == next.is_of_one_node()) {
                results.extend(if run[0].is_of_one_node() {
                    self.publish_sharded(run).await?
                } else {
                    self.publish_in_order(run).await?
                });
            }
            Ok(results)
        }
        .boxed()
    }

    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Result<Reply, DriverError>> {
        ask(self.0.clone(), question).boxed()
    }

    /// It is several connections.
    fn identity(&self) -> BoxFuture<'_, Option<Identity>> {
        ready(None).boxed()
    }

    fn close_other<'a>(&'a self, _: &'a Identity) -> BoxFuture<'a, ()> {
        ready(()).boxed()
    }

    fn subscribe<'a>(&'a self, topics: &'a [Topic]) -> BoxFuture<'a, Result<Vec<Refusal>, DriverError>> {
        self.for_each(topics, subscribe).map(|outcomes| refusals(outcomes.into_iter())).boxed()
    }

    fn unsubscribe<'a>(&'a self, topics: &'a [Topic]) -> BoxFuture<'a, Result<(), DriverError>> {
        let ended = self.for_each(topics, unsubscribe);
        ended.map(|outcomes| outcomes.into_iter().try_for_each(|(_, outcome)| outcome)).boxed()
    }

    fn num_sub<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, Result<usize, DriverError>> {
        async move {
            let everywhere = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
            match self.0.clone().route_command(num_sub_command(topic), everywhere).await.map_err(error)? {
                Value::Map(nodes) => nodes.into_iter().map(|(_, answer)| count(answer)).sum(),
                answer => count(answer),
            }
        }
        .boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), DriverError>> {
        async move {
            let command = redis::cmd("PING");
            outcome(self.0.clone().req_packed_command(&command).await.map_err(error)?)
        }
        .boxed()
    }

    fn closed(&self) -> BoxFuture<'_, ()> {
        pending().boxed()
    }
}
