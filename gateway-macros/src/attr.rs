//! Parses what stands in attributes: the arguments of the outer macros, and the helper attributes
//! that they take off fields, methods and parameters.
//!
//! It must never judge: an unknown option is parsed like a known one.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Ident, LitStr, Meta, Path, Token, Type, parenthesized, token};

use crate::diagnostics::Errors;

/// One argument of an outer attribute.
pub(crate) enum Argument {
    /// An expression without a name: the port.
    Positional(Expr),
    /// `name = value`
    Value(Ident, Expr),
    /// `name(part = value, ..)`
    Parts(Ident, Vec<(Ident, Expr)>),
    /// `crate = path`
    Crate(Token![crate], Path),
    /// `as Type`
    As(Token![as], Type),
}

/// Parses the arguments of an outer attribute; after a mistake it goes on with the next one.
pub(crate) fn arguments(tokens: TokenStream, errors: &mut Errors) -> Vec<Argument> {
    let mut arguments = Vec::new();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            match argument(input) {
                Ok(argument) if input.is_empty() || input.peek(Token![,]) => arguments.push(argument),
                Ok(_) => errors.push(input.error("expected `,`")),
                Err(error) => errors.push(error),
            }
            while !input.is_empty() && !input.peek(Token![,]) {
                input.parse::<TokenTree>()?;
            }
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(())
    };
    let parsed = parser.parse2(tokens);
    errors.keep(parsed);
    arguments
}

fn argument(input: ParseStream<'_>) -> syn::Result<Argument> {
    if input.peek(Token![as]) {
        return Ok(Argument::As(input.parse()?, input.parse()?));
    }
    if is_assignment(input) {
        if input.peek(Token![crate]) {
            let keyword = input.parse()?;
            input.parse::<Token![=]>()?;
            return Ok(Argument::Crate(keyword, input.call(Path::parse_mod_style)?));
        }
        let (name, value) = assignment(input)?;
        return Ok(Argument::Value(name, value));
    }
    if has_parts(input) {
        let name = input.call(Ident::parse_any)?;
        let content;
        parenthesized!(content in input);
        let parts = Punctuated::<_, Token![,]>::parse_terminated_with(&content, assignment)?;
        return Ok(Argument::Parts(name, parts.into_iter().collect()));
    }
    input.parse().map(Argument::Positional)
}

pub(crate) fn is_assignment(input: ParseStream<'_>) -> bool {
    input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==])
}

/// `name(part = ..)`, which is no expression that calls a function.
fn has_parts(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let inside = || -> syn::Result<bool> {
        ahead.call(Ident::parse_any)?;
        let content;
        parenthesized!(content in ahead);
        Ok(is_assignment(&content))
    };
    input.peek(Ident::peek_any) && input.peek2(token::Paren) && inside().unwrap_or(false)
}

pub(crate) fn assignment(input: ParseStream<'_>) -> syn::Result<(Ident, Expr)> {
    let name = input.call(Ident::parse_any)?;
    if !input.peek(Token![=]) {
        return Err(syn::Error::new(name.span(), format!("`{name}` has no value: write `{name} = ..`")));
    }
    input.parse::<Token![=]>()?;
    Ok((name, input.parse()?))
}

/// The attributes that an outer macro takes off the item below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Helper {
    WebSocketServer,
    Inject,
    SubscribeMessage,
    MessageBody,
    ConnectedSocket,
    Ack,
    Extract,
    MessageName,
    UseGuards,
    UsePipes,
    UseInterceptors,
    UseFilters,
    SetMetadata,
}

impl Helper {
    pub(crate) const ALL: [Self; 13] = [
        Self::WebSocketServer,
        Self::Inject,
        Self::SubscribeMessage,
        Self::MessageBody,
        Self::ConnectedSocket,
        Self::Ack,
        Self::Extract,
        Self::MessageName,
        Self::UseGuards,
        Self::UsePipes,
        Self::UseInterceptors,
        Self::UseFilters,
        Self::SetMetadata,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::WebSocketServer => "web_socket_server",
            Self::Inject => "inject",
            Self::SubscribeMessage => "subscribe_message",
            Self::MessageBody => "message_body",
            Self::ConnectedSocket => "connected_socket",
            Self::Ack => "ack",
            Self::Extract => "extract",
            Self::MessageName => "message_name",
            Self::UseGuards => "use_guards",
            Self::UsePipes => "use_pipes",
            Self::UseInterceptors => "use_interceptors",
            Self::UseFilters => "use_filters",
            Self::SetMetadata => "set_metadata",
        }
    }

    /// Whether it stands on a gateway or on a handler, and is about what stands around handlers.
    pub(crate) const fn is_enhancer(self) -> bool {
        matches!(
            self,
            Self::UseGuards | Self::UsePipes | Self::UseInterceptors | Self::UseFilters | Self::SetMetadata
        )
    }

    /// Where it belongs, as the end of a sentence.
    pub(crate) const fn place(self) -> &'static str {
        match self {
            Self::WebSocketServer => "a field of a struct with `#[web_socket_gateway]`",
            Self::Inject => "a field of a struct with `#[web_socket_gateway]` or `#[injectable]`",
            Self::SubscribeMessage => "a method in an `impl` block with `#[subscribe_messages]`",
            Self::MessageBody | Self::ConnectedSocket | Self::Ack | Self::Extract | Self::MessageName => {
                "a parameter of a method with `#[subscribe_message(\"event\")]`"
            }
            Self::UseGuards
            | Self::UsePipes
            | Self::UseInterceptors
            | Self::UseFilters
            | Self::SetMetadata => {
                "a struct with `#[web_socket_gateway]` or a method with `#[subscribe_message(\"event\")]`"
            }
        }
    }

    /// The sentence for an attribute that stands elsewhere.
    pub(crate) fn misplaced(self) -> String {
        if self == Self::SubscribeMessage {
            return "`#[subscribe_message]` registers nothing here: it belongs on a method of the gateway, in an `impl` \
                    block with `#[subscribe_messages]`"
                .to_owned();
        }
        format!("`#[{}]` has no meaning here: it belongs on {}", self.name(), self.place())
    }

    /// The helper that this path names, however it is qualified.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        Self::named(&path.segments.last()?.ident)
    }

    /// The helper of this name, hoisted or not.
    pub(crate) fn named(name: &Ident) -> Option<Self> {
        Self::ALL.into_iter().find(|helper| name == helper.name() || name == &helper.hoisted())
    }

    /// The name of one that stood above the outer macro and moved itself below it: no macro's.
    pub(crate) fn hoisted(self) -> String {
        format!("__{}", self.name())
    }
}

/// A helper attribute, taken off its item.
pub(crate) struct HelperAttribute {
    pub(crate) helper: Helper,
    pub(crate) meta: Meta,
}

impl HelperAttribute {
    pub(crate) fn span(&self) -> Span {
        self.meta.path().segments.last().map_or_else(Span::call_site, |segment| segment.ident.span())
    }

    /// The path, for the editor: not of one that was expanded where it stood.
    pub(crate) fn mention(&self) -> Option<Path> {
        let hoisted = self.meta.path().is_ident(&self.helper.hoisted());
        (!hoisted).then(|| self.meta.path().clone())
    }

    /// What stands in its parentheses; nothing if there are none.
    pub(crate) fn content(&self) -> syn::Result<TokenStream> {
        match &self.meta {
            Meta::Path(_) => Ok(TokenStream::new()),
            Meta::List(list) => Ok(list.tokens.clone()),
            Meta::NameValue(value) => Err(syn::Error::new_spanned(
                value,
                format!("write `#[{}(..)]`, with parentheses", self.helper.name()),
            )),
        }
    }
}

/// Takes the helper attributes off an item.
pub(crate) fn take_helpers(attributes: &mut Vec<Attribute>, errors: &mut Errors) -> Vec<HelperAttribute> {
    let mut helpers = Vec::new();
    for attribute in &*attributes {
        match Helper::of(attribute.path()) {
            Some(helper) => helpers.push(HelperAttribute { helper, meta: attribute.meta.clone() }),
            None => refuse_conditional(attribute, errors),
        }
    }
    attributes.retain(|attribute| Helper::of(attribute.path()).is_none());
    helpers
}

/// `cfg_attr` inside an item is evaluated after the outer macro has run, too late for a helper.
fn refuse_conditional(attribute: &Attribute, errors: &mut Errors) {
    let Meta::List(list) = &attribute.meta else { return };
    if !list.path.is_ident("cfg_attr") {
        return;
    }
    let conditional = list.tokens.clone().into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) => Helper::named(&ident).map(|_| ident),
        _ => None,
    });
    if let Some(ident) = conditional {
        errors.at(
            ident.span(),
            format!(
                "`cfg_attr` is evaluated too late for `#[{ident}]`: write the item twice, each with a `#[cfg(..)]` of its own"
            ),
        );
    }
}

/// Nothing, or a name as a string literal or a constant: `#[message_body("roomId")]`, `#[inject(DATABASE)]`.
pub(crate) fn optional_name(helper: &HelperAttribute) -> syn::Result<Option<Expr>> {
    let content = helper.content()?;
    if content.is_empty() {
        return Ok(None);
    }
    let parser = |input: ParseStream<'_>| {
        let name: Expr = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        if !input.is_empty() {
            return Err(input.error(format!("`#[{}]` takes one name", helper.helper.name())));
        }
        Ok(name)
    };
    parser.parse2(content).map(Some)
}

/// What `#[subscribe_message]` says.
pub(crate) struct Subscription {
    pub(crate) event: Expr,
    /// The handler runs as a task of its own.
    pub(crate) spawn: bool,
}

/// `#[subscribe_message("event")]` or `#[subscribe_message("event", spawn)]`.
pub(crate) fn subscription(helper: &HelperAttribute) -> syn::Result<Subscription> {
    let content = helper.content()?;
    if content.is_empty() {
        return Err(syn::Error::new(helper.span(), "which event? write `#[subscribe_message(\"event\")]`"));
    }
    let parser = |input: ParseStream<'_>| {
        let event: Expr = input.parse()?;
        let mut spawn = false;
        if input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            let option: Ident = input.parse()?;
            if option != "spawn" {
                return Err(syn::Error::new(
                    option.span(),
                    "the only option of `#[subscribe_message(\"event\")]` is `spawn`, for a handler that burns CPU; one \
                     event is one attribute",
                ));
            }
            spawn = true;
            input.parse::<Option<Token![,]>>()?;
        }
        if !input.is_empty() {
            return Err(input.error("`#[subscribe_message]` takes an event, and perhaps `spawn`"));
        }
        Ok(Subscription { event, spawn })
    };
    parser.parse2(content)
}

/// Whether an expression can be a name: a string, or the path of a constant.
pub(crate) fn is_name(expression: &Expr) -> bool {
    match expression {
        Expr::Lit(literal) => matches!(literal.lit, syn::Lit::Str(_)),
        Expr::Path(path) => path.path.segments.last().is_some_and(|last| {
            let name = last.ident.to_string();
            last.arguments.is_empty() && !name.contains(char::is_lowercase)
        }),
        Expr::Macro(call) => call.mac.path.segments.last().is_some_and(|last| last.ident == "concat"),
        Expr::Group(group) => is_name(&group.expr),
        _ => false,
    }
}

/// The text, if the expression is a string literal.
pub(crate) fn literal(expression: &Expr) -> Option<&LitStr> {
    match expression {
        Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Str(text) => Some(text),
            _ => None,
        },
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}
