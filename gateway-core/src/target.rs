//! Which handler a message is for, and what was resolved for it at start.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::container::Container;
use crate::metadata::Metadata;
use crate::pipes::ValidationPipe;

/// One handler of one gateway, with everything about it that does not change from message to message.
#[derive(Default)]
pub struct Target {
    gateway: &'static str,
    method: &'static str,
    pattern: Box<str>,
    metadata: Metadata,
    validation: Option<Arc<ValidationPipe>>,
    pipes: Box<[Box<dyn Any + Send + Sync>]>,
    container: Option<Container>,
}

impl Target {
    /// A method of a gateway, for the messages named `pattern`.
    pub fn new(gateway: &'static str, method: &'static str, pattern: &str, metadata: Metadata) -> Self {
        Self { gateway, method, pattern: pattern.into(), metadata, ..Self::default() }
    }

    /// No method in particular.
    pub(crate) fn detached(pattern: &str) -> Self {
        Self::new("", "", pattern, Metadata::default())
    }

    /// Adds a validation of every body whose type has rules: a `ValidationPipe` of the gateway or of all
    /// gateways.
    #[must_use]
    pub fn with_validation(mut self, validation: Option<Arc<ValidationPipe>>) -> Self {
        self.validation = validation;
        self
    }

    /// Adds the pipes of the method's parameters, in the order of the descriptor.
    #[must_use]
    pub fn with_pipes(mut self, pipes: Vec<Box<dyn Any + Send + Sync>>) -> Self {
        self.pipes = pipes.into();
        self
    }

    /// Adds the providers of the application.
    #[must_use]
    pub fn with_container(mut self, container: Container) -> Self {
        self.container = Some(container);
        self
    }

    /// The providers of the application; `None` in a unit test.
    pub fn container(&self) -> Option<&Container> {
        self.container.as_ref()
    }

    /// The gateway's name.
    pub fn gateway(&self) -> &'static str {
        self.gateway
    }

    /// The method's name.
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// The name of the messages.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// What `#[set_metadata]` says.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The validation of bodies by the gateway's or the app's `ValidationPipe`.
    pub fn validation(&self) -> Option<&ValidationPipe> {
        self.validation.as_deref()
    }

    /// A pipe of a parameter.
    ///
    /// # Panics
    /// The descriptor says otherwise: a mistake of the macro.
    pub fn pipe<P: 'static>(&self, index: usize) -> &P {
        let pipe = self.pipes.get(index).and_then(|pipe| pipe.downcast_ref());
        pipe.unwrap_or_else(|| panic!("pipe {index} of {} is no {}", self.method, std::any::type_name::<P>()))
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({}::{} for {:?})", self.gateway, self.method, self.pattern)
    }
}
