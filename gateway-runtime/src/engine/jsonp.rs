//! Long-polling for browsers without cross-origin requests (JSONP), which clients of revision 3 may ask
//! for: answers are scripts, requests come from forms.
//!
//! Pure functions. What the payloads hold is not known here.

use axum::http::HeaderMap;
use bytes::Bytes;
use http::HeaderValue;
use http::Uri;
use http::header::{ORIGIN, REFERER};

use super::config::CheckOrigin;
use super::response::json_string;

/// The header in which browsers say where a request comes from, scripts and forms included.
const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Digits of an index that are used: a page has a handful of connections.
const MAX_INDEX_DIGITS: usize = 10;

/// The script that hands a payload to the client's callback of this index.
pub(super) fn script(index: &str, payload: &str) -> Bytes {
    let index: String = index.chars().filter(char::is_ascii_digit).take(MAX_INDEX_DIGITS).collect();
    // Two characters that may stand in JSON ended a line of JavaScript before ES2019.
    let literal = json_string(payload).replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    Bytes::from(format!("___eio[{index}]({literal});"))
}

/// The payload in the form that a client has sent; `None` without its field `d`.
pub(super) fn payload_of_form(form: &[u8]) -> Option<Bytes> {
    let (_, payload) = form_urlencoded::parse(form).find(|(name, _)| name == "d")?;
    Some(Bytes::from(with_newlines(&payload)))
}

/// Forms change the ends of lines, so the client sends `\n` for a newline and `\\n` for `\n`.
fn with_newlines(payload: &str) -> String {
    let mut unescaped = String::with_capacity(payload.len());
    let mut rest = payload;
    while let Some(position) = rest.find('\\') {
        unescaped.push_str(&rest[..position]);
        rest = &rest[position..];
        let (text, length) = if rest.starts_with("\\\\n") {
            ("\\n", 3)
        } else if rest.starts_with("\\n") {
            ("\n", 2)
        } else {
            ("\\", 1)
        };
        unescaped.push_str(text);
        rest = &rest[length..];
    }
    unescaped.push_str(rest);
    unescaped
}

/// Whether the page behind a JSONP request may have its answer. Scripts of foreign pages are not held
/// back by CORS, and have no `Origin` header: the referer stands in for it. A browser that says that
/// the page is foreign, but not which it is, is refused; one that says nothing is older than that.
pub(super) fn is_allowed(headers: &HeaderMap, check: &CheckOrigin) -> bool {
    if headers.contains_key(ORIGIN) {
        return check(headers);
    }
    if let Some(origin) = headers.get(REFERER).and_then(origin_of) {
        let mut headers = headers.clone();
        headers.insert(ORIGIN, origin);
        return check(&headers);
    }
    headers.get(SEC_FETCH_SITE).is_none_or(|site| site == "same-origin" || site == "none")
}

fn origin_of(referer: &HeaderValue) -> Option<HeaderValue> {
    let referer: Uri = referer.to_str().ok()?.parse().ok()?;
    HeaderValue::try_from(format!("{}://{}", referer.scheme()?, referer.authority()?)).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn an_answer_is_a_script() {
        assert_eq!(script("0", "2:40"), "___eio[0](\"2:40\");");
        assert_eq!(script("1;alert(2)", "a\"\u{2028}\u{2029}\n"), "___eio[12](\"a\\\"\\u2028\\u2029\\n\");");
        assert_eq!(script("", ""), "___eio[](\"\");");
    }

    #[test]
    fn a_request_is_a_form() {
        assert_eq!(payload_of_form(b"x=1&d=3%3A4+a"), Some(Bytes::from_static(b"3:4 a")));
        assert_eq!(payload_of_form(b"x=1"), None);
        assert_eq!(with_newlines(r"a\nb\\nc\\\nd\t\"), "a\nb\\nc\\\\nd\\t\\");
    }

    #[test]
    fn foreign_pages_are_told_by_referer_and_fetch_metadata() {
        let check: CheckOrigin = Arc::new(|headers: &HeaderMap| {
            headers.get(ORIGIN).is_none_or(|origin| origin == "https://a.example")
        });
        let allowed = |headers: &[(&'static str, &'static str)]| {
            let headers = headers.iter().map(|(name, value)| {
                (name.parse::<http::HeaderName>().unwrap(), HeaderValue::from_static(value))
            });
            is_allowed(&headers.collect(), &check)
        };
        assert!(allowed(&[]), "a browser without fetch metadata, or no browser");
        assert!(allowed(&[("referer", "https://a.example/page"), ("sec-fetch-site", "cross-site")]));
        assert!(!allowed(&[("referer", "https://b.example/page")]));
        assert!(!allowed(&[("sec-fetch-site", "cross-site")]));
        assert!(!allowed(&[("sec-fetch-site", "same-site")]));
        assert!(allowed(&[("sec-fetch-site", "same-origin")]));
        assert!(allowed(&[("origin", "https://a.example"), ("referer", "https://b.example/")]));
        assert!(!allowed(&[("origin", "https://b.example"), ("referer", "https://a.example/")]));
    }
}
