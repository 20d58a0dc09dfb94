//! A moment as JavaScript's `Date.toISOString` writes it: what JSON has for a `Date`.

use crate::js_date::JsDate;

/// Writes a moment in quotes, or `null` if there is no such `Date`.
pub(super) fn write(millis: i64, out: &mut Vec<u8>) {
    match JsDate::from_millis(millis) {
        Some(date) => {
            out.push(b'"');
            out.extend_from_slice(date.to_iso_string().as_bytes());
            out.push(b'"');
        }
        None => out.extend_from_slice(b"null"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(millis: i64) -> String {
        let mut out = Vec::new();
        write(millis, &mut out);
        String::from_utf8(out).unwrap()
    }

    /// The texts are those of Node 22.
    #[test]
    fn moments_as_javascript_writes_them() {
        assert_eq!(iso(0), r#""1970-01-01T00:00:00.000Z""#);
        assert_eq!(iso(-1), r#""1969-12-31T23:59:59.999Z""#);
        assert_eq!(iso(951_782_400_000), r#""2000-02-29T00:00:00.000Z""#);
        assert_eq!(iso(1_709_251_199_999), r#""2024-02-29T23:59:59.999Z""#);
        assert_eq!(iso(-62_198_755_200_000), r#""-000001-01-01T00:00:00.000Z""#);
        assert_eq!(iso(-62_167_219_200_000), r#""0000-01-01T00:00:00.000Z""#);
        assert_eq!(iso(253_402_300_800_000), r#""+010000-01-01T00:00:00.000Z""#);
        assert_eq!(iso(8_640_000_000_000_000), r#""+275760-09-13T00:00:00.000Z""#);
        assert_eq!(iso(-8_640_000_000_000_000), r#""-271821-04-20T00:00:00.000Z""#);
        assert_eq!((iso(8_640_000_000_000_001), iso(i64::MIN)), ("null".to_owned(), "null".to_owned()));
    }
}
