//! The text of scripts: repetitions, bytes, and values that the server chose. Pure functions.

use std::collections::HashMap;

use regex::bytes::Regex;

/// What the server chose, by name.
pub(super) type Values = HashMap<String, String>;

/// The bytes of a text to be sent.
pub(super) fn to_send(text: &str, values: &Values) -> Vec<u8> {
    let mut filled = text.to_owned();
    for (name, value) in values {
        filled = filled.replace(&format!("<{name}>"), value);
    }
    bytes(&repeated(&filled))
}

/// Compares what came with what was expected and takes the values that it names. The error says what was
/// expected.
pub(super) fn compare(expected: &str, came: &[u8], values: &mut Values) -> Result<(), String> {
    let (pattern, names) = pattern(expected, values);
    let regex = Regex::new(&pattern).map_err(|error| error.to_string())?;
    let Some(captures) = regex.captures(came) else {
        return Err(format!("expected `{}`, not `{}`", shortened(expected), shown(came)));
    };
    for (index, name) in names.into_iter().enumerate() {
        if let Some(found) = captures.get(index + 1) {
            values.insert(name, String::from_utf8_lossy(found.as_bytes()).into_owned());
        }
    }
    Ok(())
}

/// A regular expression for an expected text, and the names that it takes.
fn pattern(expected: &str, values: &Values) -> (String, Vec<String>) {
    let expanded = repeated(expected);
    let mut rest = expanded.as_str();
    let (mut pattern, mut names) = ("(?s-u)^".to_owned(), Vec::new());
    while let Some((before, name, after)) = placeholder(rest) {
        literal(before, &mut pattern);
        match (name, values.get(name)) {
            ("*", _) => pattern.push_str(".*"),
            (_, Some(value)) => literal(value, &mut pattern),
            (_, None) if names.iter().any(|known| known == name) => pattern.push_str(".*"),
            (_, None) => {
                pattern.push_str("([^\"]+)");
                names.push(name.to_owned());
            }
        }
        rest = after;
    }
    literal(rest, &mut pattern);
    pattern.push('$');
    (pattern, names)
}

/// The first `<name>` of a text, with what is before and after it.
fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(start) = text[from..].find('<').map(|at| from + at) {
        let inside = &text[start + 1..];
        let end = inside.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '*');
        match end {
            Some(length) if length > 0 && inside[length..].starts_with('>') => {
                return Some((&text[..start], &inside[..length], &inside[length + 1..]));
            }
            _ => from = start + 1,
        }
    }
    None
}

fn literal(text: &str, pattern: &mut String) {
    for byte in bytes(text) {
        if byte.is_ascii_alphanumeric() {
            pattern.push(char::from(byte));
        } else {
            pattern.push_str(&format!("\\x{byte:02x}"));
        }
    }
}

/// Writes `{{text*1000}}` out.
fn repeated(text: &str) -> String {
    let Some((before, rest)) = text.split_once("{{") else { return text.to_owned() };
    let written = rest.split_once("}}").and_then(|(inner, after)| {
        let (unit, count) = inner.rsplit_once('*')?;
        Some(format!("{before}{}{}", unit.repeat(count.parse().ok()?), repeated(after)))
    });
    written.unwrap_or_else(|| text.to_owned())
}

/// Reads `\x1e` and `\r\n`; every other backslash stands for itself, as JSON has it.
fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        bytes.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let hex = rest.strip_prefix(br"\x").and_then(|rest| std::str::from_utf8(rest.get(..2)?).ok());
        let (byte, length): (&[u8], _) = match hex.map(|hex| u8::from_str_radix(hex, 16)) {
            Some(Ok(byte)) => (&[byte], 4),
            _ if rest.starts_with(br"\r\n") => (b"\r\n", 4),
            _ => (b"\\", 1),
        };
        bytes.extend_from_slice(byte);
        rest = &rest[length..];
    }
    bytes.extend_from_slice(rest);
    bytes
}

/// What came, for a person to read.
pub(super) fn shown(came: &[u8]) -> String {
    shortened(&came.escape_ascii().to_string().replace("\\\"", "\"").replace("\\'", "'"))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}
