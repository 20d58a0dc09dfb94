//! One message on its way to a handler: the socket, the arguments, the acknowledgement.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::de::DeserializeOwned;

use crate::arguments::{self, Arguments, RawArgument};
use crate::exception::{ExceptionCause, HandlerError};
use crate::payload::{EmitArgs, Payload};
use crate::server::Server;
use crate::socket::Socket;

/// A message that a handler is called with.
#[derive(Debug)]
pub struct Call {
    socket: Socket,
    pattern: Arc<str>,
    arguments: Arguments,
    ack: Option<AckTicket>,
}

impl Call {
    /// A message of `socket` for the handlers of `pattern`; `ack` if the client asked for one.
    pub fn new(socket: Socket, pattern: Arc<str>, arguments: Arguments, ack: Option<AckTicket>) -> Self {
        Self { socket, pattern, arguments, ack }
    }

    /// The client that sent the message.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// The namespace that the message arrived in.
    pub fn server(&self) -> &Server {
        self.socket.nsp()
    }

    /// The name of the event (NestJS's `getPattern()`).
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// All arguments.
    pub fn arguments(&self) -> &Arguments {
        &self.arguments
    }

    /// The body, decoded.
    ///
    /// # Errors
    /// It does not decode: an exception for the client that names the field.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, HandlerError> {
        Ok(arguments::decode(self.arguments.body().as_ref())?)
    }

    /// One member of the body, decoded. A body that is no object has no members.
    ///
    /// # Errors
    /// It does not decode: an exception for the client that names the key.
    pub fn body_key<T: DeserializeOwned>(&self, key: &str) -> Result<T, HandlerError> {
        let body = self.arguments.body();
        let member = body.as_ref().and_then(|body| body.member(key));
        Ok(arguments::decode(member.as_ref()).map_err(|error| error.under(key))?)
    }

    /// The acknowledgement of this message; one that goes nowhere if the client asked for none.
    pub fn ack<T>(&self) -> Ack<T> {
        let target = self.ack.clone().map(|ticket| (self.socket.clone(), ticket));
        Ack { target, answer: PhantomData }
    }

    /// The acknowledgement of this message, if the client asked for one.
    pub fn ack_if_asked<T>(&self) -> Option<Ack<T>> {
        self.ack.is_some().then(|| self.ack())
    }

    /// The ticket of the acknowledgement, for whoever serves the reply.
    pub fn ack_ticket(&self) -> Option<&AckTicket> {
        self.ack.as_ref()
    }

    /// What an exception of this message names as its cause.
    pub fn cause(&self) -> ExceptionCause<'_> {
        ExceptionCause { pattern: &self.pattern, data: self.body_argument() }
    }

    fn body_argument(&self) -> Option<RawArgument<'_>> {
        self.arguments.body()
    }
}

/// The right to acknowledge one message once.
#[derive(Clone, Debug)]
pub struct AckTicket {
    id: u64,
    /// Shared by all who hold a ticket of the same message; `None` while there is one holder only.
    used: Option<Arc<AtomicBool>>,
}

impl AckTicket {
    /// The ticket of the message that the client numbered `id`, for one holder.
    pub fn single(id: u64) -> Self {
        Self { id, used: None }
    }

    /// The ticket of the message that the client numbered `id`, for several holders: the first
    /// acknowledgement wins.
    pub fn shared(id: u64) -> Self {
        Self { id, used: Some(Arc::new(AtomicBool::new(false))) }
    }

    /// Takes the right; `None` if somebody has used it already.
    pub fn redeem(&self) -> Option<u64> {
        let used = self.used.as_ref().is_some_and(|used| used.swap(true, Ordering::AcqRel));
        (!used).then_some(self.id)
    }
}

/// The acknowledgement of a message, to be sent by hand (NestJS's `@Ack()`).
///
/// With an `Ack` among its parameters, a handler's return value does not acknowledge. `T` is what
/// the client's callback receives. A parameter `Option<Ack<T>>` is `None` if the client asked for
/// none; a plain `Ack<T>` goes nowhere then.
pub struct Ack<T = serde_json::Value> {
    target: Option<(Socket, AckTicket)>,
    answer: PhantomData<fn(T)>,
}

impl<T> Ack<T> {
    /// An acknowledgement that goes nowhere, for unit tests.
    pub fn detached() -> Self {
        Self { target: None, answer: PhantomData }
    }

    /// Whether the client asked for an acknowledgement.
    pub fn is_expected(&self) -> bool {
        self.target.is_some()
    }
}

impl<T: EmitArgs> Ack<T> {
    /// Acknowledges. Returns false if nothing was sent: the client asked for no acknowledgement, it
    /// has been sent already, or the value does not serialize (which is logged).
    pub fn send(&self, answer: T) -> bool {
        let Some((socket, ticket)) = &self.target else {
            tracing::debug!("an acknowledgement went nowhere: the client asked for none");
            return false;
        };
        let payload = match Payload::arguments(&answer) {
            Ok(payload) => payload,
            Err(error) => {
                tracing::error!(%error, socket = socket.id(), "an acknowledgement was not sent");
                return false;
            }
        };
        let Some(id) = ticket.redeem() else { return false };
        socket.send_ack(id, payload);
        true
    }
}

impl<T> Clone for Ack<T> {
    fn clone(&self) -> Self {
        Self { target: self.target.clone(), answer: PhantomData }
    }
}

impl<T> fmt::Debug for Ack<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ack").field("expected", &self.is_expected()).finish()
    }
}
