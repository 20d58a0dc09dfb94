//! A helper attribute above `#[web_socket_gateway]` is expanded before it: it moves itself below, where
//! the outer macro finds it.
//!
//! It must never look into the item.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Ident, parse_quote};

use crate::attr::Helper;
use crate::model::StructMacro;

/// The item with the helper below `#[web_socket_gateway]`; nothing if there is none.
pub(crate) fn below_the_gateway(
    helper: Helper,
    content: &TokenStream,
    item: TokenStream,
) -> Option<TokenStream> {
    let parser = |input: ParseStream<'_>| {
        let attributes = input.call(Attribute::parse_outer)?;
        input.parse::<TokenStream>().map(|rest| (attributes, rest))
    };
    let (mut attributes, rest) = parser.parse2(item).ok()?;
    let gateway = attributes
        .iter()
        .position(|attribute| StructMacro::of(attribute.path()) == Some(StructMacro::Gateway))?;
    // Behind those that stood further up.
    let moved = attributes.iter().skip(gateway + 1).take_while(|attribute| is_hoisted(attribute)).count();
    let name = Ident::new(&helper.hoisted(), Span::call_site());
    attributes.insert(gateway + 1 + moved, parse_quote!(#[#name(#content)]));
    let attributes = attributes.iter().map(ToTokens::to_token_stream);
    Some(quote!(#(#attributes)* #rest))
}

fn is_hoisted(attribute: &Attribute) -> bool {
    Helper::ALL.into_iter().any(|helper| attribute.path().is_ident(&helper.hoisted()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_reading_is_kept() {
        let item = quote!(
            #[derive(A)]
            #[a::web_socket_gateway]
            #[__set_metadata("a", 1)]
            #[use_guards(C)]
            struct S {}
        );
        let moved = below_the_gateway(Helper::UseGuards, &quote!(B), item).unwrap();
        let expected = quote! {
            #[derive(A)] #[a::web_socket_gateway] #[__set_metadata("a", 1)] #[__use_guards(B)] #[use_guards(C)] struct S {}
        };
        assert_eq!(moved.to_string(), expected.to_string());
        assert!(
            below_the_gateway(
                Helper::UseGuards,
                &quote!(B),
                quote!(
                    #[injectable]
                    struct S;
                )
            )
            .is_none()
        );
        assert!(
            below_the_gateway(
                Helper::UseGuards,
                &quote!(B),
                quote!(
                    fn f() {}
                )
            )
            .is_none()
        );
    }

    #[test]
    fn half_typed_items_are_moved_too() {
        let moved =
            below_the_gateway(Helper::UsePipes, &quote!(B), quote!(#[web_socket_gateway] struct S { a: }))
                .unwrap();
        assert_eq!(
            moved.to_string(),
            quote!(#[web_socket_gateway] #[__use_pipes(B)] struct S { a: }).to_string()
        );
    }
}
