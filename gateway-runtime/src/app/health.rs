//! Whether an application serves, for load balancers and whoever watches it.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use gateway_core::AdapterStatus;

use super::adapter_services::AdapterServices;
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
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Where it is in its life.
    pub state: HealthState,
    /// Sessions of all its servers, over whatever transport.
    pub sessions: usize,
    /// Open TCP and Unix connections, upgraded ones included. 0 if the listener is somebody else's (`into_router`).
    pub connections: usize,
    /// The services that connect it with other servers, each once: none with adapters that stay within the process.
    pub adapters: Vec<AdapterStatus>,
}

impl Health {
    /// Whether new clients should be sent here. It does not depend on `adapters`: without Redis a server still serves
    /// its clients, and all servers of a cluster would be unready in the same moment.
    pub fn is_ready(&self) -> bool {
        self.state == HealthState::Ready
    }

    /// `{"state":"ready","sessions":3,"connections":4}`, and `adapters` if there are some. Why one is away is not said:
    /// the text may name addresses.
    pub(super) fn json(&self) -> String {
        let Self { state, sessions, connections, adapters } = self;
        let adapters: Vec<_> = adapters.iter().map(adapter).collect();
        let adapters = if adapters.is_empty() {
            String::new()
        } else {
            format!(r#","adapters":[{}]"#, adapters.join(","))
        };
        format!(r#"{{"state":"{state}","sessions":{sessions},"connections":{connections}{adapters}}}"#)
    }
}

/// `{"adapter":"redis","up":false,"away_ms":1200,"buffered":3,"dropped":0,"unconfirmed":1}`
fn adapter(status: &AdapterStatus) -> String {
    let AdapterStatus { adapter, buffered, dropped, unconfirmed, .. } = status;
    // A clock that was set back says nothing of how long.
    let away = status.away_since.map(|since| since.elapsed().unwrap_or_default().as_millis());
    let away = away.map_or_else(String::new, |time| format!(r#""away_ms":{time},"#));
    let (name, up) = (serde_json::Value::from(*adapter), status.is_up());
    format!(
        r#"{{"adapter":{name},"up":{up},{away}"buffered":{buffered},"dropped":{dropped},"unconfirmed":{unconfirmed}}}"#
    )
}

/// What the handles of an application share beside its providers.
#[derive(Default)]
pub(crate) struct Vitals {
    state: AtomicU8,
    served: OnceLock<Vec<Weak<dyn Served>>>,
    pub(crate) connections: Arc<Connections>,
    pub(super) adapters: Arc<AdapterServices>,
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
        Health { state, sessions, connections: self.connections.open(), adapters: self.adapters.statuses() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use gateway_core::AdapterHealth;

    use super::*;

    #[test]
    fn what_pages_say() {
        let mut health =
            Health { state: HealthState::Ready, sessions: 3, connections: 4, adapters: Vec::new() };
        assert_eq!(health.json(), r#"{"state":"ready","sessions":3,"connections":4}"#);
        let mut away = AdapterStatus::new("redis");
        away.health = AdapterHealth::Degraded("redis://secret.example".into());
        away.away_since = Some(SystemTime::now() + Duration::from_secs(3600));
        (away.buffered, away.dropped, away.unconfirmed) = (5, 6, 7);
        health.adapters = vec![AdapterStatus::new("redis-sharded"), away];
        assert!(health.is_ready());
        assert_eq!(
            health.json(),
            concat!(
                r#"{"state":"ready","sessions":3,"connections":4,"adapters":["#,
                r#"{"adapter":"redis-sharded","up":true,"buffered":0,"dropped":0,"unconfirmed":0},"#,
                r#"{"adapter":"redis","up":false,"away_ms":0,"buffered":5,"dropped":6,"unconfirmed":7}]}"#
            )
        );
    }
}
