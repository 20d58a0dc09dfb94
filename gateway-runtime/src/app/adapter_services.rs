//! The services behind an application's adapters, for its health: each once, however many namespaces it has.

use std::sync::{Arc, Weak};

use gateway_core::adapter::AdapterFactory;
use gateway_core::{AdapterService, AdapterStatus};
use parking_lot::Mutex;

/// Those that are known. It keeps none of them alive.
#[derive(Default)]
pub(crate) struct AdapterServices(Mutex<Vec<Weak<dyn AdapterService>>>);

impl AdapterServices {
    /// Learns of the services of all adapters that are made.
    pub(super) fn learn_from(self: &Arc<Self>, factory: &AdapterFactory) -> AdapterFactory {
        let (services, factory) = (Arc::downgrade(self), factory.clone());
        Arc::new(move |namespace| {
            let adapter = factory(namespace);
            if let Some((services, service)) = services.upgrade().zip(adapter.service()) {
                services.add(&service);
            }
            adapter
        })
    }

    fn add(&self, service: &Arc<dyn AdapterService>) {
        let service = Arc::downgrade(service);
        let mut known = self.0.lock();
        known.retain(|known| known.strong_count() > 0);
        if !known.iter().any(|known| known.ptr_eq(&service)) {
            known.push(service);
        }
    }

    /// How each of them is.
    pub(super) fn statuses(&self) -> Vec<AdapterStatus> {
        let known: Vec<_> = self.0.lock().iter().filter_map(Weak::upgrade).collect();
        known.iter().map(|service| service.status()).collect()
    }
}

#[cfg(test)]
mod tests {
    use gateway_core::{Adapter, MemoryAdapter};

    use super::*;

    struct Service(&'static str);

    impl AdapterService for Service {
        fn status(&self) -> AdapterStatus {
            AdapterStatus::new(self.0)
        }
    }

    #[test]
    fn each_service_is_known_once_while_it_lives() {
        let services = Arc::new(AdapterServices::default());
        let (one, other): (Arc<dyn AdapterService>, Arc<dyn AdapterService>) =
            (Arc::new(Service("one")), Arc::new(Service("other")));
        for service in [&one, &other, &one] {
            services.add(service);
        }
        let names = || services.statuses().iter().map(|status| status.adapter).collect::<Vec<_>>();
        assert_eq!(names(), ["one", "other"]);
        drop(one);
        assert_eq!(names(), ["other"]);
        // An adapter within the process has none.
        let factory: AdapterFactory =
            Arc::new(|_| -> Arc<dyn Adapter> { Arc::new(MemoryAdapter::default()) });
        services.learn_from(&factory)("/");
        assert_eq!(names(), ["other"]);
    }
}
