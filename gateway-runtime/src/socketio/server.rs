//! One Socket.IO server: its namespaces, shared by all connections of an engine.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use futures_util::future::BoxFuture;
use gateway_core::adapter::AdapterFactory;
use gateway_core::link::Namespaces;
use gateway_core::{ConnectError, PacketRate, Parser, Server, Socket, serve};
use parking_lot::RwLock;

use super::codec::PacketLimits;
use super::connection::SocketIoConnection;
use super::encoder;
use super::mailbox::ConnectionLink;
use crate::client::{self, DetachedHandlers, HandlerLimits, NoHandler, SharedHandler};
use crate::engine::{Application, HandshakeRequest, SessionLink};

/// Options of a Socket.IO server that the engine does not know.
#[derive(Clone)]
pub(crate) struct SocketIoConfig {
    /// Time for a new session to join a namespace.
    pub(crate) connect_timeout: Duration,
    /// What handlers of one connection may use.
    pub(crate) handlers: HandlerLimits,
    /// How packets are written and read.
    pub(crate) parser: Parser,
    /// What a client's packet may be.
    pub(crate) packets: PacketLimits,
    /// How many packets of one connection are taken in a second.
    pub(crate) packet_rate: Option<PacketRate>,
    /// Makes the adapter of each namespace.
    pub(crate) adapter: AdapterFactory,
    /// Where handlers of clients that are gone run on.
    pub(crate) detached: DetachedHandlers,
}

/// A namespace and who answers for it.
pub(crate) struct NamespaceEntry {
    server: Server,
    handler: OnceLock<SharedHandler>,
}

impl NamespaceEntry {
    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    pub(super) fn handler(&self) -> SharedHandler {
        self.handler.get().cloned().unwrap_or_else(|| Arc::new(NoHandler))
    }

    /// Asks middlewares, then guards, whether a client may connect; `None` if there are none.
    pub(super) fn admission(&self, socket: &Socket) -> Option<BoxFuture<'static, Result<(), ConnectError>>> {
        client::admission(socket, self.handler())
    }
}

/// One Socket.IO server.
pub(crate) struct SocketIoServer {
    config: SocketIoConfig,
    namespaces: RwLock<HashMap<Arc<str>, Arc<NamespaceEntry>>>,
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
            namespaces: RwLock::default(),
            clients_count: OnceLock::new(),
            itself: itself.clone(),
        });
        server.entry("/");
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

    /// Lets `handler` answer for a namespace. Called once for each, before clients connect.
    pub(crate) fn serve(&self, name: &str, handler: SharedHandler) {
        if self.entry(name).handler.set(handler).is_err() {
            tracing::error!(name, "two handlers for one namespace: the first one stays");
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<NamespaceEntry>> {
        self.namespaces.read().get(name).cloned()
    }

    fn entry(&self, name: &str) -> Arc<NamespaceEntry> {
        if let Some(entry) = self.find(name) {
            return entry;
        }
        let mut namespaces = self.namespaces.write();
        let itself: Weak<dyn Namespaces> = self.itself.clone();
        let entry = namespaces.entry(name.into()).or_insert_with(|| {
            let adapter = (self.config.adapter)(name);
            let server =
                serve::namespace(name, adapter, encoder::of_parser(self.config.parser), Some(itself));
            Arc::new(NamespaceEntry { server, handler: OnceLock::new() })
        });
        entry.clone()
    }
}

impl Namespaces for SocketIoServer {
    fn of(&self, name: &str) -> Server {
        self.entry(name).server.clone()
    }

    fn clients_count(&self) -> usize {
        self.clients_count.get().map_or(0, |count| count())
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
