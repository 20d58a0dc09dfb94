//! What the parameters of a handler may be, and the probe of those without attribute.
//!
//! It must never know how a body is encoded.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
#[cfg(feature = "validator")]
use validator::Validate;

use super::body;
#[cfg(feature = "validator")]
use super::body::{Optional, Required};
use super::piped::{Piped, Unpiped};
use crate::exception::HandlerError;
use crate::execution_context::{Ack, ExecutionContext as Call};
use crate::server::Server;
use crate::socket::Socket;

/// What `#[connected_socket]` takes.
#[diagnostic::on_unimplemented(
    message = "a `#[connected_socket]` parameter is a `Socket` or a `&Socket`, not `{Self}`",
    label = "write `Socket` or `&Socket`"
)]
pub trait ConnectedSocket<'a>: Sized {
    /// The client that sent the message.
    fn connected_socket(call: &'a Call) -> Self;
}

impl<'a> ConnectedSocket<'a> for Socket {
    fn connected_socket(call: &'a Call) -> Self {
        call.socket().clone()
    }
}

impl<'a> ConnectedSocket<'a> for &'a Socket {
    fn connected_socket(call: &'a Call) -> Self {
        call.socket()
    }
}

/// What `#[ack]` takes.
#[diagnostic::on_unimplemented(
    message = "an `#[ack]` parameter is an `Ack<T>` or an `Option<Ack<T>>`, not `{Self}`",
    label = "write `Ack<T>`, where `T` is what the client's callback receives"
)]
pub trait AckParameter: Sized {
    /// The acknowledgement of the message.
    fn ack(call: &Call) -> Self;
}

impl<T> AckParameter for Ack<T> {
    fn ack(call: &Call) -> Self {
        call.ack()
    }
}

impl<T> AckParameter for Option<Ack<T>> {
    fn ack(call: &Call) -> Self {
        call.ack_if_asked()
    }
}

/// What `#[message_name]` takes.
#[diagnostic::on_unimplemented(
    message = "a `#[message_name]` parameter is a `&str` or a `String`, not `{Self}`",
    label = "write `&str` or `String`"
)]
pub trait MessageName<'a>: Sized {
    /// The name of the message.
    fn message_name(call: &'a Call) -> Self;
}

impl<'a> MessageName<'a> for &'a str {
    fn message_name(call: &'a Call) -> Self {
        call.pattern()
    }
}

impl<'a> MessageName<'a> for String {
    fn message_name(call: &'a Call) -> Self {
        call.pattern().to_owned()
    }
}

/// The probe of a parameter of type `T` that may borrow the message for `'a`.
pub struct Parameter<'a, T>(PhantomData<fn(&'a ()) -> T>);

impl<T> Parameter<'_, T> {
    /// The probe.
    pub const NEW: Self = Self(PhantomData);
}

impl<T> fmt::Debug for Parameter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parameter")
    }
}

/// What a parameter without attribute is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// The client.
    Socket,
    /// The namespace.
    Server,
    /// The acknowledgement.
    Ack,
    /// All of it.
    Context,
    /// Anything else.
    Body,
}

/// Whether one of the parameters is the acknowledgement.
pub const fn takes_ack(kinds: &[ParameterKind]) -> bool {
    let mut rest = kinds;
    while let [kind, others @ ..] = rest {
        if matches!(kind, ParameterKind::Ack) {
            return true;
        }
        rest = others;
    }
    false
}

/// How many of the parameters are the body.
pub const fn bodies(kinds: &[ParameterKind]) -> usize {
    let mut rest = kinds;
    let mut bodies = 0;
    while let [kind, others @ ..] = rest {
        if matches!(kind, ParameterKind::Body) {
            bodies += 1;
        }
        rest = others;
    }
    bodies
}

/// First answer: what is known by its type.
pub trait KnownParameter<'a> {
    /// The parameter's type.
    type Value;
    /// The parameter's value.
    ///
    /// # Errors
    /// None: the other answers have some.
    fn probe_take(&self, call: &'a Call) -> Result<Self::Value, HandlerError>;
}

/// The same answer for a method with pipes: they are not for this parameter.
pub trait KnownUnpiped<'a> {
    /// The parameter's type.
    type Value;
    /// The answer.
    fn probe_piped(&self) -> Unpiped<'a, Self::Value>;
}

/// The other answer for a method with pipes: they are for the body.
pub trait BodyPiped {
    /// The parameter's type.
    type Value;
    /// The answer.
    fn probe_piped(&self) -> Piped<Self::Value> {
        Piped::NEW
    }
}

impl<T> BodyPiped for Parameter<'_, T> {
    type Value = T;
}

/// The parameters that are known by their type.
macro_rules! known {
    ($(($($generics:tt)*) $ty:ty => $kind:ident, |$call:ident| $value:expr;)*) => {$(
        impl<$($generics)*> Parameter<'a, $ty> {
            /// What it is.
            pub const KIND: ParameterKind = ParameterKind::$kind;
        }

        impl<$($generics)*> KnownParameter<'a> for &&Parameter<'a, $ty> {
            type Value = $ty;
            fn probe_take(&self, $call: &'a Call) -> Result<$ty, HandlerError> {
                Ok($value)
            }
        }

        impl<$($generics)*> KnownUnpiped<'a> for &Parameter<'a, $ty> {
            type Value = $ty;
            fn probe_piped(&self) -> Unpiped<'a, $ty> {
                Unpiped(|$call| $value)
            }
        }
    )*};
}

known! {
    ('a) Socket => Socket, |call| call.socket().clone();
    ('a) &'a Socket => Socket, |call| call.socket();
    ('a) Server => Server, |call| call.server().clone();
    ('a) &'a Server => Server, |call| call.server();
    ('a, T) Ack<T> => Ack, |call| call.ack();
    ('a, T) Option<Ack<T>> => Ack, |call| call.ack_if_asked();
    ('a) &'a Call => Context, |call| call;
}

/// The kind of a parameter that is not known by its type.
pub trait BodyKind {
    /// What it is.
    const KIND: ParameterKind = ParameterKind::Body;
}

impl<T> BodyKind for Parameter<'_, T> {}

/// First answer as well: a body with rules.
pub trait BodyParameterWithRules<Marker> {
    /// The parameter's type.
    type Value;
    /// The parameter's value.
    ///
    /// # Errors
    /// The body does not decode, or breaks a rule.
    fn probe_take(&self, call: &Call) -> Result<Self::Value, HandlerError>;
}

#[cfg(feature = "validator")]
impl<T: DeserializeOwned + Validate> BodyParameterWithRules<Required> for &&Parameter<'_, T> {
    type Value = T;
    fn probe_take(&self, call: &Call) -> Result<T, HandlerError> {
        body::checked(call, None)
    }
}

#[cfg(feature = "validator")]
impl<T: DeserializeOwned + Validate> BodyParameterWithRules<Optional> for &&Parameter<'_, Option<T>> {
    type Value = Option<T>;
    fn probe_take(&self, call: &Call) -> Result<Option<T>, HandlerError> {
        body::checked_if_some(call, None)
    }
}

/// Second answer: a body without rules.
pub trait BodyParameter {
    /// The parameter's type.
    type Value;
    /// The parameter's value.
    ///
    /// # Errors
    /// The body does not decode.
    fn probe_take(&self, call: &Call) -> Result<Self::Value, HandlerError>;
}

impl<T: DeserializeOwned> BodyParameter for &Parameter<'_, T> {
    type Value = T;
    fn probe_take(&self, call: &Call) -> Result<T, HandlerError> {
        body::decode(call, None)
    }
}

/// Nothing implements it.
#[diagnostic::on_unimplemented(
    message = "a handler cannot have a parameter of type `{Self}`",
    label = "neither `Socket`, `Server` nor `Ack<T>`, and it does not implement `serde::Deserialize`",
    note = "for the body of the message add `#[derive(serde::Deserialize)]` to your type; it must own what it \
            holds (`String`, not `&str`)"
)]
pub trait HandlerParameter: Sized {
    /// Cannot be called.
    fn taken() -> Self;
}

/// Last answer.
pub trait ParameterOfAnyType {
    /// The parameter's type.
    type Value;
    /// A sentence.
    ///
    /// # Errors
    /// None.
    fn probe_take(&self, _: &Call) -> Result<Self::Value, HandlerError>
    where
        Self::Value: HandlerParameter,
    {
        Ok(Self::Value::taken())
    }
}

impl<T> ParameterOfAnyType for Parameter<'_, T> {
    type Value = T;
}
