//! Writes the registration of a struct: how it is constructed, what it needs, and for a gateway its
//! options and hooks.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Ident, Member, Type, parse_quote};

use super::enhancers::enhancers;
use super::{location, mentions, runtime_path};
use crate::attr::Argument;
use crate::diagnostics::at;
use crate::model::{FieldModel, FieldSource, StructMacro, StructModel};
use crate::options;
use crate::spelling::Outside;

/// The struct and what registers it.
pub(crate) fn structure(model: &StructModel) -> syn::Result<TokenStream> {
    let item = &model.item;
    let name = &item.ident;
    let span = at(name.span());
    let runtime = runtime_path(&model.arguments);
    let mentions = mentions(&model.helpers);
    let functions = functions(model)?;
    let provider = provider(model);
    let registration = match model.kind {
        StructMacro::Gateway => gateway(model)?,
        StructMacro::Injectable => quote_spanned! {span=>
            impl __private::Provided for #name {}
            __private::inventory::submit! { __PROVIDER }
        },
    };
    Ok(quote_spanned! {span=>
        #item
        const _: () = {
            use #runtime::__private;
            use __private::NoLifecycle as _;
            #mentions
            #functions
            const __PROVIDER: __private::ProviderDescriptor = #provider;
            #registration
        };
    })
}

/// `__dependencies` and `__construct`.
fn functions(model: &StructModel) -> syn::Result<TokenStream> {
    let name = &model.item.ident;
    let span = at(name.span());
    let outside = Outside::new(&parse_quote!(#name), &model.item.generics);
    let mut pushes = TokenStream::new();
    let mut fields = TokenStream::new();
    let (mut initial, mut given) = (false, false);
    for field in &model.fields {
        let source = field.source()?;
        match source {
            FieldSource::Initial => initial = true,
            _ => given = true,
        }
        pushes.extend(dependency(field, &source, &outside));
        fields.extend(value(field, &source, &outside));
    }
    let instance = Ident::new(model.kind.instance(), span);
    let levels = initial.then(|| quote_spanned!(span=> use __private::fields::*;));
    let (list, body) = if pushes.is_empty() {
        (quote_spanned!(span=> ), quote_spanned!(span=> __private::Vec::new()))
    } else {
        (
            quote_spanned!(span=> let mut __needs = __private::Vec::new(); #pushes),
            quote_spanned!(span=> __needs),
        )
    };
    // A struct that is given nothing may say itself what it starts with.
    let whole = if initial && !given {
        quote_spanned!(span=> (&&__private::Whole::<#name>::NEW).probe_whole(|| #name { #fields }))
    } else {
        quote_spanned!(span=> #name { #fields })
    };
    Ok(quote_spanned! {span=>
        #levels
        fn __dependencies() -> __private::Vec<__private::Dependency> {
            #list
            #body
        }
        fn __construct(
            __resolver: &__private::Resolver,
        ) -> ::core::result::Result<__private::Instance, __private::ContainerError> {
            ::core::result::Result::Ok(__private::#instance(#whole))
        }
    })
}

/// The trait that fills the field, its name and its token.
fn injection(field: &FieldModel, token: Option<&Expr>) -> (String, TokenStream) {
    let name = match &field.member {
        Member::Named(name) => name.to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    };
    let span = at(field.ty.span());
    let token = match token {
        Some(token) => quote_spanned!(span=> ::core::option::Option::Some(#token)),
        None => quote_spanned!(span=> ::core::option::Option::None),
    };
    (name, token)
}

fn dependency(field: &FieldModel, source: &FieldSource, outside: &Outside) -> TokenStream {
    let span = at(field.ty.span());
    let ty = outside.write(&field.ty);
    let cfg = &field.cfg;
    match source {
        FieldSource::Initial | FieldSource::Server => TokenStream::new(),
        FieldSource::Injected(token) => {
            let (name, token) = injection(field, token.as_ref());
            quote_spanned! {span=>
                #(#cfg)* __private::Vec::push(&mut __needs, <#ty as __private::Inject>::dependency(#name, #token));
            }
        }
        FieldSource::InjectedOrDefault => {
            let (name, token) = injection(field, None);
            quote_spanned! {span=>
                #(#cfg)* __private::Vec::push(&mut __needs, <#ty as __private::InjectOrDefault>::dependency_or_default(#name, #token));
            }
        }
    }
}

fn value(field: &FieldModel, source: &FieldSource, outside: &Outside) -> TokenStream {
    let span = at(field.ty.span());
    let FieldModel { member, cfg, .. } = field;
    let ty = outside.write(&field.ty);
    let value = match source {
        FieldSource::Initial => quote_spanned!(span=> (&&&__private::Field::<#ty>::NEW).probe_initial()),
        FieldSource::Server => {
            quote_spanned!(span=> <#ty as __private::AttachedServer>::attached(__resolver)?)
        }
        FieldSource::Injected(token) => {
            let (name, token) = injection(field, token.as_ref());
            quote_spanned!(span=> <#ty as __private::Inject>::inject(__resolver, #name, #token)?)
        }
        FieldSource::InjectedOrDefault => {
            let (name, token) = injection(field, None);
            quote_spanned!(span=> <#ty as __private::InjectOrDefault>::inject_or_default(__resolver, #name, #token)?)
        }
    };
    quote!(#(#cfg)* #member: #value,)
}

fn provider(model: &StructModel) -> TokenStream {
    let name = &model.item.ident;
    let text = name.to_string();
    let span = at(name.span());
    let location = location(span);
    let key = Ident::new(model.kind.key(), span);
    let aliases = model.arguments.iter().filter_map(|argument| match argument {
        Argument::As(_, ty) => Some(alias(name, ty)),
        _ => None,
    });
    quote_spanned! {span=>
        __private::ProviderDescriptor {
            key: __private::#key::<#name>,
            name: #text,
            location: #location,
            dependencies: __dependencies,
            construct: __construct,
            lifecycle: __private::Lifecycle {
                module_init: <__private::LifecycleOf<#name>>::MODULE_INIT,
                application_bootstrap: <__private::LifecycleOf<#name>>::APPLICATION_BOOTSTRAP,
                module_destroy: <__private::LifecycleOf<#name>>::MODULE_DESTROY,
                before_application_shutdown: <__private::LifecycleOf<#name>>::BEFORE_APPLICATION_SHUTDOWN,
                application_shutdown: <__private::LifecycleOf<#name>>::APPLICATION_SHUTDOWN,
            },
            aliases: &[#(#aliases),*],
        }
    }
}

fn alias(name: &Ident, ty: &Type) -> TokenStream {
    let span = at(ty.span());
    quote_spanned! {span=>
        __private::Alias {
            key: __private::ProviderKey::of::<#ty>,
            convert: |__instance| {
                __private::Instance::from_shared::<#ty>(__private::Instance::shared::<#name>(__instance))
            },
        }
    }
}

fn gateway(model: &StructModel) -> syn::Result<TokenStream> {
    let name = &model.item.ident;
    let span = at(name.span());
    let settings: Vec<TokenStream> = model.arguments.iter().filter_map(setting).collect();
    let parameter = Ident::new(if settings.is_empty() { "_" } else { "__options" }, span);
    let enhancers = enhancers(&model.enhancers, &Outside::new(&parse_quote!(#name), &model.item.generics))?;
    let classes = enhancers.classes.then(|| quote_spanned!(span=> use __private::WithoutDefault as _;));
    let enhancers = enhancers.tokens.unwrap_or_else(|| quote_spanned!(span=> __private::Enhancers::NONE));
    Ok(quote_spanned! {span=>
        use __private::NoHooks as _;
        #classes
        impl __private::Gateway for #name {}
        const __GATEWAY: __private::GatewayDescriptor = __private::GatewayDescriptor {
            type_id: __private::gateway_id::<#name>(),
            provider: __PROVIDER,
            options: |#parameter| { #(#settings)* },
            hooks: __private::GatewayHooks {
                init: <__private::HooksOf<#name>>::INIT,
                connection: <__private::HooksOf<#name>>::CONNECTION,
                disconnect: <__private::HooksOf<#name>>::DISCONNECT,
            },
            enhancers: #enhancers,
        };
        __private::inventory::submit! { __GATEWAY }
    })
}

/// One argument as a call of the method of its name; the method's name keeps the user's span.
fn setting(argument: &Argument) -> Option<TokenStream> {
    let call = |method: &Ident, value: &dyn ToTokens| {
        let span = at(method.span());
        quote_spanned!(span=> __private::GatewayOptions::#method(__options, #value);)
    };
    match argument {
        Argument::Positional(port) => {
            let span = at(port.span());
            Some(quote_spanned!(span=> __private::GatewayOptions::port(__options, #port);))
        }
        Argument::Value(name, value) => {
            let nested = options::find(&name.to_string()).is_some_and(|option| !option.parts.is_empty());
            let method =
                if nested { Ident::new(&format!("{name}_value"), name.span()) } else { name.clone() };
            Some(call(&method, value))
        }
        Argument::Parts(name, parts) => {
            let parts = parts.iter().map(|(part, value)| {
                let span = at(part.span());
                quote_spanned!(span=> __part.#part(#value);)
            });
            let span: Span = at(name.span());
            Some(call(name, &quote_spanned!(span=> |__part| { #(#parts)* })))
        }
        Argument::Crate(..) | Argument::As(..) => None,
    }
}
