//! Writes what stands around handlers: for each guard, pipe, interceptor and filter how it is made at
//! start, and the metadata.
//!
//! It must never write a bound: the functions that it calls have them, once, where the user's token is.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;

use crate::attr::{Helper, HelperAttribute};
use crate::diagnostics::at;
use crate::entry::{self, Entry};
use crate::spelling::Outside;

/// An `Enhancers` and what it needs in scope.
pub(super) struct EnhancersTokens {
    /// An expression, constant; nothing if there is nothing.
    pub(super) tokens: Option<TokenStream>,
    /// Whether one is a type.
    pub(super) classes: bool,
}

/// What the attributes say. The pipes of a handler are among those of its parameters.
pub(super) fn enhancers<'h>(
    helpers: impl IntoIterator<Item = &'h HelperAttribute>,
    outside: &Outside,
) -> syn::Result<EnhancersTokens> {
    let mut lists = Lists::default();
    for helper in helpers {
        let span = at(helper.span());
        if helper.helper == Helper::SetMetadata {
            let (key, value) = entry::metadata(helper)?;
            let (key, value) = (outside.write(key), outside.write(value));
            let value = quote_spanned!(at(value.span())=> __private::metadata_value(&#value));
            lists.metadata.push(quote_spanned! {span=>
                __private::MetadataEntry { key: #key, value: || #value }
            });
            continue;
        }
        let list = entry::entries(helper)?;
        let on_connection = !list.options.is_empty();
        for entry in &list.entries {
            lists.classes |= matches!(entry, Entry::Class(_));
            lists.push(helper.helper, entry, on_connection, outside);
        }
    }
    let classes = lists.classes;
    Ok(EnhancersTokens { tokens: lists.tokens(), classes })
}

#[derive(Default)]
struct Lists {
    guards: Vec<TokenStream>,
    interceptors: Vec<TokenStream>,
    filters: Vec<TokenStream>,
    pipes: Vec<TokenStream>,
    metadata: Vec<TokenStream>,
    classes: bool,
}

impl Lists {
    fn push(&mut self, helper: Helper, entry: &Entry, on_connection: bool, outside: &Outside) {
        let span = at(entry.blamed());
        match helper {
            Helper::UseGuards => {
                let guard = enhancer("guard", entry, outside);
                self.guards.push(quote_spanned! {span=>
                    __private::GuardEntry { on_connection: #on_connection, guard: #guard }
                });
            }
            Helper::UseInterceptors => self.interceptors.push(enhancer("interceptor", entry, outside)),
            Helper::UseFilters => self.filters.push(enhancer("filter", entry, outside)),
            _ => self.pipes.push(enhancer("gateway_pipe", entry, outside)),
        }
    }

    fn tokens(self) -> Option<TokenStream> {
        let Self { guards, interceptors, filters, pipes, metadata, .. } = self;
        let fields = [
            ("guards", guards),
            ("interceptors", interceptors),
            ("filters", filters),
            ("pipes", pipes),
            ("metadata", metadata),
        ];
        let span = at(proc_macro2::Span::call_site());
        let rest = fields.iter().any(|(_, list)| list.is_empty());
        let rest = rest.then(|| quote_spanned!(span=> ..__private::Enhancers::NONE));
        let fields: Vec<TokenStream> = fields
            .into_iter()
            .filter(|(_, list)| !list.is_empty())
            .map(|(name, list)| {
                let name = Ident::new(name, span);
                quote_spanned!(span=> #name: &[#(#list),*],)
            })
            .collect();
        let some = !fields.is_empty();
        some.then(|| quote_spanned!(span=> __private::Enhancers { #(#fields)* #rest }))
    }
}

/// One entry; `kind` is the function whose bound it meets.
fn enhancer(kind: &str, entry: &Entry, outside: &Outside) -> TokenStream {
    let span = at(entry.blamed());
    let kind = Ident::new(kind, span);
    let (container, made) = made(entry, outside);
    let class = match class_of(entry, outside) {
        Some(class) => quote_spanned!(span=> ::core::option::Option::Some(#class)),
        None => quote_spanned!(span=> ::core::option::Option::None),
    };
    let name = entry.name();
    quote_spanned! {span=>
        __private::Enhancer {
            name: #name,
            class: #class,
            make: |#container| __private::#kind(#made),
        }
    }
}

/// The type of an entry, if it is one.
pub(super) fn class_of(entry: &Entry, outside: &Outside) -> Option<TokenStream> {
    let Entry::Class(ty) = entry else { return None };
    let ty = outside.write(ty);
    Some(quote_spanned!(at(entry.blamed())=> __private::class_of::<#ty>()))
}

/// The name of the container, if the entry needs it, and the expression that makes the entry.
pub(super) fn made(entry: &Entry, outside: &Outside) -> (Ident, TokenStream) {
    let span = at(entry.blamed());
    match entry {
        Entry::Class(ty) => {
            let ty = outside.write(ty);
            let made = quote_spanned!(span=> <__private::Class<#ty>>::provided(__container));
            (Ident::new("__container", span), made)
        }
        Entry::Value(expression) => {
            let expression = outside.write(expression);
            (Ident::new("_", span), quote_spanned!(span=> __private::value(#expression)))
        }
    }
}
