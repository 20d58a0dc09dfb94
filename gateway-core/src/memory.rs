//! The adapter of a single process: rooms in memory, no I/O.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, OnceLock, Weak};

use futures_util::future::{BoxFuture, FutureExt, ready};
use parking_lot::RwLock;

use crate::adapter::{Adapter, AdapterError, BroadcastOptions, RestoredSession, ServerSideAckError, Session};
use crate::arguments::Arguments;
use crate::broadcast_acks::{BroadcastAcks, RemoteAcks};
use crate::frames::Frames;
use crate::payload::Payload;
use crate::recipients::{KeptList, Outdated, Recipients};
use crate::recovery::SessionRecovery;
use crate::recovery_store::SessionStore;
use crate::remote::RemoteSocket;
use crate::room::Room;
use crate::serve;
use crate::server::Server;
use crate::socket::Socket;

/// So many sockets are left out of a list one by one; with more of them, those that stay are gathered.
const HANDFUL: usize = 4;

/// Is told when rooms come and go (the events `create-room` and `delete-room` of Socket.IO's adapter), the
/// rooms of single sockets included.
///
/// It is called while the adapter is locked, so in the order in which it happens: it must not block, and not
/// call the adapter.
pub trait RoomObserver: Send + Sync + 'static {
    /// A room has its first member. `own` says that it is the room of a socket's own id.
    fn created(&self, room: &Room, own: bool);

    /// A room has lost its last member.
    fn deleted(&self, room: &Room);
}

/// Rooms of one namespace in memory (Socket.IO's default adapter).
#[derive(Default)]
pub struct MemoryAdapter {
    state: RwLock<State>,
    observer: OnceLock<Weak<dyn RoomObserver>>,
    /// What is kept for clients that may come back, if anything is.
    store: OnceLock<Arc<SessionStore>>,
}

#[derive(Debug, Default)]
struct State {
    /// By id. The room of a socket's own id is this map, not an entry of `rooms`.
    sockets: HashMap<Arc<str>, Member>,
    /// All of them.
    everybody: KeptList,
    rooms: HashMap<Room, Members>,
}

/// The members of a room.
#[derive(Debug, Default)]
struct Members {
    by_id: HashMap<Arc<str>, Socket>,
    list: KeptList,
}

#[derive(Debug)]
struct Member {
    socket: Socket,
    /// Most sockets are in a handful of rooms: a list is smaller than a set and as fast.
    rooms: Vec<Room>,
}

impl fmt::Debug for MemoryAdapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryAdapter")
            .field("state", &self.state)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

/// Gives memory back after a peak. Rarely: the next time is a quarter away.
fn shrink<K: Eq + Hash, V>(map: &mut HashMap<K, V>) {
    if map.capacity() > 64 && map.len() * 4 < map.capacity() {
        map.shrink_to_fit();
    }
}

impl State {
    fn has_room(&self, room: &str) -> bool {
        self.rooms.contains_key(room) || self.sockets.contains_key(room)
    }

    fn leave(&mut self, id: &str, room: &str, outdated: &mut Outdated) {
        if let Some(members) = self.rooms.get_mut(room) {
            members.by_id.remove(id);
            members.list.forget(outdated);
            if members.by_id.is_empty() {
                self.rooms.remove(room);
                shrink(&mut self.rooms);
            } else {
                shrink(&mut members.by_id);
            }
        }
    }

    /// Calls `visit` for each socket of a room, the room of its own id included.
    fn in_room<'a>(&'a self, room: &str, mut visit: impl FnMut(&'a Arc<str>, &'a Socket)) {
        if let Some((id, member)) = self.sockets.get_key_value(room) {
            visit(id, &member.socket);
        }
        if let Some(members) = self.rooms.get(room) {
            members.by_id.iter().for_each(|(id, socket)| visit(id, socket));
        }
    }

    /// Whom a broadcast reaches: mostly one list, without the sender.
    fn recipients(&self, to: &BroadcastOptions) -> Recipients {
        let list = match to.rooms.as_slice() {
            [] => Some(self.everybody.get(self.sockets.values().map(|member| &member.socket))),
            [room] if !self.sockets.contains_key(room) => {
                let Some(members) = self.rooms.get(room) else { return Recipients::these(Vec::new()) };
                Some(members.list.get(members.by_id.values()))
            }
            _ => None,
        };
        match list.zip(self.few(&to.except)) {
            Some((list, except)) => Recipients::of_list(list, except),
            None => Recipients::these(self.matching(to)),
        }
    }

    /// The members of these rooms, if they are a handful at most.
    fn few(&self, rooms: &[Room]) -> Option<Vec<Socket>> {
        let mut sockets = Vec::new();
        for room in rooms {
            let members = self.rooms.get(room).map_or(0, |members| members.by_id.len());
            if sockets.len() + members >= HANDFUL {
                return None;
            }
            self.in_room(room, |_, socket| sockets.push(socket.clone()));
        }
        Some(sockets)
    }

    fn matching(&self, to: &BroadcastOptions) -> Vec<Socket> {
        let mut excepted: HashSet<&str> = HashSet::new();
        for room in &to.except {
            self.in_room(room, |id, _| {
                excepted.insert(id);
            });
        }
        let wanted = |id: &str| excepted.is_empty() || !excepted.contains(id);
        match to.rooms.as_slice() {
            [] => {
                let all = self.sockets.iter().filter(|(id, _)| wanted(id));
                all.map(|(_, member)| member.socket.clone()).collect()
            }
            [room] => {
                let mut sockets =
                    Vec::with_capacity(self.rooms.get(room).map_or(1, |members| members.by_id.len()));
                self.in_room(room, |id, socket| {
                    if wanted(id) {
                        sockets.push(socket.clone());
                    }
                });
                sockets
            }
            rooms => {
                let (mut seen, mut sockets) = (HashSet::new(), Vec::new());
                for room in rooms {
                    self.in_room(room, |id, socket| {
                        if wanted(id) && seen.insert(&**id) {
                            sockets.push(socket.clone());
                        }
                    });
                }
                sockets
            }
        }
    }
}

impl MemoryAdapter {
    /// Has somebody told of rooms that come and go, for as long as they exist. Once, before there are any.
    pub fn observe_rooms(&self, observer: Weak<dyn RoomObserver>) {
        // Only the first one is told.
        let _ = self.observer.set(observer);
    }

    fn observer(&self) -> Option<Arc<dyn RoomObserver>> {
        self.observer.get().and_then(Weak::upgrade)
    }

    /// Whether a room has members, those of single sockets included: whether a message that another server
    /// sends to it is for anybody here.
    pub fn has_room(&self, room: &str) -> bool {
        self.state.read().has_room(room)
    }

    fn tell_if_gone(&self, state: &State, rooms: &[Room]) {
        if let Some(observer) = self.observer() {
            rooms.iter().filter(|room| !state.has_room(room)).for_each(|room| observer.deleted(room));
        }
    }

    /// Puts an event into the outboxes of all whom `to` names, encoded if there are any, and calls nobody: an adapter
    /// whose events have an order of their own does it under the lock of that order, and lets listeners know
    /// ([`Put::tell`]) when it has left it.
    pub fn put_in_order(&self, to: &BroadcastOptions, frames: impl FnOnce() -> Frames) -> Option<Put> {
        let recipients = self.recipients(to);
        if recipients.is_empty() {
            return None;
        }
        let frames = frames();
        recipients.iter().for_each(|socket| socket.put_frames(&frames, to.flags.volatile));
        Some(Put { frames, recipients })
    }

    fn recipients(&self, to: &BroadcastOptions) -> Recipients {
        self.state.read().recipients(to)
    }

    /// [`broadcast_with_ack`](Adapter::broadcast_with_ack) to the clients of this process, and the side on
    /// which an adapter reports the answers of other processes.
    pub fn broadcast_with_remote_acks(
        &self,
        server: &Server,
        payload: Payload,
        to: &BroadcastOptions,
    ) -> (BroadcastAcks, RemoteAcks) {
        let (recipients, id) = (self.local_sockets(to), server.next_ack_id());
        let acks = BroadcastAcks::expect_with_remote(&recipients, id, to.flags.timeout);
        send_with_ack(server, payload, to, &recipients, id);
        acks
    }
}

impl Adapter for MemoryAdapter {
    fn add_all(&self, socket: &Socket, rooms: Vec<Room>) {
        let mut state = self.state.write();
        // Seen under the lock: a socket that leaves meanwhile is taken out after this, never before.
        if !socket.connected() {
            return;
        }
        let id = socket.shared_id();
        let observer = self.observer();
        if let Some(observer) = &observer {
            for room in std::iter::once(&id).chain(&rooms) {
                if !state.has_room(room) {
                    observer.created(room, *room == id);
                }
            }
        }
        let (mut outdated, mut replaced) = (Outdated::new(), Vec::new());
        let State { sockets, everybody, rooms: all_rooms } = &mut *state;
        let member = sockets.entry(id.clone()).or_insert_with(|| {
            everybody.forget(&mut outdated);
            Member { socket: socket.clone(), rooms: Vec::new() }
        });
        for room in rooms {
            if room == id {
                continue;
            }
            // The room is asked, not the list: one client in many thousand rooms must not slow down the others.
            let members = all_rooms.entry(room.clone()).or_default();
            let former = members.by_id.insert(id.clone(), socket.clone());
            if former.as_ref() != Some(socket) {
                members.list.forget(&mut outdated);
            }
            match former {
                Some(former) => replaced.push(former),
                None => member.rooms.push(room),
            }
        }
        drop(state);
        drop((outdated, replaced));
    }

    fn del(&self, socket: &Socket, room: &str) {
        let mut state = self.state.write();
        let Some(member) = state.sockets.get_mut(socket.id()) else { return };
        // A client that came back has the same id and another socket: what the old one does is not its.
        if member.socket != *socket {
            return;
        }
        let Some(index) = member.rooms.iter().position(|joined| &**joined == room) else { return };
        let room = member.rooms.remove(index);
        let mut outdated = Outdated::new();
        state.leave(socket.id(), &room, &mut outdated);
        self.tell_if_gone(&state, std::slice::from_ref(&room));
        drop(state);
        drop(outdated);
    }

    fn del_all(&self, socket: &Socket) {
        let mut state = self.state.write();
        if state.sockets.get(socket.id()).is_none_or(|member| member.socket != *socket) {
            return;
        }
        let Some(member) = state.sockets.remove(socket.id()) else { return };
        shrink(&mut state.sockets);
        let mut outdated = Outdated::new();
        state.everybody.forget(&mut outdated);
        for room in &member.rooms {
            state.leave(socket.id(), room, &mut outdated);
        }
        self.tell_if_gone(&state, &member.rooms);
        self.tell_if_gone(&state, &[socket.shared_id()]);
        // The last reference to a socket may run a user's `Drop`: not under the lock.
        drop(state);
        drop((member, outdated));
    }

    fn socket_rooms(&self, socket: &Socket) -> Vec<Room> {
        let state = self.state.read();
        let Some(member) = state.sockets.get(socket.id()) else { return Vec::new() };
        std::iter::once(socket.shared_id()).chain(member.rooms.iter().cloned()).collect()
    }

    fn room_count(&self, socket: &Socket) -> usize {
        self.state.read().sockets.get(socket.id()).map_or(0, |member| member.rooms.len() + 1)
    }

    fn rooms(&self) -> Vec<Room> {
        self.state.read().rooms.keys().cloned().collect()
    }

    fn broadcast(&self, server: &Server, payload: Payload, to: &BroadcastOptions) {
        if let Some(store) = self.store.get()
            && !to.flags.volatile
        {
            // Sent under the store's lock: the order of its events is their order for every client.
            let mut events = store.in_order();
            let frames = events.store(payload, to, |payload| encode(server, payload, None, to));
            let put = self.put_in_order(to, || frames);
            // Listeners, and whatever a user's `Drop` does when a socket goes: not under the lock.
            drop(events);
            put.iter().for_each(Put::tell);
            return;
        }
        // Encoded outside the lock and once; no lock is held while the recipients' tasks are woken.
        let recipients = self.recipients(to);
        if recipients.is_empty() {
            return;
        }
        let frames = encode(server, payload, None, to);
        for socket in recipients.iter() {
            socket.send_frames(&frames, to.flags.volatile);
        }
    }

    fn broadcast_with_ack(&self, server: &Server, payload: Payload, to: &BroadcastOptions) -> BroadcastAcks {
        let recipients = self.local_sockets(to);
        let id = server.next_ack_id();
        let acks = BroadcastAcks::expect(&recipients, id, to.flags.timeout);
        send_with_ack(server, payload, to, &recipients, id);
        acks
    }

    fn local_sockets(&self, to: &BroadcastOptions) -> Vec<Socket> {
        self.state.read().matching(to)
    }

    fn fetch_sockets<'a>(
        &'a self,
        server: &'a Server,
        to: &'a BroadcastOptions,
    ) -> BoxFuture<'a, Result<Vec<RemoteSocket>, AdapterError>> {
        let sockets = self.local_sockets(to);
        let views = sockets.iter().map(|socket| RemoteSocket::of(server, socket)).collect();
        ready(Ok(views)).boxed()
    }

    fn add_sockets(&self, to: &BroadcastOptions, rooms: &[Room]) {
        for socket in self.local_sockets(to) {
            socket.join(rooms);
        }
    }

    fn del_sockets(&self, to: &BroadcastOptions, rooms: &[Room]) {
        for socket in self.local_sockets(to) {
            for room in rooms {
                socket.leave(room);
            }
        }
    }

    fn disconnect_sockets(&self, to: &BroadcastOptions, close: bool) {
        // Nor do those come back who are gone at the moment, or on whom middlewares still decide.
        if let Some(store) = self.store.get() {
            store.forget(|rooms| to.reaches(rooms));
        }
        for socket in self.local_sockets(to) {
            socket.disconnect(close);
        }
    }

    fn recover_sessions(&self, recovery: &Arc<SessionRecovery>) -> bool {
        self.store.get_or_init(|| SessionStore::new(recovery.clone()));
        true
    }

    fn persist_session(&self, session: Session) {
        if let Some(store) = self.store.get() {
            store.persist(session);
        }
    }

    fn restore_session<'a>(
        &'a self,
        _server: &'a Server,
        pid: &'a str,
        offset: &'a str,
    ) -> BoxFuture<'a, Option<RestoredSession>> {
        ready(self.store.get().and_then(|store| store.claim(pid, offset))).boxed()
    }

    fn resume(
        &self,
        socket: &Socket,
        restored: RestoredSession,
        answer: &mut dyn FnMut(Vec<Frames>),
    ) -> bool {
        let Some(store) = self.store.get() else { return false };
        let rooms = restored.session.rooms.clone();
        let mut events = store.in_order();
        let Some(missed) = events.missed(restored) else { return false };
        answer(missed);
        serve::connect_in(socket, rooms);
        true
    }

    fn all_rooms(&self) -> BoxFuture<'_, Result<Vec<Room>, AdapterError>> {
        let state = self.state.read();
        ready(Ok(state.rooms.keys().chain(state.sockets.keys()).cloned().collect())).boxed()
    }

    fn server_count(&self) -> BoxFuture<'_, Result<usize, AdapterError>> {
        ready(Ok(1)).boxed()
    }

    fn server_side_emit(&self, _event: Payload) {
        // There is no other server.
    }

    fn server_side_emit_with_ack(
        &self,
        _event: Payload,
    ) -> BoxFuture<'_, Result<Vec<Arguments>, ServerSideAckError<Arguments>>> {
        ready(Ok(Vec::new())).boxed()
    }
}

/// An event that is in the outboxes, and that listeners of what goes out have not heard of yet. Dropped in place of
/// [`tell`](Self::tell), it is not heard of.
#[derive(Debug)]
pub struct Put {
    frames: Frames,
    recipients: Recipients,
}

impl Put {
    /// Calls the listeners of what goes out. They may do anything, so not under a lock; nor is this dropped under one.
    pub fn tell(&self) {
        self.recipients.iter().for_each(|socket| socket.hear_outgoing(&self.frames));
    }
}

fn send_with_ack(server: &Server, payload: Payload, to: &BroadcastOptions, recipients: &[Socket], id: u64) {
    if recipients.is_empty() {
        return;
    }
    let frames = encode(server, payload, Some(id), to);
    for socket in recipients {
        socket.send_frames(&frames, to.flags.volatile);
    }
}

/// Encodes an event once for all who receive it.
fn encode(server: &Server, payload: Payload, ack: Option<u64>, to: &BroadcastOptions) -> Frames {
    server.encode_event(payload, ack).with_compression(to.flags.compress != Some(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sockets: Vec<Socket>) -> Vec<String> {
        let mut names: Vec<_> = sockets.iter().map(|socket| socket.id().to_owned()).collect();
        names.sort();
        names
    }

    fn to(rooms: &[&str], except: &[&str]) -> BroadcastOptions {
        let rooms = rooms.iter().map(|room| Room::from(*room)).collect();
        let except = except.iter().map(|room| Room::from(*room)).collect();
        BroadcastOptions { rooms, except, ..BroadcastOptions::default() }
    }

    #[test]
    fn rooms_unions_exceptions_and_own_rooms() {
        let server = Server::detached();
        let adapter = server.adapter();
        let [a, b, c] = ["a", "b", "c"].map(|id| Socket::detached_in(&server, id));
        a.join(["x", "y"]);
        b.join("x");
        c.join("y");
        assert_eq!(names(adapter.local_sockets(&to(&[], &[]))), ["a", "b", "c"]);
        assert_eq!(names(adapter.local_sockets(&to(&["x"], &[]))), ["a", "b"]);
        assert_eq!(names(adapter.local_sockets(&to(&["x", "y"], &[]))), ["a", "b", "c"]);
        assert_eq!(names(adapter.local_sockets(&to(&["x", "y"], &["a"]))), ["b", "c"]);
        assert_eq!(names(adapter.local_sockets(&to(&[], &["x"]))), ["c"]);
        assert_eq!(names(adapter.local_sockets(&to(&["c", "nobody"], &[]))), ["c"]);

        let memory = MemoryAdapter::default();
        memory.add_all(&a, vec!["x".into()]);
        assert!(memory.has_room("x") && memory.has_room("a") && !memory.has_room("y"));

        b.leave("x");
        adapter.del_all(&a);
        assert_eq!(adapter.rooms(), [Room::from("y")]);
        assert!(adapter.socket_rooms(&a).is_empty());
        assert_eq!(names(adapter.local_sockets(&to(&["a"], &[]))), Vec::<String>::new());
    }

    /// Whom a broadcast reaches is what `local_sockets` says, however it is listed.
    #[test]
    fn lists_are_kept_until_members_come_or_go() {
        let server = Server::detached();
        let adapter = MemoryAdapter::default();
        let all: Vec<_> = (0..10).map(|id| Socket::detached_in(&server, &format!("s{id}"))).collect();
        let check = |joined: &[&str]| {
            for rooms in [&[][..], &["x"], &["y"], &["s1"], &["x", "y"], &["nobody"]] {
                for except in [&[][..], &["s0"], &["y"], &["x"], &["s0", "s2", "s3"], &["nobody"]] {
                    let to = to(rooms, except);
                    let reached = adapter.recipients(&to).iter().cloned().collect();
                    assert_eq!(names(reached), names(adapter.local_sockets(&to)), "{rooms:?} {except:?}");
                }
            }
            let reached = adapter.recipients(&to(&["x"], &[]));
            assert_eq!(names(reached.iter().cloned().collect()), joined);
            assert_eq!(reached.is_empty(), joined.is_empty());
        };
        check(&[]);
        for socket in &all {
            adapter.add_all(socket, vec!["y".into()]);
        }
        adapter.add_all(&all[0], vec!["x".into()]);
        check(&["s0"]);
        adapter.add_all(&all[1], vec!["x".into()]);
        adapter.add_all(&all[1], vec!["x".into()]);
        check(&["s0", "s1"]);
        adapter.del(&all[0], "x");
        check(&["s1"]);
        adapter.del_all(&all[1]);
        check(&[]);
        assert_eq!(adapter.recipients(&to(&[], &[])).iter().count(), 9);
    }

    /// A socket that has left is kept by nothing.
    #[test]
    fn a_list_does_not_keep_who_left() {
        let (server, adapter) = (Server::detached(), MemoryAdapter::default());
        let [stays, leaves] = ["stayer", "leaver"].map(|id| Socket::detached_in(&server, id));
        for socket in [&stays, &leaves] {
            adapter.add_all(socket, vec!["x".into()]);
        }
        let kept = |socket: &Socket| format!("{:?}", adapter.state.read().rooms).contains(socket.id());
        adapter.recipients(&to(&["x"], &[]));
        adapter.recipients(&to(&[], &[]));
        assert!(kept(&leaves));
        adapter.del_all(&leaves);
        assert!(!kept(&leaves) && kept(&stays));
        assert!(!format!("{:?}", adapter.state.read().everybody).contains(leaves.id()));
    }

    #[derive(Default)]
    struct Log(parking_lot::Mutex<Vec<String>>);

    impl RoomObserver for Log {
        fn created(&self, room: &Room, own: bool) {
            self.0.lock().push(format!("+{room}{}", if own { " own" } else { "" }));
        }

        fn deleted(&self, room: &Room) {
            self.0.lock().push(format!("-{room}"));
        }
    }

    #[test]
    fn rooms_that_come_and_go_are_told() {
        let server = Server::detached();
        let [a, b] = ["a", "b"].map(|id| Socket::detached_in(&server, id));
        let (log, adapter) = (Arc::new(Log::default()), MemoryAdapter::default());
        let observer: Arc<dyn RoomObserver> = log.clone();
        adapter.observe_rooms(Arc::downgrade(&observer));
        let expect = |events: &[&str]| assert_eq!(std::mem::take(&mut *log.0.lock()), events);
        adapter.add_all(&a, vec!["x".into(), "b".into()]);
        expect(&["+a own", "+x", "+b"]);
        adapter.add_all(&b, vec!["x".into()]);
        adapter.del(&a, "b");
        adapter.del(&a, "x");
        adapter.del(&a, "x");
        expect(&[]);
        adapter.del_all(&b);
        expect(&["-x", "-b"]);
        adapter.del_all(&a);
        expect(&["-a"]);
    }

    #[test]
    fn rooms_are_joined_once_and_many_of_them_leave_no_memory_behind() {
        let server = Server::detached();
        let socket = Socket::detached_in(&server, "a");
        let rooms: Vec<_> = (0..10_000).map(|number| format!("room {number}")).collect();
        let adapter = MemoryAdapter::default();
        let named = |rooms: &[String]| rooms.iter().map(|room| Room::from(room.as_str())).collect::<Vec<_>>();
        adapter.add_all(&socket, named(&rooms));
        adapter.add_all(&socket, named(&rooms[..10]));
        assert_eq!(adapter.socket_rooms(&socket).len(), 1 + rooms.len());
        adapter.del(&socket, "room 0");
        assert_eq!(adapter.socket_rooms(&socket).len(), rooms.len());
        adapter.del_all(&socket);
        let state = adapter.state.read();
        assert!(state.rooms.capacity() <= 64 && state.sockets.capacity() <= 64);
    }

    #[test]
    fn an_old_socket_takes_nothing_from_the_one_that_came_back_with_its_id() {
        let (server, adapter) = (Server::detached(), MemoryAdapter::default());
        let [old, new] = ["a", "a"].map(|id| Socket::detached_in(&server, id));
        adapter.add_all(&old, vec!["x".into()]);
        adapter.del_all(&old);
        adapter.add_all(&new, vec!["x".into()]);
        adapter.del(&old, "x");
        adapter.del_all(&old);
        assert_eq!(adapter.local_sockets(&to(&["x"], &[])).len(), 1);
        assert_eq!(adapter.local_sockets(&to(&["a"], &[])).len(), 1);
    }
}
