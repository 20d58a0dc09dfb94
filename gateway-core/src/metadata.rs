//! What `#[set_metadata(key, value)]` says about gateways and their methods.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::execution_context::ExecutionContext;

/// One `#[set_metadata(key, value)]`.
#[derive(Clone, Copy, Debug)]
pub struct MetadataEntry {
    /// The key.
    pub key: &'static str,
    /// Makes the value.
    pub value: fn() -> Value,
}

/// A value of an attribute as JSON. One that does not serialize is null.
pub fn metadata_value<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// The metadata of one handler: its own, and its gateway's.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    gateway: BTreeMap<&'static str, Value>,
    method: BTreeMap<&'static str, Value>,
}

impl Metadata {
    /// Evaluates the entries; the last of one key counts, as with decorators.
    pub fn new(gateway: &[MetadataEntry], method: &[MetadataEntry]) -> Self {
        let values = |entries: &[MetadataEntry]| {
            let mut values = BTreeMap::new();
            for entry in entries {
                values.insert(entry.key, (entry.value)());
            }
            values
        };
        Self { gateway: values(gateway), method: values(method) }
    }

    /// The method's value, or else the gateway's.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        T::deserialize(self.method.get(key).or_else(|| self.gateway.get(key))?).ok()
    }
}

/// Reads metadata (NestJS's `Reflector`). It has no state: make one wherever it is needed, or let it be
/// injected.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reflector;

impl Reflector {
    /// The method's value, or else the gateway's (NestJS's `getAllAndOverride`).
    pub fn get_all_and_override<T: DeserializeOwned>(
        &self,
        key: &str,
        context: &ExecutionContext,
    ) -> Option<T> {
        context.metadata(key)
    }

    /// The method's list followed by the gateway's (NestJS's `getAllAndMerge` for arrays).
    pub fn get_all_and_merge<T: DeserializeOwned>(&self, key: &str, context: &ExecutionContext) -> Vec<T> {
        let metadata = context.target().metadata();
        let lists = [&metadata.method, &metadata.gateway].into_iter().filter_map(|values| values.get(key));
        lists.filter_map(|list| <Vec<T> as Deserialize>::deserialize(list).ok()).flatten().collect()
    }

    /// The method's value only (NestJS's `get(key, context.getHandler())`).
    pub fn get_of_handler<T: DeserializeOwned>(&self, key: &str, context: &ExecutionContext) -> Option<T> {
        T::deserialize(context.target().metadata().method.get(key)?).ok()
    }

    /// The gateway's value only (NestJS's `get(key, context.getClass())`).
    pub fn get_of_class<T: DeserializeOwned>(&self, key: &str, context: &ExecutionContext) -> Option<T> {
        T::deserialize(context.target().metadata().gateway.get(key)?).ok()
    }
}
