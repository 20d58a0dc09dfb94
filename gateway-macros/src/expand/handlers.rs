//! Writes the registration of an `impl` block: for each handler a function that takes the parameters out
//! of a message, calls the method and encodes its reply.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ReceiverKind, Type};

use super::{location, mentions, reply::reply, runtime_path};
use crate::diagnostics::at;
use crate::model::{BlockModel, MethodModel, ParameterModel, ParameterSource};
use crate::spelling::{Outside, outlives_call};

/// The hooks whose methods belong into an `impl` of their own.
const HOOKS: &[(&str, &str, &str)] = &[
    ("after_init", "INIT", "OnGatewayInit"),
    ("handle_connection", "CONNECTION", "OnGatewayConnection"),
    ("handle_disconnect", "DISCONNECT", "OnGatewayDisconnect"),
];

/// The block and what registers its handlers.
pub(crate) fn block(model: &BlockModel) -> syn::Result<TokenStream> {
    let block = &model.block;
    let gateway = &block.self_type;
    let span = at(gateway.span());
    let runtime = runtime_path(&model.arguments);
    let mentions = mentions(&model.helpers);
    let name = gateway_name(gateway);
    let location = location(span);
    let mut functions = TokenStream::new();
    let mut descriptors = TokenStream::new();
    let mut levels = Levels::default();
    for (index, method) in model.methods.iter().filter(|method| method.is_handler()).enumerate() {
        let handler = Handler::new(gateway, method, index)?;
        functions.extend(handler.function(&mut levels)?);
        descriptors.extend(handler.descriptors()?);
        functions.extend(handler.assertion()?);
    }
    let forgotten: Vec<TokenStream> =
        model.methods.iter().filter_map(|method| forgotten_hook(gateway, method)).collect();
    levels.hooks = !forgotten.is_empty();
    let levels = levels.imports(span);
    Ok(quote_spanned! {span=>
        #block
        const _: () = {
            use #runtime::__private;
            #levels
            #mentions
            #functions
            #(#forgotten)*
            static __HANDLERS: &[__private::HandlerDescriptor] = &[#descriptors];
            const __BLOCK: __private::HandlersDescriptor = __private::HandlersDescriptor {
                gateway: __private::gateway_id::<#gateway>(),
                gateway_name: #name,
                location: #location,
                handlers: __HANDLERS,
            };
            __private::inventory::submit! { __BLOCK }
        };
    })
}

/// Which traits the questions of the block need in scope.
#[derive(Default)]
struct Levels {
    parameters: bool,
    replies: bool,
    hooks: bool,
}

impl Levels {
    fn imports(&self, span: proc_macro2::Span) -> TokenStream {
        let parameters = self.parameters.then(|| quote_spanned!(span=> use __private::parameters::*;));
        let replies = self.replies.then(|| quote_spanned!(span=> use __private::replies::*;));
        let hooks = self.hooks.then(|| quote_spanned!(span=> use __private::NoHooks as _;));
        quote!(#parameters #replies #hooks)
    }
}

/// The struct's name without its path.
fn gateway_name(gateway: &Type) -> String {
    match gateway {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    }
    .unwrap_or_else(|| gateway.to_token_stream().to_string())
}

/// A method with the name of a hook is never called unless the hook is implemented too.
fn forgotten_hook(gateway: &Type, method: &MethodModel) -> Option<TokenStream> {
    let name = method.name();
    let (_, constant, hook) = HOOKS.iter().find(|(hook, ..)| name == hook)?;
    if method.is_handler() {
        return None;
    }
    let span = at(name.span());
    let constant = Ident::new(constant, span);
    let cfg = &method.cfg;
    let sentence =
        format!("nothing calls `{name}` here: move it to `impl {hook} for {}`", gateway_name(gateway));
    Some(quote_spanned! {span=>
        #(#cfg)*
        const _: () = ::core::assert!(::core::option::Option::is_some(&<__private::HooksOf<#gateway>>::#constant), #sentence);
    })
}

/// One handler.
struct Handler<'m> {
    gateway: &'m Type,
    method: &'m MethodModel,
    function: Ident,
    outside: Outside,
    borrows: bool,
}

impl<'m> Handler<'m> {
    fn new(gateway: &'m Type, method: &'m MethodModel, index: usize) -> syn::Result<Self> {
        let signature = &method.signature;
        Ok(Self {
            gateway,
            method,
            function: format_ident!("__handle_{index}", span = at(method.name().span())),
            outside: Outside::new(gateway, &signature.generics),
            borrows: outlives_call(signature),
        })
    }

    /// The function behind `Invoke`.
    fn function(&self, levels: &mut Levels) -> syn::Result<TokenStream> {
        let Self { method, function, .. } = self;
        let span = at(method.name().span());
        let cfg = &method.cfg;
        let lifetime =
            if self.borrows { quote_spanned!(span=> '__a) } else { quote_spanned!(span=> 'static) };
        let receiver = self.receiver();
        let instance = Ident::new(if receiver.is_some() { "__instance" } else { "_" }, span);
        let call_name = Ident::new(if method.parameters.is_empty() { "_" } else { "__call" }, span);
        let mut takes = TokenStream::new();
        let mut arguments: Vec<TokenStream> = receiver.into_iter().collect();
        for (index, parameter) in method.parameters.iter().enumerate() {
            let (take, argument) = self.parameter(index, parameter)?;
            takes.extend(take);
            arguments.push(argument);
            levels.parameters |= matches!(parameter.source()?, ParameterSource::ByType);
        }
        let gateway = self.outside.write(Ident::new("Self", span));
        let name = method.name();
        let call = quote_spanned!(span=> #gateway::#name(#(#arguments),*));
        let reply = reply(&method.signature, &call);
        levels.replies |= reply.asks;
        let reply = reply.tokens;
        Ok(quote_spanned! {span=>
            #(#cfg)*
            fn #function<'__a>(
                #instance: &'__a __private::Instance,
                #call_name: &'__a __private::Call,
            ) -> __private::Outcome<#lifetime> {
                #takes
                #reply
            }
        })
    }

    /// The gateway as the method takes it.
    fn receiver(&self) -> Option<TokenStream> {
        let receiver = self.method.signature.receiver()?;
        let gateway = self.gateway;
        let span = at(receiver.self_token.span);
        Some(match &receiver.kind {
            ReceiverKind::Typed(_, ty) => {
                let span = at(ty.span());
                let ty = self.outside.write(ty);
                quote_spanned!(span=> <#ty as __private::HandlerReceiver<'__a>>::receiver(__instance))
            }
            _ => quote_spanned!(span=> __private::Instance::get::<#gateway>(__instance)),
        })
    }

    /// A statement that takes the parameter out of the message, and the expression that passes it.
    fn parameter(&self, index: usize, parameter: &ParameterModel) -> syn::Result<(TokenStream, TokenStream)> {
        let span = at(parameter.ty.span());
        let ty = self.outside.write(&parameter.ty);
        let name = format_ident!("__parameter_{index}", span = span);
        let fallible = match parameter.source()? {
            ParameterSource::Socket => {
                return Ok((
                    TokenStream::new(),
                    quote_spanned!(span=> <#ty as __private::ConnectedSocket<'__a>>::connected_socket(__call)),
                ));
            }
            ParameterSource::Ack => {
                return Ok((
                    TokenStream::new(),
                    quote_spanned!(span=> <#ty as __private::AckParameter>::ack(__call)),
                ));
            }
            ParameterSource::Body(None) => quote_spanned!(span=> __private::body::<#ty>(__call)),
            ParameterSource::Body(Some(key)) => {
                let key = self.outside.write(&key);
                quote_spanned!(span=> __private::body_key::<#ty>(__call, #key))
            }
            ParameterSource::ByType => {
                quote_spanned!(span=> (&&&__private::Parameter::<'__a, #ty>::NEW).probe_take(__call))
            }
        };
        let take = quote_spanned! {span=>
            let #name = match #fallible {
                ::core::result::Result::Ok(__taken) => __taken,
                ::core::result::Result::Err(__error) => return __private::failed(__error),
            };
        };
        Ok((take, name.to_token_stream()))
    }

    /// One descriptor for each event.
    fn descriptors(&self) -> syn::Result<TokenStream> {
        let Self { method, function, .. } = self;
        let name = method.name().to_string();
        let span = at(method.name().span());
        let cfg = &method.cfg;
        let takes_ack = self.takes_ack()?;
        let kind = Ident::new(if self.borrows { "Borrowed" } else { "Owned" }, span);
        let mut descriptors = TokenStream::new();
        for event in method.events() {
            let event = self.outside.write(event?);
            descriptors.extend(quote_spanned! {span=>
                #(#cfg)*
                __private::HandlerDescriptor {
                    event: #event,
                    method: #name,
                    takes_ack: #takes_ack,
                    invoke: __private::Invoke::#kind(#function),
                },
            });
        }
        Ok(descriptors)
    }

    /// Whether the handler acknowledges by hand: said by an attribute, or by a type.
    fn takes_ack(&self) -> syn::Result<TokenStream> {
        for parameter in &self.method.parameters {
            if matches!(parameter.source()?, ParameterSource::Ack) {
                return Ok(quote!(true));
            }
        }
        let kinds = self.kinds()?;
        let span = at(self.method.name().span());
        Ok(if kinds.is_empty() {
            quote!(false)
        } else {
            quote_spanned!(span=> __private::takes_ack(&[#(#kinds),*]))
        })
    }

    /// The kind of each parameter without attribute.
    fn kinds(&self) -> syn::Result<Vec<TokenStream>> {
        let mut kinds = Vec::new();
        for parameter in &self.method.parameters {
            if matches!(parameter.source()?, ParameterSource::ByType) {
                let span = at(parameter.ty.span());
                let ty = self.outside.write(&parameter.ty);
                kinds.push(quote_spanned!(span=> <__private::Parameter<'_, #ty>>::KIND));
            }
        }
        Ok(kinds)
    }

    /// Among the parameters without attribute one at most is the body, and none if there are attributes
    /// that name the body.
    fn assertion(&self) -> syn::Result<TokenStream> {
        let kinds = self.kinds()?;
        let mut named = false;
        for parameter in &self.method.parameters {
            named |= matches!(parameter.source()?, ParameterSource::Body(_));
        }
        let limit = usize::from(!named);
        if kinds.len() <= limit {
            return Ok(TokenStream::new());
        }
        let name = self.method.name();
        let sentence = if named {
            format!(
                "a parameter of `{name}` has no attribute and is neither `Socket`, `Server` nor `Ack`: add `#[message_body]` or `#[message_body(\"key\")]`"
            )
        } else {
            format!(
                "two parameters of `{name}` would be the body: add `#[message_body(\"key\")]` to each, or take one struct"
            )
        };
        let cfg = &self.method.cfg;
        Ok(quote_spanned! {at(name.span())=>
            #(#cfg)*
            const _: () = ::core::assert!(__private::bodies(&[#(#kinds),*]) <= #limit, #sentence);
        })
    }
}
