//! Adding and removing listeners: the part of `Socket` that Node's `EventEmitter` gives it.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::FutureExt;

use super::{
    Callback, DISCONNECT, DISCONNECTING, ERROR, Named, OutgoingCallback, PacketMiddleware, State, UPGRADE,
};
use crate::exception::WsException;
use crate::incoming::{Incoming, ListenerOutcome, ListenerResult, ListenerReturn};
use crate::options::Transport;
use crate::reason::DisconnectReason;
use crate::socket::Socket;
use crate::telemetry;

/// Which listener of a socket: what [`Socket::off`] takes to remove that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListenerId(u64);

/// What [`Socket::off`] removes: all listeners of an event (`&str`), or one ([`ListenerId`]).
pub trait ListenerKey {
    /// Whether this listener is meant.
    fn matches(&self, id: ListenerId, event: Option<&str>) -> bool;
}

impl ListenerKey for ListenerId {
    fn matches(&self, id: ListenerId, _event: Option<&str>) -> bool {
        *self == id
    }
}

impl ListenerKey for &str {
    fn matches(&self, _id: ListenerId, event: Option<&str>) -> bool {
        event == Some(self)
    }
}

impl ListenerKey for &String {
    fn matches(&self, id: ListenerId, event: Option<&str>) -> bool {
        ListenerKey::matches(&self.as_str(), id, event)
    }
}

impl ListenerKey for String {
    fn matches(&self, id: ListenerId, event: Option<&str>) -> bool {
        ListenerKey::matches(&self.as_str(), id, event)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    First,
    Last,
}

fn put<T>(list: &mut Vec<T>, item: T, place: Place) {
    match place {
        Place::First => list.insert(0, item),
        // Most sockets have one or two of a kind, and there may be very many sockets.
        Place::Last if list.is_empty() => *list = vec![item],
        Place::Last => list.push(item),
    }
}

impl Socket {
    /// Listens to an event of this client (Socket.IO's `socket.on`), beside the handlers of gateways.
    ///
    /// ```ts
    /// client.on('joinRoom', async (roomId, ack) => {
    ///   await this.rooms.enter(roomId, client.id);
    ///   client.join(roomId);
    ///   ack(`Joined room ${roomId}`);
    /// });
    /// ```
    ///
    /// ```
    /// # use gateway_core::Socket;
    /// # async fn enter(room: &str, id: &str) -> Result<(), std::io::Error> { Ok(()) }
    /// # let client = Socket::detached("c1");
    /// client.on("joinRoom", |client, event| async move {
    ///     let room_id: String = event.get(0)?;
    ///     enter(&room_id, client.id()).await?;
    ///     client.join(&room_id);
    ///     event.ack(format!("Joined room {room_id}"));
    ///     Ok(())
    /// });
    /// client.on("ping", |_, event| {
    ///     event.ack("pong");
    /// });
    /// ```
    ///
    /// A listener returns nothing or a [`ListenerResult`], at once or by an `async` block. What it fails
    /// with, a panic included, reaches the client as the event `exception`, as for a gateway's handler;
    /// filters of gateways do not see it. Those of one event are called in the order in which they were
    /// added, those that wait do so together. The handlers of gateways come after them, as in NestJS; who
    /// acknowledges first wins.
    ///
    /// It receives the client as an argument: a closure that owns its own socket is kept until the client
    /// leaves, then all listeners are dropped. `"disconnecting"`, `"disconnect"`, `"error"` and
    /// `"upgrade"` are events of the socket itself; see [`on_disconnect`](Self::on_disconnect) and its
    /// neighbours.
    ///
    /// Past `max_listeners` (1,000 by default, all kinds together) nothing is added: an error is logged.
    pub fn on<R: ListenerReturn<W>, W>(
        &self,
        event: impl Into<Cow<'static, str>>,
        listener: impl Fn(Socket, Incoming) -> R + Send + Sync + 'static,
    ) -> ListenerId {
        self.add(event.into(), listener, false, Place::Last)
    }

    /// Listens to one event of this name (`socket.once`).
    pub fn once<R: ListenerReturn<W>, W>(
        &self,
        event: impl Into<Cow<'static, str>>,
        listener: impl Fn(Socket, Incoming) -> R + Send + Sync + 'static,
    ) -> ListenerId {
        self.add(event.into(), listener, true, Place::Last)
    }

    /// [`on`](Self::on), before all others (`socket.prependListener`).
    pub fn prepend_listener<R: ListenerReturn<W>, W>(
        &self,
        event: impl Into<Cow<'static, str>>,
        listener: impl Fn(Socket, Incoming) -> R + Send + Sync + 'static,
    ) -> ListenerId {
        self.add(event.into(), listener, false, Place::First)
    }

    /// [`once`](Self::once), before all others (`socket.prependOnceListener`).
    pub fn prepend_once_listener<R: ListenerReturn<W>, W>(
        &self,
        event: impl Into<Cow<'static, str>>,
        listener: impl Fn(Socket, Incoming) -> R + Send + Sync + 'static,
    ) -> ListenerId {
        self.add(event.into(), listener, true, Place::First)
    }

    /// Listens to every event of this client (`socket.onAny`), before anybody else hears of it,
    /// [middlewares](Self::use_middleware) included.
    ///
    /// ```
    /// # let client = gateway_core::Socket::detached("c1");
    /// client.on_any(|client, event| {
    ///     println!("{} sent {}: {:?}", client.id(), event.name(), event.arguments());
    /// });
    /// ```
    pub fn on_any<R: ListenerReturn<W>, W>(
        &self,
        listener: impl Fn(Socket, Incoming) -> R + Send + Sync + 'static,
    ) -> ListenerId {
        let callback: Callback = Arc::new(move |socket, event| listener(socket, event).outcome());
        self.insert(|state, id| put(&mut state.any, (id, callback), Place::Last))
    }

    /// [`on_any`](Self::on_any), before the others of its kind (`socket.prependAny`).
    pub fn prepend_any<R: ListenerReturn<W>, W>(
        &self,
        listener: impl Fn(Socket, Incoming) -> R + Send + Sync + 'static,
    ) -> ListenerId {
        let callback: Callback = Arc::new(move |socket, event| listener(socket, event).outcome());
        self.insert(|state, id| put(&mut state.any, (id, callback), Place::First))
    }

    /// Listens to every event that this client is sent, broadcasts included (`socket.onAnyOutgoing`).
    ///
    /// It is called by whoever sends, so it cannot wait, and what it sends itself it does not hear of.
    pub fn on_any_outgoing(&self, listener: impl Fn(Socket, Incoming) + Send + Sync + 'static) -> ListenerId {
        self.add_outgoing(Arc::new(listener), Place::Last)
    }

    /// [`on_any_outgoing`](Self::on_any_outgoing), before the others of its kind
    /// (`socket.prependAnyOutgoing`).
    pub fn prepend_any_outgoing(
        &self,
        listener: impl Fn(Socket, Incoming) + Send + Sync + 'static,
    ) -> ListenerId {
        self.add_outgoing(Arc::new(listener), Place::First)
    }

    /// Decides on every event of this client before its handlers and listeners receive it (Socket.IO's
    /// `socket.use`, a keyword of Rust).
    ///
    /// ```ts
    /// client.use(([event, ...args], next) => {
    ///   if (isUnauthorized(event)) return next(new Error('unauthorized event'));
    ///   next();
    /// });
    /// client.on('error', (error) => client.disconnect());
    /// ```
    ///
    /// ```
    /// # use gateway_core::{Socket, WsException};
    /// # fn is_unauthorized(event: &str) -> bool { false }
    /// # let client = Socket::detached("c1");
    /// client.use_middleware(|_, event| async move {
    ///     if is_unauthorized(event.name()) {
    ///         return Err(WsException::new("unauthorized event").into());
    ///     }
    ///     Ok(())
    /// });
    /// client.on_error(|client, error| client.disconnect(false));
    /// ```
    ///
    /// They run in their order, up to the first refusal. A refused event reaches nobody, and its client
    /// learns nothing of it; the socket's [`on_error`](Self::on_error) does. While a middleware waits,
    /// later events of the client wait behind it: their order stays.
    pub fn use_middleware<F>(
        &self,
        middleware: impl Fn(Socket, Incoming) -> F + Send + Sync + 'static,
    ) -> ListenerId
    where
        F: Future<Output = ListenerResult> + Send + 'static,
    {
        let middleware = Arc::new(move |socket, event| middleware(socket, event).boxed());
        self.insert(|state, id| put(&mut state.middlewares, (id, middleware), Place::Last))
    }

    /// Called when the client leaves, while it is in its rooms still (`socket.on('disconnecting', ..)`).
    ///
    /// ```
    /// # let client = gateway_core::Socket::detached("c1");
    /// client.on_disconnecting(|client, reason| {
    ///     for room in client.rooms() {
    ///         client.to(&room).emit("userLeft", (client.id(), reason.to_string()));
    ///     }
    /// });
    /// ```
    ///
    /// Up to the first wait of an `async` block the rooms are there.
    pub fn on_disconnecting<R: ListenerReturn<W>, W>(
        &self,
        listener: impl Fn(Socket, DisconnectReason) -> R + Send + Sync + 'static,
    ) -> ListenerId {
        self.add_own(DISCONNECTING, Incoming::reason, listener)
    }

    /// Called when the client has left (`socket.on('disconnect', ..)`): before `handle_disconnect` of the
    /// gateways, after the start of every message that came before.
    pub fn on_disconnect<R: ListenerReturn<W>, W>(
        &self,
        listener: impl Fn(Socket, DisconnectReason) -> R + Send + Sync + 'static,
    ) -> ListenerId {
        self.add_own(DISCONNECT, Incoming::reason, listener)
    }

    /// Called when a [middleware](Self::use_middleware) refuses an event of this client
    /// (`socket.on('error', ..)`). An error that is no [`WsException`] comes as one with its text.
    ///
    /// An event `error` of the client itself is heard by `on("error", ..)` and handlers of gateways, not
    /// here.
    pub fn on_error<R: ListenerReturn<W>, W>(
        &self,
        listener: impl Fn(Socket, WsException) -> R + Send + Sync + 'static,
    ) -> ListenerId {
        self.add_own(ERROR, Incoming::refusal, listener)
    }

    /// Called when the transport has changed from polling to WebSocket (`socket.conn.on('upgrade', ..)`).
    pub fn on_upgrade<R: ListenerReturn<W>, W>(
        &self,
        listener: impl Fn(Socket, Transport) -> R + Send + Sync + 'static,
    ) -> ListenerId {
        self.add_own(UPGRADE, Incoming::transport, listener)
    }

    /// Removes all listeners of an event, or the one with this id, of whatever kind (`socket.off`).
    /// Returns whether there was one.
    ///
    /// ```
    /// # let client = gateway_core::Socket::detached("c1");
    /// let typing = client.on("typing", |_, _| {});
    /// client.on("typing", |_, _| {});
    /// assert!(client.off(typing));
    /// assert_eq!(client.listeners("typing").len(), 1);
    /// assert!(client.off("typing"));
    /// ```
    pub fn off(&self, which: impl ListenerKey) -> bool {
        self.remove(|state| {
            let is_meant = |id: ListenerId| which.matches(id, None);
            Removed {
                named: state.named.extract_if(.., |l| which.matches(l.id, Some(&l.event))).collect(),
                any: state.any.extract_if(.., |(id, _)| is_meant(*id)).collect(),
                outgoing: state.outgoing.extract_if(.., |(id, _)| is_meant(*id)).collect(),
                middlewares: state.middlewares.extract_if(.., |(id, _)| is_meant(*id)).collect(),
            }
        })
    }

    /// Removes all listeners of every event (`socket.offAny()`); [`off`](Self::off) removes one.
    pub fn off_any(&self) {
        self.remove(|state| Removed { any: std::mem::take(&mut state.any), ..Removed::default() });
    }

    /// Removes all listeners of what goes out (`socket.offAnyOutgoing()`); [`off`](Self::off) removes one.
    pub fn off_any_outgoing(&self) {
        self.remove(|state| Removed { outgoing: std::mem::take(&mut state.outgoing), ..Removed::default() });
    }

    /// Removes all listeners of named events (`socket.removeAllListeners()`). Those of
    /// [every event](Self::off_any), middlewares and the handlers of gateways stay.
    pub fn remove_all_listeners(&self) {
        self.remove(|state| Removed { named: std::mem::take(&mut state.named), ..Removed::default() });
    }

    /// The listeners of an event (`socket.listeners(..)`), in the order in which they are called.
    pub fn listeners(&self, event: &str) -> Vec<ListenerId> {
        let of_event = |state: &State| {
            let named = state.named.iter().filter(|listener| listener.event == event);
            named.map(|listener| listener.id).collect()
        };
        self.listener_table().map(|table| of_event(&table.state.lock())).unwrap_or_default()
    }

    /// The listeners of every event (`socket.listenersAny()`).
    pub fn listeners_any(&self) -> Vec<ListenerId> {
        let ids = |state: &State| state.any.iter().map(|(id, _)| *id).collect();
        self.listener_table().map(|table| ids(&table.state.lock())).unwrap_or_default()
    }

    /// The listeners of what goes out (`socket.listenersAnyOutgoing()`).
    pub fn listeners_any_outgoing(&self) -> Vec<ListenerId> {
        let ids = |state: &State| state.outgoing.iter().map(|(id, _)| *id).collect();
        self.listener_table().map(|table| ids(&table.state.lock())).unwrap_or_default()
    }

    /// The names of the events that have listeners (`socket.eventNames()`), in the order of the first of
    /// each. The events of gateways are not among them.
    pub fn event_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        if let Some(table) = self.listener_table() {
            for listener in &table.state.lock().named {
                if !names.iter().any(|name| *name == listener.event) {
                    names.push(listener.event.to_string());
                }
            }
        }
        names
    }

    fn add<R: ListenerReturn<W>, W>(
        &self,
        event: Cow<'static, str>,
        listener: impl Fn(Socket, Incoming) -> R + Send + Sync + 'static,
        once: bool,
        place: Place,
    ) -> ListenerId {
        let callback: Callback = Arc::new(move |socket, event| listener(socket, event).outcome());
        self.add_callback(event, callback, once, place)
    }

    /// Adds a listener of an event of the socket's own, which has a typed value.
    fn add_own<T: 'static, R: ListenerReturn<W>, W>(
        &self,
        event: &'static str,
        value: fn(&Incoming) -> Option<T>,
        listener: impl Fn(Socket, T) -> R + Send + Sync + 'static,
    ) -> ListenerId {
        // A client may send an event of this name (`error`, `upgrade`), which has no such value.
        let callback: Callback = Arc::new(move |socket, event| match value(&event) {
            Some(value) => listener(socket, value).outcome(),
            None => ListenerOutcome::Ready(Ok(())),
        });
        self.add_callback(event.into(), callback, false, Place::Last)
    }

    fn add_callback(
        &self,
        event: Cow<'static, str>,
        callback: Callback,
        once: bool,
        place: Place,
    ) -> ListenerId {
        self.insert(|state, id| {
            put(&mut state.named, Named { id, event, callback, once }, place);
        })
    }

    fn add_outgoing(&self, callback: OutgoingCallback, place: Place) -> ListenerId {
        self.insert(|state, id| {
            put(&mut state.outgoing, (id, callback), place);
            self.nsp().add_outgoing_listener();
        })
    }

    /// Adds a listener, unless there are too many or the socket is gone for good.
    fn insert(&self, add: impl FnOnce(&mut State, ListenerId)) -> ListenerId {
        let limit = self.nsp().socket_limits().max_listeners;
        let table = self.listener_table_or_new();
        let mut state = table.state.lock();
        state.next_id += 1;
        let id = ListenerId(state.next_id);
        if state.len() >= limit {
            let first = !std::mem::replace(&mut state.warned, true);
            drop(state);
            telemetry::limit_exceeded("max_listeners");
            if first {
                tracing::error!(
                    limit,
                    socket = self.id(),
                    "a listener was not added: `max_listeners` is reached. Add listeners once for a client, not \
                     with each message"
                );
            }
        } else if !self.has_ended() {
            add(&mut state, id);
        }
        id
    }

    fn remove(&self, take: impl FnOnce(&mut State) -> Removed) -> bool {
        let Some(table) = self.listener_table() else { return false };
        let removed = take(&mut table.state.lock());
        self.nsp().remove_outgoing_listeners(removed.outgoing.len());
        // Dropped outside the lock: a listener may own a socket.
        !removed.is_empty()
    }
}

/// What was taken out of the table.
#[derive(Default)]
struct Removed {
    named: Vec<Named>,
    any: Vec<(ListenerId, Callback)>,
    outgoing: Vec<(ListenerId, OutgoingCallback)>,
    middlewares: Vec<(ListenerId, PacketMiddleware)>,
}

impl Removed {
    fn is_empty(&self) -> bool {
        self.named.is_empty()
            && self.any.is_empty()
            && self.outgoing.is_empty()
            && self.middlewares.is_empty()
    }
}
