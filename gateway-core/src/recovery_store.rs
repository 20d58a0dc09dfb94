//! What one namespace keeps in memory for clients that may come back: their sessions, and the events that
//! they may have missed (Socket.IO's `SessionAwareAdapter`).
//!
//! One lock puts the events of the namespace in an order that is also their order in every outbox; so the
//! last event that a client has received says which ones it has not. It must never know how rooms are
//! kept.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::{Mutex, MutexGuard};
use tokio::time::Instant;

use crate::adapter::{BroadcastOptions, RestoredSession, Session};
use crate::frames::Frames;
use crate::payload::Payload;
use crate::recovery::SessionRecovery;
use crate::room::Room;
use crate::telemetry;

/// Sessions and events of one namespace.
#[derive(Debug)]
pub(crate) struct SessionStore {
    recovery: Arc<SessionRecovery>,
    /// What all offsets of this store begin with: another process knows none of them.
    prefix: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The number of the first event that is kept.
    first: u64,
    events: VecDeque<Event>,
    /// By the order in which they left.
    sessions: BTreeMap<u64, Gone>,
    by_pid: HashMap<Arc<str>, u64>,
    next_session: u64,
    /// Those that were handed out, while middlewares decide on their clients.
    claimed: HashMap<Arc<str>, Claimed>,
}

#[derive(Debug)]
struct Event {
    frames: Frames,
    to: Box<BroadcastOptions>,
    at: Instant,
}

impl Event {
    fn cost(&self) -> usize {
        let rooms = self.to.rooms.len() + self.to.except.len();
        self.frames.byte_len() + size_of::<Self>() + size_of::<BroadcastOptions>() + rooms * size_of::<Room>()
    }
}

#[derive(Debug)]
struct Gone {
    session: Session,
    at: Instant,
}

#[derive(Debug)]
struct Claimed {
    rooms: Vec<Room>,
    at: Instant,
    forgotten: bool,
}

/// The lock of a store: events are sent under it.
#[derive(Debug)]
pub(crate) struct InOrder<'s> {
    store: &'s SessionStore,
    state: MutexGuard<'s, State>,
}

impl SessionStore {
    pub(crate) fn new(recovery: Arc<SessionRecovery>) -> Arc<Self> {
        let prefix = format!("{:x}-", RandomState::new().build_hasher().finish());
        let store = Arc::new(Self { recovery: recovery.clone(), prefix, state: Mutex::default() });
        recovery.register(&store);
        store
    }

    pub(crate) fn in_order(&self) -> InOrder<'_> {
        InOrder { store: self, state: self.state.lock() }
    }

    /// The number of the event that a client names as its last one.
    fn number(&self, offset: &str) -> Option<u64> {
        let digits = offset.strip_prefix(self.prefix.as_str())?;
        // As it was written, and not in any other way.
        let number = u64::from_str_radix(digits, 16).ok()?;
        Some(number).filter(|number| format!("{number:x}") == digits)
    }

    /// Remembers a client that is gone, unless it was forgotten since it was [claimed](Self::claim).
    pub(crate) fn persist(&self, session: Session) {
        let mut state = self.state.lock();
        if state.was_forgotten(&session.pid) {
            return;
        }
        state.expire(&self.recovery);
        while self.recovery.sessions.load(Ordering::Relaxed) >= self.recovery.options().max_sessions {
            telemetry::limit_exceeded("max_sessions");
            if !state.forget_oldest(&self.recovery) {
                // The others are of other namespaces.
                return;
            }
        }
        let order = state.next_session;
        state.next_session += 1;
        if let Some(former) = state.by_pid.insert(session.pid.clone(), order) {
            state.sessions.remove(&former);
        } else {
            self.recovery.sessions.fetch_add(1, Ordering::Relaxed);
        }
        state.sessions.insert(order, Gone { session, at: Instant::now() });
    }

    /// Hands out the session of a client that has come back, once, with the events after `offset` that were
    /// for it; `None` if it or one of them is not known any more.
    pub(crate) fn claim(&self, pid: &str, offset: &str) -> Option<RestoredSession> {
        let last = self.number(offset)?;
        let mut state = self.state.lock();
        state.expire(&self.recovery);
        // All after the offset must be there. The event itself need not be.
        if last >= state.next() || last + 1 < state.first {
            return None;
        }
        let session = state.take(pid, &self.recovery)?;
        let claimed = Claimed { rooms: session.rooms.clone(), at: Instant::now(), forgotten: false };
        state.claimed.insert(session.pid.clone(), claimed);
        let missed = state.after(last + 1, &session.rooms);
        Some(RestoredSession { session, missed, position: state.next(), progress: None })
    }

    /// Forgets the clients that `matches`, those that are about to come back included.
    pub(crate) fn forget(&self, matches: impl Fn(&[Room]) -> bool) {
        let mut state = self.state.lock();
        for claimed in state.claimed.values_mut() {
            claimed.forgotten |= matches(&claimed.rooms);
        }
        let sessions = state.sessions.values().map(|gone| &gone.session);
        let pids: Vec<_> =
            sessions.filter(|session| matches(&session.rooms)).map(|session| session.pid.clone()).collect();
        for pid in pids {
            state.take(&pid, &self.recovery);
        }
    }

    /// Forgets what is too old.
    pub(crate) fn sweep(&self) {
        let mut state = self.state.lock();
        state.expire(&self.recovery);
        // Of those who have given up, or whom a middleware keeps that long.
        let (now, limit) = (Instant::now(), self.recovery.options().max_disconnection_duration);
        state.claimed.retain(|_, claimed| now.saturating_duration_since(claimed.at) <= limit);
    }
}

impl Drop for SessionStore {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        let bytes = state.events.iter().map(Event::cost).sum();
        self.recovery.stored_bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.recovery.sessions.fetch_sub(state.sessions.len(), Ordering::Relaxed);
    }
}

impl State {
    /// The number of the next event.
    fn next(&self) -> u64 {
        self.first + self.events.len() as u64
    }

    /// The events from this number on that are for somebody in these rooms.
    fn after(&self, number: u64, rooms: &[Room]) -> Vec<Frames> {
        let skipped = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let events = self.events.iter().skip(skipped);
        events.filter(|event| event.to.reaches(rooms)).map(|event| event.frames.clone()).collect()
    }

    fn take(&mut self, pid: &str, recovery: &SessionRecovery) -> Option<Session> {
        let order = self.by_pid.remove(pid)?;
        recovery.sessions.fetch_sub(1, Ordering::Relaxed);
        self.sessions.remove(&order).map(|gone| gone.session)
    }

    /// Whether a session was forgotten since it was claimed; it is not claimed any more.
    fn was_forgotten(&mut self, pid: &str) -> bool {
        self.claimed.remove(pid).is_some_and(|claimed| claimed.forgotten)
    }

    fn forget_oldest(&mut self, recovery: &SessionRecovery) -> bool {
        let Some((_, gone)) = self.sessions.pop_first() else { return false };
        self.by_pid.remove(&gone.session.pid);
        recovery.sessions.fetch_sub(1, Ordering::Relaxed);
        true
    }

    fn drop_first_event(&mut self, recovery: &SessionRecovery) -> bool {
        let Some(event) = self.events.pop_front() else { return false };
        self.first += 1;
        recovery.stored_bytes.fetch_sub(event.cost(), Ordering::Relaxed);
        true
    }

    fn expire(&mut self, recovery: &SessionRecovery) {
        let (now, limit) = (Instant::now(), recovery.options().max_disconnection_duration);
        let is_old = |at: Instant| now.saturating_duration_since(at) > limit;
        while self.events.front().is_some_and(|event| is_old(event.at)) {
            self.drop_first_event(recovery);
        }
        while self.sessions.first_key_value().is_some_and(|(_, gone)| is_old(gone.at)) {
            self.forget_oldest(recovery);
        }
        // What a burst needed is given back.
        if self.events.capacity() > 256 && self.events.len() * 4 < self.events.capacity() {
            self.events.shrink_to(self.events.len() * 2);
        }
    }
}

impl InOrder<'_> {
    /// Numbers an event, encodes it with its offset as the last argument and keeps it.
    pub(crate) fn store(
        &mut self,
        mut payload: Payload,
        to: &BroadcastOptions,
        encode: impl FnOnce(Payload) -> Frames,
    ) -> Frames {
        let recovery = &self.store.recovery;
        self.state.expire(recovery);
        payload.push_str(&format!("{}{:x}", self.store.prefix, self.state.next()));
        let frames = encode(payload);
        let event =
            Event { frames: frames.clone().with_event(None), to: Box::new(to.clone()), at: Instant::now() };
        recovery.stored_bytes.fetch_add(event.cost(), Ordering::Relaxed);
        self.state.events.push_back(event);
        while recovery.stored_bytes() > recovery.options().max_stored_bytes
            && self.state.drop_first_event(recovery)
        {
            telemetry::limit_exceeded("max_stored_bytes");
        }
        frames
    }

    /// All that a client has missed until now; `None` if events were dropped, or it was forgotten, since it was
    /// [claimed](SessionStore::claim).
    pub(crate) fn missed(&mut self, restored: RestoredSession) -> Option<Vec<Frames>> {
        if self.state.was_forgotten(&restored.session.pid) {
            return None;
        }
        if restored.position < self.state.first {
            return None;
        }
        let mut missed = restored.missed;
        missed.extend(self.state.after(restored.position, &restored.session.rooms));
        Some(missed)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::recovery::ConnectionStateRecovery;

    fn store(options: ConnectionStateRecovery) -> (Arc<SessionStore>, Arc<SessionRecovery>) {
        let recovery = SessionRecovery::new(options);
        (SessionStore::new(recovery.clone()), recovery)
    }

    fn session(pid: &str, rooms: &[&str]) -> Session {
        let rooms = rooms.iter().map(|room| Room::from(*room)).collect();
        Session { sid: "sid".into(), pid: pid.into(), rooms, data: serde_json::Map::new() }
    }

    /// Stores an event for a room (`""`: everybody) and returns its offset.
    fn event(store: &SessionStore, value: u32, room: &str, except: &str) -> String {
        let rooms = |room: &str| if room.is_empty() { Vec::new() } else { vec![Room::from(room)] };
        let to =
            BroadcastOptions { rooms: rooms(room), except: rooms(except), ..BroadcastOptions::default() };
        let payload = Payload::event("n", &value).unwrap();
        let frames = store.in_order().store(payload, &to, |payload| payload.into_frames(b""));
        let event: (String, u32, String) = serde_json::from_str(frames.as_str()).unwrap();
        event.2
    }

    fn numbers(frames: &[Frames]) -> Vec<u32> {
        let number =
            |frames: &Frames| serde_json::from_str::<(String, u32, String)>(frames.as_str()).unwrap().1;
        frames.iter().map(number).collect()
    }

    #[test]
    fn a_client_gets_what_it_has_missed_once() {
        let (store, recovery) = store(ConnectionStateRecovery::default());
        let offset = event(&store, 1, "", "");
        event(&store, 2, "mine", "");
        event(&store, 3, "other", "");
        event(&store, 4, "", "mine");
        event(&store, 5, "sid", "other");
        store.persist(session("pid", &["sid", "mine"]));
        assert_eq!(recovery.sessions(), 1);
        event(&store, 6, "", "");
        for (pid, offset) in [("pid", "x"), ("pid", ""), ("foreign", offset.as_str())] {
            assert!(store.claim(pid, offset).is_none(), "{pid} {offset}");
        }
        let future = format!("{}{:x}", store.prefix, 99);
        assert!(store.claim("pid", &future).is_none());
        let padded = offset.replace('-', "-0");
        assert!(store.claim("pid", &padded).is_none(), "{padded}");
        let restored = store.claim("pid", &offset).expect("it is known");
        assert_eq!(numbers(&restored.missed), [2, 5, 6]);
        assert!(store.claim("pid", &offset).is_none(), "once");
        event(&store, 7, "mine", "");
        let missed = store.in_order().missed(restored).expect("nothing was dropped");
        assert_eq!(numbers(&missed), [2, 5, 6, 7]);
        drop(store);
        assert_eq!((recovery.sessions(), recovery.stored_bytes()), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_about_to_come_back_is_forgotten_as_well() {
        let (store, recovery) = store(ConnectionStateRecovery::default());
        let offset = event(&store, 1, "", "");
        let claim = || {
            store.persist(session("pid", &["sid", "mine"]));
            store.claim("pid", &offset).expect("it is known")
        };
        let in_room = |name: &'static str| move |rooms: &[Room]| rooms.contains(&Room::from(name));
        // Somebody else.
        let restored = claim();
        store.forget(in_room("other"));
        assert!(store.in_order().missed(restored).is_some());

        let restored = claim();
        store.forget(in_room("mine"));
        assert!(store.in_order().missed(restored).is_none());

        // A middleware refuses it.
        let restored = claim();
        store.forget(in_room("mine"));
        store.persist(restored.session);
        assert!(store.claim("pid", &offset).is_none());
        // The next time that it goes it is remembered again; and claims that nothing becomes of are not kept.
        let _ = claim();
        tokio::time::advance(Duration::from_secs(121)).await;
        recovery.sweep();
        assert!(store.state.lock().claimed.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn time_ends_it() {
        let (store, recovery) = store(ConnectionStateRecovery::default());
        let offset = event(&store, 1, "", "");
        tokio::time::advance(Duration::from_secs(119)).await;
        event(&store, 2, "", "");
        store.persist(session("pid", &["sid"]));
        tokio::time::advance(Duration::from_secs(2)).await;
        // The event of the offset is gone, and all after it are there.
        let restored = store.claim("pid", &offset).expect("it is known");
        assert_eq!(numbers(&restored.missed), [2]);
        store.persist(restored.session);
        tokio::time::advance(Duration::from_secs(119)).await;
        assert!(store.claim("pid", &offset).is_none(), "an event after it is gone");
        assert_eq!(recovery.sessions(), 1);
        tokio::time::advance(Duration::from_secs(2)).await;
        recovery.sweep();
        assert_eq!((recovery.sessions(), recovery.stored_bytes()), (0, 0));
    }

    #[test]
    fn the_oldest_give_way() {
        let options = ConnectionStateRecovery {
            max_sessions: 2,
            max_stored_bytes: 2000,
            ..ConnectionStateRecovery::default()
        };
        let (store, recovery) = store(options);
        for pid in ["a", "b", "c"] {
            store.persist(session(pid, &["sid"]));
        }
        assert_eq!(recovery.sessions(), 2);
        let offsets: Vec<_> = (0..100).map(|value| event(&store, value, "", "")).collect();
        assert!(recovery.stored_bytes() <= 2000 && recovery.stored_bytes() > 1000);
        assert!(store.claim("a", &offsets[99]).is_none());
        assert!(store.claim("b", &offsets[0]).is_none(), "what it has missed is gone");
        assert!(store.claim("b", &offsets[99]).is_some());
        store.forget(|rooms| rooms.contains(&Room::from("sid")));
        assert!(store.claim("c", &offsets[99]).is_none());
        assert_eq!(recovery.sessions(), 0);

        // More than all others together: it is sent, and nobody can be brought back over it.
        let huge = Payload::event("n", &"x".repeat(3000)).unwrap();
        let frames =
            store.in_order().store(huge, &BroadcastOptions::default(), |payload| payload.into_frames(b""));
        assert!(frames.byte_len() > 3000);
        store.persist(session("d", &["sid"]));
        assert!(store.claim("d", &offsets[99]).is_none());
        assert_eq!(recovery.stored_bytes(), 0);
    }
}
