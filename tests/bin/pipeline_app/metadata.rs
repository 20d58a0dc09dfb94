//! Metadata of gateway and method, and parameters of one's own.

use gateway_runtime::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::log::log;

/// Says what there is about the handler.
#[derive(Default)]
pub(crate) struct MetadataGuard {
    reflector: Reflector,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    r#override: Option<Vec<String>>,
    merge: Vec<String>,
    of_handler: Option<Vec<String>>,
    of_class: Option<Vec<String>>,
    limit: Option<u32>,
    pattern: &'a str,
    r#type: &'static str,
}

impl CanActivate for MetadataGuard {
    async fn can_activate(&self, context: &ExecutionContext) -> GuardResult {
        let found = Found {
            r#override: self.reflector.get_all_and_override("roles", context),
            merge: self.reflector.get_all_and_merge("roles", context),
            of_handler: self.reflector.get_of_handler("roles", context),
            of_class: self.reflector.get_of_class("roles", context),
            limit: context.metadata("limit"),
            pattern: context.switch_to_ws().get_pattern(),
            r#type: context.get_type(),
        };
        log(serde_json::to_string(&found)?);
        Ok(true)
    }
}

#[derive(Default)]
pub(crate) struct RolesGuard {
    reflector: Reflector,
}

#[derive(Deserialize)]
struct WithRole {
    role: String,
}

impl CanActivate for RolesGuard {
    async fn can_activate(&self, context: &ExecutionContext) -> GuardResult {
        let roles: Vec<String> = self.reflector.get_all_and_override("roles", context).unwrap_or_default();
        let WithRole { role } = context.switch_to_ws().get_data()?;
        Ok(roles.contains(&role))
    }
}

#[derive(Serialize)]
struct User {
    name: String,
    pattern: String,
}

#[derive(Deserialize)]
struct WithUser {
    user: Option<String>,
}

impl FromExecutionContext for User {
    fn from_execution_context(context: &ExecutionContext) -> Result<Self, HandlerError> {
        let data: Option<WithUser> = context.switch_to_ws().get_data()?;
        let name = data.and_then(|data| data.user).ok_or_else(|| WsException::new("log in first"))?;
        Ok(Self { name, pattern: context.pattern().to_owned() })
    }
}

#[set_metadata("roles", ["user", "admin"])]
#[set_metadata("limit", 10)]
#[web_socket_gateway]
pub(crate) struct MetadataGateway;

#[subscribe_messages]
impl MetadataGateway {
    #[use_guards(MetadataGuard)]
    #[subscribe_message("metadata/of-gateway")]
    fn of_gateway(&self) -> &'static str {
        "done"
    }

    #[set_metadata("roles", ["admin", "owner"])]
    #[use_guards(MetadataGuard)]
    #[subscribe_message("metadata/of-method")]
    fn of_method(&self) -> &'static str {
        "done"
    }

    #[set_metadata("roles", ["owner"])]
    #[use_guards(RolesGuard)]
    #[subscribe_message("metadata/roles")]
    fn roles(&self) -> &'static str {
        "you may"
    }

    #[subscribe_message("metadata/current-user")]
    fn current_user(&self, #[extract] user: User, #[message_body("text")] text: String) -> Value {
        json!({ "user": user, "text": text })
    }

    #[subscribe_message("metadata/message-name")]
    fn message_name(
        &self,
        #[message_name] name: &str,
        #[connected_socket] _client: Socket,
        #[message_body] body: Value,
    ) -> Value {
        json!({ "name": name, "body": body })
    }
}

/// The same without metadata on the gateway.
#[web_socket_gateway]
pub(crate) struct PlainMetadataGateway;

#[subscribe_messages]
impl PlainMetadataGateway {
    #[use_guards(MetadataGuard)]
    #[subscribe_message("metadata/none")]
    fn none(&self) -> &'static str {
        "done"
    }

    #[set_metadata("limit", 5)]
    #[use_guards(MetadataGuard)]
    #[subscribe_message("metadata/only-method")]
    fn only_method(&self) -> &'static str {
        "done"
    }
}
