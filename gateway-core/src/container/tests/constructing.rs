//! Singletons, their order, aliases, tokens, overrides, what is constructed on demand.

use super::*;

trait Clock: Send + Sync {
    fn hour(&self) -> u32;
}

struct Config {
    hour: u32,
}

injectable!(SYSTEM_CLOCK: SystemClock { config: Arc<Config> } as dyn Clock);
impl Clock for SystemClock {
    fn hour(&self) -> u32 {
        self.config.hour
    }
}
injectable!(SERVICE: Service { clock: Arc<dyn Clock>, retries: Option<Arc<u32>> = "RETRIES" });
injectable!(GATEWAY: Gateway { service: Arc<Service>, clock: Arc<SystemClock> });
inventory::submit!(SERVICE);
inventory::submit!(SYSTEM_CLOCK);

fn builder() -> ContainerBuilder {
    // The dependants come first on purpose.
    ContainerBuilder::new().describe(&GATEWAY).describe(&SERVICE).describe(&SYSTEM_CLOCK)
}

struct Noon;
impl Clock for Noon {
    fn hour(&self) -> u32 {
        12
    }
}

#[tokio::test]
async fn everyone_gets_the_same_instance_after_what_it_needs() {
    let container = builder().provide(Config { hour: 3 }).build().await.unwrap();
    assert_eq!(names(&container), ["Config", "SystemClock", "Service", "Gateway"]);
    let gateway = container.get::<Gateway>().unwrap();
    let clock = container.get::<dyn Clock>().unwrap();
    assert!(same(&gateway.service, &container.get::<Service>().unwrap()));
    assert!(same(&gateway.service.clock, &clock));
    assert!(same(&(Arc::clone(&gateway.clock) as Arc<dyn Clock>), &clock));
    assert_eq!(clock.hour(), 3);
    assert!(gateway.service.retries.is_none());
    let key = ProviderKey::of::<Gateway>();
    assert_eq!(container.instance(&key).unwrap().get::<Gateway>().clock.hour(), 3);
}

#[tokio::test]
async fn tokens_tell_providers_of_one_type_apart() {
    let builder = builder().provide(Config { hour: 3 }).provide(1_u32).provide_token("RETRIES", 2_u32);
    let container =
        builder.provide_arc_token("NOON", Arc::new(Noon) as Arc<dyn Clock>).build().await.unwrap();
    assert_eq!(container.get::<Service>().unwrap().retries.as_deref(), Some(&2));
    assert_eq!(container.get::<u32>().as_deref(), Some(&1));
    assert_eq!(container.get_token::<dyn Clock>("NOON").unwrap().hour(), 12);
    assert!(container.get_token::<u32>("OTHER").is_none());
}

#[tokio::test]
async fn a_call_replaces_a_descriptor_and_an_earlier_call() {
    let builder = builder().provide(Config { hour: 1 }).provide(Config { hour: 2 });
    let clock = SystemClock { config: Arc::new(Config { hour: 7 }) };
    let container = builder.provide(clock).build().await.unwrap();
    assert_eq!(container.get::<Config>().unwrap().hour, 2);
    // The alias of the replaced type leads to what replaced it.
    assert_eq!(container.get::<Service>().unwrap().clock.hour(), 7);
}

#[tokio::test]
async fn what_is_replaced_under_all_its_names_is_not_constructed() {
    let builder = ContainerBuilder::new().describe(&SERVICE).describe(&SYSTEM_CLOCK);
    let container = builder.provide_arc::<dyn Clock>(Arc::new(Noon)).build().await.unwrap();
    assert_eq!(container.get::<Service>().unwrap().clock.hour(), 12);
    assert!(container.get::<SystemClock>().is_none());
    let error = container.resolve::<SystemClock>().err().unwrap().to_string();
    assert!(error.starts_with("Arc<SystemClock> has not been constructed"), "{error}");
}

#[tokio::test]
async fn on_demand_means_when_needed() {
    let lazy = ContainerBuilder::new().describe_on_demand(&SERVICE).describe_on_demand(&SYSTEM_CLOCK);
    // Its missing `Config` is no problem while nothing needs it.
    assert!(names(&lazy.build().await.unwrap()).is_empty());

    let needed = ContainerBuilder::new()
        .describe_on_demand(&SERVICE)
        .describe_on_demand(&SYSTEM_CLOCK)
        .provide(Config { hour: 3 })
        .describe(&SYSTEM_CLOCK);
    let container = needed.build().await.unwrap();
    assert!(container.get::<SystemClock>().is_some());
    assert!(container.get::<Service>().is_none());
}

#[tokio::test]
async fn an_alias_can_be_chosen_by_a_call() {
    let container = ContainerBuilder::new()
        .provide(Noon)
        .alias(|noon: Arc<Noon>| -> Arc<dyn Clock> { noon })
        .register(
            Provider::use_existing(|clock: Arc<dyn Clock>| -> Arc<dyn Clock> { clock }).token("OFFICIAL"),
        )
        .build()
        .await
        .unwrap();
    assert_eq!(container.get_token::<dyn Clock>("OFFICIAL").unwrap().hour(), 12);
    assert_eq!(names(&container), ["Noon"]);
}

#[tokio::test]
async fn linked_injectables_are_found_and_sorted() {
    let here = |it: &&&ProviderDescriptor| it.location.module_path == module_path!();
    let descriptors = provider_descriptors();
    let found: Vec<_> = descriptors.iter().filter(here).map(|it| it.name).collect();
    assert_eq!(found, ["SystemClock", "Service"]);
    // Other tests of this crate may link providers that cannot be built here.
    let discovered = format!("{:?}", ContainerBuilder::new().discover());
    assert!(discovered.contains("\"SystemClock\", \"Service\""), "{discovered}");
}

#[tokio::test]
async fn a_field_with_a_default_takes_what_is_provided() {
    struct Owner {
        count: Arc<u32>,
    }
    static OWNER: ProviderDescriptor = ProviderDescriptor {
        key: ProviderKey::of::<Owner>,
        name: "Owner",
        location: Location::new(file!(), line!(), column!(), module_path!()),
        dependencies: || vec![<Arc<u32> as InjectOrDefault>::dependency_or_default("count", None)],
        construct: |resolver| {
            let count = <Arc<u32> as InjectOrDefault>::inject_or_default(resolver, "count", None)?;
            Ok(Instance::new(Owner { count }))
        },
        lifecycle: Lifecycle::NONE,
        aliases: &[],
    };
    let without = ContainerBuilder::new().describe(&OWNER).build().await.unwrap();
    assert_eq!(*without.get::<Owner>().unwrap().count, 0);
    let with = ContainerBuilder::new().describe(&OWNER).provide(5_u32).build().await.unwrap();
    assert_eq!(*with.get::<Owner>().unwrap().count, 5);
    assert_eq!(names(&with), ["u32", "Owner"]);
}

#[tokio::test]
async fn an_attached_value_reaches_its_owner_only() {
    #[derive(Clone, Debug, PartialEq)]
    struct Server(&'static str);
    struct Chat(Server);
    static CHAT: ProviderDescriptor = ProviderDescriptor {
        key: ProviderKey::of::<Chat>,
        name: "Chat",
        location: Location::new(file!(), line!(), column!(), module_path!()),
        dependencies: Vec::new,
        construct: |resolver| Ok(Instance::new(Chat(resolver.attached()?))),
        lifecycle: Lifecycle::NONE,
        aliases: &[],
    };
    let described = || ContainerBuilder::new().describe(&CHAT);
    let attached = described().attach(ProviderKey::of::<Chat>(), Server("/chat"));
    let container = attached.build().await.unwrap();
    assert_eq!(container.get::<Chat>().unwrap().0, Server("/chat"));
    let to_another = described().attach(ProviderKey::of::<u32>(), Server("/chat"));
    let error = error_of(to_another).await;
    assert!(error.starts_with("Chat needs a Server of its own and has none"), "{error}");
}

#[test]
fn a_build_can_be_spawned() {
    fn is_send(_: impl Send + 'static) {}
    fn is_shared<T: Send + Sync + 'static>() {}
    is_send(builder().build());
    is_shared::<ContainerBuilder>();
    is_shared::<Container>();
    is_shared::<Resolver>();
}
