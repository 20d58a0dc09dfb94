//! `NotificationsGateway`: who is online, and notifications for one user, on whichever server that user is.
//!
//! In `examples/notifications` a map in the gateway knows which socket is whose. Several processes cannot share
//! it, so here each user is a room: `server.in_("user:bob")` is Bob on every server, in all his windows. A port of
//! `tests/nestjs/src/cluster/notifications.gateway.ts`. It must never know who notifies.

use std::collections::BTreeSet;

use gateway_runtime::prelude::*;
use gateway_runtime::{AdapterError, RemoteSocket};
use serde::Serialize;
use serde_json::json;

use crate::node::Node;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewComment {
    pub(crate) post_id: String,
    pub(crate) author_id: String,
    pub(crate) text: String,
}

#[web_socket_gateway]
pub(crate) struct NotificationsGateway {
    #[web_socket_server]
    server: Server,
    #[inject]
    node: Arc<Node>,
}

impl OnGatewayConnection for NotificationsGateway {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        client.emit("node", &self.node.0);
        Ok(())
    }
}

#[subscribe_messages]
impl NotificationsGateway {
    #[subscribe_message("userConnect")]
    pub(crate) async fn handle_user_connect(
        &self,
        #[message_body("userId")] user_id: String,
        #[connected_socket] client: Socket,
    ) -> String {
        let previous = user_of(&client).filter(|previous| *previous != user_id);
        client.set_data("userId", &user_id);
        client.join(room_of(&user_id));
        if let Some(previous) = previous {
            client.leave(room_of(&previous));
            self.emit_left(&previous).await;
        }
        self.emit_presence(&user_id, true);
        format!("User {user_id} connected")
    }

    /// Asks all servers, so it is for a page that opens, not for every message. With many thousands of users
    /// their names belong in a set in Redis.
    #[subscribe_message("online")]
    pub(crate) async fn handle_online(&self) -> BTreeSet<String> {
        let sockets = match self.server.fetch_sockets().await {
            Ok(sockets) => sockets,
            Err(error) => self.those_here(&error, &self.server.local()).await,
        };
        sockets.iter().filter_map(|socket| socket.data_value("userId")).collect()
    }
}

impl OnGatewayDisconnect for NotificationsGateway {
    async fn handle_disconnect(&self, client: Socket, _reason: DisconnectReason) -> HookResult {
        if let Some(user_id) = user_of(&client) {
            self.emit_left(&user_id).await;
        }
        Ok(())
    }
}

impl NotificationsGateway {
    /// Whether the user is connected somewhere, and so was told.
    ///
    /// # Errors
    /// Not all servers have answered: whether the user is on one of them is not known. The notification is on
    /// its way all the same.
    pub(crate) async fn notify_user(&self, user_id: &str, comment: NewComment) -> Result<bool, AdapterError> {
        let user = self.server.in_(room_of(user_id));
        user.emit("newComment", comment);
        Ok(!user.fetch_sockets().await?.is_empty())
    }

    /// A window of this user was closed: others may be open, here or on another server.
    async fn emit_left(&self, user_id: &str) {
        let user = self.server.in_(room_of(user_id));
        let left = match user.fetch_sockets().await {
            Ok(left) => left,
            Err(error) => self.those_here(&error, &user.local()).await,
        };
        self.emit_presence(user_id, !left.is_empty());
    }

    fn emit_presence(&self, user_id: &str, online: bool) {
        self.server.emit("presence", json!({ "userId": user_id, "online": online }));
    }

    /// Redis is away, or a server does not answer: what is known here is better than nothing.
    async fn those_here(&self, error: &AdapterError, here: &BroadcastOperator) -> Vec<RemoteSocket> {
        tracing::warn!(%error, "only users of this server are known");
        // Of this process, so nothing is asked.
        here.fetch_sockets().await.unwrap_or_default()
    }

    /// Without clients, for unit tests.
    #[cfg(test)]
    pub(crate) fn detached() -> Self {
        Self { server: Server::detached(), node: Arc::new(Node("a".into())) }
    }

    /// A socket of this gateway's server, for unit tests.
    #[cfg(test)]
    pub(crate) fn socket(&self, id: &str) -> Socket {
        Socket::detached_in(&self.server, id)
    }
}

/// All sockets of a user, on all servers. The prefix keeps users apart from other rooms.
fn room_of(user_id: &str) -> String {
    format!("user:{user_id}")
}

/// Who the client said that it is (NestJS: `client.data.userId`). Other servers see it, in `fetch_sockets`.
fn user_of(client: &Socket) -> Option<String> {
    client.data_value("userId")
}

#[cfg(test)]
mod tests {
    use gateway_runtime::Emitted;
    use serde_json::Value;

    use super::*;

    fn comment(text: &str) -> NewComment {
        NewComment { post_id: "post-1".into(), author_id: "ann".into(), text: text.into() }
    }

    fn last_presence(gateway: &NotificationsGateway) -> Value {
        gateway.server.emitted().pop().expect("a presence was emitted").data()
    }

    fn comments(client: &Socket) -> Vec<Value> {
        let received = client.emitted().into_iter().filter(|emitted| emitted.event == "newComment");
        received.map(|emitted| emitted.data()).collect()
    }

    async fn disconnect(gateway: &NotificationsGateway, client: &Socket) -> HookResult {
        client.disconnect(true);
        gateway.handle_disconnect(client.clone(), DisconnectReason::TransportClose).await
    }

    #[tokio::test]
    async fn a_client_learns_which_server_it_is_on() -> HookResult {
        let gateway = NotificationsGateway::detached();
        let client = gateway.socket("c1");
        gateway.handle_connection(client.clone()).await?;
        assert_eq!((client.emitted()[0].event.as_str(), client.emitted()[0].data()), ("node", json!("a")));
        Ok(())
    }

    #[tokio::test]
    async fn a_user_is_notified_in_all_windows() {
        let gateway = NotificationsGateway::detached();
        let [first, second, eve] = ["b1", "b2", "e1"].map(|id| gateway.socket(id));
        for (name, window) in [("bob", &first), ("bob", &second), ("eve", &eve)] {
            let answer = gateway.handle_user_connect(name.into(), window.clone()).await;
            assert_eq!(answer, format!("User {name} connected"));
            assert_eq!(last_presence(&gateway), json!({ "userId": name, "online": true }));
        }
        assert_eq!(gateway.notify_user("bob", comment("Well said")).await, Ok(true));
        assert_eq!(gateway.notify_user("nobody", comment("Anyone?")).await, Ok(false));
        let told = json!({ "postId": "post-1", "authorId": "ann", "text": "Well said" });
        assert_eq!(comments(&first), comments(&second));
        assert_eq!(comments(&first), [told]);
        assert!(comments(&eve).is_empty());
    }

    #[tokio::test]
    async fn a_user_is_online_until_the_last_window_is_closed() -> HookResult {
        let gateway = NotificationsGateway::detached();
        let [first, second] = ["b1", "b2"].map(|id| gateway.socket(id));
        gateway.handle_user_connect("bob".into(), first.clone()).await;
        gateway.handle_user_connect("bob".into(), second.clone()).await;
        assert_eq!(gateway.handle_online().await, BTreeSet::from(["bob".to_owned()]));
        disconnect(&gateway, &first).await?;
        assert_eq!(last_presence(&gateway), json!({ "userId": "bob", "online": true }));
        disconnect(&gateway, &second).await?;
        assert_eq!(last_presence(&gateway), json!({ "userId": "bob", "online": false }));
        assert_eq!(gateway.notify_user("bob", comment("Too late")).await, Ok(false));
        assert!(gateway.handle_online().await.is_empty());
        Ok(())
    }

    #[tokio::test]
    async fn a_client_that_becomes_another_user_is_no_longer_the_first_one() {
        let gateway = NotificationsGateway::detached();
        let client = gateway.socket("c1");
        gateway.handle_user_connect("bob".into(), client.clone()).await;
        gateway.handle_user_connect("eve".into(), client.clone()).await;
        let presences: Vec<_> = gateway.server.emitted().iter().map(Emitted::data).collect();
        assert_eq!(presences[1], json!({ "userId": "bob", "online": false }));
        assert_eq!(presences[2], json!({ "userId": "eve", "online": true }));
        assert_eq!(gateway.notify_user("bob", comment("Bob?")).await, Ok(false));
        assert_eq!(gateway.notify_user("eve", comment("Eve?")).await, Ok(true));
        assert_eq!(comments(&client).len(), 1);
    }

    #[tokio::test]
    async fn a_client_that_never_said_who_it_is_leaves_in_silence() -> HookResult {
        let gateway = NotificationsGateway::detached();
        let client = gateway.socket("c1");
        disconnect(&gateway, &client).await?;
        assert!(gateway.server.emitted().is_empty());
        Ok(())
    }
}
