//! The shared end of a session: what everybody who sends to it, closes it or asks about it holds.
//!
//! It keeps the outbox and the requests to the session's task. It must never know the connection
//! above, nor how a transport works.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Wake, Waker};

use bytes::Bytes;
use gateway_core::{Frames, telemetry};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::oneshot;

use super::outbox::{Outbox, PACKET_OVERHEAD, ReadyFrames, cost};
use super::transport::{PollWaiter, WebSocketTransport};
use super::{CloseReason, Revision, TransportName};

/// The session ended before everything was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session is closed")]
pub(crate) struct SessionClosed;

/// A request to the session's task, from the HTTP side.
#[derive(Debug)]
pub(crate) enum Command {
    /// A polling request that waits for packets.
    Poll(PollWaiter),
    /// The body of a data request, of bytes (revision 3 only) or of text; fulfilled when its packets were
    /// taken.
    Post { body: Bytes, binary: bool, taken: oneshot::Sender<()> },
    /// A WebSocket that wants to take over from polling; whether its client takes base64 only.
    Upgrade { socket: Box<WebSocketTransport>, base64: bool },
    /// The client broke the rules of polling.
    Fault(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// Closing was asked for: what comes later is not sent.
    Closing,
    Closed,
}

#[derive(Debug)]
struct Shared {
    outbox: Outbox,
    /// Cost of the outbox and of what the task holds unwritten.
    outbox_bytes: usize,
    /// Packets in the task's hands, not yet written.
    in_task: usize,
    /// Packets ever queued, and how many of them have been written.
    queued: u64,
    written: u64,
    volatile_dropped: u64,
    state: State,
    /// The transport can take a packet now.
    writable: bool,
    /// The task is in its poll and looks at the outbox again before it sleeps.
    awake: bool,
    /// The session's task, from its first poll on.
    task: Option<Waker>,
    /// The task has more to look at than the outbox: its transport, a timer or something that runs woke it.
    work: bool,
    overflowed: bool,
    upgrading: bool,
    posting: bool,
    close: Option<CloseReason>,
    rare: Option<Box<Rare>>,
}

/// What most sessions have none of at most times.
#[derive(Debug, Default)]
struct Rare {
    commands: Vec<Command>,
    drains: VecDeque<(u64, oneshot::Sender<()>)>,
}

/// What the task finds when it wakes up.
#[derive(Debug)]
pub(crate) struct Intake {
    /// There is more than packets to be written.
    pub(crate) work: bool,
    pub(crate) close: Option<CloseReason>,
    pub(crate) overflowed: bool,
    pub(crate) commands: Vec<Command>,
}

/// What the task has done with the packets it took.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Packets given to the transport, and their cost.
    pub(crate) packets: usize,
    pub(crate) bytes: usize,
    /// All of them are written out.
    pub(crate) flushed: bool,
}

impl Progress {
    /// Whole packets without what keeping them costs.
    pub(super) fn traffic(&self) -> (usize, usize) {
        (self.packets, self.bytes.saturating_sub(self.packets * PACKET_OVERHEAD))
    }
}

/// What the task knows when it is about to sleep.
#[derive(Debug, Default)]
pub(crate) struct Parking {
    pub(crate) progress: Progress,
    /// A volatile packet would go out at once.
    pub(crate) writable: bool,
    /// What waits cannot be written now.
    pub(crate) blocked: bool,
    /// Packets of fewer bytes may be put into the outbox as frames.
    pub(crate) framed_below: usize,
    /// A buffer whose frames are written.
    pub(crate) spent: Vec<u8>,
}

/// The shared end of one session.
///
/// As a waker ([`Wake`]) it wakes the session's task for work. What is sent wakes it as well, but then it writes and looks
/// at nothing else: a broadcast wakes many sessions, and most of what they keep stays untouched.
#[derive(Debug)]
pub(crate) struct SessionLink {
    id: Box<str>,
    max_outbox_bytes: usize,
    revision: Revision,
    transport: AtomicU8,
    shared: Mutex<Shared>,
}

impl Wake for SessionLink {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        wake_for_work(self.shared.lock());
    }
}

fn wake_for_work(mut shared: MutexGuard<'_, Shared>) {
    shared.work = true;
    wake(shared);
}

/// Wakes the task, outside the lock.
fn wake(shared: MutexGuard<'_, Shared>) {
    let task = shared.task.clone();
    drop(shared);
    if let Some(task) = task {
        task.wake();
    }
}

impl SessionLink {
    /// The link of a plain connection has a revision too, which nobody asks for.
    pub(crate) fn new(
        id: String,
        revision: Revision,
        transport: TransportName,
        max_outbox_bytes: usize,
    ) -> Arc<Self> {
        Arc::new(Self {
            id: id.into_boxed_str(),
            max_outbox_bytes,
            revision,
            transport: AtomicU8::new(encoded(transport)),
            shared: Mutex::new(Shared {
                outbox: Outbox::default(),
                outbox_bytes: 0,
                in_task: 0,
                queued: 0,
                written: 0,
                volatile_dropped: 0,
                state: State::Open,
                writable: true,
                awake: false,
                task: None,
                work: true,
                overflowed: false,
                upgrading: false,
                posting: false,
                close: None,
                rare: None,
            }),
        })
    }

    /// The session id.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The revision of Engine.IO that the client speaks.
    pub(crate) fn revision(&self) -> Revision {
        self.revision
    }

    /// Bytes that may wait in the outbox.
    pub(crate) fn max_outbox_bytes(&self) -> usize {
        self.max_outbox_bytes
    }

    /// Puts a packet into the outbox. Never blocks and never fails: a closed session ignores it, a
    /// client past the outbox limit is disconnected.
    ///
    /// Over Engine.IO the text of `frames` starts with the packet type `4` already, so that a
    /// broadcast encodes it once for all. A volatile packet is dropped if the transport could not
    /// take it now.
    pub(crate) fn send(&self, frames: Frames, volatile: bool) {
        self.put(Cow::Owned(frames), volatile);
    }

    /// [`send`](Self::send) of a packet that others receive as well.
    pub(crate) fn send_shared(&self, frames: &Frames, volatile: bool) {
        self.put(Cow::Borrowed(frames), volatile);
    }

    #[inline]
    fn put(&self, frames: Cow<'_, Frames>, volatile: bool) {
        let mut shared = self.shared.lock();
        if shared.state != State::Open || shared.overflowed {
            return;
        }
        let was_empty = shared.outbox.is_empty();
        if volatile && !(shared.writable && was_empty) {
            shared.volatile_dropped += 1;
            drop(shared);
            telemetry::packet_dropped("volatile");
            return;
        }
        let cost = cost(&frames);
        let bytes = shared.outbox_bytes + cost;
        let needs_look = if bytes > self.max_outbox_bytes {
            shared.overflowed = true;
            true
        } else {
            shared.outbox_bytes = bytes;
            shared.queued += 1;
            shared.outbox.push(frames, cost);
            was_empty
        };
        if needs_look && !shared.awake {
            wake(shared);
        }
    }

    /// Closes the session: what was sent before is written first, within `close_timeout`. Calls after
    /// the first change nothing.
    pub(crate) fn close(&self, reason: CloseReason) {
        let mut shared = self.shared.lock();
        if shared.state != State::Open {
            return;
        }
        shared.state = State::Closing;
        shared.close = Some(reason);
        wake_for_work(shared);
    }

    /// Waits until everything that is in the outbox now has been written: into the operating system's
    /// buffer over WebSocket, into a response over polling.
    ///
    /// # Errors
    /// The session ended before.
    pub(crate) fn drained(&self) -> impl Future<Output = Result<(), SessionClosed>> + Send + use<> {
        let waiting = {
            let mut shared = self.shared.lock();
            let target = shared.queued;
            if shared.written >= target {
                Ok(None)
            } else if shared.state == State::Closed {
                Err(SessionClosed)
            } else {
                let (done, waiting) = oneshot::channel();
                let drains = &mut shared.rare.get_or_insert_default().drains;
                // A caller that no longer waits must not be remembered.
                drains.retain(|(_, waiter)| !waiter.is_closed());
                drains.push_back((target, done));
                Ok(Some(waiting))
            }
        };
        async move {
            match waiting? {
                None => Ok(()),
                Some(waiting) => waiting.await.map_err(|_| SessionClosed),
            }
        }
    }

    /// The current transport.
    pub(crate) fn transport(&self) -> TransportName {
        if self.transport.load(Ordering::Relaxed) == encoded(TransportName::Polling) {
            TransportName::Polling
        } else {
            TransportName::WebSocket
        }
    }

    /// False from the moment when closing was asked for.
    #[cfg(test)]
    pub(crate) fn is_open(&self) -> bool {
        self.shared.lock().state == State::Open
    }

    /// Whether a volatile packet would be sent now.
    #[cfg(test)]
    pub(crate) fn is_writable(&self) -> bool {
        let shared = self.shared.lock();
        shared.state == State::Open && shared.writable && shared.outbox.is_empty()
    }

    /// Packets that wait to be written.
    #[cfg(test)]
    pub(crate) fn outbox_len(&self) -> usize {
        let shared = self.shared.lock();
        shared.outbox.len() + shared.in_task
    }

    /// What the waiting packets count against `max_outbox_bytes`.
    #[cfg(test)]
    pub(crate) fn outbox_bytes(&self) -> usize {
        self.shared.lock().outbox_bytes
    }

    /// Volatile packets that were dropped.
    #[cfg(test)]
    pub(crate) fn volatile_dropped(&self) -> u64 {
        self.shared.lock().volatile_dropped
    }

    /// Hands a request to the task; gives it back if the session is closed.
    pub(crate) fn submit(&self, command: Command) -> Result<(), SessionClosed> {
        let mut shared = self.shared.lock();
        if shared.state == State::Closed {
            return Err(SessionClosed);
        }
        shared.rare.get_or_insert_default().commands.push(command);
        wake_for_work(shared);
        Ok(())
    }

    /// Claims the one data request that a session may have at a time.
    pub(crate) fn begin_post(&self) -> bool {
        !std::mem::replace(&mut self.shared.lock().posting, true)
    }

    pub(crate) fn end_post(&self) {
        self.shared.lock().posting = false;
    }

    /// Claims the one upgrade that a polling session may try at a time.
    pub(crate) fn begin_upgrade(&self) -> bool {
        self.transport() == TransportName::Polling
            && !std::mem::replace(&mut self.shared.lock().upgrading, true)
    }

    pub(crate) fn end_upgrade(&self) {
        self.shared.lock().upgrading = false;
    }

    pub(crate) fn set_transport(&self, transport: TransportName) {
        self.transport.store(encoded(transport), Ordering::Relaxed);
    }

    /// The task starts a poll: takes what was asked of it. Sends do not wake it until it parks.
    pub(crate) fn take_intake(&self, task: &Waker) -> Intake {
        let mut shared = self.shared.lock();
        shared.awake = true;
        let known = shared.task.as_ref().is_some_and(|known| known.will_wake(task));
        let before = if known { None } else { shared.task.replace(task.clone()) };
        let intake = Intake {
            work: std::mem::take(&mut shared.work),
            close: shared.close.take(),
            overflowed: shared.overflowed,
            commands: shared.rare.as_mut().map(|rare| std::mem::take(&mut rare.commands)).unwrap_or_default(),
        };
        drop(shared);
        drop(before);
        intake
    }

    /// The task is done: nobody wakes it any more.
    pub(crate) fn forget_task(&self) {
        let task = self.shared.lock().task.take();
        drop(task);
    }

    /// Takes all that waits: frames that are ready for a WebSocket, and behind them the packets that are put into
    /// the task's empty queue.
    pub(crate) fn take_outbox(&self, queue: &mut VecDeque<Frames>) -> ReadyFrames {
        let mut shared = self.shared.lock();
        let ready = shared.outbox.take(queue);
        shared.in_task += queue.len() + ready.packets;
        ready
    }

    /// Records what was written; then the task may sleep, unless packets came in that it could write:
    /// false tells it to go on.
    pub(crate) fn park(&self, parking: Parking) -> bool {
        let Parking { progress, writable, blocked, framed_below, spent } = parking;
        let mut shared = self.shared.lock();
        let drained = shared.settle(progress);
        shared.outbox.frame_below(framed_below);
        let spent = shared.outbox.reuse(spent);
        let empty = shared.outbox.is_empty();
        let parks = !shared.overflowed && (blocked || empty);
        if parks {
            shared.writable = writable && empty;
            shared.awake = false;
        }
        drop(shared);
        drop(spent);
        if !drained.is_empty() {
            tell(drained);
        }
        parks
    }

    /// Records what was written.
    pub(crate) fn settle(&self, progress: Progress) {
        let drained = self.shared.lock().settle(progress);
        tell(drained);
    }

    /// Whether the outbox limit was passed.
    pub(crate) fn has_overflowed(&self) -> bool {
        self.shared.lock().overflowed
    }

    /// From now on nothing more is sent; what is in the outbox still is.
    pub(crate) fn begin_closing(&self) {
        let mut shared = self.shared.lock();
        if shared.state == State::Open {
            shared.state = State::Closing;
        }
    }

    /// The session has ended: nothing waits for it any more.
    pub(crate) fn finish(&self) {
        let (outbox, rare) = {
            let mut shared = self.shared.lock();
            shared.state = State::Closed;
            shared.outbox_bytes = 0;
            shared.in_task = 0;
            shared.overflowed = false;
            (std::mem::take(&mut shared.outbox), shared.rare.take())
        };
        // Dropped outside the lock: waiters wake up.
        drop((outbox, rare));
    }
}

impl Shared {
    /// Records what was written. Returns who waited for it, to be told outside the lock: it may be the session's own
    /// work, which wakes the session.
    fn settle(&mut self, progress: Progress) -> Vec<oneshot::Sender<()>> {
        self.outbox_bytes = self.outbox_bytes.saturating_sub(progress.bytes);
        self.in_task = self.in_task.saturating_sub(progress.packets);
        let mut drained = Vec::new();
        if !progress.flushed {
            return drained;
        }
        self.written = self.queued - (self.outbox.len() + self.in_task) as u64;
        let Some(rare) = &mut self.rare else { return drained };
        while rare.drains.front().is_some_and(|(target, _)| *target <= self.written) {
            drained.extend(rare.drains.pop_front().map(|(_, done)| done));
        }
        drained
    }
}

fn tell(drained: Vec<oneshot::Sender<()>>) {
    for done in drained {
        // A caller that no longer waits is no error.
        let _ = done.send(());
    }
}

fn encoded(transport: TransportName) -> u8 {
    u8::from(transport == TransportName::WebSocket)
}
