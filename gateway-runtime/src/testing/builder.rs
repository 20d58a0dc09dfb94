//! `TestingAppBuilder`: which application is tested, and what takes the place of what in it.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use gateway_core::container::{Provider, Resolver};
use gateway_core::pipes::IntoGatewayPipe;
use gateway_core::{CanActivate, ExceptionFilter, GatewaySet, HookError, Interceptor, IntoMillis};

use super::app::TestingApp;
use crate::app::{GatewayApp, GatewayAppBuilder, GatewayError, ShutdownOptions, WebSocketAdapter};

/// How long a test waits for anything, unless it says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

type Override = Box<dyn FnOnce(GatewayAppBuilder) -> GatewayAppBuilder + Send>;

/// Gateways, providers and overrides of a [`TestingApp`].
///
/// ```
/// # use std::sync::Arc;
/// use gateway_runtime::prelude::*;
/// use gateway_runtime::testing::TestingApp;
///
/// #[injectable]
/// struct ChatsService;
///
/// # #[web_socket_gateway(namespace = "chats")]
/// # struct ChatsGateway { #[inject] chats: Arc<ChatsService> }
/// # async fn create() -> Result<TestingApp, GatewayError> {
/// TestingApp::builder().only::<ChatsGateway>().override_provider(ChatsService).create().await
/// # }
/// ```
#[must_use = "call `create` to start the application"]
pub struct TestingAppBuilder {
    app: GatewayAppBuilder,
    /// Applied last: they go over whatever the application provides, in any order of calls.
    overrides: Vec<Override>,
    router: Router,
    limit: Duration,
}

impl Default for TestingAppBuilder {
    fn default() -> Self {
        GatewayApp::builder().into()
    }
}

impl From<GatewayAppBuilder> for TestingAppBuilder {
    fn from(app: GatewayAppBuilder) -> Self {
        Self { app, overrides: Vec::new(), router: Router::new(), limit: DEFAULT_TIMEOUT }
    }
}

impl fmt::Debug for TestingAppBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestingAppBuilder").field("app", &self.app).finish_non_exhaustive()
    }
}

impl TestingAppBuilder {
    fn with(mut self, change: impl FnOnce(GatewayAppBuilder) -> GatewayAppBuilder) -> Self {
        self.app = change(self.app);
        self
    }

    fn overriding(
        mut self,
        change: impl FnOnce(GatewayAppBuilder) -> GatewayAppBuilder + Send + 'static,
    ) -> Self {
        self.overrides.push(Box::new(change));
        self
    }

    /// Serves only these gateways: `only::<(ChatsGateway, EventsGateway)>()`. What only other gateways
    /// need is not built.
    pub fn only<S: GatewaySet>(self) -> Self {
        self.with(GatewayAppBuilder::only::<S>)
    }

    /// Puts a value in the place of the provider of its type
    /// (`overrideProvider(X).useValue(value)`). The real one is not built.
    pub fn override_provider<T: Send + Sync + 'static>(self, value: T) -> Self {
        self.overriding(|app| app.provide(value))
    }

    /// Puts a shared value in the place of a provider, also an `Arc<dyn Trait>`: the test keeps the other
    /// `Arc` and looks at what happened to it.
    pub fn override_provider_arc<T: ?Sized + Send + Sync + 'static>(self, value: Arc<T>) -> Self {
        self.overriding(|app| app.provide_arc(value))
    }

    /// Puts a value in the place of what is provided under a token.
    pub fn override_token<T: Send + Sync + 'static>(self, token: &'static str, value: T) -> Self {
        self.overriding(move |app| app.provide_token(token, value))
    }

    /// Puts what a factory makes in the place of the provider of its type
    /// (`overrideProvider(X).useFactory(..)`).
    pub fn override_factory<T, F>(self, factory: F) -> Self
    where
        T: Send + Sync + 'static,
        F: Fn(&Resolver) -> Result<T, HookError> + Send + Sync + 'static,
    {
        self.overriding(|app| app.provide_factory(factory))
    }

    /// Puts another guard in the place of every `G` on gateways and handlers (`overrideGuard`). The real one
    /// is not built.
    pub fn override_guard<G: CanActivate>(self, guard: impl CanActivate) -> Self {
        self.overriding(|app| app.override_guard::<G>(guard))
    }

    /// Puts another pipe in the place of every `P` on gateways (`overridePipe`). Pipes of parameters and
    /// methods are part of the handlers' types: [`override_provider`](Self::override_provider) replaces
    /// the value.
    pub fn override_pipe<P: 'static, M>(mut self, pipe: impl IntoGatewayPipe<M>) -> Self {
        self.app = self.app.override_pipe::<P, M>(pipe);
        self
    }

    /// Puts another interceptor in the place of every `I` (`overrideInterceptor`).
    pub fn override_interceptor<I: Interceptor>(self, interceptor: impl Interceptor) -> Self {
        self.overriding(|app| app.override_interceptor::<I>(interceptor))
    }

    /// Puts another filter in the place of every `F` (`overrideFilter`).
    pub fn override_filter<F: ExceptionFilter>(self, filter: impl ExceptionFilter) -> Self {
        self.overriding(|app| app.override_filter::<F>(filter))
    }

    /// Provides a value: see [`GatewayAppBuilder::provide`].
    pub fn provide<T: Send + Sync + 'static>(self, value: T) -> Self {
        self.with(|app| app.provide(value))
    }

    /// Provides a shared value: see [`GatewayAppBuilder::provide_arc`].
    pub fn provide_arc<T: ?Sized + Send + Sync + 'static>(self, value: Arc<T>) -> Self {
        self.with(|app| app.provide_arc(value))
    }

    /// Provides a value under a token: see [`GatewayAppBuilder::provide_token`].
    pub fn provide_token<T: Send + Sync + 'static>(self, token: &'static str, value: T) -> Self {
        self.with(|app| app.provide_token(token, value))
    }

    /// Provides what a factory makes: see [`GatewayAppBuilder::provide_factory`].
    pub fn provide_factory<T, F>(self, factory: F) -> Self
    where
        T: Send + Sync + 'static,
        F: Fn(&Resolver) -> Result<T, HookError> + Send + Sync + 'static,
    {
        self.with(|app| app.provide_factory(factory))
    }

    /// Provides what an async factory makes: see [`GatewayAppBuilder::provide_async`].
    pub fn provide_async<T, F, Fut>(self, factory: F) -> Self
    where
        T: Send + Sync + 'static,
        F: Fn(Resolver) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, HookError>> + Send + 'static,
    {
        self.with(|app| app.provide_async(factory))
    }

    /// Provides an existing provider under another type: see [`GatewayAppBuilder::alias`].
    pub fn alias<S, T, F>(self, convert: F) -> Self
    where
        S: ?Sized + Send + Sync + 'static,
        T: ?Sized + Send + Sync + 'static,
        F: Fn(Arc<S>) -> Arc<T> + Send + Sync + 'static,
    {
        self.with(|app| app.alias(convert))
    }

    /// Registers a provider in detail: see [`GatewayAppBuilder::register`].
    pub fn register<T: ?Sized + Send + Sync + 'static>(self, provider: Provider<T>) -> Self {
        self.with(|app| app.register(provider))
    }

    /// Chooses the protocol: [`IoAdapter`](crate::IoAdapter) (the default) or
    /// [`WsAdapter`](crate::WsAdapter).
    pub fn use_web_socket_adapter(self, adapter: impl Into<WebSocketAdapter>) -> Self {
        self.with(|app| app.use_web_socket_adapter(adapter))
    }

    /// Adds a guard in front of every gateway's messages (`useGlobalGuards`).
    pub fn use_global_guard(self, guard: impl CanActivate) -> Self {
        self.with(|app| app.use_global_guard(guard))
    }

    /// Adds a pipe for the bodies of every gateway (`useGlobalPipes`).
    pub fn use_global_pipe<M>(self, pipe: impl IntoGatewayPipe<M>) -> Self {
        self.with(|app| app.use_global_pipe(pipe))
    }

    /// Adds an interceptor around every gateway's handlers (`useGlobalInterceptors`).
    pub fn use_global_interceptor(self, interceptor: impl Interceptor) -> Self {
        self.with(|app| app.use_global_interceptor(interceptor))
    }

    /// Adds a filter for the errors of every gateway (`useGlobalFilters`).
    pub fn use_global_filter(self, filter: impl ExceptionFilter) -> Self {
        self.with(|app| app.use_global_filter(filter))
    }

    /// Adds HTTP routes, as [`GatewayApp::with_router`] does; [`TestingApp::router`] serves them.
    pub fn with_router(mut self, router: Router) -> Self {
        self.router = self.router.merge(router);
        self
    }

    /// How long anything that a test awaits may take; default [`DEFAULT_TIMEOUT`].
    pub fn timeout(mut self, limit: impl IntoMillis) -> Self {
        self.limit = limit.into_millis();
        self
    }

    /// Builds providers and gateways and starts to serve.
    ///
    /// # Errors
    /// What would stop the application from starting: see [`GatewayAppBuilder::create`].
    pub async fn create(self) -> Result<TestingApp, GatewayError> {
        let Self { app, overrides, router, limit } = self;
        let app = overrides.into_iter().fold(app, |app, change| change(app));
        // A test waits for every client that is told goodbye, and signals are not for it.
        let app = app.shutdown_options(ShutdownOptions::new().signals(false).window(Duration::ZERO));
        let started = app.create().await?.with_router(router).start_in_process().await?;
        Ok(TestingApp::new(started, limit))
    }
}
