//! Writes the expansion of models that are without mistakes: static descriptors, and calls into
//! `gateway-core`'s `private` module, where all logic is.
//!
//! It must never judge, and never decide by spelling what a type is.

mod enhancers;
mod handlers;
mod parameters;
mod reply;
mod structure;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Path;
use syn::spanned::Spanned;

pub(crate) use self::handlers::block;
pub(crate) use self::structure::structure;
use crate::attr::Argument;
use crate::diagnostics::at;

/// The path of `gateway-runtime`: `crate = path`, for those who re-export it.
pub(crate) fn runtime_path(arguments: &[Argument]) -> TokenStream {
    let named = arguments.iter().find_map(|argument| match argument {
        Argument::Crate(_, path) => Some(path.to_token_stream()),
        _ => None,
    });
    named.unwrap_or_else(|| quote_spanned!(at(Span::call_site())=> ::gateway_runtime))
}

/// Names each helper attribute where it was written: that gives the editor its documentation, and the
/// user an error if it was not imported. Nothing uses the name. That is no warning where only a macro of another crate
/// has written it: so the name is one of this macro's, which resolves at the user's attribute. (`allow` is an error
/// where a crate forbids the lint.)
fn mentions(helpers: &[Path]) -> TokenStream {
    let mention = |path: &Path| {
        let mut path = path.clone();
        for segment in &mut path.segments {
            // `$crate` is found by its span.
            if segment.ident != "$crate" {
                segment.ident.set_span(segment.ident.span().resolved_at(Span::call_site()));
            }
        }
        quote_spanned!(at(path.span())=> use #path as _;)
    };
    helpers.iter().map(mention).collect()
}

/// The place of the attribute.
fn location(span: Span) -> TokenStream {
    quote_spanned! {span=>
        __private::Location::new(::core::file!(), ::core::line!(), ::core::column!(), ::core::module_path!())
    }
}
