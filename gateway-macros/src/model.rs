//! What the attributes say, with the user's tokens kept for their spans.
//!
//! Building the model takes the helper attributes off the item, so the item that goes back is clean
//! whatever else is wrong with it. It must never judge what it finds.

use proc_macro2::TokenStream;
use syn::{Attribute, Expr, FnArg, Ident, ItemStruct, Member, Path, Signature, Type};

use crate::attr::{self, Argument, Helper, HelperAttribute, Subscription};
use crate::diagnostics::Errors;
use crate::entry::{self, BodyContent, Entry};
use crate::item::{ImplBlock, ImplItem, Method};

/// Which of the two struct macros is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StructMacro {
    Gateway,
    Injectable,
}

impl StructMacro {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "web_socket_gateway",
            Self::Injectable => "injectable",
        }
    }

    /// The function that names the key.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Gateway => "gateway_key",
            Self::Injectable => "provider_key",
        }
    }

    /// The function that wraps the instance.
    pub(crate) const fn instance(self) -> &'static str {
        match self {
            Self::Gateway => "gateway_instance",
            Self::Injectable => "provider_instance",
        }
    }

    /// The macro that this path names, however it is qualified.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let name = &path.segments.last()?.ident;
        [Self::Gateway, Self::Injectable].into_iter().find(|kind| name == kind.name())
    }
}

/// A struct under `#[web_socket_gateway]` or `#[injectable]`.
pub(crate) struct StructModel {
    pub(crate) kind: StructMacro,
    pub(crate) arguments: Vec<Argument>,
    /// Without helper attributes.
    pub(crate) item: ItemStruct,
    /// The other of the two struct macros, taken off too.
    pub(crate) rival: Option<Attribute>,
    /// The helpers on the struct itself.
    pub(crate) enhancers: Vec<HelperAttribute>,
    pub(crate) fields: Vec<FieldModel>,
    /// The helpers as they were written, for the editor.
    pub(crate) helpers: Vec<Path>,
}

pub(crate) struct FieldModel {
    pub(crate) member: Member,
    pub(crate) ty: Type,
    pub(crate) cfg: Vec<Attribute>,
    pub(crate) helpers: Vec<HelperAttribute>,
}

/// Where a field's value comes from.
pub(crate) enum FieldSource {
    /// `Default::default()`
    Initial,
    /// `#[web_socket_server]`
    Server,
    /// `#[inject]`, `#[inject("TOKEN")]`
    Injected(Option<Expr>),
    /// `#[inject(default)]`
    InjectedOrDefault,
}

impl StructModel {
    pub(crate) fn new(
        kind: StructMacro,
        attribute: TokenStream,
        mut item: ItemStruct,
        errors: &mut Errors,
    ) -> Self {
        let arguments = attr::arguments(attribute, errors);
        let enhancers = attr::take_helpers(&mut item.attrs, errors);
        let mut helpers: Vec<Path> = enhancers.iter().filter_map(HelperAttribute::mention).collect();
        let mut fields = Vec::new();
        let members: Vec<Member> = item.fields.members().collect();
        for (member, field) in members.into_iter().zip(&mut item.fields) {
            let taken = attr::take_helpers(&mut field.attrs, errors);
            helpers.extend(taken.iter().filter_map(HelperAttribute::mention));
            fields.push(FieldModel {
                member,
                ty: field.ty.clone(),
                cfg: cfg_of(&field.attrs),
                helpers: taken,
            });
        }
        let rival = item.attrs.extract_if(.., |attribute| StructMacro::of(attribute.path()).is_some()).last();
        Self { kind, arguments, item, rival, enhancers, fields, helpers }
    }

    /// Whether it is meant to be a gateway, also if it claims to be both.
    pub(crate) fn is_gateway(&self) -> bool {
        self.kind == StructMacro::Gateway || self.rival.is_some()
    }
}

impl FieldModel {
    /// What the field's one attribute says.
    pub(crate) fn source(&self) -> syn::Result<FieldSource> {
        let Some(helper) = self.helpers.first() else { return Ok(FieldSource::Initial) };
        match helper.helper {
            Helper::WebSocketServer => Ok(FieldSource::Server),
            _ => {
                let token = attr::optional_name(helper)?;
                let default = matches!(&token, Some(Expr::Path(path)) if path.path.is_ident("default"));
                Ok(if default { FieldSource::InjectedOrDefault } else { FieldSource::Injected(token) })
            }
        }
    }
}

/// An `impl` block under `#[subscribe_messages]`.
pub(crate) struct BlockModel {
    pub(crate) arguments: Vec<Argument>,
    /// Without helper attributes.
    pub(crate) block: ImplBlock,
    pub(crate) methods: Vec<MethodModel>,
    pub(crate) helpers: Vec<Path>,
}

/// A method of the block, a handler or not.
pub(crate) struct MethodModel {
    /// Without helper attributes.
    pub(crate) signature: Signature,
    pub(crate) cfg: Vec<Attribute>,
    /// Those on the method itself: one `#[subscribe_message]` for each event, and what stands around the
    /// handler.
    pub(crate) helpers: Vec<HelperAttribute>,
    pub(crate) parameters: Vec<ParameterModel>,
}

/// A parameter other than `self`.
pub(crate) struct ParameterModel {
    pub(crate) ty: Type,
    pub(crate) helpers: Vec<HelperAttribute>,
    /// Attributes that stay: only `cfg` means anything to us.
    pub(crate) attributes: Vec<Attribute>,
}

/// Where a parameter's value comes from.
pub(crate) enum ParameterSource {
    /// No attribute: the type tells.
    ByType,
    /// `#[message_body]`, `#[message_body("key", Pipe)]`
    Body(BodyContent),
    /// `#[connected_socket]`
    Socket,
    /// `#[ack]`
    Ack,
    /// `#[extract]`
    Extracted,
    /// `#[message_name]`
    Name,
}

impl BlockModel {
    pub(crate) fn new(attribute: TokenStream, mut block: ImplBlock, errors: &mut Errors) -> Self {
        let arguments = attr::arguments(attribute, errors);
        let mut helpers = Vec::new();
        let mut methods = Vec::new();
        for item in &mut block.items {
            if let ImplItem::Method(method) = item {
                methods.push(MethodModel::new(method, &mut helpers, errors));
            }
        }
        Self { arguments, block, methods, helpers }
    }
}

impl MethodModel {
    fn new(method: &mut Method, paths: &mut Vec<Path>, errors: &mut Errors) -> Self {
        let helpers = attr::take_helpers(&mut method.attributes, errors);
        paths.extend(helpers.iter().filter_map(HelperAttribute::mention));
        let mut parameters = Vec::new();
        for input in &mut method.signature.inputs {
            match input {
                FnArg::Receiver(receiver) => {
                    for helper in attr::take_helpers(&mut receiver.attrs, errors) {
                        errors.at(helper.span(), helper.helper.misplaced());
                    }
                }
                FnArg::Typed(typed) => {
                    let taken = attr::take_helpers(&mut typed.attrs, errors);
                    paths.extend(taken.iter().filter_map(HelperAttribute::mention));
                    parameters.push(ParameterModel {
                        ty: (*typed.ty).clone(),
                        helpers: taken,
                        attributes: typed.attrs.clone(),
                    });
                }
            }
        }
        let cfg = cfg_of(&method.attributes);
        Self { signature: method.signature.clone(), cfg, helpers, parameters }
    }

    pub(crate) fn is_handler(&self) -> bool {
        self.helpers.iter().any(|helper| helper.helper == Helper::SubscribeMessage)
    }

    pub(crate) fn name(&self) -> &Ident {
        &self.signature.ident
    }

    /// What stands around the handler.
    pub(crate) fn enhancers(&self) -> impl Iterator<Item = &HelperAttribute> {
        self.helpers.iter().filter(|helper| helper.helper.is_enhancer())
    }

    /// The pipes of each parameter that is the body: `#[use_pipes]`.
    pub(crate) fn pipes(&self) -> syn::Result<Vec<Entry>> {
        let mut pipes = Vec::new();
        for helper in self.helpers.iter().filter(|helper| helper.helper == Helper::UsePipes) {
            pipes.extend(entry::entries(helper)?.entries);
        }
        Ok(pipes)
    }

    /// The event of each `#[subscribe_message]`.
    pub(crate) fn events(&self) -> impl Iterator<Item = syn::Result<Subscription>> {
        let subscriptions = self.helpers.iter().filter(|helper| helper.helper == Helper::SubscribeMessage);
        subscriptions.map(attr::subscription)
    }
}

impl ParameterModel {
    /// What the parameter's one attribute says.
    pub(crate) fn source(&self) -> syn::Result<ParameterSource> {
        let Some(helper) = self.helpers.first() else { return Ok(ParameterSource::ByType) };
        match helper.helper {
            Helper::ConnectedSocket => Ok(ParameterSource::Socket),
            Helper::Ack => Ok(ParameterSource::Ack),
            Helper::Extract => Ok(ParameterSource::Extracted),
            Helper::MessageName => Ok(ParameterSource::Name),
            _ => entry::body(helper).map(ParameterSource::Body),
        }
    }
}

/// The attributes that decide whether an item exists: what is generated for it exists with it.
fn cfg_of(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
}
