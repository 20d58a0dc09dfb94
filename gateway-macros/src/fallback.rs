//! What goes back to the compiler when something is wrong: the user's item without our attributes, so
//! that no further errors follow from ours.
//!
//! It must never register anything.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

use crate::attr::Helper;
use crate::diagnostics::at;
use crate::expand::runtime_path;
use crate::model::StructModel;

/// The struct, and for a gateway an `impl Gateway` so that its hooks do not fail as well.
pub(crate) fn structure(model: &StructModel) -> TokenStream {
    let item = &model.item;
    let stub = model.is_gateway().then(|| gateway_stub(model));
    quote!(#item #stub)
}

fn gateway_stub(model: &StructModel) -> TokenStream {
    let name = &model.item.ident;
    let (parameters, arguments, where_clause) = model.item.generics.split_for_impl();
    let predicates = where_clause.map(|clause| clause.predicates.iter()).into_iter().flatten();
    let runtime = runtime_path(&model.arguments);
    quote_spanned! {at(name.span())=>
        impl #parameters #runtime::__private::Gateway for #name #arguments
        where
            #(#predicates,)*
            Self: ::core::marker::Send + ::core::marker::Sync + 'static,
        {}
    }
}

/// An item that could not be parsed: its tokens, without our helper attributes.
pub(crate) fn unparsed(item: TokenStream) -> TokenStream {
    let mut kept = Vec::new();
    let mut tokens = item.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let pound = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#');
        if pound && tokens.peek().is_some_and(is_helper) {
            tokens.next();
            continue;
        }
        kept.push(match token {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), unparsed(group.stream()));
                inner.set_span(group.span());
                inner.into()
            }
            other => other,
        });
    }
    kept.into_iter().collect()
}

/// `[path::helper ..]`
fn is_helper(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    let mut name = None;
    for token in group.stream() {
        match token {
            TokenTree::Ident(ident) => name = Some(ident),
            TokenTree::Punct(punct) if punct.as_char() == ':' => {}
            _ => break,
        }
    }
    group.delimiter() == Delimiter::Bracket && name.is_some_and(|name| Helper::named(&name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helpers_are_stripped_at_any_depth() {
        let broken = quote! {
            impl Chats {
                #[doc = "kept"]
                #[gateway_runtime::subscribe_message("a")]
                fn a(&self, #[message_body] body: , #[cfg(x)] y: u8) { #[inject] }
            }
        };
        let expected = quote! {
            impl Chats {
                #[doc = "kept"]
                fn a(&self, body: , #[cfg(x)] y: u8) { }
            }
        };
        assert_eq!(unparsed(broken).to_string(), expected.to_string());
    }
}
