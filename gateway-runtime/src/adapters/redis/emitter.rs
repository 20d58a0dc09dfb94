//! `RedisEmitter`: events to clients, from a process that serves none.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use gateway_core::{BroadcastOptions, EmitArgs, EncodeError, IntoMillis, IntoRooms, Payload};

use super::bus::{Bus, BusOptions, RedisAdapterStats};
use super::classic::wire::{self, Channels, Kind, Request, Whom};
use super::connection_options::connection_options;
use super::error::RedisConnectError;
use super::target;

/// What Node's emitter calls itself.
const UID: &str = "emitter";

/// Emits to the clients of a cluster from a process that serves none: a worker, a cron job (`Emitter` of
/// `@socket.io/redis-emitter` 5).
///
/// It reaches servers on Rust and on Node whose adapters have the same key. Nobody answers it: it has neither
/// acknowledgements nor `fetch_sockets`.
///
/// ```no_run
/// # async fn run() -> Result<(), gateway_runtime::RedisConnectError> {
/// use gateway_runtime::RedisEmitter;
///
/// let emitter = RedisEmitter::connect("redis://localhost:6379").await?;
/// emitter.of("/orders").to("order:7").emit("shipped", "tracking number");
/// emitter.in_("user:3").disconnect_sockets(true);
/// emitter.close().await;
/// # Ok(()) }
/// ```
///
/// Messages wait in a buffer while Redis is away, as those of a [`RedisAdapter`](crate::RedisAdapter) do.
/// Cloning is cheap; all clones share the connection.
#[derive(Clone)]
pub struct RedisEmitter {
    bus: Bus,
    key: Arc<str>,
    namespace: Arc<str>,
    channels: Arc<Channels>,
}

impl fmt::Debug for RedisEmitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisEmitter")
            .field("key", &self.key)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

impl RedisEmitter {
    /// Connects to the addresses that [`RedisAdapter`](crate::RedisAdapter) knows.
    ///
    /// # Errors
    /// The address is none, Redis is not there, or it refuses the connection.
    pub async fn connect(url: impl Into<String>) -> Result<Self, RedisConnectError> {
        Self::builder(url).connect().await
    }

    /// Connects with other options.
    pub fn builder(url: impl Into<String>) -> RedisEmitterBuilder {
        RedisEmitterBuilder {
            url: url.into(),
            key: "socket.io".into(),
            bus: BusOptions { adapter: "redis-emitter", ..BusOptions::default() },
            wait: Duration::ZERO,
        }
    }

    pub(super) fn over(bus: Bus, key: &str) -> Self {
        Self { bus, key: key.into(), namespace: "/".into(), channels: Arc::new(Channels::new(key, "/")) }
    }

    /// What the names of channels begin with (`key`), in place of `socket.io`.
    #[must_use]
    pub fn with_key(self, key: &str) -> Self {
        Self { channels: Arc::new(Channels::new(key, &self.namespace)), key: key.into(), ..self }
    }

    /// An emitter for another namespace.
    #[must_use]
    pub fn of(&self, namespace: &str) -> Self {
        let namespace: Arc<str> =
            if namespace.starts_with('/') { namespace.into() } else { format!("/{namespace}").into() };
        let channels = Arc::new(Channels::new(&self.key, &namespace));
        Self { bus: self.bus.clone(), key: self.key.clone(), namespace, channels }
    }

    fn operator(&self) -> RedisBroadcastOperator {
        RedisBroadcastOperator { emitter: self.clone(), to: BroadcastOptions::default() }
    }

    /// Targets the members of a room, or of several (each once).
    pub fn to(&self, rooms: impl IntoRooms) -> RedisBroadcastOperator {
        self.operator().to(rooms)
    }

    /// The same as [`to`](Self::to) (`in` is a keyword of Rust).
    pub fn in_(&self, rooms: impl IntoRooms) -> RedisBroadcastOperator {
        self.operator().to(rooms)
    }

    /// Leaves the members of rooms out.
    pub fn except(&self, rooms: impl IntoRooms) -> RedisBroadcastOperator {
        self.operator().except(rooms)
    }

    /// The event may be lost by clients that are not ready to take it.
    pub fn volatile(&self) -> RedisBroadcastOperator {
        self.operator().volatile()
    }

    /// Whether transports may compress the event; they may unless this says no.
    pub fn compress(&self, compress: bool) -> RedisBroadcastOperator {
        self.operator().compress(compress)
    }

    /// Sends an event to everybody in the namespace.
    ///
    /// It never fails and never blocks: a value that does not serialize is logged with event and type;
    /// [`try_emit`](Self::try_emit) returns that error.
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

    /// Tells all servers an event of the servers' own (`serverSideEmit`).
    pub fn server_side_emit(&self, event: &str, args: impl EmitArgs) {
        let payload = match Payload::event(event, &args) {
            Ok(payload) => payload,
            Err(error) => return report(&error, event),
        };
        if let Some(data) = wire::array_of(&payload) {
            let request = Request { data: Some(data), ..Request::new(Some(UID), Kind::ServerSideEmit) };
            self.bus.publish(self.channels.request(), wire::encode(&request, payload.attachments()));
        }
    }

    /// What was sent and lost, over all namespaces.
    pub fn stats(&self) -> RedisAdapterStats {
        self.bus.stats().snapshot()
    }

    /// Waits until all that was emitted has been sent, for as long as Redis is there: a process that ends
    /// right after it has emitted loses what is still in the buffer.
    pub async fn close(self) {
        self.bus.flushed().await;
    }
}

/// Options of a [`RedisEmitter`].
#[must_use = "call `connect` to have an emitter"]
#[derive(Clone)]
pub struct RedisEmitterBuilder {
    url: String,
    key: String,
    bus: BusOptions,
    wait: Duration,
}

impl fmt::Debug for RedisEmitterBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        f.debug_struct("RedisEmitterBuilder").field("key", &self.key).finish_non_exhaustive()
    }
}

impl RedisEmitterBuilder {
    /// What the names of channels begin with (`key`); default `socket.io`.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    connection_options!();

    /// Connects.
    ///
    /// # Errors
    /// The address is none, Redis is not there (in time), or it refuses the connection.
    pub async fn connect(self) -> Result<RedisEmitter, RedisConnectError> {
        let Self { url, key, bus, wait } = self;
        let (driver, address) = target::driver(&url, &bus)?;
        let bus = Bus::connect(driver, bus, wait, false).await;
        let bus = bus.map_err(|error| RedisConnectError::new(&address, error))?;
        Ok(RedisEmitter::over(bus, &key))
    }
}

/// An event under construction, or an operation on several sockets (`BroadcastOperator`).
#[derive(Clone, Debug)]
#[must_use = "a chain does nothing until something is emitted or done"]
pub struct RedisBroadcastOperator {
    emitter: RedisEmitter,
    to: BroadcastOptions,
}

impl RedisBroadcastOperator {
    /// Adds a room, or several; a member of several receives the event once.
    pub fn to(mut self, rooms: impl IntoRooms) -> Self {
        self.to.rooms.extend(rooms.into_rooms());
        self
    }

    /// The same as [`to`](Self::to) (`in` is a keyword of Rust).
    pub fn in_(self, rooms: impl IntoRooms) -> Self {
        self.to(rooms)
    }

    /// Leaves the members of rooms out.
    pub fn except(mut self, rooms: impl IntoRooms) -> Self {
        self.to.except.extend(rooms.into_rooms());
        self
    }

    /// The event may be lost by clients that are not ready to take it.
    pub fn volatile(mut self) -> Self {
        self.to.flags.volatile = true;
        self
    }

    /// Whether transports may compress the event; they may unless this says no.
    pub fn compress(mut self, compress: bool) -> Self {
        self.to.flags.compress = Some(compress);
        self
    }

    /// Sends an event. It never fails and never blocks: a value that does not serialize is logged.
    pub fn emit(&self, event: &str, args: impl EmitArgs) {
        if let Err(error) = self.try_emit(event, args) {
            report(&error, event);
        }
    }

    /// [`emit`](Self::emit) that returns the error.
    ///
    /// # Errors
    /// The value does not serialize.
    pub fn try_emit(&self, event: &str, args: impl EmitArgs) -> Result<(), EncodeError> {
        let payload = Payload::event(event, &args)?;
        let RedisEmitter { bus, namespace, channels, .. } = &self.emitter;
        bus.publish(
            channels.of_broadcast(&self.to),
            wire::encode_broadcast(UID, namespace, &payload, &self.to),
        );
        Ok(())
    }

    /// Puts the targeted sockets into rooms.
    pub fn sockets_join(&self, rooms: impl IntoRooms) {
        self.change_rooms(Kind::RemoteJoin, rooms);
    }

    /// Takes the targeted sockets out of rooms.
    pub fn sockets_leave(&self, rooms: impl IntoRooms) {
        self.change_rooms(Kind::RemoteLeave, rooms);
    }

    /// Disconnects the targeted sockets; with `close` their whole connections.
    pub fn disconnect_sockets(&self, close: bool) {
        self.request(&Request { close: Some(close), ..self.about(Kind::RemoteDisconnect) });
    }

    fn change_rooms(&self, kind: Kind, rooms: impl IntoRooms) {
        let rooms = rooms.into_rooms();
        let names = rooms.iter().map(|room| &**room).collect();
        self.request(&Request { rooms: Some(names), ..self.about(kind) });
    }

    /// Node's emitter does not name itself in these.
    fn about(&self, kind: Kind) -> Request<'_> {
        Request { opts: Some(Whom::new(&self.to)), ..Request::new(None, kind) }
    }

    fn request(&self, request: &Request<'_>) {
        let RedisEmitter { bus, channels, .. } = &self.emitter;
        bus.publish(channels.request(), wire::encode(request, &[]));
    }
}

fn report(error: &EncodeError, event: &str) {
    tracing::error!(event, type_name = error.type_name(), "an event was not sent: {error}");
}
