//! The same attribute several times.

use gateway_runtime::prelude::*;

use crate::log::log;
use crate::orders_enhancers::{LogGuard, LogInterceptor};

#[use_guards(LogGuard("gateway upper"))]
#[use_guards(LogGuard("gateway lower"))]
#[web_socket_gateway]
pub(crate) struct ListsGateway;

#[subscribe_messages]
impl ListsGateway {
    #[use_guards(LogGuard("method upper"))]
    #[use_guards(LogGuard("method lower"))]
    #[use_interceptors(LogInterceptor("method upper"))]
    #[use_interceptors(LogInterceptor("method lower"))]
    #[subscribe_message("lists/repeated")]
    fn repeated(&self) -> &'static str {
        log("handler");
        "done"
    }
}
