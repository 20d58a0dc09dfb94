//! `Server`: the handle to a namespace, with which gateways reach its clients.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, OnceLock, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt};
use parking_lot::{Mutex, RwLock};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::adapter::{Adapter, AdapterError, BroadcastOptions};
use crate::arguments::Arguments;
use crate::broadcast_acks::BroadcastAckError;
use crate::detached::{BareEncoder, Emitted, Recorder};
use crate::frames::Frames;
use crate::incoming::Incoming;
use crate::link::{Encoder, Namespaces, NewNamespaceListener, SharedNamespaces};
use crate::memory::MemoryAdapter;
use crate::operator::BroadcastOperator;
use crate::payload::{EmitArgs, EncodeError, Payload};
use crate::recovery::SessionRecovery;
use crate::remote::RemoteSocket;
use crate::room::{IntoRooms, Room};
use crate::server_events::ServerListeners;
use crate::socket::Socket;
use crate::socket_limits::SocketLimits;

/// A refused connection: what the client's `connect_error` carries.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ConnectError {
    /// `error.message` at the client.
    pub message: String,
    /// `error.data` at the client.
    pub data: Option<Value>,
}

impl ConnectError {
    /// A refusal with a message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), data: None }
    }

    /// Adds details for the client (`error.data`).
    #[must_use]
    pub fn with_data(mut self, data: impl Into<Value>) -> Self {
        self.data = Some(data.into());
        self
    }
}

impl From<crate::WsException> for ConnectError {
    fn from(exception: crate::WsException) -> Self {
        let message = exception.message().into_owned();
        let data = Some(exception.error().clone()).filter(|error| error.is_object() || error.is_array());
        Self { message, data }
    }
}

type Middleware = Arc<dyn Fn(Socket) -> BoxFuture<'static, Result<(), ConnectError>> + Send + Sync>;

/// A namespace and all who are connected to it (NestJS's `@WebSocketServer() server`; for a gateway
/// without a namespace that is Socket.IO's main namespace `/`).
///
/// It is a handle: cloning is cheap, and all clones speak to the same clients. [`Server::detached`]
/// makes one without clients for unit tests.
#[derive(Clone)]
pub struct Server(Arc<Handle>);

/// A [`Server`] that does not keep its namespace alive: what an adapter holds.
#[derive(Clone)]
pub struct WeakServer(Weak<Handle>);

impl WeakServer {
    /// The server; `None` when its namespace is gone.
    pub fn upgrade(&self) -> Option<Server> {
        self.0.upgrade().map(Server)
    }
}

impl fmt::Debug for WeakServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakServer")
    }
}

/// A namespace is what a gateway's server is.
pub type Namespace = Server;

struct Handle {
    name: Arc<str>,
    /// Gateways are built before it is decided what serves them: until the app starts, nobody is
    /// connected and nothing is sent.
    backend: OnceLock<Arc<Backend>>,
    /// What was registered before the handle had a namespace.
    early: Mutex<Early>,
    /// Listeners, likewise.
    early_listeners: ServerListeners,
    recorder: Option<Recorder>,
}

#[derive(Default)]
struct Early {
    middlewares: Vec<Middleware>,
    new_namespace: Vec<NewNamespaceListener>,
}

/// What is behind all handles to one namespace.
pub(crate) struct Backend {
    adapter: Arc<dyn Adapter>,
    encoder: Arc<dyn Encoder>,
    namespaces: Option<Weak<dyn Namespaces>>,
    middlewares: RwLock<Vec<Middleware>>,
    listeners: ServerListeners,
    socket_limits: OnceLock<SocketLimits>,
    /// Listeners of what goes out, over all sockets of the namespace.
    outgoing_listeners: AtomicUsize,
    next_ack_id: AtomicU64,
    /// The dynamic namespace that a child belongs to.
    parent: Option<Server>,
    /// Set if clients may come back.
    recovery: OnceLock<Arc<SessionRecovery>>,
}

impl Backend {
    pub(crate) fn new(
        adapter: Arc<dyn Adapter>,
        encoder: Arc<dyn Encoder>,
        namespaces: Option<Weak<dyn Namespaces>>,
    ) -> Arc<Self> {
        Arc::new(Self::with_parent(adapter, encoder, namespaces, None))
    }

    /// A child of a dynamic namespace, which answers for the rest.
    pub(crate) fn child(parent: &Server, adapter: Arc<dyn Adapter>) -> Arc<Self> {
        let backend = parent.backend();
        let (encoder, namespaces) = (backend.encoder.clone(), backend.namespaces.clone());
        Arc::new(Self::with_parent(adapter, encoder, namespaces, Some(parent.clone())))
    }

    fn with_parent(
        adapter: Arc<dyn Adapter>,
        encoder: Arc<dyn Encoder>,
        namespaces: Option<Weak<dyn Namespaces>>,
        parent: Option<Server>,
    ) -> Self {
        let (middlewares, listeners) = (RwLock::default(), ServerListeners::default());
        Self {
            adapter,
            encoder,
            namespaces,
            middlewares,
            listeners,
            socket_limits: OnceLock::new(),
            outgoing_listeners: AtomicUsize::new(0),
            next_ack_id: AtomicU64::new(0),
            parent,
            recovery: OnceLock::new(),
        }
    }
}

/// The namespace of a server that does not serve yet: it has no sockets.
static NOT_SERVING: LazyLock<Arc<Backend>> =
    LazyLock::new(|| Backend::new(Arc::new(MemoryAdapter::default()), Arc::new(BareEncoder), None));

impl Server {
    pub(crate) fn build(name: &str, backend: Option<Arc<Backend>>, recorder: Option<Recorder>) -> Self {
        let backend = backend.map_or_else(OnceLock::new, OnceLock::from);
        Self(Arc::new(Handle {
            name: name.into(),
            backend,
            early: Mutex::default(),
            early_listeners: ServerListeners::default(),
            recorder,
        }))
    }

    /// Makes this handle speak to the namespace of another one; false if it speaks to one already.
    pub(crate) fn bind(&self, to: &Server) -> bool {
        // Under the lock, so that a middleware comes either before this or after it.
        let mut early = self.0.early.lock();
        let bound = self.0.backend.set(to.backend().clone()).is_ok();
        to.backend().middlewares.write().append(&mut early.middlewares);
        self.0.early_listeners.append_to(&to.backend().listeners);
        if let Some(namespaces) = to.namespaces() {
            early.new_namespace.drain(..).for_each(|listener| namespaces.on_new_namespace(listener));
        }
        bound
    }

    fn backend(&self) -> &Arc<Backend> {
        self.0.backend.get().unwrap_or(&NOT_SERVING)
    }

    /// The namespace's name, with its leading slash; of a dynamic one its [pattern](Self::pattern).
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What stands for the namespace in logs and metrics: its name, and for `/room-7` and its kin the
    /// pattern of the gateway, `/^/room-[0-9]+$/`, whatever names clients choose.
    pub fn pattern(&self) -> &str {
        self.backend().parent.as_ref().unwrap_or(self).name()
    }

    /// Another namespace of the same server: `server.of("/admin").emit(..)`. It is made if it does
    /// not exist.
    ///
    /// On plain WebSocket, which has no namespaces, it is this one.
    pub fn of(&self, name: &str) -> Server {
        if let Some(recorder) = &self.0.recorder {
            return recorder.namespace(name);
        }
        let Some(namespaces) = self.namespaces() else { return self.clone() };
        if name.starts_with('/') { namespaces.of(name) } else { namespaces.of(&format!("/{name}")) }
    }

    fn namespaces(&self) -> SharedNamespaces {
        self.backend().namespaces.as_ref().and_then(Weak::upgrade)
    }

    /// How many connections the server has, over all namespaces (`server.engine.clientsCount`).
    pub fn clients_count(&self) -> usize {
        self.namespaces().map_or_else(|| self.sockets().len(), |namespaces| namespaces.clients_count())
    }

    /// Targets everybody in the namespace: the start of a chain like `server.except("room")`.
    fn operator(&self) -> BroadcastOperator {
        BroadcastOperator::new(self.clone(), BroadcastOptions::default())
    }

    /// Targets the members of a room, or of several (each once).
    pub fn to(&self, rooms: impl IntoRooms) -> BroadcastOperator {
        self.operator().to(rooms)
    }

    /// The same as [`to`](Self::to) (`in` is a keyword of Rust).
    pub fn in_(&self, rooms: impl IntoRooms) -> BroadcastOperator {
        self.operator().to(rooms)
    }

    /// Leaves the members of rooms out.
    pub fn except(&self, rooms: impl IntoRooms) -> BroadcastOperator {
        self.operator().except(rooms)
    }

    /// The event may be lost by clients that are not ready to take it.
    pub fn volatile(&self) -> BroadcastOperator {
        self.operator().volatile()
    }

    /// The event goes to clients of this process only.
    pub fn local(&self) -> BroadcastOperator {
        self.operator().local()
    }

    /// Whether transports may compress the event; they may unless this says no.
    pub fn compress(&self, compress: bool) -> BroadcastOperator {
        self.operator().compress(compress)
    }

    /// How long `emit_with_ack` waits for the clients' acknowledgements.
    pub fn timeout(&self, timeout: Duration) -> BroadcastOperator {
        self.operator().timeout(timeout)
    }

    /// Sends an event to everybody in the namespace.
    ///
    /// It never fails and never blocks: a value that does not serialize is logged with event and
    /// type; [`try_emit`](Self::try_emit) returns that error.
    pub fn emit(&self, event: &str, args: impl EmitArgs) {
        self.operator().emit(event, args);
    }

    /// [`emit`](Self::emit) that returns the error.
    ///
    /// # Errors
    /// The value does not serialize.
    pub fn try_emit(&self, event: &str, args: impl EmitArgs) -> Result<(), EncodeError> {
        self.operator().try_emit(event, args)
    }

    /// Sends an event to everybody in the namespace, and waits until all of them have acknowledged.
    ///
    /// # Errors
    /// Not all answered before they left; [`timeout`](Self::timeout) limits the waiting. The answers that
    /// came are in the error.
    pub async fn emit_with_ack<R: DeserializeOwned + Send>(
        &self,
        event: &str,
        args: impl EmitArgs,
    ) -> Result<Vec<R>, BroadcastAckError<R>> {
        self.operator().emit_with_ack(event, args).await
    }

    /// Sends a `message` event to everybody (on plain WebSocket a frame without an event name).
    pub fn send(&self, args: impl EmitArgs) {
        self.operator().send(args);
    }

    /// Puts everybody in the namespace into rooms.
    pub fn sockets_join(&self, rooms: impl IntoRooms) {
        self.operator().sockets_join(rooms);
    }

    /// Takes everybody in the namespace out of rooms.
    pub fn sockets_leave(&self, rooms: impl IntoRooms) {
        self.operator().sockets_leave(rooms);
    }

    /// Disconnects everybody in the namespace; with `close` their whole connections.
    pub fn disconnect_sockets(&self, close: bool) {
        self.operator().disconnect_sockets(close);
    }

    /// The sockets of the namespace, on all servers of the cluster.
    ///
    /// # Errors
    /// Another server did not answer.
    pub async fn fetch_sockets(&self) -> Result<Vec<RemoteSocket>, AdapterError> {
        self.operator().fetch_sockets().await
    }

    /// The rooms that have members, on all servers of the cluster, those of single sockets included
    /// (`server.of("/").adapter.allRooms()`).
    ///
    /// # Errors
    /// Another server did not answer.
    pub async fn all_rooms(&self) -> Result<Vec<Room>, AdapterError> {
        self.adapter().all_rooms().await
    }

    /// How many servers of the cluster serve the namespace, this one included
    /// (`server.of("/").adapter.serverCount()`).
    ///
    /// # Errors
    /// The adapter cannot reach its service.
    pub async fn server_count(&self) -> Result<usize, AdapterError> {
        self.adapter().server_count().await
    }

    /// The sockets of the namespace on this server (`server.sockets.sockets.values()`).
    pub fn sockets(&self) -> Vec<Socket> {
        self.adapter().local_sockets(&BroadcastOptions::default())
    }

    /// The socket with this id on this server (`server.sockets.sockets.get(id)`).
    pub fn socket(&self, id: &str) -> Option<Socket> {
        let own_room = BroadcastOptions { rooms: vec![Room::from(id)], ..BroadcastOptions::default() };
        self.adapter().local_sockets(&own_room).into_iter().find(|socket| socket.id() == id)
    }

    /// Registers a middleware (Socket.IO's `use`, a keyword of Rust): it runs for each client that
    /// wants to connect to the namespace and may refuse it; the client gets a `connect_error` then.
    ///
    /// ```
    /// # use gateway_core::{ConnectError, Server, Socket};
    /// # let server = Server::detached();
    /// server.use_middleware(|client: Socket| async move {
    ///     match client.handshake().auth_value::<String>("token") {
    ///         Some(_) => Ok(()),
    ///         None => Err(ConnectError::new("no token")),
    ///     }
    /// });
    /// ```
    pub fn use_middleware<F, Fut>(&self, middleware: F)
    where
        F: Fn(Socket) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), ConnectError>> + Send + 'static,
    {
        let middleware: Middleware = Arc::new(move |socket| middleware(socket).boxed());
        let mut early = self.0.early.lock();
        match self.0.backend.get() {
            Some(backend) => backend.middlewares.write().push(middleware),
            None => early.middlewares.push(middleware),
        }
    }

    /// Calls `listener` with each namespace of the server that comes into being from now on: those that
    /// clients make by joining a dynamic one, and those that [`of`](Self::of) makes
    /// (`io.on('new_namespace', (namespace) => …)`).
    ///
    /// The first client waits for it, so middlewares that it adds hold for that client too. It must not
    /// block. A panic is logged.
    ///
    /// ```
    /// # use gateway_core::{Namespace, Server};
    /// # let server = Server::detached();
    /// server.on_new_namespace(|namespace: Namespace| println!("{} is new", namespace.name()));
    /// ```
    pub fn on_new_namespace(&self, listener: impl Fn(Namespace) + Send + Sync + 'static) {
        let listener: NewNamespaceListener = Arc::new(listener);
        let mut early = self.0.early.lock();
        match (self.0.backend.get(), self.namespaces()) {
            (None, _) => early.new_namespace.push(listener),
            (Some(_), Some(namespaces)) => namespaces.on_new_namespace(listener),
            // A detached server, plain WebSocket: there are no others.
            (Some(_), None) => {}
        }
    }

    /// The listeners to events of other servers.
    pub(crate) fn listeners(&self) -> &ServerListeners {
        &self.backend().listeners
    }

    /// Changes the listeners, also before the handle has a namespace.
    pub(crate) fn with_listeners(&self, change: impl FnOnce(&ServerListeners)) {
        // Under the lock, so that it comes either before `bind` or after it.
        let _early = self.0.early.lock();
        change(self.0.backend.get().map_or(&self.0.early_listeners, |backend| &backend.listeners));
    }

    /// Runs the middlewares in their order, up to the first refusal; `None` if there are none.
    pub(crate) fn run_middlewares(
        &self,
        socket: &Socket,
    ) -> Option<BoxFuture<'static, Result<(), ConnectError>>> {
        // Those of the dynamic namespace come before those of the child itself.
        let parent = self.backend().parent.as_ref();
        let mut middlewares =
            parent.map(|parent| parent.backend().middlewares.read().clone()).unwrap_or_default();
        middlewares.extend(self.backend().middlewares.read().iter().cloned());
        if middlewares.is_empty() {
            return None;
        }
        let socket = socket.clone();
        Some(
            async move {
                for middleware in middlewares {
                    middleware(socket.clone()).await?;
                }
                Ok(())
            }
            .boxed(),
        )
    }

    /// Lets clients of the namespace come back, if its adapter can.
    pub(crate) fn recover_sessions(&self, recovery: &Arc<SessionRecovery>) -> bool {
        let keeps = self.adapter().recover_sessions(recovery);
        if keeps {
            // Called once, by whoever makes the namespace.
            let _ = self.backend().recovery.set(recovery.clone());
        }
        keeps
    }

    /// How clients of the namespace may come back; `None` if they may not.
    pub(crate) fn recovery(&self) -> Option<&Arc<SessionRecovery>> {
        self.backend().recovery.get()
    }

    /// A handle that does not keep the namespace alive.
    pub fn downgrade(&self) -> WeakServer {
        WeakServer(Arc::downgrade(&self.0))
    }

    /// The adapter of the namespace.
    pub fn adapter(&self) -> &Arc<dyn Adapter> {
        &self.backend().adapter
    }

    /// The next number of an event that expects an acknowledgement.
    pub(crate) fn next_ack_id(&self) -> u64 {
        // Shared with the children, so that one number can be used in all of them.
        let numbering = self.backend().parent.as_ref().unwrap_or(self).backend();
        numbering.next_ack_id.fetch_add(1, Ordering::Relaxed)
    }

    /// Encodes an event of this namespace, once for all who receive it.
    pub fn encode_event(&self, payload: Payload, ack: Option<u64>) -> Frames {
        let event = self.outgoing_event(&payload);
        self.backend().encoder.event(&self.0.name, payload, ack).with_event(event)
    }

    /// Encodes a value without an event name.
    pub(crate) fn encode_message(&self, payload: Payload) -> Frames {
        let event = self.outgoing_event(&payload);
        self.backend().encoder.message(&self.0.name, payload).with_event(event)
    }

    /// The event as those hear it who listen to what goes out, if somebody does.
    fn outgoing_event(&self, payload: &Payload) -> Option<Arc<Incoming>> {
        if self.backend().outgoing_listeners.load(Ordering::Acquire) == 0 {
            return None;
        }
        let text = Bytes::copy_from_slice(payload.json());
        let (name, arguments) = Arguments::parse_event(&text, payload.attachments().to_vec()).ok()?;
        Some(Arc::new(Incoming::new(name.as_ref(), arguments)))
    }

    /// Counts listeners of what goes out: without any, no event is prepared for them.
    pub(crate) fn add_outgoing_listener(&self) {
        self.backend().outgoing_listeners.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn remove_outgoing_listeners(&self, count: usize) {
        if count > 0 {
            self.backend().outgoing_listeners.fetch_sub(count, Ordering::AcqRel);
        }
    }

    /// What one socket of the namespace may have.
    pub(crate) fn socket_limits(&self) -> SocketLimits {
        let backend = self.backend();
        match (backend.socket_limits.get(), &backend.parent) {
            (Some(limits), _) => *limits,
            (None, Some(parent)) => parent.socket_limits(),
            (None, None) => SocketLimits::default(),
        }
    }

    /// Sets what one socket may have: once, before there are any.
    pub(crate) fn limit_sockets(&self, limits: SocketLimits) {
        // The first one stays.
        let _ = self.backend().socket_limits.set(limits);
    }

    pub(crate) fn encoder(&self) -> &dyn Encoder {
        &*self.backend().encoder
    }

    pub(crate) fn recorder(&self) -> Option<&Recorder> {
        self.0.recorder.as_ref()
    }

    /// A server without clients, for unit tests. It remembers what it was told to emit, up to
    /// [`DETACHED_CAPACITY`](crate::DETACHED_CAPACITY) events; [`Socket::detached_in`] adds clients.
    pub fn detached() -> Self {
        Recorder::server("/")
    }

    /// What a detached server was told to emit, oldest first; empty for one that serves.
    pub fn emitted(&self) -> Vec<Emitted> {
        self.0.recorder.as_ref().map(Recorder::emitted).unwrap_or_default()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Server").field(&self.name()).finish()
    }
}

impl PartialEq for Server {
    /// Two handles are equal if they speak to the same namespace.
    fn eq(&self, other: &Self) -> bool {
        match (self.0.backend.get(), other.0.backend.get()) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => Arc::ptr_eq(&self.0, &other.0),
        }
    }
}

impl Eq for Server {}
