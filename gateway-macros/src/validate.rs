//! Judges a model: every mistake that the tokens show, each with what to do about it.
//!
//! It must never write code. What only types can tell (a body without `Deserialize`, a return type
//! that is no reply) is judged by the probes that the expansion asks.

use std::collections::BTreeMap;

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{GenericParam, Generics, Ident, ReceiverKind, Safety, Type};

use crate::attr::{self, Argument, Helper, HelperAttribute};
use crate::diagnostics::{Errors, nearest};
use crate::item::ImplBlock;
use crate::model::{BlockModel, MethodModel, ParameterModel, ParameterSource, StructMacro, StructModel};
use crate::options::{self, GatewayOption};

/// A struct under `#[web_socket_gateway]` or `#[injectable]`.
pub(crate) fn structure(model: &StructModel, errors: &mut Errors) {
    match model.kind {
        StructMacro::Gateway => gateway_arguments(&model.arguments, errors),
        StructMacro::Injectable => injectable_arguments(&model.arguments, errors),
    }
    let item = &model.item;
    if !item.generics.params.is_empty() {
        let what = match model.kind {
            StructMacro::Gateway => "a gateway",
            StructMacro::Injectable => "a provider",
        };
        errors.on(
            &item.generics.params,
            format!(
                "{what} is one instance of one type and cannot be generic: inject what differs, for example as `Arc<dyn Trait>`"
            ),
        );
    }
    if let Some(rival) = &model.rival {
        errors.on(
            rival,
            "a gateway is a provider already: keep `#[web_socket_gateway]` and remove `#[injectable]`",
        );
    }
    for field in &model.fields {
        one_helper(&field.helpers, errors);
        for helper in &field.helpers {
            match helper.helper {
                Helper::WebSocketServer if model.kind == StructMacro::Injectable => errors.at(
                    helper.span(),
                    "only a gateway has a server: inject the gateway here and use the server of that",
                ),
                Helper::WebSocketServer => no_content(helper, errors),
                Helper::Inject => name_or_default(helper, errors),
                _ => errors.at(helper.span(), helper.helper.misplaced()),
            }
        }
    }
}

fn gateway_arguments(arguments: &[Argument], errors: &mut Errors) {
    let mut seen: BTreeMap<String, ()> = BTreeMap::new();
    for (index, argument) in arguments.iter().enumerate() {
        match argument {
            Argument::Positional(expression) => positional(index, expression, errors),
            Argument::Value(name, _) => {
                known_option(name, errors);
                once(name, &mut seen, errors);
            }
            Argument::Parts(name, parts) => {
                if let Some(option) = known_option(name, errors) {
                    known_parts(option, name, parts, errors);
                }
                once(name, &mut seen, errors);
            }
            Argument::Crate(keyword, _) => {
                if seen.insert("crate".to_owned(), ()).is_some() {
                    errors.at(keyword.span, "`crate` is given twice");
                }
            }
            Argument::As(keyword, _) => errors.at(
                keyword.span,
                "`as` is for `#[injectable(as dyn Trait)]`; a gateway is injected as itself",
            ),
        }
    }
}

fn positional(index: usize, expression: &syn::Expr, errors: &mut Errors) {
    if let syn::Expr::Path(path) = expression
        && let Some(name) = path.path.get_ident()
        && let Some(known) = nearest(&name.to_string(), options::names())
        && name.to_string().contains(char::is_lowercase)
    {
        errors.at(name.span(), format!("`{name}` has no value: write `{known} = ..`"));
    } else if index > 0 {
        errors.on(expression, "the port is the first argument; everything after it is `option = value`");
    } else if attr::literal(expression).is_some() {
        errors.on(
            expression,
            "the first argument is the port, a number: write `namespace = ..` or `path = ..`",
        );
    }
}

fn known_option(name: &Ident, errors: &mut Errors) -> Option<&'static GatewayOption> {
    let written = name.to_string();
    let found = options::find(&written);
    if found.is_none() {
        let sentence = match written.as_str() {
            "port" => "the port is the first argument: write `#[web_socket_gateway(8080)]`".to_owned(),
            "adapter" => "an adapter belongs to the app: call `use_web_socket_adapter` on it".to_owned(),
            _ => unknown("there is no option", &written, options::names()),
        };
        errors.at(name.span(), sentence);
    }
    found
}

fn known_parts(option: &GatewayOption, name: &Ident, parts: &[(Ident, syn::Expr)], errors: &mut Errors) {
    if option.parts.is_empty() {
        errors.at(name.span(), format!("`{name}` has one value: write `{name} = ..`"));
        return;
    }
    let mut seen = BTreeMap::new();
    for (part, _) in parts {
        let written = part.to_string();
        if !option.parts.contains(&written.as_str()) {
            let nothing = format!("`{name}` has no part");
            errors.at(part.span(), unknown(&nothing, &written, option.parts.iter().copied()));
        }
        once(part, &mut seen, errors);
    }
}

/// The sentence for a name that does not exist; `nothing` is how it begins.
fn unknown(nothing: &str, written: &str, known: impl Iterator<Item = &'static str> + Clone) -> String {
    let plain = |name: &str| name.replace('_', "");
    match nearest(written, known.clone()) {
        Some(name) if plain(name) == plain(&written.to_lowercase()) => format!("write `{name}`"),
        Some(name) => format!("{nothing} `{written}`; did you mean `{name}`?"),
        None => format!("{nothing} `{written}`; there are: {}", known.collect::<Vec<_>>().join(", ")),
    }
}

fn once(name: &Ident, seen: &mut BTreeMap<String, ()>, errors: &mut Errors) {
    if seen.insert(name.to_string(), ()).is_some() {
        errors.at(name.span(), format!("`{name}` is given twice"));
    }
}

fn injectable_arguments(arguments: &[Argument], errors: &mut Errors) {
    for argument in arguments {
        let sentence = "`#[injectable]` takes `as dyn Trait` and nothing else";
        match argument {
            Argument::As(..) | Argument::Crate(..) => {}
            Argument::Positional(expression) => errors.on(expression, sentence),
            Argument::Value(name, _) | Argument::Parts(name, _) => errors.at(name.span(), sentence),
        }
    }
}

fn one_helper(helpers: &[HelperAttribute], errors: &mut Errors) {
    if let [first, others @ ..] = helpers {
        for other in others {
            let (first, second) = (first.helper.name(), other.helper.name());
            errors.at(
                other.span(),
                format!("`#[{first}]` and `#[{second}]` both say where the value comes from: keep one"),
            );
        }
    }
}

fn no_content(helper: &HelperAttribute, errors: &mut Errors) {
    if let Some(content) = errors.keep(helper.content())
        && !content.is_empty()
    {
        errors.on(content, format!("`#[{}]` takes no arguments", helper.helper.name()));
    }
}

fn name_or_default(helper: &HelperAttribute, errors: &mut Errors) {
    if let Some(Some(name)) = errors.keep(attr::optional_name(helper))
        && !attr::is_name(&name)
        && name.to_token_stream().to_string() != "default"
    {
        errors.on(name, "write `#[inject]`, `#[inject(default)]`, `#[inject(\"TOKEN\")]` or `#[inject(TOKEN)]` with a constant");
    }
}

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
    for helper in method.helpers.iter().filter(|helper| helper.helper != Helper::SubscribeMessage) {
        errors.at(helper.span(), helper.helper.misplaced());
    }
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
        let Some(event) = errors.keep(event) else { continue };
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
            Helper::ConnectedSocket | Helper::Ack => no_content(helper, errors),
            Helper::MessageBody => {
                if let Some(Some(key)) = errors.keep(attr::optional_name(helper))
                    && !attr::is_name(&key)
                {
                    errors
                        .on(key, "expected the name of a member of the body: `#[message_body(\"roomId\")]`");
                }
            }
            _ => errors.at(helper.span(), helper.helper.misplaced()),
        }
    }
    if let Some(attribute) = parameter.attributes.iter().find(|attribute| attribute.path().is_ident("cfg")) {
        errors.on(
            attribute,
            "a parameter of a handler is there or not: write the method twice, each with a `#[cfg(..)]` of its own",
        );
    }
    let body = matches!(parameter.source(), Ok(ParameterSource::Body(_)));
    parameter_type(&parameter.ty, body, errors);
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
                errors.on(ty, "a handler cannot borrow this mutably: only `&Socket` and `&Server` are lent");
            }
            _ if body => errors.on(ty, "a handler owns its body: remove the `&`"),
            _ => {}
        },
        Type::Infer(_) => errors.at(ty.span(), "name the type: it says what the client must send"),
        _ => {}
    }
}
