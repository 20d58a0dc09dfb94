//! Exceptions: what a handler fails with, and what the client learns of it.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::arguments::{DecodeError, RawArgument};
use crate::payload::{EncodeError, Payload};

/// The event that carries exceptions to clients.
pub const EXCEPTION_EVENT: &str = "exception";

/// What a client reads when a handler fails with anything but a [`WsException`]: the error's own text
/// goes to the log only.
pub const UNKNOWN_EXCEPTION_MESSAGE: &str = "Internal server error";

/// An error that is meant for the client (NestJS's `WsException`).
///
/// The client that sent the message, and nobody else, receives the event `exception` with
/// `{"status":"error","message":"…","cause":{"pattern":"event","data":<the body>}}`. An exception made of an
/// object or array ([`WsException::from_value`]) is sent as it is, without status and cause.
///
/// ```
/// # use gateway_core::WsException;
/// fn check(age: u8) -> Result<(), WsException> {
///     if age < 18 { Err(WsException::new("too young")) } else { Ok(()) }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct WsException {
    error: Value,
}

impl WsException {
    /// An exception with a message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { error: Value::String(message.into()) }
    }

    /// An exception with a payload of its own: an object or an array reaches the client unchanged,
    /// anything else as the `message`.
    pub fn from_value(error: impl Into<Value>) -> Self {
        Self { error: error.into() }
    }

    /// The message or the object that it was made of (NestJS's `getError()`).
    pub fn error(&self) -> &Value {
        &self.error
    }

    /// The message: the text itself, or the `message` of the object.
    pub fn message(&self) -> Cow<'_, str> {
        match &self.error {
            Value::String(message) => Cow::Borrowed(message),
            Value::Object(object) => match object.get("message") {
                Some(Value::String(message)) => Cow::Borrowed(message),
                _ => Cow::Borrowed("Ws Exception"),
            },
            Value::Array(_) | Value::Null => Cow::Borrowed("Ws Exception"),
            other => Cow::Owned(other.to_string()),
        }
    }

    /// The payload of the `exception` event.
    ///
    /// `cause` is what the payload says under that name: usually an [`ExceptionCause`].
    ///
    /// # Errors
    /// The body of the cause cannot be written again, which the parser rules out.
    pub fn to_payload<C: Serialize>(&self, cause: Option<C>) -> Result<Payload, EncodeError> {
        if self.error.is_object() || self.error.is_array() {
            return Payload::event(EXCEPTION_EVENT, &self.error);
        }
        Payload::event(EXCEPTION_EVENT, &Envelope { status: "error", message: &self.error, cause })
    }
}

impl fmt::Display for WsException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl Error for WsException {}

impl From<DecodeError> for WsException {
    fn from(error: DecodeError) -> Self {
        Self::new(error.to_string())
    }
}

/// Which message an exception answers: `cause` in its payload.
#[derive(Clone, Debug, Serialize)]
pub struct ExceptionCause<'a> {
    /// The event's name (NestJS's "pattern"), or the hook's: `handleConnection`.
    pub pattern: &'a str,
    /// The body as the client sent it, binary values included; left out if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<RawArgument<'a>>,
}

#[derive(Serialize)]
struct Envelope<'a, C> {
    status: &'static str,
    message: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<C>,
}

/// Whatever a handler failed with, kept as it was until somebody asks what the client may know.
pub struct HandlerError(Box<dyn Failure>);

impl HandlerError {
    /// An error whose type says what the client learns: a [`WsException`], or a type that converts
    /// into one.
    pub fn exception<E: Into<WsException> + Send + 'static>(error: E) -> Self {
        Self(Box::new(Intended(error)))
    }

    /// Any other error: the client learns [`UNKNOWN_EXCEPTION_MESSAGE`], the log the rest.
    pub fn error<E: Into<Box<dyn Error + Send + Sync>> + Send + 'static>(error: E) -> Self {
        Self(Box::new(Unintended(error.into())))
    }

    /// A handler that panicked, by the payload that `catch_unwind` returned.
    pub fn panic(payload: Box<dyn Any + Send>) -> Self {
        let text = match payload.downcast::<String>() {
            Ok(text) => *text,
            Err(payload) => {
                payload.downcast_ref::<&str>().map_or_else(|| "a panic".to_owned(), |text| (*text).to_owned())
            }
        };
        Self(Box::new(Panicked(text)))
    }

    /// The error itself, if it is an `E`.
    pub fn downcast_ref<E: Error + Send + Sync + 'static>(&self) -> Option<&E> {
        let any = self.0.as_any();
        if let Some(boxed) = any.downcast_ref::<BoxedError>() {
            return boxed.downcast_ref();
        }
        match any.downcast_ref::<Option<E>>() {
            Some(error) => error.as_ref(),
            None => any.downcast_ref(),
        }
    }

    /// Whether [`downcast`](Self::downcast) gives an `E`.
    pub fn is<E: Error + Send + Sync + 'static>(&self) -> bool {
        let intended = TypeId::of::<E>() == TypeId::of::<WsException>() && self.0.is_intended();
        intended || self.downcast_ref::<E>().is_some()
    }

    /// The error itself taken out, if it is an `E`. A [`WsException`] is also whatever converts into
    /// one, as a subclass is in NestJS.
    ///
    /// # Errors
    /// Gives the error back unchanged if it is something else.
    pub fn downcast<E: Error + Send + Sync + 'static>(self) -> Result<E, Self> {
        if self.downcast_ref::<E>().is_some() {
            return match self.0.into_any().downcast::<E>() {
                Ok(error) => Ok(*error),
                Err(any) => match any.downcast::<Option<E>>() {
                    Ok(error) => (*error).ok_or_else(Self::taken),
                    Err(any) => match any.downcast::<BoxedError>() {
                        Ok(boxed) => (*boxed).downcast().map(|error| *error).map_err(Self::error),
                        Err(_) => Err(Self::taken()),
                    },
                },
            };
        }
        if TypeId::of::<E>() == TypeId::of::<WsException>() && self.0.is_intended() {
            let exception: BoxedError = Box::new(self.into_exception().0);
            return exception.downcast().map(|exception| *exception).map_err(Self::error);
        }
        Err(self)
    }

    /// What cannot happen: the error was looked at a moment ago.
    fn taken() -> Self {
        Self(Box::new(Panicked("an error was taken twice".to_owned())))
    }

    /// What the client learns, and what the log should say of it (nothing for an exception that was
    /// meant for the client).
    pub fn into_exception(self) -> (WsException, Option<String>) {
        self.0.into_exception()
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HandlerError({})", self.0.describe())
    }
}

/// Any error, as `?` converts it. What is meant for the client stays so: a [`WsException`], and a body
/// that does not decode.
impl<E: Error + Send + Sync + 'static> From<E> for HandlerError {
    fn from(error: E) -> Self {
        let mut error = Some(error);
        let by_type: &mut dyn Any = &mut error;
        if let Some(exception) = by_type.downcast_mut::<Option<WsException>>().and_then(Option::take) {
            return Self::exception(exception);
        }
        if let Some(decode) = by_type.downcast_mut::<Option<DecodeError>>().and_then(Option::take) {
            return Self::exception(decode);
        }
        Self(Box::new(Typed(error)))
    }
}

impl From<crate::container::HookError> for HandlerError {
    fn from(error: crate::container::HookError) -> Self {
        Self::error(error.into_boxed())
    }
}

type BoxedError = Box<dyn Error + Send + Sync>;

/// One way to fail.
trait Failure: Send {
    fn into_exception(self: Box<Self>) -> (WsException, Option<String>);
    fn describe(&self) -> String;
    /// The error that it holds, for looking it up by type.
    fn as_any(&self) -> &dyn Any;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
    /// Whether its type says what the client learns.
    fn is_intended(&self) -> bool {
        false
    }
}

struct Intended<E>(E);

impl<E: Into<WsException> + Send + 'static> Failure for Intended<E> {
    fn into_exception(self: Box<Self>) -> (WsException, Option<String>) {
        (self.0.into(), None)
    }

    fn describe(&self) -> String {
        std::any::type_name::<E>().to_owned()
    }

    fn as_any(&self) -> &dyn Any {
        &self.0
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        Box::new(self.0)
    }

    fn is_intended(&self) -> bool {
        true
    }
}

/// An error of a known type; always there.
struct Typed<E>(Option<E>);

impl<E: Error + Send + Sync + 'static> Failure for Typed<E> {
    fn into_exception(self: Box<Self>) -> (WsException, Option<String>) {
        (WsException::new(UNKNOWN_EXCEPTION_MESSAGE), Some(self.describe()))
    }

    fn describe(&self) -> String {
        self.0.as_ref().map(|error| with_causes(error)).unwrap_or_default()
    }

    fn as_any(&self) -> &dyn Any {
        &self.0
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        Box::new(self.0)
    }
}

struct Unintended(BoxedError);

impl Failure for Unintended {
    fn into_exception(self: Box<Self>) -> (WsException, Option<String>) {
        let text = self.describe();
        match self.0.downcast::<WsException>() {
            // A boxed exception is still one.
            Ok(exception) => (*exception, None),
            Err(_) => (WsException::new(UNKNOWN_EXCEPTION_MESSAGE), Some(text)),
        }
    }

    fn describe(&self) -> String {
        with_causes(&*self.0)
    }

    fn as_any(&self) -> &dyn Any {
        &self.0
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        Box::new(self.0)
    }
}

/// A panic, which is only a text by now.
struct Panicked(String);

impl Failure for Panicked {
    fn into_exception(self: Box<Self>) -> (WsException, Option<String>) {
        (WsException::new(UNKNOWN_EXCEPTION_MESSAGE), Some(self.0))
    }

    fn describe(&self) -> String {
        self.0.clone()
    }

    fn as_any(&self) -> &dyn Any {
        &self.0
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        Box::new(self.0)
    }
}

/// An error's text and those of what caused it.
fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Arguments;
    use bytes::Bytes;
    use serde_json::json;

    fn json_of(exception: &WsException, cause: Option<ExceptionCause<'_>>) -> String {
        String::from_utf8(exception.to_payload(cause).unwrap().json().to_vec()).unwrap()
    }

    #[test]
    fn a_message_has_status_and_cause() {
        let text = Bytes::from_static(br#"["e",{"a":1}]"#);
        let (_, arguments) = Arguments::parse_event(&text, Vec::new()).unwrap();
        let cause = ExceptionCause { pattern: "e", data: arguments.body() };
        assert_eq!(
            json_of(&WsException::new("bad"), Some(cause)),
            r#"["exception",{"status":"error","message":"bad","cause":{"pattern":"e","data":{"a":1}}}]"#
        );
        let cause = ExceptionCause { pattern: "e", data: None };
        assert_eq!(
            json_of(&WsException::new("bad"), Some(cause)),
            r#"["exception",{"status":"error","message":"bad","cause":{"pattern":"e"}}]"#
        );
    }

    #[test]
    fn objects_and_arrays_are_sent_as_they_are() {
        let exception = WsException::from_value(json!({"code": 7, "message": "m"}));
        assert_eq!(json_of(&exception, None), r#"["exception",{"code":7,"message":"m"}]"#);
        assert_eq!(exception.message(), "m");
        assert_eq!(json_of(&WsException::from_value(json!([1])), None), r#"["exception",[1]]"#);
    }

    #[test]
    fn errors_are_found_by_their_type() {
        #[derive(Debug, thiserror::Error)]
        #[error("no room {0}")]
        struct NoRoom(u8);
        impl From<NoRoom> for WsException {
            fn from(error: NoRoom) -> Self {
                WsException::new(error.to_string())
            }
        }
        let by_question_mark = || -> Result<(), HandlerError> { Err(NoRoom(1))? };
        assert_eq!(by_question_mark().unwrap_err().downcast_ref::<NoRoom>().map(|error| error.0), Some(1));
        assert_eq!(by_question_mark().unwrap_err().downcast::<NoRoom>().unwrap().0, 1);
        let boxed: BoxedError = Box::new(NoRoom(2));
        assert_eq!(HandlerError::error(boxed).downcast::<NoRoom>().unwrap().0, 2);
        let intended = HandlerError::exception(NoRoom(3));
        assert!(
            intended.downcast_ref::<NoRoom>().is_some() && intended.downcast_ref::<WsException>().is_none()
        );
        assert_eq!(intended.downcast::<WsException>().unwrap(), WsException::new("no room 3"));
        assert!(HandlerError::from(NoRoom(4)).downcast::<WsException>().is_err());
        let thrown = || -> Result<(), HandlerError> { Err(WsException::new("bad"))? };
        assert_eq!(thrown().unwrap_err().into_exception(), (WsException::new("bad"), None));
    }

    #[test]
    fn only_intended_errors_reach_the_client() {
        let io = std::io::Error::other("secret");
        let (exception, log) = HandlerError::error(io).into_exception();
        assert_eq!(exception.message(), UNKNOWN_EXCEPTION_MESSAGE);
        assert_eq!(log.as_deref(), Some("secret"));

        let boxed: Box<dyn Error + Send + Sync> = Box::new(WsException::new("for you"));
        assert_eq!(HandlerError::error(boxed).into_exception(), (WsException::new("for you"), None));

        let panic = std::panic::catch_unwind(|| panic!("boom {}", 1)).unwrap_err();
        let (exception, log) = HandlerError::panic(panic).into_exception();
        assert_eq!(
            (exception.message().as_ref(), log.as_deref()),
            (UNKNOWN_EXCEPTION_MESSAGE, Some("boom 1"))
        );
    }
}
