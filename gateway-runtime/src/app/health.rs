//! Whether an application serves, for load balancers and whoever watches it.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use super::mount::Served;
use crate::net::Connections;

/// Where an application is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HealthState {
    /// It does not listen yet.
    Starting,
    /// It serves.
    Ready,
    /// It was asked to stop: it serves whom it has, and should get no one new.
    Draining,
}

impl HealthState {
    /// The name in the answers of `health_path` and `ready_path`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Draining => "draining",
        }
    }
}

impl fmt::Display for HealthState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How an application is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Where it is in its life.
    pub state: HealthState,
    /// Sessions of all its servers, over whatever transport.
    pub sessions: usize,
    /// Open TCP and Unix connections, upgraded ones included. 0 if the listener is somebody else's (`into_router`).
    pub connections: usize,
}

impl Health {
    /// Whether new clients should be sent here.
    pub fn is_ready(&self) -> bool {
        self.state == HealthState::Ready
    }

    /// `{"state":"ready","sessions":3,"connections":4}`
    pub(super) fn json(&self) -> String {
        let Self { state, sessions, connections } = self;
        format!(r#"{{"state":"{state}","sessions":{sessions},"connections":{connections}}}"#)
    }
}

/// What the handles of an application share beside its providers.
#[derive(Default)]
pub(crate) struct Vitals {
    state: AtomicU8,
    served: OnceLock<Vec<Weak<dyn Served>>>,
    pub(crate) connections: Arc<Connections>,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<crate::net::TlsHandle>,
}

impl fmt::Debug for Vitals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.health().fmt(f)
    }
}

const READY: u8 = 1;
const DRAINING: u8 = 2;

impl Vitals {
    /// The application serves from now on. A handle that outlives it keeps none of its servers.
    pub(super) fn ready(&self, served: &[Arc<dyn Served>]) {
        // Set once: an application starts once.
        let _ = self.served.set(served.iter().map(Arc::downgrade).collect());
        self.state.fetch_max(READY, Ordering::Release);
    }

    /// The application should get no new clients.
    pub(super) fn draining(&self) {
        self.state.store(DRAINING, Ordering::Release);
    }

    pub(super) fn health(&self) -> Health {
        let state = match self.state.load(Ordering::Acquire) {
            DRAINING => HealthState::Draining,
            READY => HealthState::Ready,
            _ => HealthState::Starting,
        };
        let served = self.served.get().into_iter().flatten();
        let sessions = served.filter_map(Weak::upgrade).map(|served| served.sessions()).sum();
        Health { state, sessions, connections: self.connections.open() }
    }
}
