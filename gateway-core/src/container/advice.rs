//! What to do about a provider that is missing: the near misses first.
//!
//! This file must never know who asked: it looks at what was asked for and what there is.

use super::ProviderKey;

/// A sentence that tells how to get `wanted` provided.
pub(super) fn advice<'a>(wanted: &ProviderKey, provided: impl Iterator<Item = &'a ProviderKey>) -> String {
    let provided: Vec<_> = provided.collect();
    under_another_token(wanted, &provided)
        .or_else(|| arc_in_an_arc(wanted, &provided))
        .or_else(|| same_name(wanted, &provided))
        .unwrap_or_else(|| how_to_provide(wanted))
}

fn under_another_token(wanted: &ProviderKey, provided: &[&ProviderKey]) -> Option<String> {
    let mut tokens = Vec::new();
    let mut plain = false;
    for key in provided.iter().filter(|key| key.same_type(wanted)) {
        match key.token() {
            Some(token) => tokens.push(format!("#[inject({token:?})]")),
            None => plain = true,
        }
    }
    if plain {
        return Some(format!(
            "{} is provided without a token: write #[inject], or provide one with .provide_token({:?}, ..)",
            wanted.short_name(),
            wanted.token().unwrap_or_default()
        ));
    }
    if tokens.is_empty() {
        return None;
    }
    let name = wanted.short_name();
    Some(match wanted.token() {
        None => format!("{name} is provided under a token: write {}", tokens.join(" or ")),
        Some(_) => format!("{name} is provided under another token: write {}", tokens.join(" or ")),
    })
}

fn arc_in_an_arc(wanted: &ProviderKey, provided: &[&ProviderKey]) -> Option<String> {
    let wrapped = format!("alloc::sync::Arc<{}>", wanted.type_name());
    provided.iter().any(|key| key.type_name() == wrapped).then(|| {
        let name = wanted.short_name();
        format!(
            "Arc<Arc<{name}>> is provided: hand an Arc over with .provide_arc(..) instead of .provide(..)"
        )
    })
}

fn same_name(wanted: &ProviderKey, provided: &[&ProviderKey]) -> Option<String> {
    let name = wanted.short_name();
    let other = provided.iter().find(|key| key.short_name() == name && !key.same_type(wanted))?;
    Some(if other.type_name() == wanted.type_name() {
        format!(
            "a different type of the same name and path, {}, is provided: the crate is linked in two versions",
            other.type_name()
        )
    } else {
        format!(
            "{} is provided, but {} is what was asked for: use one of the two types on both sides",
            other.type_name(),
            wanted.type_name()
        )
    })
}

fn how_to_provide(wanted: &ProviderKey) -> String {
    let name = wanted.short_name();
    if let Some(token) = wanted.token() {
        let provide = if name.starts_with("dyn ") { "provide_arc_token" } else { "provide_token" };
        return format!("call .{provide}({token:?}, ..) on the app builder");
    }
    if name.starts_with("dyn ") {
        return format!(
            "a provider of a type that implements the trait is not enough; add #[injectable(as {name})] to that \
             type, or .alias(|it: Arc<TheType>| -> Arc<{name}> {{ it }}) on the app builder"
        );
    }
    let path = wanted.type_name();
    let of_the_user =
        path.contains("::") && !["core::", "alloc::", "std::"].iter().any(|std| path.starts_with(std));
    if of_the_user && !name.contains('<') {
        format!("add #[injectable] to {name}, or .provide({name} {{ .. }}) on the app builder")
    } else {
        format!("call .provide(..) with a value of type {name} on the app builder")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    mod other {
        pub(super) struct Pool;
    }
    struct Pool;
    struct Of<T>(std::marker::PhantomData<T>);
    trait Clock: Send + Sync {}

    fn for_pool(provided: &[ProviderKey]) -> String {
        advice(&ProviderKey::of::<Pool>(), provided.iter())
    }

    #[test]
    fn says_how_to_provide() {
        let none = || [].iter();
        assert_eq!(for_pool(&[]), "add #[injectable] to Pool, or .provide(Pool { .. }) on the app builder");
        assert_eq!(
            advice(&ProviderKey::of::<dyn Clock>(), none()),
            "a provider of a type that implements the trait is not enough; add #[injectable(as dyn Clock)] to \
             that type, or .alias(|it: Arc<TheType>| -> Arc<dyn Clock> { it }) on the app builder"
        );
        assert_eq!(
            advice(&ProviderKey::with_token::<Pool>("DB"), none()),
            "call .provide_token(\"DB\", ..) on the app builder"
        );
        for key in [ProviderKey::of::<String>(), ProviderKey::of::<u16>(), ProviderKey::of::<Of<Pool>>()] {
            let name = key.short_name();
            assert_eq!(
                advice(&key, none()),
                format!("call .provide(..) with a value of type {name} on the app builder")
            );
        }
    }

    #[test]
    fn sees_tokens_that_do_not_match() {
        assert_eq!(
            for_pool(&[ProviderKey::with_token::<Pool>("A"), ProviderKey::with_token::<Pool>("B")]),
            r#"Pool is provided under a token: write #[inject("A")] or #[inject("B")]"#
        );
        assert_eq!(
            advice(&ProviderKey::with_token::<Pool>("DB"), [ProviderKey::of::<Pool>()].iter()),
            r#"Pool is provided without a token: write #[inject], or provide one with .provide_token("DB", ..)"#
        );
        assert_eq!(
            advice(&ProviderKey::with_token::<Pool>("DB"), [ProviderKey::with_token::<Pool>("Db")].iter()),
            r#"Pool is provided under another token: write #[inject("Db")]"#
        );
    }

    #[test]
    fn sees_an_arc_in_an_arc() {
        let text = for_pool(&[ProviderKey::of::<Arc<Pool>>()]);
        assert!(
            text.starts_with("Arc<Arc<Pool>> is provided: hand an Arc over with .provide_arc(..)"),
            "{text}"
        );
    }

    #[test]
    fn sees_another_type_of_that_name() {
        let text = for_pool(&[ProviderKey::of::<other::Pool>()]);
        assert!(text.contains("other::Pool is provided, but "), "{text}");
    }
}
