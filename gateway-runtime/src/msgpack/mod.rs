//! MessagePack, as Socket.IO's packages write it, to JSON with attachments and back.
//!
//! Arguments live in this framework as JSON text with placeholders and the binary values beside it. This
//! folder writes the one from the other in one pass, without a tree in between and without recursion, and with the
//! choices of the npm package `notepack.io`: the smallest form of each number and length, a `Date` as an extension. It is
//! what packets of clients with `parser = "msgpack"` and messages between servers have in common, and must never know a
//! packet, a channel or a socket.

mod item;
mod json;
#[cfg(feature = "redis")]
mod read;
mod timestamp;
mod write;

pub(crate) use item::{Item, Items};
pub(crate) use json::{Json, Limits};
#[cfg(feature = "redis")]
pub(crate) use read::Reader;
pub(crate) use write::from_json;

/// Arrays and objects within each other in a message of another server, at most: each takes memory while it is open.
#[cfg(feature = "redis")]
const MAX_DEPTH: usize = 1024;

/// Why bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MessagePackError {
    /// They end in the middle of a value.
    #[error("the message ends too early")]
    Truncated,
    /// They go on behind the value.
    #[cfg(feature = "redis")]
    #[error("the message goes on behind its end")]
    TrailingBytes,
    /// A byte that begins no value.
    #[error("no MessagePack")]
    Marker,
    /// A value of another type was expected here.
    #[error("another type was expected")]
    Type,
    /// Arrays and objects are nested too deep.
    #[error("nested too deep")]
    TooDeep,
    /// There are too many binary values.
    #[error("too many binary values")]
    TooManyAttachments,
    /// The binary values have too many bytes.
    #[error("the binary values have too many bytes")]
    AttachmentsTooLarge,
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn to_json(bytes: &[u8]) -> Result<(String, Vec<Bytes>), MessagePackError> {
        let bytes = Bytes::copy_from_slice(bytes);
        let (mut json, mut attachments) = (Vec::new(), Vec::new());
        let mut reader = Reader::new(&bytes);
        reader.write_json(&mut json, &mut attachments)?;
        reader.end()?;
        Ok((String::from_utf8(json).unwrap(), attachments))
    }

    fn to_msgpack(json: &str, attachments: &[Bytes]) -> Vec<u8> {
        let mut out = Vec::new();
        from_json(json.as_bytes(), attachments, &mut out);
        out
    }

    #[test]
    fn there_and_back() {
        let long = format!("\"{}\"", "é".repeat(40_000));
        let many = format!("[{}]", vec!["0"; 70_000].join(","));
        let members: Vec<_> = (0..17).map(|index| format!("\"k{index}\":{index}")).collect();
        let wide = format!("{{{}}}", members.join(","));
        for json in [
            "null",
            "true",
            "false",
            "0",
            "127",
            "128",
            "255",
            "256",
            "65535",
            "65536",
            "4294967295",
            "4294967296",
            "9007199254740991",
            "18446744073709551615",
            "-1",
            "-32",
            "-33",
            "-128",
            "-129",
            "-32769",
            "-2147483649",
            "1.5",
            "-0.25",
            "1e300",
            r#""""#,
            r#""a\"\\\n☕""#,
            "[]",
            "{}",
            r#"{"a":[1,{"b":null}],"c":""}"#,
            "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]",
            &long,
            &many,
            &wide,
        ] {
            let packed = to_msgpack(json, &[]);
            let (back, attachments) = to_json(&packed).unwrap();
            let (back, expected): (serde_json::Value, serde_json::Value) =
                (serde_json::from_str(&back).unwrap(), serde_json::from_str(json).unwrap());
            assert_eq!(back, expected);
            assert!(attachments.is_empty());
        }
    }

    #[test]
    fn the_bytes_are_those_of_notepack() {
        // `require('notepack.io').encode(..)`, version 3.0.1.
        let cases: [(&str, &[u8]); 12] = [
            ("1.0", &[0x01]),
            ("200", &[0xcc, 200]),
            ("-200", &[0xd1, 0xff, 0x38]),
            ("4294967296", &[0xcf, 0, 0, 0, 1, 0, 0, 0, 0]),
            ("1.5", &[0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0]),
            ("-1", &[0xff]),
            ("-2147483649", &[0xd3, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]),
            (r#""a""#, &[0xa1, b'a']),
            ("[1,[]]", &[0x92, 1, 0x90]),
            (r#"{"a":null}"#, &[0x81, 0xa1, b'a', 0xc0]),
            ("true", &[0xc3]),
            ("65536", &[0xce, 0, 1, 0, 0]),
        ];
        for (json, expected) in cases {
            assert_eq!(to_msgpack(json, &[]), expected, "{json}");
        }
    }

    #[test]
    fn binary_values_become_placeholders_and_come_back() {
        let bytes = [0x92, 0xc4, 2, 7, 8, 0x81, 0xa1, b'f', 0xc4, 1, 9];
        let (json, attachments) = to_json(&bytes).unwrap();
        assert_eq!(json, r#"[{"_placeholder":true,"num":0},{"f":{"_placeholder":true,"num":1}}]"#);
        assert_eq!(attachments, [&[7, 8][..], &[9][..]]);
        assert_eq!(to_msgpack(&json, &attachments), bytes);
        // Without attachments it is an object that looks like one.
        let (json, _) = to_json(&to_msgpack(&json, &[])).unwrap();
        assert!(json.starts_with(r#"[{"_placeholder":true"#));
        // A number that no attachment has, and members of other types.
        for odd in [r#"{"_placeholder":true,"num":5}"#, r#"{"_placeholder":1,"num":0}"#, r#"{"num":0}"#] {
            let (json, binary) = to_json(&to_msgpack(odd, &attachments)).unwrap();
            assert_eq!((json.as_str(), binary.len()), (odd, 0));
        }
    }

    #[test]
    fn values_that_json_does_not_have() {
        let json = |bytes: &[u8]| to_json(bytes).unwrap().0;
        // undefined, NaN, infinity, a float of 32 bits, numbers as keys
        assert_eq!(json(&[0xd4, 0, 0]), "null");
        assert_eq!(json(&[0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0]), "null");
        assert_eq!(json(&[0xca, 0x7f, 0x80, 0, 0]), "null");
        assert_eq!(json(&[0xca, 0x3f, 0xc0, 0, 0]), "1.5");
        assert_eq!(json(&[0xcb, 0x40, 0, 0, 0, 0, 0, 0, 0]), "2");
        assert_eq!(json(&[0x82, 5, 1, 0xc3, 2]), r#"{"5":1,"true":2}"#);
        // new Date(0), new Date(1700000000123), new Date('1969-12-31T23:59:59.999Z')
        assert_eq!(json(&[0xd6, 0xff, 0, 0, 0, 0]), r#""1970-01-01T00:00:00.000Z""#);
        let date = [0xd7, 0xff, 0x1d, 0x53, 0x53, 0x00, 0x65, 0x53, 0xf1, 0x00];
        assert_eq!(json(&date), r#""2023-11-14T22:13:20.123Z""#);
        let before = [0xc7, 0x0c, 0xff, 0x3b, 0x8b, 0x87, 0xc0, 255, 255, 255, 255, 255, 255, 255, 255];
        assert_eq!(json(&before), r#""1969-12-31T23:59:59.999Z""#);
        // An ArrayBuffer of older versions, another extension
        assert_eq!(to_json(&[0xc7, 2, 0, 1, 2]).unwrap().1, [&[1, 2][..]]);
        assert_eq!(json(&[0xd5, 3, 1, 2]), r#"[3,{"_placeholder":true,"num":0}]"#);
        // Text that is no UTF-8
        assert_eq!(json(&[0xa1, 0xff]), "\"\u{fffd}\"");
    }

    #[test]
    fn what_is_no_message_pack() {
        assert_eq!(to_json(&[]), Err(MessagePackError::Truncated));
        assert_eq!(to_json(&[0xc1]), Err(MessagePackError::Marker));
        assert_eq!(to_json(&[1, 2]), Err(MessagePackError::TrailingBytes));
        assert_eq!(to_json(&[0xdd, 255, 255, 255, 255]), Err(MessagePackError::Truncated));
        assert_eq!(to_json(&[0xc6, 255, 255, 255, 255, 1]), Err(MessagePackError::Truncated));
        assert_eq!(to_json(&[0x91; 100_000]), Err(MessagePackError::TooDeep));
        assert_eq!(to_json(&[0x81, 0x90, 1]), Err(MessagePackError::Type));
        for length in 0..11 {
            let whole = [0x92, 0xc4, 2, 7, 8, 0x81, 0xa1, b'f', 0xc4, 1, 9];
            assert_eq!(to_json(&whole[..length]), Err(MessagePackError::Truncated), "{length}");
        }
    }

    #[test]
    fn depth_takes_no_stack() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let packed = to_msgpack(&deep(MAX_DEPTH), &[]);
        assert_eq!(to_json(&packed).unwrap().0, deep(MAX_DEPTH));
        assert_eq!(to_json(&to_msgpack(&deep(MAX_DEPTH + 1), &[])), Err(MessagePackError::TooDeep));
        let levels = 1_000_000;
        assert_eq!(to_msgpack(&deep(levels), &[]), [vec![0x91; levels - 1], vec![0x90]].concat());
        let nested = Bytes::from(vec![0x91; levels]);
        assert_eq!(Reader::new(&nested).skip(), Err(MessagePackError::Truncated));
    }
}
