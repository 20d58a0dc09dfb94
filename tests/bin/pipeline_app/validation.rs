//! Bodies with rules.

use gateway_runtime::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use validator::Validate;

#[derive(Deserialize, Serialize, Validate)]
struct Address {
    #[validate(range(min = 1))]
    number: i64,
}

#[derive(Deserialize, Validate)]
struct SignUp {
    #[validate(email)]
    email: String,
    #[validate(length(min = 3, max = 8))]
    name: String,
    #[validate(nested)]
    address: Address,
}

#[derive(Serialize)]
struct Broken {
    property: String,
    rules: Vec<String>,
    children: Vec<Broken>,
}

/// Properties and rules; the messages are each library's own.
fn broken(errors: Vec<ValidationError>) -> Vec<Broken> {
    let mut found: Vec<_> = errors
        .into_iter()
        .map(|error| Broken {
            property: error.property,
            rules: error.constraints.into_keys().collect(),
            children: broken(error.children),
        })
        .collect();
    found.sort_by(|one, other| one.property.cmp(&other.property));
    found
}

fn exception_factory(errors: Vec<ValidationError>) -> WsException {
    WsException::from_value(json!({ "status": "error", "broken": broken(errors) }))
}

/// Bodies with rules, checked for the whole gateway.
#[use_pipes(ValidationPipe::new().exception_factory(exception_factory))]
#[web_socket_gateway]
pub(crate) struct ValidationGateway;

#[subscribe_messages]
impl ValidationGateway {
    #[subscribe_message("validation/gateway")]
    fn sign_up(&self, #[message_body] SignUp { email, name, address }: SignUp) -> Value {
        json!({ "email": email, "name": name, "number": address.number })
    }

    #[subscribe_message("validation/gateway-key")]
    fn sign_up_under_key(&self, #[message_body("user")] SignUp { email, name, address }: SignUp) -> Value {
        json!({ "email": email, "name": name, "number": address.number })
    }

    /// A body without rules passes.
    #[subscribe_message("validation/native")]
    fn native(&self, #[message_body] text: String) -> Value {
        json!({ "text": text })
    }
}

/// Bodies with rules, checked where a method or a parameter says so.
#[web_socket_gateway]
pub(crate) struct ValidationByMethodGateway;

#[subscribe_messages]
impl ValidationByMethodGateway {
    #[use_pipes(ValidationPipe::new().exception_factory(exception_factory))]
    #[subscribe_message("validation/method")]
    fn method(&self, #[message_body] SignUp { email, name, address }: SignUp) -> Value {
        json!({ "email": email, "name": name, "number": address.number })
    }

    #[subscribe_message("validation/parameter")]
    fn parameter(
        &self,
        #[message_body(ValidationPipe::new().exception_factory(exception_factory))]
        SignUp { email, name, address }: SignUp,
    ) -> Value {
        json!({ "email": email, "name": name, "number": address.number })
    }

    #[use_pipes(ValidationPipe::new().exception_factory(exception_factory).whitelist(true))]
    #[subscribe_message("validation/whitelist")]
    fn whitelist(&self, #[message_body] body: Address) -> Address {
        body
    }

    #[use_pipes(
        ValidationPipe::new().exception_factory(exception_factory).whitelist(true).forbid_non_whitelisted(true)
    )]
    #[subscribe_message("validation/forbid")]
    fn forbid(&self, #[message_body] body: SignUp) -> Value {
        json!({ "name": body.name })
    }

    /// Without a pipe nothing is checked.
    #[subscribe_message("validation/none")]
    fn none(&self, #[message_body] body: Address) -> Value {
        json!({ "number": body.number })
    }

    #[use_pipes(ValidationPipe)]
    #[subscribe_message("validation/default-exception")]
    fn default_exception(&self, #[message_body] body: Address) -> Value {
        json!({ "number": body.number })
    }
}
