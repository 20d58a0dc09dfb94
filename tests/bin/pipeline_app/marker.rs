//! Answers with what ran since the last time.

use gateway_runtime::prelude::*;

use crate::log::{MARKER, take_log};

#[web_socket_gateway]
pub(crate) struct MarkerGateway;

#[subscribe_messages]
impl MarkerGateway {
    #[subscribe_message(MARKER)]
    fn marker(&self) -> WsResponse<Vec<String>> {
        WsResponse::new(MARKER, take_log())
    }
}
