//! The probe of what a body is decoded into: a type with rules, which a `ValidationPipe` of the gateway or
//! of the app checks, or one without.
//!
//! It must never know which parameter the value is for.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
#[cfg(feature = "validator")]
use serde::de::{Deserialize, Deserializer};
#[cfg(feature = "validator")]
use validator::{Validate, ValidationErrors};

use crate::exception::HandlerError;
use crate::execution_context::ExecutionContext as Call;

/// What `#[message_body]` takes, and a parameter without attribute that is nothing else.
#[diagnostic::on_unimplemented(
    message = "a message cannot be decoded into `{Self}`",
    label = "the body of a message implements `serde::Deserialize`",
    note = "add `#[derive(serde::Deserialize)]` to your type; it must own what it holds (`String`, not `&str`)"
)]
pub trait MessageBody: DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> MessageBody for T {}

/// Decodes the body, or the member of it that the key names.
pub type Decode<T> = fn(&Call, Option<&'static str>) -> Result<T, HandlerError>;

/// A type without rules.
pub(super) fn decode<T: DeserializeOwned>(call: &Call, key: Option<&'static str>) -> Result<T, HandlerError> {
    match key {
        None => call.body(),
        Some(key) => call.body_key(key),
    }
}

/// A type with rules.
#[cfg(feature = "validator")]
pub(super) fn checked<T: DeserializeOwned + Validate>(
    call: &Call,
    key: Option<&'static str>,
) -> Result<T, HandlerError> {
    match call.target().validation() {
        None => decode(call, key),
        Some(pipe) => pipe.check(call.raw(key).as_ref()).map_err(|refused| refused.under(key)),
    }
}

/// A type with rules that may be left out.
#[cfg(feature = "validator")]
pub(super) fn checked_if_some<T: DeserializeOwned + Validate>(
    call: &Call,
    key: Option<&'static str>,
) -> Result<Option<T>, HandlerError> {
    checked::<IfSome<T>>(call, key).map(|IfSome(value)| value)
}

/// The rules of a value that may be missing; `validator` has none for `Option`.
#[cfg(feature = "validator")]
struct IfSome<T>(Option<T>);

#[cfg(feature = "validator")]
impl<'de, T: Deserialize<'de>> Deserialize<'de> for IfSome<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self)
    }
}

#[cfg(feature = "validator")]
impl<T: Validate> Validate for IfSome<T> {
    fn validate(&self) -> Result<(), ValidationErrors> {
        self.0.as_ref().map_or(Ok(()), T::validate)
    }
}

/// The probe of a body of type `T`.
pub struct Body<T>(PhantomData<fn() -> T>);

impl<T> Body<T> {
    /// The probe.
    pub const NEW: Self = Self(PhantomData);
}

impl<T> fmt::Debug for Body<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body")
    }
}

/// Marks a body with rules.
#[cfg(feature = "validator")]
#[derive(Clone, Copy, Debug)]
pub struct Required;

/// Marks a body that has rules if it is there.
#[cfg(feature = "validator")]
#[derive(Clone, Copy, Debug)]
pub struct Optional;

/// First answer: it has rules.
pub trait BodyWithRules<Marker> {
    /// The body's type.
    type Value;
    /// The answer.
    fn probe_decode(&self) -> Decode<Self::Value>;
}

#[cfg(feature = "validator")]
impl<T: DeserializeOwned + Validate> BodyWithRules<Required> for &&Body<T> {
    type Value = T;
    fn probe_decode(&self) -> Decode<T> {
        checked::<T>
    }
}

#[cfg(feature = "validator")]
impl<T: DeserializeOwned + Validate> BodyWithRules<Optional> for &&Body<Option<T>> {
    type Value = Option<T>;
    fn probe_decode(&self) -> Decode<Option<T>> {
        checked_if_some::<T>
    }
}

/// Second answer: it has no rules.
pub trait BodyWithoutRules {
    /// The body's type.
    type Value;
    /// The answer.
    fn probe_decode(&self) -> Decode<Self::Value>;
}

impl<T: DeserializeOwned> BodyWithoutRules for &Body<T> {
    type Value = T;
    fn probe_decode(&self) -> Decode<T> {
        decode::<T>
    }
}

/// Last answer.
pub trait BodyOfAnyType {
    /// The body's type.
    type Value;
    /// A sentence.
    fn probe_decode(&self) -> Decode<Self::Value>
    where
        Self::Value: MessageBody,
    {
        decode::<Self::Value>
    }
}

impl<T> BodyOfAnyType for Body<T> {
    type Value = T;
}
