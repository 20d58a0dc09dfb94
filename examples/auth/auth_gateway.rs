//! `AuthGateway`: only for clients with a token, and for some messages only for admins.
//!
//! It must never know how a token is verified, or what its page looks like.

use gateway_examples::socket_io_client;
use gateway_runtime::WsJwtError;
use gateway_runtime::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use crate::claims::Claims;
use crate::error_filter::ErrorFilter;
use crate::roles_guard::{ROLES, RolesGuard};
use crate::users::UsersService;

/// The rules are checked by the `ValidationPipe` of the gateway (NestJS: class-validator's decorators).
#[derive(Debug, Deserialize, Validate)]
struct Announcement {
    #[validate(length(min = 3, max = 40, message = "title must have 3 to 40 characters"))]
    title: String,
    #[validate(length(min = 1, max = 200, message = "text must have 1 to 200 characters"))]
    text: String,
}

#[derive(Debug, Deserialize, Validate)]
struct Message {
    #[validate(length(min = 1, message = "to must not be empty"))]
    to: String,
    #[validate(length(min = 1, max = 200, message = "text must have 1 to 200 characters"))]
    text: String,
}

/// Who a client is, as it is told itself.
#[derive(Debug, PartialEq, Serialize)]
struct Identity {
    id: String,
    role: String,
}

/// For how long a client may stay.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Permit {
    /// In seconds since 1970.
    expires_at: u64,
}

/// The room of all connections of one user.
fn room_of(user_id: &str) -> String {
    format!("user:{user_id}")
}

/// Guards with `on = "connection"` decide before a client is connected: it gets a `connect_error`, and no hook
/// and no handler ever sees it. The others stand in front of every message.
#[web_socket_gateway(namespace = "auth", serve_client = socket_io_client())]
#[use_guards(WsJwtGuard<Claims>, on = "connection")]
#[use_guards(RolesGuard)]
#[use_pipes(ValidationPipe)]
#[use_filters(ErrorFilter)]
pub(crate) struct AuthGateway {
    #[web_socket_server]
    server: Namespace,
    #[inject]
    users: Arc<UsersService>,
    #[inject]
    jwt: Arc<JwtService>,
    #[inject]
    guard: Arc<WsJwtGuard<Claims>>,
}

impl OnGatewayConnection for AuthGateway {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        let Claims { sub, role, exp } = Claims::of(&client).ok_or(WsJwtError::MissingToken)?;
        client.join(room_of(&sub));
        client.emit("welcome", json!({ "id": sub, "role": role, "expiresAt": exp }));
        Ok(())
    }
}

#[subscribe_messages]
impl AuthGateway {
    /// A handler that needs nothing of its gateway has no `self`.
    #[subscribe_message("whoAmI")]
    fn handle_who_am_i(#[extract] CurrentUser(user): CurrentUser<Claims>) -> Identity {
        Identity { id: user.sub, role: user.role }
    }

    /// To everyone, by admins only.
    #[subscribe_message("announce")]
    #[set_metadata(ROLES, ["admin"])]
    fn handle_announce(
        &self,
        #[extract] user: CurrentUser<Claims>,
        #[message_body] Announcement { title, text }: Announcement,
    ) -> &'static str {
        self.server.emit("announcement", json!({ "from": user.sub, "title": title, "text": text }));
        "Announced"
    }

    /// To all connections of one user.
    #[subscribe_message("sendMessage")]
    fn handle_send_message(
        &self,
        #[extract] user: CurrentUser<Claims>,
        #[message_body] Message { to, text }: Message,
    ) -> Result<String, WsException> {
        if !self.users.exists(&to) {
            return Err(coded("UNKNOWN_USER", &format!("There is no user {to}")));
        }
        self.server.to(room_of(&to)).emit("message", json!({ "from": user.sub, "text": text }));
        Ok(format!("Sent to {to}"))
    }

    /// A new token before the old one expires: the connection stays.
    ///
    /// The token of another user is refused, since rooms and answers on their way are those of the first.
    #[subscribe_message("authenticate")]
    fn handle_authenticate(
        &self,
        #[extract] user: CurrentUser<Claims>,
        #[message_body("token")] token: String,
        #[connected_socket] client: Socket,
    ) -> Result<Permit, WsException> {
        let claims: Claims = self.jwt.verify(&token).map_err(|error| WsJwtError::from(&error))?;
        if claims.sub != user.sub {
            return Err(coded("OTHER_USER", "The token is of another user: connect again with it"));
        }
        let Claims { exp, .. } = self.guard.reauthenticate(&client, &token)?;
        Ok(Permit { expires_at: exp })
    }
}

/// An exception with a code, which `ErrorFilter` hands on.
fn coded(code: &str, message: &str) -> WsException {
    WsException::from_value(json!({ "code": code, "message": message }))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::claims::NewClaims;

    fn gateway() -> AuthGateway {
        let jwt = JwtService::new(JwtOptions::new().secret("a secret for the tests of this file")).unwrap();
        AuthGateway {
            server: Server::detached(),
            users: Arc::default(),
            guard: Arc::new(WsJwtGuard::new(jwt.clone())),
            jwt: Arc::new(jwt),
        }
    }

    fn token(gateway: &AuthGateway, sub: &str, role: &str, life: u64) -> String {
        let options = JwtSignOptions::new().expires_in(Duration::from_secs(life));
        gateway.jwt.sign_with(&NewClaims { sub, role }, &options).unwrap()
    }

    /// A client whose token the guard has looked at, and what the guard said.
    async fn admitted(gateway: &AuthGateway, auth: serde_json::Value) -> (Socket, GuardResult) {
        let client = Socket::detached_with(&gateway.server, "c1", Handshake::with_auth(auth));
        let context = ExecutionContext::detached(client.clone(), "handleConnection", &());
        let decided = gateway.guard.can_activate(&context).await;
        (client, decided)
    }

    fn user(sub: &str, role: &str) -> CurrentUser<Claims> {
        CurrentUser(Claims::for_test(sub, role))
    }

    #[tokio::test]
    async fn a_client_with_a_token_joins_the_room_of_its_user() {
        let gateway = gateway();
        let token = token(&gateway, "ann", "admin", 60);
        let (client, decided) = admitted(&gateway, json!({ "token": token })).await;
        assert!(decided.unwrap());
        gateway.handle_connection(client.clone()).await.unwrap();
        assert!(client.rooms().contains("user:ann"));
        let welcome = &client.emitted()[0];
        assert_eq!(welcome.event, "welcome");
        assert_eq!((&welcome.data()["id"], &welcome.data()["role"]), (&json!("ann"), &json!("admin")));
    }

    #[tokio::test]
    async fn a_client_without_one_is_refused_with_a_code() {
        let (_, decided) = admitted(&gateway(), json!({})).await;
        let (exception, _) = decided.unwrap_err().into_exception();
        assert_eq!(exception.error(), &json!({ "code": "MISSING_TOKEN", "message": "Token is missing" }));
    }

    #[test]
    fn an_announcement_reaches_everyone() {
        let gateway = gateway();
        let bob = Socket::detached_in(&gateway.server, "bob");
        let announcement = Announcement { title: "News".into(), text: "We moved".into() };
        assert_eq!(gateway.handle_announce(user("ann", "admin"), announcement), "Announced");
        assert_eq!(bob.emitted()[0].data(), json!({ "from": "ann", "title": "News", "text": "We moved" }));
    }

    #[test]
    fn a_message_reaches_its_recipient_only() {
        let gateway = gateway();
        let [ann, bob] = ["ann", "bob"].map(|id| {
            let client = Socket::detached_in(&gateway.server, id);
            client.join(room_of(id));
            client
        });
        let message = |to: &str| Message { to: to.into(), text: "Hi".into() };
        assert_eq!(
            gateway.handle_send_message(user("bob", "user"), message("ann")),
            Ok("Sent to ann".to_owned())
        );
        assert_eq!(ann.emitted()[0].data(), json!({ "from": "bob", "text": "Hi" }));
        assert!(bob.emitted().is_empty());
        let refused = gateway.handle_send_message(user("bob", "user"), message("eve")).unwrap_err();
        assert_eq!(refused.error()["code"], "UNKNOWN_USER");
    }

    #[tokio::test]
    async fn a_new_token_takes_the_place_of_the_old_one() {
        let gateway = gateway();
        let first = token(&gateway, "bob", "user", 60);
        let (client, _) = admitted(&gateway, json!({ "token": first })).await;
        let before = Claims::of(&client).unwrap();
        let authenticate =
            |token: String| gateway.handle_authenticate(CurrentUser(before.clone()), token, client.clone());

        let permit = authenticate(token(&gateway, "bob", "user", 3600)).unwrap();
        assert!(permit.expires_at > before.exp);
        assert_eq!(Claims::of(&client).unwrap().exp, permit.expires_at);

        let other = authenticate(token(&gateway, "ann", "admin", 3600)).unwrap_err();
        assert_eq!(other.error()["code"], "OTHER_USER");
        let bad = authenticate("garbage".into()).unwrap_err();
        assert_eq!(bad.error()["code"], "INVALID_TOKEN");
        assert_eq!(Claims::of(&client).unwrap().sub, "bob");
    }

    #[test]
    fn rules_of_bodies() {
        let announcement = Announcement { title: "Hi".into(), text: String::new() };
        let broken = announcement.validate().unwrap_err();
        assert_eq!(broken.field_errors().len(), 2);
    }
}
