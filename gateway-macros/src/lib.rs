//! The attribute macros of WebSocket gateways, as NestJS's decorators; use them through
//! `gateway-runtime`, whose prelude exports all of them.
//!
//! A macro runs in stages, each a module: `attr`, `entry` and `item` parse, `model` collects what the
//! attributes say, `validate` judges it, `expand` writes the registration beside the user's item,
//! `fallback` writes what is left of it when something is wrong. What the macros must never do: change the
//! user's item beyond taking their attributes off, and decide by spelling what a type is.

mod attr;
mod diagnostics;
mod entry;
mod expand;
mod fallback;
mod hoist;
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
///
/// `#[subscribe_message("event", spawn)]` runs the handler as a task of its own: for one that burns CPU, which
/// would otherwise hold up everything else of its client.
#[proc_macro_attribute]
pub fn subscribe_message(_: TokenStream, item: TokenStream) -> TokenStream {
    misplaced(Helper::SubscribeMessage, item.into()).into()
}

/// Passes the body of the message, or one member of it: `#[message_body("roomId")]` (NestJS's
/// `@MessageBody()`).
///
/// Pipes follow: `#[message_body("id", ParseIntPipe)]`,
/// `#[message_body("page", DefaultValuePipe::new(1), ParseIntPipe)]`. Each gives what the next one takes,
/// and the last one the parameter. A type comes from the container, or is its `Default`; any other
/// expression is the pipe itself.
#[proc_macro_attribute]
pub fn message_body(_: TokenStream, item: TokenStream) -> TokenStream {
    misplaced(Helper::MessageBody, item.into()).into()
}

/// Passes the client that sent the message, as `Socket` or `&Socket` (NestJS's `@ConnectedSocket()`).
#[proc_macro_attribute]
pub fn connected_socket(_: TokenStream, item: TokenStream) -> TokenStream {
    misplaced(Helper::ConnectedSocket, item.into()).into()
}

/// Passes the acknowledgement, as `Ack<T>` or `Option<Ack<T>>`; what the method returns does not
/// acknowledge then (NestJS's `@Ack()`).
#[proc_macro_attribute]
pub fn ack(_: TokenStream, item: TokenStream) -> TokenStream {
    misplaced(Helper::Ack, item.into()).into()
}

/// Passes what the parameter's type takes from the message: it implements `FromExecutionContext` (NestJS's
/// `createParamDecorator`).
#[proc_macro_attribute]
pub fn extract(_: TokenStream, item: TokenStream) -> TokenStream {
    misplaced(Helper::Extract, item.into()).into()
}

/// Passes the name of the message, as `&str` or `String`.
#[proc_macro_attribute]
pub fn message_name(_: TokenStream, item: TokenStream) -> TokenStream {
    misplaced(Helper::MessageName, item.into()).into()
}

/// Asks guards before each message of a gateway, or of one handler (NestJS's `@UseGuards()`).
///
/// An entry is a type, `#[use_guards(WsAuthGuard)]`, which the container provides or which has a
/// `Default`; any other expression is the guard itself, `#[use_guards(ThrottlerGuard::new(10, 60))]`. They
/// are asked in the order of reading.
///
/// On a gateway, `#[use_guards(WsAuthGuard, on = "connection")]` asks when a client connects.
#[proc_macro_attribute]
pub fn use_guards(attribute: TokenStream, item: TokenStream) -> TokenStream {
    enhancer(Helper::UseGuards, attribute.into(), item.into()).into()
}

/// Lets bodies pass pipes (NestJS's `@UsePipes()`): on a gateway a `ValidationPipe` or pipes from `Data` to
/// `Data`, on a handler the pipes of each of its body's parameters, before their own.
///
/// Entries are as in [`macro@use_guards`].
#[proc_macro_attribute]
pub fn use_pipes(attribute: TokenStream, item: TokenStream) -> TokenStream {
    enhancer(Helper::UsePipes, attribute.into(), item.into()).into()
}

/// Runs interceptors around the handlers of a gateway, or around one, the first one outermost (NestJS's
/// `@UseInterceptors()`).
///
/// Entries are as in [`macro@use_guards`].
#[proc_macro_attribute]
pub fn use_interceptors(attribute: TokenStream, item: TokenStream) -> TokenStream {
    enhancer(Helper::UseInterceptors, attribute.into(), item.into()).into()
}

/// Lets exception filters handle the errors of a gateway, or of one handler; the last one is asked first
/// (NestJS's `@UseFilters()`).
///
/// Entries are as in [`macro@use_guards`].
#[proc_macro_attribute]
pub fn use_filters(attribute: TokenStream, item: TokenStream) -> TokenStream {
    enhancer(Helper::UseFilters, attribute.into(), item.into()).into()
}

/// Says something about a gateway, or about one handler, that guards and interceptors read:
/// `#[set_metadata("roles", ["admin"])]` (NestJS's `@SetMetadata()`). The value is anything that
/// serializes.
#[proc_macro_attribute]
pub fn set_metadata(attribute: TokenStream, item: TokenStream) -> TokenStream {
    enhancer(Helper::SetMetadata, attribute.into(), item.into()).into()
}

/// Fills a field of type `Server` with the gateway's server (NestJS's `@WebSocketServer()`).
#[proc_macro_attribute]
pub fn web_socket_server(_: TokenStream, item: TokenStream) -> TokenStream {
    misplaced(Helper::WebSocketServer, item.into()).into()
}

/// Fills a field of type `Arc<T>`, `Arc<dyn Trait>` or `Option<Arc<T>>` with a provider (NestJS's
/// constructor injection and `@Inject()`).
///
/// `#[inject("TOKEN")]` asks for the provider under a token, `#[inject(default)]` takes
/// `Default::default()` if nothing provides the type.
#[proc_macro_attribute]
pub fn inject(_: TokenStream, item: TokenStream) -> TokenStream {
    misplaced(Helper::Inject, item.into()).into()
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

/// A helper that stands above `#[web_socket_gateway]`, or where no outer macro took it off.
fn enhancer(helper: Helper, attribute: Tokens, item: Tokens) -> Tokens {
    hoist::below_the_gateway(helper, &attribute, item.clone()).unwrap_or_else(|| misplaced(helper, item))
}

/// A helper attribute that no outer macro took off.
fn misplaced(helper: Helper, item: Tokens) -> Tokens {
    let error = syn::Error::new(Span::call_site(), helper.misplaced()).to_compile_error();
    quote!(#item #error)
}
