//! Judges the handlers of an `impl` block: their events, their signatures, their parameters.
//!
//! It must never judge what stands around a handler.

use std::collections::BTreeMap;

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{GenericParam, Generics, ReceiverKind, Safety, Type};

use super::enhancers::{self, Level};
use super::{no_content, one_helper};
use crate::attr::{Argument, Helper, HelperAttribute, Subscription};
use crate::diagnostics::Errors;
use crate::entry::{self, Entry};
use crate::item::ImplBlock;
use crate::model::{BlockModel, MethodModel, ParameterModel, ParameterSource};

/// An `impl` block under `#[subscribe_messages]`.
pub(crate) fn block(model: &BlockModel, errors: &mut Errors) {
    for argument in &model.arguments {
        let sentence = "`#[subscribe_messages]` takes no arguments; the options belong to `#[web_socket_gateway(..)]` on the struct";
        match argument {
            Argument::Crate(..) => {}
            Argument::As(keyword, _) => errors.at(keyword.span, sentence),
            Argument::Positional(expression) => errors.on(expression, sentence),
            Argument::Value(name, _) | Argument::Parts(name, _) => errors.at(name.span(), sentence),
        }
    }
    header(&model.block, errors);
    for method in &model.methods {
        if method.is_handler() { handler(method, errors) } else { other_method(method, errors) }
    }
}

fn header(block: &ImplBlock, errors: &mut Errors) {
    if let Some((name, _)) = &block.of_trait {
        errors.on(
            name,
            "handlers belong in an `impl` block of the gateway itself: remove `#[subscribe_messages]` here, hooks such as `OnGatewayConnection` need no attribute",
        );
    }
    if !block.generics.params.is_empty() {
        errors.on(
            &block.generics.params,
            "a gateway is one type: its handlers cannot be in a generic `impl` block",
        );
    }
    match &block.self_type {
        Type::Path(path) if path.qself.is_none() => {
            let generic = path.path.segments.iter().find(|segment| !segment.arguments.is_none());
            if let Some(segment) = generic {
                errors.on(segment, "a gateway is one type and cannot be generic");
            }
        }
        other => errors.on(other, "expected the name of the gateway's struct"),
    }
}

fn other_method(method: &MethodModel, errors: &mut Errors) {
    let on_parameters = method.parameters.iter().flat_map(|parameter| &parameter.helpers);
    for helper in on_parameters {
        let sentence = if helper.helper == Helper::SubscribeMessage {
            helper.helper.misplaced()
        } else {
            format!(
                "`{}` is no handler, so `#[{}]` means nothing here: add `#[subscribe_message(\"event\")]` to it",
                method.name(),
                helper.helper.name()
            )
        };
        errors.at(helper.span(), sentence);
    }
    for helper in &method.helpers {
        errors.at(helper.span(), helper.helper.misplaced());
    }
}

fn handler(method: &MethodModel, errors: &mut Errors) {
    for helper in &method.helpers {
        if helper.helper != Helper::SubscribeMessage && !helper.helper.is_enhancer() {
            errors.at(helper.span(), helper.helper.misplaced());
        }
    }
    enhancers::enhancers(method.enhancers(), Level::Handler, errors);
    pipes_of_nothing(method, errors);
    events(method, errors);
    signature(method, errors);
    let mut acks = 0;
    for parameter in &method.parameters {
        self::parameter(parameter, errors);
        if let Some(helper) = parameter.helpers.iter().find(|helper| helper.helper == Helper::Ack) {
            acks += 1;
            if acks > 1 {
                errors.at(helper.span(), "a message is acknowledged once: keep one `#[ack]`");
            }
        }
    }
}

fn events(method: &MethodModel, errors: &mut Errors) {
    let mut seen = BTreeMap::new();
    for event in method.events() {
        let Some(Subscription { event, .. }) = errors.keep(event) else { continue };
        if seen.insert(event.to_token_stream().to_string(), ()).is_some() {
            errors.on(&event, "the method subscribes to this event already");
        }
        if let syn::Expr::Lit(literal) = &event
            && !matches!(literal.lit, syn::Lit::Str(_))
        {
            errors.on(&event, "the name of an event is a string");
        }
    }
}

fn signature(method: &MethodModel, errors: &mut Errors) {
    let signature = &method.signature;
    generics(&signature.generics, errors);
    if let Safety::Unsafe(keyword) = &signature.safety {
        errors.at(keyword.span, "clients call a handler: it cannot be `unsafe`");
    }
    if let Some(abi) = &signature.abi {
        errors.on(abi, "a handler is an ordinary method, without `extern`");
    }
    if let Some(variadic) = &signature.variadic {
        errors.on(variadic, "a handler is an ordinary method, without `...`");
    }
    if let Some(receiver) = signature.receiver() {
        self::receiver(receiver, errors);
    }
}

fn receiver(receiver: &syn::Receiver, errors: &mut Errors) {
    let instead = match &receiver.kind {
        ReceiverKind::Reference(_, _, Some(_)) => MUTABLE,
        ReceiverKind::Typed(_, ty) if matches!(&**ty, Type::Reference(to) if to.mutability.is_some()) => {
            MUTABLE
        }
        ReceiverKind::Value => " or `self: Arc<Self>`",
        _ => return,
    };
    errors.on(receiver, format!("handlers of one gateway run at the same time: take `&self`{instead}"));
}

/// What to do instead of changing the gateway itself.
const MUTABLE: &str = ", and put what changes into a `Mutex`, an atomic or a concurrent map";

fn generics(generics: &Generics, errors: &mut Errors) {
    for parameter in &generics.params {
        if !matches!(parameter, GenericParam::Lifetime(_)) {
            errors.on(
                parameter,
                "the runtime calls a handler with types that are written there: it cannot be generic",
            );
        }
    }
}

fn parameter(parameter: &ParameterModel, errors: &mut Errors) {
    one_helper(&parameter.helpers, errors);
    for helper in &parameter.helpers {
        match helper.helper {
            Helper::ConnectedSocket | Helper::Ack | Helper::Extract | Helper::MessageName => {
                no_content(helper, errors);
            }
            Helper::MessageBody => body(helper, errors),
            _ => errors.at(helper.span(), helper.helper.misplaced()),
        }
    }
    if let Some(attribute) = parameter.attributes.iter().find(|attribute| attribute.path().is_ident("cfg")) {
        errors.on(
            attribute,
            "a parameter of a handler is there or not: write the method twice, each with a `#[cfg(..)]` of its own",
        );
    }
    match parameter.source() {
        Ok(ParameterSource::Name) => {}
        source => parameter_type(&parameter.ty, matches!(source, Ok(ParameterSource::Body(_))), errors),
    }
}

fn body(helper: &HelperAttribute, errors: &mut Errors) {
    let Some(content) = errors.keep(entry::body(helper)) else { return };
    for (index, pipe) in content.pipes.iter().enumerate() {
        if let Entry::Value(syn::Expr::Lit(literal)) = pipe {
            let sentence = if index == 0 && content.key.is_none() {
                "expected the name of a member of the body, or a pipe: `#[message_body(\"roomId\", ParseIntPipe)]`"
            } else {
                "`#[message_body]` takes one name; what follows are pipes"
            };
            errors.on(literal, sentence);
        }
    }
}

/// Pipes are for the body: without one they would be for nothing.
fn pipes_of_nothing(method: &MethodModel, errors: &mut Errors) {
    let takes_a_body = method.parameters.iter().any(|parameter| {
        matches!(parameter.source(), Err(_) | Ok(ParameterSource::ByType | ParameterSource::Body(_)))
    });
    let pipes = method.helpers.iter().find(|helper| helper.helper == Helper::UsePipes);
    if let Some(pipes) = pipes
        && !takes_a_body
    {
        errors.at(pipes.span(), no_body_for_pipes(method));
    }
}

/// The sentence for `#[use_pipes]` on a handler without a body.
pub(crate) fn no_body_for_pipes(method: &MethodModel) -> String {
    format!("`{}` takes no body, so `#[use_pipes]` means nothing here", method.name())
}

fn parameter_type(ty: &Type, body: bool, errors: &mut Errors) {
    match ty {
        Type::ImplTrait(_) => errors.on(ty, "a handler is called with one type: name it instead of `impl`"),
        Type::Reference(reference) => match &*reference.elem {
            Type::Path(path) if path.path.is_ident("str") => {
                errors.on(ty, "a handler owns its body: write `String`");
            }
            Type::Slice(slice) => {
                let element = slice.elem.to_token_stream();
                errors.on(ty, format!("a handler owns its body: write `Vec<{element}>`"));
            }
            _ if reference.mutability.is_some() => {
                errors.on(ty, "a handler cannot borrow this mutably: only `&Socket`, `&Server` and `&ExecutionContext` are lent");
            }
            _ if body => errors.on(ty, "a handler owns its body: remove the `&`"),
            _ => {}
        },
        Type::Infer(_) => errors.at(ty.span(), "name the type: it says what the client must send"),
        _ => {}
    }
}
