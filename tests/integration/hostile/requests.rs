//! HTTP requests that no client should send.

use crate::support::wire::Case;

/// A case of these lines.
macro_rules! case {
    ($name:literal, $($line:literal),+) => {
        Case { name: $name, script: concat!($($line, "\n",)+) }
    };
}

/// A case of these lines in a session that polls.
macro_rules! polling {
    ($name:literal, $($line:literal),+) => {
        Case {
            name: $name,
            script: concat!(
                "o get EIO=4&transport=polling\n",
                "o < 200 0{\"sid\":\"<sid>\",<*>\n",
                "p post EIO=4&transport=polling&sid=<sid> := 40\n",
                "p < 200 ok\n",
                "g get EIO=4&transport=polling&sid=<sid>\n",
                "g < 200 40{\"sid\":\"<socket>\"}\n",
                $($line, "\n",)+
            ),
        }
    };
}

pub(super) const CASES: &[Case] = &[
    case!("nothing but line ends", r"a raw \r\n\r\n\r\n\r\n", "a cut"),
    case!("bytes that are no request", r"a raw \xde\xad\xbe\xef\x00\xff\r\n\r\n", "a <gone"),
    case!("a TLS hello", r"a raw \x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "a <gone"),
    case!("the preface of HTTP/2", r"a raw PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "a <gone"),
    case!("HTTP/0.9", r"a raw GET /socket.io/?EIO=4&transport=polling\r\n\r\n", "a <gone"),
    case!("HTTP/1.0", r"a raw GET /socket.io/?EIO=4&transport=polling HTTP/1.0\r\n\r\n", "a < 200 0{<*>"),
    case!("HTTP/9.9", r"a raw GET / HTTP/9.9\r\nHost: a\r\n\r\n", "a <gone"),
    case!(
        "a method of a thousand letters",
        r"a raw {{G*1000}} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "a <gone"
    ),
    case!(
        "CONNECT",
        r"a raw CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "a <gone"
    ),
    case!(
        "TRACE",
        r"a raw TRACE /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n",
        r#"a < 400 {"code":2,"message":"Bad handshake method"}"#
    ),
    case!(
        "a target of another host",
        r"a raw GET http://evil.example/socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "a <gone"
    ),
    case!(
        "a target of a star",
        r"a raw OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "a <gone"
    ),
    case!("a target of a megabyte", r"a raw GET /{{x*1000000}} HTTP/1.1\r\nHost: a\r\n\r\n", "a <gone"),
    case!("a query of 60 kB", "a get EIO=4&transport=polling&t={{x*60000}}", "a < 431 "),
    case!("a query of 10 kB", "a get EIO=4&transport=polling&t={{x*10000}}", "a < 200 0{<*>"),
    case!("two thousand parameters", "a get EIO=4&transport=polling{{&a=1*2000}}", "a < 200 0{<*>"),
    case!("ten thousand parameters", "a get EIO=4&transport=polling{{&a=1*10000}}", "a < 431 "),
    case!("percent signs that are none", "a get EIO=4&transport=polling&a=%&b=%zz&%%%=%", "a < 200 0{<*>"),
    case!(
        "raw bytes in the target",
        r"a raw GET /socket.io/?EIO=4&transport=polling&a=\xff\xfe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "a <gone"
    ),
    case!("a NUL in the target", r"a raw GET /socket.io/\x00 HTTP/1.1\r\nHost: a\r\n\r\n", "a <gone"),
    case!(
        "a way out of the path",
        r"a raw GET /socket.io/../../etc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "a <gone"
    ),
    case!(
        "an encoded way out of the path",
        "a get /socket.io/..%2f..%2fetc%2fpasswd",
        r#"a < 400 {"code":0,"message":"Transport unknown"}"#
    ),
    case!(
        "no host",
        r"a raw GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nConnection: close\r\n\r\n",
        "a <gone"
    ),
    case!(
        "two hosts",
        r"a raw GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
        "a <gone"
    ),
    case!("a header without a colon", r"a raw GET / HTTP/1.1\r\nHost a\r\n\r\n", "a <gone"),
    case!("a header with a NUL", r"a raw GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", "a <gone"),
    case!("a header with a blank before its colon", r"a raw GET / HTTP/1.1\r\nHost : a\r\n\r\n", "a <gone"),
    case!(
        "a header that goes on in the next line",
        r"a raw GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
        "a <gone"
    ),
    case!(
        "a thousand headers",
        r"a raw GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n{{X: a\r\n*1000}}\r\n",
        "a <gone"
    ),
    case!(
        "a header of a megabyte",
        r"a raw GET / HTTP/1.1\r\nHost: a\r\nX: {{x*1000000}}\r\n\r\n",
        "a <gone"
    ),
    case!("headers that do not end", r"a raw GET / HTTP/1.1\r\nHost: a\r\n{{X: a\r\n*100000}}", "a <gone"),
    case!(
        "headers cut off",
        r"a raw GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\nX:",
        "a cut"
    ),
    case!("a cookie of 60 kB", "a get EIO=4&transport=polling [Cookie: {{x*60000}}]", "a < 431 "),
    case!("an origin that is none", "a get EIO=4&transport=polling [Origin: \\xff%%%://\\x01]", "a <gone"),
    case!(
        "an encoding that is none",
        "a get EIO=4&transport=polling [Accept-Encoding: gzip;q=abc, ;;;, *]",
        "a < 200 0{<*>"
    ),
    case!(
        "a GET with a body",
        r"a raw GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "a < 200 0{<*>"
    ),
    case!(
        "a GET that announces a gigabyte",
        r"a raw GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\nhello",
        "a < 200 0{<*>",
        "a cut"
    ),
    case!(
        "a hundred requests at once",
        r"a raw {{GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n*100}}",
        "a < 404 ",
        "a < 404 ",
        "a cut"
    ),
    case!(
        "a hundred handshakes at once",
        r"a raw {{GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n*100}}",
        "a < 200 0{<*>",
        "a < 200 0{<*>",
        "a cut"
    ),
    case!(
        "a WebSocket without a key",
        "a upgrade EIO=4&transport=websocket [Sec-WebSocket-Key:]",
        "a < 400 Bad request"
    ),
    case!(
        "a WebSocket with a key of 100 kB",
        "a upgrade EIO=4&transport=websocket [Sec-WebSocket-Key: {{x*100000}}]",
        "a < 431 "
    ),
    case!(
        "a WebSocket with two keys",
        "a upgrade EIO=4&transport=websocket [Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==] [Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==]",
        "a < 400 Bad request"
    ),
    case!(
        "a WebSocket of version 99",
        "a upgrade EIO=4&transport=websocket [Sec-WebSocket-Version: 99]",
        "a < 400 Bad request"
    ),
    case!(
        "a WebSocket with extensions that are nonsense",
        "a upgrade EIO=4&transport=websocket [Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99999; x=\"; ,,,]",
        "a <or 101  || 400 <*>"
    ),
    case!(
        "a WebSocket with extensions of 50 kB",
        "a upgrade EIO=4&transport=websocket [Sec-WebSocket-Extensions: {{permessage-deflate, *2500}}x]",
        "a < 431 "
    ),
    case!(
        "a WebSocket with subprotocols",
        "a upgrade EIO=4&transport=websocket [Sec-WebSocket-Protocol: {{a, *1000}}b]",
        "a < 101 "
    ),
    case!(
        "a WebSocket over HTTP/1.0",
        r"a raw GET /socket.io/?EIO=4&transport=websocket HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        "a <gone"
    ),
    case!(
        "an upgrade to HTTP/2",
        "a get EIO=4&transport=polling [Connection: Upgrade, HTTP2-Settings] [Upgrade: h2c] [HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA]",
        "a < 200 0{<*>"
    ),
    case!(
        "a WebSocket by POST, with a body",
        r"a raw POST /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: 2\r\n\r\n40",
        "a < 400 <*>"
    ),
    polling!(
        "two lengths that differ",
        r"p raw POST /socket.io/?EIO=4&transport=polling&sid=<sid> HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\n6\x1e6",
        "p <gone"
    ),
    polling!(
        "a length in a list",
        r"q raw POST /socket.io/?EIO=4&transport=polling&sid=<sid> HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1, 9\r\n\r\n6",
        "q <gone"
    ),
    polling!(
        "a negative length",
        r"q raw POST /socket.io/?EIO=4&transport=polling&sid=<sid> HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n6",
        "q <gone"
    ),
    polling!(
        "a length with a plus",
        r"q raw POST /socket.io/?EIO=4&transport=polling&sid=<sid> HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: +1\r\n\r\n6",
        "q <gone"
    ),
    polling!(
        "a length of 2^64",
        r"q raw POST /socket.io/?EIO=4&transport=polling&sid=<sid> HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n6",
        "q <gone"
    ),
    polling!(
        "a length of 2^63 - 1",
        r"q raw POST /socket.io/?EIO=4&transport=polling&sid=<sid> HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n6",
        "q cut"
    ),
    polling!(
        "a length and chunks, with a request hidden behind",
        r"q raw POST /socket.io/?EIO=4&transport=polling&sid=<sid> HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "q <gone"
    ),
    polling!(
        "an encoding that is not chunked",
        r"q raw POST /socket.io/?EIO=4&transport=polling&sid=<sid> HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n1\r\n6\r\n0\r\n\r\n",
        "q <gone"
    ),
    polling!(
        "chunks of a size that is none",
        r"q raw POST /socket.io/?EIO=4&transport=polling&sid=<sid> HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n6\r\n0\r\n\r\n",
        "q <gone"
    ),
    polling!(
        "a chunk of 2^64 bytes",
        r"q raw POST /socket.io/?EIO=4&transport=polling&sid=<sid> HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n6",
        "q <gone"
    ),
    polling!(
        "a chunk that is shorter than it says",
        r"q raw POST /socket.io/?EIO=4&transport=polling&sid=<sid> HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n6\r\n0\r\n\r\n",
        "q cut"
    ),
    polling!(
        "a chunk with an extension of 100 kB",
        r"q raw POST /socket.io/?EIO=4&transport=polling&sid=<sid> HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;{{x*100000}}\r\n6\r\n0\r\n\r\n",
        "q <gone"
    ),
    polling!(
        "trailers that do not end",
        r"q raw POST /socket.io/?EIO=4&transport=polling&sid=<sid> HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n6\r\n0\r\n{{X: a\r\n*20000}}",
        "q <gone"
    ),
    polling!(
        "ten thousand chunks of a byte",
        r"q raw POST /socket.io/?EIO=4&transport=polling&sid=<sid> HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n4\r\n{{1\r\n2\r\n*10000}}0\r\n\r\n",
        "q < 200 ok"
    ),
    polling!(
        "a body over the limit",
        "q post EIO=4&transport=polling&sid=<sid> := 4{{x*1000000}}",
        "q < 413 "
    ),
    polling!(
        "a body over the limit, announced only",
        "q post EIO=4&transport=polling&sid=<sid> [Content-Length: 1000001] := 4",
        "q cut"
    ),
    polling!(
        "a body that never comes",
        "q post EIO=4&transport=polling&sid=<sid> [Content-Length: 100] :=",
        "q cut"
    ),
    polling!(
        "a body that is awaited and never comes",
        "q post EIO=4&transport=polling&sid=<sid> [Content-Length: 100] [Expect: 100-continue] :=",
        "q < 100 ",
        "q cut"
    ),
    polling!(
        "an expectation that is none",
        "q post EIO=4&transport=polling&sid=<sid> [Expect: the unexpected] := 6",
        "q <or 200 ok || 417 <*>"
    ),
    polling!(
        "a body that says it is gzip",
        r"q post EIO=4&transport=polling&sid=<sid> [Content-Encoding: gzip] := \x1f\x8b\x08\x00\x00\x00",
        "q < 200 ok"
    ),
    polling!(
        "a body for Engine.IO 3",
        "q post EIO=4&transport=polling&sid=<sid> [Content-Type: application/octet-stream] := x",
        "q < 400 "
    ),
    polling!(
        "a body of a form",
        r#"q post EIO=4&transport=polling&sid=<sid> [Content-Type: multipart/form-data; boundary=x] := --x\r\nContent-Disposition: form-data; name="a"\r\n\r\n"#,
        "q < 200 ok"
    ),
    polling!("an empty body", "q post EIO=4&transport=polling&sid=<sid> :=", "q < 200 ok"),
    polling!(
        "a body of separators",
        r"q post EIO=4&transport=polling&sid=<sid> := {{\x1e*900000}}",
        "q < 200 ok"
    ),
    polling!(
        "four hundred thousand noops in a body",
        r"q post EIO=4&transport=polling&sid=<sid> := 6{{\x1e6*400000}}",
        "q < 200 ok"
    ),
    polling!(
        "fifty thousand events in a body",
        r#"q post EIO=4&transport=polling&sid=<sid> := 6{{\x1e42["nobody"]*50000}}"#,
        "q < 200 ok"
    ),
    polling!(
        "a body that is no UTF-8",
        r"q post EIO=4&transport=polling&sid=<sid> := 42[\x22echo\x22,\x22\xff\x22]",
        "q < 200 ok"
    ),
    polling!(
        "a body of base64 that is none",
        "q post EIO=4&transport=polling&sid=<sid> := b{{!*1000}}",
        "q < 200 ok"
    ),
    polling!(
        "a megabyte of base64 for nobody",
        "q post EIO=4&transport=polling&sid=<sid> := b{{AAAA*200000}}",
        "q < 200 ok"
    ),
    polling!("a ping in a body", "q post EIO=4&transport=polling&sid=<sid> := 2", "q < 200 ok"),
    polling!("two closes in a body", r"q post EIO=4&transport=polling&sid=<sid> := 1\x1e1", "q < 200 ok"),
    polling!(
        "requests of a session that has closed",
        "q post EIO=4&transport=polling&sid=<sid> := 1",
        "q < 200 ok",
        "q post EIO=4&transport=polling&sid=<sid> := 40",
        "q < 400 <*>",
        "g get EIO=4&transport=polling&sid=<sid>",
        "g < 400 <*>"
    ),
    polling!(
        "PUT, PATCH and DELETE",
        "q put EIO=4&transport=polling&sid=<sid> := 6",
        "q < 500 ",
        "q patch EIO=4&transport=polling&sid=<sid> := 6",
        "q < 500 ",
        "q delete EIO=4&transport=polling&sid=<sid>",
        "q < 500 "
    ),
    polling!(
        "two requests that wait",
        "g get EIO=4&transport=polling&sid=<sid>",
        "h get EIO=4&transport=polling&sid=<sid>",
        "g <or 200 <*> || 400 <*>",
        "h <or 200 <*> || 400 <*>"
    ),
    polling!("a request that waits and goes", "g get EIO=4&transport=polling&sid=<sid>", "g cut"),
    polling!(
        "a client that asks for much and never polls",
        r#"q post EIO=4&transport=polling&sid=<sid> := 42["burst",100000]\x1e42["burst",100000]"#,
        "q <or 200 ok || 400 <*>",
        "q cut"
    ),
    polling!(
        "attachments that never come, over polling",
        r#"q post EIO=4&transport=polling&sid=<sid> := 4510-["echo",1]\x1ebAAAA"#,
        "q < 200 ok"
    ),
    polling!(
        "deep JSON over polling",
        r#"q post EIO=4&transport=polling&sid=<sid> := 420["json",{{[*400000}}{{]*400000}}]"#,
        "q < 200 ok"
    ),
    polling!(
        "the session id of nobody",
        "q post EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA := 42[\"close\"]",
        "q < 400 <*>"
    ),
    polling!(
        "the socket's id for the session's",
        "q post EIO=4&transport=polling&sid=<socket> := 42[\"close\"]",
        "q < 400 <*>"
    ),
    polling!(
        "an upgrade by somebody who knows the id",
        "w open EIO=4&transport=websocket&sid=<sid>",
        "w > 42[\"close\"]",
        "w <gone",
        "p post EIO=4&transport=polling&sid=<sid> := 420[\"echo\",1]",
        "p < 200 ok",
        "g get EIO=4&transport=polling&sid=<sid>",
        "g <or 200 <*> || 400 <*>"
    ),
    polling!(
        "an upgrade that goes in the middle",
        "w open EIO=4&transport=websocket&sid=<sid>",
        "w > 2probe",
        "w < 3probe",
        "w cut"
    ),
    polling!(
        "an upgrade that never ends",
        "w open EIO=4&transport=websocket&sid=<sid>",
        "w > 2probe",
        "w < 3probe",
        "w <gone"
    ),
    polling!(
        "an upgrade of garbage",
        "w open EIO=4&transport=websocket&sid=<sid>",
        r"w raw \xde\xad\xbe\xef\x00\x01\x02\x03",
        "w <gone"
    ),
    polling!(
        "a thousand probes",
        "w open EIO=4&transport=websocket&sid=<sid>",
        r"w raw {{\x81\x86\x00\x00\x00\x002probe*1000}}",
        "w < 3probe",
        "w cut"
    ),
    polling!(
        "two upgrades at once",
        "w open EIO=4&transport=websocket&sid=<sid>",
        "v open EIO=4&transport=websocket&sid=<sid>",
        "w > 2probe",
        "v > 2probe",
        "w cut",
        "v cut"
    ),
    polling!(
        "a body after the upgrade",
        "w open EIO=4&transport=websocket&sid=<sid>",
        "w > 2probe",
        "w < 3probe",
        "w > 5",
        r#"w > 420["echo",1]"#,
        "w < 430[1]",
        "q post EIO=4&transport=polling&sid=<sid> := 42[\"close\"]",
        "q < 400 <*>"
    ),
    polling!(
        "the end of the session in the middle of the upgrade",
        "w open EIO=4&transport=websocket&sid=<sid>",
        "w > 2probe",
        "w < 3probe",
        "q post EIO=4&transport=polling&sid=<sid> := 1",
        "q < 200 ok",
        "w <gone"
    ),
];
