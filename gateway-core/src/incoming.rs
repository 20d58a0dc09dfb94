//! `Incoming`: an event as a listener receives it, and what a listener may return.
//!
//! Sockets and servers share both. This file must never know who listens, nor how an event came here.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;

use crate::arguments::{self, Arguments, DecodeError};
use crate::exception::{HandlerError, WsException};
use crate::execution_context::AckTicket;
use crate::options::Transport;
use crate::payload::{EmitArgs, Payload};
use crate::reason::DisconnectReason;
use crate::socket::Socket;

/// An event as a listener receives it: its name, its arguments, and the acknowledgement that the sender
/// may have asked for.
///
/// ```ts
/// client.on('joinRoom', (roomId, userName, ack) => { ack(`Joined room ${roomId}`); });
/// ```
///
/// ```
/// # use gateway_core::{DecodeError, Incoming};
/// # fn listener(event: Incoming) -> Result<(), DecodeError> {
/// let room_id: String = event.get(0)?;
/// let user_name: Option<String> = event.get(1)?; // `None` if it was not sent
/// event.ack(format!("Joined room {room_id}"));
/// # Ok(()) }
/// ```
///
/// Cloning is cheap, and all clones share the one acknowledgement: the first one wins.
#[derive(Clone)]
pub struct Incoming {
    name: Arc<str>,
    arguments: Arguments,
    origin: Origin,
}

/// Whom it comes from, and so who waits for an acknowledgement.
#[derive(Clone)]
enum Origin {
    /// Somebody who waits for none.
    Anybody,
    Client(Socket, AckTicket),
    Other(Arc<Once>),
    /// The socket itself.
    Own(Own),
}

/// Events of a socket's own.
#[derive(Clone)]
enum Own {
    Leave(Arc<DisconnectReason>),
    Refusal(Arc<WsException>),
    Upgrade(Transport),
}

/// Whoever else waits for an acknowledgement: another server, a test.
struct Once {
    used: AtomicBool,
    send: Box<dyn Fn(Payload) + Send + Sync>,
}

impl Incoming {
    /// An event whose sender asks for no acknowledgement.
    pub fn new(name: impl Into<Arc<str>>, arguments: Arguments) -> Self {
        Self { name: name.into(), arguments, origin: Origin::Anybody }
    }

    /// An event whose first acknowledgement goes to `send`, which is called once at most.
    pub fn with_ack(
        name: impl Into<Arc<str>>,
        arguments: Arguments,
        send: impl Fn(Payload) + Send + Sync + 'static,
    ) -> Self {
        let once = Once { used: AtomicBool::new(false), send: Box::new(send) };
        Self { name: name.into(), arguments, origin: Origin::Other(Arc::new(once)) }
    }

    /// An event of a client, with the ticket that it shares with the handlers of gateways.
    pub fn of_client(
        socket: &Socket,
        name: impl Into<Arc<str>>,
        arguments: Arguments,
        ticket: Option<AckTicket>,
    ) -> Self {
        let origin = ticket.map_or(Origin::Anybody, |ticket| Origin::Client(socket.clone(), ticket));
        Self { name: name.into(), arguments, origin }
    }

    /// The event's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All arguments, undecoded: `server.emit("copy", event.arguments())` sends them on as they are.
    pub fn arguments(&self) -> &Arguments {
        &self.arguments
    }

    /// How many arguments there are; the callback of an acknowledgement is none of them.
    pub fn len(&self) -> usize {
        self.arguments.len()
    }

    /// Whether there are no arguments.
    pub fn is_empty(&self) -> bool {
        self.arguments.is_empty()
    }

    /// One argument, decoded. One that was not sent is "undefined", which only an `Option` (or an
    /// untyped body) accepts.
    ///
    /// # Errors
    /// It is missing or does not decode; the error names the field, and is for the sender.
    pub fn get<T: DeserializeOwned>(&self, index: usize) -> Result<T, DecodeError> {
        self.arguments.get(index)
    }

    /// The body, as `#[message_body]` has it: the one argument, several as an array, none as
    /// "undefined".
    ///
    /// # Errors
    /// It is missing or does not decode; the error names the field, and is for the sender.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        arguments::decode(self.arguments.body().as_ref())
    }

    /// Whether the sender asked for an acknowledgement (`typeof ack === 'function'`).
    pub fn has_ack(&self) -> bool {
        matches!(self.origin, Origin::Client(..) | Origin::Other(_))
    }

    /// Acknowledges (Socket.IO's `ack(..)`); the callback's arguments are what `emit` takes.
    ///
    /// Returns false if nothing was sent: the sender asked for no acknowledgement, it has been sent
    /// already, by whomever, or the value does not serialize (which is logged).
    pub fn ack(&self, answer: impl EmitArgs) -> bool {
        if !self.has_ack() {
            return false;
        }
        let payload = match Payload::arguments(&answer) {
            Ok(payload) => payload,
            Err(error) => {
                tracing::error!(%error, event = self.name(), "an acknowledgement was not sent");
                return false;
            }
        };
        match &self.origin {
            Origin::Anybody | Origin::Own(_) => false,
            Origin::Client(socket, ticket) => match ticket.redeem() {
                Some(id) => {
                    socket.send_ack(id, payload);
                    true
                }
                None => false,
            },
            Origin::Other(once) => {
                let first = !once.used.swap(true, Ordering::AcqRel);
                if first {
                    (once.send)(payload);
                }
                first
            }
        }
    }
}

/// Events of a socket's own: their typed value travels beside the argument that `on(..)` sees.
impl Incoming {
    fn own(name: &'static str, argument: &str, own: Own) -> Self {
        // A string always serializes.
        let arguments = Arguments::from_value(argument).unwrap_or_else(|_| Arguments::none());
        Self { name: name.into(), arguments, origin: Origin::Own(own) }
    }

    pub(crate) fn leave_of(name: &'static str, reason: &DisconnectReason) -> Self {
        Self::own(name, &reason.to_string(), Own::Leave(Arc::new(reason.clone())))
    }

    pub(crate) fn refusal_of(name: &'static str, error: WsException) -> Self {
        Self::own(name, &error.message(), Own::Refusal(Arc::new(error.clone())))
    }

    pub(crate) fn upgrade_of(name: &'static str, transport: Transport) -> Self {
        Self::own(name, transport.name(), Own::Upgrade(transport))
    }

    pub(crate) fn is_own(&self) -> bool {
        matches!(self.origin, Origin::Own(_))
    }

    pub(crate) fn reason(&self) -> Option<DisconnectReason> {
        match &self.origin {
            Origin::Own(Own::Leave(reason)) => Some((**reason).clone()),
            _ => None,
        }
    }

    pub(crate) fn refusal(&self) -> Option<WsException> {
        match &self.origin {
            Origin::Own(Own::Refusal(error)) => Some((**error).clone()),
            _ => None,
        }
    }

    pub(crate) fn transport(&self) -> Option<Transport> {
        match &self.origin {
            Origin::Own(Own::Upgrade(transport)) => Some(*transport),
            _ => None,
        }
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("name", &self.name)
            .field("arguments", &self.arguments)
            .field("has_ack", &self.has_ack())
            .finish()
    }
}

/// What a listener ends with. `?` turns any error into a [`HandlerError`].
pub type ListenerResult = Result<(), HandlerError>;

/// What a listener has left to do when it returns.
pub enum ListenerOutcome {
    /// Nothing.
    Ready(ListenerResult),
    /// This future.
    Pending(BoxFuture<'static, ListenerResult>),
}

impl fmt::Debug for ListenerOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready(_) => "Ready",
            Self::Pending(_) => "Pending",
        })
    }
}

/// What a listener may return: nothing or a [`ListenerResult`], at once or by an `async` block.
///
/// `When` is found by the compiler; it keeps values and futures apart.
#[diagnostic::on_unimplemented(
    message = "a listener cannot return `{Self}`",
    label = "`()`, `Result<(), HandlerError>`, or a `Send` future of one of them",
    note = "end an `async move` block that uses `?` with `Ok(())`"
)]
pub trait ListenerReturn<When> {
    /// What is left to do.
    fn outcome(self) -> ListenerOutcome;
}

/// A value that ends a listener.
pub trait ListenerEnd: Send {
    /// The value as a result.
    fn result(self) -> ListenerResult;
}

impl ListenerEnd for () {
    fn result(self) -> ListenerResult {
        Ok(())
    }
}

impl ListenerEnd for ListenerResult {
    fn result(self) -> ListenerResult {
        self
    }
}

/// [`ListenerReturn`] of a listener that is done when it returns.
#[derive(Clone, Copy, Debug)]
pub struct AtOnce;

/// [`ListenerReturn`] of a listener that returns a future.
#[derive(Clone, Copy, Debug)]
pub struct Later;

impl<E: ListenerEnd> ListenerReturn<AtOnce> for E {
    fn outcome(self) -> ListenerOutcome {
        ListenerOutcome::Ready(self.result())
    }
}

impl<F> ListenerReturn<Later> for F
where
    F: Future<Output: ListenerEnd> + Send + 'static,
{
    fn outcome(self) -> ListenerOutcome {
        ListenerOutcome::Pending(Box::pin(async move { self.await.result() }))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::FutureExt;
    use parking_lot::Mutex;
    use serde_json::{Value, json};

    use super::*;
    use crate::{Args, WsException};

    fn incoming(text: &'static str) -> Incoming {
        let text = bytes::Bytes::from_static(text.as_bytes());
        let (name, arguments) = Arguments::parse_event(&text, Vec::new()).unwrap();
        Incoming::new(name.as_ref(), arguments)
    }

    #[test]
    fn arguments_one_by_one_and_as_a_body() {
        let event = incoming(r#"["joinRoom","general",7]"#);
        assert_eq!((event.name(), event.len()), ("joinRoom", 2));
        assert_eq!((event.get::<String>(0).unwrap(), event.get::<u8>(1).unwrap()), ("general".into(), 7));
        assert_eq!(event.get::<Option<u8>>(2).unwrap(), None);
        assert!(event.get::<u8>(2).is_err());
        assert_eq!(event.body::<(String, u8)>().unwrap(), ("general".into(), 7));
        assert_eq!(incoming(r#"["a",[1]]"#).body::<Vec<u8>>().unwrap(), [1]);
        assert_eq!(incoming(r#"["a"]"#).body::<Option<u8>>().unwrap(), None);
        assert_eq!(incoming(r#"["a"]"#).body::<Value>().unwrap(), Value::Null);
    }

    #[test]
    fn the_first_acknowledgement_wins() {
        let sent = Arc::new(Mutex::new(Vec::new()));
        let log = sent.clone();
        let event = Incoming::with_ack("a", Arguments::none(), move |payload| {
            log.lock().push(String::from_utf8(payload.json().to_vec()).unwrap());
        });
        let clone = event.clone();
        assert!(event.has_ack());
        assert!(clone.ack(Args((1, "b"))));
        assert!(!event.ack(2));
        assert_eq!(*sent.lock(), [r#"[1,"b"]"#]);
        assert!(!incoming(r#"["a"]"#).ack(1));
    }

    fn run<R: ListenerReturn<W>, W>(listener: impl Fn(Incoming) -> R) -> ListenerResult {
        match listener(incoming(r#"["a",{"n":"x"}]"#)).outcome() {
            ListenerOutcome::Ready(result) => result,
            ListenerOutcome::Pending(future) => future.now_or_never().unwrap(),
        }
    }

    #[test]
    fn what_a_listener_returns_needs_no_annotation() {
        run(|_| ()).unwrap();
        run(|event| {
            event.ack(1);
        })
        .unwrap();
        run(|_| async {}).unwrap();
        run(|event| async move {
            event.ack(1);
        })
        .unwrap();
        run(|event| {
            let _: Value = event.get(0)?;
            Ok(())
        })
        .unwrap();
        let error = run(|event| async move {
            let number: u8 = event.get(0)?;
            if number == 0 {
                return Err(WsException::new("zero").into());
            }
            Ok(())
        })
        .unwrap_err();
        let (exception, log) = error.into_exception();
        assert_eq!(log, None);
        assert!(exception.message().contains("expected u8"), "{exception}");
        assert_eq!(incoming(r#"["a",{"n":1}]"#).body::<Value>().unwrap(), json!({ "n": 1 }));
    }
}
