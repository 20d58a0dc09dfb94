struct Chats;
const _: () = {
    use ::gateway_runtime::__private;
    use __private::NoLifecycle as _;
    use use_guards as _;
    use use_pipes as _;
    use set_metadata as _;
    fn __dependencies() -> __private::Vec<__private::Dependency> {
        __private::Vec::new()
    }
    fn __construct(
        __resolver: &__private::Resolver,
    ) -> ::core::result::Result<__private::Instance, __private::ContainerError> {
        ::core::result::Result::Ok(__private::gateway_instance(Chats {}))
    }
    const __PROVIDER: __private::ProviderDescriptor = __private::ProviderDescriptor {
        key: __private::gateway_key::<Chats>,
        name: "Chats",
        location: __private::Location::new(
            ::core::file!(),
            ::core::line!(),
            ::core::column!(),
            ::core::module_path!(),
        ),
        dependencies: __dependencies,
        construct: __construct,
        lifecycle: __private::Lifecycle {
            module_init: <__private::LifecycleOf<Chats>>::MODULE_INIT,
            application_bootstrap: <__private::LifecycleOf<
                Chats,
            >>::APPLICATION_BOOTSTRAP,
            module_destroy: <__private::LifecycleOf<Chats>>::MODULE_DESTROY,
            before_application_shutdown: <__private::LifecycleOf<
                Chats,
            >>::BEFORE_APPLICATION_SHUTDOWN,
            application_shutdown: <__private::LifecycleOf<Chats>>::APPLICATION_SHUTDOWN,
        },
        aliases: &[],
    };
    use __private::NoHooks as _;
    use __private::WithoutDefault as _;
    impl __private::Gateway for Chats {}
    const __GATEWAY: __private::GatewayDescriptor = __private::GatewayDescriptor {
        type_id: __private::gateway_id::<Chats>(),
        provider: __PROVIDER,
        options: |_| {},
        hooks: __private::GatewayHooks {
            init: <__private::HooksOf<Chats>>::INIT,
            connection: <__private::HooksOf<Chats>>::CONNECTION,
            disconnect: <__private::HooksOf<Chats>>::DISCONNECT,
        },
        enhancers: __private::Enhancers {
            guards: &[
                __private::GuardEntry {
                    on_connection: false,
                    guard: __private::Enhancer {
                        name: "guards::WsAuthGuard<Claims>",
                        class: ::core::option::Option::Some(
                            __private::class_of::<guards::WsAuthGuard<Claims>>(),
                        ),
                        make: |__container| __private::guard(
                            <__private::Class<
                                guards::WsAuthGuard<Claims>,
                            >>::provided(__container),
                        ),
                    },
                },
                __private::GuardEntry {
                    on_connection: true,
                    guard: __private::Enhancer {
                        name: "Admission::new (Self::LIMIT)",
                        class: ::core::option::Option::None,
                        make: |_| __private::guard(
                            __private::value(Admission::new(Chats::LIMIT)),
                        ),
                    },
                },
            ],
            pipes: &[
                __private::Enhancer {
                    name: "ValidationPipe",
                    class: ::core::option::Option::Some(
                        __private::class_of::<ValidationPipe>(),
                    ),
                    make: |__container| __private::gateway_pipe(
                        <__private::Class<ValidationPipe>>::provided(__container),
                    ),
                },
            ],
            metadata: &[
                __private::MetadataEntry {
                    key: "roles",
                    value: || __private::metadata_value(&["admin"]),
                },
            ],
            ..__private::Enhancers::NONE
        },
    };
    __private::inventory::submit! {
        __GATEWAY
    }
};
