//! The probe of what a handler may fail with.
//!
//! It must never convert an error early: filters catch errors by their own type.

use std::error::Error;

use super::returned::Returned;
use super::shape::Never;
use crate::exception::{HandlerError, WsException};

/// Makes a handler's error of an `E`.
pub trait Convert<E> {
    /// The error.
    fn convert(error: E) -> HandlerError;
}

impl From<Never> for HandlerError {
    fn from(never: Never) -> Self {
        match never {}
    }
}

/// What the handler's error converts from already: any error, a hook's error.
#[derive(Clone, Copy, Debug)]
pub struct AsHandlerError;

impl<E: Into<HandlerError>> Convert<E> for AsHandlerError {
    fn convert(error: E) -> HandlerError {
        error.into()
    }
}

/// An error that says what the client learns.
#[derive(Clone, Copy, Debug)]
pub struct AsException;

impl<E: Into<WsException> + Send + 'static> Convert<E> for AsException {
    fn convert(error: E) -> HandlerError {
        HandlerError::exception(error)
    }
}

/// Any other error.
#[derive(Clone, Copy, Debug)]
pub struct AsError;

impl<E: Into<Box<dyn Error + Send + Sync>> + Send + 'static> Convert<E> for AsError {
    fn convert(error: E) -> HandlerError {
        HandlerError::error(error)
    }
}

/// No error at all.
#[derive(Clone, Copy, Debug)]
pub struct NotAnError;

impl<E> Convert<E> for NotAnError {
    fn convert(_: E) -> HandlerError {
        HandlerError::exception(WsException::new(crate::exception::UNKNOWN_EXCEPTION_MESSAGE))
    }
}

/// Second answer.
pub trait HandlerErrorConversion {
    /// The answer.
    fn probe_conversion(&self) -> AsHandlerError {
        AsHandlerError
    }
}

impl<E: Into<HandlerError>> HandlerErrorConversion for &&Returned<E> {}

/// First answer.
pub trait ExceptionConversion {
    /// The answer.
    fn probe_conversion(&self) -> AsException {
        AsException
    }
}

impl<E: Into<WsException> + Send + 'static> ExceptionConversion for &&&Returned<E> {}

/// Third answer.
pub trait ErrorConversion {
    /// The answer.
    fn probe_conversion(&self) -> AsError {
        AsError
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>> + Send + 'static> ErrorConversion for &Returned<E> {}

/// Nothing implements it.
#[diagnostic::on_unimplemented(
    message = "a handler cannot fail with `{Self}`",
    label = "`{Self}` is no error that a client or a log could be told of",
    note = "return `WsException`, or implement `From<{Self}> for WsException` to say what the client learns, or \
            `std::error::Error + Send + Sync` for an error that only the log sees"
)]
pub trait HandlerFailure {}

/// Last answer.
pub trait AnyConversion {
    /// The error's type.
    type Error;
    /// A sentence.
    fn probe_conversion(&self) -> NotAnError
    where
        Self::Error: HandlerFailure,
    {
        NotAnError
    }
}

impl<E> AnyConversion for Returned<E> {
    type Error = E;
}
