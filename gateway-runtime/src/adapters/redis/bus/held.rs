//! Entries of streams whose way is not known: asked for, and the connection broke before Redis had answered.
//!
//! Unlike a channel a stream can be asked what is in it. So nothing is lost, and nothing is added twice: first the old
//! connection is closed at Redis as well (what lies in its buffers there would be added after it was looked for), then the
//! entries after the last one that was confirmed are read, and what is not among them is added, in order.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::time::timeout;

use super::super::driver::{
    Addition, Connection, DriverError, Entry, EntryId, Identity, Outcomes, Outgoing, Question,
};
use super::Shared;
use super::publisher::no_answer;

/// Entries that are read at once.
const PAGE: usize = 500;

/// What the publishing task knows of its streams.
#[derive(Default)]
pub(super) struct Held {
    waiting: Vec<Addition>,
    /// By stream, the last entry that is known to be there.
    confirmed: HashMap<Arc<str>, EntryId>,
    /// The connection before, or the present one.
    connection: Option<Identity>,
}

impl Held {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The answer to a batch is lost.
    pub(super) fn hold(&mut self, batch: Vec<Outgoing>) {
        self.waiting.extend(batch.into_iter().filter_map(|outgoing| match outgoing {
            Outgoing::Add(addition) => Some(addition),
            _ => None,
        }));
    }

    /// A new connection works: what lies in the buffers of the former one must not come after it.
    ///
    /// # Errors
    /// The new connection is lost.
    pub(super) async fn connected(
        &mut self,
        shared: &Shared,
        connection: &Arc<dyn Connection>,
    ) -> Result<(), DriverError> {
        let replaced = async {
            if let Some(former) = self.connection.as_ref().filter(|_| !self.waiting.is_empty()) {
                connection.close_other(former).await;
            }
            connection.identity().await
        };
        self.connection = timeout(shared.options.timeout, replaced).await.map_err(|_| no_answer())?;
        Ok(())
    }

    /// A batch was answered.
    ///
    /// # Errors
    /// Redis cannot add entries at the moment: they are held.
    pub(super) fn sent(
        &mut self,
        shared: &Shared,
        batch: Vec<Outgoing>,
        results: Outcomes,
    ) -> Result<(), DriverError> {
        let messages = batch.iter().zip(&results).filter(|(outgoing, result)| match outgoing {
            Outgoing::Publish(_) => true,
            Outgoing::Add(addition) => addition.counts && !matches!(result, Err(DriverError::Lost(_))),
            Outgoing::Set { .. } => false,
        });
        shared.stats.published(messages.map(|(_, result)| result.as_ref().map(|_| ())));
        let mut lost = None;
        for (outgoing, result) in batch.into_iter().zip(results) {
            let Outgoing::Add(addition) = outgoing else { continue };
            match result {
                Ok(Some(id)) => {
                    self.confirmed.insert(addition.stream, id);
                }
                Err(error @ DriverError::Lost(_)) => {
                    self.waiting.push(addition);
                    lost = Some(error);
                }
                Ok(None) | Err(_) => {}
            }
        }
        lost.map_or(Ok(()), Err)
    }

    /// Finds out which entries are missing, and adds them.
    ///
    /// # Errors
    /// The connection is lost as well: what is held stays held.
    pub(super) async fn settle(
        &mut self,
        shared: &Shared,
        connection: &Arc<dyn Connection>,
    ) -> Result<(), DriverError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let streams: HashSet<_> = self.waiting.iter().map(|addition| addition.stream.clone()).collect();
        for stream in streams {
            self.settle_stream(shared, connection, stream).await?;
        }
        if self.waiting.is_empty() {
            shared.outbox.sent();
        }
        Ok(())
    }

    async fn settle_stream(
        &mut self,
        shared: &Shared,
        connection: &Arc<dyn Connection>,
        stream: Arc<str>,
    ) -> Result<(), DriverError> {
        let mut from = self.confirmed.get(&stream).copied().unwrap_or_default().next();
        loop {
            let question = Question::Range { stream: stream.clone(), from, count: PAGE };
            let entries = match timeout(shared.options.timeout, connection.ask(&question)).await {
                Err(_) => return Err(no_answer()),
                Ok(Err(error @ DriverError::Lost(_))) => return Err(error),
                Ok(Err(error)) => {
                    // Whether they are there cannot be known.
                    tracing::error!(%error, "a stream cannot be asked for what was being added to it");
                    let before = self.waiting.len();
                    self.waiting.retain(|addition| addition.stream != stream);
                    shared.stats.unconfirmed(before - self.waiting.len());
                    return Ok(());
                }
                Ok(Ok(reply)) => reply.entries(),
            };
            self.found(shared, &entries);
            match entries.last() {
                Some(last) if entries.len() == PAGE => from = last.id.next(),
                _ => break,
            }
        }
        let missing = self.waiting.extract_if(.., |addition| addition.stream == stream);
        let missing: Vec<_> = missing.map(Outgoing::Add).collect();
        if missing.is_empty() {
            return Ok(());
        }
        match timeout(shared.options.timeout, connection.publish(&missing)).await {
            Ok(Ok(results)) => self.sent(shared, missing, results),
            lost => {
                self.hold(missing);
                Err(lost.ok().and_then(Result::err).unwrap_or_else(no_answer))
            }
        }
    }

    /// These were added: their answer was lost, and not they.
    fn found(&mut self, shared: &Shared, entries: &[Entry]) {
        for entry in entries {
            // In order: it is the first one of its stream, or one of the first.
            let index = self.waiting.iter().position(|addition| addition.is(entry));
            if let Some(addition) = index.map(|index| self.waiting.remove(index)) {
                shared.stats.published(addition.counts.then_some(Ok(())).into_iter());
                self.confirmed.insert(addition.stream, entry.id);
            }
        }
    }
}
