//! The WebSocket transport: packets as frames, and frames that break RFC 6455.

use super::on_both;
use crate::support::wire::Case;

const FRAMES: &[Case] = &[
    Case {
        name: "text and binary, both ways",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w > 420["echo","hello"]
            w < 430["hello"]
            w > 451-1["echo",{"_placeholder":true,"num":0}]
            w >b \x01\x02\x03\x04
            w < 461-1[{"_placeholder":true,"num":0}]
            w <b \x01\x02\x03\x04
        "#,
    },
    Case {
        name: "the three forms of a length",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w > 420["echo","{{x*100}}"]
            w < 430["{{x*100}}"]
            w > 421["echo","{{x*1000}}"]
            w < 431["{{x*1000}}"]
            w > 422["echo","{{x*100000}}"]
            w < 432["{{x*100000}}"]
        "#,
    },
    Case {
        name: "a length in a longer form than it needs",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w >f bits=16 420["echo",1]
            w < 430[1]
            w >f bits=64 421["echo",2]
            w < 431[2]
        "#,
    },
    Case {
        name: "a message in fragments, with control frames between them",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w >f fin=0 420["ec
            w >f op=9 are you there
            w >f fin=0,op=0 ho","fra
            w >f op=10 unasked
            w >f op=0 gments"]
            w <pong are you there
            w < 430["fragments"]
        "#,
    },
    Case {
        name: "empty fragments",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w >f fin=0 
            w >f fin=0,op=0 
            w >f fin=0,op=0 420["echo",1]
            w >f op=0 
            w < 430[1]
        "#,
    },
    Case {
        name: "a character that is cut between fragments",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w >f fin=0 420["echo","\xf0\x9f
            w >f op=0 \x98\x80"]
            w < 430["😀"]
        "#,
    },
    Case {
        name: "a WebSocket ping is answered with its payload",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w >ping 
            w <pong 
            w >ping {{x*125}}
            w <pong {{x*125}}
        "#,
    },
    Case {
        name: "a WebSocket pong that nobody asked for",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w >pong hello
            w > 40
            w < 40{"sid":"<socket>"}
        "#,
    },
    Case {
        name: "frames that arrive byte by byte and many in one segment",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w raw \x81
            w raw \x82
            w raw \x00\x00
            w raw \x00\x00
            w raw 4
            w raw 0
            w < 40{"sid":"<socket>"}
            w raw \x81\x8d\x00\x00\x00\x00420["echo",1]\x81\x8d\x00\x00\x00\x00421["echo",2]\x81\x8d\x00\x00\x00\x00422["echo",3]
            w < 430[1]
            w < 431[2]
            w < 432[3]
        "#,
    },
    Case {
        name: "a frame in one segment with the request for the WebSocket",
        script: r#"
            w raw GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81\x82\x00\x00\x00\x0040
            w < 101 
            w < 0{"sid":"<sid>",<*>
            # ws reads it before engine.io listens: lost
            @rust w < 40{"sid":"<socket>"}
        "#,
    },
    Case {
        name: "a message of exactly the limit, and of one byte more",
        script: r#"
            w open /small/?EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w > 420["echo","{{x*986}}"]
            w < 430["{{x*986}}"]
            w > 421["echo","{{x*987}}"]
            w <close 1009
            w <end
            log left <socket> transport error
        "#,
    },
    Case {
        name: "fragments that are over the limit together",
        script: r#"
            w open /small/?EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w >f fin=0 4{{x*600}}
            w >f fin=0,op=0 {{x*600}}
            w <close 1009
            log left <socket> transport error
        "#,
    },
    Case {
        name: "a length over the limit is refused before its bytes come",
        script: r#"
            w open /small/?EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w >f len=1001 
            w <close 1009
            log left <socket> transport error
        "#,
    },
    Case {
        name: "a length of 2^62 and one with its highest bit set",
        script: r#"
            a open EIO=4&transport=websocket
            a < 0{"sid":"<a>",<*>
            a >f bits=64,len=4611686018427387904 
            a <close 1009
            b open EIO=4&transport=websocket
            b < 0{"sid":"<b>",<*>
            b >f bits=64,len=18446744073709551615 
            b <close <*>
        "#,
    },
];

/// One wrong frame each, of a client that has connected.
const VIOLATIONS: &[Case] = &[
    Case {
        name: "an unmasked frame",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w >f mask=0 420["echo",1]
            w <close 1002
            w <end
            log left <socket> transport error
        "#,
    },
    Case {
        name: "text that is no UTF-8",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w > 420["echo","\xff"]
            w <close 1007
            w <end
            log left <socket> transport error
        "#,
    },
    Case {
        name: "UTF-8 of surrogates, overlong, cut off",
        script: r#"
            a open EIO=4&transport=websocket
            a < 0{"sid":"<a>",<*>
            a > 4\xed\xa0\x80
            a <close 1007
            b open EIO=4&transport=websocket
            b < 0{"sid":"<b>",<*>
            b > 4\xc0\xaf
            b <close 1007
            c open EIO=4&transport=websocket
            c < 0{"sid":"<c>",<*>
            c > 4\xf0\x9f
            c <close 1007
        "#,
    },
    Case {
        name: "text that is no UTF-8 in its second fragment",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w >f fin=0 4a
            w >f op=0 \xff
            w <close 1007
        "#,
    },
    Case {
        name: "reserved bits",
        script: r#"
            a open EIO=4&transport=websocket
            a < 0{"sid":"<a>",<*>
            a >f rsv=4 40
            a <close 1002
            b open EIO=4&transport=websocket
            b < 0{"sid":"<b>",<*>
            b >f rsv=2 40
            b <close 1002
            c open EIO=4&transport=websocket
            c < 0{"sid":"<c>",<*>
            c >f rsv=1 40
            c <close 1002
        "#,
    },
    Case {
        name: "reserved opcodes",
        script: r#"
            a open EIO=4&transport=websocket
            a < 0{"sid":"<a>",<*>
            a >f op=3 40
            a <close 1002
            b open EIO=4&transport=websocket
            b < 0{"sid":"<b>",<*>
            b >f op=7 40
            b <close 1002
            c open EIO=4&transport=websocket
            c < 0{"sid":"<c>",<*>
            c >f op=11 40
            c <close 1002
            d open EIO=4&transport=websocket
            d < 0{"sid":"<d>",<*>
            d >f op=15 40
            d <close 1002
        "#,
    },
    Case {
        name: "control frames in fragments and over 125 bytes",
        script: r#"
            a open EIO=4&transport=websocket
            a < 0{"sid":"<a>",<*>
            a >f fin=0,op=9 x
            a <close 1002
            b open EIO=4&transport=websocket
            b < 0{"sid":"<b>",<*>
            b >f op=9 {{x*126}}
            b <close 1002
            c open EIO=4&transport=websocket
            c < 0{"sid":"<c>",<*>
            c >f op=10 {{x*126}}
            c <close 1002
            d open EIO=4&transport=websocket
            d < 0{"sid":"<d>",<*>
            d >f op=8 \x03\xe8{{x*126}}
            d <close 1002
            e open EIO=4&transport=websocket
            e < 0{"sid":"<e>",<*>
            e >f fin=0,op=8 
            e <close 1002
        "#,
    },
    Case {
        name: "a continuation of nothing, and a message within a message",
        script: r#"
            a open EIO=4&transport=websocket
            a < 0{"sid":"<a>",<*>
            a >f op=0 40
            a <close 1002
            b open EIO=4&transport=websocket
            b < 0{"sid":"<b>",<*>
            b >f fin=0,op=0 40
            b <close 1002
            c open EIO=4&transport=websocket
            c < 0{"sid":"<c>",<*>
            c >f fin=0 40
            c > 40
            c <close 1002
            d open EIO=4&transport=websocket
            d < 0{"sid":"<d>",<*>
            d >f fin=0,op=2 40
            d >f fin=0,op=1 40
            d <close 1002
        "#,
    },
    Case {
        name: "close frames of one byte, of a code that is never sent, with text that is no UTF-8",
        script: r#"
            a open EIO=4&transport=websocket
            a < 0{"sid":"<a>",<*>
            a >f op=8 x
            a <close 1002
            b open EIO=4&transport=websocket
            b < 0{"sid":"<b>",<*>
            b >close 1005
            b <close 1002
            c open EIO=4&transport=websocket
            c < 0{"sid":"<c>",<*>
            c >close 999
            c <close 1002
            d open EIO=4&transport=websocket
            d < 0{"sid":"<d>",<*>
            d >f op=8 \x03\xe8\xff
            d <close 1007
            e open EIO=4&transport=websocket
            e < 0{"sid":"<e>",<*>
            e >close 1006
            e <close 1002
            f open EIO=4&transport=websocket
            f < 0{"sid":"<f>",<*>
            f >close 0
            f <close 1002
        "#,
    },
    Case {
        name: "what is no Engine.IO packet",
        script: r#"
            a open EIO=4&transport=websocket
            a < 0{"sid":"<a>",<*>
            a > 40
            a < 40{"sid":"<socket>"}
            a > 
            a <close -
            log left <socket> parse error
            b open EIO=4&transport=websocket
            b < 0{"sid":"<b>",<*>
            b > 7
            b <close -
            c open EIO=4&transport=websocket
            c < 0{"sid":"<c>",<*>
            c > abc
            c <close -
            d open EIO=4&transport=websocket
            d < 0{"sid":"<d>",<*>
            d > \x00
            d <close -
        "#,
    },
    Case {
        name: "a base64 packet in a text frame is a binary message",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w > 451-1["echo",{"_placeholder":true,"num":0}]
            w > bAQID
            w < 461-1[{"_placeholder":true,"num":0}]
            w <b \x01\x02\x03
        "#,
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packets_as_frames() {
    on_both(FRAMES).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_that_break_the_rules() {
    on_both(VIOLATIONS).await;
}
