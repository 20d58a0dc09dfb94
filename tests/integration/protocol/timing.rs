//! The heartbeat, and every way for a session to end.
//!
//! Times are options of some hundred milliseconds, and nothing here depends on what they are: a case says what comes
//! after what.

use super::on_both;
use crate::support::wire::Case;

const HEARTBEAT: &[Case] = &[
    Case {
        name: "websocket: pings, each after the pong to the one before",
        script: r#"
            w open /patient/?EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w < 2
            w > 3
            w < 2
            w > 3
            w < 2
            # no pong, no further ping: the next packet answers what is sent now
            w > 40
            w < 40{"sid":"<socket>"}
        "#,
    },
    Case {
        name: "polling: pings wait for a request, pongs come with a body",
        script: r#"
            o get /patient/?EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            g get /patient/?EIO=4&transport=polling&sid=<sid>
            g < 200 2
            p post /patient/?EIO=4&transport=polling&sid=<sid> := 3
            p < 200 ok
            g get /patient/?EIO=4&transport=polling&sid=<sid>
            g < 200 2
        "#,
    },
    Case {
        name: "websocket: no pong ends the session with `ping timeout`",
        script: r#"
            w open /fast/?EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w < 2
            w <close -
            log left <socket> ping timeout
        "#,
    },
    Case {
        name: "polling: no pong ends the session with `ping timeout`",
        script: r#"
            o get /fast/?EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post /fast/?EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get /fast/?EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            g get /fast/?EIO=4&transport=polling&sid=<sid>
            g < 200 2
            log left <socket> ping timeout
            g get /fast/?EIO=4&transport=polling&sid=<sid>
            g < 400 {"code":1,"message":"Session ID unknown"}
        "#,
    },
    Case {
        name: "polling: a client that does not even fetch the ping",
        script: r#"
            o get /fast/?EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post /fast/?EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get /fast/?EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            log left <socket> ping timeout
        "#,
    },
    Case {
        name: "polling: a request that waits when the session times out is told",
        script: r#"
            o get /fast/?EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            g get /fast/?EIO=4&transport=polling&sid=<sid>
            g < 200 2
            g get /fast/?EIO=4&transport=polling&sid=<sid>
            g < 200 1
        "#,
    },
    Case {
        name: "a session that joined no namespace has a heartbeat too",
        script: r#"
            w open /fast/?EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w < 2
            w <close -
        "#,
    },
    Case {
        name: "a pong that nobody asked for",
        script: r#"
            w open /patient/?EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 3
            w > 3
            w > 3whatever
            w < 2
            w > 40
            w < 40{"sid":"<socket>"}
        "#,
    },
    Case {
        name: "a pong with text behind it is one",
        script: r#"
            w open /patient/?EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w < 2
            w > 3probe
            w < 2
        "#,
    },
    Case {
        name: "WebSocket's own pongs are no heartbeat",
        script: r#"
            w open /fast/?EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w < 2
            w >pong 
            w >ping 
            w <pong 
            w <close -
            log left <socket> ping timeout
        "#,
    },
    Case {
        name: "a ping from the client",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w > 2
            w <close -
            log left <socket> transport error
        "#,
    },
    Case {
        name: "the heartbeat goes on over the new transport after an upgrade",
        script: r#"
            o get /patient/?EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            w open /patient/?EIO=4&transport=websocket&sid=<sid>
            w > 2probe
            w < 3probe
            w > 5
            w < 2
            w > 3
            w < 2
        "#,
    },
    Case {
        name: "and ends a session that does not answer there",
        script: r#"
            o get /fast/?EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post /fast/?EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get /fast/?EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            w open /fast/?EIO=4&transport=websocket&sid=<sid>
            w > 2probe
            w < 3probe
            w > 5
            w < 2
            w <close -
            log left <socket> ping timeout
        "#,
    },
    Case {
        name: "connect_timeout: a session that joins no namespace",
        script: r#"
            w open /hasty/?EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w <close -
            o get /hasty/?EIO=4&transport=polling
            o < 200 0{"sid":"<other>",<*>
            g get /hasty/?EIO=4&transport=polling&sid=<other>
            g < 200 1
        "#,
    },
    Case {
        name: "connect_timeout: a refused CONNECT does not count, a later one does",
        script: r#"
            v open /hasty/?EIO=4&transport=websocket
            v < 0{"sid":"<other>",<*>
            v > 40/nowhere,
            v < 44/nowhere,{"message":"Invalid namespace"}
            v <close -
        "#,
    },
];

const CLOSE: &[Case] = &[
    Case {
        name: "websocket: a close frame is answered",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w >close 1000
            w <close 1000
            @rust w <end
            w cut
            log left <socket> transport close
        "#,
    },
    Case {
        name: "websocket: close frames of other codes, and without one",
        script: r#"
            a open EIO=4&transport=websocket
            a < 0{"sid":"<a>",<*>
            a > 40
            a < 40{"sid":"<one>"}
            a >close 1001
            a <close 1001
            a cut
            log left <one> transport close
            b open EIO=4&transport=websocket
            b < 0{"sid":"<b>",<*>
            b > 40
            b < 40{"sid":"<two>"}
            b >close 
            b <close -
            b cut
            log left <two> transport close
            c open EIO=4&transport=websocket
            c < 0{"sid":"<c>",<*>
            c > 40
            c < 40{"sid":"<three>"}
            c >close 4321
            c <close 4321
            c cut
            log left <three> transport close
        "#,
    },
    Case {
        name: "websocket: the connection is cut",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w cut
            log left <socket> transport close
        "#,
    },
    Case {
        name: "websocket: the client's way out is cut",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w fin
            log left <socket> transport close
        "#,
    },
    Case {
        name: "websocket: cut in the middle of a frame",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w >f len=100 42["echo"
            w cut
            log left <socket> transport close
        "#,
    },
    Case {
        name: "websocket: an Engine.IO close packet",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w > 1
            # engine.io ignores it over WebSocket, whose own close frame is what counts
            w > 420["echo",1]
            w < 430[1]
        "#,
    },
    Case {
        name: "polling: a close packet while a request waits",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            g get EIO=4&transport=polling&sid=<sid>
            p post EIO=4&transport=polling&sid=<sid> := 1
            p < 200 ok
            # a request that comes later finds no session
            g <or 200 6 || 400 {"code":1,"message":"Session ID unknown"}
            log left <socket> transport close
        "#,
    },
    Case {
        name: "polling: what is behind a close packet does not count",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            p post EIO=4&transport=polling&sid=<sid> := 1\x1e42["say",1]\x1exyz
            p < 200 ok
            log left <socket> transport close
        "#,
    },
    Case {
        name: "server: disconnect(true) over websocket",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w > 42["close"]
            w < 41
            w <close -
            log left <socket> server namespace disconnect
        "#,
    },
    Case {
        name: "server: disconnect(true) over polling",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            p post EIO=4&transport=polling&sid=<sid> := 42["close"]
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 41
            g get EIO=4&transport=polling&sid=<sid>
            @node g < 200 6\x1e1
            @rust g < 200 1
            g get EIO=4&transport=polling&sid=<sid>
            g < 400 {"code":1,"message":"Session ID unknown"}
            log left <socket> server namespace disconnect
        "#,
    },
    Case {
        name: "server: what was sent before a close arrives before it",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w > 42["burst",3]
            w > 42["close"]
            w < 42["number",0]
            w < 42["number",1]
            w < 42["number",2]
            w < 41
            w <close -
        "#,
    },
    Case {
        name: "all namespaces of a session that ends are left, for the same reason",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 40/chat,
            w < 40/chat,{"sid":"<two>"}
            w cut
            log left <one> transport close
            log left <two> transport close
        "#,
    },
    Case {
        name: "disconnect(true) leaves every namespace",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 40/chat,
            w < 40/chat,{"sid":"<two>"}
            w > 42/chat,["close"]
            # the namespaces in the order of joining in socket.io; here the one that was asked comes first
            @node w < 41
            @node w < 41/chat,
            @rust w < 41/chat,
            @rust w < 41
            w <close -
            log left <two> server namespace disconnect
        "#,
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heartbeats_and_time_limits() {
    on_both(HEARTBEAT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_to_end_a_session() {
    on_both(CLOSE).await;
}
