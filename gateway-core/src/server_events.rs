//! Events between the servers of a cluster: `server.on(..)` and `server.server_side_emit(..)`.
//!
//! Clients have no part in them. How an event gets to the other servers is the adapter's.

use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt, join_all};
use parking_lot::RwLock;
use serde::de::DeserializeOwned;

use crate::ack;
use crate::adapter::{AdapterError, ServerSideAckError};
use crate::exception::HandlerError;
use crate::incoming::{Incoming, ListenerOutcome, ListenerResult, ListenerReturn};
use crate::payload::{EmitArgs, EncodeError, Payload};
use crate::server::Server;
use crate::socket::report;

/// Names that servers must not tell each other: they are events of the server itself.
const RESERVED_EVENTS: [&str; 3] = ["connect", "connection", "new_namespace"];

type ServerListener = Arc<dyn Fn(Incoming) -> ListenerOutcome + Send + Sync>;

/// The listeners of one namespace.
#[derive(Default)]
pub(crate) struct ServerListeners(RwLock<HashMap<String, Vec<ServerListener>>>);

impl fmt::Debug for ServerListeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.read().keys()).finish()
    }
}

impl ServerListeners {
    fn add(&self, event: String, listener: ServerListener) {
        self.0.write().entry(event).or_default().push(listener);
    }

    /// Moves all listeners to another namespace's, behind those that it has.
    pub(crate) fn append_to(&self, other: &Self) {
        let listeners = std::mem::take(&mut *self.0.write());
        for (event, mut listeners) in listeners {
            other.0.write().entry(event).or_default().append(&mut listeners);
        }
    }

    fn of(&self, event: &str) -> Vec<ServerListener> {
        self.0.read().get(event).cloned().unwrap_or_default()
    }
}

/// Calls the listeners of an event that another server has told; what they have left to do is returned.
pub(crate) fn receive(server: &Server, event: Incoming) -> Option<BoxFuture<'static, ()>> {
    let mut rest = Vec::new();
    for listener in server.listeners().of(event.name()) {
        let called = catch_unwind(AssertUnwindSafe(|| listener(event.clone())));
        match called.unwrap_or_else(|panic| ListenerOutcome::Ready(Err(HandlerError::panic(panic)))) {
            ListenerOutcome::Ready(result) => log(event.name(), result),
            ListenerOutcome::Pending(future) => rest.push(finish(event.name().to_owned(), future).boxed()),
        }
    }
    if rest.is_empty() { None } else { Some(join_all(rest).map(drop).boxed()) }
}

async fn finish(event: String, future: BoxFuture<'static, ListenerResult>) {
    let result = AssertUnwindSafe(future).catch_unwind().await;
    log(&event, result.unwrap_or_else(|panic| Err(HandlerError::panic(panic))));
}

/// There is no client who could be told.
fn log(event: &str, result: ListenerResult) {
    if let Err(error) = result {
        tracing::error!(event, ?error, "a listener of a server-side event failed");
    }
}

impl Server {
    /// Listens to an event that another server of the cluster tells with
    /// [`server_side_emit`](Self::server_side_emit) (`io.on('hello', (arg, ack) => …)`).
    ///
    /// ```
    /// # use gateway_core::{Incoming, Server};
    /// # let server = Server::detached();
    /// server.on("hello", |event: Incoming| async move {
    ///     let name: String = event.get(0)?;
    ///     event.ack(format!("hello {name}"));
    ///     Ok(())
    /// });
    /// ```
    ///
    /// An error or a panic of a listener is logged; nothing is sent to the other server.
    pub fn on<R, W>(&self, event: impl Into<String>, listener: impl Fn(Incoming) -> R + Send + Sync + 'static)
    where
        R: ListenerReturn<W>,
    {
        let listener: ServerListener = Arc::new(move |event| listener(event).outcome());
        self.with_listeners(|listeners| listeners.add(event.into(), listener));
    }

    /// Tells an event to the other servers of the cluster, not to clients and not to this server
    /// (`io.serverSideEmit(..)`).
    ///
    /// It never fails and never blocks: what cannot be sent is logged. `connect`, `connection` and
    /// `new_namespace` are reserved.
    pub fn server_side_emit(&self, event: &str, args: impl EmitArgs) {
        if RESERVED_EVENTS.contains(&event) {
            tracing::error!(event, "a server-side event was not sent: its name is reserved");
            return;
        }
        match Payload::event(event, &args) {
            Ok(payload) => self.adapter().server_side_emit(payload),
            Err(error) => report(Err(error), event),
        }
    }

    /// Tells an event to the other servers and waits for the answer of each (`io.serverSideEmitWithAck(..)`),
    /// as long as the adapter's request timeout allows.
    ///
    /// # Errors
    /// Not all servers answered in time; the answers that came are in the error. Or the event's name is
    /// reserved, or its value does not serialize.
    pub async fn server_side_emit_with_ack<R: DeserializeOwned>(
        &self,
        event: &str,
        args: impl EmitArgs,
    ) -> Result<Vec<R>, ServerSideAckError<R>> {
        let refused = |sentence| {
            let (error, responses) = (AdapterError::Unsupported(sentence), Vec::new());
            ServerSideAckError { error, responses }
        };
        if RESERVED_EVENTS.contains(&event) {
            return Err(refused("`connect`, `connection` and `new_namespace` are reserved event names"));
        }
        let payload: Result<Payload, EncodeError> = Payload::event(event, &args);
        drop(args);
        let payload = match payload {
            Ok(payload) => payload,
            Err(error) => {
                report(Err(error), event);
                return Err(refused("the event's value does not serialize: see the log"));
            }
        };
        let decoded = |answers: &[crate::Arguments]| -> Vec<R> {
            answers.iter().filter_map(|answer| ack::decode(answer).ok()).collect()
        };
        match self.adapter().server_side_emit_with_ack(payload).await {
            Ok(answers) => {
                let responses = decoded(&answers);
                if responses.len() == answers.len() {
                    return Ok(responses);
                }
                let error = AdapterError::Unsupported("an answer is not of the type that was asked for");
                Err(ServerSideAckError { error, responses })
            }
            Err(ServerSideAckError { error, responses }) => {
                Err(ServerSideAckError { error, responses: decoded(&responses) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;
    use crate::Arguments;

    #[tokio::test]
    async fn listeners_get_what_other_servers_tell() {
        let server = Server::detached();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (first, second) = (log.clone(), log.clone());
        server.on("hello", move |event: Incoming| {
            first.lock().push(event.get::<String>(0)?);
            Ok(())
        });
        server.on("hello", move |event: Incoming| {
            let log = second.clone();
            async move {
                log.lock().push("later".to_owned());
                event.ack("answer");
            }
        });
        server.on("hello", |event| assert!(event.is_empty(), "a panic on purpose"));
        let acked = log.clone();
        let arguments = Arguments::from_value("Ann").unwrap();
        let event = Incoming::with_ack("hello", arguments, move |payload| {
            acked.lock().push(String::from_utf8(payload.json().to_vec()).unwrap());
        });
        receive(&server, event).expect("one listener waits").await;
        assert_eq!(*log.lock(), ["Ann", "later", r#"["answer"]"#]);
        assert!(receive(&server, Incoming::new("other", Arguments::none())).is_none());
    }

    #[tokio::test]
    async fn alone_nobody_answers() {
        let server = Server::detached();
        assert_eq!(server.server_side_emit_with_ack::<String>("hello", 1).await.unwrap(), [""; 0]);
        assert_eq!(server.server_count().await, Ok(1));
        let error = server.server_side_emit_with_ack::<String>("connection", ()).await.unwrap_err();
        assert!(error.to_string().contains("reserved"), "{error}");
    }
}
