//! What the macro may conclude from how a type is written, and how a type of a signature is written
//! outside of it.
//!
//! Spelling decides only what cannot change a meaning: how a call is stored, and which questions need not
//! be asked of a type. What a type *is* the compiler decides, in the probes of `gateway-core`.

use std::collections::BTreeSet;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{GenericArgument, Generics, Lifetime, PathArguments, ReturnType, Signature, Type};

/// Whether what the call leaves to do may borrow the gateway or the message: a future, or a stream that
/// names a lifetime. A plain value is encoded before the call ends, whatever it borrows.
pub(crate) fn outlives_call(signature: &Signature) -> bool {
    let plain = matches!(&signature.output, ReturnType::Type(_, ty) if is_plain_value(ty));
    signature.asyncness.is_some() || (!plain && may_borrow(&signature.output))
}

/// Whether a value of the return type may borrow the gateway or the message: it says `impl` or names a
/// lifetime, or is a reference.
fn may_borrow(output: &ReturnType) -> bool {
    #[derive(Default)]
    struct Borrows(bool);
    impl<'ast> Visit<'ast> for Borrows {
        fn visit_type_impl_trait(&mut self, _: &'ast syn::TypeImplTrait) {
            self.0 = true;
        }
        fn visit_type_trait_object(&mut self, object: &'ast syn::TypeTraitObject) {
            visit::visit_type_trait_object(self, object);
        }
        fn visit_type_reference(&mut self, _: &'ast syn::TypeReference) {
            self.0 = true;
        }
        fn visit_lifetime(&mut self, _: &'ast Lifetime) {
            self.0 = true;
        }
        fn visit_type_macro(&mut self, _: &'ast syn::TypeMacro) {
            self.0 = true;
        }
    }
    let mut borrows = Borrows::default();
    borrows.visit_return_type(output);
    borrows.0
}

/// Types of the standard library (and `serde_json`) that are neither futures nor streams. A type of
/// the user's under such a name that is one meets a compile error that says so.
const VALUES: &[&str] = &[
    "String",
    "bool",
    "char",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "f32",
    "f64",
    "Vec",
    "VecDeque",
    "HashMap",
    "BTreeMap",
    "HashSet",
    "BTreeSet",
    "Value",
    "WsResponse",
    "Cow",
    "Arc",
    "Uuid",
    "Bytes",
    "Binary",
];

/// Whether the type is certainly neither a future nor a stream, so that nothing has to ask.
pub(crate) fn is_plain_value(ty: &Type) -> bool {
    match ty {
        Type::Group(group) => is_plain_value(&group.elem),
        Type::Paren(paren) => is_plain_value(&paren.elem),
        Type::Tuple(_) | Type::Array(_) => true,
        Type::Reference(reference) => reference.mutability.is_none(),
        Type::Path(path) if path.qself.is_none() => path.path.segments.last().is_some_and(|last| {
            let wrapper = last.ident == "Result" || last.ident == "Option";
            if wrapper {
                first_argument(&last.arguments).is_some_and(is_plain_value)
            } else {
                VALUES.iter().any(|name| last.ident == name)
            }
        }),
        _ => false,
    }
}

fn first_argument(arguments: &PathArguments) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Writes the types of one signature outside of it and of its `impl` block.
pub(crate) struct Outside {
    self_type: Vec<TokenTree>,
    lifetimes: BTreeSet<String>,
}

impl Outside {
    /// `Self` becomes the type, the declared lifetimes become `'_`.
    pub(crate) fn new(self_type: &Type, generics: &Generics) -> Self {
        Self {
            self_type: self_type.to_token_stream().into_iter().collect(),
            lifetimes: generics.lifetimes().map(|declared| declared.lifetime.ident.to_string()).collect(),
        }
    }

    /// The tokens, with these replaced.
    pub(crate) fn write(&self, tokens: impl ToTokens) -> TokenStream {
        self.replace(tokens.to_token_stream())
    }

    fn replace(&self, tokens: TokenStream) -> TokenStream {
        let mut replaced: Vec<TokenTree> = Vec::new();
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if ident == "Self" => {
                    replaced.extend(self.self_type.iter().map(|token| respanned(token, ident.span())));
                }
                TokenTree::Ident(ident)
                    if follows_quote(&replaced) && self.lifetimes.contains(&ident.to_string()) =>
                {
                    replaced.push(Ident::new("_", ident.span()).into());
                }
                TokenTree::Group(group) => {
                    let mut inner = Group::new(group.delimiter(), self.replace(group.stream()));
                    inner.set_span(group.span());
                    replaced.push(inner.into());
                }
                other => replaced.push(other),
            }
        }
        replaced.into_iter().collect()
    }
}

fn follows_quote(tokens: &[TokenTree]) -> bool {
    matches!(tokens.last(), Some(TokenTree::Punct(punct)) if punct.as_char() == '\'')
}

/// A token of the `impl` block's type at the place of a `Self`.
fn respanned(token: &TokenTree, span: Span) -> TokenTree {
    let mut token = token.clone();
    token.set_span(token.span().located_at(span));
    token
}

#[cfg(test)]
mod tests {
    use quote::quote;
    use syn::parse_quote;

    use super::*;

    #[test]
    fn what_names_a_lifetime_may_borrow() {
        let yes: [ReturnType; 5] = [
            parse_quote!(-> impl Stream<Item = u8>),
            parse_quote!(-> &str),
            parse_quote!(-> BoxFuture<'_, ()>),
            parse_quote!(-> Box<dyn Future<Output = ()> + Send + 'static>),
            parse_quote!(-> Option<Cow<'a, str>>),
        ];
        assert!(yes.iter().all(may_borrow));
        let no: [ReturnType; 3] =
            [parse_quote!(), parse_quote!(-> Result<Vec<String>, Failed>), parse_quote!(-> Box<dyn Any>)];
        assert!(!no.iter().any(may_borrow));
    }

    #[test]
    fn only_futures_and_streams_outlive_their_call() {
        let yes: [Signature; 3] = [
            parse_quote!(async fn a()),
            parse_quote!(fn a(&self) -> impl Stream<Item = u8>),
            parse_quote!(fn a(&self) -> Feed<'_>),
        ];
        assert!(yes.iter().all(outlives_call));
        let no: [Signature; 4] = [
            parse_quote!(fn a()),
            parse_quote!(fn a(&self) -> &str),
            parse_quote!(fn a(&self) -> Result<Option<Cow<'_, str>>, Failed>),
            parse_quote!(fn a(&self) -> Feed),
        ];
        assert!(!no.iter().any(outlives_call));
    }

    #[test]
    fn plain_values_are_known_by_name() {
        let yes: [Type; 5] = [
            parse_quote!(std::string::String),
            parse_quote!(Result<Option<Vec<T>>, E>),
            parse_quote!((A, B)),
            parse_quote!(&'static str),
            parse_quote!(WsResponse<Feed>),
        ];
        assert!(yes.iter().all(is_plain_value));
        let no: [Type; 5] = [
            parse_quote!(Feed),
            parse_quote!(Result<Feed, E>),
            parse_quote!(Result),
            parse_quote!(impl Stream<Item = u8>),
            parse_quote!(Box<dyn Stream<Item = u8>>),
        ];
        assert!(!no.iter().any(is_plain_value));
    }

    #[test]
    fn a_type_is_written_outside_of_its_signature() {
        let outside = Outside::new(&parse_quote!(super::Chats), &parse_quote!(<'a, 'b>));
        let written = outside.write(quote!((&'a Pair<Self, 'static>, for<'x> fn(&'x Self::Item))));
        let expected = quote!((&'_ Pair<super::Chats, 'static>, for<'x> fn(&'x super::Chats::Item)));
        assert_eq!(written.to_string(), expected.to_string());
    }
}
