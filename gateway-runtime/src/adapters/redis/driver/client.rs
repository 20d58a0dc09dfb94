//! Connections to a real Redis, over the crate `redis` and RESP3.
//!
//! RESP3 (Redis 6.0 and later) lets one kind of connection do both, commands and subscriptions, and hands
//! messages over on the task that reads them.

use std::convert::identity;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt};
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{
    AsyncConnectionConfig, Cmd, Pipeline, ProtocolVersion, PushInfo, PushKind, RedisError, ServerErrorKind,
    Value,
};
use tokio::sync::watch;

use super::super::certificates::Certificates;
use super::streams::added;
use super::{
    Connection, Delivery, Driver, DriverError, EntryId, Identity, Outcomes, Outgoing, Push, Question,
    Receiver, Refusal, Reply, Topic,
};

/// Subscriptions that are asked for in one go.
const SUBSCRIPTIONS_AT_ONCE: usize = 500;

/// A Redis at one address.
pub(crate) struct ClientDriver {
    client: redis::Client,
    timeout: Duration,
}

impl fmt::Debug for ClientDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        f.debug_struct("ClientDriver").finish_non_exhaustive()
    }
}

impl ClientDriver {
    /// The Redis at `url`; `timeout` is for a connection and for an answer.
    pub(crate) fn new(
        url: &str,
        timeout: Duration,
        certificates: &Certificates,
    ) -> Result<Self, DriverError> {
        let invalid = |error: RedisError| DriverError::Invalid(error.to_string());
        let encrypted = ["rediss:", "valkeys:"].iter().any(|scheme| url.starts_with(scheme));
        if encrypted && cfg!(not(feature = "redis-tls")) {
            return Err(DriverError::Invalid("it needs the feature `redis-tls` of gateway-runtime".into()));
        }
        provide_cryptography();
        let info = redis::IntoConnectionInfo::into_connection_info(url).map_err(invalid)?;
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client = open(info.set_redis_settings(settings), certificates).map_err(invalid)?;
        Ok(Self { client, timeout })
    }
}

/// The client of an address, with certificates if there are some.
#[cfg(feature = "redis-tls")]
pub(super) fn open(
    info: redis::ConnectionInfo,
    certificates: &Certificates,
) -> Result<redis::Client, RedisError> {
    match certificates.for_redis() {
        Some(certificates) => redis::Client::build_with_tls(info, certificates),
        None => redis::Client::open(info),
    }
}

#[cfg(not(feature = "redis-tls"))]
pub(super) fn open(info: redis::ConnectionInfo, _: &Certificates) -> Result<redis::Client, RedisError> {
    redis::Client::open(info)
}

/// TLS needs one provider of cryptography in the process: that of the application, or `ring`.
pub(super) fn provide_cryptography() {
    #[cfg(feature = "redis-tls")]
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error says that somebody else was faster.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

impl Driver for ClientDriver {
    fn connect(&self, receiver: Option<Receiver>) -> BoxFuture<'_, Result<Arc<dyn Connection>, DriverError>> {
        async move { connect(&self.client, receiver, self.timeout, Duration::ZERO).await }.boxed()
    }

    fn connect_to_read(&self, block: Duration) -> BoxFuture<'_, Result<Arc<dyn Connection>, DriverError>> {
        async move { connect(&self.client, None, self.timeout, block).await }.boxed()
    }
}

/// Connects to what a client knows. Answers may take longer than a connection by `block`.
pub(super) async fn connect(
    client: &redis::Client,
    receiver: Option<Receiver>,
    timeout: Duration,
    block: Duration,
) -> Result<Arc<dyn Connection>, DriverError> {
    let lost = watch::Sender::new(false);
    let pushed = pushes(receiver, lost.clone());
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(timeout))
        .set_response_timeout(Some(timeout.saturating_add(block)))
        .set_push_sender(pushed);
    let connection = client.get_multiplexed_async_connection_with_config(&config).await.map_err(error)?;
    Ok(Arc::new(ClientConnection { connection, lost }))
}

/// Takes what Redis sends without being asked.
pub(super) fn pushes(
    receiver: Option<Receiver>,
    lost: watch::Sender<bool>,
) -> impl Fn(PushInfo) -> Result<(), ()> + Send + Sync + 'static {
    move |push| {
        if push.kind == PushKind::Disconnection {
            lost.send_replace(true);
        } else if let Some((receiver, push)) = receiver.as_ref().zip(pushed(push)) {
            receiver(push);
        }
        Ok(())
    }
}

fn pushed(push: PushInfo) -> Option<Push> {
    let mut parts = push.data.into_iter();
    if push.kind == PushKind::SUnsubscribe {
        return Some(Push::Unsubscribed(Topic::Shard(text(parts.next()?)?)));
    }
    let topic = match push.kind {
        PushKind::PMessage => Some(Topic::Pattern(text(parts.next()?)?)),
        PushKind::Message | PushKind::SMessage => None,
        _ => return None,
    };
    let channel = text(parts.next()?)?;
    let topic = topic.unwrap_or_else(|| match push.kind {
        PushKind::SMessage => Topic::Shard(channel.clone()),
        _ => Topic::Channel(channel.clone()),
    });
    let Value::BulkString(message) = parts.next()? else { return None };
    Some(Push::Message(Delivery { topic, channel, message: Bytes::from(message) }))
}

fn text(value: Value) -> Option<Arc<str>> {
    match value {
        Value::BulkString(bytes) => Some(String::from_utf8_lossy(&bytes).into()),
        Value::SimpleString(text) => Some(text.into()),
        _ => None,
    }
}

/// What the crate's errors mean for the connection.
pub(super) fn error(error: RedisError) -> DriverError {
    use redis::ErrorKind;
    match error.kind() {
        // A wrong password, a missing right: nothing that waiting would change, but an operator may.
        ErrorKind::Server(_) | ErrorKind::AuthenticationFailed | ErrorKind::Extension => {
            DriverError::Refused(error.to_string())
        }
        _ if is_about_certificates(&error) => DriverError::Untrusted(error.to_string()),
        ErrorKind::InvalidClientConfig => DriverError::Invalid(error.to_string()),
        ErrorKind::RESP3NotSupported => {
            DriverError::Invalid("this Redis does not speak RESP3: version 6.0 or later is needed".into())
        }
        _ => DriverError::Lost(error.to_string()),
    }
}

/// Whether a handshake of TLS has failed for good: for a certificate, not for a connection that broke.
#[cfg(feature = "redis-tls")]
fn is_about_certificates(error: &RedisError) -> bool {
    use std::error::Error as StdError;

    use rustls::{AlertDescription, Error};
    // The crate hands the shared error out as it holds it.
    type Shared = Arc<dyn StdError + Send + Sync>;
    let Some(source) = error.source() else { return false };
    let source = source.downcast_ref::<Shared>().map_or(source, |shared| &**shared);
    let Some(io) = source.downcast_ref::<std::io::Error>() else { return false };
    match io.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(_) | Error::NoCertificatesPresented) => true,
        Some(Error::AlertReceived(alert)) => matches!(
            alert,
            AlertDescription::CertificateRequired
                | AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnknownCA
                | AlertDescription::AccessDenied
        ),
        _ => false,
    }
}

#[cfg(not(feature = "redis-tls"))]
fn is_about_certificates(_: &RedisError) -> bool {
    false
}

/// [`error`] of a stream or a key. That Redis cannot at the moment is no refusal: it reads its file, or is no master
/// (any more, or yet).
pub(super) fn stream_error(failure: RedisError) -> DriverError {
    use ServerErrorKind::{Ask, BusyLoading, ClusterDown, MasterDown, Moved, ReadOnly, TryAgain};
    match failure.kind() {
        redis::ErrorKind::Server(
            Ask | BusyLoading | ClusterDown | MasterDown | Moved | ReadOnly | TryAgain,
        ) => DriverError::Lost(failure.to_string()),
        _ => error(failure),
    }
}

fn topic_command(topic: &Topic, [channel, pattern, shard]: [&'static str; 3]) -> Cmd {
    let mut command = redis::cmd(match topic {
        Topic::Channel(_) => channel,
        Topic::Pattern(_) => pattern,
        Topic::Shard(_) => shard,
    });
    command.arg(topic.name());
    command
}

pub(super) fn subscribe_command(topic: &Topic) -> Cmd {
    topic_command(topic, ["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"])
}

pub(super) fn unsubscribe_command(topic: &Topic) -> Cmd {
    topic_command(topic, ["UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"])
}

pub(super) fn num_sub_command(topic: &Topic) -> Cmd {
    let mut command = redis::cmd("PUBSUB");
    command.arg(if matches!(topic, Topic::Shard(_)) { "SHARDNUMSUB" } else { "NUMSUB" }).arg(topic.name());
    command
}

/// What one command of a batch came to.
pub(super) fn outcome(value: Value) -> Result<(), DriverError> {
    match value {
        Value::ServerError(error) => Err(DriverError::Refused(error.to_string())),
        _ => Ok(()),
    }
}

/// The topics that were refused.
///
/// # Errors
/// The connection is lost.
pub(super) fn refusals(
    outcomes: impl Iterator<Item = (Topic, Result<(), DriverError>)>,
) -> Result<Vec<Refusal>, DriverError> {
    let mut refusals = Vec::new();
    for (topic, outcome) in outcomes {
        match outcome {
            Ok(()) => {}
            Err(DriverError::Refused(reason)) => refusals.push(Refusal { topic, reason }),
            Err(error) => return Err(error),
        }
    }
    Ok(refusals)
}

/// What one thing of a batch came to.
pub(super) fn sent(
    outgoing: &Outgoing,
    answer: Result<Value, RedisError>,
) -> Result<Option<EntryId>, DriverError> {
    let failed = if matches!(outgoing, Outgoing::Add(_)) { stream_error } else { error };
    match answer {
        Ok(Value::ServerError(failure)) => Err(failed(failure.into())),
        Ok(value) => Ok(added(&value)),
        Err(failure) => Err(failed(failure)),
    }
}

/// Asks about a stream or a key.
pub(super) async fn ask<C: ConnectionLike>(
    mut connection: C,
    question: &Question,
) -> Result<Reply, DriverError> {
    let Some(command) = question.command() else {
        let Question::Take { key } = question else {
            return Err(DriverError::Refused("there is no such command".into()));
        };
        // `GETDEL` is new in Redis 6.2.
        let mut both = redis::pipe();
        both.atomic().cmd("GET").arg(&**key).cmd("DEL").arg(&**key).ignore();
        let (value,): (Option<Vec<u8>>,) = both.query_async(&mut connection).await.map_err(stream_error)?;
        return Ok(Reply::Value(value.map(Bytes::from)));
    };
    question.reply(connection.req_packed_command(&command).await.map_err(stream_error)?)
}

/// The answer of `PUBSUB NUMSUB`: the channel, then the count.
pub(super) fn count(value: Value) -> Result<usize, DriverError> {
    let counts = match value {
        Value::ServerError(error) => return Err(DriverError::Refused(error.to_string())),
        Value::Array(items) => items.into_iter().find_map(number),
        Value::Map(items) => items.into_iter().find_map(|(_, count)| number(count)),
        _ => None,
    };
    counts.ok_or_else(|| DriverError::Refused("PUBSUB NUMSUB was not answered with a number".into()))
}

fn number(value: Value) -> Option<usize> {
    if let Value::Int(number) = value { usize::try_from(number).ok() } else { None }
}

struct ClientConnection {
    connection: MultiplexedConnection,
    lost: watch::Sender<bool>,
}

impl ClientConnection {
    /// Sends commands in one go and hands out the answer of each.
    async fn pipelined(&self, commands: impl Iterator<Item = Cmd>) -> Result<Vec<Value>, DriverError> {
        let mut pipeline = Pipeline::new();
        for command in commands {
            pipeline.add_command(command);
        }
        let count = pipeline.len();
        self.connection.clone().req_packed_commands(&pipeline, 0, count).await.map_err(error)
    }

    /// What came of the same command for each topic.
    async fn each(
        &self,
        topics: &[Topic],
        command: fn(&Topic) -> Cmd,
    ) -> Result<Vec<Result<(), DriverError>>, DriverError> {
        let mut outcomes = Vec::with_capacity(topics.len());
        for topics in topics.chunks(SUBSCRIPTIONS_AT_ONCE) {
            let answers = self.pipelined(topics.iter().map(command)).await?;
            outcomes.extend(answers.into_iter().map(outcome));
        }
        Ok(outcomes)
    }
}

impl Connection for ClientConnection {
    fn publish<'a>(&'a self, batch: &'a [Outgoing]) -> BoxFuture<'a, Result<Outcomes, DriverError>> {
        async move {
            let answers = self.pipelined(batch.iter().map(Outgoing::command)).await?;
            Ok(batch.iter().zip(answers).map(|(outgoing, answer)| sent(outgoing, Ok(answer))).collect())
        }
        .boxed()
    }

    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Result<Reply, DriverError>> {
        ask(self.connection.clone(), question).boxed()
    }

    fn identity(&self) -> BoxFuture<'_, Option<Identity>> {
        async move {
            let mut command = redis::cmd("CLIENT");
            command.arg("INFO");
            let info = self.connection.clone().req_packed_command(&command).await.ok()?;
            Identity::of(&redis::from_redis_value::<String>(info).ok()?)
        }
        .boxed()
    }

    fn close_other<'a>(&'a self, other: &'a Identity) -> BoxFuture<'a, ()> {
        async move {
            // It may be gone, and a user may have no right to it.
            let _ = self.connection.clone().req_packed_command(&other.kill_command()).await;
        }
        .boxed()
    }

    fn subscribe<'a>(&'a self, topics: &'a [Topic]) -> BoxFuture<'a, Result<Vec<Refusal>, DriverError>> {
        async move {
            let outcomes = self.each(topics, subscribe_command).await?;
            refusals(topics.iter().cloned().zip(outcomes))
        }
        .boxed()
    }

    fn unsubscribe<'a>(&'a self, topics: &'a [Topic]) -> BoxFuture<'a, Result<(), DriverError>> {
        async move { self.each(topics, unsubscribe_command).await?.into_iter().try_for_each(identity) }
            .boxed()
    }

    fn num_sub<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, Result<usize, DriverError>> {
        async move {
            let command = num_sub_command(topic);
            count(self.connection.clone().req_packed_command(&command).await.map_err(error)?)
        }
        .boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), DriverError>> {
        async move {
            let command = redis::cmd("PING");
            outcome(self.connection.clone().req_packed_command(&command).await.map_err(error)?)
        }
        .boxed()
    }

    fn closed(&self) -> BoxFuture<'_, ()> {
        let mut lost = self.lost.subscribe();
        async move {
            // The sender lives as long as `self`.
            let _ = lost.wait_for(|lost| *lost).await;
        }
        .boxed()
    }
}
