//! Writes the registration of an `impl` block: for each handler a function that calls the method with what
//! a message holds and encodes its reply, and what stands around it.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ReceiverKind, Type};

use super::enhancers::enhancers;
use super::parameters::Parameters;
use super::{location, mentions, reply::reply, runtime_path};
use crate::attr::{Helper, Subscription};
use crate::diagnostics::at;
use crate::model::{BlockModel, MethodModel, ParameterSource};
use crate::spelling::{Outside, outlives_call};
use crate::validate::no_body_for_pipes;

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
        functions.extend(handler.function(&mut levels));
        functions.extend(handler.constants(&mut levels)?);
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
    bodies: bool,
    parameters: bool,
    replies: bool,
    hooks: bool,
    classes: bool,
}

impl Levels {
    fn imports(&self, span: proc_macro2::Span) -> TokenStream {
        let bodies = self.bodies.then(|| quote_spanned!(span=> use __private::body_types::*;));
        let parameters = self.parameters.then(|| quote_spanned!(span=> use __private::parameters::*;));
        let replies = self.replies.then(|| quote_spanned!(span=> use __private::replies::*;));
        let hooks = self.hooks.then(|| quote_spanned!(span=> use __private::NoHooks as _;));
        let classes = self.classes.then(|| quote_spanned!(span=> use __private::WithoutDefault as _;));
        quote!(#bodies #parameters #replies #hooks #classes)
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
    index: usize,
    outside: Outside,
    parameters: Parameters,
}

impl<'m> Handler<'m> {
    fn new(gateway: &'m Type, method: &'m MethodModel, index: usize) -> syn::Result<Self> {
        let outside = Outside::new(gateway, &method.signature.generics);
        let parameters = Parameters::new(method, &outside)?;
        Ok(Self { gateway, method, index, outside, parameters })
    }

    /// The name of something that belongs to this handler.
    fn own(&self, name: &str) -> Ident {
        format_ident!("{name}_{}", self.index, span = at(self.method.name().span()))
    }

    /// Whether parameters have pipes to wait for.
    fn waits(&self) -> bool {
        !self.parameters.pipes.is_empty()
    }

    /// Whether what it leaves to do may borrow the gateway or the message.
    fn borrows(&self) -> bool {
        self.waits() || outlives_call(&self.method.signature)
    }

    /// The function behind `Invoke`.
    fn function(&self, levels: &mut Levels) -> TokenStream {
        let Self { method, parameters, .. } = self;
        let span = at(method.name().span());
        let cfg = &method.cfg;
        let function = self.own("__handle");
        let lifetime =
            if self.borrows() { quote_spanned!(span=> '__a) } else { quote_spanned!(span=> 'static) };
        let receiver = self.receiver();
        let instance = Ident::new(if receiver.is_some() { "__instance" } else { "_" }, span);
        let call_name = Ident::new(if method.parameters.is_empty() { "_" } else { "__call" }, span);
        let arguments = receiver.iter().chain(&parameters.arguments);
        let gateway = self.outside.write(Ident::new("Self", span));
        let name = method.name();
        let call = quote_spanned!(span=> #gateway::#name(#(#arguments),*));
        let reply = reply(&method.signature, &call);
        levels.replies |= reply.asks;
        levels.parameters |= !parameters.kinds.is_empty();
        levels.bodies |= parameters.asks_bodies;
        let (takes, reply) = (&parameters.takes, reply.tokens);
        let body = if self.waits() {
            quote_spanned! {span=>
                __private::pending(async move {
                    #takes
                    let __outcome = #reply;
                    __private::settled(__outcome).await
                })
            }
        } else {
            quote!(#takes #reply)
        };
        quote_spanned! {span=>
            #(#cfg)*
            fn #function<'__a>(
                #instance: &'__a __private::Instance,
                #call_name: &'__a __private::Call,
            ) -> __private::Outcome<#lifetime> {
                #body
            }
        }
    }

    /// What stands around the handler and its pipes, once for all of its events.
    fn constants(&self, levels: &mut Levels) -> syn::Result<TokenStream> {
        let span = at(self.method.name().span());
        let cfg = &self.method.cfg;
        // The pipes are those of the parameters.
        let around = self.method.enhancers().filter(|helper| helper.helper != Helper::UsePipes);
        let enhancers = enhancers(around, &self.outside)?;
        levels.classes |= enhancers.classes || !self.parameters.classes.is_empty();
        let around = enhancers.tokens.map(|tokens| {
            let name = self.own("__AROUND");
            quote_spanned!(span=> #(#cfg)* const #name: __private::Enhancers = #tokens;)
        });
        let pipes = self.waits().then(|| {
            let (name, pipes) = (self.own("__PIPES"), &self.parameters.pipes);
            quote_spanned! {span=>
                #(#cfg)* const #name: &[__private::Enhancer<__private::ParameterPipe>] = &[#(#pipes),*];
            }
        });
        Ok(quote!(#around #pipes))
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

    /// One descriptor for each event.
    fn descriptors(&self) -> syn::Result<TokenStream> {
        let Self { method, parameters, .. } = self;
        let name = method.name().to_string();
        let span = at(method.name().span());
        let cfg = &method.cfg;
        let function = self.own("__handle");
        let takes_ack = self.takes_ack()?;
        let kind = Ident::new(if self.borrows() { "Borrowed" } else { "Owned" }, span);
        let around = method.enhancers().any(|helper| helper.helper != Helper::UsePipes);
        let around = if around {
            self.own("__AROUND").to_token_stream()
        } else {
            quote_spanned!(span=> __private::Enhancers::NONE)
        };
        let pipes =
            if self.waits() { self.own("__PIPES").to_token_stream() } else { quote_spanned!(span=> &[]) };
        let classes = &parameters.classes;
        let mut descriptors = TokenStream::new();
        for event in method.events() {
            let Subscription { event, spawn } = event?;
            let event = self.outside.write(&event);
            descriptors.extend(quote_spanned! {span=>
                #(#cfg)*
                __private::HandlerDescriptor {
                    event: #event,
                    method: #name,
                    takes_ack: #takes_ack,
                    spawn: #spawn,
                    enhancers: #around,
                    pipes: #pipes,
                    pipe_classes: &[#(#classes),*],
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
        let kinds = &self.parameters.kinds;
        let span = at(self.method.name().span());
        Ok(if kinds.is_empty() {
            quote!(false)
        } else {
            quote_spanned!(span=> __private::takes_ack(&[#(#kinds),*]))
        })
    }

    /// Among the parameters without attribute one at most is the body, and none if there are attributes
    /// that name the body; and pipes have a body to be for.
    fn assertion(&self) -> syn::Result<TokenStream> {
        let method = self.method;
        let kinds = &self.parameters.kinds;
        let mut named = false;
        for parameter in &method.parameters {
            named |= matches!(parameter.source()?, ParameterSource::Body(_));
        }
        let name = method.name();
        let (span, cfg) = (at(name.span()), &method.cfg);
        let limit = usize::from(!named);
        let mut assertions = TokenStream::new();
        if kinds.len() > limit {
            let sentence = if named {
                format!(
                    "a parameter of `{name}` has no attribute and is neither `Socket`, `Server` nor `Ack`: add `#[message_body]` or `#[message_body(\"key\")]`"
                )
            } else {
                format!(
                    "two parameters of `{name}` would be the body: add `#[message_body(\"key\")]` to each, or take one struct"
                )
            };
            assertions.extend(quote_spanned! {span=>
                #(#cfg)*
                const _: () = ::core::assert!(__private::bodies(&[#(#kinds),*]) <= #limit, #sentence);
            });
        }
        if self.waits() && !named {
            let sentence = no_body_for_pipes(method);
            assertions.extend(quote_spanned! {span=>
                #(#cfg)*
                const _: () = ::core::assert!(__private::bodies(&[#(#kinds),*]) > 0, #sentence);
            });
        }
        Ok(assertions)
    }
}
