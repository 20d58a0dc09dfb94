//! Socket.IO: events and acknowledgements, with and without binary, right and wrong.

use super::on_both;
use crate::support::wire::Case;

/// Of a client in the main namespace, whose session goes on.
const EVENTS: &[Case] = &[
    Case {
        name: "JSON of every kind comes back as it was",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 420["echo","text"]
            w < 430["text"]
            w > 421["echo",{"a":[1,2.5,true,false,null,"b"],"c":{}}]
            w < 431[{"a":[1,2.5,true,false,null,"b"],"c":{}}]
            w > 422["echo",[]]
            w < 432[[]]
            w > 423["echo",false]
            w < 433[false]
            w > 424["echo",0]
            w < 434[0]
            w > 425["echo",""]
            w < 435[""]
            w > 426["echo","\u00e4\ud83d\ude00\n\"\\"]
            w < 436["ä😀\n\"\\"]
        "#,
    },
    Case {
        name: "blanks between the tokens",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 420[ "echo" , { "a" : [ 1 , 2 ] } ]
            w < 430[{"a":[1,2]}]
        "#,
    },
    Case {
        name: "an event without an ack id is not acknowledged",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 42["echo",1]
            w > 420["echo",2]
            w < 430[2]
        "#,
    },
    Case {
        name: "an event that nobody subscribes to",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 420["nobody",1]
            w > 42[""]
            w > 42["__proto__",{}]
            w > 42["constructor",{}]
            w > 42["toString",{}]
            w > 42["hasOwnProperty",{}]
            w > 42["error",1]
            w > 42["message",1]
            w > 421["echo",1]
            w < 431[1]
        "#,
    },
    Case {
        name: "ack ids: 0, many digits, twice the same",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 42007["echo",1]
            w < 437[1]
            w > 429007199254740991["echo",2]
            w < 439007199254740991[2]
            w > 421["echo",3]
            w > 421["echo",4]
            w < 431[3]
            w < 431[4]
        "#,
    },
    Case {
        name: "the server emits, and asks",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 42["say",{"a":1}]
            w < 42["said",{"a":1}]
            w > 42["ask",1]
            w < 42<q1>["question",1]
            w > 43<q1>["answer"]
            w < 42["answered","answer"]
            w > 42["ask",2]
            w < 42<q2>["question",2]
            w > 42["ask",3]
            w < 42<q3>["question",3]
            w > 43<q3>["three"]
            w < 42["answered","three"]
            w > 43<q2>["two"]
            w < 42["answered","two"]
        "#,
    },
    Case {
        name: "acknowledgements that nobody waits for, twice, without a number",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 430[]
            w > 4399999["x"]
            w > 43[1]
            w > 42["ask",1]
            w < 42<q>["question",1]
            w > 43<q>["first"]
            w > 43<q>["second"]
            w < 42["answered","first"]
            w > 420["echo",1]
            w < 430[1]
        "#,
    },
    Case {
        name: "an acknowledgement of another namespace is not this one's",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 40/chat,
            w < 40/chat,{"sid":"<two>"}
            w > 42["ask",1]
            w < 42<q>["question",1]
            w > 43/chat,<q>["wrong"]
            w > 43<q>["right"]
            w < 42["answered","right"]
        "#,
    },
    Case {
        name: "events of a namespace",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40/chat,
            w < 40/chat,{"sid":"<one>"}
            w > 42/chat,12["echo",1]
            w < 43/chat,12[1]
            w > 42/chat,["say",2]
            w < 42/chat,["said",2]
            w > 42/chat,["ask",3]
            w < 42/chat,<q>["question",3]
            w > 43/chat,<q>["yes"]
            w < 42/chat,["answered","yes"]
        "#,
    },
    Case {
        name: "a number as the name of an event",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 420[7]
            w < 430["seven"]
            w > 421["7"]
            w < 431["seven"]
            w > 42[-1.5]
            w > 42[1e400]
            w > 422["echo",1]
            w < 432[1]
        "#,
    },
    Case {
        name: "keys of JavaScript's own in a body",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 420["echo",{"__proto__":{"x":1},"constructor":2,"toJSON":3,"hasOwnProperty":4}]
            w < 430[{"__proto__":{"x":1},"constructor":2,"toJSON":3,"hasOwnProperty":4}]
        "#,
    },
    Case {
        name: "deep nesting",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 420["echo",{{[*100}}{{]*100}}]
            w < 430[{{[*100}}{{]*100}}]
        "#,
    },
    Case {
        name: "binary, alone and inside, one and two",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 451-0["echo",{"_placeholder":true,"num":0}]
            w >b \x00\xff
            w < 461-0[{"_placeholder":true,"num":0}]
            w <b \x00\xff
            w > 452-1["echo",{"a":{"_placeholder":true,"num":0},"b":[{"_placeholder":true,"num":1}]}]
            w >b one
            w >b two
            w < 462-1[{"a":{"_placeholder":true,"num":0},"b":[{"_placeholder":true,"num":1}]}]
            w <b one
            w <b two
        "#,
    },
    Case {
        name: "an empty attachment",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 451-0["echo",{"_placeholder":true,"num":0}]
            w >b 
            w < 461-0[{"_placeholder":true,"num":0}]
            w <b 
        "#,
    },
    Case {
        name: "placeholders in another order than the attachments, and twice the same",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 452-0["echo",[{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]]
            w >b one
            w >b two
            w < 462-0[[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]]
            w <b two
            w <b one
            w > 451-1["echo",[{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]]
            w >b one
            w < 462-1[[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]]
            w <b one
            w <b one
        "#,
    },
    Case {
        name: "attachments that no placeholder stands for",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 451-0["echo","nothing"]
            w >b unused
            w < 430["nothing"]
        "#,
    },
    Case {
        name: "an event with binary to a namespace, and from the server",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40/chat,
            w < 40/chat,{"sid":"<one>"}
            w > 451-/chat,["say",{"_placeholder":true,"num":0}]
            w >b bytes
            w < 451-/chat,["said",{"_placeholder":true,"num":0}]
            w <b bytes
        "#,
    },
    Case {
        name: "an acknowledgement with binary",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 42["ask",1]
            w < 42<q>["question",1]
            w > 461-<q>[{"_placeholder":true,"num":0}]
            w >b bytes
            w < 451-["answered",{"_placeholder":true,"num":0}]
            w <b bytes
        "#,
    },
    Case {
        name: "ten attachments are allowed",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 4510-0["echo",{"_placeholder":true,"num":9}]
            w >b 0
            w >b 1
            w >b 2
            w >b 3
            w >b 4
            w >b 5
            w >b 6
            w >b 7
            w >b 8
            w >b nine
            w < 461-0[{"_placeholder":true,"num":0}]
            w <b nine
        "#,
    },
];

/// Each ends the session, with `forced close`.
macro_rules! ends {
    ($name:literal, $($line:literal),+) => {
        Case {
            name: $name,
            script: concat!(
                "w open EIO=4&transport=websocket\n",
                "w < 0{\"sid\":\"<sid>\",<*>\n",
                "w > 40\n",
                "w < 40{\"sid\":\"<socket>\"}\n",
                $($line, "\n",)+
                "w <close -\n",
                "log left <socket> forced close",
            ),
        }
    };
}

const WRONG: &[Case] = &[
    ends!("no packet at all", "w > 4"),
    ends!("a type that there is not: 7", "w > 47[\"echo\",1]"),
    ends!("a type that there is not: 9", "w > 49"),
    ends!("a letter for a type", "w > 4x[\"echo\",1]"),
    ends!("a NUL for a type", "w > 4\\x00"),
    ends!("a packet that only servers send", "w > 44{\"message\":\"x\"}"),
    ends!("an event whose payload is an object", "w > 42{}"),
    ends!("an event whose payload is a string", "w > 42\"echo\""),
    ends!("an event of an empty array", "w > 42[]"),
    ends!("null for a name", "w > 42[null]"),
    ends!("true for a name", "w > 42[true]"),
    ends!("an object for a name", "w > 42[{\"toString\":1}]"),
    ends!("an array for a name", "w > 42[[\"echo\"]]"),
    ends!("JSON that ends too early", "w > 42[\"echo\",{\"a\":"),
    ends!("JSON with something behind it", "w > 42[\"echo\"]]"),
    ends!("JSON with a trailing comma", "w > 42[\"echo\",]"),
    ends!("JSON with single quotes", "w > 42['echo']"),
    ends!("JSON with NaN", "w > 42[\"echo\",NaN]"),
    ends!("JSON with a leading zero", "w > 42[\"echo\",01]"),
    ends!("JSON with a control character in a string", "w > 42[\"echo\",\"\\x01\"]"),
    ends!("a NUL between the tokens", "w > 42[\"echo\",\\x001]"),
    ends!("JSON with an unknown escape", "w > 42[\"echo\",\"\\q\"]"),
    ends!("an acknowledgement of an object", "w > 430{}"),
    ends!("the reserved name connect", "w > 42[\"connect\"]"),
    ends!("the reserved name connect_error", "w > 42[\"connect_error\"]"),
    ends!("the reserved name disconnect", "w > 42[\"disconnect\"]"),
    ends!("the reserved name disconnecting", "w > 42[\"disconnecting\"]"),
    ends!("the reserved name newListener", "w > 42[\"newListener\"]"),
    ends!("the reserved name removeListener", "w > 42[\"removeListener\"]"),
    ends!("a namespace that was not joined", "w > 42/chat,[\"echo\",1]"),
    ends!("an acknowledgement for a namespace that was not joined", "w > 43/chat,0[1]"),
    ends!("a binary frame without a packet", "w >b bytes"),
    ends!("a binary event without a number of attachments", "w > 45[\"echo\"]"),
    ends!("attachments without a dash", "w > 451[\"echo\"]"),
    ends!("attachments that are no number", "w > 45x-[\"echo\"]"),
    ends!("minus one attachments", "w > 45-1-[\"echo\"]"),
    ends!("1.5 attachments", "w > 451.5-[\"echo\"]"),
    ends!("eleven attachments", "w > 4511-[\"echo\"]"),
    ends!(
        "a text where an attachment is due",
        "w > 451-[\"echo\",{\"_placeholder\":true,\"num\":0}]",
        "w > 42[\"echo\",1]"
    ),
    ends!(
        "two texts of packets with attachments",
        "w > 451-[\"echo\",{\"_placeholder\":true,\"num\":0}]",
        "w > 451-[\"echo\",{\"_placeholder\":true,\"num\":0}]"
    ),
    ends!("a placeholder out of range", "w > 451-[\"echo\",{\"_placeholder\":true,\"num\":1}]", "w >b x"),
    ends!("a placeholder of -1", "w > 451-[\"echo\",{\"_placeholder\":true,\"num\":-1}]", "w >b x"),
    ends!("a placeholder without a number", "w > 451-[\"echo\",{\"_placeholder\":true}]", "w >b x"),
    ends!("a placeholder of a text", "w > 451-[\"echo\",{\"_placeholder\":true,\"num\":\"0\"}]", "w >b x"),
    ends!(
        "one attachment too many",
        "w > 451-0[\"echo\",{\"_placeholder\":true,\"num\":0}]",
        "w >b x",
        "w < 461-0[{\"_placeholder\":true,\"num\":0}]",
        "w <b x",
        "w >b y"
    ),
    ends!(
        "a binary acknowledgement whose placeholder is out of range",
        "w > 461-0[{\"_placeholder\":true,\"num\":7}]",
        "w >b x"
    ),
    ends!("a binary CONNECT in the wrong place", "w > 40"),
];

/// Where the reference and we differ, each for its reason.
const DIFFERENT: &[Case] = &[
    Case {
        name: "packets without a payload",
        script: r#"
            # the reference parser calls the events of nobody, which have no name
            a open EIO=4&transport=websocket
            a < 0{"sid":"<a>",<*>
            a > 40
            a < 40{"sid":"<one>"}
            a > 42
            @node a > 4212
            @node a > 430
            @node a > 421["echo",1]
            @node a < 431[1]
            @rust a <close -
            @rust b open EIO=4&transport=websocket
            @rust b < 0{"sid":"<b>",<*>
            @rust b > 40
            @rust b < 40{"sid":"<two>"}
            @rust b > 4212
            @rust b <close -
            @rust c open EIO=4&transport=websocket
            @rust c < 0{"sid":"<c>",<*>
            @rust c > 40
            @rust c < 40{"sid":"<three>"}
            @rust c > 430
            @rust c <close -
        "#,
    },
    Case {
        name: "1e1 attachments",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 451e1-["echo"]
            # ten, as JavaScript reads numbers: the next text is a violation
            @node w > 42["echo"]
            w <close -
        "#,
    },
    Case {
        name: "no attachments",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 450-0["echo",1]
            # the reference parser waits for an attachment that never comes; the next text is a violation
            @node w > 421["echo",1]
            w <close -
        "#,
    },
    Case {
        name: "a placeholder of half a number",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 451-0["echo",{"_placeholder":true,"num":0.5}]
            w >b x
            # JavaScript finds `undefined` there, which the handler gets and which is not acknowledged
            @node w > 421["echo",1]
            @node w < 431[1]
            @rust w <close -
        "#,
    },
    Case {
        name: "an ack id that no double holds",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 4218446744073709551615["echo",1]
            # rounded in JavaScript: an answer that its client does not know
            @node w < 4318446744073709552000[1]
            @rust w < 4318446744073709551615[1]
            w > 4218446744073709551616["echo",1]
            @node w < 4318446744073709552000[1]
            @rust w <close -
        "#,
    },
    Case {
        name: "nesting of 10,000 levels",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            # socket.io 4.8 looks for binary in the answer, level by level, and its process ends: not sent there
            @rust w > 420["echo",{{[*10000}}{{]*10000}}]
            # here `max_json_depth` is 128
            @rust w <close -
        "#,
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_and_acknowledgements() {
    on_both(EVENTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packets_that_end_the_session() {
    on_both(WRONG).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packets_that_are_judged_differently() {
    on_both(DIFFERENT).await;
}
