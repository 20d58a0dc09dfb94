//! Constructs every provider once, after those it needs.
//!
//! Descriptors say beforehand what they need; factories ask while they run, several may be awaited at
//! the same time, and an awaited one may be given up. So each provider has a slot with an async lock
//! (given up means unlocked, and free for the next), and who waits for whom is written down: a cycle
//! is an error, never a deadlock.
//!
//! This file must never know what a provider is for, or call a lifecycle hook.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, Weak};

use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use super::check::{Registrations, cycle, missing};
use super::provider::Source;
use super::{Container, ContainerError, Instance, ProviderKey, Resolver, Singleton};

/// Values attached to a provider, by the provider's key and their own type.
pub(super) type Attachments = HashMap<(ProviderKey, TypeId), Box<dyn Any + Send + Sync>>;

pub(super) struct Construction {
    registrations: Registrations,
    attachments: Attachments,
    /// One for each registration, by index.
    slots: Vec<Slot>,
    /// Indices of what has been constructed, in that order. Aliases are not in it.
    order: Mutex<Vec<usize>>,
    /// Who waits for whom, by index, at this moment.
    waits: Mutex<Vec<(usize, usize)>>,
}

#[derive(Default)]
struct Slot {
    ready: OnceLock<Instance>,
    building: futures_util::lock::Mutex<()>,
}

impl Construction {
    pub(super) fn new(registrations: Registrations, attachments: Attachments) -> Arc<Self> {
        let slots = registrations.values().map(|_| Slot::default()).collect();
        Arc::new(Self { registrations, attachments, slots, order: Mutex::default(), waits: Mutex::default() })
    }

    /// Constructs all that is wanted, async factories first: synchronous ones, which cannot await, then
    /// find them ready.
    pub(super) async fn run(self: Arc<Self>) -> Result<Container, ContainerError> {
        let eager = || self.registrations.values().enumerate().filter(|(_, it)| it.eager);
        let is_async = |source: &Source| matches!(source, Source::AsyncFactory(_));
        let (first, then): (Vec<_>, Vec<_>) = eager().partition(|(_, it)| is_async(&it.source));
        for (index, _) in first.into_iter().chain(then) {
            Arc::clone(&self).construct(None, index).await?;
        }
        Ok(self.container())
    }

    /// The instance, constructed now if it has to be, with everything that it needs.
    pub(super) fn construct(
        self: Arc<Self>,
        asker: Option<usize>,
        index: usize,
    ) -> BoxFuture<'static, Result<Instance, ContainerError>> {
        Box::pin(async move {
            if let Some(instance) = self.slots[index].ready.get() {
                return Ok(instance.clone());
            }
            let _waiting = asker.map(|asker| self.wait(asker, index)).transpose()?;
            let _building = self.slots[index].building.lock().await;
            if let Some(instance) = self.slots[index].ready.get() {
                return Ok(instance.clone());
            }
            for need in self.needs(index) {
                Arc::clone(&self).construct(Some(index), need).await?;
            }
            let registration = &self.registrations[index];
            let instance = match &registration.source {
                Source::AsyncFactory(factory) => factory(self.resolver(index))
                    .await
                    .map_err(|error| ContainerError::factory(&registration.name, error))?,
                _ => self.make(index, index)?,
            };
            Ok(self.keep(index, instance))
        })
    }

    /// As [`Construction::construct`] for those who cannot await; `factory` is the one that asked.
    pub(super) fn construct_now(
        self: &Arc<Self>,
        asker: usize,
        index: usize,
        factory: usize,
    ) -> Result<Instance, ContainerError> {
        if let Some(instance) = self.slots[index].ready.get() {
            return Ok(instance.clone());
        }
        let _waiting = self.wait(asker, index)?;
        let Some(_building) = self.slots[index].building.try_lock() else {
            return Err(self.not_ready(index, factory));
        };
        // It may have become ready before the lock was free.
        if let Some(instance) = self.slots[index].ready.get() {
            return Ok(instance.clone());
        }
        for need in self.needs(index) {
            self.construct_now(index, need, factory)?;
        }
        let instance = self.make(index, factory)?;
        Ok(self.keep(index, instance))
    }

    /// Makes the instance; what it is declared to need is ready.
    fn make(self: &Arc<Self>, index: usize, factory: usize) -> Result<Instance, ContainerError> {
        let registration = &self.registrations[index];
        match &registration.source {
            Source::Value(instance) => Ok(instance.clone()),
            Source::Described(construct) => construct(&self.resolver(index)),
            Source::Factory(make) => make(&self.resolver(index))
                .map_err(|error| ContainerError::factory(&registration.name, error)),
            Source::AsyncFactory(_) => Err(self.not_ready(index, factory)),
            Source::Alias { of, convert } => {
                let of = self.index_of(of).ok_or_else(|| self.missing(index, None, of))?;
                Ok(convert(&self.construct_now(index, of, factory)?))
            }
        }
    }

    fn keep(&self, index: usize, instance: Instance) -> Instance {
        let registration = &self.registrations[index];
        if registration.alias_of().is_none() {
            tracing::debug!(provider = %registration.name, "provider constructed");
            self.order.lock().push(index);
        }
        self.slots[index].ready.get_or_init(|| instance).clone()
    }

    /// The declared dependencies that are provided.
    fn needs(&self, index: usize) -> Vec<usize> {
        let registration = &self.registrations[index];
        let declared = registration.dependencies.iter().map(|need| &need.key);
        declared.chain(registration.alias_of()).filter_map(|key| self.index_of(key)).collect()
    }

    fn resolver(self: &Arc<Self>, index: usize) -> Resolver {
        Resolver::new(Arc::downgrade(self), index, Arc::clone(&self.registrations[index].name))
    }

    /// Writes down that one waits for another, unless that one waits for the first already.
    fn wait(self: &Arc<Self>, asker: usize, index: usize) -> Result<Waiting, ContainerError> {
        let mut waits = self.waits.lock();
        if let Some(path) = path(&waits, index, asker) {
            return Err(cycle(&self.registrations, &path));
        }
        waits.push((asker, index));
        Ok(Waiting { construction: Arc::downgrade(self), edge: (asker, index) })
    }

    pub(super) fn index_of(&self, key: &ProviderKey) -> Option<usize> {
        self.registrations.get_index_of(key)
    }

    pub(super) fn missing(
        &self,
        asker: usize,
        field: Option<&'static str>,
        wanted: &ProviderKey,
    ) -> ContainerError {
        missing(&self.registrations, &self.registrations[asker].name, field, wanted)
    }

    pub(super) fn attached<A: Clone + 'static>(&self, owner: usize) -> Option<A> {
        let (key, _) = self.registrations.get_index(owner)?;
        self.attachments.get(&(key.clone(), TypeId::of::<A>()))?.downcast_ref().cloned()
    }

    fn not_ready(&self, index: usize, factory: usize) -> ContainerError {
        ContainerError::NotReady {
            provider: self.registrations[factory].name.to_string(),
            wanted: self.registrations.get_index(index).map(|(key, _)| key.wanted()).unwrap_or_default(),
        }
    }

    fn container(&self) -> Container {
        let order = self.order.lock().clone();
        let singletons = order.into_iter().filter_map(|index| {
            let (key, registration) = self.registrations.get_index(index)?;
            let instance = self.slots[index].ready.get()?.clone();
            let name = Arc::clone(&registration.name);
            Some(Singleton::new(key.clone(), name, instance, registration.lifecycle))
        });
        let by_key = self.registrations.keys().zip(&self.slots);
        let by_key = by_key.map(|(key, slot)| (key.clone(), slot.ready.get().cloned()));
        Container::new(singletons.collect(), by_key.collect())
    }
}

/// Someone waits for a provider. Dropping it ends the wait, however it ended.
struct Waiting {
    construction: Weak<Construction>,
    edge: (usize, usize),
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Some(construction) = self.construction.upgrade() else { return };
        let mut waits = construction.waits.lock();
        if let Some(position) = waits.iter().position(|edge| *edge == self.edge) {
            waits.swap_remove(position);
        }
    }
}

/// The way from one provider to another along the waits, both included.
fn path(waits: &[(usize, usize)], from: usize, to: usize) -> Option<Vec<usize>> {
    let mut seen = vec![(from, from)];
    let mut next = 0;
    while let Some(&(here, _)) = seen.get(next) {
        next += 1;
        if here == to {
            return Some(walk_back(&seen, from, to));
        }
        for &(_, ahead) in waits.iter().filter(|(waiter, _)| *waiter == here) {
            if !seen.iter().any(|&(visited, _)| visited == ahead) {
                seen.push((ahead, here));
            }
        }
    }
    None
}

/// `seen` holds each provider with the one it was reached from.
fn walk_back(seen: &[(usize, usize)], from: usize, to: usize) -> Vec<usize> {
    let mut path = vec![to];
    let mut here = to;
    while here != from {
        let Some(&(_, before)) = seen.iter().find(|(visited, _)| *visited == here) else { break };
        path.push(before);
        here = before;
    }
    path.reverse();
    path
}
