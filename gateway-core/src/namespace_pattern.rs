//! Which namespaces a gateway serves: one by its name, or all whose names match.
//!
//! This file decides on names. It must never know how namespaces are kept or who is in them.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};
use regex_lite::Regex;
use serde_json::Value;

type Predicate = dyn Fn(&str, &Value) -> bool + Send + Sync;
type AsyncPredicate = dyn Fn(String, Value) -> BoxFuture<'static, bool> + Send + Sync;

/// What `namespace = …` accepts: a name, a `Regex`, or a predicate (what `io.of(..)` accepts in
/// Socket.IO).
///
/// A gateway with anything but a name is *dynamic*: the first client that joins `/room-7` makes that
/// namespace, a child of the gateway's. Clones of one predicate, and regular expressions with the same
/// text, are the same namespace for all gateways of a server.
#[derive(Clone)]
#[non_exhaustive]
pub enum NamespacePattern {
    /// One namespace, with its leading slash.
    Name(String),
    /// All whose names match. Anchor it: `^/room-\d+$`, since a match anywhere counts. `\d` and `\w` are
    /// ASCII, as in JavaScript; classes like `\p{L}` are an error, and for a predicate.
    Regex(Regex),
    /// All for whose names the function says so.
    Predicate(NamespacePredicate),
}

/// A function that decides on the names of namespaces.
#[derive(Clone)]
pub struct NamespacePredicate {
    function: Function,
    /// Where it was written: what it is called in logs.
    text: Arc<str>,
}

#[derive(Clone)]
enum Function {
    Sync(Arc<Predicate>),
    Async(Arc<AsyncPredicate>),
}

/// What a pattern says of a name.
pub enum NamespaceMatch {
    /// The answer is known.
    Known(bool),
    /// The predicate is asynchronous.
    Later(BoxFuture<'static, bool>),
}

impl fmt::Debug for NamespaceMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(matches) => f.debug_tuple("Known").field(matches).finish(),
            Self::Later(_) => f.write_str("Later"),
        }
    }
}

impl NamespacePattern {
    /// All namespaces for which `matches` returns true, from the name (with its leading slash) and the
    /// `auth` payload of the client that wants to join (null if it sent none).
    ///
    /// It is asked once for each namespace, by the first client that joins it: who may join is for
    /// middlewares and guards to decide. What panics is refused.
    ///
    /// ```
    /// use gateway_core::NamespacePattern;
    /// use serde_json::Value;
    ///
    /// let tenants = NamespacePattern::predicate(|name: &str, auth: &Value| {
    ///     name.starts_with("/tenant-") && auth["token"].is_string()
    /// });
    /// assert!(tenants.is_dynamic());
    /// ```
    #[track_caller]
    pub fn predicate(matches: impl Fn(&str, &Value) -> bool + Send + Sync + 'static) -> Self {
        Self::of(Function::Sync(Arc::new(matches)), Location::caller())
    }

    /// [`predicate`](Self::predicate) that may wait, for a database say. The client waits as long, at
    /// most `connect_timeout` if it has not joined another namespace before.
    ///
    /// ```
    /// use gateway_core::NamespacePattern;
    ///
    /// # async fn tenant_exists(name: &str) -> bool { name.len() > 1 }
    /// let tenants =
    ///     NamespacePattern::async_predicate(|name, _auth| async move { tenant_exists(&name).await });
    /// ```
    #[track_caller]
    pub fn async_predicate<F, Fut>(matches: F) -> Self
    where
        F: Fn(String, Value) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = bool> + Send + 'static,
    {
        let function = Function::Async(Arc::new(move |name, auth| matches(name, auth).boxed()));
        Self::of(function, Location::caller())
    }

    fn of(function: Function, place: &Location<'_>) -> Self {
        let text = format!("predicate at {}:{}", place.file(), place.line()).into();
        Self::Predicate(NamespacePredicate { function, text })
    }

    /// Whether it stands for namespaces that clients make.
    pub fn is_dynamic(&self) -> bool {
        !matches!(self, Self::Name(_))
    }

    /// What stands for the namespace in logs and metrics: its name, the expression between slashes, the
    /// place of a predicate.
    pub fn text(&self) -> String {
        self.to_string()
    }

    /// Whether both are the same namespace.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(one), Self::Name(other)) => one == other,
            (Self::Regex(one), Self::Regex(other)) => one.as_str() == other.as_str(),
            (Self::Predicate(one), Self::Predicate(other)) => match (&one.function, &other.function) {
                (Function::Sync(one), Function::Sync(other)) => Arc::ptr_eq(one, other),
                (Function::Async(one), Function::Async(other)) => Arc::ptr_eq(one, other),
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether a namespace of this name, with its leading slash, is one of those meant.
    pub fn matches(&self, name: &str, auth: &Value) -> NamespaceMatch {
        match self {
            Self::Name(own) => NamespaceMatch::Known(own == name),
            Self::Regex(pattern) => NamespaceMatch::Known(pattern.is_match(name)),
            Self::Predicate(predicate) => match &predicate.function {
                Function::Sync(matches) => NamespaceMatch::Known(matches(name, auth)),
                Function::Async(matches) => NamespaceMatch::Later(matches(name.to_owned(), auth.clone())),
            },
        }
    }
}

impl fmt::Display for NamespacePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Regex(pattern) => write!(f, "/{pattern}/"),
            Self::Predicate(predicate) => f.write_str(&predicate.text),
        }
    }
}

impl fmt::Debug for NamespacePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "{name:?}"),
            Self::Regex(_) | Self::Predicate(_) => fmt::Display::fmt(self, f),
        }
    }
}

impl fmt::Debug for NamespacePredicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<&str> for NamespacePattern {
    /// With or without a leading slash.
    fn from(name: &str) -> Self {
        Self::from(name.to_owned())
    }
}

impl From<String> for NamespacePattern {
    fn from(name: String) -> Self {
        Self::Name(if name.starts_with('/') { name } else { format!("/{name}") })
    }
}

impl From<&String> for NamespacePattern {
    fn from(name: &String) -> Self {
        Self::from(name.as_str())
    }
}

impl From<Regex> for NamespacePattern {
    fn from(pattern: Regex) -> Self {
        Self::Regex(pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(pattern: &NamespacePattern, name: &str) -> bool {
        match pattern.matches(name, &Value::Null) {
            NamespaceMatch::Known(matches) => matches,
            NamespaceMatch::Later(matches) => matches.now_or_never().expect("it does not wait"),
        }
    }

    #[test]
    fn names_expressions_and_predicates() {
        let name = NamespacePattern::from("chat");
        assert!(known(&name, "/chat") && !known(&name, "/chat/") && !name.is_dynamic());
        let rooms = NamespacePattern::from(Regex::new("^/room-[0-9]+$").unwrap());
        assert!(known(&rooms, "/room-12") && !known(&rooms, "/room-") && !known(&rooms, "/a/room-1"));
        assert_eq!(rooms.text(), "/^/room-[0-9]+$/");
        let digits = NamespacePattern::from(Regex::new(r"^/комната-\d+$").unwrap());
        assert!(known(&digits, "/комната-12") && !known(&digits, "/комната-١٢"));
        let short = NamespacePattern::predicate(|name, auth| name.len() < 4 && auth.is_null());
        assert!(known(&short, "/ab") && !known(&short, "/abc"));
        let (here, line) = (file!(), line!() - 2);
        assert_eq!(short.text(), format!("predicate at {here}:{line}"));
        let later = NamespacePattern::async_predicate(|name, _| async move { name == "/x" });
        assert!(known(&later, "/x") && !known(&later, "/y"));
    }

    #[test]
    fn what_is_the_same_namespace() {
        let rooms = || NamespacePattern::from(Regex::new("^/room-").unwrap());
        assert!(rooms().is_same(&rooms()) && !rooms().is_same(&"/room-".into()));
        assert!(NamespacePattern::from("a").is_same(&"/a".to_owned().into()));
        let any = || NamespacePattern::predicate(|_, _| true);
        let one = any();
        assert!(one.is_same(&one.clone()) && !one.is_same(&any()));
    }
}
