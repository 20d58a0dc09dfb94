//! Enhancers of each kind that say in the log when they run.

use futures_util::stream::StreamExt;
use gateway_runtime::Reply;
use gateway_runtime::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::failure::{NoSuchRoom, failure};
use crate::log::{MARKER, log};

/// What a message says about itself: where it shall fail. The log names the pipes that see such a body.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) order: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<String>,
    pub(crate) kind: String,
}

impl Order {
    fn of(context: &ExecutionContext) -> Option<Self> {
        context.switch_to_ws().get_data().ok()
    }

    pub(crate) fn fails_at(&self, here: &str) -> bool {
        self.at.as_deref() == Some(here)
    }
}

fn fail_here(order: Option<&Order>, here: &str) -> Result<(), HandlerError> {
    match order {
        Some(order) if order.fails_at(here) => {
            log(format!("{here} fails"));
            Err(failure(&order.kind))
        }
        _ => Ok(()),
    }
}

pub(crate) struct LogGuard(pub(crate) &'static str);

impl CanActivate for LogGuard {
    async fn can_activate(&self, context: &ExecutionContext) -> GuardResult {
        if context.pattern() == MARKER {
            return Ok(true);
        }
        log(format!("guard {}", self.0));
        fail_here(Order::of(context).as_ref(), &format!("guard {}", self.0))?;
        Ok(true)
    }
}

pub(crate) struct LogInterceptor(pub(crate) &'static str);

impl LogInterceptor {
    /// Sees each result, or each item of a stream.
    fn after<'a>(&self, result: ReplyResult<'a>, order: Option<&Order>) -> ReplyResult<'a> {
        match result {
            Ok(reply) => {
                log(format!("interceptor {} after", self.0));
                fail_here(order, &format!("interceptor {} after", self.0))?;
                Ok(reply)
            }
            Err(error) => {
                log(format!("interceptor {} sees a failure", self.0));
                Err(error)
            }
        }
    }
}

impl Interceptor for LogInterceptor {
    async fn intercept<'a>(&'a self, context: &'a ExecutionContext, next: Next<'a>) -> ReplyResult<'a> {
        if context.pattern() == MARKER {
            return next.handle().await;
        }
        let order = Order::of(context);
        log(format!("interceptor {} before", self.0));
        fail_here(order.as_ref(), &format!("interceptor {} before", self.0))?;
        match next.handle().await {
            Ok(Reply::Stream(items)) => {
                Ok(Reply::stream(items.map(move |item| self.after(item, order.as_ref()))))
            }
            result => self.after(result, order.as_ref()),
        }
    }
}

pub(crate) struct LogPipe(pub(crate) &'static str);

impl<T: Serialize + Send + 'static> PipeTransform<T> for LogPipe {
    type In = T;

    async fn transform(&self, value: T, _: &ArgumentMetadata) -> Result<T, HandlerError> {
        let order = serde_json::to_value(&value).ok().and_then(|value| Order::deserialize(value).ok());
        if let Some(order) = order {
            log(format!("pipe {}", self.0));
            fail_here(Some(&order), &format!("pipe {}", self.0))?;
        }
        Ok(value)
    }
}

/// Says in the log what passes.
#[derive(Default)]
pub(crate) struct LogValuePipe;

impl<T: Serialize + Send + 'static> PipeTransform<T> for LogValuePipe {
    type In = T;

    async fn transform(&self, value: T, metadata: &ArgumentMetadata) -> Result<T, HandlerError> {
        log(format!("{}: {}", metadata.name(), serde_json::to_string(&value)?));
        Ok(value)
    }
}

/// Handles every error.
pub(crate) struct LogFilter(pub(crate) &'static str);

impl ExceptionFilter for LogFilter {
    type Exception = HandlerError;

    async fn catch(&self, _: HandlerError, context: &ExecutionContext) -> FilterResult {
        log(format!("filter {}", self.0));
        let host = context.switch_to_ws();
        host.get_client().emit("caught", json!({ "by": self.0, "pattern": host.get_pattern() }));
        Ok(())
    }
}

/// Handles one type of error.
pub(crate) struct NoSuchRoomFilter(pub(crate) &'static str);

impl ExceptionFilter for NoSuchRoomFilter {
    type Exception = NoSuchRoom;

    async fn catch(&self, _: NoSuchRoom, context: &ExecutionContext) -> FilterResult {
        log(format!("filter {} for NoSuchRoom", self.0));
        let caught: Value = json!({ "by": self.0, "what": "no such room" });
        context.switch_to_ws().get_client().emit("caught", caught);
        Ok(())
    }
}
