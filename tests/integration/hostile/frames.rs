//! WebSocket frames that no client should send, over a connection that has joined the main namespace.

use super::joined;
use crate::support::wire::Case;

pub(super) const CASES: &[Case] = &[
    joined!("bytes that are no frame", r"w raw \xde\xad\xbe\xef\x00\x01\x02\x03", "w <close 1002"),
    joined!(
        "an HTTP request instead of a frame",
        r"w raw GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "w <close 1002"
    ),
    joined!(
        "a TLS hello instead of a frame",
        r"w raw \x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "w <gone"
    ),
    joined!("a megabyte of zeros", r"w raw {{\x00*1000000}}", "w <close 1002"),
    joined!("a megabyte of ones", r"w raw {{\xff*1000000}}", "w <close 1002"),
    joined!("a length of the limit and one", "w >f len=1000001 x", "w <close 1009"),
    joined!("a length of 2^32", "w >f bits=64,len=4294967296 x", "w <close 1009"),
    joined!("a length of 2^63 - 1", "w >f bits=64,len=9223372036854775807 x", "w <close 1009"),
    joined!("a length of 2^63", "w >f bits=64,len=9223372036854775808 x", "w <gone"),
    joined!("a length of 2^64 - 1", "w >f bits=64,len=18446744073709551615 x", "w <gone"),
    joined!("a binary length of 2^62", "w >f op=2,bits=64,len=4611686018427387904 x", "w <close 1009"),
    joined!(
        "a continuation of 2^62",
        "w >f fin=0 4",
        "w >f op=0,bits=64,len=4611686018427387904 x",
        "w <close 1009"
    ),
    joined!("a length that never comes", "w >f len=999999 42", "w cut"),
    joined!("an unmasked text", r#"w >f mask=0 42["echo",1]"#, "w <close 1002"),
    joined!("an unmasked binary frame", "w >f mask=0,op=2 x", "w <close 1002"),
    joined!("an unmasked ping", "w >f mask=0,op=9 x", "w <close 1002"),
    joined!("an unmasked close", r"w >f mask=0,op=8 \x03\xe8", "w <gone"),
    joined!("reserved bit 1, compressed without the extension", "w >f rsv=4 x", "w <close 1002"),
    joined!("reserved bit 2", "w >f rsv=2 x", "w <close 1002"),
    joined!("reserved bit 3", "w >f rsv=1 x", "w <close 1002"),
    joined!("all reserved bits", "w >f rsv=7 x", "w <close 1002"),
    joined!("a reserved bit in a ping", "w >f rsv=4,op=9 x", "w <close 1002"),
    joined!("a reserved bit in a close", r"w >f rsv=4,op=8 \x03\xe8", "w <gone"),
    joined!("a reserved bit in a continuation", "w >f fin=0 4", "w >f rsv=4,op=0 x", "w <close 1002"),
    joined!("opcode 3", "w >f op=3 x", "w <close 1002"),
    joined!("opcode 4", "w >f op=4 x", "w <close 1002"),
    joined!("opcode 5", "w >f op=5 x", "w <close 1002"),
    joined!("opcode 6", "w >f op=6 x", "w <close 1002"),
    joined!("opcode 7", "w >f op=7 x", "w <close 1002"),
    joined!("opcode 11", "w >f op=11 x", "w <close 1002"),
    joined!("opcode 12", "w >f op=12 x", "w <close 1002"),
    joined!("opcode 13", "w >f op=13 x", "w <close 1002"),
    joined!("opcode 14", "w >f op=14 x", "w <close 1002"),
    joined!("opcode 15", "w >f op=15 x", "w <close 1002"),
    joined!("a ping of 126 bytes", "w >f op=9 {{x*126}}", "w <close 1002"),
    joined!("a ping of a megabyte", "w >f op=9 {{x*1000000}}", "w <close 1002"),
    joined!("a ping whose length is 2^62", "w >f op=9,bits=64,len=4611686018427387904 x", "w <gone"),
    joined!("a pong of 126 bytes", "w >f op=10 {{x*126}}", "w <close 1002"),
    joined!("a close of 126 bytes", r"w >f op=8 \x03\xe8{{x*124}}", "w <gone"),
    joined!("a ping in fragments", "w >f fin=0,op=9 x", "w <close 1002"),
    joined!("a pong in fragments", "w >f fin=0,op=10 x", "w <close 1002"),
    joined!("a close in fragments", r"w >f fin=0,op=8 \x03\xe8", "w <gone"),
    joined!("a continuation of nothing", "w >f op=0 x", "w <close 1002"),
    joined!("a text within a text", "w >f fin=0 4", "w > x", "w <close 1002"),
    joined!("a binary frame within a text", "w >f fin=0 4", "w >b x", "w <close 1002"),
    joined!(
        "ten thousand pings",
        r"w raw {{\x89\x80\x00\x00\x00\x00*10000}}",
        r#"w > 420["echo",1]"#,
        "w <until 430[1]"
    ),
    joined!(
        "a hundred thousand pings of a client that goes",
        r"w raw {{\x89\x80\x00\x00\x00\x00*100000}}",
        "w cut"
    ),
    joined!(
        "ten thousand pongs",
        r"w raw {{\x8a\x80\x00\x00\x00\x00*10000}}",
        r#"w > 420["echo",1]"#,
        "w <until 430[1]"
    ),
    joined!(
        "a hundred thousand empty fragments",
        r"w raw \x01\x80\x00\x00\x00\x00{{\x00\x80\x00\x00\x00\x00*100000}}",
        r#"w >f op=0 420["echo",1]"#,
        "w <until 430[1]"
    ),
    joined!(
        "fragments of one byte, with a ping after each",
        r"w raw \x01\x81\x00\x00\x00\x004{{\x00\x81\x00\x00\x00\x00x\x89\x80\x00\x00\x00\x00*1000}}\x80\x80\x00\x00\x00\x00",
        "w <gone"
    ),
    joined!(
        "fragments of a message that never ends",
        "w >f fin=0 4",
        r"w raw {{\x00\x81\x00\x00\x00\x00x*50000}}",
        "w cut"
    ),
    joined!(
        "fragments that are over the limit together",
        "w >f fin=0 4{{x*600000}}",
        "w >f op=0 {{x*600000}}",
        "w <close 1009"
    ),
    joined!("text of the byte ff", r#"w > 42["echo","\xff"]"#, "w <close 1007"),
    joined!("text of an overlong NUL", r#"w > 42["echo","\xc0\x80"]"#, "w <close 1007"),
    joined!("text of a surrogate", r#"w > 42["echo","\xed\xa0\x80"]"#, "w <close 1007"),
    joined!("text beyond U+10FFFF", r#"w > 42["echo","\xf4\x90\x80\x80"]"#, "w <close 1007"),
    joined!("text that begins in a character", r"w > \x80", "w <close 1007"),
    joined!("text that ends in a character", r"w > 4\xe2\x82", "w <close 1007"),
    joined!(
        "a megabyte of text that is wrong at its end",
        r#"w > 42["echo","{{x*900000}}\xff"]"#,
        "w <close 1007"
    ),
    joined!("a close of one byte", "w >f op=8 x", "w <gone"),
    joined!("a close of code 0", "w >close 0", "w <gone"),
    joined!("a close of code 999", "w >close 999", "w <gone"),
    joined!("a close of code 1005", "w >close 1005", "w <gone"),
    joined!("a close of code 1006", "w >close 1006", "w <gone"),
    joined!("a close of code 1015", "w >close 1015", "w <gone"),
    joined!("a close of code 65535", "w >close 65535", "w <gone"),
    joined!("a close whose text is no UTF-8", r"w >f op=8 \x03\xe8\xff\xff", "w <gone"),
    joined!("frames after a close", "w >close 1000", r#"w > 420["echo",1]"#, "w > 41", "w <gone"),
    joined!("two closes", "w >close 1000", "w >close 1001", "w <gone"),
    joined!("a close in the middle of a message", "w >f fin=0 42", "w >close 1000", "w <gone"),
    joined!("the end of the stream in the middle of a message", "w >f fin=0 42", "w fin", "w <gone"),
    joined!("the end of the stream in the middle of a frame's header", r"w raw \x81", "w fin", "w <gone"),
    joined!(
        "the end of the stream in the middle of a length",
        r"w raw \x81\xff\x00\x00\x00",
        "w fin",
        "w <gone"
    ),
    joined!("the end of the stream in the middle of a mask", r"w raw \x81\x82\x00\x00", "w fin", "w <gone"),
];
