//! Packets in MessagePack that no client should send, over a WebSocket that has joined the main namespace.

use crate::support::wire::Case;

/// A case of a server whose parser is MessagePack.
macro_rules! packed {
    ($name:literal, $($line:literal),+ $(,)?) => {
        Case {
            name: concat!("MessagePack: ", $name),
            script: concat!(
                "w open /packed/?EIO=4&transport=websocket\n",
                "w < 0{\"sid\":\"<sid>\",<*>\n",
                "w >b \\x82\\xa4type\\x00\\xa3nsp\\xa1/\n",
                "w <b <*>\n",
                $($line, "\n",)+
            ),
        }
    };
}

pub(super) const CASES: &[Case] = &[
    packed!(
        "an event, as it should be",
        r"w >b \x84\xa4type\x02\xa3nsp\xa1/\xa2id\x07\xa4data\x92\xa4echo\xa2hi",
        r"w <b <*>\xa2hi<*>"
    ),
    packed!("nothing", "w >b ", "w <gone"),
    packed!("a text frame", r#"w > 42["echo",1]"#, "w <gone"),
    packed!("a byte that means nothing", r"w >b \xc1", "w <gone"),
    packed!("nil", r"w >b \xc0", "w <gone"),
    packed!("a number", r"w >b \x05", "w <gone"),
    packed!("an array", r"w >b \x93\x01\x02\x03", "w <gone"),
    packed!("an empty map", r"w >b \x80", "w <gone"),
    packed!("a map that ends too early", r"w >b \x84\xa4type", "w <gone"),
    packed!("a map of 2^32 - 1 entries", r"w >b \xdf\xff\xff\xff\xff\xa4type\x02", "w <gone"),
    packed!(
        "data of 2^32 - 1 elements",
        r"w >b \x83\xa4type\x02\xa3nsp\xa1/\xa4data\xdd\xff\xff\xff\xff\xa4echo",
        "w <gone"
    ),
    packed!(
        "a text of 2^32 - 1 bytes",
        r"w >b \x83\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa4echo\xdb\xff\xff\xff\xffx",
        "w <gone"
    ),
    packed!(
        "binary of 2^32 - 1 bytes",
        r"w >b \x83\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa4echo\xc6\xff\xff\xff\xffx",
        "w <gone"
    ),
    packed!(
        "an extension of 2^32 - 1 bytes",
        r"w >b \x83\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa4echo\xc9\xff\xff\xff\xff\x00x",
        "w <gone"
    ),
    packed!("a key of 2^32 - 1 bytes", r"w >b \x81\xdb\xff\xff\xff\xfftype", "w <gone"),
    packed!(
        "nine hundred thousand nested arrays",
        r"w >b \x83\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa4echo{{\x91*900000}}\xc0",
        "w <gone"
    ),
    packed!(
        "four hundred thousand nested maps",
        r"w >b \x83\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa4echo{{\x81\xa0*400000}}\xc0",
        "w <gone"
    ),
    packed!("nested packets", r"w >b {{\x81\xa4type*100000}}\x02", "w <gone"),
    packed!(
        "nine hundred thousand arguments of nil",
        r"w >b \x83\xa4type\x02\xa3nsp\xa1/\xa4data\xdd\x00\x0d\xbb\xa1\xa4echo{{\xc0*900000}}",
        "w <gone"
    ),
    packed!("an unknown type", r"w >b \x83\xa4type\x09\xa3nsp\xa1/\xa4data\x91\xa4echo", "w <gone"),
    packed!("a negative type", r"w >b \x83\xa4type\xff\xa3nsp\xa1/\xa4data\x91\xa4echo", "w <gone"),
    packed!("a type that is a text", r"w >b \x83\xa4type\xa12\xa3nsp\xa1/\xa4data\x91\xa4echo", "w <gone"),
    packed!(
        "a type of half",
        r"w >b \x83\xa4type\xca\x3f\x00\x00\x00\xa3nsp\xa1/\xa4data\x91\xa4echo",
        "w <gone"
    ),
    packed!("no type", r"w >b \x82\xa3nsp\xa1/\xa4data\x91\xa4echo", "w <gone"),
    packed!("no namespace", r"w >b \x82\xa4type\x02\xa4data\x91\xa4echo", "w <gone"),
    packed!(
        "a namespace that is a number",
        r"w >b \x83\xa4type\x02\xa3nsp\x07\xa4data\x91\xa4echo",
        "w <gone"
    ),
    packed!(
        "a namespace that was not joined",
        r"w >b \x83\xa4type\x02\xa3nsp\xa5/chat\xa4data\x91\xa4echo",
        "w <gone"
    ),
    packed!("an event without data", r"w >b \x82\xa4type\x02\xa3nsp\xa1/", "w <gone"),
    packed!("an event whose data is a map", r"w >b \x83\xa4type\x02\xa3nsp\xa1/\xa4data\x80", "w <gone"),
    packed!("an event whose data is empty", r"w >b \x83\xa4type\x02\xa3nsp\xa1/\xa4data\x90", "w <gone"),
    packed!("an event whose name is nil", r"w >b \x83\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xc0", "w <gone"),
    packed!(
        "an event whose name is binary",
        r"w >b \x83\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xc4\x04echo",
        "w <gone"
    ),
    packed!("a reserved name", r"w >b \x83\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xaadisconnect", "w <gone"),
    packed!(
        "a name that is no UTF-8",
        r"w >b \x83\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa2\xff\xff",
        "w <gone"
    ),
    packed!(
        "something behind the packet",
        r"w >b \x83\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa4echo\xc0",
        "w <gone"
    ),
    packed!("a second CONNECT", r"w >b \x82\xa4type\x00\xa3nsp\xa1/", "w <gone"),
    packed!(
        "an acknowledgement without an id",
        r"w >b \x83\xa4type\x03\xa3nsp\xa1/\xa4data\x90",
        r"w >b \x84\xa4type\x02\xa3nsp\xa1/\xa2id\x07\xa4data\x92\xa4echo\xa2hi",
        "w <any"
    ),
    packed!(
        "an id that is negative",
        r"w >b \x84\xa4type\x02\xa3nsp\xa1/\xa2id\xff\xa4data\x92\xa4echo\x01",
        "w <any"
    ),
    packed!(
        "an id that is a text",
        r"w >b \x84\xa4type\x02\xa3nsp\xa1/\xa2id\xa17\xa4data\x92\xa4echo\x01",
        "w <any"
    ),
    packed!(
        "an id of 2^64 - 1",
        r"w >b \x84\xa4type\x02\xa3nsp\xa1/\xa2id\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xa4data\x92\xa4echo\x01",
        "w <any"
    ),
    packed!(
        "a NaN",
        r"w >b \x84\xa4type\x02\xa3nsp\xa1/\xa2id\x07\xa4data\x92\xa4echo\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00",
        "w <any"
    ),
    packed!(
        "a date that there is not",
        r"w >b \x84\xa4type\x02\xa3nsp\xa1/\xa2id\x07\xa4data\x92\xa4echo\xc7\x0c\xff\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff",
        "w <any"
    ),
    packed!(
        "a map with keys that are arrays",
        r"w >b \x84\xa4type\x02\xa3nsp\xa1/\xa2id\x07\xa4data\x92\xa4echo\x81\x91\x01\x02",
        "w <any"
    ),
    packed!(
        "a text that is no UTF-8",
        r"w >b \x84\xa4type\x02\xa3nsp\xa1/\xa2id\x07\xa4data\x92\xa4echo\xa2\xff\xfe",
        "w <any"
    ),
];
