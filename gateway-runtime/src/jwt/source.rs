//! Where in a handshake the token is.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use gateway_core::Handshake;
use http::header::AUTHORIZATION;

/// A place that clients put their token in (one of `passport-jwt`'s extractors).
///
/// In each of them it may be written with `Bearer ` in front, in the `Authorization` header it must be.
#[derive(Clone)]
#[non_exhaustive]
pub enum TokenSource {
    /// A member of the `auth` payload: `io(url, { auth: { token } })`.
    Auth(Cow<'static, str>),
    /// A parameter of the query: `io(url, { query: { token } })`, `new WebSocket("ws://…?token=…")`. Proxies
    /// write query strings to their logs: prefer the others.
    Query(Cow<'static, str>),
    /// The `Authorization` header, which a browser's `WebSocket` cannot set.
    AuthorizationHeader,
    /// Anything else, such as a cookie or a header of yours.
    Custom(Arc<dyn Fn(&Handshake) -> Option<String> + Send + Sync>),
}

impl TokenSource {
    /// `auth.token`, then the parameter `token` of the query, then the `Authorization` header.
    pub fn defaults() -> Vec<Self> {
        vec![Self::Auth("token".into()), Self::Query("token".into()), Self::AuthorizationHeader]
    }

    /// A place that is looked up by a closure.
    pub fn custom(find: impl Fn(&Handshake) -> Option<String> + Send + Sync + 'static) -> Self {
        Self::Custom(Arc::new(find))
    }

    /// The token, if there is one.
    pub(super) fn find<'a>(&self, handshake: &'a Handshake) -> Option<Cow<'a, str>> {
        let found = match self {
            Self::Auth(key) => Cow::Borrowed(handshake.auth().get(key.as_ref())?.as_str()?),
            Self::Query(name) => handshake.query(name)?,
            Self::AuthorizationHeader => {
                return strip_scheme(handshake.header(AUTHORIZATION.as_str())?)
                    .filter(is_there)
                    .map(Cow::Borrowed);
            }
            Self::Custom(find) => Cow::Owned(find(handshake)?),
        };
        let token = match found {
            Cow::Borrowed(text) => Cow::Borrowed(without_scheme(text)),
            Cow::Owned(text) => Cow::Owned(without_scheme(&text).to_owned()),
        };
        Some(token).filter(|token| !token.is_empty())
    }
}

fn is_there(token: &&str) -> bool {
    !token.is_empty()
}

/// A token as somebody wrote it, without `Bearer ` and spaces around it.
pub(super) fn without_scheme(text: &str) -> &str {
    strip_scheme(text).unwrap_or_else(|| text.trim())
}

/// What follows `Bearer`, in any case of letters (RFC 9110, section 11.1).
fn strip_scheme(text: &str) -> Option<&str> {
    let text = text.trim();
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auth(key) => write!(f, "Auth({key:?})"),
            Self::Query(name) => write!(f, "Query({name:?})"),
            Self::AuthorizationHeader => f.write_str("AuthorizationHeader"),
            Self::Custom(_) => f.write_str("Custom"),
        }
    }
}
