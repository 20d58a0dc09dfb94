//! Bytes in bodies, replies and exceptions.

use gateway_runtime::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Upload {
    name: String,
    content: Binary,
}

#[derive(Serialize)]
struct Content {
    reversed: Binary,
    twice: [Binary; 2],
}

#[web_socket_gateway]
pub(crate) struct BinaryGateway;

#[subscribe_messages]
impl BinaryGateway {
    #[subscribe_message("binary/echo")]
    fn echo(&self, #[message_body] body: Data) -> Data {
        body
    }

    #[subscribe_message("binary/response")]
    fn response(&self, #[message_body] body: Data) -> WsResponse<Data> {
        WsResponse::new("bytes", body)
    }

    #[subscribe_message("binary/length")]
    fn length(&self, #[message_body] Upload { name, content }: Upload) -> Value {
        json!({ "name": name, "length": content.len() })
    }

    #[subscribe_message("binary/key")]
    fn key(&self, #[message_body("content")] content: Binary) -> Content {
        let reversed: Vec<u8> = content.iter().rev().copied().collect();
        Content { reversed: reversed.into(), twice: [content.clone(), content] }
    }

    #[subscribe_message("binary/fail")]
    fn fail(&self) -> Result<(), WsException> {
        Err(WsException::new("refused"))
    }

    #[subscribe_message("binary/fail-unknown")]
    fn fail_unknown(&self) -> Result<(), std::io::Error> {
        Err(std::io::Error::other("secret"))
    }
}
