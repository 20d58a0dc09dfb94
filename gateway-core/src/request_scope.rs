//! Providers of one client: built once for its connection.

use std::ops::Deref;
use std::sync::Arc;

use crate::container::Container;
use crate::exception::{HandlerError, WsException};
use crate::execution_context::ExecutionContext;
use crate::extract::FromExecutionContext;
use crate::socket::Socket;

/// A provider of which each client has its own (NestJS's `Scope.REQUEST`, which for gateways means the
/// connection). Handlers, guards and interceptors take it as [`RequestScoped`].
///
/// ```
/// use gateway_core::container::Container;
/// use gateway_core::{FromClient, HandlerError, Socket};
///
/// /// What one client has asked so far.
/// struct Conversation {
///     language: String,
/// }
///
/// impl FromClient for Conversation {
///     fn from_client(client: &Socket, _container: &Container) -> Result<Self, HandlerError> {
///         let language = client.handshake().query("lang").map_or("en".into(), |lang| lang.into_owned());
///         Ok(Self { language })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no provider of one client",
    label = "implement `FromClient` for it, or use `#[inject]` for a provider that all share"
)]
pub trait FromClient: Sized + Send + Sync + 'static {
    /// Makes the provider of one client; the container has the shared ones that it needs.
    ///
    /// # Errors
    /// What the client receives as `exception`; the next message tries again.
    fn from_client(client: &Socket, container: &Container) -> Result<Self, HandlerError>;
}

/// The provider of the client that sent the message: `#[extract] talk: RequestScoped<Conversation>`.
///
/// It is made when the first message needs it, and dropped with the last handle to the client.
#[derive(Debug)]
pub struct RequestScoped<T>(pub Arc<T>);

impl<T> Clone for RequestScoped<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Deref for RequestScoped<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: FromClient> FromExecutionContext for RequestScoped<T> {
    fn from_execution_context(context: &ExecutionContext) -> Result<Self, HandlerError> {
        let client = context.socket();
        if let Some(known) = client.extensions().get::<Arc<T>>() {
            return Ok(Self(known.clone()));
        }
        let container = context.target().container().ok_or_else(|| {
            WsException::new(format!(
                "{} needs an application: this is a unit test",
                std::any::type_name::<T>()
            ))
        })?;
        // Made without the lock: `from_client` may look at the client. Of two that are made at the same
        // time the first one stays.
        let made = Arc::new(T::from_client(client, container)?);
        let mut extensions = client.extensions();
        if let Some(known) = extensions.get::<Arc<T>>() {
            return Ok(Self(known.clone()));
        }
        extensions.insert(made.clone());
        Ok(Self(made))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::arguments::Arguments;
    use crate::container::ContainerBuilder;
    use crate::metadata::Metadata;
    use crate::target::Target;

    static MADE: AtomicUsize = AtomicUsize::new(0);

    struct Conversation(usize);

    impl FromClient for Conversation {
        fn from_client(_: &Socket, _: &Container) -> Result<Self, HandlerError> {
            Ok(Self(MADE.fetch_add(1, Ordering::Relaxed)))
        }
    }

    #[tokio::test]
    async fn each_client_has_its_own() {
        let container = ContainerBuilder::new().build().await.unwrap();
        let target = Target::new("G", "m", "e", Metadata::default()).with_container(container);
        let target = Arc::new(target);
        let of = |client: &Socket| {
            let context = ExecutionContext::new(client.clone(), target.clone(), Arguments::none(), None);
            RequestScoped::<Conversation>::from_execution_context(&context).map(|talk| talk.0.0)
        };
        let (ann, bob) = (Socket::detached("ann"), Socket::detached("bob"));
        assert_eq!((of(&ann).unwrap(), of(&ann).unwrap(), of(&bob).unwrap()), (0, 0, 1));
        let detached = ExecutionContext::detached(Socket::detached("c"), "e", &());
        assert!(RequestScoped::<Conversation>::from_execution_context(&detached).is_err());
    }
}
