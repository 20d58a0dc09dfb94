//! Which filter is asked, and what it can do.

use gateway_runtime::prelude::*;
use serde_json::{Value, json};

use crate::failure::{NoSuchRoom, NoSuchUser, RoomIsFull, failure};
use crate::orders_enhancers::{LogFilter, NoSuchRoomFilter};
use crate::turn::turn;

#[derive(Default)]
pub(crate) struct ErrorEventFilter;

impl ExceptionFilter for ErrorEventFilter {
    type Exception = WsException;

    async fn catch(&self, exception: WsException, context: &ExecutionContext) -> FilterResult {
        let host = context.switch_to_ws();
        let data: Value = host.get_data()?;
        host.get_client().emit("error-event", json!({ "message": exception.message(), "data": data }));
        Ok(())
    }
}

#[derive(Default)]
pub(crate) struct NothingThereFilter;

impl ExceptionFilter for NothingThereFilter {
    type Exception = OneOf<NoSuchRoom, NoSuchUser>;

    async fn catch(&self, exception: Self::Exception, context: &ExecutionContext) -> FilterResult {
        let what = match exception {
            OneOf::First(NoSuchRoom) => "room",
            OneOf::Second(NoSuchUser) => "user",
        };
        context.switch_to_ws().get_client().emit("nothing-there", what);
        Ok(())
    }
}

#[derive(Default)]
pub(crate) struct RoomIsFullFilter;

impl ExceptionFilter for RoomIsFullFilter {
    type Exception = RoomIsFull;

    async fn catch(&self, exception: RoomIsFull, context: &ExecutionContext) -> FilterResult {
        context.switch_to_ws().get_client().emit("room-is-full", exception.room);
        Ok(())
    }
}

/// Says something first, and leaves the rest to the default.
#[derive(Default)]
pub(crate) struct DelegatingFilter {
    base: BaseWsExceptionFilter,
}

impl ExceptionFilter for DelegatingFilter {
    type Exception = HandlerError;

    async fn catch(&self, exception: HandlerError, context: &ExecutionContext) -> FilterResult {
        context.switch_to_ws().get_client().emit("before", "the default");
        self.base.catch(exception, context).await
    }
}

#[derive(Default)]
pub(crate) struct AsyncFilter;

impl ExceptionFilter for AsyncFilter {
    type Exception = WsException;

    async fn catch(&self, exception: WsException, context: &ExecutionContext) -> FilterResult {
        turn().await;
        context.switch_to_ws().get_client().emit("error-event", exception.message());
        Ok(())
    }
}

#[use_filters(LogFilter("gateway"), NoSuchRoomFilter("gateway"))]
#[web_socket_gateway]
pub(crate) struct FiltersGateway;

#[subscribe_messages]
impl FiltersGateway {
    #[subscribe_message("filters/gateway")]
    fn gateway(&self, #[message_body("kind")] kind: String) -> Result<(), HandlerError> {
        Err(failure(&kind))
    }

    #[use_filters(NoSuchRoomFilter("method"))]
    #[subscribe_message("filters/method-typed")]
    fn method_typed(&self, #[message_body("kind")] kind: String) -> Result<(), HandlerError> {
        Err(failure(&kind))
    }

    #[use_filters(NoSuchRoomFilter("method 1"), LogFilter("method 2"))]
    #[subscribe_message("filters/catch-all-last")]
    fn catch_all_last(&self, #[message_body("kind")] kind: String) -> Result<(), HandlerError> {
        Err(failure(&kind))
    }

    #[use_filters(LogFilter("method 1"), NoSuchRoomFilter("method 2"))]
    #[subscribe_message("filters/catch-all-first")]
    fn catch_all_first(&self, #[message_body("kind")] kind: String) -> Result<(), HandlerError> {
        Err(failure(&kind))
    }

    #[use_filters(ErrorEventFilter)]
    #[subscribe_message("filters/ws-exception")]
    fn ws_exception(&self, #[message_body("kind")] kind: String) -> Result<(), HandlerError> {
        Err(failure(&kind))
    }

    #[use_filters(NothingThereFilter)]
    #[subscribe_message("filters/two-types")]
    fn two_types(&self, #[message_body("kind")] kind: String) -> Result<(), HandlerError> {
        Err(failure(&kind))
    }

    #[use_filters(ErrorEventFilter, RoomIsFullFilter)]
    #[subscribe_message("filters/subclass")]
    fn subclass(&self, #[message_body("kind")] kind: String) -> Result<(), HandlerError> {
        Err(failure(&kind))
    }

    #[use_filters(DelegatingFilter)]
    #[subscribe_message("filters/delegating")]
    fn delegating(&self, #[message_body("kind")] kind: String) -> Result<(), HandlerError> {
        Err(failure(&kind))
    }

    #[use_filters(BaseWsExceptionFilter::new().include_cause(false))]
    #[subscribe_message("filters/without-cause")]
    fn without_cause(&self, #[message_body("kind")] kind: String) -> Result<(), HandlerError> {
        Err(failure(&kind))
    }

    #[use_filters(BaseWsExceptionFilter::new().cause_factory(|pattern, data| json!({ "of": pattern, "body": data })))]
    #[subscribe_message("filters/own-cause")]
    fn own_cause(&self, #[message_body("kind")] kind: String) -> Result<(), HandlerError> {
        Err(failure(&kind))
    }

    #[use_filters(AsyncFilter)]
    #[subscribe_message("filters/async")]
    async fn r#async(&self, #[message_body("kind")] kind: String) -> Result<(), HandlerError> {
        turn().await;
        Err(failure(&kind))
    }
}

/// Without filters on the gateway: what a method's do not handle is the app's, or the default's.
#[web_socket_gateway]
pub(crate) struct UnfilteredGateway;

#[subscribe_messages]
impl UnfilteredGateway {
    #[use_filters(NoSuchRoomFilter("method"))]
    #[subscribe_message("filters/typed-only")]
    fn typed_only(&self, #[message_body("kind")] kind: String) -> Result<(), HandlerError> {
        Err(failure(&kind))
    }

    #[subscribe_message("filters/none")]
    fn none(&self, #[message_body("kind")] kind: String) -> Result<(), HandlerError> {
        Err(failure(&kind))
    }
}
