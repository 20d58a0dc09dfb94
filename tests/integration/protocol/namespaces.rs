//! Socket.IO: CONNECT, the errors of it, and DISCONNECT, in the main namespace and others.

use super::on_both;
use crate::support::wire::Case;

const CONNECT: &[Case] = &[
    Case {
        name: "the main namespace, named in every way",
        script: r#"
            a open EIO=4&transport=websocket
            a < 0{"sid":"<a>",<*>
            a > 40
            a < 40{"sid":"<one>"}
            b open EIO=4&transport=websocket
            b < 0{"sid":"<b>",<*>
            b > 40/,
            b < 40{"sid":"<two>"}
            c open EIO=4&transport=websocket
            c < 0{"sid":"<c>",<*>
            c > 40/
            c < 40{"sid":"<three>"}
            d open EIO=4&transport=websocket
            d < 0{"sid":"<d>",<*>
            d > 40{}
            d < 40{"sid":"<four>"}
        "#,
    },
    Case {
        name: "another namespace, with and without the comma, with auth",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40/chat,
            w < 40/chat,{"sid":"<one>"}
            v open EIO=4&transport=websocket
            v < 0{"sid":"<other>",<*>
            v > 40/chat
            v < 40/chat,{"sid":"<two>"}
            u open EIO=4&transport=websocket
            u < 0{"sid":"<third>",<*>
            u > 40/chat,{"token":"abc"}
            u < 40/chat,{"sid":"<three>"}
            u > 42/chat,0["auth"]
            u < 43/chat,0[{"token":"abc"}]
        "#,
    },
    Case {
        name: "auth of the main namespace, and none",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40{"deep":{"a":[1,null]},"token":"123"}
            w < 40{"sid":"<one>"}
            w > 420["auth"]
            w < 430[{"deep":{"a":[1,null]},"token":"123"}]
            v open EIO=4&transport=websocket
            v < 0{"sid":"<other>",<*>
            v > 40{"__proto__":{"admin":true}}
            v < 40{"sid":"<two>"}
            v > 420["auth"]
            v < 430[{"__proto__":{"admin":true}}]
        "#,
    },
    Case {
        name: "several namespaces over one connection, each with an id of its own",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 40/chat,
            w < 40/chat,{"sid":"<two>"}
            w > 420["echo","main"]
            w < 430["main"]
            w > 42/chat,0["echo","chat"]
            w < 43/chat,0["chat"]
        "#,
    },
    Case {
        name: "a namespace that does not exist",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40/random
            w < 44/random,{"message":"Invalid namespace"}
            w > 40/random,{"token":1}
            w < 44/random,{"message":"Invalid namespace"}
            w > 40/Chat,
            w < 44/Chat,{"message":"Invalid namespace"}
            w > 40/chat/,
            w < 44/chat/,{"message":"Invalid namespace"}
            w > 40/__proto__,
            w < 44/__proto__,{"message":"Invalid namespace"}
            w > 40/constructor,
            w < 44/constructor,{"message":"Invalid namespace"}
            # the connection goes on
            w > 40
            w < 40{"sid":"<one>"}
        "#,
    },
    Case {
        name: "a query behind a namespace",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            # the client of Socket.IO 2 sends its query so; version 4 looks for that name
            w > 40/chat?token=1,
            w < 44/chat?token=1,{"message":"Invalid namespace"}
        "#,
    },
    Case {
        name: "a middleware that refuses, with data; then lets in",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40/closed,
            w < 44/closed,{"message":"not you","data":{"code":7}}
            w > 40/closed,{"token":"wrong"}
            w < 44/closed,{"message":"not you","data":{"code":7}}
            w > 40/closed,{"token":"let me in"}
            w < 40/closed,{"sid":"<one>"}
            w > 42/closed,0["echo",1]
            w < 43/closed,0[1]
        "#,
    },
    Case {
        name: "while a middleware decides, other namespaces go on",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40/slow,{"door":"front"}
            w > 40
            w < 40{"sid":"<one>"}
            w > 40/door,
            w < 40/door,{"sid":"<two>"}
            w > 420["echo",1]
            w < 430[1]
            w > 42/door,0["open","front"]
            w < 43/door,0["opened"]
            w < 40/slow,{"sid":"<three>"}
            w > 42/slow,1["echo",2]
            w < 43/slow,1[2]
        "#,
    },
    Case {
        name: "an event for a namespace that a middleware still decides on",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40/slow,{"door":"back"}
            w > 42/slow,0["echo",1]
            w <close -
        "#,
    },
    Case {
        name: "a second CONNECT while a middleware still decides",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40/slow,{"door":"side"}
            w > 40/slow,{"door":"side"}
            # socket.io forgets the first and lets both decide; here it is the violation that it is later
            @rust w <close -
        "#,
    },
    Case {
        name: "a second CONNECT of a namespace that was joined",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 40
            w <close -
            log left <one> forced close
        "#,
    },
    Case {
        name: "auth that is no object",
        script: r#"
            a open EIO=4&transport=websocket
            a < 0{"sid":"<a>",<*>
            a > 40[]
            a <close -
            b open EIO=4&transport=websocket
            b < 0{"sid":"<b>",<*>
            b > 40"text"
            b <close -
            c open EIO=4&transport=websocket
            c < 0{"sid":"<c>",<*>
            c > 40{
            c <close -
            d open EIO=4&transport=websocket
            d < 0{"sid":"<d>",<*>
            d > 40{}x
            d <close -
            e open EIO=4&transport=websocket
            e < 0{"sid":"<e>",<*>
            e > 40true
            e <close -
        "#,
    },
    Case {
        name: "auth that is null or a number",
        script: r#"
            a open EIO=4&transport=websocket
            a < 0{"sid":"<a>",<*>
            a > 40null
            a <close -
            # digits behind the type are an acknowledgement's number, which CONNECT has no use for
            b open EIO=4&transport=websocket
            b < 0{"sid":"<b>",<*>
            b > 405
            b < 40{"sid":"<two>"}
        "#,
    },
    Case {
        name: "anything but CONNECT first",
        script: r#"
            a open EIO=4&transport=websocket
            a < 0{"sid":"<a>",<*>
            a > 42["echo",1]
            a <close -
            b open EIO=4&transport=websocket
            b < 0{"sid":"<b>",<*>
            b > 41
            b <close -
            c open EIO=4&transport=websocket
            c < 0{"sid":"<c>",<*>
            c > 430[]
            c <close -
            d open EIO=4&transport=websocket
            d < 0{"sid":"<d>",<*>
            d > 4abc
            d <close -
            e open EIO=4&transport=websocket
            e < 0{"sid":"<e>",<*>
            e > 44{"message":"no"}
            e <close -
            f open EIO=4&transport=websocket
            f < 0{"sid":"<f>",<*>
            f >b \x01\x02
            f <close -
            g open EIO=4&transport=websocket
            g < 0{"sid":"<g>",<*>
            g > 4
            g <close -
        "#,
    },
];

const DISCONNECT: &[Case] = &[
    Case {
        name: "the only namespace: the connection stays for others",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40/chat,
            w < 40/chat,{"sid":"<one>"}
            w > 41/chat,
            log left <one> client namespace disconnect
            w > 40/chat,
            w < 40/chat,{"sid":"<two>"}
            w > 42/chat,0["echo",1]
            w < 43/chat,0[1]
        "#,
    },
    Case {
        name: "with and without the comma",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<main>"}
            w > 40/chat,
            w < 40/chat,{"sid":"<one>"}
            w > 41/chat
            log left <one> client namespace disconnect
            w > 420["echo",1]
            w < 430[1]
        "#,
    },
    Case {
        name: "the main namespace, while others stay",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 40/chat,
            w < 40/chat,{"sid":"<two>"}
            w > 41
            log left <one> client namespace disconnect
            w > 42/chat,0["echo",1]
            w < 43/chat,0[1]
        "#,
    },
    Case {
        name: "twice",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 41
            log left <one> client namespace disconnect
            w > 41
            w <close -
        "#,
    },
    Case {
        name: "an event afterwards",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 40/chat,
            w < 40/chat,{"sid":"<two>"}
            w > 41/chat,
            log left <two> client namespace disconnect
            w > 42/chat,0["echo",1]
            w <close -
            log left <one> forced close
        "#,
    },
    Case {
        name: "with a payload",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 41{}
            w <close -
            log left <one> forced close
        "#,
    },
    Case {
        name: "of a namespace that was never joined",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 41/chat,
            w <close -
            log left <one> forced close
        "#,
    },
    Case {
        name: "by the server: the connection stays",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<one>"}
            w > 42["leave"]
            w < 41
            log left <one> server namespace disconnect
            w > 40
            w < 40{"sid":"<two>"}
            w > 420["echo",1]
            w < 430[1]
        "#,
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_and_connect_error() {
    on_both(CONNECT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disconnect() {
    on_both(DISCONNECT).await;
}
