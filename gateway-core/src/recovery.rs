//! Connection state recovery: what a server says of it, and what it spends on it over all namespaces.
//!
//! Who was in which room, and which events a client has missed, is the [store](crate::recovery_store)'s.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;

use crate::options::IntoMillis;
use crate::recovery_store::SessionStore;

/// The option `connection_state_recovery` (Socket.IO's `connectionStateRecovery`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionStateRecovery {
    /// `maxDisconnectionDuration`: how long a client may be gone; default two minutes.
    pub max_disconnection_duration: Duration,
    /// `skipMiddlewares`: whether a client that comes back is let in without asking middlewares and guards
    /// on the connection; default true.
    pub skip_middlewares: bool,
    /// Clients that are gone and remembered, over all namespaces of the server; default 100,000. The oldest
    /// ones are forgotten.
    pub max_sessions: usize,
    /// Bytes of events that are kept for them, over all namespaces of the server; default 64 MiB. The
    /// oldest ones are forgotten, and with them those clients are who have not received them.
    pub max_stored_bytes: usize,
}

impl Default for ConnectionStateRecovery {
    fn default() -> Self {
        Self {
            max_disconnection_duration: Duration::from_secs(120),
            skip_middlewares: true,
            max_sessions: 100_000,
            max_stored_bytes: 64 << 20,
        }
    }
}

/// Sets the fields of a [`ConnectionStateRecovery`], each under the name of its option.
#[derive(Debug)]
pub struct ConnectionStateRecoveryBuilder<'r> {
    pub(crate) recovery: &'r mut ConnectionStateRecovery,
    pub(crate) errors: &'r mut Vec<String>,
}

impl ConnectionStateRecoveryBuilder<'_> {
    /// `maxDisconnectionDuration`
    pub fn max_disconnection_duration(&mut self, time: impl IntoMillis) {
        let time = time.into_millis();
        if time.is_zero() {
            let option = "connection_state_recovery: max_disconnection_duration";
            self.errors.push(format!("{option} must be more than 0 milliseconds"));
        }
        self.recovery.max_disconnection_duration = time;
    }

    /// `skipMiddlewares`
    pub fn skip_middlewares(&mut self, skip: bool) {
        self.recovery.skip_middlewares = skip;
    }

    /// `max_sessions`: at least 1.
    pub fn max_sessions(&mut self, sessions: usize) {
        if sessions == 0 {
            self.errors.push("connection_state_recovery: max_sessions 0 would remember nobody".to_owned());
        }
        self.recovery.max_sessions = sessions;
    }

    /// `max_stored_bytes`
    pub fn max_stored_bytes(&mut self, bytes: usize) {
        self.recovery.max_stored_bytes = bytes;
    }
}

/// What `connection_state_recovery = …` accepts: `true` (Socket.IO's defaults), `false`, or a
/// [`ConnectionStateRecovery`].
pub trait IntoConnectionStateRecovery {
    /// The options; `None` for no recovery.
    fn into_connection_state_recovery(self) -> Option<ConnectionStateRecovery>;
}

impl IntoConnectionStateRecovery for bool {
    fn into_connection_state_recovery(self) -> Option<ConnectionStateRecovery> {
        self.then(ConnectionStateRecovery::default)
    }
}

impl IntoConnectionStateRecovery for ConnectionStateRecovery {
    fn into_connection_state_recovery(self) -> Option<ConnectionStateRecovery> {
        Some(self)
    }
}

/// The recovery of one server: its options, and what all of its namespaces together have stored.
#[derive(Debug)]
pub struct SessionRecovery {
    options: ConnectionStateRecovery,
    pub(crate) stored_bytes: AtomicUsize,
    pub(crate) sessions: AtomicUsize,
    stores: Mutex<Vec<Weak<SessionStore>>>,
}

impl SessionRecovery {
    /// The recovery of a server.
    pub fn new(options: ConnectionStateRecovery) -> Arc<Self> {
        let (stored_bytes, sessions) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self { options, stored_bytes, sessions, stores: Mutex::default() })
    }

    /// What the server says of it.
    pub fn options(&self) -> &ConnectionStateRecovery {
        &self.options
    }

    /// How many clients that are gone are remembered in memory.
    pub fn sessions(&self) -> usize {
        self.sessions.load(Ordering::Relaxed)
    }

    /// How many bytes of events are kept in memory.
    pub fn stored_bytes(&self) -> usize {
        self.stored_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn register(&self, store: &Arc<SessionStore>) {
        self.stores.lock().push(Arc::downgrade(store));
    }

    /// Forgets what is too old, in all namespaces. Whoever serves calls it now and then, for namespaces in
    /// which nothing happens.
    pub fn sweep(&self) {
        let stores: Vec<_> = {
            let mut stores = self.stores.lock();
            stores.retain(|store| store.strong_count() > 0);
            stores.iter().filter_map(Weak::upgrade).collect()
        };
        stores.iter().for_each(|store| store.sweep());
    }
}
