//! One message on its way to a handler: the client, the arguments, the acknowledgement, and which
//! handler it is.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;

use crate::arguments::{self, Arguments, DecodeError, RawArgument};
use crate::exception::{ExceptionCause, HandlerError};
use crate::payload::{EmitArgs, Payload};
use crate::server::Server;
use crate::socket::Socket;
use crate::target::Target;

/// What guards, interceptors, pipes and filters look at: a message, its client, and the handler that
/// it is for (NestJS's `ExecutionContext`).
#[derive(Debug)]
pub struct ExecutionContext {
    socket: Socket,
    target: Arc<Target>,
    arguments: Arguments,
    /// What untyped pipes made of the arguments.
    transformed: OnceLock<Arguments>,
    ack: Option<AckTicket>,
}

impl ExecutionContext {
    /// A message of `socket` for a handler; `ack` if the client asked for one.
    pub fn new(socket: Socket, target: Arc<Target>, arguments: Arguments, ack: Option<AckTicket>) -> Self {
        Self { socket, target, arguments, transformed: OnceLock::new(), ack }
    }

    /// A message for no handler in particular, for unit tests of guards, pipes and filters.
    ///
    /// ```
    /// # use gateway_core::{ExecutionContext, Socket};
    /// let context = ExecutionContext::detached(Socket::detached("c1"), "joinRoom", &"general");
    /// assert_eq!(context.switch_to_ws().get_data::<String>().unwrap(), "general");
    /// ```
    pub fn detached<T: serde::Serialize + ?Sized>(socket: Socket, pattern: &str, data: &T) -> Self {
        let arguments = Arguments::from_value(data).unwrap_or_else(|_| Arguments::none());
        Self::new(socket, Arc::new(Target::detached(pattern)), arguments, None)
    }

    /// The context type: `"ws"` (NestJS's `getType()`).
    pub fn get_type(&self) -> &'static str {
        "ws"
    }

    /// The client, the body and the name of the message (NestJS's `switchToWs()`).
    pub fn switch_to_ws(&self) -> WsArgumentsHost<'_> {
        WsArgumentsHost { context: self }
    }

    /// The name of the gateway (NestJS's `getClass().name`).
    pub fn get_class(&self) -> &str {
        self.target.gateway()
    }

    /// The name of the method (NestJS's `getHandler().name`); `handle_connection` for a guard on the
    /// connection.
    pub fn get_handler(&self) -> &str {
        self.target.method()
    }

    /// What `#[set_metadata(key, value)]` says on the method, or else on the gateway (NestJS's
    /// `Reflector.getAllAndOverride`); `None` if neither has it, or it is of another type.
    pub fn metadata<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.target.metadata().get(key)
    }

    /// The handler that the message is for.
    pub fn target(&self) -> &Arc<Target> {
        &self.target
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
        self.target.pattern()
    }

    /// All arguments, as the client sent them.
    pub fn arguments(&self) -> &Arguments {
        &self.arguments
    }

    /// Replaces what the handler's parameters are decoded from: once, by the pipes of the gateway. A
    /// handler that is repeated takes the same.
    pub fn set_transformed(&self, arguments: Arguments) {
        // The second of two equal calls changes nothing.
        let _ = self.transformed.set(arguments);
    }

    /// Whether [`set_transformed`](Self::set_transformed) has been called.
    pub fn is_transformed(&self) -> bool {
        self.transformed.get().is_some()
    }

    /// The body that the handler's parameters are decoded from; `None` is undefined.
    fn raw_body(&self) -> Option<RawArgument<'_>> {
        self.transformed.get().unwrap_or(&self.arguments).body()
    }

    /// The body, or one member of it, undecoded; `None` is undefined.
    pub(crate) fn raw(&self, key: Option<&str>) -> Option<RawArgument<'_>> {
        let body = self.raw_body();
        match key {
            None => body,
            Some(key) => body.and_then(|body| body.member(key)),
        }
    }

    /// The body, decoded.
    ///
    /// # Errors
    /// It does not decode: an exception for the client that names the field.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, HandlerError> {
        Ok(arguments::decode(self.raw(None).as_ref())?)
    }

    /// One member of the body, decoded. A body that is no object has no members.
    ///
    /// # Errors
    /// It does not decode: an exception for the client that names the key.
    pub fn body_key<T: DeserializeOwned>(&self, key: &str) -> Result<T, HandlerError> {
        Ok(arguments::decode(self.raw(Some(key)).as_ref()).map_err(|error| error.under(key))?)
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
        ExceptionCause { pattern: self.pattern(), data: self.arguments.body() }
    }
}

/// The WebSocket view of an [`ExecutionContext`] (NestJS's `WsArgumentsHost`).
#[derive(Clone, Copy, Debug)]
pub struct WsArgumentsHost<'a> {
    context: &'a ExecutionContext,
}

impl<'a> WsArgumentsHost<'a> {
    /// The client that sent the message.
    pub fn get_client(&self) -> &'a Socket {
        &self.context.socket
    }

    /// The body, decoded; a `serde_json::Value` or a [`Data`](crate::Data) takes any.
    ///
    /// # Errors
    /// It does not decode.
    pub fn get_data<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        arguments::decode(self.context.raw(None).as_ref())
    }

    /// The name of the message.
    pub fn get_pattern(&self) -> &'a str {
        self.context.pattern()
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

    /// The same right, for several holders.
    #[must_use]
    pub fn for_several(mut self) -> Self {
        self.used.get_or_insert_default();
        self
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
