//! Engine.IO and Socket.IO packets that no client should send, over a WebSocket that has joined the main namespace.

use super::joined;
use crate::support::wire::Case;

pub(super) const CASES: &[Case] = &[
    joined!("an empty text", "w > ", "w <close -"),
    joined!("an Engine.IO type that there is not", "w > 9", "w <close -"),
    joined!("a NUL for an Engine.IO type", r"w > \x00\x00\x00", "w <close -"),
    joined!("a megabyte that is no packet", "w > {{x*999999}}", "w <close -"),
    joined!("a ping from the client", "w > 2", "w <close -"),
    joined!("a probe at the wrong time", "w > 2probe", "w <close -"),
    joined!("base64 that is none", "w > b!!!!", "w <close -"),
    joined!("a megabyte of base64 for nobody", "w > b{{AAAA*200000}}", "w <close -"),
    joined!("open packets", "w > 0", r#"w > 0{"sid":"x"}"#, r#"w > 420["echo",1]"#, "w < 430[1]"),
    joined!("upgrade packets", "w > 5", "w > 5", r#"w > 420["echo",1]"#, "w < 430[1]"),
    joined!(
        "a thousand noops in a row",
        r"w raw {{\x81\x81\x00\x00\x00\x006*1000}}",
        r#"w > 420["echo",1]"#,
        "w < 430[1]"
    ),
    joined!(
        "a thousand pongs in a row",
        r"w raw {{\x81\x81\x00\x00\x00\x003*1000}}",
        r#"w > 420["echo",1]"#,
        "w < 430[1]"
    ),
    joined!("a message without a packet", "w > 4", "w <close -"),
    joined!("a Socket.IO type that there is not", "w > 47", "w <close -"),
    joined!("a packet that only servers send", "w > 44{}", "w <close -"),
    joined!("an event without a payload", "w > 42", "w <close -"),
    joined!("an event of an object", "w > 42{}", "w <close -"),
    joined!("an event of nothing", "w > 42[]", "w <close -"),
    joined!("an event of null", "w > 42[null]", "w <close -"),
    joined!("an event whose name is an object", r#"w > 42[{"length":1e9}]"#, "w <close -"),
    joined!("the name connect", r#"w > 42["connect"]"#, "w <close -"),
    joined!("the name disconnect", r#"w > 42["disconnect"]"#, "w <close -"),
    joined!("the name disconnecting", r#"w > 42["disconnecting"]"#, "w <close -"),
    joined!("the name newListener", r#"w > 42["newListener"]"#, "w <close -"),
    joined!("the name removeListener", r#"w > 42["removeListener"]"#, "w <close -"),
    joined!("the name disconnect, escaped", r#"w > 42["disc\u006fnnect"]"#, "w <close -"),
    joined!("the name __proto__", r#"w > 420["__proto__",1]"#, r#"w > 421["echo",1]"#, "w < 431[1]"),
    joined!("a name of a megabyte", r#"w > 42["{{e*990000}}",1]"#, r#"w <close -"#),
    joined!(
        "a name of a thousand bytes, that nobody handles",
        r#"w > 42["{{e*1000}}",1]"#,
        r#"w > 421["echo",1]"#,
        r#"w < 431[1]"#
    ),
    joined!("an empty name", r#"w > 42[""]"#, r#"w > 421["echo",1]"#, "w < 431[1]"),
    joined!("a name with a NUL", r#"w > 42["a\u0000b"]"#, r#"w > 421["echo",1]"#, "w < 431[1]"),
    joined!("a name that is a lone surrogate", r#"w > 42["\ud800"]"#, "w <close -"),
    joined!("a lone surrogate in a body", r#"w > 420["echo","\ud800"]"#, r#"w < 42["exception",<*>"#),
    joined!("a lone surrogate in a key", r#"w > 420["echo",{"\udfff":1}]"#, r#"w < 42["exception",<*>"#),
    joined!("a NUL in a body", r#"w > 420["echo","\u0000"]"#, r#"w < 430["\u0000"]"#),
    joined!(
        "names of numbers",
        "w > 42[1e308]",
        "w > 42[-0]",
        "w > 42[123456789012345678901234567890]",
        r#"w > 421["echo",1]"#,
        "w < 431[1]"
    ),
    joined!("a hundred thousand arguments", r#"w > 42["echo"{{,1*100000}}]"#, r#"w <close -"#),
    joined!("a thousand arguments", r#"w > 420["echo"{{,1*1000}}]"#, r#"w < 430[[1,1<*>"#),
    joined!("a hundred thousand arguments and an ack", r#"w > 420["echo"{{,1*100000}}]"#, r#"w <close -"#),
    joined!("a hundred thousand keys", r#"w > 420["json",{"a":1{{,"a":1*90000}}}]"#, r#"w < 430[{"a":1}]"#),
    joined!("a megabyte of [", "w > 42{{[*999997}}", "w <close -"),
    joined!("a megabyte of [ as an argument", r#"w > 42["echo",{{[*999980}}"#, "w <close -"),
    joined!(
        "deep and balanced, for an untyped handler",
        r#"w > 420["echo",{{[*400000}}{{]*400000}}]"#,
        r#"w <close -"#
    ),
    joined!(
        "deep and balanced, for a JSON handler",
        r#"w > 420["json",{{[*400000}}{{]*400000}}]"#,
        r#"w <close -"#
    ),
    joined!(
        "as deep as is allowed",
        r#"w > 420["json",{{[*127}}{{]*127}}]"#,
        r#"w < 430[{{[*127}}{{]*127}}]"#
    ),
    joined!(
        "deep and balanced, for a typed handler",
        r#"w > 420["typed",{{[*400000}}{{]*400000}}]"#,
        r#"w <close -"#
    ),
    joined!(
        "deep and balanced, by a key",
        r#"w > 420["key",{"key":{{[*400000}}{{]*400000}}}]"#,
        r#"w <close -"#
    ),
    joined!("deep objects", r#"w > 420["json",{{{"a":*150000}}1{{}*150000}}]"#, r#"w <close -"#),
    joined!(
        "deep and balanced, in an unknown event",
        r#"w > 42["nobody",{{[*400000}}{{]*400000}}]"#,
        r#"w <close -"#
    ),
    joined!(
        "deep and balanced, with an attachment",
        r#"w > 451-0["echo",{{[*400000}}{{]*400000}}]"#,
        "w >b x",
        "w <gone"
    ),
    joined!("deep and balanced auth", "w > 40/chat,{{{\"a\":*100000}}1{{}*100000}}", "w <close -"),
    joined!(
        "a deep acknowledgement",
        r#"w > 42["ask",1]"#,
        r#"w < 42<q>["question",1]"#,
        r#"w > 43<q>[{{[*400000}}{{]*400000}}]"#,
        r#"w <close -"#
    ),
    joined!(
        "keys of JavaScript's own",
        r#"w > 420["json",{"__proto__":{"x":1},"constructor":{"prototype":{"y":1}}}]"#,
        r#"w < 430[{"__proto__":{"x":1},"constructor":{"prototype":{"y":1}}}]"#
    ),
    joined!("numbers of a thousand digits", r#"w > 420["json",{{9*1000}}]"#, "w <until <*>"),
    joined!("a number of 1e999999", r#"w > 420["json",1e999999]"#, "w <until <*>"),
    joined!(
        "a wrong type for a typed handler",
        r#"w > 420["typed",{"name":1,"number":256}]"#,
        r#"w < 42["exception",<*>"#
    ),
    joined!("no body for a typed handler", r#"w > 420["typed"]"#, r#"w < 42["exception",<*>"#),
    joined!("a million blanks", r#"w > 420[{{ *900000}}"echo",1]"#, "w < 430[1]"),
    joined!("an ack id of twenty digits", r#"w > 4299999999999999999999["echo",1]"#, "w <close -"),
    joined!("an ack id of a megabyte", r#"w > 42{{9*900000}}["echo",1]"#, "w <close -"),
    joined!(
        "acks for unknown ids",
        "w > 430[]",
        "w > 431[1]",
        "w > 4318446744073709551615[1]",
        r#"w > 421["echo",1]"#,
        "w < 431[1]"
    ),
    joined!(
        "a duplicate ack",
        r#"w > 42["ask",1]"#,
        r#"w < 42<q>["question",1]"#,
        "w > 43<q>[1]",
        "w > 43<q>[2]",
        r#"w < 42["answered",1]"#,
        r#"w > 421["echo",1]"#,
        "w < 431[1]"
    ),
    joined!(
        "an ack of nothing",
        r#"w > 42["ask",1]"#,
        r#"w < 42<q>["question",1]"#,
        "w > 43<q>[]",
        r#"w > 421["echo",1]"#,
        "w <until 431[1]"
    ),
    joined!(
        "an ack of a hundred thousand values",
        r#"w > 42["ask",1]"#,
        r#"w < 42<q>["question",1]"#,
        r#"w > 43<q>[1{{,1*100000}}]"#,
        r#"w <close -"#
    ),
    joined!("an ack that never comes", r#"w > 42["ask",1]"#, r#"w < 42<q>["question",1]"#, "w cut"),
    joined!("an ack that is no array", "w > 430{}", "w <close -"),
    joined!(
        "attachments that never come",
        r#"w > 4510-["echo",{"_placeholder":true,"num":0}]"#,
        "w >b x",
        "w cut"
    ),
    joined!("too many attachments announced", r#"w > 4511-["echo",1]"#, "w <close -"),
    joined!("2^64 attachments", r#"w > 4518446744073709551616-["echo",1]"#, "w <close -"),
    joined!("no attachments", r#"w > 450-["echo",1]"#, "w <close -"),
    joined!("minus one attachments", r#"w > 45-1-["echo",1]"#, "w <close -"),
    joined!("a megabyte of digits for attachments", r#"w > 45{{9*900000}}-["echo",1]"#, "w <close -"),
    joined!("a binary frame for nobody", "w >b {{x*900000}}", "w <close -"),
    joined!(
        "an attachment too many",
        r#"w > 451-["echo",{"_placeholder":true,"num":0}]"#,
        "w >b x",
        "w >b y",
        "w <close -"
    ),
    joined!(
        "a text between attachments",
        r#"w > 452-["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#,
        "w >b x",
        r#"w > 42["echo",1]"#,
        "w <close -"
    ),
    joined!(
        "a placeholder out of range",
        r#"w > 451-["echo",{"_placeholder":true,"num":1}]"#,
        "w >b x",
        "w <close -"
    ),
    joined!(
        "a placeholder of -1",
        r#"w > 451-["echo",{"_placeholder":true,"num":-1}]"#,
        "w >b x",
        "w <close -"
    ),
    joined!(
        "a placeholder of half",
        r#"w > 451-["echo",{"_placeholder":true,"num":0.5}]"#,
        "w >b x",
        "w <close -"
    ),
    joined!(
        "a placeholder of 1e9",
        r#"w > 451-["echo",{"_placeholder":true,"num":1000000000}]"#,
        "w >b x",
        "w <close -"
    ),
    joined!(
        "a placeholder of a text",
        r#"w > 451-["echo",{"_placeholder":true,"num":"0"}]"#,
        "w >b x",
        "w <close -"
    ),
    joined!(
        "a placeholder without a number",
        r#"w > 451-["echo",{"_placeholder":true}]"#,
        "w >b x",
        "w <close -"
    ),
    joined!(
        "a placeholder with two numbers",
        r#"w > 451-0["echo",{"_placeholder":true,"num":7,"num":0}]"#,
        "w >b x",
        "w <until 461-0<*>"
    ),
    joined!(
        "twenty thousand placeholders of one attachment",
        r#"w > 451-0["json",[0{{,{"_placeholder":true,"num":0}*20000}}]]"#,
        "w >b x",
        "w <until <*>"
    ),
    joined!(
        "ten thousand copies of an attachment of 100 kB",
        r#"w > 451-0["echo",[0{{,{"_placeholder":true,"num":0}*10000}}]]"#,
        "w >b {{x*100000}}",
        "w <gone"
    ),
    joined!(
        "a placeholder in a text packet",
        r#"w > 420["echo",{"_placeholder":true,"num":0}]"#,
        "w <until <*>"
    ),
    joined!("an event of a namespace that was not joined", r#"w > 42/chat,["echo",1]"#, "w <close -"),
    joined!("a second CONNECT", "w > 40", "w <close -"),
    joined!(
        "a namespace of a megabyte",
        "w > 40/{{n*900000}},",
        "w < 44/<*>",
        r#"w > 421["echo",1]"#,
        "w < 431[1]"
    ),
    joined!(
        "a namespace with a NUL and quotes",
        "w > 40/a\"\\\\x00b,",
        "w < 44/<*>",
        r#"w > 421["echo",1]"#,
        "w < 431[1]"
    ),
    joined!(
        "a namespace like a path",
        "w > 40/../../etc/passwd,",
        "w < 44/<*>",
        r#"w > 421["echo",1]"#,
        "w < 431[1]"
    ),
    joined!("auth of a megabyte", r#"w > 40/chat,{"token":"{{x*900000}}"}"#, "w < 40/chat,<*>"),
    joined!("auth that is an array", "w > 40/chat,[]", "w <close -"),
    joined!(
        "a refusal that repeats a large auth",
        r#"w > 40/closed,{"token":"{{x*500000}}"}"#,
        "w < 44/closed,<*>"
    ),
    joined!("a client that goes while it is decided on", "w > 40/closed,", "w cut"),
    joined!(
        "a second CONNECT while it is decided on",
        r#"w > 40/closed,{"patient":true}"#,
        r#"w > 40/closed,{"patient":true}"#,
        "w <close -"
    ),
    joined!(
        "a DISCONNECT while it is decided on",
        r#"w > 40/closed,{"patient":true}"#,
        "w > 41/closed,",
        "w <close -"
    ),
    joined!("a DISCONNECT with a payload", "w > 41{}", "w <close -"),
    joined!("two DISCONNECTs", "w > 41", "w > 41", "w <close -"),
    joined!(
        "handlers that panic",
        "w > 40/throwing,",
        "w < 40/throwing,<*>",
        r#"w > 42/throwing,["panic"]"#,
        r#"w < 42/throwing,["exception",<*>"#,
        r#"w > 42/throwing,["panic later"]"#,
        r#"w < 42/throwing,["exception",<*>"#,
        "w > 41/throwing,",
        r#"w > 421["echo",1]"#,
        "w < 431[1]"
    ),
    joined!(
        "a connection hook that panics",
        r#"w > 40/throwing,{"panic":true}"#,
        "w < 40/throwing,<*>",
        "w <until 42/throwing,<*>",
        r#"w > 421["echo",1]"#,
        "w < 431[1]"
    ),
    joined!(
        "a thousand handlers that fail",
        "w > 40/throwing,",
        "w < 40/throwing,<*>",
        r#"w raw {{\x81\x97\x00\x00\x00\x0042/throwing,["fail",12]*1000}}"#,
        r#"w > 421["echo",1]"#,
        "w <until 431[1]"
    ),
    joined!(
        "messages after the server's disconnect",
        r#"w > 42["leave"]"#,
        "w < 41",
        r#"w > 42["echo",1]"#,
        "w <close -"
    ),
    joined!(
        "messages after the server's close",
        r#"w > 42["close"]"#,
        r#"w > 420["echo",1]"#,
        "w < 41",
        "w <close -"
    ),
    joined!("a room of a megabyte", r#"w > 420["join","{{r*900000}}"]"#, "w < 430[true]"),
    joined!("a room like a socket's id", r#"w > 420["join","<socket>"]"#, "w < 430[true]"),
    joined!(
        "a hundred thousand events to a client that does not read",
        r#"w > 42["burst",100000]"#,
        r#"w > 42["burst",100000]"#,
        r#"w > 42["burst",100000]"#,
        "w <gone"
    ),
];
