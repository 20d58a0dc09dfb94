//! Interceptors that change, replace, repeat and limit what a handler does.

use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt};
use gateway_runtime::Reply;
use gateway_runtime::prelude::*;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::failure::failure;
use crate::log::log;
use crate::turn::turn;

/// Doubles numbers, and the numbers in `WsResponse`s.
#[derive(Default)]
pub(crate) struct DoubleInterceptor;

impl Interceptor for DoubleInterceptor {
    async fn intercept<'a>(&'a self, _: &'a ExecutionContext, next: Next<'a>) -> ReplyResult<'a> {
        Ok(next.handle().await?.map(|value: i64| value * 2))
    }
}

/// The interceptor of NestJS's documentation: `{ data }`.
#[derive(Default)]
pub(crate) struct TransformInterceptor;

impl Interceptor for TransformInterceptor {
    async fn intercept<'a>(&'a self, _: &'a ExecutionContext, next: Next<'a>) -> ReplyResult<'a> {
        Ok(next.handle().await?.map(|data: Value| json!({ "data": data })))
    }
}

/// Undefined and null become an empty text.
#[derive(Default)]
pub(crate) struct ExcludeNullInterceptor;

impl Interceptor for ExcludeNullInterceptor {
    async fn intercept<'a>(&'a self, _: &'a ExecutionContext, next: Next<'a>) -> ReplyResult<'a> {
        Ok(next.handle().await?.map(|value: Option<Value>| value.unwrap_or_else(|| "".into())))
    }
}

#[derive(Default)]
pub(crate) struct NullInterceptor;

impl Interceptor for NullInterceptor {
    async fn intercept<'a>(&'a self, _: &'a ExecutionContext, next: Next<'a>) -> ReplyResult<'a> {
        Ok(next.handle().await?.map(|_: Value| Value::Null))
    }
}

/// Answers in the place of the handler.
#[derive(Default)]
pub(crate) struct CacheInterceptor;

impl Interceptor for CacheInterceptor {
    async fn intercept<'a>(&'a self, _: &'a ExecutionContext, _: Next<'a>) -> ReplyResult<'a> {
        Reply::value("cached")
    }
}

#[derive(Default)]
pub(crate) struct SilenceInterceptor;

impl Interceptor for SilenceInterceptor {
    async fn intercept<'a>(&'a self, _: &'a ExecutionContext, _: Next<'a>) -> ReplyResult<'a> {
        Ok(Reply::stream(stream::empty()))
    }
}

#[derive(Default)]
pub(crate) struct StreamInterceptor;

impl Interceptor for StreamInterceptor {
    async fn intercept<'a>(&'a self, _: &'a ExecutionContext, _: Next<'a>) -> ReplyResult<'a> {
        Ok(Reply::stream(stream::iter([1, 2]).map(|data| Reply::response(&WsResponse::new("item", data)))))
    }
}

#[derive(Default)]
pub(crate) struct EventInterceptor;

impl Interceptor for EventInterceptor {
    async fn intercept<'a>(&'a self, _: &'a ExecutionContext, next: Next<'a>) -> ReplyResult<'a> {
        let reply = next.handle().await?;
        match reply.decode::<Value>() {
            Some(data) => Reply::response(&WsResponse::new("renamed", data?)),
            None => Ok(reply),
        }
    }
}

#[derive(Default)]
pub(crate) struct RetryInterceptor;

impl Interceptor for RetryInterceptor {
    async fn intercept<'a>(&'a self, _: &'a ExecutionContext, next: Next<'a>) -> ReplyResult<'a> {
        for _ in 0..2 {
            if let Ok(reply) = next.handle().await {
                return Ok(reply);
            }
        }
        next.handle().await
    }
}

#[derive(Default)]
pub(crate) struct TimeoutInterceptor;

impl Interceptor for TimeoutInterceptor {
    async fn intercept<'a>(&'a self, _: &'a ExecutionContext, next: Next<'a>) -> ReplyResult<'a> {
        match timeout(Duration::from_millis(50), next.handle()).await {
            Ok(result) => result,
            Err(_) => Err(WsException::new("took too long"))?,
        }
    }
}

/// An error becomes an answer.
#[derive(Default)]
pub(crate) struct RescueInterceptor;

impl Interceptor for RescueInterceptor {
    async fn intercept<'a>(&'a self, _: &'a ExecutionContext, next: Next<'a>) -> ReplyResult<'a> {
        match next.handle().await {
            Ok(reply) => Ok(reply),
            Err(_) => Reply::value("rescued"),
        }
    }
}

/// An error becomes another error.
#[derive(Default)]
pub(crate) struct ErrorsInterceptor;

impl Interceptor for ErrorsInterceptor {
    async fn intercept<'a>(&'a self, _: &'a ExecutionContext, next: Next<'a>) -> ReplyResult<'a> {
        next.handle().await.map_err(|_| WsException::new("another error").into())
    }
}

/// Waits before the handler runs, and again before the answer goes out.
#[derive(Default)]
pub(crate) struct AsyncInterceptor;

impl Interceptor for AsyncInterceptor {
    async fn intercept<'a>(&'a self, _: &'a ExecutionContext, next: Next<'a>) -> ReplyResult<'a> {
        turn().await;
        log("before");
        let reply = next.handle().await;
        sleep(Duration::from_millis(1)).await;
        reply
    }
}

#[web_socket_gateway]
pub(crate) struct InterceptorsGateway {
    attempts: AtomicU32,
}

#[subscribe_messages]
impl InterceptorsGateway {
    #[use_interceptors(DoubleInterceptor)]
    #[subscribe_message("interceptors/map")]
    fn map(&self, #[message_body] value: i64) -> i64 {
        value
    }

    #[use_interceptors(DoubleInterceptor)]
    #[subscribe_message("interceptors/map-async")]
    async fn map_async(&self, #[message_body] value: i64) -> i64 {
        turn().await;
        value
    }

    #[use_interceptors(DoubleInterceptor)]
    #[subscribe_message("interceptors/map-stream")]
    fn map_stream(&self) -> impl Stream<Item = i64> + Send + use<> {
        stream::iter([1, 2, 3])
    }

    #[use_interceptors(DoubleInterceptor)]
    #[subscribe_message("interceptors/map-responses")]
    fn map_responses(&self) -> impl Stream<Item = WsResponse<i64>> + Send + use<> {
        stream::iter([1, 2, 3]).map(|data| WsResponse::new("item", data))
    }

    #[use_interceptors(DoubleInterceptor)]
    #[subscribe_message("interceptors/map-failing-stream")]
    fn map_failing_stream(&self) -> impl Stream<Item = Result<WsResponse<i64>, WsException>> + Send + use<> {
        stream::iter([Ok(WsResponse::new("item", 1)), Err(WsException::new("midway"))])
    }

    #[use_interceptors(TransformInterceptor, DoubleInterceptor)]
    #[subscribe_message("interceptors/transform")]
    fn transform(&self, #[message_body] value: i64) -> i64 {
        value
    }

    #[use_interceptors(TransformInterceptor)]
    #[subscribe_message("interceptors/transform-nothing")]
    fn transform_nothing(&self) {}

    #[use_interceptors(TransformInterceptor)]
    #[subscribe_message("interceptors/transform-null")]
    fn transform_null(&self) -> Option<u8> {
        None
    }

    #[use_interceptors(TransformInterceptor)]
    #[subscribe_message("interceptors/transform-response")]
    fn transform_response(&self) -> WsResponse<i64> {
        WsResponse::new("item", 1)
    }

    #[use_interceptors(ExcludeNullInterceptor)]
    #[subscribe_message("interceptors/exclude-null")]
    fn exclude_null(&self) -> Option<u8> {
        None
    }

    #[use_interceptors(NullInterceptor)]
    #[subscribe_message("interceptors/to-null")]
    fn to_null(&self) -> &'static str {
        "something"
    }

    #[use_interceptors(CacheInterceptor)]
    #[subscribe_message("interceptors/replace")]
    fn replace(&self) -> &'static str {
        log("handler");
        "not cached"
    }

    #[use_interceptors(SilenceInterceptor)]
    #[subscribe_message("interceptors/silence")]
    fn silence(&self) -> &'static str {
        log("handler");
        "not silent"
    }

    #[use_interceptors(StreamInterceptor)]
    #[subscribe_message("interceptors/replace-by-stream")]
    fn replace_by_stream(&self) -> &'static str {
        "no stream"
    }

    /// The result does not acknowledge, whatever becomes of it.
    #[use_interceptors(DoubleInterceptor)]
    #[subscribe_message("interceptors/ack")]
    fn ack(&self, #[ack] ack: Ack<&'static str>) -> u8 {
        ack.send("by hand");
        21
    }

    #[use_interceptors(EventInterceptor)]
    #[subscribe_message("interceptors/to-response")]
    fn to_response(&self) -> u8 {
        1
    }

    /// Is tried three times at most, and works at one of them.
    #[use_interceptors(RetryInterceptor)]
    #[subscribe_message("interceptors/retry")]
    fn retry(&self, #[message_body("works-at")] works_at: u32) -> Result<String, WsException> {
        let attempt = self.attempts.load(Ordering::Relaxed) % 3 + 1;
        self.attempts.fetch_add(if attempt == works_at { 4 - attempt } else { 1 }, Ordering::Relaxed);
        log(format!("attempt {attempt}"));
        if attempt == works_at {
            Ok(format!("attempt {attempt} worked"))
        } else {
            Err(WsException::new(format!("attempt {attempt} failed")))
        }
    }

    #[use_interceptors(TimeoutInterceptor)]
    #[subscribe_message("interceptors/timeout")]
    async fn timeout(&self) {
        pending::<()>().await;
    }

    #[use_interceptors(TimeoutInterceptor)]
    #[subscribe_message("interceptors/in-time")]
    fn in_time(&self) -> &'static str {
        "in time"
    }

    #[use_interceptors(TimeoutInterceptor)]
    #[subscribe_message("interceptors/timeout-and-failure")]
    fn timeout_and_failure(&self) -> Result<(), WsException> {
        Err(WsException::new("of the handler"))
    }

    #[use_interceptors(RescueInterceptor)]
    #[subscribe_message("interceptors/rescue")]
    fn rescue(&self, #[message_body("kind")] kind: String) -> Result<(), HandlerError> {
        Err(failure(&kind))
    }

    #[use_interceptors(ErrorsInterceptor)]
    #[subscribe_message("interceptors/another-error")]
    fn another_error(&self, #[message_body("kind")] kind: String) -> Result<(), HandlerError> {
        Err(failure(&kind))
    }

    #[use_interceptors(AsyncInterceptor)]
    #[subscribe_message("interceptors/async")]
    async fn r#async(&self) -> &'static str {
        log("handler");
        turn().await;
        "done"
    }
}
