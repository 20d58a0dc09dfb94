//! Writes what turns a handler's return value into a reply: a few questions to the value's type, and one
//! call with the answers.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{ReturnType, Signature, Type};

use crate::diagnostics::at;
use crate::spelling::is_plain_value;

/// What ends the function of a handler.
pub(super) struct ReplyTokens {
    /// An expression of type `Outcome`.
    pub(super) tokens: TokenStream,
    /// Whether it asks questions, whose traits must be in scope.
    pub(super) asks: bool,
}

/// Turns the expression that calls the method into one of type `Outcome`.
pub(super) fn reply(signature: &Signature, call: &TokenStream) -> ReplyTokens {
    let span = at(match &signature.output {
        ReturnType::Default => signature.ident.span(),
        ReturnType::Type(_, ty) => ty.span(),
    });
    let asynchronous = signature.asyncness.is_some();
    if returns_unit(&signature.output) {
        let tokens = if asynchronous {
            quote_spanned!(span=> __private::nothing_after(#call))
        } else {
            quote_spanned!(span=> { #call; __private::nothing() })
        };
        return ReplyTokens { tokens, asks: false };
    }
    let plain = matches!(&signature.output, ReturnType::Type(_, ty) if is_plain_value(ty));
    let start = if asynchronous {
        quote_spanned!(span=> (__private::Awaits, __private::Returned::output_of(&__returned)))
    } else if plain {
        quote_spanned!(span=> (__private::Returns, __private::Returned::of(&__returned)))
    } else {
        quote_spanned!(span=> (&&__private::Returned::of(&__returned)).probe_start())
    };
    let items = if plain { TokenStream::new() } else { items(span) };
    let tokens = quote_spanned! {span=>
        {
            let __returned = #call;
            let (__start, __value) = #start;
            let __shape = (&&&__value).probe_shape();
            let __error = (&&&&__shape.probe_error()).probe_conversion();
            let __leaf = (&&&&__shape.probe_leaf()).probe_reply_kind();
            #items
            __start.run(__returned, __private::Steps::new(__shape, __error, __leaf))
        }
    };
    ReplyTokens { tokens, asks: true }
}

/// The same questions about the items of a stream.
fn items(span: Span) -> TokenStream {
    quote_spanned! {span=>
        let __item = (&&&__leaf.probe_item()).probe_shape();
        let __item_error = (&&&&__item.probe_error()).probe_conversion();
        let __item_leaf = (&&&&__item.probe_leaf()).probe_reply_kind();
        let __leaf = __leaf.probe_items(__private::Steps::new(__item, __item_error, __item_leaf));
    }
}

fn returns_unit(output: &ReturnType) -> bool {
    match output {
        ReturnType::Default => true,
        ReturnType::Type(_, ty) => matches!(&**ty, Type::Tuple(tuple) if tuple.elems.is_empty()),
    }
}
