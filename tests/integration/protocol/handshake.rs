//! Engine.IO's handshake: what opens a session, and every way to get it wrong.

use super::on_both;
use crate::support::wire::Case;

const CASES: &[Case] = &[
    Case {
        name: "polling: the open packet",
        script: r#"
            a get EIO=4&transport=polling
            a <h 200 content-type: text/plain; charset=UTF-8
            b get EIO=4&transport=polling
            b < 200 0{"sid":"<sid>","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}
            c get EIO=4&transport=polling
            c <h 200 cache-control: no-store
            d get EIO=4&transport=polling
            d <h 200 set-cookie: -
        "#,
    },
    Case {
        name: "websocket: the open packet",
        script: r#"
            a open EIO=4&transport=websocket
            a < 0{"sid":"<sid>","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}
        "#,
    },
    Case {
        name: "the answer to the upgrade has the key's digest",
        script: r#"
            a upgrade EIO=4&transport=websocket
            a <h 101 sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
            a < 0{"sid":"<sid>",<*>
        "#,
    },
    Case {
        name: "a subprotocol and extensions that nobody offered are not chosen",
        script: r#"
            a upgrade EIO=4&transport=websocket [Sec-WebSocket-Extensions: x-unknown]
            a <h 101 sec-websocket-extensions: -
        "#,
    },
    Case {
        name: "options show in the open packet",
        script: r#"
            a get /fast/?EIO=4&transport=polling
            a < 200 0{"sid":"<a>","upgrades":["websocket"],"pingInterval":300,"pingTimeout":300,"maxPayload":1000000}
            b get /small/?EIO=4&transport=polling
            b < 200 0{"sid":"<b>","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000}
            c get /fixed/?EIO=4&transport=polling
            c < 200 0{"sid":"<c>","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}
            d get /polling/?EIO=4&transport=polling
            d < 200 0{"sid":"<d>","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}
        "#,
    },
    Case {
        name: "the cookie of a session",
        script: r#"
            a get /cookie/?EIO=4&transport=polling
            a <h 200 set-cookie: io=<sid>; Path=/; HttpOnly; SameSite=Lax
        "#,
    },
    Case {
        name: "EIO: missing, 2, 3, 5, empty, a word",
        script: r#"
            a get transport=polling
            a < 400 {"code":5,"message":"Unsupported protocol version"}
            b get EIO=2&transport=polling
            b < 400 {"code":5,"message":"Unsupported protocol version"}
            c get EIO=3&transport=polling
            c < 400 {"code":5,"message":"Unsupported protocol version"}
            # engine.io compares with 4 only to tell revision 3 apart: everything else is served as that
            d get EIO=5&transport=polling
            d < 400 {"code":5,"message":"Unsupported protocol version"}
            e get EIO=&transport=polling
            e < 400 {"code":5,"message":"Unsupported protocol version"}
            f get EIO=abc&transport=polling
            f < 400 {"code":5,"message":"Unsupported protocol version"}
            g get EIO=44&transport=polling
            g < 400 {"code":5,"message":"Unsupported protocol version"}
        "#,
    },
    Case {
        name: "EIO is wrong on WebSocket too",
        script: r#"
            # engine.io writes its 400 into a WebSocket that it has opened already; here there is none
            a upgrade transport=websocket
            @rust a < 400 Unsupported protocol version
            @node a < 101 
            a <gone
            b upgrade EIO=3&transport=websocket
            @rust b < 400 Unsupported protocol version
            @node b < 101 
            b <gone
            c upgrade EIO=abc&transport=websocket
            @rust c < 400 Unsupported protocol version
            @node c < 101 
            c <gone
        "#,
    },
    Case {
        name: "transport: missing, empty, unknown, of another case, a name of JavaScript's own",
        script: r#"
            a get EIO=4
            a < 400 {"code":0,"message":"Transport unknown"}
            b get EIO=4&transport=
            b < 400 {"code":0,"message":"Transport unknown"}
            c get EIO=4&transport=abc
            c < 400 {"code":0,"message":"Transport unknown"}
            d get EIO=4&transport=Polling
            d < 400 {"code":0,"message":"Transport unknown"}
            e get EIO=4&transport=__proto__
            e < 400 {"code":0,"message":"Transport unknown"}
            f get EIO=4&transport=constructor
            f < 400 {"code":0,"message":"Transport unknown"}
            g upgrade EIO=4
            g < 400 Transport unknown
            h upgrade EIO=4&transport=abc
            h < 400 Transport unknown
            i get EIO=4&transport=webtransport
            i < 400 {"code":0,"message":"Transport unknown"}
        "#,
    },
    Case {
        name: "no query at all",
        script: r#"
            a get /socket.io/
            a < 400 {"code":0,"message":"Transport unknown"}
            b get /socket.io/?
            b < 400 {"code":0,"message":"Transport unknown"}
        "#,
    },
    Case {
        name: "the content type of an error",
        script: r#"
            a get EIO=4
            a <h 400 content-type: application/json
            b upgrade EIO=4
            b <h 400 content-type: text/html
            c upgrade EIO=4
            c <h 400 connection: close
        "#,
    },
    Case {
        name: "a transport that the options exclude",
        script: r#"
            a get /websocket/?EIO=4&transport=polling
            a < 400 {"code":0,"message":"Transport unknown"}
            b upgrade /polling/?EIO=4&transport=websocket
            # engine.io does not listen for upgrades then; the request is cut after a second
            @rust b < 400 Transport unknown
            @node b <end
            c open /websocket/?EIO=4&transport=websocket
            c < 0{<*>
        "#,
    },
    Case {
        name: "methods other than GET open no session",
        script: r#"
            a post EIO=4&transport=polling := 40
            a < 400 {"code":2,"message":"Bad handshake method"}
            b put EIO=4&transport=polling := 40
            b < 400 {"code":2,"message":"Bad handshake method"}
            c options EIO=4&transport=polling
            c < 400 {"code":2,"message":"Bad handshake method"}
            d delete EIO=4&transport=polling
            d < 400 {"code":2,"message":"Bad handshake method"}
            e patch EIO=4&transport=polling := 40
            e < 400 {"code":2,"message":"Bad handshake method"}
            f head EIO=4&transport=polling
            f < 400 
        "#,
    },
    Case {
        name: "an unknown sid, on either transport, with any method",
        script: r#"
            a get EIO=4&transport=polling&sid=nobody
            a < 400 {"code":1,"message":"Session ID unknown"}
            b post EIO=4&transport=polling&sid=nobody := 40
            b < 400 {"code":1,"message":"Session ID unknown"}
            c put EIO=4&transport=polling&sid=nobody := 40
            c < 400 {"code":1,"message":"Session ID unknown"}
            d upgrade EIO=4&transport=websocket&sid=nobody
            d < 400 Session ID unknown
            e get EIO=4&transport=polling&sid=__proto__
            e < 400 {"code":1,"message":"Session ID unknown"}
            f get EIO=4&transport=polling&sid={{x*5000}}
            f < 400 {"code":1,"message":"Session ID unknown"}
            g get EIO=4&transport=polling&sid=%00%ff
            g < 400 {"code":1,"message":"Session ID unknown"}
        "#,
    },
    Case {
        name: "an empty sid is none",
        script: r#"
            a get EIO=4&transport=polling&sid=
            a < 200 0{"sid":"<sid>",<*>
        "#,
    },
    Case {
        name: "websocket without a request for one",
        script: r#"
            a get EIO=4&transport=websocket
            a < 400 {"code":3,"message":"Bad request"}
            b get EIO=4&transport=websocket [Upgrade: websocket]
            b < 400 {"code":3,"message":"Bad request"}
            c get EIO=4&transport=websocket [Connection: Upgrade]
            c < 400 {"code":3,"message":"Bad request"}
        "#,
    },
    Case {
        name: "a WebSocket that calls itself polling",
        script: r#"
            a upgrade EIO=4&transport=polling
            # engine.io opens it and says nothing more, for ever
            @rust a < 400 Bad request
            @node a < 101 
        "#,
    },
    Case {
        name: "the parts of the WebSocket handshake",
        script: r#"
            a upgrade EIO=4&transport=websocket [Sec-WebSocket-Version: 12]
            a < 400 <*>
            b upgrade EIO=4&transport=websocket [Sec-WebSocket-Version: 8]
            # ws serves the draft of 2011 too, which no browser has
            @node b < 101 
            @rust b < 400 Bad request
            c upgrade EIO=4&transport=websocket [Sec-WebSocket-Version:]
            c < 400 <*>
            d upgrade EIO=4&transport=websocket [Sec-WebSocket-Key:]
            d < 400 <*>
            e upgrade EIO=4&transport=websocket [Sec-WebSocket-Key: short]
            e < 400 <*>
            f upgrade EIO=4&transport=websocket [Sec-WebSocket-Key: ]
            f < 400 <*>
            g upgrade EIO=4&transport=websocket [Connection: keep-alive, Upgrade]
            g < 101 
            h upgrade EIO=4&transport=websocket [Upgrade: WEBSOCKET]
            h < 101 
            i upgrade EIO=4&transport=websocket [Upgrade: h2c]
            i < 400 <*>
        "#,
    },
    Case {
        name: "a WebSocket handshake that is no GET",
        script: r#"
            a post EIO=4&transport=websocket [Connection: Upgrade] [Upgrade: websocket] [Sec-WebSocket-Version: 13] [Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==]
            a < 400 <*>
        "#,
    },
    Case {
        name: "the last of a repeated parameter counts",
        script: r#"
            a get EIO=3&EIO=4&transport=abc&transport=polling
            a < 200 0{"sid":"<sid>",<*>
        "#,
    },
    Case {
        name: "further parameters are the application's",
        script: r#"
            a get EIO=4&transport=polling&t=abc&token=%F0%9F%98%80&__proto__=1
            a < 200 0{"sid":"<sid>",<*>
            b get EIO=4&transport=polling&a=%&b=%zz&c=%ff
            b < 200 0{"sid":"<other>",<*>
        "#,
    },
    Case {
        name: "the path with and without its slash, and what is below it",
        script: r#"
            a get /socket.io?EIO=4&transport=polling
            a < 404 <*>
            b get /socket.io/x?EIO=4&transport=polling
            b < 200 0{"sid":"<other>",<*>
            c get /socket.iox/?EIO=4&transport=polling
            c < 404 <*>
            d get /?EIO=4&transport=polling
            d < 404 <*>
        "#,
    },
    Case {
        name: "session ids are random, of 20 characters",
        script: r#"
            a get EIO=4&transport=polling
            a < 200 0{"sid":"<one>",<*>
            b get EIO=4&transport=polling&sid=<one>x
            b < 400 {"code":1,"message":"Session ID unknown"}
            c get EIO=4&transport=polling&sid=<one>&sid=
            c < 200 0{"sid":"<two>",<*>
        "#,
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_to_open_a_session() {
    on_both(CASES).await;
}
