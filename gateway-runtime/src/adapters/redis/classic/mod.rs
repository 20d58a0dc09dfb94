//! The adapter of one namespace on `PUBLISH` and `SUBSCRIBE`, which servers on Node with
//! `@socket.io/redis-adapter` 8 understand, and the other way round.
//!
//! Its own clients are in a `MemoryAdapter`; it never waits for Redis before it serves them. What it does to
//! them at once it does not do again when Redis hands its own message back: Node's adapter waits for that.

#[cfg(test)]
mod captured;
pub(super) mod received;
pub(super) mod wire;

use std::collections::HashSet;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use gateway_core::{
    Adapter, AdapterError, AdapterHealth, AdapterService, Arguments, BroadcastAcks, BroadcastOptions,
    MemoryAdapter, Payload, RemoteSocket, Room, Server, ServerSideAckError, Socket, WeakServer, telemetry,
};

use self::wire::{Channels, Kind, Packet, Request, Whom};
use super::bus::{Bus, Membership, Receive};
use super::driver::Topic;
use super::id::random_id;
use super::pending::{Answer, PendingRequests, server_side_acks};
use crate::adapters::node_socket::NodeSocket;

/// What is chosen for all namespaces.
#[derive(Clone, Debug)]
pub(super) struct ClassicOptions {
    /// What the names of channels begin with.
    pub(super) key: String,
    /// How long answers of other servers are waited for.
    pub(super) requests_timeout: Duration,
    /// Whether answers go to a channel of the server that has asked.
    pub(super) publish_on_specific_response_channel: bool,
}

/// The adapter of one namespace.
pub(super) struct ClassicAdapter {
    itself: Weak<Self>,
    namespace: Box<str>,
    /// The name of this server in this namespace.
    uid: String,
    options: Arc<ClassicOptions>,
    channels: Channels,
    bus: Bus,
    memory: MemoryAdapter,
    pending: PendingRequests<Kind>,
    server: OnceLock<WeakServer>,
    membership: OnceLock<Membership>,
}

impl std::fmt::Debug for ClassicAdapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClassicAdapter")
            .field("namespace", &self.namespace)
            .field("uid", &self.uid)
            .finish_non_exhaustive()
    }
}

impl ClassicAdapter {
    pub(super) fn new(namespace: &str, bus: Bus, options: Arc<ClassicOptions>) -> Arc<Self> {
        Arc::new_cyclic(|itself| Self {
            itself: itself.clone(),
            namespace: namespace.into(),
            uid: random_id(),
            channels: Channels::new(&options.key, namespace),
            options,
            bus,
            memory: MemoryAdapter::default(),
            pending: PendingRequests::default(),
            server: OnceLock::new(),
            membership: OnceLock::new(),
        })
    }

    fn server(&self) -> Option<Server> {
        self.server.get().and_then(WeakServer::upgrade)
    }

    fn request(&self, kind: Kind) -> Request<'_> {
        Request::new(Some(&self.uid), kind)
    }

    fn publish_request(&self, request: &Request<'_>) {
        self.bus.publish(self.channels.request(), wire::encode(request, &[]));
    }

    /// How many other servers there are.
    async fn other_servers(&self) -> Result<usize, AdapterError> {
        if !self.membership.get().is_some_and(Membership::is_up) {
            // Answers could not come.
            return Err(self.bus.unavailable());
        }
        Ok(self.bus.num_sub(&Topic::Channel(self.channels.request())).await?.saturating_sub(1))
    }

    /// Asks all other servers and waits for their answers.
    ///
    /// # Errors
    /// With the answers that came.
    async fn ask(
        &self,
        operation: &'static str,
        kind: Kind,
        timeout: Option<Duration>,
        encode: impl FnOnce(Request<'_>) -> Vec<u8>,
    ) -> Result<Vec<Answer>, (AdapterError, Vec<Answer>)> {
        let expected = self.other_servers().await.map_err(|error| {
            telemetry::adapter_error(operation);
            (error, Vec::new())
        })?;
        if expected == 0 {
            return Ok(Vec::new());
        }
        let id = random_id();
        let request = encode(Request { request_id: Some(&id), ..self.request(kind) });
        let timeout = timeout.unwrap_or(self.options.requests_timeout);
        let send = || self.bus.publish(self.channels.request(), request);
        self.pending.gather(&self.bus, operation, (&id, kind, expected), timeout, send).await
    }

    /// Counts the servers of a broadcast with acknowledgements, and stops to wait for them in time.
    async fn await_acks(self: Arc<Self>, id: String, acks: gateway_core::RemoteAcks, timeout: Duration) {
        let counted = async {
            match self.other_servers().await {
                Ok(count) => acks.servers(count),
                // How many are missing is not known: one at least.
                Err(error) => {
                    telemetry::adapter_error("broadcast_with_ack");
                    tracing::debug!(%error, "the servers that a broadcast went to could not be counted");
                }
            }
            acks.closed().await;
        };
        // An error says that the time is over.
        let _ = tokio::time::timeout(timeout, counted).await;
        self.pending.end_acks(&id);
    }
}

impl Receive for ClassicAdapter {
    fn receive(&self, delivery: super::driver::Delivery) {
        self.take(&delivery);
    }
}

impl Adapter for ClassicAdapter {
    fn init(&self, server: WeakServer) {
        if self.server.set(server).is_err() {
            return;
        }
        // The channels that Node subscribes to: servers are counted by them.
        let topics = vec![
            Topic::Pattern(self.channels.pattern()),
            Topic::Channel(self.channels.request()),
            Topic::Channel(self.channels.response.clone()),
            Topic::Channel(self.channels.response_to(&self.uid)),
        ];
        let receiver: Weak<dyn Receive> = self.itself.clone();
        // Set once, since the server is.
        let _ = self.membership.set(self.bus.join(receiver, topics));
    }

    fn ready(&self) -> BoxFuture<'_, ()> {
        async move {
            let Some(membership) = self.membership.get() else { return };
            if tokio::time::timeout(self.options.requests_timeout, membership.ready()).await.is_err() {
                tracing::warn!(
                    namespace = &*self.namespace,
                    "other servers are not reached yet: Redis is away"
                );
            }
        }
        .boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.bus.leave(self.membership.get(), self.options.requests_timeout).boxed()
    }

    fn add_all(&self, socket: &Socket, rooms: Vec<Room>) {
        self.memory.add_all(socket, rooms);
    }

    fn del(&self, socket: &Socket, room: &str) {
        self.memory.del(socket, room);
    }

    fn del_all(&self, socket: &Socket) {
        self.memory.del_all(socket);
    }

    fn socket_rooms(&self, socket: &Socket) -> Vec<Room> {
        self.memory.socket_rooms(socket)
    }

    fn room_count(&self, socket: &Socket) -> usize {
        self.memory.room_count(socket)
    }

    fn rooms(&self) -> Vec<Room> {
        self.memory.rooms()
    }

    fn broadcast(&self, server: &Server, payload: Payload, to: &BroadcastOptions) {
        if !to.flags.local {
            let message = wire::encode_broadcast(&self.uid, &self.namespace, &payload, to);
            self.bus.publish(self.channels.of_broadcast(to), message);
        }
        self.memory.broadcast(server, payload, to);
    }

    fn broadcast_with_ack(&self, server: &Server, payload: Payload, to: &BroadcastOptions) -> BroadcastAcks {
        let (false, Some(itself)) = (to.flags.local, self.itself.upgrade()) else {
            return self.memory.broadcast_with_ack(server, payload, to);
        };
        let id = random_id();
        let request = wire::array_of(&payload).map(|data| {
            let request = Request {
                request_id: Some(&id),
                packet: Some(Packet::event(data, &self.namespace)),
                opts: Some(Whom::with_flags(to)),
                ..self.request(Kind::Broadcast)
            };
            wire::encode_packed(&request, payload.attachments())
        });
        let (acks, remote) = self.memory.broadcast_with_remote_acks(server, payload, to);
        if let Some(request) = request {
            self.pending.expect_acks(&id, remote.clone());
            self.bus.publish(self.channels.request(), request);
            let timeout = to.flags.timeout.unwrap_or(self.options.requests_timeout);
            self.bus.spawn(itself.await_acks(id, remote, timeout));
        }
        acks
    }

    fn local_sockets(&self, to: &BroadcastOptions) -> Vec<Socket> {
        self.memory.local_sockets(to)
    }

    fn fetch_sockets<'a>(
        &'a self,
        server: &'a Server,
        to: &'a BroadcastOptions,
    ) -> BoxFuture<'a, Result<Vec<RemoteSocket>, AdapterError>> {
        async move {
            let mut sockets = self.memory.fetch_sockets(server, to).await?;
            if to.flags.local {
                return Ok(sockets);
            }
            let timeout = to.flags.timeout;
            let answers = self.ask("fetch_sockets", Kind::RemoteFetch, timeout, |request| {
                wire::encode(&Request { opts: Some(Whom::new(to)), ..request }, &[])
            });
            for answer in answers.await.map_err(|(error, _)| error)? {
                if let Answer::Sockets(theirs) = answer {
                    sockets.extend(theirs.into_iter().map(|socket: NodeSocket| socket.into_remote(server)));
                }
            }
            Ok(sockets)
        }
        .boxed()
    }

    fn add_sockets(&self, to: &BroadcastOptions, rooms: &[Room]) {
        self.memory.add_sockets(to, rooms);
        if !to.flags.local {
            let rooms = Some(rooms.iter().map(|room| &**room).collect());
            self.publish_request(&Request {
                opts: Some(Whom::new(to)),
                rooms,
                ..self.request(Kind::RemoteJoin)
            });
        }
    }

    fn del_sockets(&self, to: &BroadcastOptions, rooms: &[Room]) {
        // Others first: whom it is about may be told by one of the rooms.
        if !to.flags.local {
            let rooms = Some(rooms.iter().map(|room| &**room).collect());
            self.publish_request(&Request {
                opts: Some(Whom::new(to)),
                rooms,
                ..self.request(Kind::RemoteLeave)
            });
        }
        self.memory.del_sockets(to, rooms);
    }

    fn disconnect_sockets(&self, to: &BroadcastOptions, close: bool) {
        if !to.flags.local {
            self.publish_request(&Request {
                opts: Some(Whom::new(to)),
                close: Some(close),
                ..self.request(Kind::RemoteDisconnect)
            });
        }
        self.memory.disconnect_sockets(to, close);
    }

    fn all_rooms(&self) -> BoxFuture<'_, Result<Vec<Room>, AdapterError>> {
        async move {
            let mut rooms: HashSet<Room> = self.memory.all_rooms().await?.into_iter().collect();
            let answers = self.ask("all_rooms", Kind::AllRooms, None, |request| wire::encode(&request, &[]));
            for answer in answers.await.map_err(|(error, _)| error)? {
                if let Answer::Rooms(theirs) = answer {
                    rooms.extend(theirs);
                }
            }
            Ok(rooms.into_iter().collect())
        }
        .boxed()
    }

    fn server_count(&self) -> BoxFuture<'_, Result<usize, AdapterError>> {
        async move { Ok(self.other_servers().await? + 1) }.boxed()
    }

    fn server_side_emit(&self, event: Payload) {
        let Some(data) = wire::array_of(&event) else { return };
        let request = Request { data: Some(data), ..self.request(Kind::ServerSideEmit) };
        self.bus.publish(self.channels.request(), wire::encode(&request, event.attachments()));
    }

    fn server_side_emit_with_ack(
        &self,
        event: Payload,
    ) -> BoxFuture<'_, Result<Vec<Arguments>, ServerSideAckError<Arguments>>> {
        async move {
            let answers = self.ask("server_side_emit_with_ack", Kind::ServerSideEmit, None, |request| {
                wire::encode(&Request { data: wire::array_of(&event), ..request }, event.attachments())
            });
            server_side_acks(answers.await)
        }
        .boxed()
    }

    fn health(&self) -> AdapterHealth {
        self.bus.health()
    }

    fn service(&self) -> Option<Arc<dyn AdapterService>> {
        Some(self.bus.service())
    }
}
