//! Parses `impl` blocks without looking into bodies, so that half-typed code keeps its completion
//! and a handler's body is the user's own tokens.
//!
//! It must never know an attribute of ours.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Generics, Signature, Token, Type, Visibility, braced, token};

/// An inherent `impl` block, or one of a trait, which only its header tells apart.
pub(crate) struct ImplBlock {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) unsafety: Option<Token![unsafe]>,
    pub(crate) impl_token: Token![impl],
    pub(crate) generics: Generics,
    /// The path of the trait, for an `impl Trait for Type`.
    pub(crate) of_trait: Option<(Type, Token![for])>,
    pub(crate) self_type: Type,
    pub(crate) brace: token::Brace,
    pub(crate) items: Vec<ImplItem>,
}

/// What stands in the block.
pub(crate) enum ImplItem {
    Method(Box<Method>),
    /// A constant, a type, a macro call: passed on as it is.
    Other(TokenStream),
}

/// A function of the block; the body is not looked into.
pub(crate) struct Method {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: TokenTree,
}

impl Parse for ImplBlock {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut attributes = input.call(Attribute::parse_outer)?;
        let unsafety = input.parse()?;
        let impl_token = input.parse()?;
        let mut generics: Generics = if input.peek(Token![<]) { input.parse()? } else { Generics::default() };
        let first: Type = input.parse()?;
        let (of_trait, self_type) = match input.parse::<Option<Token![for]>>()? {
            Some(for_token) => (Some((first, for_token)), input.parse()?),
            None => (None, first),
        };
        generics.where_clause = input.parse()?;
        let content;
        let brace = braced!(content in input);
        attributes.extend(content.call(Attribute::parse_inner)?);
        let mut items = Vec::new();
        while !content.is_empty() {
            items.push(content.parse()?);
        }
        Ok(Self { attributes, unsafety, impl_token, generics, of_trait, self_type, brace, items })
    }
}

impl Parse for ImplItem {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        ahead.call(Attribute::parse_outer)?;
        ahead.parse::<Visibility>()?;
        // `const fn` is a method, `const NAME: ..` is not.
        let keywords = ahead.peek(Token![fn])
            || (ahead.peek(Token![const]) && (ahead.peek2(Token![fn]) || ahead.peek2(Token![unsafe])))
            || ahead.peek(Token![async])
            || ahead.peek(Token![unsafe])
            || ahead.peek(Token![extern]);
        if keywords {
            return input.parse().map(|method| Self::Method(Box::new(method)));
        }
        let ends_with_semicolon = ahead.peek(Token![const]) || ahead.peek(Token![type]);
        let mut tokens = TokenStream::new();
        input.call(Attribute::parse_outer)?.iter().for_each(|attribute| attribute.to_tokens(&mut tokens));
        while !input.is_empty() {
            let token: TokenTree = input.parse()?;
            let ends = match &token {
                TokenTree::Punct(punct) => punct.as_char() == ';',
                TokenTree::Group(group) => {
                    group.delimiter() == proc_macro2::Delimiter::Brace && !ends_with_semicolon
                }
                _ => false,
            };
            token.to_tokens(&mut tokens);
            if ends {
                break;
            }
        }
        Ok(Self::Other(tokens))
    }
}

impl Parse for Method {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let signature = input.parse()?;
        if !input.peek(token::Brace) {
            return Err(input.error("expected the body of the method"));
        }
        Ok(Self { attributes, visibility, signature, body: input.parse()? })
    }
}

impl ToTokens for ImplBlock {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let outer = self.attributes.iter().filter(|a| matches!(a.style, syn::AttrStyle::Outer));
        outer.for_each(|attribute| attribute.to_tokens(tokens));
        self.unsafety.to_tokens(tokens);
        self.impl_token.to_tokens(tokens);
        let (parameters, _, where_clause) = self.generics.split_for_impl();
        parameters.to_tokens(tokens);
        if let Some((name, for_token)) = &self.of_trait {
            name.to_tokens(tokens);
            for_token.to_tokens(tokens);
        }
        self.self_type.to_tokens(tokens);
        where_clause.to_tokens(tokens);
        self.brace.surround(tokens, |tokens| {
            let inner = self.attributes.iter().filter(|a| matches!(a.style, syn::AttrStyle::Inner(_)));
            inner.for_each(|attribute| attribute.to_tokens(tokens));
            self.items.iter().for_each(|item| item.to_tokens(tokens));
        });
    }
}

impl ToTokens for ImplItem {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Method(method) => method.to_tokens(tokens),
            Self::Other(other) => other.to_tokens(tokens),
        }
    }
}

impl ToTokens for Method {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.attributes.iter().for_each(|attribute| attribute.to_tokens(tokens));
        self.visibility.to_tokens(tokens);
        self.signature.to_tokens(tokens);
        self.body.to_tokens(tokens);
    }
}
