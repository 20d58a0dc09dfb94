//! Which route an event takes, by its name. Built once, at start.
//!
//! The names are the program's own, a few dozen at most, and clients only look them up: a sorted list is faster
//! than a table with a hash that strangers cannot steer.

use std::cmp::Ordering;

/// The names of events that have handlers, shorter ones first.
#[derive(Debug, Default)]
pub(super) struct Routes {
    names: Vec<&'static str>,
    routes: Vec<usize>,
}

impl Routes {
    /// The route of a name: the one that it has, or this one from now on.
    pub(super) fn get_or_insert(&mut self, name: &'static str, route: usize) -> usize {
        match self.search(name.as_bytes()) {
            Ok(at) => self.routes[at],
            Err(at) => {
                self.names.insert(at, name);
                self.routes.insert(at, route);
                route
            }
        }
    }

    /// The route of a name, if it has one.
    pub(super) fn get(&self, name: &[u8]) -> Option<usize> {
        self.search(name).ok().map(|at| self.routes[at])
    }

    fn search(&self, name: &[u8]) -> Result<usize, usize> {
        // Most steps need the length only.
        self.names.binary_search_by(|other| match other.len().cmp(&name.len()) {
            Ordering::Equal => other.as_bytes().cmp(name),
            different => different,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_finds_its_own_route_and_others_none() {
        let names =
            ["push", "pop", "", "é", "pusH", "a name of many words", "p", "q", "join", "leave", "push2"];
        let mut routes = Routes::default();
        for (route, name) in names.into_iter().enumerate() {
            assert_eq!(routes.get_or_insert(name, route), route);
            assert_eq!(routes.get_or_insert(name, 99), route);
        }
        for (route, name) in names.into_iter().enumerate() {
            assert_eq!(routes.get(name.as_bytes()), Some(route), "{name}");
        }
        for other in ["Push", "pus", "push ", "push\0", "r", "a name of many wordS"] {
            assert_eq!(routes.get(other.as_bytes()), None, "{other}");
        }
    }
}
