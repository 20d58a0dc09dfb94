/// A gateway.
#[derive(Debug)]
pub struct ChatsGateway {
    server: Server,
    chats: Arc<ChatsService>,
    database: Option<Arc<dyn Database>>,
    #[cfg(feature = "clock")]
    clock: Arc<Clock>,
    clients: Mutex<HashMap<String, Socket>>,
}
const _: () = {
    use ::gateway_runtime::__private;
    use __private::NoLifecycle as _;
    use web_socket_server as _;
    use inject as _;
    use inject as _;
    use inject as _;
    use __private::fields::*;
    fn __dependencies() -> __private::Vec<__private::Dependency> {
        let mut __needs = __private::Vec::new();
        __private::Vec::push(
            &mut __needs,
            <Arc<
                ChatsService,
            > as __private::Inject>::dependency("chats", ::core::option::Option::None),
        );
        __private::Vec::push(
            &mut __needs,
            <Option<
                Arc<dyn Database>,
            > as __private::Inject>::dependency(
                "database",
                ::core::option::Option::Some(DATABASE),
            ),
        );
        #[cfg(feature = "clock")]
        __private::Vec::push(
            &mut __needs,
            <Arc<
                Clock,
            > as __private::InjectOrDefault>::dependency_or_default(
                "clock",
                ::core::option::Option::None,
            ),
        );
        __needs
    }
    fn __construct(
        __resolver: &__private::Resolver,
    ) -> ::core::result::Result<__private::Instance, __private::ContainerError> {
        ::core::result::Result::Ok(
            __private::gateway_instance(ChatsGateway {
                server: <Server as __private::AttachedServer>::attached(__resolver)?,
                chats: <Arc<
                    ChatsService,
                > as __private::Inject>::inject(
                    __resolver,
                    "chats",
                    ::core::option::Option::None,
                )?,
                database: <Option<
                    Arc<dyn Database>,
                > as __private::Inject>::inject(
                    __resolver,
                    "database",
                    ::core::option::Option::Some(DATABASE),
                )?,
                #[cfg(feature = "clock")]
                clock: <Arc<
                    Clock,
                > as __private::InjectOrDefault>::inject_or_default(
                    __resolver,
                    "clock",
                    ::core::option::Option::None,
                )?,
                clients: (&&&__private::Field::<Mutex<HashMap<String, Socket>>>::NEW)
                    .probe_initial(),
            }),
        )
    }
    const __PROVIDER: __private::ProviderDescriptor = __private::ProviderDescriptor {
        key: __private::gateway_key::<ChatsGateway>,
        name: "ChatsGateway",
        location: __private::Location::new(
            ::core::file!(),
            ::core::line!(),
            ::core::column!(),
            ::core::module_path!(),
        ),
        dependencies: __dependencies,
        construct: __construct,
        lifecycle: __private::Lifecycle {
            module_init: <__private::LifecycleOf<ChatsGateway>>::MODULE_INIT,
            application_bootstrap: <__private::LifecycleOf<
                ChatsGateway,
            >>::APPLICATION_BOOTSTRAP,
            module_destroy: <__private::LifecycleOf<ChatsGateway>>::MODULE_DESTROY,
            before_application_shutdown: <__private::LifecycleOf<
                ChatsGateway,
            >>::BEFORE_APPLICATION_SHUTDOWN,
            application_shutdown: <__private::LifecycleOf<
                ChatsGateway,
            >>::APPLICATION_SHUTDOWN,
        },
        aliases: &[],
    };
    use __private::NoHooks as _;
    impl __private::Gateway for ChatsGateway {}
    const __GATEWAY: __private::GatewayDescriptor = __private::GatewayDescriptor {
        type_id: __private::gateway_id::<ChatsGateway>(),
        provider: __PROVIDER,
        options: |__options| {
            __private::GatewayOptions::port(__options, 8080);
            __private::GatewayOptions::namespace(__options, "chats");
            __private::GatewayOptions::cors(
                __options,
                |__part| {
                    __part.origin(["http://localhost:3001"]);
                    __part.credentials(true);
                },
            );
            __private::GatewayOptions::cookie_value(__options, "io");
        },
        hooks: __private::GatewayHooks {
            init: <__private::HooksOf<ChatsGateway>>::INIT,
            connection: <__private::HooksOf<ChatsGateway>>::CONNECTION,
            disconnect: <__private::HooksOf<ChatsGateway>>::DISCONNECT,
        },
        enhancers: __private::Enhancers::NONE,
    };
    __private::inventory::submit! {
        __GATEWAY
    }
};
