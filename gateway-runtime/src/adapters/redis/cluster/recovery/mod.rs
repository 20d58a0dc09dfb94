//! Connection state recovery over a stream: clients may come back to any server of the cluster.
//!
//! What a client has received last must say what it has not. So with recovery on (and only then) events reach clients of this
//! server, those that are emitted here included, in the order of the stream: when their entries are read, with the id of the entry
//! as the last argument, as on Node. `order` is held while an event is put into outboxes, and while a client that comes back is put
//! into its rooms.
//!
//! Redis may be slow, or away. An event that has waited too long is put into the outboxes of this server before its entry is read
//! (it is *early*), and so are all after it until the stream is quick again. Its offset names the last entry before it, its entry
//! says so as well, and is passed over when it is read here: no client gets it twice, this one or one that comes back elsewhere.

mod offset;
mod restore;
mod session;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};
use std::time::Duration;

use gateway_core::{BroadcastOptions, Payload, Put, Server, SessionRecovery};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use self::offset::Offset;
use self::restore::{CatchUp, Cause, RESTORED_AT_ONCE};
use self::session::Trace;
use super::ClusterAdapter;
use super::message::{Data, Event, Kind};
use crate::adapters::redis::bus::Following;
use crate::adapters::redis::classic::wire::{Whom, array_of};
use crate::adapters::redis::driver::EntryId;
use crate::adapters::redis::streams::StreamLog;

/// Own events that are remembered while the stream is not read.
const MAX_UNREAD: usize = 1 << 17;

/// What one namespace does for clients that come back.
pub(super) struct Recovery {
    options: Arc<SessionRecovery>,
    /// Taken before `order`, if both are.
    unread: Mutex<Unread>,
    order: Mutex<Order>,
    /// What is known of clients that came back, by their private ids, if something was sent early meanwhile.
    traces: Mutex<HashMap<Arc<str>, Trace>>,
    /// So many clients come back at the same time; the others wait for their turn.
    restoring: Semaphore,
    /// Tells that an event waits.
    pub(super) overdue: Arc<Notify>,
}

/// Own events whose entries were not read yet, by their keys.
#[derive(Default)]
struct Unread {
    events: VecDeque<Own>,
    /// The key of the last own entry that was read.
    read: u64,
    /// New events do not wait for their entries.
    early: bool,
    /// Somebody looks after those that wait.
    watched: bool,
}

struct Own {
    key: u64,
    since: Instant,
    /// `None` if clients of this server have it.
    event: Option<Box<(Payload, BroadcastOptions)>>,
}

#[derive(Default)]
struct Order {
    /// The last entry whose event was put into outboxes.
    last: EntryId,
    catching_up: Vec<Weak<CatchUp>>,
}

impl Recovery {
    pub(super) fn new(options: Arc<SessionRecovery>) -> Self {
        let (unread, order, traces) = (Mutex::default(), Mutex::default(), Mutex::default());
        let restoring = Semaphore::new(RESTORED_AT_ONCE);
        Self { options, unread, order, traces, restoring, overdue: Arc::default() }
    }

    /// Whether events for nobody are for nobody.
    pub(super) fn nobody_comes_back(&self) -> bool {
        self.order.lock().catching_up.is_empty()
    }
}

impl Drop for Recovery {
    fn drop(&mut self) {
        // The task sees that the adapter has gone.
        self.overdue.notify_one();
    }
}

impl Unread {
    fn push(&mut self, key: u64, event: Option<Box<(Payload, BroadcastOptions)>>) {
        if self.events.len() >= MAX_UNREAD {
            self.events.pop_front();
        }
        self.events.push_back(Own { key, since: Instant::now(), event });
    }
}

/// Where an event comes in the order: the offset that it has, and why it is put.
struct Place {
    offset: Offset,
    cause: Cause,
}

impl Place {
    fn of(id: EntryId) -> Self {
        Self { offset: Offset::of(id), cause: Cause::Entry(id) }
    }
}

impl ClusterAdapter {
    /// Adds an event to the stream. Clients of this server get it when it is read.
    pub(super) fn emit_in_order(
        &self,
        recovery: &Recovery,
        server: &Server,
        payload: Payload,
        to: &BroadcastOptions,
    ) {
        let (Some(stream), Some(array)) = (self.carrier.stream(), array_of(&payload)) else { return };
        let opts = Some(Whom::with_flags(to));
        let data = Data { event: Some(Event::new(array)), opts, ..Data::default() };
        let message = self.message(Kind::Broadcast, data);
        let mut puts = Vec::new();
        let mut unread = recovery.unread.lock();
        if unread.events.len() >= MAX_UNREAD && !unread.early {
            self.put_waiting(recovery, stream, server, &mut unread, &mut puts);
        }
        // Keys have the order of the stream.
        let key = stream.next_key();
        if unread.early {
            let mut order = recovery.order.lock();
            let base = self.base(&order);
            let is_sent = stream.append(key, &message, payload.attachments(), Some(base));
            drop(message);
            if is_sent {
                unread.push(key, None);
            }
            puts.extend(self.put(&mut order, server, payload, to, &early(base, key, is_sent)));
        } else if stream.append(key, &message, payload.attachments(), None) {
            drop(message);
            unread.push(key, Some(Box::new((payload, to.clone()))));
            if !std::mem::replace(&mut unread.watched, true) {
                recovery.overdue.notify_one();
            }
        } else {
            // Others do not get it; here it does not overtake those that wait.
            drop(message);
            self.put_waiting(recovery, stream, server, &mut unread, &mut puts);
            let mut order = recovery.order.lock();
            let base = self.base(&order);
            puts.extend(self.put(&mut order, server, payload, to, &early(base, key, false)));
        }
        drop(unread);
        puts.iter().for_each(Put::tell);
    }

    /// Puts an event of another server into outboxes.
    pub(super) fn put_entry(
        &self,
        recovery: &Recovery,
        server: &Server,
        id: EntryId,
        payload: Payload,
        to: &BroadcastOptions,
    ) {
        let put = self.put(&mut recovery.order.lock(), server, payload, to, &Place::of(id));
        put.iter().for_each(Put::tell);
    }

    /// An own entry was read: it is the turn of its event, unless clients of this server have it.
    pub(super) fn read_own(&self, recovery: &Recovery, server: &Server, id: EntryId, key: u64) {
        let Some(stream) = self.carrier.stream() else { return };
        let mut puts = Vec::new();
        let mut unread = recovery.unread.lock();
        while unread.events.front().is_some_and(|own| own.key <= key) {
            let Some(own) = unread.events.pop_front() else { break };
            let is_quick = own.since.elapsed() < stream.options().local_delivery_after / 2;
            let Some(event) = own.event else {
                unread.early &= !(is_quick && own.key == key);
                continue;
            };
            let (payload, to) = *event;
            let mut order = recovery.order.lock();
            // Those before it were refused by Redis: they are for this server alone.
            let place = if own.key == key { Place::of(id) } else { early(self.base(&order), own.key, false) };
            puts.extend(self.put(&mut order, server, payload, &to, &place));
        }
        unread.read = unread.read.max(key);
        unread.early &= !unread.events.is_empty();
        drop(unread);
        puts.iter().for_each(Put::tell);
    }

    /// Puts all events that wait for their entries into outboxes, and lets new ones not wait.
    fn put_waiting(
        &self,
        recovery: &Recovery,
        stream: &StreamLog,
        server: &Server,
        unread: &mut Unread,
        puts: &mut Vec<Put>,
    ) {
        unread.early = true;
        let mut order = recovery.order.lock();
        let base = self.base(&order);
        let mut keys = None;
        for own in &mut unread.events {
            let Some(event) = own.event.take() else { continue };
            let (payload, to) = *event;
            puts.extend(self.put(&mut order, server, payload, &to, &early(base, own.key, true)));
            let (_, last) = keys.get_or_insert((own.key, own.key));
            *last = own.key;
        }
        if let Some((first, last)) = keys {
            stream.note_early(first, last, base);
        }
    }

    /// The entry that an early event comes after.
    fn base(&self, order: &Order) -> EntryId {
        let read = self.following.get().map_or(EntryId::START, Following::position);
        order.last.max(read)
    }

    fn put(
        &self,
        order: &mut Order,
        server: &Server,
        mut payload: Payload,
        to: &BroadcastOptions,
        place: &Place,
    ) -> Option<Put> {
        order.last = order.last.max(place.offset.id);
        if to.flags.volatile {
            let frames =
                || server.encode_event(payload, None).with_compression(to.flags.compress != Some(false));
            return self.memory.put_in_order(to, frames);
        }
        payload.push_str(&place.offset.to_string());
        let frames = std::cell::LazyCell::new(|| {
            server.encode_event(payload, None).with_compression(to.flags.compress != Some(false))
        });
        order.catching_up.retain(|catch_up| {
            let Some(catch_up) = catch_up.upgrade() else { return false };
            if catch_up.wants(to) {
                catch_up.push(place.cause, &frames);
            }
            true
        });
        self.memory.put_in_order(to, || frames.clone())
    }

    /// Puts events that have waited too long into outboxes. Returns when the next one will have.
    fn put_those_overdue(&self, limit: Duration) -> Option<Instant> {
        let (Some(recovery), Some(stream), Some(server)) =
            (self.recovery.get(), self.carrier.stream(), self.server())
        else {
            return None;
        };
        let mut puts = Vec::new();
        let mut unread = recovery.unread.lock();
        let deadline = unread.events.iter().find(|own| own.event.is_some()).map(|own| own.since + limit);
        let is_overdue = deadline.is_some_and(|deadline| deadline <= Instant::now());
        if is_overdue {
            self.put_waiting(recovery, stream, &server, &mut unread, &mut puts);
        }
        let next = deadline.filter(|_| !is_overdue);
        unread.watched = next.is_some();
        drop(unread);
        puts.iter().for_each(Put::tell);
        next
    }
}

/// After an entry, and before its own is read, if it has one.
fn early(base: EntryId, key: u64, has_entry: bool) -> Place {
    let cause = if has_entry { Cause::Early(key) } else { Cause::Alone };
    Place { offset: Offset { id: base, early: key }, cause }
}

/// Looks after events that wait, for as long as the adapter lives.
pub(super) async fn put_overdue(adapter: Weak<ClusterAdapter>, wake: Arc<Notify>, limit: Duration) {
    loop {
        let next = match adapter.upgrade() {
            Some(adapter) => adapter.put_those_overdue(limit),
            None => return,
        };
        match next {
            Some(deadline) => tokio::time::sleep_until(deadline).await,
            None => wake.notified().await,
        }
    }
}
