//! Compressed frames that no client should send, to a server with `per_message_deflate`.

use crate::support::wire::Case;

/// A case of a WebSocket whose messages may be compressed, which has joined the main namespace.
macro_rules! deflated {
    ($name:literal, $($line:literal),+ $(,)?) => {
        Case {
            name: concat!("compressed: ", $name),
            script: concat!(
                "w open /deflated/?EIO=4&transport=websocket [Sec-WebSocket-Extensions: permessage-deflate]\n",
                "w < 0{\"sid\":\"<sid>\",<*>\n",
                "w > 40\n",
                "w < 40{\"sid\":\"<socket>\"}\n",
                $($line, "\n",)+
            ),
        }
    };
}

/// A case of an offer that a server may take or leave.
macro_rules! offer {
    ($name:literal, $offer:literal) => {
        Case {
            name: concat!("compressed: ", $name),
            script: concat!(
                "w upgrade /deflated/?EIO=4&transport=websocket [Sec-WebSocket-Extensions: ",
                $offer,
                "]\n",
                "w <or 101  || 400 <*>\n",
            ),
        }
    };
}

// 206,400 bytes of `4` in a hundred times thirteen: `\x05\xa3…\x18` is eight times "258 bytes as before".
pub(super) const CASES: &[Case] = &[
    deflated!(
        "a message, as it should be",
        r"w >f rsv=4 \x32\x31\x32\x88\x56\x4a\x4d\xce\xc8\x57\xd2\x31\x8c\x05\x00",
        "w < 430[1]",
        r#"w > 421["echo",2]"#,
        "w < 431[2]"
    ),
    deflated!(
        "a message in fragments, as it should be",
        r"w >f rsv=4,fin=0 \x32\x31\x32\x88\x56",
        "w >f op=9 x",
        r"w >f op=0 \x4a\x4d\xce\xc8\x57\xd2\x31\x8c\x05\x00",
        "w <pong x",
        "w < 430[1]"
    ),
    deflated!(
        "two megabytes in thirteen kilobytes",
        r"w >f rsv=4 \x32\x19{{\x05\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46\xc1\x28\x18*1000}}\x05\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46\xc1\x28\x00\x00",
        "w <close 1009"
    ),
    deflated!(
        "150 megabytes in 900 kilobytes",
        r"w >f rsv=4 \x32\x19{{\x05\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46\xc1\x28\x18*70000}}\x05\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46\xc1\x28\x00\x00",
        "w <close 1009"
    ),
    deflated!(
        "150 megabytes of binary",
        r"w >f rsv=4,op=2 \x32\x19{{\x05\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46\xc1\x28\x18*70000}}\x05\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46\xc1\x28\x00\x00",
        "w <close 1009"
    ),
    deflated!(
        "a bomb in fragments",
        r"w >f rsv=4,fin=0 \x32\x19",
        r"w >f op=0,fin=0 {{\x05\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46\xc1\x28\x18*30000}}",
        r"w >f op=0,fin=0 {{\x05\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46\xc1\x28\x18*30000}}",
        "w <gone"
    ),
    deflated!("a compressed length over the limit", "w >f rsv=4,len=1010000 x", "w <close 1009"),
    deflated!("bytes that are not compressed", r"w >f rsv=4 {{\xff*100}}", "w <gone"),
    deflated!("a block of the reserved type", r"w >f rsv=4 \x07\x00", "w <gone"),
    deflated!(
        "a stored block whose length does not agree",
        r"w >f rsv=4 \x00\x05\x00\x00\x00hello",
        "w <gone"
    ),
    deflated!("a distance before the beginning", r"w >f rsv=4 \x02\x03\x00", "w <gone"),
    deflated!("Huffman codes that are none", r"w >f rsv=4 \xfc\xff\xff\xff\xff\xff\xff\xff", "w <gone"),
    deflated!(
        "text that is no UTF-8",
        r"w >f rsv=4 \x32\x31\x32\x88\x56\x4a\x4d\xce\xc8\x57\xd2\x51\xfa\xff\x5f\x29\x16\x00",
        "w <close 1007"
    ),
    deflated!("a message that stops in the middle", r"w >f rsv=4 \x32\x31\x32\x88\x56", "w <any"),
    deflated!("nothing", "w >f rsv=4 ", "w <gone"),
    deflated!("two hundred thousand empty blocks", r"w >f rsv=4 {{\x00\x00\x00\xff\xff*190000}}", "w <gone"),
    deflated!("a compressed ping", "w >f rsv=4,op=9 x", "w <close 1002"),
    deflated!("a compressed close", "w >f rsv=4,op=8 x", "w <gone"),
    deflated!("a continuation with the bit", "w >f fin=0 4", "w >f rsv=4,op=0 x", "w <close 1002"),
    deflated!("the other reserved bits", "w >f rsv=6 x", "w <close 1002"),
    offer!(
        "an offer of a window of 8 bits",
        "permessage-deflate; server_max_window_bits=8; client_max_window_bits=8"
    ),
    offer!("an offer of a window of 7 bits", "permessage-deflate; server_max_window_bits=7"),
    offer!("an offer of a window of 99999 bits", "permessage-deflate; client_max_window_bits=99999"),
    offer!("an offer of a window of no bits", "permessage-deflate; server_max_window_bits"),
    offer!(
        "an offer with a parameter twice",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover"
    ),
    offer!("an offer with a parameter that there is not", "permessage-deflate; x=y"),
    offer!("a thousand offers", "{{permessage-deflate; server_max_window_bits=7, *200}}permessage-deflate"),
    offer!("an offer in quotes that do not end", "permessage-deflate; client_max_window_bits=\\x22"),
    offer!("an offer of separators", "{{;,=*1000}}"),
];
