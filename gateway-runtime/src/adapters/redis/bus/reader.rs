//! Streams that are read: one connection a stream, which waits for entries, and goes on where it was after an outage.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::super::driver::{Connection, DriverError, Entry, EntryId, Question};
use super::backoff::Backoff;
use super::{Bus, Shared, stats};

/// Who gets the entries of a namespace.
pub(crate) trait ReceiveEntry: Send + Sync + 'static {
    /// Takes an entry, on the task that reads the stream: it must not block.
    fn receive_entry(&self, entry: &Entry);
}

/// How streams are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadOptions {
    /// Entries that are read at once.
    pub(crate) count: usize,
    /// How long one question waits for entries.
    pub(crate) block: Duration,
}

/// One stream that is read.
pub(super) struct Reader {
    stream: Arc<str>,
    options: ReadOptions,
    routes: Mutex<HashMap<Box<str>, Vec<Weak<dyn ReceiveEntry>>>>,
    /// The last entry that was read; `None` before it is known where to begin.
    position: watch::Sender<Option<EntryId>>,
    up: watch::Sender<bool>,
    stop: CancellationToken,
}

impl Reader {
    pub(super) fn new(stream: Arc<str>, options: ReadOptions, stop: &CancellationToken) -> Arc<Self> {
        Arc::new(Self {
            stream,
            options,
            routes: Mutex::default(),
            position: watch::Sender::new(None),
            up: watch::Sender::new(false),
            stop: stop.child_token(),
        })
    }

    pub(super) fn stream(&self) -> &Arc<str> {
        &self.stream
    }

    pub(super) fn is_up(&self) -> bool {
        *self.up.borrow()
    }

    pub(super) fn stop(&self) {
        self.stop.cancel();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.routes.lock().is_empty()
    }

    fn deliver(&self, shared: &Shared, entry: &Entry) {
        // Entries without a namespace tell nobody here.
        let Some(namespace) = entry.text("nsp") else { return };
        let receivers = self.routes.lock().get(namespace).cloned().unwrap_or_default();
        for receiver in receivers.iter().filter_map(Weak::upgrade) {
            shared.stats.received();
            // The stream belongs to all namespaces: one that panics must not end it.
            if catch_unwind(AssertUnwindSafe(|| receiver.receive_entry(entry))).is_err() {
                tracing::error!("a message of another server ended in a panic");
            }
        }
    }
}

/// One receiver of a stream; it ends when it is dropped.
pub(crate) struct Following {
    bus: Bus,
    reader: Arc<Reader>,
    namespace: Box<str>,
    receiver: Weak<dyn ReceiveEntry>,
}

impl std::fmt::Debug for Following {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Following").field("stream", &self.reader.stream).finish_non_exhaustive()
    }
}

impl Following {
    pub(super) fn new(
        bus: Bus,
        reader: Arc<Reader>,
        namespace: &str,
        receiver: Weak<dyn ReceiveEntry>,
    ) -> Self {
        reader.routes.lock().entry(namespace.into()).or_default().push(receiver.clone());
        Self { bus, reader, namespace: namespace.into(), receiver }
    }

    /// Waits until it is known where to begin: from now on no entry is missed.
    pub(crate) async fn ready(&self) {
        // The sender lives as long as `self`.
        let _ = self.reader.position.subscribe().wait_for(Option::is_some).await;
    }

    /// The last entry that was read.
    pub(crate) fn position(&self) -> EntryId {
        self.reader.position.borrow().unwrap_or_default()
    }

    /// Waits until an entry was read.
    pub(crate) async fn reached(&self, id: EntryId) {
        let mut position = self.reader.position.subscribe();
        let _ = position.wait_for(|position| position.is_some_and(|position| position >= id)).await;
    }

    /// Waits until something is so that entries change. No lock of the position is held while it is looked at: whoever holds
    /// what `is_so` locks may ask for the position.
    pub(crate) async fn until(&self, mut is_so: impl FnMut() -> bool) {
        let mut position = self.reader.position.subscribe();
        while !is_so() {
            // The sender lives as long as `self`.
            let _ = position.changed().await;
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let mut routes = self.reader.routes.lock();
        if let Some(receivers) = routes.get_mut(&self.namespace) {
            receivers.retain(|receiver| !Weak::ptr_eq(receiver, &self.receiver));
            if receivers.is_empty() {
                routes.remove(&self.namespace);
            }
        }
        drop(routes);
        self.bus.unfollowed(&self.reader);
    }
}

/// Reads a stream until it is stopped.
pub(super) async fn run(shared: Arc<Shared>, reader: Arc<Reader>) {
    tokio::select! {
        () = reader.stop.cancelled() => {}
        () = keep_reading(&shared, &reader) => {}
    }
    set_up(&shared, &reader, false);
}

/// Tells everybody whether a stream is read.
fn set_up(shared: &Shared, reader: &Reader, is_up: bool) {
    reader.up.send_replace(is_up);
    shared.connections_changed();
}

async fn keep_reading(shared: &Shared, reader: &Reader) {
    let mut backoff = Backoff::default();
    let mut was_lost = false;
    loop {
        let error = match connect(shared, reader).await {
            Ok((connection, position)) => {
                backoff.connected();
                if std::mem::replace(&mut was_lost, false) {
                    shared.stats.back(stats::READING);
                }
                set_up(shared, reader, true);
                reader.position.send_replace(Some(position));
                let error = read(shared, reader, &connection).await;
                set_up(shared, reader, false);
                error
            }
            Err(error) => error,
        };
        if std::mem::replace(&mut was_lost, true) {
            shared.stats.failed(&error);
        } else {
            shared.stats.lost(stats::READING, &error);
        }
        backoff.wait().await;
    }
}

async fn connect(shared: &Shared, reader: &Reader) -> Result<(Arc<dyn Connection>, EntryId), DriverError> {
    let connecting = async {
        let connection = shared.driver.connect_to_read(reader.options.block).await?;
        let position = *reader.position.borrow();
        let position = begin(shared, reader, &connection, position).await?;
        Ok((connection, position))
    };
    match timeout(shared.options.timeout, connecting).await {
        Ok(connection) => connection,
        Err(_) => Err(super::publisher::no_answer()),
    }
}

/// Where to go on: where it was, or at the end if this is the beginning.
async fn begin(
    shared: &Shared,
    reader: &Reader,
    connection: &Arc<dyn Connection>,
    position: Option<EntryId>,
) -> Result<EntryId, DriverError> {
    let question = Question::Last { stream: reader.stream.clone() };
    let last = connection.ask(&question).await?.entries().first().map_or(EntryId::START, |last| last.id);
    let Some(position) = position else { return Ok(last) };
    if last < position {
        // Redis has lost its data, or another one that lagged behind has taken its place.
        shared.stats.gap(&reader.stream, "the stream ends before what was read of it");
        return Ok(last);
    }
    look_for_gap(shared, reader, connection, position).await?;
    Ok(position)
}

/// Whether the next entries are there still.
async fn look_for_gap(
    shared: &Shared,
    reader: &Reader,
    connection: &Arc<dyn Connection>,
    position: EntryId,
) -> Result<(), DriverError> {
    let question = Question::Range { stream: reader.stream.clone(), from: EntryId::START, count: 1 };
    let first = connection.ask(&question).await?.entries().first().map(|first| first.id);
    if position != EntryId::START && first.is_some_and(|first| first > position) {
        shared.stats.gap(
            &reader.stream,
            "the stream was cut off before it was read: `max_len` is too small, or Redis has lost its data",
        );
    }
    Ok(())
}

async fn read(shared: &Shared, reader: &Reader, connection: &Arc<dyn Connection>) -> DriverError {
    let ReadOptions { count, block } = reader.options;
    let longest = shared.options.timeout.saturating_add(block);
    loop {
        // It is not empty: `connect` has set it.
        let after = reader.position.borrow().unwrap_or_default();
        let question = Question::Read { stream: reader.stream.clone(), after, count, block };
        let entries = match timeout(longest, connection.ask(&question)).await {
            Ok(Ok(reply)) => reply.entries(),
            Ok(Err(error)) => return error,
            Err(_) => return super::publisher::no_answer(),
        };
        for entry in &entries {
            reader.deliver(shared, entry);
            reader.position.send_replace(Some(entry.id));
        }
        if entries.len() == count
            && let Some(last) = entries.last()
            && let Err(error) = look_for_gap(shared, reader, connection, last.id).await
        {
            return error;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::super::BusOptions;
    use super::*;
    use crate::adapters::redis::driver::stub::StubDriver;

    struct Nobody;

    impl ReceiveEntry for Nobody {
        fn receive_entry(&self, _: &Entry) {}
    }

    #[tokio::test]
    async fn entries_are_read_while_somebody_looks_whether_something_is_so() {
        let driver = Arc::new(StubDriver::default());
        let bus = Bus::connect(driver, BusOptions::default(), Duration::ZERO, false).await.expect("a bus");
        let options = ReadOptions { count: 1, block: Duration::from_secs(1) };
        let reader = Reader::new("s".into(), options, &CancellationToken::new());
        let following = Following::new(bus, reader.clone(), "/", Weak::<Nobody>::new());
        let (mut looks, position) = (0, EntryId { millis: 1, number: 0 });
        let is_so = || {
            looks += 1;
            let (reader, (done, moved)) = (reader.clone(), mpsc::channel());
            std::thread::spawn(move || {
                reader.position.send_replace(Some(position));
                let _ = done.send(());
            });
            // Whoever looks asks for the position as well.
            assert!(moved.recv_timeout(Duration::from_secs(10)).is_ok(), "the position does not move");
            assert_eq!(following.position(), position);
            looks == 2
        };
        timeout(Duration::from_secs(10), following.until(is_so)).await.expect("it is so");
    }
}
