//! Two enhancers of each kind on the gateway, two on the method, two on the parameter.

use futures_util::stream::{self, Stream, StreamExt};
use gateway_runtime::prelude::*;

use crate::failure::failure;
use crate::log::log;
use crate::orders_enhancers::{LogFilter, LogGuard, LogInterceptor, LogPipe, LogValuePipe, Order};
use crate::turn::turn;

#[use_guards(LogGuard("gateway 1"), LogGuard("gateway 2"))]
#[use_interceptors(LogInterceptor("gateway 1"), LogInterceptor("gateway 2"))]
#[use_pipes(LogPipe("gateway 1"), LogPipe("gateway 2"))]
#[use_filters(LogFilter("gateway 1"), LogFilter("gateway 2"))]
#[web_socket_gateway]
pub(crate) struct OrdersGateway;

#[subscribe_messages]
impl OrdersGateway {
    #[use_guards(LogGuard("method 1"), LogGuard("method 2"))]
    #[use_interceptors(LogInterceptor("method 1"), LogInterceptor("method 2"))]
    #[use_pipes(LogPipe("method 1"), LogPipe("method 2"))]
    #[use_filters(LogFilter("method 1"), LogFilter("method 2"))]
    #[subscribe_message("orders/all")]
    fn all(
        &self,
        #[message_body(LogPipe("parameter 1"), LogPipe("parameter 2"))] order: Order,
    ) -> Result<&'static str, HandlerError> {
        log("handler");
        if order.fails_at("handler") { Err(failure(&order.kind)) } else { Ok("done") }
    }

    #[use_interceptors(LogInterceptor("method 1"))]
    #[subscribe_message("orders/async")]
    async fn r#async(&self, #[message_body] order: Order) -> Result<&'static str, HandlerError> {
        log("handler starts");
        turn().await;
        log("handler ends");
        if order.fails_at("handler") { Err(failure(&order.kind)) } else { Ok("done") }
    }

    #[use_interceptors(LogInterceptor("method 1"))]
    #[subscribe_message("orders/stream")]
    fn stream(&self, #[message_body] _order: Order) -> impl Stream<Item = WsResponse<u8>> + Send + use<> {
        log("handler");
        stream::iter([1, 2]).map(|data| WsResponse::new("item", data))
    }

    /// Without enhancers of its own: those of the gateway.
    #[subscribe_message("orders/gateway-only")]
    fn gateway_only(&self, #[message_body] order: Order) -> Result<&'static str, HandlerError> {
        log("handler");
        if order.fails_at("handler") { Err(failure(&order.kind)) } else { Ok("done") }
    }
}

/// A method's pipes serve each of its parameters.
#[web_socket_gateway]
pub(crate) struct ParametersGateway;

#[subscribe_messages]
impl ParametersGateway {
    #[use_pipes(LogValuePipe)]
    #[subscribe_message("orders/two-parameters")]
    fn two_parameters(
        &self,
        #[message_body("a")] a: String,
        #[message_body("b", LogValuePipe)] b: String,
    ) -> String {
        format!("{a} {b}")
    }

    #[use_pipes(LogValuePipe)]
    #[subscribe_message("orders/one-parameter")]
    fn one_parameter(&self, #[message_body("a", LogValuePipe)] a: String) -> String {
        a
    }
}

/// A gateway's pipes, too.
#[use_pipes(LogValuePipe)]
#[web_socket_gateway]
pub(crate) struct ParametersOfGatewayGateway;

#[subscribe_messages]
impl ParametersOfGatewayGateway {
    #[subscribe_message("orders/gateway-pipe")]
    fn whole(&self, #[message_body] body: Data) -> Result<String, HandlerError> {
        Ok(serde_json::to_string(&body)?)
    }

    #[subscribe_message("orders/gateway-pipe-and-key")]
    fn key(&self, #[message_body("a")] a: String) -> String {
        a
    }

    #[subscribe_message("orders/gateway-pipe-without-body")]
    fn without_body(&self) -> &'static str {
        "done"
    }
}
