//! The accept loop: from a listening socket to connections, within their limits.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::connection::{Entrance, Origin, Serve, refusal};
use super::limits::{Connections, Full, Ticket};
use super::socket::{Accepted, Listener};
use super::stream::{Carrier, Open};
use super::{ConnectionOptions, Direct};

/// Pause after an accept that failed for want of resources (file descriptors), which passes.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How often that is logged.
const STARVED_LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Connections over a limit that are told so at the same time; those beyond are closed without a word.
const REFUSALS: usize = 32;

/// Time for a client that is told so to send its request.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(2);

/// What is served on a port, and what is said there when it is full.
#[derive(Clone)]
pub(crate) struct Site {
    router: Router,
    direct: Option<Arc<dyn Direct>>,
    full: Router,
    crowded: Router,
}

impl Site {
    /// `direct` answers requests as the router would. `in_front` adds the paths that answer however full it is.
    pub(crate) fn new(
        router: Router,
        direct: Option<Arc<dyn Direct>>,
        in_front: impl Fn(Router) -> Router,
    ) -> Self {
        let refusing = |full| in_front(Router::new().fallback(any(async move || refusal(full))));
        Self {
            router: in_front(router),
            direct,
            full: refusing(Full::Server),
            crowded: refusing(Full::Client),
        }
    }

    fn refusing(&self, full: Full) -> &Router {
        match full {
            Full::Server => &self.full,
            Full::Client => &self.crowded,
        }
    }
}

/// What all ports of an application share.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) entrance: Arc<Entrance>,
    pub(crate) connections: Arc<Connections>,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<super::TlsHandle>,
    /// How long a stop waits for requests that are being answered.
    pub(crate) requests_timeout: Duration,
}

/// Accepts connections until `stop`, then lets requests that are being answered finish.
pub(crate) async fn serve(listener: Listener, site: Site, door: Door, stop: CancellationToken) {
    let (serving, mut served) = mpsc::channel(1);
    let port = Port {
        refused: Arc::new(Entrance { options: refused(door.entrance.options), trust_proxy: None }),
        refusals: Arc::new(Semaphore::new(REFUSALS)),
        serving,
        site,
        door,
        stop,
    };
    let mut starved = Starved::default();
    loop {
        let accepted = tokio::select! {
            () = port.stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok(accepted) => port.connected(accepted),
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                starved.log(&error, port.door.connections.open());
                tokio::select! {
                    () = port.stop.cancelled() => break,
                    () = tokio::time::sleep(ACCEPT_PAUSE) => {}
                }
            }
        }
    }
    drop(listener);
    let requests_timeout = port.door.requests_timeout;
    drop(port);
    if tokio::time::timeout(requests_timeout, served.recv()).await.is_err() {
        tracing::warn!("some HTTP requests were still being answered when the server stopped");
    }
}

/// One client too many has little time.
fn refused(options: ConnectionOptions) -> ConnectionOptions {
    ConnectionOptions {
        header_read_timeout: options.header_read_timeout.min(REFUSAL_TIMEOUT),
        keep_alive_timeout: options.keep_alive_timeout.min(REFUSAL_TIMEOUT),
        ..options
    }
}

impl Door {
    #[cfg(feature = "tls")]
    fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    #[cfg(not(feature = "tls"))]
    #[expect(clippy::unused_self, reason = "the feature `tls` asks it")]
    fn is_secure(&self) -> bool {
        false
    }
}

struct Port {
    site: Site,
    door: Door,
    /// For connections over a limit.
    refused: Arc<Entrance>,
    refusals: Arc<Semaphore>,
    /// Each connection has a clone: when all are gone, none is served any more.
    serving: mpsc::Sender<Infallible>,
    stop: CancellationToken,
}

impl Port {
    /// Serves a connection, or tells it that it is one too many.
    fn connected(&self, accepted: Accepted) {
        let origin = match &accepted {
            Accepted::Tcp(_, address) => Origin { peer: Some(*address), secure: self.door.is_secure() },
            #[cfg(unix)]
            Accepted::Unix(_) => Origin { peer: None, secure: false },
        };
        let (ticket, router, entrance, place) = match self.enter(origin) {
            Ok(ticket) => (Some(ticket), self.site.router.clone(), self.door.entrance.clone(), None),
            Err(full) => {
                let Ok(place) = self.refusals.clone().try_acquire_owned() else { return };
                (None, self.site.refusing(full).clone(), self.refused.clone(), Some(place))
            }
        };
        let direct = self.site.direct.clone().filter(|_| ticket.is_some());
        let task =
            Serve { open: Open::new(ticket), origin, router, direct, entrance, stop: self.stop.clone() };
        #[cfg(feature = "tls")]
        let tls = self.door.tls.clone();
        let serving = self.serving.clone();
        tokio::spawn(async move {
            let carrier = match accepted {
                #[cfg(feature = "tls")]
                Accepted::Tcp(stream, _) if let Some(tls) = tls => {
                    let encrypted = tokio::select! {
                        () = task.stop.cancelled() => return,
                        encrypted = tls.accept(stream, origin.peer) => encrypted,
                    };
                    let Some(stream) = encrypted else { return };
                    // The handshake has a time of its own.
                    task.open.activity.begin();
                    Carrier::Tls(stream)
                }
                Accepted::Tcp(stream, _) => Carrier::Tcp(stream),
                #[cfg(unix)]
                Accepted::Unix(stream) => Carrier::Unix(stream),
            };
            task.run(carrier).await;
            drop((place, serving));
        });
    }

    fn enter(&self, origin: Origin) -> Result<Ticket, Full> {
        let ticket = self.door.connections.enter()?;
        // A proxy's connections are its clients', which only the requests tell.
        let trust = self.door.entrance.trust_proxy.as_ref();
        let is_proxy = trust.is_some_and(|trust| trust.trusts_peer(origin.peer));
        if let Some(peer) = origin.peer.filter(|_| !is_proxy) {
            ticket.claim(peer.ip())?;
        }
        Ok(ticket)
    }
}

/// Errors that mean that this client has gone already.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

/// What is missing is logged now and then: at its limit, a server meets it with every connection that ends.
#[derive(Default)]
struct Starved {
    logged: Option<Instant>,
}

impl Starved {
    fn log(&mut self, error: &io::Error, open: usize) {
        gateway_core::telemetry::limit_exceeded("open_files");
        let now = Instant::now();
        if self.logged.is_none_or(|logged| now.duration_since(logged) >= STARVED_LOG_INTERVAL) {
            self.logged = Some(now);
            tracing::error!(
                %error,
                "{open} connections are open and no more can be accepted until some end: raise the limit of open \
                 files (`ulimit -n`), or set max_connections below it so that clients are told"
            );
        }
    }
}
