//! What users of the container depend on, with descriptors written as the macros write them.

mod constructing;
mod factories;
mod hooks;
mod problems;

use std::sync::Arc;

use super::*;

/// What `#[injectable] struct $name { #[inject] $field: $type, .. }` expands to, without the hooks.
macro_rules! injectable {
    ($descriptor:ident: $name:ident { $($field:ident: $type:ty $(= $token:literal)?),* $(,)? } $(as $($alias:ty),+)?) => {
        struct $name {
            $(#[allow(dead_code, reason = "some fields are only there to be needed")] $field: $type,)*
        }
        static $descriptor: ProviderDescriptor = ProviderDescriptor {
            key: ProviderKey::of::<$name>,
            name: stringify!($name),
            location: Location::new(file!(), line!(), column!(), module_path!()),
            dependencies: || vec![
                $(<$type as Inject>::dependency(stringify!($field), injectable!(@token $($token)?)),)*
            ],
            construct: |_resolver| Ok(Instance::new($name {
                $($field: <$type as Inject>::inject(
                    _resolver, stringify!($field), injectable!(@token $($token)?),
                )?,)*
            })),
            lifecycle: {
                Lifecycle {
                    module_init: <LifecycleOf<$name>>::MODULE_INIT,
                    application_bootstrap: <LifecycleOf<$name>>::APPLICATION_BOOTSTRAP,
                    module_destroy: <LifecycleOf<$name>>::MODULE_DESTROY,
                    before_application_shutdown: <LifecycleOf<$name>>::BEFORE_APPLICATION_SHUTDOWN,
                    application_shutdown: <LifecycleOf<$name>>::APPLICATION_SHUTDOWN,
                }
            },
            aliases: &[$($(Alias {
                key: ProviderKey::of::<$alias>,
                convert: |instance| Instance::from_shared::<$alias>(instance.shared::<$name>()),
            },)+)?],
        };
    };
    (@token) => { None };
    (@token $token:literal) => { Some($token) };
}
use injectable;

fn names(container: &Container) -> Vec<&str> {
    container.singletons().map(Singleton::name).collect()
}

async fn error_of(builder: ContainerBuilder) -> String {
    match builder.build().await {
        Ok(container) => panic!("this should not build: {container:?}"),
        Err(error) => error.to_string(),
    }
}

fn same<T: ?Sized>(one: &Arc<T>, other: &Arc<T>) -> bool {
    Arc::ptr_eq(one, other)
}
