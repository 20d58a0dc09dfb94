//! The scenarios in which ours is meant to tell clients something else than NestJS, each with the rule and with what
//! ours tells them.
//!
//! It must never list what has no rule: that is a mistake of ours.

use serde_json::{Value, json};

use super::{Adapter, Setup};

/// Scenarios that differ in the same way.
pub(super) struct Difference {
    pub(super) scenarios: &'static [&'static str],
    /// Where it differs.
    place: Place,
    /// Why.
    pub(super) rule: &'static str,
    /// What ours tells, as JSON: with Socket.IO, and to be translated for plain WebSocket.
    ours: &'static str,
    /// The scenario sends its message with an acknowledgement and without.
    both_ways: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Everywhere,
    Io,
    Ws,
    GlobalEnhancers,
}

impl Difference {
    pub(super) fn is_for(&self, adapter: Adapter, setup: Setup) -> bool {
        match self.place {
            Place::Everywhere => true,
            Place::Io => adapter == Adapter::Io,
            Place::Ws => adapter == Adapter::Ws,
            Place::GlobalEnhancers => setup == Setup::GlobalEnhancers,
        }
    }

    pub(super) fn concerns(&self, scenario: &str, adapter: Adapter, setup: Setup) -> bool {
        self.is_for(adapter, setup) && self.scenarios.contains(&scenario)
    }

    /// What clients are told.
    pub(super) fn expected(&self, adapter: Adapter) -> Vec<Value> {
        let once: Vec<Value> = serde_json::from_str(self.ours).expect("the table holds JSON");
        let again = once.iter().filter(|entry| adapter == Adapter::Ws || entry.get("ack").is_none()).cloned();
        let again: Vec<_> = if self.both_ways { again.collect() } else { Vec::new() };
        let entries = once.iter().chain(&again);
        match adapter {
            Adapter::Io => entries.cloned().collect(),
            Adapter::Ws => entries.map(as_frame).collect(),
        }
    }
}

/// The frame of plain WebSocket in the place of an event or an acknowledgement; anything else is the same.
fn as_frame(entry: &Value) -> Value {
    let argument = &entry["args"][0];
    match (entry.get("event"), entry.get("ack")) {
        (Some(event), _) => json!({ "frame": { "event": event, "data": argument } }),
        (None, Some(_)) => json!({ "frame": argument }),
        (None, None) => entry.clone(),
    }
}

const TYPED_BODIES: &str =
    "a body that does not decode is a `WsException` that names the field and what was expected";
const FACTORIES: &str = "messages of pipes reach the client without an `exception_factory`";
const ONLY_WS_RESPONSE: &str = "only the type `WsResponse` emits, and it stays one";
const NULL_IS_NOTHING: &str =
    "`()`, `None` and `null` are the same, and send nothing; JSON has no NaN but null";
const BOTH_HANDLERS: &str =
    "two methods on one event both run, on plain WebSocket as well, one after the other";
const PARAMETERS_IN_ORDER: &str =
    "parameters are taken in the order of the signature (NestJS: the last one first)";
const UNTYPED_PIPES: &str = "a gateway's pipe maps the body once, before parameters are taken from it";
const CONNECTIONS: &str = "guards on the connection, and errors in `handle_connection`, reach the client";

/// Our rules, and what follows from them.
pub(super) const DIFFERENT_ON_PURPOSE: &[Difference] = &[
    Difference {
        scenarios: &["arguments/required-key/missing"],
        place: Place::Everywhere,
        rule: TYPED_BODIES,
        ours: r#"[{"event":"exception","args":[{"status":"error","message":"name: missing, expected String",
            "cause":{"pattern":"arguments/required-key","data":{}}}]}]"#,
        both_ways: true,
    },
    Difference {
        scenarios: &["arguments/required-key/of another type"],
        place: Place::Everywhere,
        rule: TYPED_BODIES,
        ours: r#"[{"event":"exception","args":[{"status":"error",
            "message":"name: invalid type: integer `7`, expected a string",
            "cause":{"pattern":"arguments/required-key","data":{"name":7}}}]}]"#,
        both_ways: true,
    },
    Difference {
        scenarios: &["validation/gateway/no body"],
        place: Place::Everywhere,
        rule: TYPED_BODIES,
        ours: r#"[{"event":"exception","args":[{"status":"error","message":"missing, expected SignUp",
            "cause":{"pattern":"validation/gateway"}}]}]"#,
        both_ways: false,
    },
    Difference {
        scenarios: &["validation/gateway/a missing property"],
        place: Place::Everywhere,
        rule: TYPED_BODIES,
        ours: r#"[{"event":"exception","args":[{"status":"error","message":"missing field `name`",
            "cause":{"pattern":"validation/gateway",
                "data":{"email":"ann@chat.example","address":{"number":1}}}}]}]"#,
        both_ways: false,
    },
    Difference {
        scenarios: &["validation/method/a missing property"],
        place: Place::Everywhere,
        rule: TYPED_BODIES,
        ours: r#"[{"event":"exception","args":[{"status":"error","message":"missing field `name`",
            "cause":{"pattern":"validation/method",
                "data":{"email":"ann@chat.example","address":{"number":1}}}}]}]"#,
        both_ways: false,
    },
    Difference {
        scenarios: &["validation/parameter/a missing property"],
        place: Place::Everywhere,
        rule: TYPED_BODIES,
        ours: r#"[{"event":"exception","args":[{"status":"error","message":"missing field `name`",
            "cause":{"pattern":"validation/parameter",
                "data":{"email":"ann@chat.example","address":{"number":1}}}}]}]"#,
        both_ways: false,
    },
    Difference {
        scenarios: &["validation/gateway/a wrong type"],
        place: Place::Everywhere,
        rule: TYPED_BODIES,
        ours: r#"[{"event":"exception","args":[{"status":"error",
            "message":"name: invalid type: integer `7`, expected a string",
            "cause":{"pattern":"validation/gateway",
                "data":{"email":"ann@chat.example","name":7,"address":{"number":1}}}}]}]"#,
        both_ways: false,
    },
    Difference {
        scenarios: &["validation/method/a wrong type"],
        place: Place::Everywhere,
        rule: TYPED_BODIES,
        ours: r#"[{"event":"exception","args":[{"status":"error",
            "message":"name: invalid type: integer `7`, expected a string",
            "cause":{"pattern":"validation/method",
                "data":{"email":"ann@chat.example","name":7,"address":{"number":1}}}}]}]"#,
        both_ways: false,
    },
    Difference {
        scenarios: &["validation/parameter/a wrong type"],
        place: Place::Everywhere,
        rule: TYPED_BODIES,
        ours: r#"[{"event":"exception","args":[{"status":"error",
            "message":"name: invalid type: integer `7`, expected a string",
            "cause":{"pattern":"validation/parameter",
                "data":{"email":"ann@chat.example","name":7,"address":{"number":1}}}}]}]"#,
        both_ways: false,
    },
    Difference {
        scenarios: &["validation/default-exception/bad"],
        place: Place::Everywhere,
        rule: FACTORIES,
        ours: r#"[{"event":"exception","args":[{"status":"error","message":["number must not be less than 1"],
            "errors":[{"property":"number","constraints":{"range":"number must not be less than 1"},"children":[]}]}]}]"#,
        both_ways: false,
    },
    Difference {
        scenarios: &["pipes/int-default-exception/a text"],
        place: Place::Everywhere,
        rule: FACTORIES,
        ours: r#"[{"event":"exception","args":[{"status":"error",
            "message":"Validation failed (numeric string is expected)",
            "cause":{"pattern":"pipes/int-default-exception","data":{"value":"x"}}}]}]"#,
        both_ways: true,
    },
    Difference {
        scenarios: &["pipes/int-default-exception/no value"],
        place: Place::Everywhere,
        rule: FACTORIES,
        ours: r#"[{"event":"exception","args":[{"status":"error",
            "message":"Validation failed (numeric string is expected)",
            "cause":{"pattern":"pipes/int-default-exception","data":{}}}]}]"#,
        both_ways: true,
    },
    Difference {
        scenarios: &["pipes/int-default-exception/no body"],
        place: Place::Everywhere,
        rule: FACTORIES,
        ours: r#"[{"event":"exception","args":[{"status":"error",
            "message":"Validation failed (numeric string is expected)",
            "cause":{"pattern":"pipes/int-default-exception"}}]}]"#,
        both_ways: true,
    },
    Difference {
        scenarios: &["replies/nan", "replies/nan/async"],
        place: Place::Everywhere,
        rule: NULL_IS_NOTHING,
        ours: "[]",
        both_ways: true,
    },
    Difference {
        scenarios: &["interceptors/transform-nothing"],
        place: Place::Everywhere,
        rule: NULL_IS_NOTHING,
        ours: r#"[{"ack":"interceptors/transform-nothing","args":[{"data":null}]}]"#,
        both_ways: true,
    },
    Difference {
        scenarios: &["interceptors/transform-response"],
        place: Place::Everywhere,
        rule: ONLY_WS_RESPONSE,
        ours: r#"[{"event":"item","args":[{"data":1}]}]"#,
        both_ways: true,
    },
    Difference {
        scenarios: &["replies/lookalike"],
        place: Place::Io,
        rule: ONLY_WS_RESPONSE,
        ours: r#"[{"ack":"replies/lookalike","args":[{"event":"answer","data":1}]}]"#,
        both_ways: true,
    },
    Difference {
        scenarios: &["replies/echo/a lookalike"],
        place: Place::Io,
        rule: ONLY_WS_RESPONSE,
        ours: r#"[{"ack":"replies/echo","args":[{"event":"answer","data":"chosen by the client"}]}]"#,
        both_ways: true,
    },
    Difference {
        // NestJS runs both here as well, and acknowledges when the second has run.
        scenarios: &["twice/both"],
        place: Place::Io,
        rule: BOTH_HANDLERS,
        ours: r#"[{"event":"from","args":["the first"]},{"ack":"twice/both","args":["the first"]},
            {"event":"from","args":["the second"]}]"#,
        both_ways: true,
    },
    Difference {
        scenarios: &["twice/both"],
        place: Place::Ws,
        rule: BOTH_HANDLERS,
        ours: r#"[{"event":"from","args":["the first"]},{"frame":"the first"},
            {"event":"from","args":["the second"]},{"frame":"the second"}]"#,
        both_ways: true,
    },
    Difference {
        scenarios: &["twice/slow-and-fast"],
        place: Place::Ws,
        rule: BOTH_HANDLERS,
        ours: r#"[{"frame":"the fast one"},{"frame":"the slow one"}]"#,
        both_ways: true,
    },
    Difference {
        scenarios: &["twice/failing-and-fine"],
        place: Place::Ws,
        rule: BOTH_HANDLERS,
        ours: r#"[{"event":"exception","args":[{"status":"error","message":"the first fails",
            "cause":{"pattern":"twice/failing-and-fine"}}]},{"frame":"the second"}]"#,
        both_ways: true,
    },
    Difference {
        scenarios: &["orders/two-parameters"],
        place: Place::Everywhere,
        rule: PARAMETERS_IN_ORDER,
        ours: r#"[{"ack":"orders/two-parameters","args":["A B"]},{"log":["a: \"A\"","b: \"B\"","b: \"B\""]}]"#,
        both_ways: false,
    },
    Difference {
        scenarios: &["pipes/two-fail"],
        place: Place::Everywhere,
        rule: PARAMETERS_IN_ORDER,
        ours: r#"[{"event":"exception","args":[{"status":"error","message":"a is wrong",
            "cause":{"pattern":"pipes/two-fail","data":{"a":"x","b":"y"}}}]}]"#,
        both_ways: false,
    },
    Difference {
        scenarios: &["orders/gateway-pipe-and-key"],
        place: Place::Everywhere,
        rule: UNTYPED_PIPES,
        ours: r#"[{"ack":"orders/gateway-pipe-and-key","args":["A"]},{"log":["body: {\"a\":\"A\",\"b\":\"B\"}"]}]"#,
        both_ways: false,
    },
    Difference {
        scenarios: &["pipes/gateway-and-key"],
        place: Place::Everywhere,
        rule: UNTYPED_PIPES,
        ours: r#"[{"ack":"pipes/gateway-and-key","args":[{"value":21}]}]"#,
        both_ways: false,
    },
    Difference {
        scenarios: &["lists/repeated"],
        place: Place::Everywhere,
        rule: "several lists of one attribute are read as one, from top to bottom (decorators: the lowest one first)",
        ours: r#"[{"ack":"lists/repeated","args":["done"]},{"log":["guard gateway upper","guard gateway lower",
            "guard method upper","guard method lower","interceptor method upper before",
            "interceptor method lower before","handler","interceptor method lower after",
            "interceptor method upper after"]}]"#,
        both_ways: false,
    },
    Difference {
        scenarios: &["filters/none/no-room"],
        place: Place::GlobalEnhancers,
        rule: "global filters apply too (NestJS has none for gateways)",
        ours: r#"[{"event":"caught","args":[{"by":"global 2","what":"no such room"}]},
            {"log":["filter global 2 for NoSuchRoom"]}]"#,
        both_ways: false,
    },
    Difference {
        scenarios: &["connections/guarded-connection"],
        place: Place::Io,
        rule: CONNECTIONS,
        ours: r#"[{"connect_error":{"message":"Forbidden resource"}}]"#,
        both_ways: false,
    },
    Difference {
        scenarios: &["connections/guarded-connection"],
        place: Place::Ws,
        rule: CONNECTIONS,
        ours: r#"[{"refused":403}]"#,
        both_ways: false,
    },
    Difference {
        scenarios: &["connections/failing-hook"],
        place: Place::Everywhere,
        rule: CONNECTIONS,
        ours: r#"[{"connected":true},{"event":"exception","args":[{"status":"error","message":"not today",
            "cause":{"pattern":"handleConnection"}}]}]"#,
        both_ways: false,
    },
];
