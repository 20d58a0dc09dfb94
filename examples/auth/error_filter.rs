//! `ErrorFilter`: errors reach the client as the event `error` with `{code, message}`, instead of as
//! `exception`.
//!
//! NestJS: an `@Catch()` filter that extends `BaseWsExceptionFilter`. It must never know what handlers do.

use std::borrow::Cow;

use gateway_runtime::prelude::*;
use gateway_runtime::{FORBIDDEN_MESSAGE, UNKNOWN_EXCEPTION_MESSAGE};
use serde::Serialize;
use serde_json::Value;

/// What the client receives.
#[derive(Debug, Serialize)]
struct ErrorEvent<'a> {
    code: Cow<'a, str>,
    message: Cow<'a, str>,
    /// The message that went wrong: the page shows the error beside its form.
    event: &'a str,
    /// What is wrong with which property, if a `ValidationPipe` said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'a Value>,
}

/// Catches everything, as `@Catch()` does without an argument.
#[derive(Default)]
pub(crate) struct ErrorFilter;

impl ExceptionFilter for ErrorFilter {
    type Exception = HandlerError;

    async fn catch(&self, error: HandlerError, context: &ExecutionContext) -> FilterResult {
        let client = context.switch_to_ws().get_client();
        let (exception, log) = error.into_exception();
        if let Some(text) = log {
            // Not meant for the client: its text is for us only.
            tracing::error!(pattern = context.pattern(), socket = client.id(), "a handler failed: {text}");
        }
        let details = exception.error();
        let errors = details.get("errors");
        let message = match details.get("message") {
            Some(Value::Array(messages)) => {
                messages.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ").into()
            }
            _ => exception.message(),
        };
        let code = match details.get("code").and_then(Value::as_str) {
            Some(code) => code.into(),
            None => code_of(&message, errors.is_some()).into(),
        };
        client.emit("error", ErrorEvent { code, message, event: context.pattern(), errors });
        Ok(())
    }
}

/// The code of an exception that names none.
fn code_of(message: &str, has_errors: bool) -> &'static str {
    match message {
        _ if has_errors => "VALIDATION_FAILED",
        FORBIDDEN_MESSAGE => "FORBIDDEN",
        UNKNOWN_EXCEPTION_MESSAGE => "INTERNAL_ERROR",
        _ => "BAD_REQUEST",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What a client receives for an error of its message `announce`.
    async fn told(error: HandlerError) -> Value {
        let client = Socket::detached("c1");
        let context = ExecutionContext::detached(client.clone(), "announce", &json!({ "title": "" }));
        ErrorFilter.catch(error, &context).await.expect("the filter answers");
        let told = &client.emitted()[0];
        assert_eq!(told.event, "error");
        told.data()
    }

    #[tokio::test]
    async fn every_error_has_a_code() {
        let forbidden = WsException::new(FORBIDDEN_MESSAGE).into();
        let expected = json!({ "code": "FORBIDDEN", "message": FORBIDDEN_MESSAGE, "event": "announce" });
        assert_eq!(told(forbidden).await, expected);

        let coded =
            WsException::from_value(json!({ "code": "EXPIRED_TOKEN", "message": "Token has expired" }))
                .into();
        assert_eq!(told(coded).await["code"], "EXPIRED_TOKEN");
        assert_eq!(told(WsException::new("no").into()).await["code"], "BAD_REQUEST");
    }

    #[tokio::test]
    async fn broken_rules_are_listed() {
        let errors =
            json!([{ "property": "title", "constraints": { "length": "too short" }, "children": [] }]);
        let exception = json!({ "status": "error", "message": ["too short", "too late"], "errors": errors });
        let told = told(WsException::from_value(exception).into()).await;
        assert_eq!(told["code"], "VALIDATION_FAILED");
        assert_eq!(told["message"], "too short, too late");
        assert_eq!(told["errors"], errors);
    }

    #[tokio::test]
    async fn what_is_not_meant_for_clients_is_not_told() {
        let told = told(std::io::Error::other("the password of the database").into()).await;
        assert_eq!(
            (&told["code"], &told["message"]),
            (&json!("INTERNAL_ERROR"), &json!(UNKNOWN_EXCEPTION_MESSAGE))
        );
    }
}
