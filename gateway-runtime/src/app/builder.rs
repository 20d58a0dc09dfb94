//! `GatewayApp`: the application, from its providers to its port.

use std::any::TypeId;
use std::future::Future;
use std::sync::Arc;

use axum::Router;
use gateway_core::container::{ContainerBuilder, ContainerError, Provider, Resolver};
use gateway_core::pipes::IntoGatewayPipe;
use gateway_core::{CanActivate, ExceptionFilter, GatewaySet, HookError, Interceptor};
use tokio_util::sync::CancellationToken;

use super::front::{Front, FrontOptions};
#[cfg(feature = "prometheus")]
use super::prometheus;
use super::start::{self, Assembly, Selection};
use super::{AppHandle, GatewayError, ListenAddr, RunningApp, ShutdownOptions, WebSocketAdapter};
use crate::dispatch::{GlobalEnhancers, Overrides};

/// Providers and choices for an application (what NestJS's `@Module` says).
///
/// ```no_run
/// use gateway_runtime::prelude::*;
///
/// # struct Config { url: String }
/// # #[web_socket_gateway]
/// # struct ChatsGateway { #[inject] config: Arc<Config> }
/// # use std::sync::Arc;
/// #[tokio::main]
/// async fn main() -> Result<(), GatewayError> {
///     GatewayApp::builder()
///         .provide(Config { url: "…".into() })
///         .expect::<ChatsGateway>()
///         .create()
///         .await?
///         .listen(3000)
///         .await
/// }
/// ```
#[must_use = "call `create` to build the application"]
#[derive(Default)]
pub struct GatewayAppBuilder {
    container: ContainerBuilder,
    selection: Selection,
    adapter: WebSocketAdapter,
    shutdown: ShutdownOptions,
    global: GlobalEnhancers,
    overrides: Overrides,
    #[cfg(feature = "prometheus")]
    prometheus: Option<String>,
    pub(super) front: FrontOptions,
}

impl std::fmt::Debug for GatewayAppBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GatewayAppBuilder").field("adapter", &self.adapter).finish_non_exhaustive()
    }
}

impl GatewayAppBuilder {
    /// Provides a value (`useValue`). It replaces an `#[injectable]` of the same type.
    pub fn provide<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.container = self.container.provide(value);
        self
    }

    /// Provides a shared value: also an `Arc<dyn Trait>`.
    pub fn provide_arc<T: ?Sized + Send + Sync + 'static>(mut self, value: Arc<T>) -> Self {
        self.container = self.container.provide_arc(value);
        self
    }

    /// Provides a value under a token, for `#[inject("TOKEN")]` fields.
    pub fn provide_token<T: Send + Sync + 'static>(mut self, token: &'static str, value: T) -> Self {
        self.container = self.container.provide_token(token, value);
        self
    }

    /// Provides a shared value under a token: also an `Arc<dyn Trait>`.
    pub fn provide_arc_token<T: ?Sized + Send + Sync + 'static>(
        mut self,
        token: &'static str,
        value: Arc<T>,
    ) -> Self {
        self.container = self.container.provide_arc_token(token, value);
        self
    }

    /// Provides what a factory makes (`useFactory`); it may ask for other providers.
    pub fn provide_factory<T, F>(mut self, factory: F) -> Self
    where
        T: Send + Sync + 'static,
        F: Fn(&Resolver) -> Result<T, HookError> + Send + Sync + 'static,
    {
        self.container = self.container.provide_factory(factory);
        self
    }

    /// Provides what an async factory makes, before anything that needs it.
    pub fn provide_async<T, F, Fut>(mut self, factory: F) -> Self
    where
        T: Send + Sync + 'static,
        F: Fn(Resolver) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, HookError>> + Send + 'static,
    {
        self.container = self.container.provide_async(factory);
        self
    }

    /// Provides an existing provider under another type (`useExisting`):
    /// `.alias(|mail: Arc<SmtpMail>| -> Arc<dyn Mail> { mail })`.
    pub fn alias<S, T, F>(mut self, convert: F) -> Self
    where
        S: ?Sized + Send + Sync + 'static,
        T: ?Sized + Send + Sync + 'static,
        F: Fn(Arc<S>) -> Arc<T> + Send + Sync + 'static,
    {
        self.container = self.container.alias(convert);
        self
    }

    /// Registers a provider in detail: token, factory, hooks.
    pub fn register<T: ?Sized + Send + Sync + 'static>(mut self, provider: Provider<T>) -> Self {
        self.container = self.container.register(provider);
        self
    }

    /// Serves only these gateways: `only::<(ChatsGateway, EventsGateway)>()`. Without it every gateway
    /// that is linked in is served.
    pub fn only<S: GatewaySet>(mut self) -> Self {
        self.selection.only.get_or_insert_default().extend(S::gateways());
        self
    }

    /// Lets the start fail if these gateways are not linked in, which happens to library crates that
    /// nothing mentions.
    pub fn expect<S: GatewaySet>(mut self) -> Self {
        self.selection.expected.extend(S::gateways());
        self
    }

    /// Chooses the protocol: [`IoAdapter`](super::IoAdapter) (the default) or
    /// [`WsAdapter`](super::WsAdapter).
    pub fn use_web_socket_adapter(mut self, adapter: impl Into<WebSocketAdapter>) -> Self {
        self.adapter = adapter.into();
        self
    }

    /// Adds a guard in front of every gateway's messages (`useGlobalGuards`).
    pub fn use_global_guard(mut self, guard: impl CanActivate) -> Self {
        self.global.guards.push(Arc::new(guard));
        self
    }

    /// Adds a pipe for the bodies of every gateway (`useGlobalPipes`): a `ValidationPipe`, or a pipe from
    /// [`Data`](crate::Data) to `Data`.
    pub fn use_global_pipe<M>(mut self, pipe: impl IntoGatewayPipe<M>) -> Self {
        self.global.pipes.push(pipe.into_gateway_pipe());
        self
    }

    /// Adds an interceptor around every gateway's handlers (`useGlobalInterceptors`).
    pub fn use_global_interceptor(mut self, interceptor: impl Interceptor) -> Self {
        self.global.interceptors.push(Arc::new(interceptor));
        self
    }

    /// Adds a filter for the errors of every gateway (`useGlobalFilters`).
    pub fn use_global_filter(mut self, filter: impl ExceptionFilter) -> Self {
        self.global.filters.push(Arc::new(filter));
        self
    }

    /// Puts another guard in the place of every `G` (`overrideGuard` of NestJS's testing module).
    pub fn override_guard<G: CanActivate>(mut self, guard: impl CanActivate) -> Self {
        self.overrides.guards.insert(TypeId::of::<G>(), Arc::new(guard));
        self
    }

    /// Puts another pipe in the place of every `P` on gateways (`overridePipe`).
    pub fn override_pipe<P: 'static, M>(mut self, pipe: impl IntoGatewayPipe<M>) -> Self {
        self.overrides.pipes.insert(TypeId::of::<P>(), pipe.into_gateway_pipe());
        self
    }

    /// Puts another interceptor in the place of every `I` (`overrideInterceptor`).
    pub fn override_interceptor<I: Interceptor>(mut self, interceptor: impl Interceptor) -> Self {
        self.overrides.interceptors.insert(TypeId::of::<I>(), Arc::new(interceptor));
        self
    }

    /// Puts another filter in the place of every `F` (`overrideFilter`).
    pub fn override_filter<F: ExceptionFilter>(mut self, filter: impl ExceptionFilter) -> Self {
        self.overrides.filters.insert(TypeId::of::<F>(), Arc::new(filter));
        self
    }

    /// Provides a [`JwtService`](crate::JwtService) with these options, and a
    /// [`WsJwtGuard<C>`](crate::WsJwtGuard) for claims of this type. A mistake in the options is an error of
    /// [`create`](Self::create).
    #[cfg(feature = "jwt")]
    pub fn use_jwt<C>(mut self, options: crate::JwtOptions) -> Self
    where
        C: serde::de::DeserializeOwned + Clone + Send + Sync + 'static,
    {
        self.container = crate::jwt::provide::<C>(self.container, options);
        self
    }

    /// Collects the metrics of the process and shows them to Prometheus at this path of the app's port
    /// (`"/metrics"`). What there is to see is in [`telemetry`](crate::telemetry).
    ///
    /// Whoever reaches the port reaches the page: let your proxy keep the path to itself. Applications with
    /// a recorder of their own leave this out: the metrics go to the recorder that is installed.
    #[cfg(feature = "prometheus")]
    pub fn prometheus(mut self, path: impl Into<String>) -> Self {
        self.prometheus = Some(path.into());
        self
    }

    /// How the application stops.
    pub fn shutdown_options(mut self, options: ShutdownOptions) -> Self {
        self.shutdown = options;
        self
    }

    /// Builds providers and gateways.
    ///
    /// # Errors
    /// No gateway is linked in, an option or a provider is wrong; the error names gateway, field and
    /// type and says what to do.
    pub async fn create(self) -> Result<GatewayApp, GatewayError> {
        let front = self.front.open()?;
        let assembly = start::assemble(&self.selection, self.container, &self.overrides).await?;
        let (router, stop) = (Router::new(), CancellationToken::new());
        #[cfg(feature = "prometheus")]
        let router = match &self.prometheus {
            Some(path) => {
                let handle = prometheus::install()?;
                tokio::spawn(prometheus::keep_up(handle.clone(), stop.clone()));
                router.merge(prometheus::route(path, handle))
            }
            None => router,
        };
        Ok(GatewayApp {
            assembly,
            adapter: self.adapter,
            enhancers: (self.global, self.overrides),
            router,
            shutdown: self.shutdown,
            front,
            stop,
        })
    }
}

/// An application of gateways (NestJS's `NestFactory.create()`).
#[must_use = "call `listen` to serve clients"]
pub struct GatewayApp {
    assembly: Assembly,
    adapter: WebSocketAdapter,
    enhancers: (GlobalEnhancers, Overrides),
    router: Router,
    shutdown: ShutdownOptions,
    front: Front,
    stop: CancellationToken,
}

impl std::fmt::Debug for GatewayApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GatewayApp").field("adapter", &self.adapter).finish_non_exhaustive()
    }
}

impl GatewayApp {
    /// Every gateway that is linked in, with the providers that registered themselves.
    ///
    /// # Errors
    /// See [`GatewayAppBuilder::create`].
    pub async fn create() -> Result<Self, GatewayError> {
        Self::builder().create().await
    }

    /// An application with providers and choices of its own.
    pub fn builder() -> GatewayAppBuilder {
        GatewayAppBuilder::default()
    }

    /// Chooses the protocol: [`IoAdapter`](super::IoAdapter) (the default) or
    /// [`WsAdapter`](super::WsAdapter).
    pub fn use_web_socket_adapter(&mut self, adapter: impl Into<WebSocketAdapter>) -> &mut Self {
        self.adapter = adapter.into();
        self
    }

    /// Adds HTTP routes on the app's port. Their handlers can have [`Injected`](super::Injected)
    /// providers.
    pub fn with_router(mut self, router: Router) -> Self {
        self.router = self.router.merge(router);
        self
    }

    /// A provider: a service, a gateway, a `dyn Trait` (NestJS's `app.get()`).
    ///
    /// # Errors
    /// Nothing provides it; the error says how to.
    pub fn get<T: ?Sized + Send + Sync + 'static>(&self) -> Result<Arc<T>, ContainerError> {
        self.assembly.container.resolve::<T>()
    }

    /// A handle to the providers and to the stop.
    pub fn handle(&self) -> AppHandle {
        AppHandle {
            container: self.assembly.container.clone(),
            stop: self.stop.clone(),
            vitals: self.front.vitals.clone(),
        }
    }

    /// Listens and serves until the application is stopped: by SIGINT, SIGTERM or
    /// [`AppHandle::shutdown`].
    ///
    /// # Errors
    /// A port cannot be listened on, or a hook of the start fails.
    pub async fn listen(self, address: impl Into<ListenAddr>) -> Result<(), GatewayError> {
        self.start(address).await?.wait().await;
        Ok(())
    }

    /// Listens and returns at once; the application runs until it is stopped.
    ///
    /// # Errors
    /// See [`listen`](Self::listen).
    pub async fn start(self, address: impl Into<ListenAddr>) -> Result<RunningApp, GatewayError> {
        let handle = self.handle();
        let listener = address.into().bind().await?;
        let port = listener.local_addr()?.map(|address| address.port());
        let adapter = self.adapter.known_to(&handle.vitals.adapters);
        let ready = start::ready(self.assembly, &adapter, port, self.router, &self.enhancers).await?;
        RunningApp::start(ready, listener, self.front, self.shutdown, handle).await
    }

    /// Mounts the gateways in an axum application of yours: merge the router into it, or serve it as it
    /// is. Gateways with ports of their own are served there already; the rest of the app's life
    /// (signals, the gentle stop) is yours: [`AppHandle::shutdown`] closes all sessions.
    ///
    /// Serve it with `into_make_service_with_connect_info::<SocketAddr>()`, or
    /// `client.handshake().address()` is unknown, and set `TCP_NODELAY`
    /// (`axum::serve(listener.tap_io(|tcp| ..), ..)`). `trust_proxy`, `health_path` and `ready_path` hold in the router;
    /// TLS and `connection_options` are the listener's.
    ///
    /// # Errors
    /// A hook of the start fails, or a gateway's port cannot be listened on.
    pub async fn into_router(self) -> Result<Router, GatewayError> {
        let handle = self.handle();
        let adapter = self.adapter.known_to(&handle.vitals.adapters);
        let mut ready = start::ready(self.assembly, &adapter, None, self.router, &self.enhancers).await?;
        let own = self.front.mounted(ready.ports.remove(0).router);
        RunningApp::serve_mounted(ready, self.front, self.shutdown, handle).await?;
        Ok(own)
    }

    /// Serves without a listener: connections are made within the process.
    ///
    /// # Errors
    /// A hook of the start fails.
    #[cfg(feature = "testing")]
    pub(crate) async fn start_in_process(self) -> Result<super::InProcessApp, GatewayError> {
        let handle = self.handle();
        let adapter = self.adapter.known_to(&handle.vitals.adapters);
        let ready = start::ready(self.assembly, &adapter, None, self.router, &self.enhancers).await?;
        Ok(super::InProcessApp::start(ready, &self.front, self.shutdown, handle))
    }
}
