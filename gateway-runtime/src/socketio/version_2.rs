//! What clients of Socket.IO 2 (protocol 4, over Engine.IO 3) are told otherwise than those of today.
//!
//! They are in the main namespace without asking, know the ids of their sockets themselves, and have the
//! query of a namespace's address instead of an auth payload. Pure functions; everything else of the
//! protocol is the same.

use gateway_core::{ConnectError, Frames, Parser};
use serde_json::Value;

use super::encoder::control;

/// The answer to a CONNECT.
pub(super) fn connected(parser: Parser, namespace: &str) -> Frames {
    control(parser, b'0', namespace, None::<&()>)
}

/// The refusal of a CONNECT: the data alone, or the message if there is none.
pub(super) fn connect_error(parser: Parser, namespace: &str, error: &ConnectError) -> Frames {
    match &error.data {
        Some(data) if is_truthy(data) => control(parser, b'4', namespace, Some(data)),
        _ => control(parser, b'4', namespace, Some(&error.message)),
    }
}

/// What JavaScript's `||` takes.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

/// The id of a socket, which the client makes of the session's in the same way.
pub(super) fn socket_id(session: &str, namespace: &str) -> String {
    if namespace == "/" { session.to_owned() } else { format!("{namespace}#{session}") }
}

/// The name and the query of what a packet has as namespace.
pub(super) fn split(namespace: &str) -> (&str, Option<&str>) {
    match namespace.split_once('?') {
        Some((name, query)) => (name, Some(query)),
        None => (namespace, None),
    }
}

/// What the auth payload of a namespace is: the parameters of its query; of a repeated one the last counts.
pub(super) fn auth(query: &str) -> Value {
    let parameters = form_urlencoded::parse(query.as_bytes());
    Value::Object(parameters.map(|(name, value)| (name.into_owned(), value.into())).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn packets_as_the_reference_server_has_them() {
        assert_eq!(
            (connected(Parser::Default, "/").as_str(), connected(Parser::Default, "/chat").as_str()),
            ("40", "40/chat,")
        );
        let error = ConnectError::new("no \"token\"");
        assert_eq!(connect_error(Parser::Default, "/chat", &error).as_str(), r#"44/chat,"no \"token\"""#);
        assert_eq!(
            connect_error(Parser::Default, "/", &error.clone().with_data(json!(0))).as_str(),
            r#"44"no \"token\"""#
        );
        assert_eq!(
            connect_error(Parser::Default, "/", &error.with_data(json!({"code": 1}))).as_str(),
            r#"44{"code":1}"#
        );
    }

    #[test]
    fn ids_are_those_that_the_client_makes() {
        assert_eq!(socket_id("abc", "/"), "abc");
        assert_eq!(socket_id("abc", "/admin"), "/admin#abc");
    }

    #[test]
    fn a_namespace_may_have_a_query() {
        assert_eq!(split("/admin"), ("/admin", None));
        assert_eq!(split("/admin?a=1?&b="), ("/admin", Some("a=1?&b=")));
        assert_eq!(auth("a=1&b=x%20y%2C+z&a=2"), json!({"a": "2", "b": "x y, z"}));
        assert_eq!(auth(""), json!({}));
    }
}
