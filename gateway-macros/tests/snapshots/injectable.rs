struct SystemClock(Arc<Zone>, Mutex<u64>);
const _: () = {
    use framework::gateways::__private;
    use __private::NoLifecycle as _;
    use inject as _;
    use __private::fields::*;
    fn __dependencies() -> __private::Vec<__private::Dependency> {
        let mut __needs = __private::Vec::new();
        __private::Vec::push(
            &mut __needs,
            <Arc<
                Zone,
            > as __private::Inject>::dependency("0", ::core::option::Option::None),
        );
        __needs
    }
    fn __construct(
        __resolver: &__private::Resolver,
    ) -> ::core::result::Result<__private::Instance, __private::ContainerError> {
        ::core::result::Result::Ok(
            __private::provider_instance(SystemClock {
                0: <Arc<
                    Zone,
                > as __private::Inject>::inject(
                    __resolver,
                    "0",
                    ::core::option::Option::None,
                )?,
                1: (&&&__private::Field::<Mutex<u64>>::NEW).probe_initial(),
            }),
        )
    }
    const __PROVIDER: __private::ProviderDescriptor = __private::ProviderDescriptor {
        key: __private::provider_key::<SystemClock>,
        name: "SystemClock",
        location: __private::Location::new(
            ::core::file!(),
            ::core::line!(),
            ::core::column!(),
            ::core::module_path!(),
        ),
        dependencies: __dependencies,
        construct: __construct,
        lifecycle: __private::Lifecycle {
            module_init: <__private::LifecycleOf<SystemClock>>::MODULE_INIT,
            application_bootstrap: <__private::LifecycleOf<
                SystemClock,
            >>::APPLICATION_BOOTSTRAP,
            module_destroy: <__private::LifecycleOf<SystemClock>>::MODULE_DESTROY,
            before_application_shutdown: <__private::LifecycleOf<
                SystemClock,
            >>::BEFORE_APPLICATION_SHUTDOWN,
            application_shutdown: <__private::LifecycleOf<
                SystemClock,
            >>::APPLICATION_SHUTDOWN,
        },
        aliases: &[
            __private::Alias {
                key: __private::ProviderKey::of::<dyn Clock>,
                convert: |__instance| {
                    __private::Instance::from_shared::<
                        dyn Clock,
                    >(__private::Instance::shared::<SystemClock>(__instance))
                },
            },
        ],
    };
    impl __private::Provided for SystemClock {}
    __private::inventory::submit! {
        __PROVIDER
    }
};
