//! What is found before anything is constructed, and how it is worded.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

trait Mailer: Send + Sync {}

struct ChatsService;
injectable!(CHATS: ChatsGateway { chats: Arc<ChatsService>, mailer: Arc<dyn Mailer> });
injectable!(NAMED: Named { db: Arc<ChatsService> = "DB" });
injectable!(A: Alpha { b: Arc<Beta> });
injectable!(B: Beta { c: Arc<dyn Mailer> });
injectable!(C: Gamma { a: Option<Arc<Alpha>> } as dyn Mailer);
impl Mailer for Gamma {}
injectable!(D: Delta {} as dyn Mailer);
impl Mailer for Delta {}

#[tokio::test]
async fn all_problems_come_at_once_and_nothing_is_constructed() {
    static CONSTRUCTED: AtomicBool = AtomicBool::new(false);
    let builder = ContainerBuilder::new().describe(&CHATS).describe(&NAMED).provide_factory(|_| {
        CONSTRUCTED.store(true, Ordering::Relaxed);
        Ok(1_u8)
    });
    assert_eq!(
        error_of(builder).await,
        "3 problems with the providers of this application:\
         \n  1. ChatsGateway.chats needs Arc<ChatsService>, but nothing provides it: add #[injectable] to \
         ChatsService, or .provide(ChatsService { .. }) on the app builder\
         \n  2. ChatsGateway.mailer needs Arc<dyn Mailer>, but nothing provides it: a provider of a type that \
         implements the trait is not enough; add #[injectable(as dyn Mailer)] to that type, or .alias(|it: \
         Arc<TheType>| -> Arc<dyn Mailer> { it }) on the app builder\
         \n  3. Named.db needs Arc<ChatsService> with the token \"DB\", but nothing provides it: call \
         .provide_token(\"DB\", ..) on the app builder"
    );
    assert!(!CONSTRUCTED.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_missing_token_points_to_what_there_is() {
    let error = error_of(ContainerBuilder::new().describe(&NAMED).provide(ChatsService)).await;
    assert!(error.contains("ChatsService is provided without a token: write #[inject]"), "{error}");
}

#[tokio::test]
async fn a_cycle_prints_the_whole_chain() {
    let builder = ContainerBuilder::new().describe(&A).describe(&B).describe(&C);
    assert_eq!(
        error_of(builder).await,
        "these providers need each other: Alpha.b -> Beta.c -> Gamma.a -> Alpha; move what they share into a \
         provider of its own that each of them injects"
    );
}

#[tokio::test]
async fn two_of_one_kind_name_both_places() {
    let both = || ContainerBuilder::new().describe(&D).describe(&C).describe(&A).describe(&B);
    let error = both().build().await.unwrap_err();
    let ContainerError::Duplicate { provided, by } = &error else { panic!("{error}") };
    assert_eq!(provided, "Arc<dyn Mailer>");
    assert_eq!(by.map(|it| (it.name, it.location)), [("Delta", D.location), ("Gamma", C.location)]);
    assert!(error.to_string().contains(&format!("by Delta at {}", D.location)), "{error}");

    // A call chooses.
    let chosen = both().alias(|delta: Arc<Delta>| -> Arc<dyn Mailer> { delta });
    let container = chosen.build().await.unwrap();
    assert!(container.get::<Beta>().is_some());
    // The same descriptor twice is no duplicate.
    assert!(ContainerBuilder::new().describe(&D).describe(&D).build().await.is_ok());
}

#[tokio::test]
async fn an_alias_of_nothing_is_a_problem() {
    let builder = ContainerBuilder::new().alias(|gamma: Arc<Gamma>| -> Arc<dyn Mailer> { gamma });
    let error = error_of(builder).await;
    assert!(error.starts_with("dyn Mailer needs Arc<Gamma>, but nothing provides it"), "{error}");
}

#[tokio::test]
async fn a_container_says_what_it_lacks() {
    let container = ContainerBuilder::new().provide(Arc::new(ChatsService)).build().await.unwrap();
    let error = container.resolve::<ChatsService>().err().unwrap().to_string();
    assert!(error.starts_with("nothing provides Arc<ChatsService>: Arc<Arc<ChatsService>> is"), "{error}");
    assert!(container.resolve_token::<ChatsService>("DB").is_err());
}
