//! Each kind of exception from each kind of place.

use futures_util::stream::{self, Stream, StreamExt};
use gateway_runtime::prelude::*;
use serde::Deserialize;

use crate::failure::failure;
use crate::log::log;
use crate::turn::turn;

#[derive(Deserialize)]
pub(crate) struct Kind {
    kind: String,
}

/// What the message says that shall be thrown.
fn failure_of(context: &ExecutionContext) -> HandlerError {
    match context.switch_to_ws().get_data::<Kind>() {
        Ok(data) => failure(&data.kind),
        Err(error) => error.into(),
    }
}

#[derive(Default)]
pub(crate) struct ThrowingGuard;

impl CanActivate for ThrowingGuard {
    async fn can_activate(&self, context: &ExecutionContext) -> GuardResult {
        Err(failure_of(context))
    }
}

#[derive(Default)]
pub(crate) struct AsyncThrowingGuard;

impl CanActivate for AsyncThrowingGuard {
    async fn can_activate(&self, context: &ExecutionContext) -> GuardResult {
        turn().await;
        Err(failure_of(context))
    }
}

#[derive(Default)]
pub(crate) struct RefusingGuard;

impl CanActivate for RefusingGuard {
    async fn can_activate(&self, _: &ExecutionContext) -> GuardResult {
        Ok(false)
    }
}

#[derive(Default)]
pub(crate) struct AsyncRefusingGuard;

impl CanActivate for AsyncRefusingGuard {
    async fn can_activate(&self, _: &ExecutionContext) -> GuardResult {
        turn().await;
        Ok(false)
    }
}

#[derive(Default)]
pub(crate) struct ThrowingPipe;

impl PipeTransform<Data> for ThrowingPipe {
    type In = Kind;

    async fn transform(&self, value: Kind, _: &ArgumentMetadata) -> Result<Data, HandlerError> {
        Err(failure(&value.kind))
    }
}

#[derive(Default)]
pub(crate) struct ThrowingBefore;

impl Interceptor for ThrowingBefore {
    async fn intercept<'a>(&'a self, context: &'a ExecutionContext, _: Next<'a>) -> ReplyResult<'a> {
        Err(failure_of(context))
    }
}

#[derive(Default)]
pub(crate) struct ThrowingAfter;

impl Interceptor for ThrowingAfter {
    async fn intercept<'a>(&'a self, context: &'a ExecutionContext, next: Next<'a>) -> ReplyResult<'a> {
        next.handle().await?;
        Err(failure_of(context))
    }
}

#[derive(Default)]
pub(crate) struct FailingFilter;

impl ExceptionFilter for FailingFilter {
    type Exception = HandlerError;

    async fn catch(&self, exception: HandlerError, _: &ExecutionContext) -> FilterResult {
        log("the filter fails");
        Err(exception)
    }
}

#[web_socket_gateway]
pub(crate) struct ExceptionsGateway;

#[subscribe_messages]
impl ExceptionsGateway {
    #[use_guards(ThrowingGuard)]
    #[subscribe_message("fail/guard")]
    fn guard(&self) -> &'static str {
        "not reached"
    }

    #[use_guards(AsyncThrowingGuard)]
    #[subscribe_message("fail/guard-async")]
    fn guard_async(&self) -> &'static str {
        "not reached"
    }

    #[use_guards(RefusingGuard)]
    #[subscribe_message("fail/guard-false")]
    fn guard_false(&self) -> &'static str {
        "not reached"
    }

    #[use_guards(AsyncRefusingGuard)]
    #[subscribe_message("fail/guard-false-async")]
    fn guard_false_async(&self) -> &'static str {
        "not reached"
    }

    #[subscribe_message("fail/pipe")]
    fn pipe(&self, #[message_body(ThrowingPipe)] _body: Data) -> &'static str {
        "not reached"
    }

    #[use_interceptors(ThrowingBefore)]
    #[subscribe_message("fail/interceptor-before")]
    fn interceptor_before(&self) -> &'static str {
        "not reached"
    }

    #[use_interceptors(ThrowingAfter)]
    #[subscribe_message("fail/interceptor-after")]
    fn interceptor_after(&self, #[connected_socket] client: Socket) -> &'static str {
        client.emit("reached", "the handler");
        "a result that is lost"
    }

    #[subscribe_message("fail/handler")]
    fn handler(&self, #[message_body("kind")] kind: String) -> Result<String, HandlerError> {
        Err(failure(&kind))
    }

    #[subscribe_message("fail/handler-async")]
    async fn handler_async(&self, #[message_body("kind")] kind: String) -> Result<String, HandlerError> {
        turn().await;
        Err(failure(&kind))
    }

    #[subscribe_message("fail/stream")]
    fn stream(
        &self,
        #[message_body("kind")] kind: String,
    ) -> impl Stream<Item = Result<WsResponse<u8>, HandlerError>> + Send + use<> {
        items_then_failure(kind)
    }

    #[use_filters(FailingFilter)]
    #[subscribe_message("fail/filter")]
    fn filter(&self, #[message_body("kind")] kind: String) -> Result<&'static str, HandlerError> {
        if kind == "none" {
            return Ok("passed");
        }
        Err(failure(&kind))
    }

    #[use_filters(FailingFilter)]
    #[subscribe_message("fail/filter-of-stream")]
    fn filter_of_stream(
        &self,
        #[message_body("kind")] kind: String,
    ) -> impl Stream<Item = Result<WsResponse<u8>, HandlerError>> + Send + use<> {
        items_then_failure(kind)
    }

    /// An exception names the body that it answers, whatever that is.
    #[subscribe_message("fail/whatever")]
    fn whatever(&self) -> Result<(), WsException> {
        Err(WsException::new("refused"))
    }

    #[subscribe_message("fail/after-emitting")]
    fn after_emitting(&self, #[connected_socket] client: Socket) -> Result<(), WsException> {
        client.emit("first", 1);
        Err(WsException::new("second"))
    }
}

/// The failure is made when the stream gets there.
fn items_then_failure(kind: String) -> impl Stream<Item = Result<WsResponse<u8>, HandlerError>> + Send {
    stream::iter([1, 2]).map(move |number| match number {
        1 => Ok(WsResponse::new("item", 1)),
        _ => Err(failure(&kind)),
    })
}
