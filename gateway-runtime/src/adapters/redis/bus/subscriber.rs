//! The tasks that keep subscriptions alive, one for each [`Lane`].

use std::sync::Arc;

use tokio::time::{Instant, timeout};

use super::super::driver::{Connection, DriverError, Topic};
use super::backoff::Backoff;
use super::lane::Lane;
use super::{Shared, stats};

/// Topics that must be confirmed within the time for an answer.
const TOPICS_AT_ONCE: usize = 2000;

/// Keeps the subscriptions of a lane alive until it is stopped.
pub(super) async fn run(shared: Arc<Shared>, lane: Arc<Lane>, first: Option<Arc<dyn Connection>>) {
    tokio::select! {
        () = lane.stopped() => {}
        () = keep_subscribed(&shared, &lane, first) => {}
    }
    set_up(&shared, &lane, false);
}

/// Tells everybody whether the subscriptions of a lane work.
fn set_up(shared: &Shared, lane: &Lane, is_up: bool) {
    lane.set_up(is_up);
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

/// Subscribes, to some at a time: how long Redis may take does not depend on how many rooms there are. What it refuses
/// the lane knows afterwards.
async fn subscribe(
    shared: &Shared,
    lane: &Lane,
    connection: &Arc<dyn Connection>,
    topics: &[Topic],
) -> Result<(), DriverError> {
    for topics in topics.chunks(TOPICS_AT_ONCE) {
        loop {
            let ended = lane.ended();
            let refusals = in_time(shared, connection.subscribe(topics)).await?;
            lane.asked(topics, refusals);
            // What Redis says when it ends a subscription unasked the crate `redis` takes for the answer to something
            // that was asked: then it is not known what came of it.
            if lane.ended() == ended {
                break;
            }
        }
    }
    Ok(())
}

async fn unsubscribe(
    shared: &Shared,
    connection: &Arc<dyn Connection>,
    topics: &[Topic],
) -> Result<(), DriverError> {
    for topics in topics.chunks(TOPICS_AT_ONCE) {
        match in_time(shared, connection.unsubscribe(topics)).await {
            Ok(()) => {}
            // Nobody is there for their messages.
            Err(error @ DriverError::Refused(_)) => shared.stats.failed(&error),
            Err(error) => return Err(error),
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
    let subscribed = subscribe(shared, lane, connection, &topics).await;
    if subscribed.is_err() {
        lane.wait_on(changes);
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
            () = lane.changed() => apply(shared, lane, connection).await,
            () = ping => {
                lane.retry_refused();
                in_time(shared, connection.ping()).await
            }
        };
        match result {
            Ok(()) => {}
            Err(error @ DriverError::Refused(_)) => shared.stats.failed(&error),
            Err(error) => return error,
        }
    }
}

async fn apply(shared: &Shared, lane: &Lane, connection: &Arc<dyn Connection>) -> Result<(), DriverError> {
    for change in lane.take_changes() {
        if change.subscribe {
            subscribe(shared, lane, connection, &change.topics).await?;
        } else {
            unsubscribe(shared, connection, &change.topics).await?;
        }
        // Nobody has to wait for it.
        let _ = change.done.map(|done| done.send(()));
    }
    Ok(())
}
