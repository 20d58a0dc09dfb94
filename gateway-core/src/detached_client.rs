//! The client that a detached socket does not have: what a unit test lets it send and answer.
//!
//! Only listeners hear what it sends: handlers of gateways are functions, which a test calls itself.

use std::sync::Arc;
use std::task::{Context, Waker};

use futures_util::future::{BoxFuture, FutureExt, join_all};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;

use crate::ack::{self, AckError};
use crate::arguments::Arguments;
use crate::detached::{Emitted, Recorder};
use crate::incoming::Incoming;
use crate::payload::{EmitArgs, EncodeError, Payload};
use crate::reason::DisconnectReason;
use crate::serve;
use crate::socket::Socket;

/// What the client of a detached socket answers.
pub(crate) type Answer = Arc<dyn Fn(&Emitted) -> Result<Payload, EncodeError> + Send + Sync>;

impl Socket {
    /// Lets the client of a detached socket send an event: its listeners are called, middlewares first.
    /// Ends when they have.
    ///
    /// ```
    /// # use gateway_core::{Args, Socket};
    /// # async fn test() {
    /// let client = Socket::detached("ann");
    /// client.on("rename", |client, event| async move {
    ///     client.set_data("name", event.get::<String>(0)?);
    ///     Ok(())
    /// });
    /// client.receive("rename", "Ann").await;
    /// assert_eq!(client.data_value::<String>("name").unwrap(), "Ann");
    /// # }
    /// # futures_util::FutureExt::now_or_never(test()).unwrap();
    /// ```
    ///
    /// # Panics
    /// The arguments do not serialize.
    pub fn receive(&self, event: &str, args: impl EmitArgs) -> BoxFuture<'static, ()> {
        let (name, arguments) = incoming(event, &args);
        received(self.clone(), Incoming::new(name, arguments)).boxed()
    }

    /// [`receive`](Self::receive) of an event that asks for an acknowledgement, and that acknowledgement.
    ///
    /// ```
    /// # use gateway_core::Socket;
    /// # async fn test() {
    /// let client = Socket::detached("ann");
    /// client.on("ping", |_, event| {
    ///     event.ack("pong");
    /// });
    /// let answer: String = client.receive_with_ack("ping", ()).await.unwrap();
    /// assert_eq!(answer, "pong");
    /// # }
    /// # futures_util::FutureExt::now_or_never(test()).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`AckError::Timeout`] if nobody has acknowledged when all listeners have ended;
    /// [`AckError::Decode`] if the answer is no `R`.
    ///
    /// # Panics
    /// The arguments do not serialize.
    pub fn receive_with_ack<R: DeserializeOwned>(
        &self,
        event: &str,
        args: impl EmitArgs,
    ) -> BoxFuture<'static, Result<R, AckError>> {
        let (name, arguments) = incoming(event, &args);
        let answer: Arc<Mutex<Option<Payload>>> = Arc::default();
        let slot = answer.clone();
        let event = Incoming::with_ack(name, arguments, move |payload| *slot.lock() = Some(payload));
        let socket = self.clone();
        async move {
            received(socket, event).await;
            let payload = answer.lock().take().ok_or(AckError::Timeout)?;
            ack::decode(&payload.to_arguments()?)
        }
        .boxed()
    }

    /// Lets the client of a detached socket leave: its listeners of `disconnecting` and `disconnect` are
    /// called. Ends when they have.
    pub fn receive_disconnect(&self, reason: DisconnectReason) -> BoxFuture<'static, ()> {
        let tasks = leave(self, &reason);
        join_all(tasks).map(drop).boxed()
    }

    /// What the client of a detached socket answers to [`emit_with_ack`](Self::emit_with_ack), alone or
    /// among others. Without an answer such an event waits.
    ///
    /// ```
    /// # use gateway_core::Socket;
    /// # async fn test() {
    /// let client = Socket::detached("ann");
    /// client.answer("question", |question| format!("{} Tea.", question.data().as_str().unwrap()));
    /// let answer: String = client.emit_with_ack("question", "Tea or coffee?").await.unwrap();
    /// assert_eq!(answer, "Tea or coffee? Tea.");
    /// # }
    /// # futures_util::FutureExt::now_or_never(test()).unwrap();
    /// ```
    ///
    /// The last answer that is set for an event holds. On a socket with a client it does nothing.
    pub fn answer<A: EmitArgs>(
        &self,
        event: impl Into<String>,
        answer: impl Fn(&Emitted) -> A + Send + Sync + 'static,
    ) {
        let answer: Answer = Arc::new(move |emitted| Payload::arguments(&answer(emitted)));
        Recorder::script(&**self.link(), event.into(), answer);
    }
}

fn incoming(event: &str, args: &impl EmitArgs) -> (Arc<str>, Arguments) {
    let arguments = Payload::event(event, args).ok().and_then(|payload| payload.to_arguments().ok());
    (event.into(), arguments.unwrap_or_else(|| panic!("the arguments of `{event}` do not serialize")))
}

/// Runs a listener up to its first wait, as a connection does; what is left is run later.
fn start(mut task: BoxFuture<'static, ()>, waiting: &mut Vec<BoxFuture<'static, ()>>) {
    if task.poll_unpin(&mut Context::from_waker(Waker::noop())).is_pending() {
        waiting.push(task);
    }
}

async fn received(socket: Socket, event: Incoming) {
    let mut tasks = Vec::new();
    let Some(listeners) = serve::listeners(&socket) else { return };
    listeners.call_any(&event, &mut |task| start(task, &mut tasks));
    let decision = match listeners.middlewares() {
        Some(middlewares) => middlewares.decide(socket.clone(), event.clone()).await,
        None => Ok(()),
    };
    match decision {
        Ok(()) => {
            let named = listeners.take(event.name());
            named.call(&socket, &event, &mut |task| start(task, &mut tasks));
        }
        Err(error) => listeners.refused(error, &mut |task| start(task, &mut tasks)),
    }
    join_all(tasks).await;
}

/// Takes a detached socket out of its namespace; returns what its listeners have left to do.
fn leave(socket: &Socket, reason: &DisconnectReason) -> Vec<BoxFuture<'static, ()>> {
    let mut tasks = Vec::new();
    if !socket.exit(reason) {
        return tasks;
    }
    if let Some(listeners) = serve::listeners(socket) {
        listeners.left(reason, &mut |task| start(task, &mut tasks));
    }
    serve::forget_listeners(socket);
    tasks
}

/// The server disconnects a detached socket: nobody is there to run what its listeners have left to do.
pub(crate) fn disconnect(socket: &Socket) {
    if !leave(socket, &DisconnectReason::ServerNamespaceDisconnect).is_empty() {
        tracing::warn!(
            socket = socket.id(),
            "a listener of `disconnect` waits, and is dropped: in a test, `receive_disconnect(..).await` runs it"
        );
    }
}
