//! What a provider is known by, and how types are written in messages.
//!
//! This file must never know what is registered under a key.

use std::any::{TypeId, type_name};
use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The type of a provider, and its token if it has one. Two keys are equal if both are.
#[derive(Clone)]
pub struct ProviderKey {
    /// Of `Arc<T>`, since `T` may be a trait object.
    arc: TypeId,
    type_name: &'static str,
    token: Option<Cow<'static, str>>,
}

impl ProviderKey {
    /// The key of what is injected as `Arc<T>`.
    pub fn of<T: ?Sized + Send + Sync + 'static>() -> Self {
        Self { arc: TypeId::of::<Arc<T>>(), type_name: type_name::<T>(), token: None }
    }

    /// The key of what is injected as `Arc<T>` under a token.
    pub fn with_token<T: ?Sized + Send + Sync + 'static>(token: impl Into<Cow<'static, str>>) -> Self {
        Self { token: Some(token.into()), ..Self::of::<T>() }
    }

    /// The token, if there is one.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The type with its whole path, as the compiler writes it.
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// The type without paths: `Repository<User>`, `dyn Clock`.
    pub fn short_name(&self) -> String {
        short_name(self.type_name)
    }

    /// Whether both are the same type, whatever their tokens.
    pub(super) fn same_type(&self, other: &Self) -> bool {
        self.arc == other.arc
    }

    /// What tells types apart, for maps that ignore tokens.
    pub(super) fn type_id(&self) -> TypeId {
        self.arc
    }

    /// As a field would ask for it: `Arc<Pool> with the token "DB"`.
    pub(super) fn wanted(&self) -> String {
        let name = self.short_name();
        // `Arc<dyn A + Send>` is how Rust itself writes it: no parentheses are needed.
        match &self.token {
            None => format!("Arc<{name}>"),
            Some(token) => format!("Arc<{name}> with the token {token:?}"),
        }
    }
}

impl PartialEq for ProviderKey {
    fn eq(&self, other: &Self) -> bool {
        self.arc == other.arc && self.token == other.token
    }
}

impl Eq for ProviderKey {}

impl Hash for ProviderKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.arc.hash(state);
        self.token.hash(state);
    }
}

/// The name that a provider goes by in messages: `Pool`, or `Pool("DB")` with a token.
impl fmt::Display for ProviderKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.short_name())?;
        match &self.token {
            None => Ok(()),
            Some(token) => write!(formatter, "({token:?})"),
        }
    }
}

impl fmt::Debug for ProviderKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ProviderKey({self})")
    }
}

/// A type's name without the paths in it.
pub(super) fn short_name(type_name: &str) -> String {
    let mut short = String::with_capacity(type_name.len());
    let mut path_start = 0;
    let mut rest = type_name;
    while let Some(character) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("::") {
            short.truncate(path_start);
            rest = after;
            continue;
        }
        short.push(character);
        // Braces are in the paths of types inside functions: `app::tests::name::{{closure}}::Pool`.
        if !(character.is_alphanumeric() || "_{}#".contains(character)) {
            path_start = short.len();
        }
        rest = &rest[character.len_utf8()..];
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    trait Clock: Send + Sync {}

    #[test]
    fn names_lose_their_paths() {
        assert_eq!(short_name("my_app::chats::ChatsService"), "ChatsService");
        assert_eq!(short_name("a::Repo<b::c::User, (u8, d::E)>"), "Repo<User, (u8, E)>");
        assert_eq!(short_name("dyn a::Clock + core::marker::Send"), "dyn Clock + Send");
        assert_eq!(short_name("&'static str"), "&'static str");
        assert_eq!(short_name("a::name::{{closure}}::Pool"), "Pool");
        assert_eq!(short_name("u32"), "u32");
    }

    #[test]
    fn keys_differ_by_type_and_by_token() {
        assert_eq!(ProviderKey::of::<String>(), ProviderKey::of::<String>());
        assert_ne!(ProviderKey::of::<String>(), ProviderKey::of::<u32>());
        assert_ne!(ProviderKey::of::<String>(), ProviderKey::with_token::<String>("A"));
        assert_eq!(
            ProviderKey::with_token::<String>("A"),
            ProviderKey::with_token::<String>(String::from("A"))
        );
        assert!(ProviderKey::of::<String>().same_type(&ProviderKey::with_token::<String>("A")));
    }

    #[test]
    fn a_key_reads_well() {
        assert_eq!(ProviderKey::of::<dyn Clock>().wanted(), "Arc<dyn Clock>");
        assert_eq!(ProviderKey::with_token::<String>("DB").wanted(), r#"Arc<String> with the token "DB""#);
        assert_eq!(ProviderKey::with_token::<String>("DB").to_string(), r#"String("DB")"#);
    }
}
