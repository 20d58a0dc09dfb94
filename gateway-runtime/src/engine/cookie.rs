//! The `Set-Cookie` header that a polling handshake may carry. Knows the syntax, not the session.

use std::fmt::Write as _;
use std::time::Duration;

use http::HeaderValue;

/// The `SameSite` attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SameSite {
    /// Sent on same-site requests and top-level navigation.
    Lax,
    /// Sent on same-site requests only.
    Strict,
    /// Sent always; browsers demand `secure` with it.
    None,
}

/// Options of the session cookie; engine.io's `cookie`, with its defaults.
#[derive(Clone, Debug)]
pub(crate) struct CookieOptions {
    /// Default `io`.
    pub(crate) name: String,
    /// Default `/`.
    pub(crate) path: Option<String>,
    /// Hidden from scripts. Default true.
    pub(crate) http_only: bool,
    /// Default [`SameSite::Lax`].
    pub(crate) same_site: Option<SameSite>,
    /// Default none: the cookie ends with the browser's session.
    pub(crate) max_age: Option<Duration>,
    /// Sent over TLS only. Default false.
    pub(crate) secure: bool,
    /// Default none: the host that answered.
    pub(crate) domain: Option<String>,
}

impl Default for CookieOptions {
    fn default() -> Self {
        Self {
            name: "io".to_owned(),
            path: Some("/".to_owned()),
            http_only: true,
            same_site: Some(SameSite::Lax),
            max_age: None,
            secure: false,
            domain: None,
        }
    }
}

impl CookieOptions {
    /// The header's value for a session id; `None` if an option holds characters no header may have.
    pub(crate) fn header(&self, id: &str) -> Option<HeaderValue> {
        let mut value = format!("{}={id}", self.name);
        if let Some(max_age) = self.max_age {
            // Writing to a string cannot fail.
            let _ = write!(value, "; Max-Age={}", max_age.as_secs());
        }
        if let Some(domain) = &self.domain {
            let _ = write!(value, "; Domain={domain}");
        }
        if let Some(path) = &self.path {
            let _ = write!(value, "; Path={path}");
        }
        if self.http_only {
            value.push_str("; HttpOnly");
        }
        if self.secure {
            value.push_str("; Secure");
        }
        value.push_str(match self.same_site {
            Some(SameSite::Lax) => "; SameSite=Lax",
            Some(SameSite::Strict) => "; SameSite=Strict",
            Some(SameSite::None) => "; SameSite=None",
            None => "",
        });
        HeaderValue::from_str(&value).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_reference_servers() {
        let header = CookieOptions::default().header("abc").expect("a header");
        assert_eq!(header, "io=abc; Path=/; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn every_option_has_its_attribute() {
        let options = CookieOptions {
            name: "sid".to_owned(),
            path: None,
            http_only: false,
            same_site: Some(SameSite::None),
            max_age: Some(Duration::from_secs(60)),
            secure: true,
            domain: Some("example.org".to_owned()),
        };
        let header = options.header("abc").expect("a header");
        assert_eq!(header, "sid=abc; Max-Age=60; Domain=example.org; Secure; SameSite=None");
    }

    #[test]
    fn a_line_break_never_reaches_the_header() {
        let options = CookieOptions { name: "a\r\nb".to_owned(), ..CookieOptions::default() };
        assert!(options.header("abc").is_none());
    }
}
