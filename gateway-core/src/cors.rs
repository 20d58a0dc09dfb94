//! Cross-origin rules of a gateway, in the words of the `cors` package that NestJS users know.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use regex_lite::Regex;

use crate::options::IntoMillis;

/// Which origins may connect.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum CorsOrigin {
    /// `"*"`: any origin. With `credentials` the origin is mirrored, since browsers refuse `*` then.
    #[default]
    Any,
    /// `true`: any origin, mirrored.
    Mirror,
    /// `false`: no cross-origin access.
    None,
    /// This one.
    Exact(String),
    /// Those that match.
    Pattern(Regex),
    /// Those for which the function says so.
    Predicate(Arc<dyn Fn(&str) -> bool + Send + Sync>),
    /// Those that one of these allows.
    List(Vec<CorsOrigin>),
}

impl CorsOrigin {
    /// Origins for which `allows` returns true.
    pub fn predicate(allows: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self::Predicate(Arc::new(allows))
    }

    /// Whether `origin` may connect.
    pub fn allows(&self, origin: &str) -> bool {
        match self {
            Self::Any | Self::Mirror => true,
            Self::None => false,
            Self::Exact(allowed) => allowed == origin,
            Self::Pattern(pattern) => pattern.is_match(origin),
            Self::Predicate(allows) => allows(origin),
            Self::List(origins) => origins.iter().any(|allowed| allowed.allows(origin)),
        }
    }
}

impl fmt::Debug for CorsOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("\"*\""),
            Self::Mirror => f.write_str("true"),
            Self::None => f.write_str("false"),
            Self::Exact(origin) => write!(f, "{origin:?}"),
            Self::Pattern(pattern) => write!(f, "/{pattern}/"),
            Self::Predicate(_) => f.write_str("a predicate"),
            Self::List(origins) => f.debug_list().entries(origins).finish(),
        }
    }
}

impl From<bool> for CorsOrigin {
    fn from(mirrored: bool) -> Self {
        if mirrored { Self::Mirror } else { Self::None }
    }
}

impl From<&str> for CorsOrigin {
    fn from(origin: &str) -> Self {
        if origin == "*" { Self::Any } else { Self::Exact(origin.to_owned()) }
    }
}

impl From<String> for CorsOrigin {
    fn from(origin: String) -> Self {
        Self::from(origin.as_str())
    }
}

impl From<Regex> for CorsOrigin {
    fn from(pattern: Regex) -> Self {
        Self::Pattern(pattern)
    }
}

impl<T: Into<CorsOrigin>> From<Vec<T>> for CorsOrigin {
    fn from(origins: Vec<T>) -> Self {
        Self::List(origins.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<CorsOrigin>, const N: usize> From<[T; N]> for CorsOrigin {
    fn from(origins: [T; N]) -> Self {
        Self::List(origins.into_iter().map(Into::into).collect())
    }
}

/// The `cors` option of a gateway.
///
/// `cors = true` allows every origin (`*`), as in NestJS; `cors(origin = …, credentials = true)`
/// says it in detail. The origin rule also guards the WebSocket upgrade, unless the gateway says
/// `check_origin = false`.
#[derive(Clone, Debug, Default)]
pub struct Cors {
    /// `origin`
    pub origin: CorsOrigin,
    /// `methods`; empty means GET, HEAD, PUT, PATCH, POST and DELETE.
    pub methods: Vec<String>,
    /// `allowedHeaders`; empty mirrors what the browser asks for.
    pub allowed_headers: Vec<String>,
    /// `exposedHeaders`
    pub exposed_headers: Vec<String>,
    /// `credentials`
    pub credentials: bool,
    /// `maxAge` of a preflight's answer.
    pub max_age: Option<Duration>,
}

/// Sets the fields of a [`Cors`], each under the name of its option.
#[derive(Debug)]
pub struct CorsBuilder<'c>(&'c mut Cors);

impl<'c> CorsBuilder<'c> {
    pub(crate) fn new(cors: &'c mut Cors) -> Self {
        Self(cors)
    }

    /// `origin`: `"*"`, one origin, a list, `true`, a `Regex`, or a [`CorsOrigin`].
    pub fn origin(&mut self, origin: impl Into<CorsOrigin>) {
        self.0.origin = origin.into();
    }

    /// `methods`: a list of method names.
    pub fn methods<S: Into<String>>(&mut self, methods: impl IntoIterator<Item = S>) {
        self.0.methods = methods.into_iter().map(Into::into).collect();
    }

    /// `allowedHeaders`: a list of header names.
    pub fn allowed_headers<S: Into<String>>(&mut self, headers: impl IntoIterator<Item = S>) {
        self.0.allowed_headers = headers.into_iter().map(Into::into).collect();
    }

    /// `exposedHeaders`: a list of header names.
    pub fn exposed_headers<S: Into<String>>(&mut self, headers: impl IntoIterator<Item = S>) {
        self.0.exposed_headers = headers.into_iter().map(Into::into).collect();
    }

    /// `credentials`: whether cookies and authorization headers may come along.
    pub fn credentials(&mut self, credentials: bool) {
        self.0.credentials = credentials;
    }

    /// `maxAge`: **seconds** (as in the `cors` package) or a `Duration`.
    pub fn max_age(&mut self, age: impl IntoSeconds) {
        self.0.max_age = Some(age.into_seconds());
    }
}

/// What `cors = …` accepts: `true`, `false`, or a [`Cors`].
pub trait IntoCors {
    /// The rules; `None` for no cross-origin headers at all.
    fn into_cors(self) -> Option<Cors>;
}

impl IntoCors for bool {
    fn into_cors(self) -> Option<Cors> {
        self.then(Cors::default)
    }
}

impl IntoCors for Cors {
    fn into_cors(self) -> Option<Cors> {
        Some(self)
    }
}

/// A number of seconds, or a `Duration`.
pub trait IntoSeconds {
    /// The duration.
    fn into_seconds(self) -> Duration;
}

impl IntoSeconds for Duration {
    fn into_seconds(self) -> Duration {
        self
    }
}

impl IntoSeconds for i32 {
    fn into_seconds(self) -> Duration {
        self.into_millis() * 1000
    }
}

impl IntoSeconds for u64 {
    fn into_seconds(self) -> Duration {
        Duration::from_secs(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        let list = CorsOrigin::from(["https://a.example", "https://b.example"]);
        assert!(list.allows("https://b.example"));
        assert!(!list.allows("https://b.example.evil"));
        assert!(CorsOrigin::from("*").allows("anything"));
        assert!(!CorsOrigin::from(false).allows("anything"));
        let mixed = CorsOrigin::List(vec!["https://a".into(), Regex::new(r"\.example$").unwrap().into()]);
        assert!(mixed.allows("https://x.example") && mixed.allows("https://a") && !mixed.allows("https://b"));
        assert!(CorsOrigin::predicate(|origin| origin.len() == 3).allows("abc"));
    }
}
