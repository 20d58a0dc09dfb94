//! The adapter of one namespace that speaks as `ClusterAdapter` of `socket.io-adapter` does, the common
//! ground of the adapters on sharded channels and on streams. How its messages travel is a [`Carrier`]'s.
//!
//! Its own clients are in a `MemoryAdapter`; it never waits for Redis before it serves them.

mod entries;
pub(super) mod message;
mod received;
mod recovery;

use std::collections::HashSet;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt};
use gateway_core::adapter::{RestoredSession, Session};
use gateway_core::{
    Adapter, AdapterError, AdapterHealth, AdapterService, Arguments, BroadcastAcks, BroadcastOptions, Frames,
    MemoryAdapter, Payload, RemoteAcks, RemoteSocket, Room, RoomObserver, Server, ServerSideAckError,
    SessionRecovery, Socket, WeakServer, telemetry,
};

use self::message::{Data, Event, Kind, Message};
use self::recovery::Recovery;
use super::bus::{Bus, Following, Membership, Receive, ReceiveEntry};
use super::classic::wire::{Whom, array_of};
use super::driver::{Delivery, Entry, Topic};
use super::id::random_hex;
use super::pending::{Answer, PendingRequests, server_side_acks};
use super::streams::StreamLog;
use crate::adapters::node_socket::NodeSocket;

/// How the messages of one namespace reach other servers.
pub(super) trait Carrier: Send + Sync + 'static {
    /// What this server subscribes to. The servers of the namespace are counted by the first one.
    fn topics(&self) -> Vec<Topic>;

    /// What is subscribed to while a room has members; `own` says that it is the room of a socket's own id.
    fn room_topic(&self, room: &str, own: bool) -> Option<Topic>;

    /// Whether messages about single rooms have topics of their own.
    fn follows_rooms(&self) -> bool;

    /// Sends a message to all other servers; `to` is whom a broadcast is for.
    fn publish(&self, message: &Message<'_>, attachments: &[Bytes], to: Option<&BroadcastOptions>);

    /// Answers the server that has asked.
    fn respond(&self, requester: &str, message: &Message<'_>, attachments: &[Bytes]);

    /// The stream that keeps messages, if one does.
    fn stream(&self) -> Option<&StreamLog> {
        None
    }
}

/// The adapter of one namespace.
pub(super) struct ClusterAdapter {
    itself: Weak<Self>,
    namespace: Box<str>,
    /// The name of this server in this namespace.
    uid: String,
    requests_timeout: Duration,
    bus: Bus,
    carrier: Box<dyn Carrier>,
    memory: MemoryAdapter,
    pending: PendingRequests<Kind>,
    server: OnceLock<WeakServer>,
    membership: OnceLock<Membership>,
    following: OnceLock<Following>,
    /// What is done for clients that come back, if anything is.
    recovery: OnceLock<Recovery>,
}

impl std::fmt::Debug for ClusterAdapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClusterAdapter")
            .field("namespace", &self.namespace)
            .field("uid", &self.uid)
            .finish_non_exhaustive()
    }
}

/// The names of rooms, as a message has them.
fn names(rooms: &[Room]) -> Option<Vec<&str>> {
    Some(rooms.iter().map(|room| &**room).collect())
}

impl ClusterAdapter {
    /// An adapter; `carrier` is made for the name that it has among the servers.
    pub(super) fn new(
        namespace: &str,
        bus: Bus,
        requests_timeout: Duration,
        carrier: impl FnOnce(&str) -> Box<dyn Carrier>,
    ) -> Arc<Self> {
        let uid = random_hex();
        let carrier = carrier(&uid);
        Arc::new_cyclic(|itself: &Weak<Self>| {
            let memory = MemoryAdapter::default();
            if carrier.follows_rooms() {
                memory.observe_rooms(itself.clone());
            }
            Self {
                itself: itself.clone(),
                namespace: namespace.into(),
                uid,
                requests_timeout,
                bus,
                carrier,
                memory,
                pending: PendingRequests::default(),
                server: OnceLock::new(),
                membership: OnceLock::new(),
                following: OnceLock::new(),
                recovery: OnceLock::new(),
            }
        })
    }

    fn server(&self) -> Option<Server> {
        self.server.get().and_then(WeakServer::upgrade)
    }

    fn message<'a>(&'a self, kind: Kind, data: Data<'a>) -> Message<'a> {
        Message { r#type: kind as u8, data, uid: &self.uid, nsp: &self.namespace }
    }

    fn publish(&self, kind: Kind, data: Data<'_>, attachments: &[Bytes]) {
        self.carrier.publish(&self.message(kind, data), attachments, None);
    }

    /// Disconnects clients of this server, and those who are about to come back to it.
    fn disconnect_here(&self, to: &BroadcastOptions, close: bool) {
        if let Some(recovery) = self.recovery.get() {
            recovery.dismiss(to);
        }
        self.memory.disconnect_sockets(to, close);
    }

    /// How many other servers there are.
    async fn other_servers(&self) -> Result<usize, AdapterError> {
        if !self.membership.get().is_some_and(Membership::is_up) {
            // Answers could not come.
            return Err(self.bus.unavailable());
        }
        let topics = self.carrier.topics();
        let counted = topics.first().ok_or_else(|| self.bus.unavailable())?;
        Ok(self.bus.num_sub(counted).await?.saturating_sub(1))
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
        data: Data<'_>,
        attachments: &[Bytes],
    ) -> Result<Vec<Answer>, (AdapterError, Vec<Answer>)> {
        let expected = self.other_servers().await.map_err(|error| {
            telemetry::adapter_error(operation);
            (error, Vec::new())
        })?;
        if expected == 0 {
            return Ok(Vec::new());
        }
        let id = random_hex();
        let timeout = timeout.unwrap_or(self.requests_timeout);
        let send = || self.publish(kind, Data { request_id: Some(&id), ..data }, attachments);
        self.pending.gather(&self.bus, operation, (&id, kind, expected), timeout, send).await
    }

    /// The sockets of other servers.
    async fn ask_sockets(
        &self,
        operation: &'static str,
        to: &BroadcastOptions,
    ) -> Result<Vec<NodeSocket>, AdapterError> {
        let data = Data { opts: Some(Whom::with_flags(to)), ..Data::default() };
        let answers = self.ask(operation, Kind::FetchSockets, to.flags.timeout, data, &[]).await;
        let sockets = answers.map_err(|(error, _)| error)?.into_iter().filter_map(|answer| match answer {
            Answer::Sockets(sockets) => Some(sockets),
            _ => None,
        });
        Ok(sockets.flatten().collect())
    }

    /// Counts the servers of a broadcast with acknowledgements, and stops to wait for them in time.
    async fn await_acks(self: Arc<Self>, id: String, acks: RemoteAcks, timeout: Duration) {
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

impl ReceiveEntry for ClusterAdapter {
    fn receive_entry(&self, entry: &Entry) {
        self.take_entry(entry);
    }
}

impl Receive for ClusterAdapter {
    fn receive(&self, delivery: Delivery) {
        self.take(&delivery.message);
    }
}

impl RoomObserver for ClusterAdapter {
    fn created(&self, room: &Room, own: bool) {
        if let (Some(membership), Some(topic)) = (self.membership.get(), self.carrier.room_topic(room, own)) {
            membership.subscribe(vec![topic]);
        }
    }

    fn deleted(&self, room: &Room) {
        // Whether it was subscribed to is known there.
        if let (Some(membership), Some(topic)) = (self.membership.get(), self.carrier.room_topic(room, false))
        {
            membership.unsubscribe(topic);
        }
    }
}

impl Adapter for ClusterAdapter {
    fn init(&self, server: WeakServer) {
        if self.server.set(server).is_err() {
            return;
        }
        let receiver: Weak<dyn Receive> = self.itself.clone();
        // Set once, since the server is.
        let _ = self.membership.set(self.bus.join(receiver, self.carrier.topics()));
        if let Some(stream) = self.carrier.stream() {
            let receiver: Weak<dyn ReceiveEntry> = self.itself.clone();
            let read = stream.options().read;
            let following = self.bus.follow(stream.name(), &self.namespace, receiver, read);
            let _ = self.following.set(following);
        }
    }

    fn ready(&self) -> BoxFuture<'_, ()> {
        async move {
            let Some(membership) = self.membership.get() else { return };
            let all = async {
                membership.ready().await;
                if let Some(following) = self.following.get() {
                    following.ready().await;
                }
            };
            if tokio::time::timeout(self.requests_timeout, all).await.is_err() {
                tracing::warn!(
                    namespace = &*self.namespace,
                    "other servers are not reached yet: Redis is away"
                );
            }
        }
        .boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.bus.leave(self.membership.get(), self.requests_timeout).boxed()
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
        if let Some(recovery) = self.recovery.get().filter(|_| !to.flags.local && !to.flags.volatile) {
            return self.emit_in_order(recovery, server, payload, to);
        }
        if let Some(array) = array_of(&payload).filter(|_| !to.flags.local) {
            let data =
                Data { event: Some(Event::new(array)), opts: Some(Whom::with_flags(to)), ..Data::default() };
            self.carrier.publish(&self.message(Kind::Broadcast, data), payload.attachments(), Some(to));
        }
        self.memory.broadcast(server, payload, to);
    }

    fn broadcast_with_ack(&self, server: &Server, payload: Payload, to: &BroadcastOptions) -> BroadcastAcks {
        let (false, Some(itself)) = (to.flags.local, self.itself.upgrade()) else {
            return self.memory.broadcast_with_ack(server, payload, to);
        };
        let (acks, remote) = self.memory.broadcast_with_remote_acks(server, payload.clone(), to);
        if let Some(array) = array_of(&payload) {
            let id = random_hex();
            self.pending.expect_acks(&id, remote.clone());
            let (event, opts) = (Some(Event::new(array)), Some(Whom::with_flags(to)));
            let data = Data { event, request_id: Some(&id), opts, ..Data::default() };
            self.publish(Kind::Broadcast, data, payload.attachments());
            let timeout = to.flags.timeout.unwrap_or(self.requests_timeout);
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
            if !to.flags.local {
                let theirs = self.ask_sockets("fetch_sockets", to).await?;
                sockets.extend(theirs.into_iter().map(|socket| socket.into_remote(server)));
            }
            Ok(sockets)
        }
        .boxed()
    }

    fn add_sockets(&self, to: &BroadcastOptions, rooms: &[Room]) {
        self.memory.add_sockets(to, rooms);
        if !to.flags.local {
            let data = Data { opts: Some(Whom::with_flags(to)), rooms: names(rooms), ..Data::default() };
            self.publish(Kind::SocketsJoin, data, &[]);
        }
    }

    fn del_sockets(&self, to: &BroadcastOptions, rooms: &[Room]) {
        // Others first: whom it is about may be told by one of the rooms.
        if !to.flags.local {
            let data = Data { opts: Some(Whom::with_flags(to)), rooms: names(rooms), ..Data::default() };
            self.publish(Kind::SocketsLeave, data, &[]);
        }
        self.memory.del_sockets(to, rooms);
    }

    fn disconnect_sockets(&self, to: &BroadcastOptions, close: bool) {
        if !to.flags.local {
            let data = Data { opts: Some(Whom::with_flags(to)), close: Some(close), ..Data::default() };
            self.publish(Kind::DisconnectSockets, data, &[]);
        }
        self.disconnect_here(to, close);
    }

    /// The protocol has no question for rooms: other servers are asked for their sockets, which name theirs.
    fn all_rooms(&self) -> BoxFuture<'_, Result<Vec<Room>, AdapterError>> {
        async move {
            let mut rooms: HashSet<Room> = self.memory.all_rooms().await?.into_iter().collect();
            let theirs = self.ask_sockets("all_rooms", &BroadcastOptions::default()).await?;
            rooms.extend(theirs.iter().flat_map(NodeSocket::rooms));
            Ok(rooms.into_iter().collect())
        }
        .boxed()
    }

    fn server_count(&self) -> BoxFuture<'_, Result<usize, AdapterError>> {
        async move { Ok(self.other_servers().await? + 1) }.boxed()
    }

    fn server_side_emit(&self, event: Payload) {
        if let Some(array) = array_of(&event) {
            let data = Data { value: Some(array), ..Data::default() };
            self.publish(Kind::ServerSideEmit, data, event.attachments());
        }
    }

    fn server_side_emit_with_ack(
        &self,
        event: Payload,
    ) -> BoxFuture<'_, Result<Vec<Arguments>, ServerSideAckError<Arguments>>> {
        async move {
            let data = Data { value: array_of(&event), ..Data::default() };
            let operation = "server_side_emit_with_ack";
            let answers = self.ask(operation, Kind::ServerSideEmit, None, data, event.attachments()).await;
            server_side_acks(answers)
        }
        .boxed()
    }

    fn recover_sessions(&self, recovery: &Arc<SessionRecovery>) -> bool {
        let Some(stream) = self.carrier.stream() else { return false };
        let recovery = self.recovery.get_or_init(|| Recovery::new(recovery.clone()));
        let overdue = recovery::put_overdue(
            self.itself.clone(),
            recovery.overdue.clone(),
            stream.options().local_delivery_after,
        );
        self.bus.spawn(overdue);
        true
    }

    fn persist_session(&self, session: Session) {
        self.keep_session(&session);
    }

    fn restore_session<'a>(
        &'a self,
        server: &'a Server,
        pid: &'a str,
        offset: &'a str,
    ) -> BoxFuture<'a, Option<RestoredSession>> {
        self.find_session(server, pid, offset).boxed()
    }

    fn resume(
        &self,
        socket: &Socket,
        restored: RestoredSession,
        answer: &mut dyn FnMut(Vec<Frames>),
    ) -> bool {
        self.resume_in_order(socket, restored, answer)
    }

    fn health(&self) -> AdapterHealth {
        self.bus.health()
    }

    fn service(&self) -> Option<Arc<dyn AdapterService>> {
        Some(self.bus.service())
    }
}
