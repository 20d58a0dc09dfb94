//! `NotificationsGateway`: which socket belongs to which user.
//!
//! A port of `tests/nestjs/src/notifications/notifications.gateway.ts`. It must never know who notifies.

use std::collections::HashMap;

use gateway_runtime::prelude::*;
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::json;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewComment {
    pub(crate) post_id: String,
    pub(crate) author_id: String,
    pub(crate) text: String,
}

/// By the user's id.
type Users = HashMap<String, Socket>;

#[web_socket_gateway(cors(origin = ["http://localhost:3001", "http://localhost:4200"], credentials = true))]
pub(crate) struct NotificationsGateway {
    #[web_socket_server]
    server: Server,
    /// The socket of each connected user: the latest one, if a user came back before the old socket was
    /// gone.
    ///
    /// All connections share the gateway, so what it keeps is behind a lock. A field without an attribute
    /// starts with its default.
    users: Mutex<Users>,
}

#[subscribe_messages]
impl NotificationsGateway {
    #[subscribe_message("userConnect")]
    pub(crate) fn handle_user_connect(
        &self,
        #[message_body("userId")] user_id: String,
        #[connected_socket] client: Socket,
    ) -> String {
        let mut users = self.users.lock();
        if user_of(&client).is_some_and(|previous| previous != user_id) {
            self.forget(&mut users, &client);
        }
        client.set_data("userId", &user_id);
        users.insert(user_id.clone(), client);
        self.emit_presence(&users, &user_id);
        format!("User {user_id} connected")
    }
}

impl OnGatewayDisconnect for NotificationsGateway {
    async fn handle_disconnect(&self, client: Socket, _reason: DisconnectReason) -> HookResult {
        self.forget(&mut self.users.lock(), &client);
        Ok(())
    }
}

impl NotificationsGateway {
    /// Whether the user was connected, and so was told.
    pub(crate) fn notify_user(&self, user_id: &str, comment: NewComment) -> bool {
        let client = self.users.lock().get(user_id).cloned();
        client.is_some_and(|client| {
            client.emit("newComment", comment);
            true
        })
    }

    /// Drops the user of this socket, but not one who is back with another socket.
    fn forget(&self, users: &mut Users, client: &Socket) {
        let Some(user_id) = user_of(client) else { return };
        if users.get(&user_id).is_some_and(|current| current == client) {
            users.remove(&user_id);
        }
        self.emit_presence(users, &user_id);
    }

    /// Called with the lock held (`emit` never blocks), so that presences go out in the order in which they
    /// changed.
    fn emit_presence(&self, users: &Users, user_id: &str) {
        self.server.emit("presence", json!({ "userId": user_id, "online": users.contains_key(user_id) }));
    }

    /// Without clients, for unit tests.
    #[cfg(test)]
    pub(crate) fn detached() -> Self {
        Self { server: Server::detached(), users: Mutex::default() }
    }
}

/// Who the client said that it is (NestJS: `client.data.userId`).
fn user_of(client: &Socket) -> Option<String> {
    client.data_value("userId")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn comment(text: &str) -> NewComment {
        NewComment { post_id: "post-1".into(), author_id: "ann".into(), text: text.into() }
    }

    fn last_presence(gateway: &NotificationsGateway) -> Value {
        gateway.server.emitted().pop().expect("a presence was emitted").data()
    }

    async fn disconnect(gateway: &NotificationsGateway, client: &Socket) -> HookResult {
        client.disconnect(true);
        gateway.handle_disconnect(client.clone(), DisconnectReason::TransportClose).await
    }

    #[test]
    fn a_user_who_is_connected_is_notified() {
        let (gateway, bob) = (NotificationsGateway::detached(), Socket::detached("b1"));
        assert_eq!(gateway.handle_user_connect("bob".into(), bob.clone()), "User bob connected");
        assert_eq!(bob.data().get("userId"), Some(&json!("bob")));
        assert_eq!(last_presence(&gateway), json!({ "userId": "bob", "online": true }));

        assert!(gateway.notify_user("bob", comment("Well said")));
        assert!(!gateway.notify_user("eve", comment("Anyone?")));
        let received = bob.emitted();
        assert_eq!(received.len(), 1);
        assert_eq!(received[0].event, "newComment");
        assert_eq!(received[0].data(), json!({ "postId": "post-1", "authorId": "ann", "text": "Well said" }));
    }

    #[tokio::test]
    async fn a_user_who_has_left_is_forgotten() -> HookResult {
        let (gateway, bob) = (NotificationsGateway::detached(), Socket::detached("b1"));
        gateway.handle_user_connect("bob".into(), bob.clone());
        disconnect(&gateway, &bob).await?;
        assert_eq!(last_presence(&gateway), json!({ "userId": "bob", "online": false }));
        assert!(!gateway.notify_user("bob", comment("Too late")));
        Ok(())
    }

    #[tokio::test]
    async fn a_user_who_is_back_already_is_kept() -> HookResult {
        let gateway = NotificationsGateway::detached();
        let [old, new] = ["b1", "b2"].map(Socket::detached);
        gateway.handle_user_connect("bob".into(), old.clone());
        gateway.handle_user_connect("bob".into(), new.clone());
        disconnect(&gateway, &old).await?;
        assert_eq!(last_presence(&gateway), json!({ "userId": "bob", "online": true }));
        assert!(gateway.notify_user("bob", comment("Still there?")));
        assert_eq!((old.emitted().len(), new.emitted().len()), (0, 1));
        Ok(())
    }

    #[test]
    fn a_client_that_becomes_another_user_is_no_longer_the_first_one() {
        let (gateway, client) = (NotificationsGateway::detached(), Socket::detached("c1"));
        gateway.handle_user_connect("bob".into(), client.clone());
        gateway.handle_user_connect("eve".into(), client);
        assert!(!gateway.notify_user("bob", comment("Bob?")));
        assert!(gateway.notify_user("eve", comment("Eve?")));
    }

    #[tokio::test]
    async fn a_client_that_never_said_who_it_is_leaves_in_silence() -> HookResult {
        let (gateway, client) = (NotificationsGateway::detached(), Socket::detached("c1"));
        disconnect(&gateway, &client).await?;
        assert!(gateway.server.emitted().is_empty());
        Ok(())
    }
}
