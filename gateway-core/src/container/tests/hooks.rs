//! Lifecycle hooks: found, called in NestJS's order, their failures.

use parking_lot::Mutex;

use super::*;

/// What happened, in order.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    fn add(&self, line: impl Into<String>) {
        self.0.lock().push(line.into());
    }
    fn lines(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock())
    }
}

injectable!(STORE: Store { log: Arc<Log> });
injectable!(CHATS: Chats { store: Arc<Store>, log: Arc<Log>, mood: Option<Arc<Mood>> });

#[derive(Clone, Copy, PartialEq)]
enum Mood {
    FailsAtInit,
    FailsAtDestroy,
    PanicsAtDestroy,
}

impl OnModuleInit for Store {
    async fn on_module_init(&self) -> HookResult {
        self.log.add("store init");
        Ok(())
    }
}
impl OnModuleDestroy for Store {
    async fn on_module_destroy(&self) -> HookResult {
        self.log.add("store destroy");
        Ok(())
    }
}
impl OnModuleInit for Chats {
    async fn on_module_init(&self) -> HookResult {
        tokio::task::yield_now().await;
        if self.mood.as_deref() == Some(&Mood::FailsAtInit) {
            return Err(HookError::msg("no disk"));
        }
        self.log.add("chats init");
        Ok(())
    }
}
impl OnApplicationBootstrap for Chats {
    async fn on_application_bootstrap(&self) -> HookResult {
        self.log.add("chats bootstrap");
        Ok(())
    }
}
impl OnModuleDestroy for Chats {
    async fn on_module_destroy(&self) -> HookResult {
        self.log.add("chats destroy");
        match self.mood.as_deref() {
            Some(Mood::FailsAtDestroy) => Err(HookError::msg("no")),
            Some(Mood::PanicsAtDestroy) => panic!("no"),
            _ => Ok(()),
        }
    }
}
impl BeforeApplicationShutdown for Chats {
    async fn before_application_shutdown(&self, signal: Option<&str>) -> HookResult {
        self.log.add(format!("chats before {signal:?}"));
        Ok(())
    }
}
impl OnApplicationShutdown for Chats {
    async fn on_application_shutdown(&self, signal: Option<&str>) -> HookResult {
        self.log.add(format!("chats shutdown {signal:?}"));
        Ok(())
    }
}

fn builder(log: &Arc<Log>) -> ContainerBuilder {
    ContainerBuilder::new().describe(&CHATS).describe(&STORE).provide_arc(Arc::clone(log))
}

#[tokio::test]
async fn start_goes_from_dependencies_to_dependants_and_stop_back() {
    let log = Arc::new(Log::default());
    let container = builder(&log).build().await.unwrap();
    container.init().await.unwrap();
    assert_eq!(log.lines(), ["store init", "chats init", "chats bootstrap"]);
    container.shutdown(Some("SIGTERM")).await;
    assert_eq!(
        log.lines(),
        [
            "chats destroy",
            "store destroy",
            "chats before Some(\"SIGTERM\")",
            "chats shutdown Some(\"SIGTERM\")"
        ]
    );
    // A second signal changes nothing.
    container.shutdown(None).await;
    assert!(log.lines().is_empty());
}

#[tokio::test]
async fn an_error_ends_the_start_and_names_hook_and_provider() {
    let log = Arc::new(Log::default());
    let container = builder(&log).provide(Mood::FailsAtInit).build().await.unwrap();
    let error = container.init().await.unwrap_err();
    assert_eq!(error.to_string(), "OnModuleInit of Chats failed; its error says what to mend");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "no disk");
    assert_eq!(log.lines(), ["store init"]);
}

#[tokio::test]
async fn an_error_or_a_panic_does_not_end_the_stop() {
    for mood in [Mood::FailsAtDestroy, Mood::PanicsAtDestroy] {
        let log = Arc::new(Log::default());
        let container = builder(&log).provide(mood).build().await.unwrap();
        container.shutdown(None).await;
        let expected = ["chats destroy", "store destroy", "chats before None", "chats shutdown None"];
        assert_eq!(log.lines(), expected);
    }
}

#[tokio::test]
async fn a_value_that_replaces_an_injectable_keeps_the_hooks_of_its_type() {
    let log = Arc::new(Log::default());
    let replaced = builder(&log).provide(Store { log: Arc::clone(&log) });
    replaced.build().await.unwrap().init().await.unwrap();
    assert_eq!(log.lines(), ["store init", "chats init", "chats bootstrap"]);
}

#[tokio::test]
async fn other_values_say_which_hooks_to_call() {
    let log = Arc::new(Log::default());
    let store = || Store { log: Arc::clone(&log) };
    let silent = ContainerBuilder::new().provide(store()).build().await.unwrap();
    silent.init().await.unwrap();
    assert!(log.lines().is_empty());

    let provider = Provider::use_value(store()).with_module_init().with_module_destroy();
    let container = ContainerBuilder::new().register(provider).build().await.unwrap();
    container.init().await.unwrap();
    container.shutdown(None).await;
    assert_eq!(log.lines(), ["store init", "store destroy"]);
}
