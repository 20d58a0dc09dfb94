//! Everything that can go wrong between registering providers and having started them.
//!
//! This file must never know how the container works: it only words what went wrong and what to do.

use std::error::Error;
use std::fmt;

use super::hook_error::write_causes;
use super::{HookError, Location};

/// Why the container could not be built or started, or has not what was asked for.
///
/// Providers and types are named as in the source, without paths.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContainerError {
    /// A provider needs what nothing provides.
    #[error("{} needs {wanted}, but nothing provides it: {advice}", Place(provider, *field))]
    Missing {
        /// The provider that needs it: a gateway, an injectable, a factory.
        provider: String,
        /// The `#[inject]` field; `None` if a factory asked.
        field: Option<&'static str>,
        /// What it asked for, such as `Arc<ChatsService>`.
        wanted: String,
        /// What to do.
        advice: String,
    },

    /// [`Container::resolve`](super::Container::resolve) was asked for what nothing provides.
    #[error("nothing provides {wanted}: {advice}")]
    NotProvided {
        /// What was asked for, such as `Arc<ChatsService>`.
        wanted: String,
        /// What to do.
        advice: String,
    },

    /// [`Container::resolve`](super::Container::resolve) was asked for a provider that is constructed
    /// on demand only, and nothing needed it.
    #[error(
        "{wanted} has not been constructed, since nothing in this application needs it: inject it into a \
         provider that is part of the application, or .provide(..) it on the app builder"
    )]
    NotConstructed {
        /// What was asked for, such as `Arc<ChatsService>`.
        wanted: String,
    },

    /// Providers need each other in a circle.
    #[error(
        "these providers need each other: {chain}; move what they share into a provider of its own that each \
         of them injects"
    )]
    Cycle {
        /// `A.b -> B.c -> C.a -> A`.
        chain: String,
    },

    /// Two linked types are injected as the same thing.
    #[error(
        "{provided} is provided twice, by {} and by {}: remove one of them, or choose on the app builder with .provide(..) or .alias(..)",
        by[0], by[1]
    )]
    Duplicate {
        /// What both provide, such as `Arc<dyn Clock>`.
        provided: String,
        /// The two types and where they are.
        by: Box<[Described; 2]>,
    },

    /// A factory failed.
    #[error("the factory of {provider} failed; its error says what to mend")]
    Factory {
        /// What the factory makes.
        provider: String,
        /// The factory's own error.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },

    /// A synchronous factory asked for something that takes an async factory to make.
    #[error(
        "the factory of {provider} asked for {wanted}, which is not ready because an async factory is \
         involved: use an async factory for {provider} too (.provide_async) and get it with \
         `resolver.wait_for().await?`"
    )]
    NotReady {
        /// What the synchronous factory makes.
        provider: String,
        /// What is not ready.
        wanted: String,
    },

    /// A provider needs a value of its own that nobody attached to it.
    #[error(
        "{provider} needs a {wanted} of its own and has none: only what the application itself constructs \
         gets one, so add {provider} to the application rather than to a container"
    )]
    NotAttached {
        /// The provider, usually a gateway.
        provider: String,
        /// The type of the value, such as `Server`.
        wanted: String,
    },

    /// A factory kept its resolver and used it after the container had been built.
    #[error(
        "the resolver of {provider} was used after the start: ask for what {provider} needs while its factory \
         runs"
    )]
    ResolverExpired {
        /// What the factory makes.
        provider: String,
    },

    /// A hook failed and with it the start.
    #[error("{hook} of {provider} failed; its error says what to mend")]
    Hook {
        /// The provider whose hook it is.
        provider: String,
        /// The hook's trait, such as `OnModuleInit`.
        hook: &'static str,
        /// The hook's own error.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },

    /// Several problems, all found before anything was constructed.
    #[error("{} problems with the providers of this application:{}", problems.len(), Listed(problems))]
    Several {
        /// In the order of the source.
        problems: Vec<ContainerError>,
    },
}

/// A type that registered itself, in [`ContainerError::Duplicate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Described {
    /// The struct's name.
    pub name: &'static str,
    /// Where the struct is.
    pub location: Location,
}

impl fmt::Display for Described {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at {}", self.name, self.location)
    }
}

impl ContainerError {
    /// One error for all problems; `None` if there is none.
    pub(super) fn of(mut problems: Vec<Self>) -> Option<Self> {
        match problems.len() {
            0 | 1 => problems.pop(),
            _ => Some(Self::Several { problems }),
        }
    }

    /// What a factory failed with. An error of the container itself names its provider already.
    pub(super) fn factory(provider: &str, error: HookError) -> Self {
        match error.downcast::<Self>() {
            Ok(error) => error,
            Err(error) => Self::Factory { provider: provider.into(), source: error.into_boxed() },
        }
    }
}

/// `ChatsGateway.chats`, or just the provider.
struct Place<'a>(&'a str, Option<&'static str>);

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)?;
        match self.1 {
            None => Ok(()),
            Some(field) => write!(formatter, ".{field}"),
        }
    }
}

/// One numbered line a problem. An error has one source, a list has many: so each line carries its own.
struct Listed<'a>(&'a [ContainerError]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in (1..).zip(self.0) {
            let mut line = format!("\n  {number}. {problem}");
            write_causes(problem, &mut line)?;
            formatter.write_str(&line)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_problems_are_listed() {
        let cycle = || ContainerError::Cycle { chain: "A.b -> B.a -> A".into() };
        let factory = ContainerError::factory("Db", HookError::msg("refused"));
        let text = ContainerError::of(vec![cycle(), factory]).unwrap().to_string();
        assert!(text.starts_with("2 problems with the providers of this application:\n  1. these"), "{text}");
        assert!(
            text.ends_with("\n  2. the factory of Db failed; its error says what to mend: refused"),
            "{text}"
        );
        assert!(matches!(ContainerError::of(vec![cycle()]), Some(ContainerError::Cycle { .. })));
        assert!(ContainerError::of(Vec::new()).is_none());
    }

    #[test]
    fn an_error_of_the_container_is_not_wrapped_again() {
        let inner = ContainerError::Cycle { chain: "A.a -> A".into() };
        assert!(matches!(ContainerError::factory("Db", inner.into()), ContainerError::Cycle { .. }));
    }
}
