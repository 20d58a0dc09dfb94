//! Judges a model: every mistake that the tokens show, each with what to do about it.
//!
//! It must never write code. What only types can tell (a body without `Deserialize`, a return type
//! that is no reply) is judged by the probes that the expansion asks.

mod enhancers;
mod handlers;

use std::collections::BTreeMap;

use quote::ToTokens;
use syn::Ident;

use self::enhancers::Level;
pub(crate) use self::handlers::{block, no_body_for_pipes};
use crate::attr::{self, Argument, Helper, HelperAttribute};
use crate::diagnostics::{Errors, nearest};
use crate::model::{StructMacro, StructModel};
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
    let (enhancers, others): (Vec<_>, Vec<_>) = model
        .enhancers
        .iter()
        .partition(|helper| helper.helper.is_enhancer() && model.kind == StructMacro::Gateway);
    enhancers::enhancers(enhancers, Level::Gateway, errors);
    for helper in others {
        errors.at(helper.span(), helper.helper.misplaced());
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
            _ => options::absent(&written)
                .unwrap_or_else(|| unknown("there is no option", &written, options::names())),
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
