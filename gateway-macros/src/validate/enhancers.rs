//! Judges what stands around handlers: the lists of guards, pipes, interceptors and filters, and metadata.
//!
//! It must never judge whether an entry is a guard or a filter: its type tells.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::{Expr, Ident};

use crate::attr::{self, Helper, HelperAttribute};
use crate::diagnostics::Errors;
use crate::entry::{self, Entry};

/// Where the attributes stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Gateway,
    Handler,
}

/// All attributes of one gateway, or of one handler.
pub(super) fn enhancers<'h>(
    helpers: impl IntoIterator<Item = &'h HelperAttribute>,
    level: Level,
    errors: &mut Errors,
) {
    let mut classes = BTreeSet::new();
    let mut keys = BTreeSet::new();
    for helper in helpers {
        if helper.helper == Helper::SetMetadata {
            metadata(helper, &mut keys, errors);
        } else {
            list(helper, level, &mut classes, errors);
        }
    }
}

fn list(
    helper: &HelperAttribute,
    level: Level,
    classes: &mut BTreeSet<(&'static str, bool, String)>,
    errors: &mut Errors,
) {
    let Some(list) = errors.keep(entry::entries(helper)) else { return };
    let name = helper.helper.name();
    if list.entries.is_empty() {
        let example = example(helper.helper);
        errors.at(helper.span(), format!("`#[{name}]` names none: write `#[{name}({example})]`"));
    }
    let on_connection = !list.options.is_empty();
    for entry in &list.entries {
        let class = (name, on_connection, entry.name());
        if matches!(entry, Entry::Class(_)) && !classes.insert(class) {
            errors.on(entry, format!("`{}` is listed already", entry.name()));
        }
    }
    for (index, (option, value)) in list.options.iter().enumerate() {
        if helper.helper != Helper::UseGuards || option != "on" {
            errors.at(option.span(), format!("`#[{name}]` has no option `{option}`"));
        } else if index > 0 {
            errors.at(option.span(), "`on` is given twice");
        } else {
            on(option, value, level, errors);
        }
    }
}

/// `on = "connection"`
fn on(option: &Ident, value: &Expr, level: Level, errors: &mut Errors) {
    if attr::literal(value).is_none_or(|text| text.value() != "connection") {
        errors.on(
            value,
            "guards are asked before each message, or with `on = \"connection\"` before a client connects",
        );
    } else if level == Level::Handler {
        errors.at(
            option.span(),
            "a client connects to the gateway, not to one handler: write `on = \"connection\"` on the gateway's struct",
        );
    }
}

const fn example(helper: Helper) -> &'static str {
    match helper {
        Helper::UseGuards => "WsAuthGuard",
        Helper::UsePipes => "ValidationPipe",
        Helper::UseInterceptors => "LoggingInterceptor",
        _ => "ErrorEventFilter",
    }
}

fn metadata(helper: &HelperAttribute, keys: &mut BTreeSet<String>, errors: &mut Errors) {
    let Some((key, _)) = errors.keep(entry::metadata(helper)) else { return };
    if !attr::is_name(&key) {
        errors.on(key, "a key is a string or a constant: write `#[set_metadata(\"roles\", [\"admin\"])]`");
    } else if !keys.insert(key.to_token_stream().to_string()) {
        let key = key.to_token_stream();
        errors.on(&key, format!("the metadata `{key}` is set already"));
    }
}
