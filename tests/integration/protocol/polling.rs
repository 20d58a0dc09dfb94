//! HTTP long-polling: packets in bodies, requests at the same time, sizes, and what is no packet.

use super::on_both;
use crate::support::wire::Case;

const PAYLOADS: &[Case] = &[
    Case {
        name: "a packet there and back",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            p post EIO=4&transport=polling&sid=<sid> := 420["echo","hello"]
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 430["hello"]
        "#,
    },
    Case {
        name: "the content type of an ok",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p <h 200 content-type: text/html
            p post EIO=4&transport=polling&sid=<sid> := 420["echo","hello"]
            p <h 200 cache-control: no-store
        "#,
    },
    Case {
        name: "several packets in one body, and several in one answer",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            p post EIO=4&transport=polling&sid=<sid> := 420["echo",1]\x1e421["echo","two"]\x1e422["echo",[3]]
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 430[1]\x1e431["two"]\x1e432[[3]]
        "#,
    },
    Case {
        name: "an event in one body with its CONNECT",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40\x1e420["echo",1]
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            # in socket.io the client is not connected before the next turn of the event loop
            @node g < 200 6\x1e1
            @rust g < 200 40{"sid":"<socket>"}\x1e430[1]
        "#,
    },
    Case {
        name: "a request waits until there is something to tell",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            g get EIO=4&transport=polling&sid=<sid>
            p post EIO=4&transport=polling&sid=<sid> := 42["say",1]
            p < 200 ok
            g < 200 42["said",1]
        "#,
    },
    Case {
        name: "binary travels as base64, both ways",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            p post EIO=4&transport=polling&sid=<sid> := 451-0["echo",{"_placeholder":true,"num":0}]\x1ebAQIDBA==
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 461-0[{"_placeholder":true,"num":0}]\x1ebAQIDBA==
        "#,
    },
    Case {
        name: "base64 without padding, in the alphabet of URLs, empty",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            p post EIO=4&transport=polling&sid=<sid> := 451-0["echo",{"_placeholder":true,"num":0}]\x1ebAQ
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 461-0[{"_placeholder":true,"num":0}]\x1ebAQ==
            p post EIO=4&transport=polling&sid=<sid> := 451-0["echo",{"_placeholder":true,"num":0}]\x1eb-_-_
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 461-0[{"_placeholder":true,"num":0}]\x1eb+/+/
            p post EIO=4&transport=polling&sid=<sid> := 451-0["echo",{"_placeholder":true,"num":0}]\x1eb
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 461-0[{"_placeholder":true,"num":0}]\x1eb
        "#,
    },
    Case {
        name: "text beyond ASCII",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> [Content-Type: text/plain;charset=UTF-8] := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            p post EIO=4&transport=polling&sid=<sid> [Content-Type: text/plain;charset=UTF-8] := 420["echo","äöü€😀"]
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 430["äöü€😀"]
        "#,
    },
    Case {
        name: "a body in chunks",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> [Transfer-Encoding: chunked] := 1\r\n4\r\n1\r\n0\r\n0\r\n\r\n
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
        "#,
    },
    Case {
        name: "one connection for all requests",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            o raw POST /socket.io/?EIO=4&transport=polling&sid=<sid> HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n40
            o < 200 ok
            o raw GET /socket.io/?EIO=4&transport=polling&sid=<sid> HTTP/1.1\r\nHost: a\r\n\r\n
            o < 200 40{"sid":"<socket>"}
        "#,
    },
    Case {
        name: "content types that are as good as none",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> [Content-Type: application/json] := 40
            p < 200 ok
            p post EIO=4&transport=polling&sid=<sid> [Content-Type: application/x-www-form-urlencoded] := 420["echo",1]
            p < 200 ok
            p post EIO=4&transport=polling&sid=<sid> [Content-Type: nonsense] := 421["echo",2]
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}\x1e430[1]\x1e431[2]
        "#,
    },
    Case {
        name: "noop, upgrade and open from a client mean nothing, a close is the end",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 6\x1e5\x1e0\x1e40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            p post EIO=4&transport=polling&sid=<sid> := 1
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 400 {"code":1,"message":"Session ID unknown"}
            log left <socket> transport close
        "#,
    },
];

const WRONG: &[Case] = &[
    Case {
        name: "what is no packet ends the session",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            p post EIO=4&transport=polling&sid=<sid> := abc
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 400 {"code":1,"message":"Session ID unknown"}
            log left <socket> parse error
        "#,
    },
    Case {
        name: "what is no packet, while a request waits",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            g get EIO=4&transport=polling&sid=<sid>
            p post EIO=4&transport=polling&sid=<sid> := 9
            p < 200 ok
            g < 200 1
            log left <socket> parse error
        "#,
    },
    Case {
        name: "an empty body",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> :=
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 400 {"code":1,"message":"Session ID unknown"}
        "#,
    },
    Case {
        name: "a separator at the end is an empty packet",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40\x1e
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 400 {"code":1,"message":"Session ID unknown"}
        "#,
    },
    Case {
        name: "base64 that is none",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            p post EIO=4&transport=polling&sid=<sid> := 451-0["echo",{"_placeholder":true,"num":0}]\x1eb!!!!
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            # Node reads what it can of any base64
            @node g < 200 461-0[{"_placeholder":true,"num":0}]\x1eb
            @rust g < 400 {"code":1,"message":"Session ID unknown"}
            @rust log left <socket> parse error
        "#,
    },
    Case {
        name: "a body that is no UTF-8",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            p post EIO=4&transport=polling&sid=<sid> := 420["echo","\xff"]
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            # Node puts the replacement character there: what arrives is not what was sent
            @node g < 200 430["\xef\xbf\xbd"]
            @rust g < 400 {"code":1,"message":"Session ID unknown"}
            @rust log left <socket> parse error
        "#,
    },
    Case {
        name: "the content type of Engine.IO 3's binary bodies",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            p post EIO=4&transport=polling&sid=<sid> [Content-Type: application/octet-stream] := 420["echo",1]
            # engine.io ends the session and leaves the request without an answer
            @rust p < 400 
            log left <socket> transport error
            g get EIO=4&transport=polling&sid=<sid>
            g < 400 {"code":1,"message":"Session ID unknown"}
        "#,
    },
    Case {
        name: "a ping from the client",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            p post EIO=4&transport=polling&sid=<sid> := 2
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 400 {"code":1,"message":"Session ID unknown"}
            log left <socket> transport error
        "#,
    },
    Case {
        name: "two requests that wait",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            g get EIO=4&transport=polling&sid=<sid>
            h get EIO=4&transport=polling&sid=<sid>
            # Whichever comes second is refused, and ends the session, of which the first is told.
            g <or 200 1 || 400 
            h <or 200 1 || 400 
            i get EIO=4&transport=polling&sid=<sid>
            i < 400 {"code":1,"message":"Session ID unknown"}
            log left <socket> transport error
        "#,
    },
    Case {
        name: "a body of exactly the limit, and of one byte more",
        script: r#"
            o get /small/?EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post /small/?EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get /small/?EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            p post /small/?EIO=4&transport=polling&sid=<sid> := 420["echo","{{x*986}}"]
            p < 200 ok
            g get /small/?EIO=4&transport=polling&sid=<sid>
            g < 200 430["{{x*986}}"]
            p post /small/?EIO=4&transport=polling&sid=<sid> := 420["echo","{{x*987}}"]
            p < 413 
            # the session goes on
            p post /small/?EIO=4&transport=polling&sid=<sid> := 421["echo","on"]
            p < 200 ok
            g get /small/?EIO=4&transport=polling&sid=<sid>
            g < 200 431["on"]
        "#,
    },
    Case {
        name: "a length over the limit, announced",
        script: r#"
            o get /small/?EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post /small/?EIO=4&transport=polling&sid=<sid> [Content-Length: 1001] := {{4*1001}}
            p < 413 
        "#,
    },
    Case {
        name: "chunks over the limit",
        script: r#"
            o get /small/?EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post /small/?EIO=4&transport=polling&sid=<sid> [Transfer-Encoding: chunked] := 3e9\r\n{{4*1001}}\r\n0\r\n\r\n
            p < 413 
        "#,
    },
    Case {
        name: "other methods on a session",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p put EIO=4&transport=polling&sid=<sid> := 40
            p < 500 
            q delete EIO=4&transport=polling&sid=<sid>
            q < 500 
            r options EIO=4&transport=polling&sid=<sid>
            r < 500 
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
        "#,
    },
    Case {
        name: "requests of a session that name another revision or transport",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            a get EIO=4&transport=websocket&sid=<sid>
            a < 400 {"code":3,"message":"Bad request"}
            b get transport=polling&sid=<sid>
            # engine.io takes the revision of a session from its handshake
            @rust b < 400 {"code":3,"message":"Bad request"}
        "#,
    },
    Case {
        name: "a polling request of a WebSocket session",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            g get EIO=4&transport=polling&sid=<sid>
            g < 400 {"code":3,"message":"Bad request"}
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 400 {"code":3,"message":"Bad request"}
            w > 40
            w < 40{"sid":"<socket>"}
        "#,
    },
    Case {
        name: "a client that gives its waiting request up",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            # A request that goes before it is looked at is none: others hear two heartbeats meanwhile.
            t open /patient/?EIO=4&transport=websocket
            t < 0{"sid":"<other>",<*>
            g get EIO=4&transport=polling&sid=<sid>
            t < 2
            t > 3
            t < 2
            g cut
            log left <socket> transport error
        "#,
    },
    Case {
        name: "a client that gives up in the middle of a body",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            p post EIO=4&transport=polling&sid=<sid> [Content-Length: 20] := 420["echo
            p cut
            log left <socket> transport error
        "#,
    },
    Case {
        name: "two bodies at the same time",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            p post EIO=4&transport=polling&sid=<sid> [Content-Length: 20] [Expect: 100-continue] :=
            # the server waits for this one's body now
            p < 100 
            q post EIO=4&transport=polling&sid=<sid> := 420["echo",1]
            q < 400 
            log left <socket> transport error
        "#,
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packets_in_bodies() {
    on_both(PAYLOADS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_and_requests_that_are_wrong() {
    on_both(WRONG).await;
}
