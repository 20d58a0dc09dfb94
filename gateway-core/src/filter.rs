//! Exception filters: what the client learns of an error, decided by the error's type.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};
use serde_json::Value;

use crate::adapter::BroadcastFlags;
use crate::data::Data;
use crate::exception::{ExceptionCause, HandlerError};
use crate::execution_context::ExecutionContext;
use crate::payload::Payload;

/// What a filter ends with. An error is logged.
pub type FilterResult = Result<(), HandlerError>;

/// Handles the errors of one type (NestJS's `ExceptionFilter` with `@Catch(E)`).
///
/// `type Exception` is what `@Catch` names: an error type, [`OneOf`] two of them, or [`HandlerError`] for
/// every error. Only one filter handles an error: the method's before the gateway's before the app's,
/// and of one level the last one that is listed.
///
/// ```
/// use gateway_core::{ExceptionFilter, ExecutionContext, FilterResult, WsException};
///
/// struct ErrorEventFilter;
///
/// impl ExceptionFilter for ErrorEventFilter {
///     type Exception = WsException;
///
///     async fn catch(&self, exception: WsException, context: &ExecutionContext) -> FilterResult {
///         let client = context.switch_to_ws().get_client();
///         client.emit("error", serde_json::json!({ "message": exception.message() }));
///         Ok(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no exception filter",
    label = "implement `ExceptionFilter` for it",
    note = "`#[use_filters]` takes types and values that implement `ExceptionFilter`"
)]
pub trait ExceptionFilter: Send + Sync + 'static {
    /// The errors that it handles.
    type Exception: Catch;

    /// Handles an error.
    ///
    /// # Errors
    /// They are logged.
    fn catch(
        &self,
        exception: Self::Exception,
        context: &ExecutionContext,
    ) -> impl Future<Output = FilterResult> + Send;
}

/// What a filter can handle: an error type, [`OneOf`] two, or [`HandlerError`] for all.
pub trait Catch: Sized + Send + 'static {
    /// Whether the error is one of these.
    fn matches(error: &HandlerError) -> bool;

    /// The error by its type.
    ///
    /// # Errors
    /// Gives it back if it is none of these.
    fn caught(error: HandlerError) -> Result<Self, HandlerError>;
}

impl Catch for HandlerError {
    fn matches(_: &HandlerError) -> bool {
        true
    }

    fn caught(error: HandlerError) -> Result<Self, HandlerError> {
        Ok(error)
    }
}

impl<E: Error + Send + Sync + 'static> Catch for E {
    fn matches(error: &HandlerError) -> bool {
        error.is::<E>()
    }

    fn caught(error: HandlerError) -> Result<Self, HandlerError> {
        error.downcast()
    }
}

/// One of two error types (`@Catch(A, B)`); nest it for more.
#[derive(Clone, Debug)]
pub enum OneOf<A, B> {
    /// The first.
    First(A),
    /// The second.
    Second(B),
}

impl<A: Catch, B: Catch> Catch for OneOf<A, B> {
    fn matches(error: &HandlerError) -> bool {
        A::matches(error) || B::matches(error)
    }

    fn caught(error: HandlerError) -> Result<Self, HandlerError> {
        A::caught(error).map(Self::First).or_else(|error| B::caught(error).map(Self::Second))
    }
}

/// A filter of any type.
pub trait DynExceptionFilter: Send + Sync + 'static {
    /// Whether the filter handles this error.
    fn handles(&self, error: &HandlerError) -> bool;

    /// [`ExceptionFilter::catch`], boxed.
    fn catch_boxed<'a>(
        &'a self,
        error: HandlerError,
        context: &'a ExecutionContext,
    ) -> BoxFuture<'a, FilterResult>;
}

#[diagnostic::do_not_recommend]
impl<F: ExceptionFilter> DynExceptionFilter for F {
    fn handles(&self, error: &HandlerError) -> bool {
        F::Exception::matches(error)
    }

    fn catch_boxed<'a>(
        &'a self,
        error: HandlerError,
        context: &'a ExecutionContext,
    ) -> BoxFuture<'a, FilterResult> {
        match F::Exception::caught(error) {
            Ok(exception) => self.catch(exception, context).boxed(),
            Err(error) => futures_util::future::ready(Err(error)).boxed(),
        }
    }
}

type CauseFactory = Arc<dyn Fn(&str, Option<Data>) -> Value + Send + Sync>;

/// The filter that handles what no other does (NestJS's `BaseWsExceptionFilter`): it emits `exception` to
/// the client. Filters of yours can delegate to it.
#[derive(Clone, Default)]
pub struct BaseWsExceptionFilter {
    without_cause: bool,
    cause_factory: Option<CauseFactory>,
}

impl BaseWsExceptionFilter {
    /// The filter as it is by default.
    pub fn new() -> Self {
        Self::default()
    }

    /// `includeCause`: whether exceptions name the message that failed; default true.
    #[must_use]
    pub fn include_cause(mut self, include: bool) -> Self {
        self.without_cause = !include;
        self
    }

    /// `causeFactory`: makes the cause of the message's name and body.
    #[must_use]
    pub fn cause_factory(
        mut self,
        make: impl Fn(&str, Option<Data>) -> Value + Send + Sync + 'static,
    ) -> Self {
        self.cause_factory = Some(Arc::new(make));
        self
    }

    /// Emits `exception` to the sender; what the client must not know goes to the log.
    pub fn handle(&self, error: HandlerError, context: &ExecutionContext) {
        let socket = context.socket();
        let (exception, log) = error.into_exception();
        if let Some(text) = log {
            let (namespace, socket) = (socket.nsp().name(), socket.id());
            tracing::error!(pattern = context.pattern(), namespace, socket, "a handler failed: {text}");
        }
        match self.payload(&exception, context) {
            Ok(payload) => socket.send_event(payload, BroadcastFlags::default()),
            Err(error) => tracing::error!(%error, "an exception was not sent"),
        }
    }

    fn payload(
        &self,
        exception: &crate::WsException,
        context: &ExecutionContext,
    ) -> Result<Payload, crate::EncodeError> {
        if self.without_cause {
            return exception.to_payload(None::<ExceptionCause<'_>>);
        }
        match &self.cause_factory {
            None => exception.to_payload(Some(context.cause())),
            Some(make) => {
                let data = context.arguments().body().and_then(|body| body.decode().ok());
                exception.to_payload(Some(make(context.pattern(), data)))
            }
        }
    }
}

impl ExceptionFilter for BaseWsExceptionFilter {
    type Exception = HandlerError;

    async fn catch(&self, exception: HandlerError, context: &ExecutionContext) -> FilterResult {
        self.handle(exception, context);
        Ok(())
    }
}

impl fmt::Debug for BaseWsExceptionFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BaseWsExceptionFilter")
            .field("include_cause", &!self.without_cause)
            .finish_non_exhaustive()
    }
}
