//! Clients that come back: their session, and what they have missed.
//!
//! What was missed is read from the stream, up to its end at that moment. What comes after it is read by this server anyway; it is
//! written down for the client ([`CatchUp`]) until the client is in its rooms.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use gateway_core::adapter::{RestoredSession, Session};
use gateway_core::{Adapter, BroadcastOptions, Frames, Payload, Room, Server, Socket, serve, telemetry};
use parking_lot::Mutex;

use super::offset::Offset;
use super::session::{Seen, Trace};
use super::{Recovery, session};
use crate::adapters::redis::bus::Following;
use crate::adapters::redis::cluster::ClusterAdapter;
use crate::adapters::redis::cluster::message::{Kind, ReceivedData};
use crate::adapters::redis::driver::{Entry, EntryId, Outgoing, Question};
use crate::adapters::redis::streams::StreamLog;
use crate::adapters::redis::streams::entry::{EarlyNote, EntryMessage};

/// Entries that are read at once.
const PAGE: usize = 500;

/// After an outage servers reconnect within so much time of each other: pauses between two tries are 1 s at most.
const RECONNECTING: Duration = Duration::from_millis(1500);

/// Longer than every private id that a server gives.
const MAX_PID: usize = 128;

/// Clients whose sessions are looked for at the same time: each holds what it has missed, up to `max_stored_bytes`.
pub(super) const RESTORED_AT_ONCE: usize = 64;

/// Clients of whom something is known besides their sessions, before it is looked whether they are here still.
const MAX_TRACES: usize = 1 << 14;

/// Servers that a client got something early at.
const MAX_SEEN: usize = 16;

/// Whether a server, here or on Node, may have given this private id: URL-safe Base64. A client shows what it likes, and the key
/// is deleted.
fn may_be_pid(pid: &str) -> bool {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    pid.len() <= MAX_PID && pid.bytes().all(is_base64)
}

/// Why an event was put into outboxes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cause {
    /// Its entry was read.
    Entry(EntryId),
    /// It is early; the key of its entry.
    Early(u64),
    /// It is early, and will have no entry.
    Alone,
}

/// What is put into outboxes for a client while it is on its way back.
pub(super) struct CatchUp {
    max_bytes: usize,
    /// Those of the client.
    rooms: Vec<Room>,
    state: Mutex<CaughtUp>,
}

#[derive(Default)]
struct CaughtUp {
    events: Vec<(Cause, Frames)>,
    bytes: usize,
    too_much: bool,
    /// Somebody has told all of its kind to go.
    dismissed: bool,
    /// How far the stream was read for it, and the last own key up to there.
    entry: EntryId,
    key: u64,
    /// What is known of the client when it is here; `None` if there is nothing to know.
    trace: Option<Trace>,
}

impl CatchUp {
    /// Whether an event is for the client.
    pub(super) fn wants(&self, to: &BroadcastOptions) -> bool {
        to.reaches(&self.rooms)
    }

    /// Writes down an event that is for the client.
    pub(super) fn push(&self, cause: Cause, frames: &Frames) {
        let mut state = self.state.lock();
        if state.too_much {
            return;
        }
        state.bytes += frames.byte_len() + size_of::<(Cause, Frames)>();
        if state.bytes > self.max_bytes {
            telemetry::limit_exceeded("max_stored_bytes");
            state.too_much = true;
            state.events = Vec::new();
            return;
        }
        state.events.push((cause, frames.clone()));
    }

    /// What came after what was read; `None` if that was too much, or the client is to go.
    fn later(&self) -> Option<Vec<Frames>> {
        let state = self.state.lock();
        let later = state.events.iter().filter(|(cause, _)| match cause {
            Cause::Entry(id) => *id > state.entry,
            Cause::Early(key) => *key > state.key,
            Cause::Alone => true,
        });
        (!state.too_much && !state.dismissed).then(|| later.map(|(_, frames)| frames.clone()).collect())
    }
}

/// What a client has missed.
struct Missed<'a> {
    adapter: &'a ClusterAdapter,
    session: &'a Session,
    offset: Offset,
    /// What it got early, and where.
    seen: Vec<Seen>,
    events: Vec<Candidate>,
    bytes: usize,
    notes: Vec<Note>,
    /// The last key of this server.
    own_key: u64,
    /// Something was sent early: what is known of the client must go on with it.
    is_early: bool,
    /// Somebody has told all of its kind to go meanwhile.
    dismissed: bool,
}

/// Entries of a server that its clients got before they were read.
struct Note {
    uid: String,
    keys: std::ops::RangeInclusive<u64>,
    base: EntryId,
}

struct Candidate {
    payload: Payload,
    id: EntryId,
    /// The server and its key, if the client may have got it early.
    from: Option<(String, u64)>,
    early: Option<EntryId>,
    compress: bool,
}

impl Missed<'_> {
    fn take(&mut self, entry: &Entry) {
        if let Some(note) = EarlyNote::of(entry) {
            if let Some(uid) = self.seen_at(note.uid) {
                self.notes.push(Note { uid, keys: note.from..=note.to, base: note.base });
            }
            self.is_early = true;
            return;
        }
        if entry.field("nsp").is_none_or(|namespace| *namespace != self.adapter.namespace.as_bytes()) {
            return;
        }
        // Whatever makes no sense was counted when it was read.
        let Ok(message) = EntryMessage::of(entry) else { return };
        if message.uid == self.adapter.uid {
            self.own_key = self.own_key.max(message.key.unwrap_or_default());
        }
        self.is_early |= message.early.is_some();
        if !matches!(message.kind, Kind::Broadcast | Kind::DisconnectSockets) {
            return;
        }
        let Ok(text) = message.text() else { return };
        let Ok(mut data) = text.parse::<ReceivedData<'_>>() else { return };
        let Some(to) = data.take_options().filter(|to| to.reaches(&self.session.rooms)) else { return };
        if message.kind == Kind::DisconnectSockets {
            self.dismissed = true;
            return;
        }
        if to.flags.volatile || data.request_id.is_some() {
            return;
        }
        let Some(payload) = data.event(text.attachments()) else { return };
        self.bytes +=
            payload.json().len() + payload.attachments().iter().map(bytes::Bytes::len).sum::<usize>();
        self.events.push(Candidate {
            payload,
            id: message.id,
            from: self.seen_at(message.uid).zip(message.key),
            early: message.early,
            compress: to.flags.compress != Some(false),
        });
    }

    fn seen_at(&self, uid: &str) -> Option<String> {
        self.seen.iter().find(|seen| seen.uid == uid).map(|seen| seen.uid.clone())
    }

    fn was_received(&self, candidate: &Candidate) -> bool {
        let Some((uid, key)) = &candidate.from else { return false };
        let noted = || self.notes.iter().find(|note| note.uid == *uid && note.keys.contains(key));
        let Some(base) = candidate.early.or_else(|| noted().map(|note| note.base)) else { return false };
        let early = Offset { id: base, early: *key };
        self.seen.iter().any(|seen| seen.uid == *uid && *key > seen.key && early <= seen.offset)
    }

    /// All that the client has not received, encoded.
    fn frames(&mut self, server: &Server) -> Vec<Frames> {
        let events = std::mem::take(&mut self.events);
        let missed = events.into_iter().filter(|candidate| !self.was_received(candidate));
        missed
            .map(|Candidate { mut payload, id, compress, .. }| {
                payload.push_str(&id.to_string());
                server.encode_event(payload, None).with_compression(compress)
            })
            .collect()
    }

    /// What is known of the client when it is here.
    fn trace(self) -> Option<Trace> {
        let is_usual = !self.is_early && self.offset.early == 0 && self.seen.len() <= 1;
        let (node, key) = (Some(self.adapter.uid.clone()), self.own_key);
        (!is_usual).then(|| {
            let first = self.seen.len().saturating_sub(MAX_SEEN);
            Trace { node, key, early: false, seen: self.seen.into_iter().skip(first).collect() }
        })
    }
}

impl ClusterAdapter {
    /// Keeps a session for as long as its client may be gone.
    pub(in super::super) fn keep_session(&self, session: &Session) {
        let (Some(recovery), Some(stream)) = (self.recovery.get(), self.carrier.stream()) else { return };
        let key = stream.session_key(&session.pid);
        let trace = recovery.traces.lock().remove(&session.pid);
        let mut trace = trace.unwrap_or_else(|| Trace { node: Some(self.uid.clone()), ..Trace::default() });
        if trace.node.as_deref() == Some(self.uid.as_str()) {
            trace.early = recovery.unread.lock().events.iter().any(|own| own.event.is_none());
        }
        let value = session::encode(session, &trace);
        let lifetime = recovery.options.options().max_disconnection_duration;
        if !self.bus.send(Outgoing::Set { key, value, lifetime }) {
            telemetry::adapter_error("persist_session");
        }
    }

    /// The session of a client that comes back, and what it has missed; `None` if one of both is not known (any more).
    pub(in super::super) async fn find_session(
        &self,
        server: &Server,
        pid: &str,
        offset: &str,
    ) -> Option<RestoredSession> {
        let (recovery, stream, following) =
            (self.recovery.get()?, self.carrier.stream()?, self.following.get()?);
        let offset = Offset::parse(offset).filter(|_| may_be_pid(pid))?;
        let found = self.look_up(server, (recovery, stream, following), pid, offset);
        match tokio::time::timeout(self.requests_timeout, found).await {
            Ok(found) => found,
            Err(_) => {
                telemetry::adapter_error("restore_session");
                None
            }
        }
    }

    async fn look_up(
        &self,
        server: &Server,
        (recovery, stream, following): (&Recovery, &StreamLog, &Following),
        pid: &str,
        offset: Offset,
    ) -> Option<RestoredSession> {
        // While Redis is away nobody is kept waiting for long.
        let _ = tokio::time::timeout(RECONNECTING, self.bus.connected()).await;
        // Nobody closes it. Who waits in vain has its session still.
        let _turn = recovery.restoring.acquire().await.ok()?;
        let taken = self.bus.ask(&Question::Take { key: stream.session_key(pid) }).await;
        let value = taken.inspect_err(|_| telemetry::adapter_error("restore_session")).ok()?.value()?;
        let (session, trace) = session::decode(&value, pid)?;
        let (catch_up, early_key) = recovery.catch_up(session.rooms.clone());
        // What clients here have got early is in the stream when this is so.
        following.until(|| recovery.unread.lock().read >= early_key).await;
        let last = Question::Last { stream: stream.name().clone() };
        let last = self.bus.ask(&last).await.ok()?.entries().first()?.id;
        let mut seen = trace.seen.clone();
        seen.extend(trace.node.clone().map(|uid| Seen { uid, key: trace.key, offset }));
        let mut missed = Missed {
            adapter: self,
            session: &session,
            offset,
            seen,
            events: Vec::new(),
            bytes: 0,
            notes: Vec::new(),
            own_key: early_key,
            is_early: trace.early,
            dismissed: false,
        };
        self.read_missed(stream, last, &mut missed).await?;
        following.reached(last).await;
        let (own_key, frames) = (missed.own_key, missed.frames(server));
        {
            let mut state = catch_up.state.lock();
            (state.entry, state.key, state.trace) = (last, own_key, missed.trace());
        }
        // If it is given back it is what it was.
        self.keep_trace(recovery, &session.pid, trace);
        Some(RestoredSession { session, missed: frames, position: 0, progress: Some(catch_up) })
    }

    /// Remembers what is known of a client until its session is kept again.
    fn keep_trace(&self, recovery: &Recovery, pid: &Arc<str>, trace: Trace) {
        let mut traces = recovery.traces.lock();
        if traces.len() >= MAX_TRACES {
            // Clients that left for good take nothing with them.
            let sockets = self.memory.local_sockets(&BroadcastOptions::default());
            let here: HashSet<_> = sockets.iter().filter_map(serve::pid).collect();
            traces.retain(|pid, _| here.contains(pid));
        }
        traces.insert(pid.clone(), trace);
    }

    /// Reads the stream from the client's offset to `last`; `None` if the offset is not there, or it is too much.
    async fn read_missed(&self, stream: &StreamLog, last: EntryId, missed: &mut Missed<'_>) -> Option<()> {
        let max_bytes = self.recovery.get()?.options.options().max_stored_bytes;
        let mut from = missed.offset.id;
        loop {
            let question = Question::Range { stream: stream.name().clone(), from, count: PAGE };
            let entries = self.bus.ask(&question).await.ok()?.entries();
            let is_first = from == missed.offset.id;
            if is_first && entries.first().is_none_or(|entry| entry.id != from) {
                return None;
            }
            let count = entries.len();
            let until_last = entries.iter().skip(usize::from(is_first)).take_while(|entry| entry.id <= last);
            until_last.for_each(|entry| missed.take(entry));
            if missed.dismissed {
                return None;
            }
            if missed.bytes > max_bytes {
                telemetry::limit_exceeded("max_stored_bytes");
                return None;
            }
            match entries.last() {
                Some(end) if count == PAGE && end.id < last => from = end.id.next(),
                _ => return Some(()),
            }
        }
    }

    /// Puts a client into its rooms, after all that it has missed.
    pub(in super::super) fn resume_in_order(
        &self,
        socket: &Socket,
        restored: RestoredSession,
        answer: &mut dyn FnMut(Vec<Frames>),
    ) -> bool {
        let RestoredSession { session, mut missed, progress, .. } = restored;
        let catch_up = progress.and_then(|progress| progress.downcast::<CatchUp>().ok());
        let (Some(recovery), Some(catch_up)) = (self.recovery.get(), catch_up) else { return false };
        let _order = recovery.order.lock();
        let Some(later) = catch_up.later() else { return false };
        let trace = catch_up.state.lock().trace.take();
        let mut traces = recovery.traces.lock();
        match trace {
            Some(trace) => drop(traces.insert(session.pid.clone(), trace)),
            None => drop(traces.remove(&session.pid)),
        }
        drop(traces);
        missed.extend(later);
        answer(missed);
        serve::connect_in(socket, session.rooms);
        true
    }
}

impl Recovery {
    /// Those whom `to` names do not come back: who is about to, either.
    pub(in super::super) fn dismiss(&self, to: &BroadcastOptions) {
        for catch_up in self.order.lock().catching_up.iter().filter_map(Weak::upgrade) {
            catch_up.state.lock().dismissed |= catch_up.wants(to);
        }
    }

    /// Writes down what is put into outboxes from now on, and the key of the last event that was put there early.
    fn catch_up(&self, rooms: Vec<Room>) -> (Arc<CatchUp>, u64) {
        let max_bytes = self.options.options().max_stored_bytes;
        let catch_up = Arc::new(CatchUp { max_bytes, rooms, state: Mutex::default() });
        let unread = self.unread.lock();
        let mut order = self.order.lock();
        // Where nothing is sent, nobody else takes out those who are back.
        order.catching_up.retain(|other| other.strong_count() > 0);
        order.catching_up.push(Arc::downgrade(&catch_up));
        drop(order);
        let early = unread.events.iter().rev().find(|own| own.event.is_none());
        (catch_up, early.map_or(0, |own| own.key))
    }
}

#[cfg(test)]
mod tests {
    use gateway_core::{ConnectionStateRecovery, SessionRecovery};

    use super::*;

    #[test]
    fn clients_that_are_back_leave_nothing_behind() {
        let recovery = Recovery::new(SessionRecovery::new(ConnectionStateRecovery::default()));
        let here = recovery.catch_up(Vec::new()).0;
        for _ in 0..10 {
            drop(recovery.catch_up(vec!["x".into()]));
        }
        assert!(recovery.order.lock().catching_up.len() <= 2);
        assert!(recovery.order.lock().catching_up[0].ptr_eq(&Arc::downgrade(&here)), "it waits still");
    }
}
