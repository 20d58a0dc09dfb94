//! `EventsGateway`: what a handler can take, and what its return value does.
//!
//! A port of `tests/nestjs/src/events/events.gateway.ts`. It must never know which adapter serves it.

use futures_util::stream::{self, Stream};
use gateway_runtime::prelude::*;
use serde::{Deserialize, Serialize};

/// Bytes in a body are [`Binary`] (NestJS: a `Buffer`), at any depth.
#[derive(Debug, Deserialize)]
struct Upload {
    name: String,
    content: Binary,
}

#[derive(Debug, PartialEq, Serialize)]
struct StoredUpload {
    name: String,
    size: usize,
    content: Binary,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    user_id: String,
    text: String,
}

#[web_socket_gateway(cors(origin = "*"))]
struct EventsGateway {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl EventsGateway {
    /// A stream: every item is emitted to the sender. A handler that needs nothing of its gateway takes no
    /// `self`.
    #[subscribe_message("events")]
    fn find_all() -> impl Stream<Item = WsResponse<u32>> {
        stream::iter([1, 2, 3].map(|item| WsResponse::new("events", item)))
    }

    /// A value: the acknowledgement.
    #[subscribe_message("identity")]
    async fn identity(#[message_body] data: f64) -> f64 {
        data
    }

    /// A `WsResponse`: an event to the sender. `Data` is any value at all (NestJS: `unknown`).
    #[subscribe_message("echo")]
    fn echo(#[message_body] data: Data) -> WsResponse<Data> {
        WsResponse::new("echo", data)
    }

    /// Bytes as the whole body.
    #[subscribe_message("echoBytes")]
    fn echo_bytes(#[message_body] data: Binary) -> WsResponse<Binary> {
        WsResponse::new("echoBytes", data)
    }

    /// Bytes within a body, acknowledged with bytes.
    #[subscribe_message("upload")]
    fn upload(#[message_body] Upload { name, content }: Upload) -> StoredUpload {
        StoredUpload { name, size: content.len(), content }
    }

    #[subscribe_message("subscribeUser")]
    fn subscribe_user(
        #[message_body("userId")] user_id: String,
        #[connected_socket] client: Socket,
    ) -> String {
        client.join(format!("user:{user_id}"));
        format!("Subscribed to user:{user_id}")
    }

    #[subscribe_message("notifyUser")]
    fn notify_user(
        &self,
        #[message_body("userId")] user_id: String,
        #[message_body("text")] text: String,
    ) -> String {
        let reply = format!("Notified user:{user_id}");
        self.server.to(format!("user:{user_id}")).emit("notification", Notification { user_id, text });
        reply
    }

    /// To everyone in the namespace, the sender included. Returns nothing, so nothing is acknowledged.
    #[subscribe_message("announce")]
    fn announce(&self, #[message_body] text: String) {
        self.server.emit("announcement", text);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use serde_json::json;

    use super::*;

    /// A server without clients, which remembers what it was told to emit.
    fn gateway() -> EventsGateway {
        EventsGateway { server: Server::detached() }
    }

    #[tokio::test]
    async fn a_stream_is_collected_like_any_other() {
        let items: Vec<_> = EventsGateway::find_all().collect().await;
        assert_eq!(items, [1, 2, 3].map(|item| WsResponse::new("events", item)));
    }

    #[tokio::test]
    async fn an_async_handler_is_awaited() {
        assert_eq!(EventsGateway::identity(42.0).await, 42.0);
    }

    #[test]
    fn a_response_has_event_and_data() {
        let response = EventsGateway::echo("hello".into());
        assert_eq!((&*response.event, response.data.as_str()), ("echo", Some("hello")));
        assert_eq!(EventsGateway::echo_bytes(Binary::from(b"\x00\xff")).data, Binary::from(b"\x00\xff"));
    }

    #[test]
    fn an_upload_tells_its_size() {
        let content = Binary::from(b"four");
        let stored = EventsGateway::upload(Upload { name: "a.bin".into(), content: content.clone() });
        assert_eq!(stored, StoredUpload { name: "a.bin".into(), size: 4, content });
    }

    #[test]
    fn a_notification_reaches_the_clients_of_its_user() {
        let gateway = gateway();
        let phone = Socket::detached_in(&gateway.server, "phone");
        let stranger = Socket::detached_in(&gateway.server, "stranger");
        assert_eq!(EventsGateway::subscribe_user("ann".into(), phone.clone()), "Subscribed to user:ann");
        assert_eq!(EventsGateway::subscribe_user("bob".into(), stranger.clone()), "Subscribed to user:bob");

        assert_eq!(gateway.notify_user("ann".into(), "hello".into()), "Notified user:ann");
        let received = phone.emitted();
        assert_eq!(received[0].event, "notification");
        assert_eq!(received[0].data(), json!({ "userId": "ann", "text": "hello" }));
        assert!(stranger.emitted().is_empty());
    }

    #[test]
    fn an_announcement_is_for_everyone() {
        let gateway = gateway();
        gateway.announce("hello".into());
        let emitted = gateway.server.emitted();
        assert_eq!((emitted[0].event.as_str(), emitted[0].data()), ("announcement", json!("hello")));
        assert!(emitted[0].rooms.is_empty());
    }
}
