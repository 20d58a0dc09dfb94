//! Every kind of result, at once and after a wait.

use gateway_runtime::prelude::*;
use serde_json::{Value, json};

use crate::turn::turn;

#[web_socket_gateway]
pub(crate) struct RepliesGateway;

#[subscribe_messages]
impl RepliesGateway {
    #[subscribe_message("replies/undefined")]
    fn undefined(&self) {}

    #[subscribe_message("replies/undefined/async")]
    async fn undefined_async(&self) {
        turn().await;
    }

    #[subscribe_message("replies/null")]
    fn null(&self) -> Option<u8> {
        None
    }

    #[subscribe_message("replies/null/async")]
    async fn null_async(&self) -> Option<u8> {
        turn().await;
        None
    }

    #[subscribe_message("replies/zero")]
    fn zero(&self) -> u8 {
        0
    }

    #[subscribe_message("replies/zero/async")]
    async fn zero_async(&self) -> u8 {
        turn().await;
        0
    }

    #[subscribe_message("replies/empty-text")]
    fn empty_text(&self) -> &'static str {
        ""
    }

    #[subscribe_message("replies/empty-text/async")]
    async fn empty_text_async(&self) -> String {
        turn().await;
        String::new()
    }

    #[subscribe_message("replies/false")]
    fn r#false(&self) -> bool {
        false
    }

    #[subscribe_message("replies/false/async")]
    async fn false_async(&self) -> bool {
        turn().await;
        false
    }

    #[subscribe_message("replies/empty-list")]
    fn empty_list(&self) -> [u8; 0] {
        []
    }

    #[subscribe_message("replies/empty-list/async")]
    async fn empty_list_async(&self) -> Vec<u8> {
        turn().await;
        Vec::new()
    }

    #[subscribe_message("replies/nan")]
    fn nan(&self) -> f64 {
        f64::NAN
    }

    #[subscribe_message("replies/nan/async")]
    async fn nan_async(&self) -> f64 {
        turn().await;
        f64::NAN
    }

    #[subscribe_message("replies/empty-object")]
    fn empty_object(&self) -> Value {
        json!({})
    }

    #[subscribe_message("replies/object")]
    fn object(&self) -> Value {
        json!({ "text": "ä\"\n", "number": 1.5, "list": [null, true], "nothing": null })
    }

    #[subscribe_message("replies/list")]
    fn list(&self) -> [u8; 2] {
        [1, 2]
    }

    #[subscribe_message("replies/response")]
    fn response(&self) -> WsResponse<u8> {
        WsResponse::new("answer", 1)
    }

    #[subscribe_message("replies/response/async")]
    async fn response_async(&self) -> WsResponse<u8> {
        turn().await;
        WsResponse::new("answer", 1)
    }

    #[subscribe_message("replies/response/list")]
    fn response_with_list(&self) -> WsResponse<[u8; 2]> {
        WsResponse::new("answer", [1, 2])
    }

    #[subscribe_message("replies/response/null")]
    fn response_with_null(&self) -> WsResponse<Option<u8>> {
        WsResponse::new("answer", None)
    }

    #[subscribe_message("replies/response/unnamed")]
    fn response_unnamed(&self) -> WsResponse<u8> {
        WsResponse::new("", 1)
    }

    #[subscribe_message("replies/response/none")]
    fn response_none(&self) -> Result<Option<WsResponse<u8>>, WsException> {
        Ok(None)
    }

    /// No `WsResponse` by its type, but with its members.
    #[subscribe_message("replies/lookalike")]
    fn lookalike(&self) -> Value {
        json!({ "event": "answer", "data": 1 })
    }

    /// What the client sent may look like a response.
    #[subscribe_message("replies/echo")]
    fn echo(&self, _client: Socket, data: Data) -> Data {
        data
    }
}
