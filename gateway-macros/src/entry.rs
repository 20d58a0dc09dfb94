//! Parses the lists of `#[use_guards(..)]` and its kin, the pipes of `#[message_body(..)]`, and
//! `#[set_metadata(..)]`.
//!
//! An entry is a type, which the container provides, or an expression, which is the instance. That is told
//! by spelling, as a reader would: `RolesGuard` and `guards::WsJwtGuard<Claims>` are types;
//! `RolesGuard::new()`, `Policy::Strict`, `roles()`, `SHARED_GUARD` and `RolesGuard { .. }` are
//! expressions. It must never judge what it finds.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, Path, Token, Type};

use crate::attr::{self, HelperAttribute};

/// What is made at start: a guard, a pipe, an interceptor, a filter.
pub(crate) enum Entry {
    /// A type: from the container, or its `Default`.
    Class(Type),
    /// The instance itself.
    Value(Expr),
}

impl Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        if let Ok(ty) = ahead.parse::<Type>()
            && (ahead.is_empty() || ahead.peek(Token![,]))
            && is_class(&ty)
        {
            return input.parse().map(Self::Class);
        }
        input.parse().map(Self::Value)
    }

    /// Its name in messages: tokens do not tell how they were spaced.
    pub(crate) fn name(&self) -> String {
        let spaced = self.to_token_stream().to_string();
        [(" :: ", "::"), (":: ", "::"), (" < ", "<"), ("< ", "<"), (" >", ">"), (" ,", ",")]
            .into_iter()
            .fold(spaced, |name, (from, to)| name.replace(from, to))
    }

    /// The token that errors of its type point at.
    pub(crate) fn blamed(&self) -> Span {
        let first = || self.to_token_stream().into_iter().next().map(|first| first.span());
        match self {
            Self::Class(Type::Path(path)) => path.path.segments.last().map(|last| last.ident.span()),
            _ => first(),
        }
        .unwrap_or_else(Span::call_site)
    }
}

impl ToTokens for Entry {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Class(ty) => ty.to_tokens(tokens),
            Self::Value(expression) => expression.to_tokens(tokens),
        }
    }
}

/// Whether this is spelled like a type, and not like a call, a constant or a variant of an enum.
fn is_class(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let call = path
        .path
        .segments
        .iter()
        .any(|segment| matches!(segment.arguments, syn::PathArguments::Parenthesized(_)));
    !call && (path.qself.is_some() || ends_in_a_type(&path.path))
}

fn ends_in_a_type(path: &Path) -> bool {
    let camel = |name: &Ident| {
        let name = name.unraw().to_string();
        let first = name.trim_start_matches('_').chars().next();
        first.is_some_and(char::is_uppercase)
            && (name.contains(char::is_lowercase) || name.chars().count() == 1)
    };
    let mut names = path.segments.iter().rev();
    let last = names.next().is_some_and(|segment| camel(&segment.ident));
    let of_a_type = names.next().is_some_and(|segment| camel(&segment.ident));
    last && !of_a_type
}

/// The content of `#[use_guards(..)]` and its kin.
pub(crate) struct Entries {
    pub(crate) entries: Vec<Entry>,
    /// `name = value`
    pub(crate) options: Vec<(Ident, Expr)>,
}

/// The entries and the options of a list, which may be mixed.
pub(crate) fn entries(helper: &HelperAttribute) -> syn::Result<Entries> {
    let parser = |input: ParseStream<'_>| {
        let mut list = Entries { entries: Vec::new(), options: Vec::new() };
        while !input.is_empty() {
            if attr::is_assignment(input) {
                list.options.push(attr::assignment(input)?);
            } else {
                list.entries.push(Entry::parse(input)?);
            }
            comma(input)?;
        }
        Ok(list)
    };
    parser.parse2(helper.content()?)
}

/// The content of `#[message_body(..)]`.
pub(crate) struct BodyContent {
    /// The member of the body.
    pub(crate) key: Option<Expr>,
    pub(crate) pipes: Vec<Entry>,
}

/// A name, or none; then pipes.
pub(crate) fn body(helper: &HelperAttribute) -> syn::Result<BodyContent> {
    let parser = |input: ParseStream<'_>| {
        let mut content = BodyContent { key: None, pipes: Vec::new() };
        let ahead = input.fork();
        // A type with arguments is no expression.
        if let Ok(name) = ahead.parse::<Expr>()
            && attr::is_name(&name)
            && (ahead.is_empty() || ahead.peek(Token![,]))
        {
            content.key = Some(input.parse()?);
            comma(input)?;
        }
        while !input.is_empty() {
            content.pipes.push(Entry::parse(input)?);
            comma(input)?;
        }
        Ok(content)
    };
    parser.parse2(helper.content()?)
}

/// The key and the value of `#[set_metadata(..)]`.
pub(crate) fn metadata(helper: &HelperAttribute) -> syn::Result<(Expr, Expr)> {
    let parser = |input: ParseStream<'_>| {
        let mut parts = Punctuated::<Expr, Token![,]>::parse_terminated(input)?.into_iter();
        match (parts.next(), parts.next(), parts.next()) {
            (Some(key), Some(value), None) => Ok((key, value)),
            _ => Err(syn::Error::new(helper.span(), "write `#[set_metadata(\"key\", value)]`")),
        }
    };
    parser.parse2(helper.content()?)
}

fn comma(input: ParseStream<'_>) -> syn::Result<()> {
    if !input.is_empty() {
        input.parse::<Token![,]>()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn is_type(tokens: TokenStream) -> bool {
        matches!(Entry::parse.parse2(tokens), Ok(Entry::Class(_)))
    }

    #[test]
    fn types_come_from_the_container() {
        for class in [
            quote!(WsAuthGuard),
            quote!(guards::WsJwtGuard<Claims>),
            quote!(crate::A),
            quote!(r#Guard),
            quote!(<T as Of>::guard),
            quote!(::a::B<'static, { 1 }>),
        ] {
            assert!(is_type(class.clone()), "{class}");
        }
    }

    #[test]
    fn names_are_readable() {
        let name =
            |tokens: TokenStream| Entry::parse.parse2(tokens).map(|entry| entry.name()).unwrap_or_default();
        assert_eq!(name(quote!(a::Guard<B, C<D>>)), "a::Guard<B, C<D>>");
        assert_eq!(name(quote!(::a::Guard::<B>::NEW)), "::a::Guard::<B>::NEW");
    }

    #[test]
    fn everything_else_is_the_instance() {
        for value in [
            quote!(ThrottlerGuard::new(10, 60)),
            quote!(RolesGuard { role: 1 }),
            quote!(SHARED_GUARD),
            quote!(SHARED_GUARD.clone()),
            quote!(Policy::Strict),
            quote!(roles()),
            quote!(Roles()),
            quote!(guards::roles),
            quote!(guard!()),
            quote!(&GUARD),
            quote!(A as B),
            quote!(DefaultValuePipe::<u8>::new(1)),
            quote!("text"),
        ] {
            assert!(matches!(Entry::parse.parse2(value.clone()), Ok(Entry::Value(_))), "{value}");
        }
    }
}
