//! MessagePack's timestamps.

use crate::js_date::JsDate;

/// The content of a timestamp extension of 4, 8 or 12 bytes; `None` is an invalid date.
pub(super) fn parse(content: &[u8]) -> Option<JsDate> {
    let number = |bytes: &[u8]| bytes.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    let (seconds, nanos) = match content.len() {
        4 => (i64::try_from(number(content)).ok()?, 0),
        8 => {
            let both = number(content);
            (i64::try_from(both & 0x3_ffff_ffff).ok()?, i64::try_from(both >> 34).ok()?)
        }
        12 => {
            let nanos = i64::try_from(number(&content[..4])).ok()?;
            (i64::from_be_bytes(content[4..].try_into().ok()?), nanos)
        }
        _ => return None,
    };
    JsDate::from_millis(seconds.checked_mul(1000)?.checked_add(nanos / 1_000_000)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_date() {
        assert_eq!(parse(&[127; 12]), None);
        assert_eq!(parse(&[255; 5]), None);
    }
}
