//! What clients of Engine.IO 3 should not send, to a server with `allow_eio3`.

use crate::support::wire::Case;

/// A case of a session of revision 3 that polls.
macro_rules! polling {
    ($name:literal, $($line:literal),+ $(,)?) => {
        Case {
            name: concat!("revision 3: ", $name),
            script: concat!(
                "o get /old/?EIO=3&transport=polling\n",
                "o < 200 <*>\"sid\":\"<sid>\",<*>\n",
                $($line, "\n",)+
            ),
        }
    };
}

/// A case of a session of revision 3 over WebSocket.
macro_rules! websocket {
    ($name:literal, $($line:literal),+ $(,)?) => {
        Case {
            name: concat!("revision 3: ", $name),
            script: concat!(
                "w open /old/?EIO=3&transport=websocket\n",
                "w < 0{\"sid\":\"<sid>\",<*>\n",
                "w < 40\n",
                $($line, "\n",)+
            ),
        }
    };
}

pub(super) const CASES: &[Case] = &[
    polling!("a body without a length", "p post /old/?EIO=3&transport=polling&sid=<sid> := 42", "p <any"),
    polling!(
        "a length that is too large",
        "p post /old/?EIO=3&transport=polling&sid=<sid> := 999:42",
        "p <any"
    ),
    polling!(
        "a length that is too small",
        "p post /old/?EIO=3&transport=polling&sid=<sid> := 1:42[\"echo\"]",
        "p <any"
    ),
    polling!(
        "a length of 2^64",
        "p post /old/?EIO=3&transport=polling&sid=<sid> := 18446744073709551616:42",
        "p <any"
    ),
    polling!("a negative length", "p post /old/?EIO=3&transport=polling&sid=<sid> := -1:42", "p <any"),
    polling!("half a length", "p post /old/?EIO=3&transport=polling&sid=<sid> := 1.5:42", "p <any"),
    polling!("a length of nothing", "p post /old/?EIO=3&transport=polling&sid=<sid> := :42", "p <any"),
    polling!("a length of zero", "p post /old/?EIO=3&transport=polling&sid=<sid> := 0:", "p <any"),
    polling!(
        "a megabyte of digits",
        "p post /old/?EIO=3&transport=polling&sid=<sid> := {{9*900000}}",
        "p <any"
    ),
    polling!(
        "a megabyte of packets of one byte",
        "p post /old/?EIO=3&transport=polling&sid=<sid> := {{1:6*300000}}",
        "p <any"
    ),
    polling!(
        "a length that cuts a character",
        "p post /old/?EIO=3&transport=polling&sid=<sid> := 2:4😀",
        "p <any"
    ),
    polling!(
        "a binary body that is none",
        "p post /old/?EIO=3&transport=polling&sid=<sid> [Content-Type: application/octet-stream] := {{\\xff*1000}}",
        "p <any"
    ),
    polling!(
        "a binary body whose length is no digit",
        "p post /old/?EIO=3&transport=polling&sid=<sid> [Content-Type: application/octet-stream] := \\x00\\x0b\\xff4",
        "p <any"
    ),
    polling!(
        "a binary body whose length does not end",
        "p post /old/?EIO=3&transport=polling&sid=<sid> [Content-Type: application/octet-stream] := \\x00{{\\x09*900000}}",
        "p <any"
    ),
    polling!(
        "a binary packet of 2^62 bytes",
        "p post /old/?EIO=3&transport=polling&sid=<sid> [Content-Type: application/octet-stream] := \\x01{{\\x09*18}}\\xff\\x04x",
        "p <any"
    ),
    polling!(
        "an empty binary body",
        "p post /old/?EIO=3&transport=polling&sid=<sid> [Content-Type: application/octet-stream] :=",
        "p <any"
    ),
    polling!("base64 that is none", "p post /old/?EIO=3&transport=polling&sid=<sid> := 6:b4!!!!", "p <any"),
    polling!(
        "JSONP with a form that is none",
        "p post /old/?EIO=3&transport=polling&j=0&sid=<sid> [Content-Type: application/x-www-form-urlencoded] := {{%*1000}}",
        "p <any"
    ),
    polling!(
        "JSONP with an empty form",
        "p post /old/?EIO=3&transport=polling&j=0&sid=<sid> [Content-Type: application/x-www-form-urlencoded] := d=",
        "p <any"
    ),
    polling!(
        "JSONP with a script for a number",
        "g get /old/?EIO=3&transport=polling&j=alert(1)&sid=<sid>",
        "g <any"
    ),
    polling!(
        "a thousand pings in a body",
        "p post /old/?EIO=3&transport=polling&sid=<sid> := {{1:2*1000}}",
        "p <any"
    ),
    polling!(
        "requests of another revision",
        "p post /old/?EIO=4&transport=polling&sid=<sid> := 42",
        "p < 400 <*>"
    ),
    websocket!("a thousand pings", r"w raw {{\x81\x81\x00\x00\x00\x002*1000}}", "w <until 3"),
    websocket!("pongs from the client", "w > 3", "w > 3", "w cut"),
    websocket!("what is no packet", "w > xyz", "w <gone"),
    websocket!("binary frames that are no packets", r"w >b \xff\xff", "w <gone"),
    websocket!("an empty binary frame", "w >b ", "w <gone"),
];
