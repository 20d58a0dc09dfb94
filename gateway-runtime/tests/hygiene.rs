//! The expansions depend on nothing that the user's code has in scope: no prelude, every name that they
//! might use taken by something else, and lints that forbid what generated code is tempted by.
#![no_implicit_prelude]
#![forbid(missing_docs, unsafe_code, unused_qualifications, non_camel_case_types)]
#![deny(
    warnings,
    dead_code,
    missing_debug_implementations,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unreachable_pub,
    unused,
    unused_lifetimes,
    unused_results,
    variant_size_differences,
    clippy::all,
    clippy::str_to_string,
    clippy::unwrap_used
)]

/// A user's module that looks like the framework's.
pub mod __private {
    /// Not the framework's.
    #[derive(Debug)]
    pub struct Instance;
}

macro_rules! shadow_types {
    ($($name:ident)*) => {$(
        /// Not what you think.
        #[derive(::core::fmt::Debug)]
        pub struct $name;
    )*};
}

shadow_types!(
    Result Option Ok Err Some None Box Vec String Default Send Sync Sized Copy Clone Into From Fn FnOnce Iterator
    Future Serialize Call Outcome Reply Location Inject Resolver Field Parameter Returned Steps Ready Pending Gateway
);

/// Constants in the way of patterns.
#[allow(
    non_upper_case_globals,
    reason = "a pattern that is a constant of the user's must not be taken for ours"
)]
pub mod constants {
    /// In the way.
    pub const out: u8 = 1;
    /// In the way.
    pub const value: u8 = 2;
    /// In the way.
    pub const error: u8 = 3;
}

#[allow(unused_imports, reason = "they are there to be in the way")]
use self::constants::{error, out, value};

/// A user's trait with methods under the names of the framework's, on everything.
pub trait Everything {
    /// In the way.
    fn run(&self) -> u8 {
        0
    }
    /// In the way.
    fn push(self) -> u8
    where
        Self: ::core::marker::Sized,
    {
        0
    }
    /// In the way.
    fn get(&self) -> u8 {
        0
    }
    /// In the way.
    fn is_some(&self) -> u8 {
        0
    }
    /// In the way.
    fn into(&self) -> u8 {
        0
    }
    /// In the way.
    fn encode(&self) -> u8 {
        0
    }
}

impl<T: ?::core::marker::Sized> Everything for T {}

const MAX: usize = 100;

/// A provider.
#[::gateway_runtime::injectable(as dyn ::core::any::Any + ::core::marker::Send + ::core::marker::Sync)]
#[derive(::core::fmt::Debug, ::core::default::Default)]
pub struct Service;

/// A guard.
#[derive(::core::fmt::Debug, ::core::default::Default)]
pub struct Guard;

impl ::gateway_runtime::CanActivate for Guard {
    async fn can_activate(&self, _: &::gateway_runtime::ExecutionContext) -> ::gateway_runtime::GuardResult {
        ::core::result::Result::Ok(true)
    }
}

/// An interceptor without a default.
#[derive(::core::fmt::Debug)]
pub struct Around(u8);

impl ::gateway_runtime::Interceptor for Around {
    async fn intercept<'a>(
        &'a self,
        _: &'a ::gateway_runtime::ExecutionContext,
        next: ::gateway_runtime::Next<'a>,
    ) -> ::gateway_runtime::ReplyResult<'a> {
        let _ = self.0;
        next.handle().await
    }
}

/// A parameter.
#[derive(::core::fmt::Debug)]
pub struct Extracted;

impl ::gateway_runtime::FromExecutionContext for Extracted {
    fn from_execution_context(
        _: &::gateway_runtime::ExecutionContext,
    ) -> ::core::result::Result<Self, ::gateway_runtime::HandlerError> {
        ::core::result::Result::Ok(Self)
    }
}

/// A gateway.
#[::gateway_runtime::use_guards(Guard)]
#[::gateway_runtime::set_metadata("max", MAX)]
#[::gateway_runtime::web_socket_gateway(
    3001,
    namespace = "hygiene",
    max_http_buffer_size = MAX,
    cors(origin = ["http://localhost"], credentials = true)
)]
#[derive(::core::fmt::Debug)]
#[::gateway_runtime::use_guards(Guard, on = "connection")]
#[::gateway_runtime::use_pipes(::gateway_runtime::ValidationPipe)]
#[::gateway_runtime::use_filters(::gateway_runtime::BaseWsExceptionFilter::new())]
pub struct Hygiene {
    #[::gateway_runtime::web_socket_server]
    server: ::gateway_runtime::Server,
    #[::gateway_runtime::inject]
    service: ::std::sync::Arc<Service>,
    #[::gateway_runtime::inject(default)]
    other: ::std::sync::Arc<::std::sync::Mutex<u8>>,
    count: ::core::sync::atomic::AtomicU32,
}

#[::gateway_runtime::subscribe_messages]
impl Hygiene {
    /// A handler.
    #[::gateway_runtime::subscribe_message("sync")]
    #[must_use]
    pub fn sync(
        &self,
        #[::gateway_runtime::message_body("text")] text: ::std::string::String,
        #[::gateway_runtime::connected_socket] client: &::gateway_runtime::Socket,
    ) -> ::std::string::String {
        client.join("a");
        let _: u32 = self.count.fetch_add(1, ::core::sync::atomic::Ordering::Relaxed);
        let _ = (&self.server, &self.service, &self.other);
        text
    }

    /// A handler.
    ///
    /// # Errors
    /// Never.
    #[::gateway_runtime::subscribe_message("async")]
    pub async fn later(
        &self,
        client: ::gateway_runtime::Socket,
        body: u8,
    ) -> ::core::result::Result<::core::option::Option<u8>, ::gateway_runtime::WsException> {
        let _: ::gateway_runtime::Socket = client;
        let _: u32 = self.count.fetch_add(1, ::core::sync::atomic::Ordering::Relaxed);
        ::core::result::Result::Ok(::core::option::Option::Some(body))
    }

    /// A handler.
    #[::gateway_runtime::subscribe_message("ack")]
    pub fn ack(#[::gateway_runtime::ack] ack: ::gateway_runtime::Ack<u8>) {
        let _: bool = ack.send(1);
    }

    /// A handler.
    #[::gateway_runtime::subscribe_message("pipes")]
    #[::gateway_runtime::use_interceptors(Around(1), Around)]
    #[::gateway_runtime::use_pipes(::gateway_runtime::DefaultValuePipe::new(1_u8))]
    #[::gateway_runtime::set_metadata("max", MAX)]
    pub fn pipes(
        #[::gateway_runtime::message_body("id")] id: u8,
        #[::gateway_runtime::message_body("page", ::gateway_runtime::ParseIntPipe)] page: u8,
        #[::gateway_runtime::message_name] name: &str,
        #[::gateway_runtime::extract] extracted: Extracted,
        context: &::gateway_runtime::ExecutionContext,
    ) -> u8 {
        let _ = (name, extracted, context);
        id.wrapping_add(page)
    }

    /// A handler.
    pub fn handle_connection(&self) {
        let _: u32 = self.count.fetch_add(1, ::core::sync::atomic::Ordering::Relaxed);
    }
}

impl ::gateway_runtime::OnGatewayConnection for Hygiene {
    async fn handle_connection(&self, _: ::gateway_runtime::Socket) -> ::gateway_runtime::HookResult {
        self.handle_connection();
        ::core::result::Result::Ok(())
    }
}

#[test]
fn the_expansions_work() {
    let gateways = ::gateway_runtime::registry::gateways();
    ::core::assert_eq!(gateways.len(), 1);
    ::core::assert!(::core::option::Option::is_some(&gateways[0].hooks.connection));
    let handlers = ::gateway_runtime::registry::handlers_of(::core::any::TypeId::of::<Hygiene>());
    ::core::assert_eq!(handlers.len(), 4);
    ::core::assert_eq!(handlers[3].pipes.len(), 3);
    ::core::assert_eq!(gateways[0].enhancers.guards.len(), 2);
}
