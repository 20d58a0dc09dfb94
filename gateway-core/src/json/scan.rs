//! Finds the elements of a JSON array (RFC 8259), and whether it is one: what `serde_json` refuses is refused, and
//! nothing else.
//!
//! Like its `RawValue` it says nothing of what decoding finds: halves of surrogate pairs, numbers that no
//! type holds, keys that come twice.

use std::ops::Range;

use super::nesting::Nesting;

/// Why a text is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not a JSON array.
    Malformed,
    /// Arrays and objects of an element are nested deeper than they may be.
    TooDeep,
}

/// The elements of an array, found one after the other.
#[derive(Debug)]
pub(crate) struct Elements<'t> {
    text: Text<'t>,
    at: usize,
    max_depth: usize,
    first: bool,
}

impl<'t> Elements<'t> {
    /// A text that must be an array, whose elements may be nested so deep.
    pub(crate) fn of(text: &'t [u8], max_depth: usize) -> Result<Self, Fault> {
        let text = Text { bytes: text, strings: 0 };
        let at = text.skip_space(0);
        let at = text.expect(b'[', at)?;
        Ok(Self { text, at, max_depth, first: true })
    }

    /// Where the next element stands; `None` behind the last one, when all of the text has been seen.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<Range<usize>>, Fault> {
        let mut start = self.text.skip_space(self.at);
        let first = std::mem::replace(&mut self.first, false);
        match self.text.byte(start) {
            b']' => return self.text.end(start + 1).map(|()| None),
            b',' if !first => start = self.text.skip_space(start + 1),
            _ if first => {}
            _ => return Err(Fault::Malformed),
        }
        self.at = self.text.value(start, self.max_depth)?;
        Ok(Some(start..self.at))
    }
}

/// A text, and what is known of it. Its functions take where something begins, and tell where it has ended.
#[derive(Debug)]
struct Text<'t> {
    bytes: &'t [u8],
    /// All bytes of strings, or-ed.
    strings: u64,
}

impl Text<'_> {
    /// The byte that stands there; behind the end a zero, which is none of JSON.
    #[inline]
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    #[inline]
    fn skip_space(&self, mut at: usize) -> usize {
        while matches!(self.byte(at), b' ' | b'\n' | b'\t' | b'\r') {
            at += 1;
        }
        at
    }

    #[inline]
    fn expect(&self, byte: u8, at: usize) -> Result<usize, Fault> {
        if self.byte(at) == byte { Ok(at + 1) } else { Err(Fault::Malformed) }
    }

    /// Nothing may follow the array; strings are the one place where there may be more than ASCII.
    fn end(&self, at: usize) -> Result<(), Fault> {
        let whole = self.skip_space(at) == self.bytes.len();
        let utf8 = self.strings & HIGH_BITS == 0 || std::str::from_utf8(self.bytes).is_ok();
        if whole && utf8 { Ok(()) } else { Err(Fault::Malformed) }
    }

    /// A value, without recursion.
    fn value(&mut self, mut at: usize, max_depth: usize) -> Result<usize, Fault> {
        let mut around = Nesting::default();
        loop {
            at = match self.byte(at) {
                b'"' => self.string(at + 1)?,
                bracket @ (b'[' | b'{') => {
                    around.open(bracket == b'{');
                    if around.depth() > max_depth {
                        return Err(Fault::TooDeep);
                    }
                    at = self.skip_space(at + 1);
                    if self.byte(at) != bracket + 2 {
                        if bracket == b'{' {
                            at = self.key(at)?;
                        }
                        continue;
                    }
                    around.close();
                    at + 1
                }
                b'-' | b'0'..=b'9' => self.number(at)?,
                b't' => self.literal(b"true", at)?,
                b'f' => self.literal(b"false", at)?,
                b'n' => self.literal(b"null", at)?,
                _ => return Err(Fault::Malformed),
            };
            // Behind a value: what ends here is closed, up to where another one begins.
            loop {
                if around.depth() == 0 {
                    return Ok(at);
                }
                at = self.skip_space(at);
                let object = around.is_object();
                match self.byte(at) {
                    b',' => {
                        at = self.skip_space(at + 1);
                        if object {
                            at = self.key(at)?;
                        }
                        break;
                    }
                    b'}' if object => {}
                    b']' if !object => {}
                    _ => return Err(Fault::Malformed),
                }
                at += 1;
                around.close();
            }
        }
    }

    /// A key; ends where its value begins.
    #[inline]
    fn key(&mut self, at: usize) -> Result<usize, Fault> {
        let at = self.expect(b'"', at)?;
        let at = self.string(at)?;
        let at = self.expect(b':', self.skip_space(at))?;
        Ok(self.skip_space(at))
    }

    fn literal(&self, literal: &[u8], at: usize) -> Result<usize, Fault> {
        if self.bytes[at..].starts_with(literal) { Ok(at + literal.len()) } else { Err(Fault::Malformed) }
    }

    fn number(&self, mut at: usize) -> Result<usize, Fault> {
        if self.byte(at) == b'-' {
            at += 1;
        }
        // Digits behind a zero are found not to belong there by whoever looks for what follows.
        at = if self.byte(at) == b'0' { at + 1 } else { self.digits(at)? };
        if self.byte(at) == b'.' {
            at = self.digits(at + 1)?;
        }
        if let b'e' | b'E' = self.byte(at) {
            at += 1;
            if let b'+' | b'-' = self.byte(at) {
                at += 1;
            }
            at = self.digits(at)?;
        }
        Ok(at)
    }

    /// One digit at least.
    #[inline]
    fn digits(&self, start: usize) -> Result<usize, Fault> {
        let mut at = start;
        while self.byte(at).is_ascii_digit() {
            at += 1;
        }
        if at > start { Ok(at) } else { Err(Fault::Malformed) }
    }

    /// A string, from behind its first quote. Nearly all keys end within a word.
    #[inline(always)]
    fn string(&mut self, at: usize) -> Result<usize, Fault> {
        if let Some(word) = self.word(at) {
            let stops = stops(word);
            let bits = stops.trailing_zeros() & !7;
            if stops != 0 && word >> bits & 0xff == u64::from(b'"') {
                self.strings |= word;
                return Ok(at + bits as usize / 8 + 1);
            }
        }
        self.long_string(at)
    }

    #[inline]
    fn word(&self, at: usize) -> Option<u64> {
        let word = self.bytes.get(at..)?.first_chunk::<8>()?;
        Some(u64::from_le_bytes(*word))
    }

    #[inline(never)]
    fn long_string(&mut self, mut at: usize) -> Result<usize, Fault> {
        loop {
            at = self.skip_plain(at);
            match self.byte(at) {
                b'"' => return Ok(at + 1),
                b'\\' => at = self.escape(at + 1)?,
                // A control character, or the end of the text.
                _ => return Err(Fault::Malformed),
            }
        }
    }

    /// Up to the next quote, backslash or control character, or to the end.
    #[inline]
    fn skip_plain(&mut self, mut at: usize) -> usize {
        let mut strings = 0;
        while let Some(chunk) = self.bytes.get(at..).and_then(<[u8]>::first_chunk::<32>)
            && !has_stops(chunk)
        {
            strings |= chunk.as_chunks::<8>().0.iter().fold(0, |all, word| all | u64::from_le_bytes(*word));
            at += 32;
        }
        while let Some(word) = self.word(at) {
            strings |= word;
            let stops = stops(word);
            if stops != 0 {
                self.strings |= strings;
                return at + stops.trailing_zeros() as usize / 8;
            }
            at += 8;
        }
        while let byte = self.byte(at)
            && !matches!(byte, b'"' | b'\\' | ..b' ')
        {
            strings |= u64::from(byte);
            at += 1;
        }
        self.strings |= strings;
        at
    }

    /// From behind a backslash.
    fn escape(&self, at: usize) -> Result<usize, Fault> {
        match self.byte(at) {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 1),
            b'u' if (1..=4).all(|digit| self.byte(at + digit).is_ascii_hexdigit()) => Ok(at + 5),
            _ => Err(Fault::Malformed),
        }
    }
}

const EACH: u64 = u64::from_ne_bytes([1; 8]);
const HIGH_BITS: u64 = EACH * 0x80;

/// The high bit of the first byte that is a quote, a backslash or a control character. Bytes behind it may
/// have theirs without being one.
#[inline]
fn stops(word: u64) -> u64 {
    // The high bit of bytes below `limit`, which are ASCII.
    let below = |word: u64, limit: u64| word.wrapping_sub(EACH * limit) & !word;
    let quote = below(word ^ (EACH * u64::from(b'"')), 1);
    let backslash = below(word ^ (EACH * u64::from(b'\\')), 1);
    (quote | backslash | below(word, 0x20)) & HIGH_BITS
}

/// Whether there is one of them. The compiler makes a few instructions of it.
#[inline]
fn has_stops(chunk: &[u8; 32]) -> bool {
    let (halves, _) = chunk.as_chunks::<16>();
    // Zero for one of them.
    let sign = |byte: u8| (byte ^ b'"').min(byte ^ b'\\').min(byte.saturating_sub(b' ' - 1));
    let least: [u8; 16] = std::array::from_fn(|at| sign(halves[0][at]).min(sign(halves[1][at])));
    // Not `contains`, which is no vector instruction.
    least.iter().fold(false, |any, least| any | (*least == 0))
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    fn elements(text: &[u8], max_depth: usize) -> Result<Vec<Range<usize>>, Fault> {
        let mut elements = Elements::of(text, max_depth)?;
        let mut found = Vec::new();
        while let Some(element) = elements.next()? {
            found.push(element);
        }
        Ok(found)
    }

    /// What is found is what `serde_json` finds; whether it was an array.
    fn as_serde_finds(text: &[u8]) -> bool {
        let expected = serde_json::from_slice::<Vec<&RawValue>>(text).ok();
        let expected: Option<Vec<&str>> =
            expected.map(|array| array.into_iter().map(RawValue::get).collect());
        let found = elements(text, usize::MAX).ok();
        let found: Option<Vec<&str>> = found
            .map(|spans| spans.into_iter().map(|span| std::str::from_utf8(&text[span]).unwrap()).collect());
        assert_eq!(found, expected, "{}", text.escape_ascii());
        found.is_some()
    }

    /// A value at each place where one may stand.
    fn everywhere(value: &[u8]) -> Vec<Vec<u8>> {
        let places: [(&[u8], &[u8]); 8] = [
            (b"[", b"]"),
            (b"[ ", b" ]"),
            (b"[\"name\",", b"]"),
            (b" [1,\t", b"\n,\r2] "),
            (b"[[", b"]]"),
            (b"[{\"a\" : ", b" }]"),
            (b"[{\"a\":[1,{\"b\":", b"},3],\"c\":null},4]"),
            (b"[\"\xc3\xa9 longer than one word, longer than a chunk of 32 bytes\",", b"]"),
        ];
        places.iter().map(|(before, behind)| [*before, value, *behind].concat()).collect()
    }

    #[test]
    fn what_is_json_is_found() {
        let values: &[&[u8]] = &[
            b"0",
            b"-0",
            b"7",
            b"-7",
            b"10",
            b"1.5",
            b"0.5",
            b"-0.0",
            b"1e5",
            b"1E+5",
            b"1e-5",
            b"0e1",
            b"1.25E-07",
            b"123456789012345678901234567890",
            b"1e400",
            b"-1e-400",
            b"true",
            b"false",
            b"null",
            b"\"\"",
            b"\"a\"",
            b"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
            b"\"\\u0000\"",
            b"\"\\uFfFf\"",
            b"\"\\ud800\"",
            b"\"\\udc00\\ud800\"",
            b"\"\\ud83d\\ude00\"",
            b"\"\x7f\"",
            b"\"\xc3\xa9\"",
            b"\"\xf0\x9f\x98\x80\"",
            b"\"\xef\xbf\xbf\"",
            b"\"\xe2\x80\xa8\"",
            b"\"[\"",
            b"\"]},{\"",
            b"[]",
            b"[ ]",
            b"{}",
            b"{\t}",
            b"[[],[[]]]",
            b"[1,2]",
            b"[ 1 , 2 ]",
            b"{\"\":0}",
            b"{\"a\":1,\"a\":2}",
            b"{\"a\\\"b\":{}}",
            b"{\"a\":[{}],\"b\":\"c\"}",
            b"{\n\"a\"\r:\t1 }",
            b"[0,-1,\"\",true,null,{}]",
            b"\"1234567\"",
            b"\"12345678\"",
            b"\"123456789\"",
        ];
        for value in values {
            for text in everywhere(value) {
                assert!(as_serde_finds(&text), "{}", text.escape_ascii());
            }
        }
        assert_eq!(elements(b" [ \"a\\\"]\" ,{\"b\":[1 ] }\t, -2.5e1] ", 2), Ok(vec![3..9, 11..22, 25..31]));
        assert_eq!(elements(b"[]", 0), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        let values: &[&[u8]] = &[
            b"",
            b"01",
            b"-01",
            b"00",
            b"-",
            b"+1",
            b"1.",
            b".5",
            b"-.5",
            b"1.e1",
            b"1e",
            b"1e+",
            b"1E-",
            b"0x1",
            b"1_0",
            b"1a",
            b"--1",
            b"1.2.3",
            b"1e1.5",
            b"1e1e1",
            b"1 2",
            b"NaN",
            b"Infinity",
            b"-Infinity",
            b"tru",
            b"True",
            b"truefalse",
            b"nul",
            b"nulll",
            b"undefined",
            b"a",
            b"'a'",
            b"\"",
            b"\"a",
            b"a\"",
            b"\"a\"b",
            b"\"a\" \"b\"",
            b"\"\\\"",
            b"\"\\x\"",
            b"\"\\a\"",
            b"\"\\\x00\"",
            b"\"\\u\"",
            b"\"\\u12\"",
            b"\"\\u123\"",
            b"\"\\u123g\"",
            b"\"\\u 123\"",
            b"\"\\U0000\"",
            b"\"\\'\"",
            b"\"\x00\"",
            b"\"\n\"",
            b"\"\t\"",
            b"\"\x1f\"",
            b"\"behind a word \x01\"",
            b"\"behind a chunk of 32 bytes, and then some more \x1f\"",
            b"\"\xff\"",
            b"\"\xc3\"",
            b"\"\xc3(\"",
            b"\"\xed\xa0\x80\"",
            b"\"\xc0\x80\"",
            b"\"\xf4\x90\x80\x80\"",
            b"\"behind a chunk of 32 bytes, and then some more \xff and so on\"",
            b"\xff",
            b"\xc3\xa9",
            b"\xef\xbb\xbf1",
            b"\xc2\xa01",
            b"\x0b1",
            b"\x0c1",
            b"1\x00",
            b"[",
            b"]",
            b"[1",
            b"1]",
            b"[1,]",
            b"[,1]",
            b"[,]",
            b"[1,,2]",
            b"[1 2]",
            b"[1;2]",
            b"[1:2]",
            b"[1}",
            b"{",
            b"}",
            b"{]",
            b"{1}",
            b"{1:2}",
            b"{a:1}",
            b"{'a':1}",
            b"{\"a\"}",
            b"{\"a\":}",
            b"{\"a\":1,}",
            b"{,}",
            b"{,\"a\":1}",
            b"{\"a\":1 \"b\":2}",
            b"{\"a\",1}",
            b"{\"a\"::1}",
            b"{\"a\":1:2}",
            b"{\"a\":1]",
            b"{\"a\" 1}",
            b"{null:1}",
            b"{[]:1}",
            b"{\"a\":1,\"b\"}",
            b"{\"a\":1,2}",
            b"{\"a\"",
            b"{\"a\":",
            b"{\"a\":1",
            b"// comment\n1",
            b"/**/1",
            b"1/**/",
            b"#1",
            b"\\u0031",
            b"[\"a\",\n1,\n1",
            b"*",
            b"\"\\ud83d\\u\"",
            b"\"\\ud83d\\u00\"",
            b"[\"\\",
            b"1,",
            b",1",
            b",",
        ];
        for value in values {
            for text in everywhere(value) {
                // A comma too many, or an element that is none, is well in some places.
                let comma = matches!(value, [] | [b'1', b','] | [b',', ..]);
                assert!(!as_serde_finds(&text) || comma, "{}", text.escape_ascii());
            }
        }
        for text in [
            "",
            " ",
            "{}",
            "1",
            "\"a\"",
            "[",
            "]",
            "[]]",
            "[] x",
            "[][]",
            "[],",
            "\u{feff}[]",
            "[\u{a0}]",
            "x[]",
        ] {
            assert!(!as_serde_finds(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_cut_or_changed_text_is_judged_as_serde_json_judges_it() {
        let text = "[\"push\",{\"id\":-1.5e+3,\"us\\\\er\":\"a\\u00e9\\n of 32 bytes, of a \u{e9}\u{1f600} word or two\",\"list\":[ true,false ,null,\
            {}, [],0 ]},[[\"x\"]]]";
        assert!(as_serde_finds(text.as_bytes()));
        for at in 0..text.len() {
            as_serde_finds(&text.as_bytes()[..at]);
            as_serde_finds(&text.as_bytes()[at..]);
            for byte in 0..=u8::MAX {
                let mut changed = text.as_bytes().to_vec();
                changed[at] = byte;
                as_serde_finds(&changed);
                changed.insert(at, text.as_bytes()[at]);
                as_serde_finds(&changed);
            }
        }
    }

    #[test]
    fn every_length_of_a_string_ends_where_it_ends() {
        for length in 0..150 {
            for end in ["\"", "\\\\\"", "\\u0041\"", "\u{1}\"", "\u{e9}\"", ""] {
                let text = format!("[\"{}{end},[1]]", "x".repeat(length));
                as_serde_finds(text.as_bytes());
            }
        }
    }

    #[test]
    fn depth_is_counted_within_elements() {
        for (text, depth) in
            [("[1]", 0), ("[[]]", 1), ("[{}]", 1), ("[[],[[1]],2]", 2), ("[{\"a\":[{}]}]", 3)]
        {
            assert!(elements(text.as_bytes(), depth).is_ok(), "{text}");
            if depth > 0 {
                assert_eq!(elements(text.as_bytes(), depth - 1), Err(Fault::TooDeep), "{text}");
            }
        }
        assert_eq!(elements(&vec![b'['; 1_000_000], 128), Err(Fault::TooDeep));
        assert_eq!(elements(&vec![b'['; 1_000_000], usize::MAX), Err(Fault::Malformed));
    }

    #[test]
    fn the_first_stop_of_a_word_is_found() {
        for byte in 0..=u8::MAX {
            let stop = matches!(byte, b'"' | b'\\' | ..b' ');
            for at in 0..32 {
                let mut chunk = [b'\xe9'; 32];
                chunk[at] = byte;
                assert_eq!(has_stops(&chunk), stop, "{byte}");
                if let Some(word) = chunk.first_chunk::<8>().filter(|_| at < 8) {
                    let found = stops(u64::from_le_bytes(*word));
                    let expected = if stop { Some(at) } else { None };
                    assert_eq!(
                        (found != 0).then_some(found.trailing_zeros() as usize / 8),
                        expected,
                        "{byte}"
                    );
                }
            }
        }
    }
}
