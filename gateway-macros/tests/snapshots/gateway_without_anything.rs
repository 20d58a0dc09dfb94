struct Events;
const _: () = {
    use ::gateway_runtime::__private;
    use __private::NoLifecycle as _;
    fn __dependencies() -> __private::Vec<__private::Dependency> {
        __private::Vec::new()
    }
    fn __construct(
        __resolver: &__private::Resolver,
    ) -> ::core::result::Result<__private::Instance, __private::ContainerError> {
        ::core::result::Result::Ok(__private::gateway_instance(Events {}))
    }
    const __PROVIDER: __private::ProviderDescriptor = __private::ProviderDescriptor {
        key: __private::gateway_key::<Events>,
        name: "Events",
        location: __private::Location::new(
            ::core::file!(),
            ::core::line!(),
            ::core::column!(),
            ::core::module_path!(),
        ),
        dependencies: __dependencies,
        construct: __construct,
        lifecycle: __private::Lifecycle {
            module_init: <__private::LifecycleOf<Events>>::MODULE_INIT,
            application_bootstrap: <__private::LifecycleOf<
                Events,
            >>::APPLICATION_BOOTSTRAP,
            module_destroy: <__private::LifecycleOf<Events>>::MODULE_DESTROY,
            before_application_shutdown: <__private::LifecycleOf<
                Events,
            >>::BEFORE_APPLICATION_SHUTDOWN,
            application_shutdown: <__private::LifecycleOf<Events>>::APPLICATION_SHUTDOWN,
        },
        aliases: &[],
    };
    use __private::NoHooks as _;
    impl __private::Gateway for Events {}
    const __GATEWAY: __private::GatewayDescriptor = __private::GatewayDescriptor {
        type_id: __private::gateway_id::<Events>(),
        provider: __PROVIDER,
        options: |_| {},
        hooks: __private::GatewayHooks {
            init: <__private::HooksOf<Events>>::INIT,
            connection: <__private::HooksOf<Events>>::CONNECTION,
            disconnect: <__private::HooksOf<Events>>::DISCONNECT,
        },
        enhancers: __private::Enhancers::NONE,
    };
    __private::inventory::submit! {
        __GATEWAY
    }
};
