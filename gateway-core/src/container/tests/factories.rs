//! Factories that ask for others while they run, wait for each other, fail and are given up.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::{join, select};
use futures_util::pin_mut;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::*;

struct Url(&'static str);
struct Pool(String);
struct Repository(Arc<Pool>);
injectable!(USERS: Users { repository: Arc<Repository> });

fn with_pool() -> ContainerBuilder {
    ContainerBuilder::new().provide_async(async |resolver| {
        let url = resolver.wait_for::<Url>().await?;
        tokio::task::yield_now().await;
        Ok(Pool(format!("pool of {}", url.0)))
    })
}

#[tokio::test]
async fn factories_get_what_they_ask_for() {
    let container = ContainerBuilder::new()
        .describe(&USERS)
        .provide_factory(|resolver| Ok(Repository(resolver.resolve()?)))
        .provide_async(|resolver| async move {
            let url = resolver.wait_for::<Url>().await?;
            tokio::task::yield_now().await;
            Ok(Pool(url.0.into()))
        })
        .provide_factory(|_| Ok(Url("db")))
        .build()
        .await
        .unwrap();
    assert_eq!(names(&container), ["Url", "Pool", "Repository", "Users"]);
    assert_eq!(container.get::<Users>().unwrap().repository.0.0, "db");
}

#[tokio::test]
async fn a_synchronous_factory_finds_async_ones_ready() {
    // Registered first, constructed after the pool.
    let first = ContainerBuilder::new()
        .provide_factory(|resolver| Ok(Repository(resolver.resolve()?)))
        .provide(Url("db"))
        .provide_async(async |_| Ok(Pool("p".into())));
    assert_eq!(names(&first.build().await.unwrap()), ["Pool", "Repository", "Url"]);
}

#[tokio::test]
async fn a_synchronous_factory_cannot_wait_and_says_so() {
    struct First;
    let builder = ContainerBuilder::new()
        .provide_async(async |resolver| {
            resolver.wait_for::<Repository>().await?;
            Ok(First)
        })
        .provide_factory(|resolver| Ok(Repository(resolver.resolve()?)))
        .provide_async(async |_| Ok(Pool("p".into())));
    let error = error_of(builder).await;
    assert!(
        error.starts_with("the factory of Repository asked for Arc<Pool>, which is not ready"),
        "{error}"
    );
}

#[tokio::test]
async fn an_optional_provider_is_asked_about_first() {
    let builder = ContainerBuilder::new().provide_factory(|resolver| {
        let named = resolver.provides_token::<Url>("MAIN");
        Ok(if resolver.provides::<Url>() || named { Pool("url".into()) } else { Pool("none".into()) })
    });
    assert_eq!(builder.build().await.unwrap().get::<Pool>().unwrap().0, "none");
}

#[tokio::test]
async fn tokens_and_trait_objects_come_from_factories_too() {
    trait Store: Send + Sync {
        fn name(&self) -> &str;
    }
    impl Store for Pool {
        fn name(&self) -> &str {
            &self.0
        }
    }
    let container = with_pool()
        .provide(Url("db"))
        .register(Provider::use_async_arc_factory(async |resolver| {
            Ok(resolver.wait_for::<Pool>().await? as Arc<dyn Store>)
        }))
        .register(
            Provider::use_arc_factory(|resolver| resolver.resolve::<dyn Store>().map_err(Into::into))
                .token("S"),
        )
        .register(
            Provider::use_async_factory(async |resolver| {
                let store = resolver.wait_for_token::<dyn Store>("S").await?;
                Ok(store.name().to_owned())
            })
            .token("NAME"),
        )
        .build()
        .await
        .unwrap();
    assert_eq!(container.resolve_token::<String>("NAME").unwrap().as_str(), "pool of db");
}

#[tokio::test]
async fn a_failing_factory_keeps_its_error_and_stops_the_start() {
    #[derive(Debug, thiserror::Error)]
    #[error("connection refused")]
    struct Refused;
    async fn connect() -> Result<Pool, Refused> {
        Err(Refused)
    }
    let builder = ContainerBuilder::new()
        .describe(&USERS)
        .provide_factory(|resolver| Ok(Repository(resolver.resolve()?)))
        .provide_async(async |_| Ok(connect().await?));
    let error = builder.build().await.unwrap_err();
    assert_eq!(error.to_string(), "the factory of Pool failed; its error says what to mend");
    assert!(std::error::Error::source(&error).unwrap().downcast_ref::<Refused>().is_some());
}

#[tokio::test]
async fn what_a_factory_lacks_is_named() {
    let error = error_of(with_pool()).await;
    assert_eq!(
        error,
        "Pool needs Arc<Url>, but nothing provides it: add #[injectable] to Url, or .provide(Url { .. }) on the \
         app builder"
    );
    let sync = ContainerBuilder::new().provide_factory(|resolver| Ok(Repository(resolver.resolve()?)));
    assert!(error_of(sync).await.starts_with("Repository needs Arc<Pool>, but nothing provides it"));
}

#[tokio::test]
async fn factories_that_ask_in_a_circle_are_an_error() {
    struct A;
    struct B;
    injectable!(MIDDLE: Middle { a: Arc<A> });
    let sync = ContainerBuilder::new()
        .provide_factory(|resolver| resolver.resolve::<B>().map(|_| A).map_err(Into::into))
        .provide_factory(|resolver| resolver.resolve::<Middle>().map(|_| B).map_err(Into::into))
        .describe(&MIDDLE);
    let error = error_of(sync).await;
    assert!(error.contains(": Middle.a -> A -> B -> Middle; move what they share"), "{error}");

    let itself = ContainerBuilder::new().provide_async(async |resolver| {
        resolver.wait_for::<A>().await?;
        Ok(A)
    });
    assert!(error_of(itself).await.contains(": A -> A; move"));
}

#[tokio::test]
async fn factories_that_wait_at_the_same_time_never_deadlock() {
    struct A;
    struct B;
    struct Both;
    // Whichever is asked first, the other one asks for it in turn while both are under construction.
    let builder = ContainerBuilder::new()
        .provide_async(async |resolver| {
            let (a, b) = join(resolver.wait_for::<A>(), resolver.wait_for::<B>()).await;
            a?;
            b?;
            Ok(Both)
        })
        .provide_async(async |resolver| {
            tokio::task::yield_now().await;
            resolver.wait_for::<B>().await?;
            Ok(A)
        })
        .provide_async(async |resolver| {
            tokio::task::yield_now().await;
            resolver.wait_for::<A>().await?;
            Ok(B)
        });
    let error = error_of(builder).await;
    assert!(error.contains("A -> B -> A") || error.contains("B -> A -> B"), "{error}");
}

#[tokio::test]
async fn two_that_wait_for_one_get_the_same() {
    struct Pair(Arc<Pool>, Arc<Pool>);
    let builder = with_pool().provide(Url("db")).provide_async(async |resolver| {
        let (one, other) = join(resolver.wait_for::<Pool>(), resolver.wait_for::<Pool>()).await;
        Ok(Pair(one?, other?))
    });
    let pair = builder.build().await.unwrap().get::<Pair>().unwrap();
    assert!(same(&pair.0, &pair.1));
}

#[tokio::test]
async fn a_wait_that_is_given_up_leaves_the_provider_to_the_next() {
    struct Impatient;
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let (_never, never) = oneshot::channel::<()>();
    let first = Arc::new(Mutex::new(Some(never)));
    let container = ContainerBuilder::new()
        .provide_async(async |resolver| {
            let pool = resolver.wait_for::<Pool>();
            let patience = tokio::task::yield_now();
            pin_mut!(pool, patience);
            select(pool, patience).await;
            Ok(Impatient)
        })
        .provide_async(move |_| {
            RUNS.fetch_add(1, Ordering::Relaxed);
            let never = first.lock().take();
            async move {
                if let Some(never) = never {
                    never.await?;
                }
                Ok(Pool("second".into()))
            }
        })
        .build()
        .await
        .unwrap();
    assert_eq!(container.get::<Pool>().unwrap().0, "second");
    assert_eq!(RUNS.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_kept_resolver_expires_and_keeps_nothing_alive() {
    struct Keeper(Resolver);
    let marker = Arc::new(Url("db"));
    let builder = ContainerBuilder::new()
        .provide_arc(Arc::clone(&marker))
        .provide_factory(|resolver| Ok(Keeper(resolver.clone())));
    let container = builder.build().await.unwrap();
    let keeper = container.get::<Keeper>().unwrap();
    let error = keeper.0.resolve::<Url>().err().unwrap().to_string();
    assert!(error.starts_with("the resolver of Keeper was used after the start"), "{error}");
    assert!(keeper.0.wait_for::<Url>().await.is_err());
    assert!(!keeper.0.provides::<Url>());
    drop(container);
    assert_eq!(Arc::strong_count(&marker), 1);
}
