//! What gateways under test tell their test: entries in order, and gates that handlers wait at.
//!
//! Tests wait for what they expect, with a time limit; nothing in here sleeps.

use tokio::sync::watch;

use super::client::within;

/// What happened, in order. A gateway holds one, its test reads it; clones are the same log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(watch::Sender<Vec<String>>);

impl Log {
    /// Adds an entry.
    pub(crate) fn add(&self, entry: impl Into<String>) {
        self.0.send_modify(|entries| entries.push(entry.into()));
    }

    /// What has happened until now.
    pub(crate) fn entries(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    /// Waits until the entries satisfy a condition, and returns them.
    pub(crate) async fn until(&self, what: &str, condition: impl Fn(&[String]) -> bool) -> Vec<String> {
        let mut entries = self.0.subscribe();
        let waiting = async {
            let found = entries.wait_for(|entries| condition(entries)).await;
            found.map(|entries| entries.clone())
        };
        // The log itself is the sender: it lives while it is borrowed.
        within(what, waiting).await.expect("the log exists")
    }

    /// Waits until there is an entry of this text.
    pub(crate) async fn until_has(&self, entry: &str) -> Vec<String> {
        self.until(entry, |entries| entries.iter().any(|found| found == entry)).await
    }

    /// Waits until there are this many entries.
    pub(crate) async fn until_len(&self, length: usize) -> Vec<String> {
        self.until(&format!("{length} entries"), |entries| entries.len() >= length).await
    }
}

/// A gate that is closed until the test opens it.
#[derive(Debug, Default)]
pub(crate) struct Gate(watch::Sender<bool>);

impl Gate {
    /// Lets everybody through from now on.
    pub(crate) fn open(&self) {
        self.0.send_replace(true);
    }

    /// Whether it is open.
    pub(crate) fn is_open(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is open, for as long as that takes.
    pub(crate) async fn passed(&self) {
        // The gate itself is the sender: it lives while it is borrowed.
        let mut state = self.0.subscribe();
        let _open = state.wait_for(|open| *open).await;
    }
}
