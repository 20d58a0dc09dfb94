//! The adapter of a dynamic namespace: what its gateway says reaches all children.
//!
//! It must never know how children come and go.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use futures_util::future::{BoxFuture, FutureExt, ready, try_join_all};
use gateway_core::adapter::ServerSideAckError;
use gateway_core::{
    Adapter, AdapterError, Arguments, BroadcastAcks, BroadcastOptions, Payload, RemoteSocket, Room, Server,
    Socket, serve,
};
use parking_lot::RwLock;

const NO_SOCKETS: AdapterError = AdapterError::Unsupported(
    "`fetch_sockets` is not supported on a dynamic namespace, whose children differ from server to server: ask a \
     child, `server.of(\"/name\")`, or `server.sockets()` for the clients of this server",
);
const NO_COUNT: AdapterError = AdapterError::Unsupported(
    "`server_count` is not supported on a dynamic namespace: ask a child, `server.of(\"/name\")`",
);
const NO_EVENTS: AdapterError = AdapterError::Unsupported(
    "servers cannot tell each other events of a dynamic namespace: use a child, `server.of(\"/name\")`, or the main \
     namespace",
);

/// The children of one dynamic namespace, by name.
#[derive(Debug, Default)]
pub(super) struct Children(RwLock<HashMap<Arc<str>, Server>>);

impl Children {
    pub(super) fn add(&self, name: Arc<str>, child: Server) {
        self.0.write().insert(name, child);
    }

    pub(super) fn remove(&self, name: &str) {
        let removed = self.0.write().remove(name);
        // Dropped outside the lock.
        drop(removed);
    }
}

/// Passes on to the children. They hold the namespace, so it does not hold them.
#[derive(Debug)]
pub(super) struct ParentAdapter(Weak<Children>);

impl ParentAdapter {
    pub(super) fn new(children: &Arc<Children>) -> Self {
        Self(Arc::downgrade(children))
    }

    fn children(&self) -> Vec<Server> {
        self.0.upgrade().map(|children| children.0.read().values().cloned().collect()).unwrap_or_default()
    }
}

impl Adapter for ParentAdapter {
    fn add_all(&self, _socket: &Socket, _rooms: Vec<Room>) {
        // Sockets are in children.
    }

    fn del(&self, _socket: &Socket, _room: &str) {}

    fn del_all(&self, _socket: &Socket) {}

    fn socket_rooms(&self, _socket: &Socket) -> Vec<Room> {
        Vec::new()
    }

    fn rooms(&self) -> Vec<Room> {
        let mut rooms: Vec<_> = self.children().iter().flat_map(|child| child.adapter().rooms()).collect();
        rooms.sort();
        rooms.dedup();
        rooms
    }

    fn broadcast(&self, _server: &Server, payload: Payload, to: &BroadcastOptions) {
        for child in self.children() {
            child.adapter().broadcast(&child, payload.clone(), to);
        }
    }

    /// Asks the clients of this server; those of others cannot be counted.
    fn broadcast_with_ack(&self, server: &Server, payload: Payload, to: &BroadcastOptions) -> BroadcastAcks {
        let children = self.children();
        let asked: Vec<_> = children.iter().map(|child| child.adapter().local_sockets(to)).collect();
        let id = serve::next_ack_id(server);
        let acks = BroadcastAcks::expect(&asked.concat(), id, to.flags.timeout);
        for (child, sockets) in children.iter().zip(asked) {
            if sockets.is_empty() {
                continue;
            }
            let frames = child.encode_event(payload.clone(), Some(id));
            let frames = frames.with_compression(to.flags.compress != Some(false));
            sockets.iter().for_each(|socket| socket.send_frames(&frames, to.flags.volatile));
        }
        acks
    }

    fn local_sockets(&self, to: &BroadcastOptions) -> Vec<Socket> {
        self.children().iter().flat_map(|child| child.adapter().local_sockets(to)).collect()
    }

    fn fetch_sockets<'a>(
        &'a self,
        _server: &'a Server,
        _to: &'a BroadcastOptions,
    ) -> BoxFuture<'a, Result<Vec<RemoteSocket>, AdapterError>> {
        ready(Err(NO_SOCKETS)).boxed()
    }

    fn add_sockets(&self, to: &BroadcastOptions, rooms: &[Room]) {
        self.children().iter().for_each(|child| child.adapter().add_sockets(to, rooms));
    }

    fn del_sockets(&self, to: &BroadcastOptions, rooms: &[Room]) {
        self.children().iter().for_each(|child| child.adapter().del_sockets(to, rooms));
    }

    fn disconnect_sockets(&self, to: &BroadcastOptions, close: bool) {
        self.children().iter().for_each(|child| child.adapter().disconnect_sockets(to, close));
    }

    fn all_rooms(&self) -> BoxFuture<'_, Result<Vec<Room>, AdapterError>> {
        async move {
            let children = self.children();
            let mut rooms = try_join_all(children.iter().map(Server::all_rooms)).await?.concat();
            rooms.sort();
            rooms.dedup();
            Ok(rooms)
        }
        .boxed()
    }

    fn server_count(&self) -> BoxFuture<'_, Result<usize, AdapterError>> {
        ready(Err(NO_COUNT)).boxed()
    }

    fn server_side_emit(&self, _event: Payload) {
        tracing::error!("a server-side event was not sent: {NO_EVENTS}");
    }

    fn server_side_emit_with_ack(
        &self,
        _event: Payload,
    ) -> BoxFuture<'_, Result<Vec<Arguments>, ServerSideAckError<Arguments>>> {
        ready(Err(ServerSideAckError { error: NO_EVENTS, responses: Vec::new() })).boxed()
    }
}
