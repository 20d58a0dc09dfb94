//! Streams: what they emit, how they end.

use futures_util::stream::{self, Stream, StreamExt};
use gateway_runtime::prelude::*;
use serde_json::json;

use crate::log::log;
use crate::turn::turn;

/// Says when it is dropped.
struct Finalize;

impl Drop for Finalize {
    fn drop(&mut self) {
        log("the stream has stopped");
    }
}

fn item(data: u8) -> WsResponse<u8> {
    WsResponse::new("item", data)
}

/// Stream that carries items, and one error between the first two and more of them.
fn failing<E: Send + 'static>(error: E) -> impl Stream<Item = Result<WsResponse<u8>, E>> + Send {
    let items = || stream::iter([1, 2]).map(|data| Ok(item(data)));
    items().chain(stream::iter([Err(error)])).chain(items())
}

#[web_socket_gateway]
pub(crate) struct StreamsGateway;

#[subscribe_messages]
impl StreamsGateway {
    #[subscribe_message("streams/values")]
    fn values(&self) -> impl Stream<Item = u8> + Send + use<> {
        stream::iter([1, 2, 3])
    }

    #[subscribe_message("streams/falsy")]
    fn falsy(&self) -> impl Stream<Item = Option<u8>> + Send + use<> {
        stream::iter([None, Some(0), Some(1)])
    }

    #[subscribe_message("streams/responses")]
    fn responses(&self) -> impl Stream<Item = WsResponse<u8>> + Send + use<> {
        stream::iter([1, 2, 3]).map(item)
    }

    #[subscribe_message("streams/responses/async")]
    async fn responses_async(&self) -> impl Stream<Item = WsResponse<u8>> + Send + use<> {
        turn().await;
        stream::iter([1, 2, 3]).map(item)
    }

    #[subscribe_message("streams/unnamed")]
    fn unnamed(&self) -> impl Stream<Item = WsResponse<u8>> + Send + use<> {
        stream::iter([1, 2]).map(|data| WsResponse::new("", data))
    }

    #[subscribe_message("streams/empty")]
    fn empty(&self) -> impl Stream<Item = u8> + Send + use<> {
        stream::empty()
    }

    #[subscribe_message("streams/fails-at-once")]
    fn fails_at_once(&self) -> impl Stream<Item = Result<u8, WsException>> + Send + use<> {
        stream::iter([Err(WsException::new("at once"))])
    }

    #[subscribe_message("streams/values/fail-midway")]
    fn values_fail(&self) -> impl Stream<Item = Result<u8, WsException>> + Send + use<> {
        stream::iter([Ok(1), Ok(2), Err(WsException::new("midway"))])
    }

    #[subscribe_message("streams/responses/fail-midway")]
    fn responses_fail(&self) -> impl Stream<Item = Result<WsResponse<u8>, WsException>> + Send + use<> {
        failing(WsException::from_value(json!({ "code": 7 })))
    }

    #[subscribe_message("streams/responses/fail-midway/error")]
    fn responses_error(&self) -> impl Stream<Item = Result<WsResponse<u8>, std::io::Error>> + Send + use<> {
        failing(std::io::Error::other("secret"))
    }

    /// Goes on until the client is gone.
    #[subscribe_message("streams/endless")]
    fn endless(&self) -> impl Stream<Item = WsResponse<u8>> + Send + use<> {
        let finalize = Finalize;
        stream::iter([1]).chain(stream::pending()).map(move |data| {
            let _held_as_long_as_the_stream = &finalize;
            item(data)
        })
    }
}
