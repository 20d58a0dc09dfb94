//! Finds missing providers and cycles before anything is constructed, as far as providers declare what
//! they need. What factories ask for shows only when they run.
//!
//! This file must never construct anything.

use indexmap::IndexMap;

use super::advice::advice;
use super::provider::Registration;
use super::{ContainerError, ProviderKey};

pub(super) type Registrations = IndexMap<ProviderKey, Registration>;

/// Every problem among the providers that will be constructed.
pub(super) fn check(registrations: &Registrations) -> Vec<ContainerError> {
    let mut walk = Walk {
        registrations,
        visits: vec![Visit::Never; registrations.len()],
        path: Vec::new(),
        problems: Vec::new(),
    };
    for (index, registration) in registrations.values().enumerate() {
        if registration.eager {
            walk.visit(index);
        }
    }
    walk.problems
}

/// The error for a missing provider.
pub(super) fn missing(
    registrations: &Registrations,
    provider: &str,
    field: Option<&'static str>,
    wanted: &ProviderKey,
) -> ContainerError {
    ContainerError::Missing {
        provider: provider.into(),
        field,
        wanted: wanted.wanted(),
        advice: advice(wanted, registrations.keys()),
    }
}

/// The error for providers each of which needs the next, and the last the first.
pub(super) fn cycle(registrations: &Registrations, path: &[usize]) -> ContainerError {
    let mut chain = String::new();
    let next = path.iter().cycle().skip(1);
    for (from, to) in path.iter().zip(next) {
        let Some((_, from)) = registrations.get_index(*from) else { continue };
        // An alias is no step of its own: the field that asks for it is enough.
        if from.alias_of().is_some() {
            continue;
        }
        chain.push_str(&from.name);
        let wanted = registrations.get_index(*to).map(|(key, _)| key);
        if let Some(need) = from.dependencies.iter().find(|need| Some(&need.key) == wanted) {
            chain.push('.');
            chain.push_str(need.field);
        }
        chain.push_str(" -> ");
    }
    let mut providers = path.iter().filter_map(|index| registrations.get_index(*index));
    if let Some((_, first)) = providers.find(|(_, registration)| registration.alias_of().is_none()) {
        chain.push_str(&first.name);
    }
    ContainerError::Cycle { chain }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    Never,
    Running,
    Done,
}

struct Walk<'a> {
    registrations: &'a Registrations,
    visits: Vec<Visit>,
    /// From the root to where the walk is.
    path: Vec<usize>,
    problems: Vec<ContainerError>,
}

impl Walk<'_> {
    fn visit(&mut self, index: usize) {
        match self.visits[index] {
            Visit::Done => return,
            Visit::Running => {
                let start = self.path.iter().position(|&visited| visited == index).unwrap_or_default();
                self.problems.push(cycle(self.registrations, &self.path[start..]));
                return;
            }
            Visit::Never => {}
        }
        self.visits[index] = Visit::Running;
        self.path.push(index);
        let registration = &self.registrations[index];
        if let Some(of) = registration.alias_of() {
            self.need(&registration.name, None, of, false);
        }
        for need in &registration.dependencies {
            self.need(&registration.name, Some(need.field), &need.key, need.optional);
        }
        self.path.pop();
        self.visits[index] = Visit::Done;
    }

    fn need(&mut self, provider: &str, field: Option<&'static str>, wanted: &ProviderKey, optional: bool) {
        match self.registrations.get_index_of(wanted) {
            Some(index) => self.visit(index),
            None if optional => {}
            None => self.problems.push(missing(self.registrations, provider, field, wanted)),
        }
    }
}
