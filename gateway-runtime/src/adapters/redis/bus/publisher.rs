//! The task that publishes: batch after batch, over one connection after the other.
//!
//! Channels keep nothing, so what was published over a lost connection is not published again. Streams do: what was being added
//! is looked for there, and what is missing is added ([`held`](super::held)).

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::super::driver::{Connection, DriverError, Outgoing};
use super::backoff::{self, Backoff};
use super::held::Held;
use super::{Shared, stats};

/// How long other servers may take to subscribe, after their longest pause between two tries.
const SUBSCRIBING_TIME: Duration = Duration::from_millis(250);

/// The connection for commands, as others see it.
pub(super) struct Publisher {
    connection: Mutex<Option<Arc<dyn Connection>>>,
    up: watch::Sender<bool>,
}

impl Default for Publisher {
    fn default() -> Self {
        Self { connection: Mutex::default(), up: watch::Sender::new(true) }
    }
}

impl Publisher {
    /// The connection, if there is one now.
    pub(super) fn connection(&self) -> Option<Arc<dyn Connection>> {
        self.connection.lock().clone()
    }

    /// Waits until there is none.
    pub(super) async fn disconnected(&self) {
        // The sender lives as long as `self`.
        let _ = self.up.subscribe().wait_for(|up| !*up).await;
    }

    /// Waits until there is one.
    pub(super) async fn connected(&self) {
        // The sender lives as long as `self`.
        let _ = self.up.subscribe().wait_for(|up| *up).await;
    }

    pub(super) fn set(&self, connection: Option<Arc<dyn Connection>>) {
        let is_up = connection.is_some();
        *self.connection.lock() = connection;
        // Whoever waits for one finds it.
        self.up.send_replace(is_up);
    }
}

/// Publishes until the bus stops.
pub(super) async fn run(shared: Arc<Shared>, first: Arc<dyn Connection>) {
    tokio::select! {
        () = shared.stop.cancelled() => {}
        () = publish(&shared, first) => {}
    }
    set(&shared, None);
}

/// Tells everybody of a connection, or that there is none.
fn set(shared: &Shared, connection: Option<Arc<dyn Connection>>) {
    shared.publisher.set(connection);
    shared.connections_changed();
}

async fn publish(shared: &Shared, first: Arc<dyn Connection>) {
    let mut next = Some(first);
    let mut backoff = Backoff::default();
    let mut held = Held::default();
    loop {
        let (connection, was_away) = match next.take() {
            Some(connection) => (connection, false),
            None => reconnect(shared, &mut backoff).await,
        };
        backoff.connected();
        set(shared, Some(connection.clone()));
        let error = match prepare(shared, &connection, was_away, &mut held).await {
            Ok(()) => publish_over(shared, &connection, &mut held).await,
            Err(error) => error,
        };
        set(shared, None);
        shared.stats.lost(stats::PUBLISHING, &error);
    }
}

/// What comes before anything else is sent over a new connection.
async fn prepare(
    shared: &Shared,
    connection: &Arc<dyn Connection>,
    was_away: bool,
    held: &mut Held,
) -> Result<(), DriverError> {
    await_others(connection, was_away && !shared.options.streams).await?;
    if !shared.options.streams {
        return Ok(());
    }
    held.connected(shared, connection).await?;
    held.settle(shared, connection).await
}

/// A new connection, and whether Redis was away: then it was so for all servers.
async fn reconnect(shared: &Shared, backoff: &mut Backoff) -> (Arc<dyn Connection>, bool) {
    let mut was_away = false;
    loop {
        shared.buffer_changed();
        backoff.wait().await;
        match timeout(shared.options.timeout, shared.driver.connect(None)).await {
            Ok(Ok(connection)) => {
                shared.stats.back(stats::PUBLISHING);
                return (connection, was_away);
            }
            Ok(Err(error)) => shared.stats.failed(&error),
            Err(_) => shared.stats.failed(&no_answer()),
        }
        was_away = true;
    }
}

/// Lets the other servers subscribe first after an outage: Redis keeps nothing, so what has waited all the time would be
/// published for nobody.
async fn await_others(connection: &Arc<dyn Connection>, was_away: bool) -> Result<(), DriverError> {
    if !was_away {
        return Ok(());
    }
    tokio::select! {
        () = connection.closed() => Err(DriverError::Lost("the connection was closed".into())),
        () = tokio::time::sleep(backoff::LONGEST + SUBSCRIBING_TIME) => Ok(()),
    }
}

pub(super) fn no_answer() -> DriverError {
    DriverError::Lost("Redis does not answer".into())
}

/// Publishes over one connection, until that is lost.
async fn publish_over(shared: &Shared, connection: &Arc<dyn Connection>, held: &mut Held) -> DriverError {
    let mut closed = connection.closed();
    let mut ping_at = Instant::now() + shared.options.ping_interval;
    loop {
        let batch = tokio::select! {
            // What is taken while it is known that the connection is lost would be lost with it.
            biased;
            () = &mut closed => return DriverError::Lost("the connection was closed".into()),
            batch = shared.outbox.next_batch() => batch,
            () = tokio::time::sleep_until(ping_at) => {
                ping_at = Instant::now() + shared.options.ping_interval;
                match timeout(shared.options.timeout, connection.ping()).await {
                    Ok(Ok(()) | Err(DriverError::Refused(_))) => continue,
                    Ok(Err(error)) => return error,
                    Err(_) => return no_answer(),
                }
            }
        };
        ping_at = Instant::now() + shared.options.ping_interval;
        if let Err(error) = send(shared, connection, batch, held).await {
            return error;
        }
        shared.outbox.sent();
        shared.buffer_changed();
    }
}

/// Sends a batch, and counts what became of it. What was to be added to a stream and is not known to be there is held.
async fn send(
    shared: &Shared,
    connection: &Arc<dyn Connection>,
    batch: Vec<Outgoing>,
    held: &mut Held,
) -> Result<(), DriverError> {
    let result = match timeout(shared.options.timeout, connection.publish(&batch)).await {
        Ok(result) => result,
        Err(_) => Err(no_answer()),
    };
    match result {
        Ok(results) => held.sent(shared, batch, results),
        Err(error) => {
            // The answer is lost, and maybe the messages: published again they could arrive twice.
            let published = batch.iter().filter(|outgoing| matches!(outgoing, Outgoing::Publish(_))).count();
            if published > 0 {
                shared.stats.unconfirmed(published);
            }
            held.hold(batch);
            if held.is_empty() {
                shared.outbox.sent();
            }
            Err(error)
        }
    }
}
