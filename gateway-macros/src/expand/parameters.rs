//! Writes how each parameter of a handler is taken out of a message, and how its pipes are made at start.
//!
//! It must never know what becomes of the values.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::spanned::Spanned;

use super::enhancers::{class_of, made};
use crate::diagnostics::at;
use crate::entry::{BodyContent, Entry};
use crate::model::{MethodModel, ParameterModel, ParameterSource};
use crate::spelling::Outside;

/// The parameters of one handler.
#[derive(Default)]
pub(super) struct Parameters {
    /// The statements that take them out of the message.
    pub(super) takes: TokenStream,
    /// The expressions that pass them.
    pub(super) arguments: Vec<TokenStream>,
    /// How the pipes of each parameter with pipes are made, in the order of their numbers.
    pub(super) pipes: Vec<TokenStream>,
    /// The types among the pipes.
    pub(super) classes: Vec<TokenStream>,
    /// The kinds of those without attribute: what they are their types tell.
    pub(super) kinds: Vec<TokenStream>,
    /// Whether the bodies are asked whether they have rules.
    pub(super) asks_bodies: bool,
}

impl Parameters {
    pub(super) fn new(method: &MethodModel, outside: &Outside) -> syn::Result<Self> {
        let shared = method.pipes()?;
        let mut parameters = Self::default();
        let mut takings = Vec::new();
        for (index, parameter) in method.parameters.iter().enumerate() {
            takings.push(parameters.taking(index, parameter, &shared, outside)?);
        }
        let waits = !parameters.pipes.is_empty();
        parameters.takes = takings.iter().flatten().map(|taking| taking.statement(waits)).collect();
        Ok(parameters)
    }

    /// One parameter; nothing if it takes no statement.
    fn taking(
        &mut self,
        index: usize,
        parameter: &ParameterModel,
        shared: &[Entry],
        outside: &Outside,
    ) -> syn::Result<Option<Taking>> {
        let span = at(parameter.ty.span());
        let ty = outside.write(&parameter.ty);
        let at_once = |trait_name: &str, function: &str, lifetime: Option<TokenStream>| {
            let (trait_name, function) = (Ident::new(trait_name, span), Ident::new(function, span));
            quote_spanned!(span=> <#ty as __private::#trait_name #lifetime>::#function(__call))
        };
        let lent = || Some(quote_spanned!(span=> <'__a>));
        let source = parameter.source()?;
        let (value, waits) = match &source {
            ParameterSource::Socket => {
                self.arguments.push(at_once("ConnectedSocket", "connected_socket", lent()));
                return Ok(None);
            }
            ParameterSource::Ack => {
                self.arguments.push(at_once("AckParameter", "ack", None));
                return Ok(None);
            }
            ParameterSource::Name => {
                self.arguments.push(at_once("MessageName", "message_name", lent()));
                return Ok(None);
            }
            ParameterSource::Extracted => {
                (at_once("FromExecutionContext", "from_execution_context", None), false)
            }
            ParameterSource::Body(content) => {
                self.asks_bodies = true;
                self.body(&ty, content, shared, outside)
            }
            ParameterSource::ByType => {
                self.kinds.push(quote_spanned!(span=> <__private::Parameter<'_, #ty>>::KIND));
                self.by_type(&ty, shared, outside)
            }
        };
        let name = format_ident!("__parameter_{index}", span = span);
        self.arguments.push(name.to_token_stream());
        Ok(Some(Taking { span, name, value, waits }))
    }

    /// A parameter that is the body, or a member of it.
    fn body(
        &mut self,
        ty: &TokenStream,
        content: &BodyContent,
        shared: &[Entry],
        outside: &Outside,
    ) -> (TokenStream, bool) {
        let span = at(ty.span());
        let key = match &content.key {
            Some(key) => {
                let key = outside.write(key);
                quote_spanned!(span=> ::core::option::Option::Some(#key))
            }
            None => quote_spanned!(span=> ::core::option::Option::None),
        };
        let pipes: Vec<&Entry> = shared.iter().chain(&content.pipes).collect();
        if pipes.is_empty() {
            let value = quote_spanned!(span=> (&&&__private::Body::<#ty>::NEW).probe_decode()(__call, #key));
            return (value, false);
        }
        let number = self.pipes.len();
        self.pipes(&pipes, quote_spanned!(span=> __private::Piped::<#ty>::NEW), &key, outside);
        (quote_spanned!(span=> __private::Piped::<#ty>::NEW.take(__call, #number)), true)
    }

    /// A parameter without attribute: the pipes of the method are for it if it is the body.
    fn by_type(&mut self, ty: &TokenStream, shared: &[Entry], outside: &Outside) -> (TokenStream, bool) {
        let span = at(ty.span());
        if shared.is_empty() {
            return (
                quote_spanned!(span=> (&&&__private::Parameter::<'__a, #ty>::NEW).probe_take(__call)),
                false,
            );
        }
        self.asks_bodies = true;
        let number = self.pipes.len();
        let pipes: Vec<&Entry> = shared.iter().collect();
        let parameter = quote_spanned!(span=> (&&__private::Parameter::<'_, #ty>::NEW).probe_piped());
        self.pipes(&pipes, parameter, &quote_spanned!(span=> ::core::option::Option::None), outside);
        let value = quote_spanned! {span=>
            (&&__private::Parameter::<'__a, #ty>::NEW).probe_piped().take(__call, #number)
        };
        (value, true)
    }

    /// The pipes of one parameter, put together from the last one.
    fn pipes(&mut self, pipes: &[&Entry], parameter: TokenStream, key: &TokenStream, outside: &Outside) {
        let span = at(pipes.last().map_or_else(Span::call_site, |last| last.blamed()));
        let mut chain = parameter;
        for (index, pipe) in pipes.iter().rev().enumerate() {
            let (_, made) = made(pipe, outside);
            let method = Ident::new(if index == 0 { "last" } else { "before" }, at(pipe.blamed()));
            chain = quote_spanned!(at(pipe.blamed())=> #chain.#method(#made));
        }
        let types: Vec<TokenStream> = pipes.iter().filter_map(|pipe| class_of(pipe, outside)).collect();
        let names: Vec<String> = pipes.iter().map(|pipe| pipe.name()).collect();
        let names = names.join(", ");
        let container = Ident::new(if types.is_empty() { "_" } else { "__container" }, span);
        self.classes.extend(types);
        self.pipes.push(quote_spanned! {span=>
            __private::Enhancer {
                name: #names,
                class: ::core::option::Option::None,
                make: |#container| {
                    let __pipes = #chain;
                    let __decode = (&&&__pipes.body()).probe_decode();
                    __pipes.decoding(__decode, #key)
                },
            }
        });
    }
}

/// A parameter that may fail.
struct Taking {
    span: Span,
    name: Ident,
    value: TokenStream,
    /// Whether the value is a future.
    waits: bool,
}

impl Taking {
    /// The statement, inside a function or, if one of the parameters waits, inside a future.
    fn statement(&self, in_a_future: bool) -> TokenStream {
        let Self { span, name, value, waits } = self;
        let wait = waits.then(|| quote_spanned!(*span=> .await));
        let failed = if in_a_future {
            quote_spanned!(*span=> ::core::result::Result::Err(__error))
        } else {
            quote_spanned!(*span=> __private::failed(__error))
        };
        quote_spanned! {*span=>
            let #name = match #value #wait {
                ::core::result::Result::Ok(__taken) => __taken,
                ::core::result::Result::Err(__error) => return #failed,
            };
        }
    }
}
