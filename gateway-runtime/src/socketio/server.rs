//! One Socket.IO server: its namespaces, shared by all connections of an engine.

use std::fmt;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use futures_util::future::FutureExt as _;
use gateway_core::adapter::AdapterFactory;
use gateway_core::link::{Namespaces, NewNamespaceListener};
use gateway_core::{Adapter, PacketRate, Parser, Server, SessionRecovery, SocketLimits, serve};

use super::codec::PacketLimits;
use super::connection::SocketIoConnection;
use super::encoder;
use super::mailbox::ConnectionLink;
use super::namespaces::{self, NamespaceLimits};
use crate::client::{self, DetachedHandlers, HandlerLimits};
use crate::engine::{Application, HandshakeRequest, SessionLink};

/// Options of a Socket.IO server that the engine does not know.
#[derive(Clone)]
pub(crate) struct SocketIoConfig {
    /// Time for a new session to join a namespace.
    pub(crate) connect_timeout: Duration,
    /// What handlers of one connection may use.
    pub(crate) handlers: HandlerLimits,
    /// What one socket may have.
    pub(crate) sockets: SocketLimits,
    /// How packets are written and read.
    pub(crate) parser: Parser,
    /// What a client's packet may be.
    pub(crate) packets: PacketLimits,
    /// How many packets of one connection are taken in a second.
    pub(crate) packet_rate: Option<PacketRate>,
    /// Which namespaces clients may make and join.
    pub(crate) namespaces: NamespaceLimits,
    /// Whether clients that were cut off may come back.
    pub(crate) recovery: Option<Arc<SessionRecovery>>,
    /// Makes the adapter of each namespace.
    pub(crate) adapter: AdapterFactory,
    /// Where handlers of clients that are gone run on.
    pub(crate) detached: DetachedHandlers,
}

/// One Socket.IO server.
pub(crate) struct SocketIoServer {
    config: SocketIoConfig,
    pub(super) namespaces: namespaces::Namespaces,
    clients_count: OnceLock<Box<dyn Fn() -> usize + Send + Sync>>,
    itself: Weak<Self>,
}

impl fmt::Debug for SocketIoServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketIoServer").finish_non_exhaustive()
    }
}

impl SocketIoServer {
    /// A server with its main namespace.
    pub(crate) fn new(config: SocketIoConfig) -> Arc<Self> {
        let server = Arc::new_cyclic(|itself| Self {
            config,
            namespaces: namespaces::Namespaces::default(),
            clients_count: OnceLock::new(),
            itself: itself.clone(),
        });
        server.named("/");
        if let Some(recovery) = &server.config.recovery {
            sweep(recovery);
        }
        server
    }

    pub(super) fn config(&self) -> &SocketIoConfig {
        &self.config
    }

    pub(super) fn detached(&self) -> &DetachedHandlers {
        &self.config.detached
    }

    /// How the engine's connections are counted; set once, when there is an engine.
    pub(crate) fn count_clients_with(&self, count: impl Fn() -> usize + Send + Sync + 'static) {
        // Set by the one who builds both; a second call changes nothing.
        let _ = self.clients_count.set(Box::new(count));
    }

    pub(super) fn weak(&self) -> Weak<Self> {
        self.itself.clone()
    }

    /// A namespace of this server that nobody knows yet.
    pub(super) fn namespace(&self, name: &str, adapter: Arc<dyn Adapter>) -> Server {
        let itself: Weak<dyn Namespaces> = self.itself.clone();
        let server = serve::namespace(name, adapter, encoder::of_parser(self.config.parser), Some(itself));
        serve::limit_sockets(&server, self.config.sockets);
        server
    }
}

/// Forgets clients and events that are too old, for as long as the server is there.
fn sweep(recovery: &Arc<SessionRecovery>) {
    let often = recovery.options().max_disconnection_duration / 2;
    let pause = often.clamp(Duration::from_secs(1), Duration::from_secs(60));
    let recovery = Arc::downgrade(recovery);
    let sweeping = async move {
        loop {
            tokio::time::sleep(pause).await;
            let Some(recovery) = recovery.upgrade() else { return };
            recovery.sweep();
        }
    };
    tokio::spawn(sweeping.boxed());
}

impl Namespaces for SocketIoServer {
    fn of(&self, name: &str) -> Server {
        self.of_name(name)
    }

    fn clients_count(&self) -> usize {
        self.clients_count.get().map_or(0, |count| count())
    }

    fn on_new_namespace(&self, listener: NewNamespaceListener) {
        self.listen_to_new_namespaces(listener);
    }
}

/// The application of an engine that speaks Socket.IO.
#[derive(Debug)]
pub(crate) struct SocketIoApplication(pub(crate) Arc<SocketIoServer>);

impl Application for SocketIoApplication {
    type Connection = SocketIoConnection;

    fn connect(&self, session: Arc<SessionLink>, request: Arc<HandshakeRequest>) -> SocketIoConnection {
        SocketIoConnection::new(
            self.0.clone(),
            ConnectionLink::new(session, self.0.config.parser),
            Arc::new(client::request_head(&request)),
        )
    }
}
