//! The attribute macros of WebSocket gateways, as NestJS's decorators; use them through
//! `gateway-runtime`, whose prelude exports all of them.
//!
//! A macro runs in stages, each a module: `attr` and `item` parse, `model` collects what the
//! attributes say, `validate` judges it, `expand` writes the registration beside the user's item,
//! `fallback` writes what is left of it when something is wrong. What the macros must never do: change the
//! user's item beyond taking their attributes off, and decide by spelling what a type is.

mod attr;
mod diagnostics;
mod expand;
mod fallback;
mod item;
mod model;
mod options;
mod spelling;
mod validate;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;
use proc_macro2::{Span, TokenStream as Tokens};
use quote::quote;
use syn::ItemStruct;

use crate::attr::Helper;
use crate::diagnostics::Errors;
use crate::item::ImplBlock;
use crate::model::{BlockModel, StructMacro, StructModel};

/// Makes a struct a gateway (NestJS's `@WebSocketGateway(port?, options?)`).
///
/// The first argument is the port, if the gateway has one of its own; everything after it is `option =
/// value` under the names of `GatewayOptions`, and `cors(..)` and `cookie(..)` with their parts. A field with
/// `#[web_socket_server]` gets the gateway's server, one with `#[inject]` a provider, any other its
/// `Default`. Handlers stand in an `impl` block with `#[subscribe_messages]`, hooks are traits:
/// `OnGatewayInit`, `OnGatewayConnection`, `OnGatewayDisconnect`.
///
/// `crate = path` names `gateway-runtime` where it is re-exported.
#[proc_macro_attribute]
pub fn web_socket_gateway(attribute: TokenStream, item: TokenStream) -> TokenStream {
    structure(StructMacro::Gateway, attribute.into(), item.into()).into()
}

/// Makes a struct a provider: one instance, built when the app starts, that others get by `#[inject]`
/// (NestJS's `@Injectable()`).
///
/// `#[injectable(as dyn Trait)]` lets it be injected as `Arc<dyn Trait>` too.
#[proc_macro_attribute]
pub fn injectable(attribute: TokenStream, item: TokenStream) -> TokenStream {
    structure(StructMacro::Injectable, attribute.into(), item.into()).into()
}

/// Registers the handlers of an `impl` block of a gateway: its methods with
/// `#[subscribe_message("event")]`. A gateway may have several such blocks.
///
/// The methods stay what they are and can be called like any other.
#[proc_macro_attribute]
pub fn subscribe_messages(attribute: TokenStream, item: TokenStream) -> TokenStream {
    block(attribute.into(), item.into()).into()
}

/// Makes a method the handler of an event (NestJS's `@SubscribeMessage('event')`); the name may be a
/// constant, and a method may have several of these attributes.
///
/// The method is sync or `async`, with `&self`, `self: Arc<Self>` or without a receiver. It returns
/// nothing, a value, a `WsResponse`, or a stream of these, also inside `Result` and `Option`.
#[proc_macro_attribute]
pub fn subscribe_message(_: TokenStream, item: TokenStream) -> TokenStream {
    misplaced(Helper::SubscribeMessage, item.into())
}

/// Passes the body of the message, or one member of it: `#[message_body("roomId")]` (NestJS's
/// `@MessageBody()`).
#[proc_macro_attribute]
pub fn message_body(_: TokenStream, item: TokenStream) -> TokenStream {
    misplaced(Helper::MessageBody, item.into())
}

/// Passes the client that sent the message, as `Socket` or `&Socket` (NestJS's `@ConnectedSocket()`).
#[proc_macro_attribute]
pub fn connected_socket(_: TokenStream, item: TokenStream) -> TokenStream {
    misplaced(Helper::ConnectedSocket, item.into())
}

/// Passes the acknowledgement, as `Ack<T>` or `Option<Ack<T>>`; what the method returns does not
/// acknowledge then (NestJS's `@Ack()`).
#[proc_macro_attribute]
pub fn ack(_: TokenStream, item: TokenStream) -> TokenStream {
    misplaced(Helper::Ack, item.into())
}

/// Fills a field of type `Server` with the gateway's server (NestJS's `@WebSocketServer()`).
#[proc_macro_attribute]
pub fn web_socket_server(_: TokenStream, item: TokenStream) -> TokenStream {
    misplaced(Helper::WebSocketServer, item.into())
}

/// Fills a field of type `Arc<T>`, `Arc<dyn Trait>` or `Option<Arc<T>>` with a provider (NestJS's
/// constructor injection and `@Inject()`).
///
/// `#[inject("TOKEN")]` asks for the provider under a token, `#[inject(default)]` takes
/// `Default::default()` if nothing provides the type.
#[proc_macro_attribute]
pub fn inject(_: TokenStream, item: TokenStream) -> TokenStream {
    misplaced(Helper::Inject, item.into())
}

fn structure(kind: StructMacro, attribute: Tokens, item: Tokens) -> Tokens {
    let parsed = match syn::parse2::<ItemStruct>(item.clone()) {
        Ok(parsed) => parsed,
        Err(error) => return not_parsed(kind.name(), "a struct", item, error),
    };
    let mut errors = Errors::default();
    let model = StructModel::new(kind, attribute, parsed, &mut errors);
    validate::structure(&model, &mut errors);
    if errors.is_empty()
        && let Some(expansion) = errors.keep(expand::structure(&model))
    {
        return expansion;
    }
    let item = fallback::structure(&model);
    let errors = errors.to_compile_errors();
    quote!(#item #errors)
}

fn block(attribute: Tokens, item: Tokens) -> Tokens {
    let parsed = match syn::parse2::<ImplBlock>(item.clone()) {
        Ok(parsed) => parsed,
        Err(error) => return not_parsed("subscribe_messages", "an `impl` block of the gateway", item, error),
    };
    let mut errors = Errors::default();
    let model = BlockModel::new(attribute, parsed, &mut errors);
    validate::block(&model, &mut errors);
    if errors.is_empty()
        && let Some(expansion) = errors.keep(expand::block(&model))
    {
        return expansion;
    }
    let item = &model.block;
    let errors = errors.to_compile_errors();
    quote!(#item #errors)
}

/// An item of the wrong kind, or one that is still being typed.
fn not_parsed(attribute: &str, place: &str, item: Tokens, error: syn::Error) -> Tokens {
    let error = match syn::parse2::<syn::Item>(item.clone()) {
        Ok(_) => syn::Error::new(Span::call_site(), format!("`#[{attribute}]` belongs on {place}")),
        Err(_) => error,
    };
    let item = fallback::unparsed(item);
    let error = error.to_compile_error();
    quote!(#item #error)
}

/// A helper attribute that no outer macro took off.
fn misplaced(helper: Helper, item: Tokens) -> TokenStream {
    let error = syn::Error::new(Span::call_site(), helper.misplaced()).to_compile_error();
    quote!(#item #error).into()
}
