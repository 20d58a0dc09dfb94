//! Whom a broadcast reaches: lists of sockets that are kept from one broadcast to the next.
//!
//! Knows sockets; it must never know which room they are in, nor what is sent.

use std::sync::{Arc, OnceLock};

use crate::socket::Socket;

/// A list of all members of a room or a namespace. It is made when somebody asks for it, and given up when members
/// come or go.
#[derive(Debug, Default)]
pub(crate) struct KeptList(OnceLock<Arc<[Socket]>>);

impl KeptList {
    /// The list of these members.
    pub(crate) fn get<'a>(&self, members: impl Iterator<Item = &'a Socket>) -> Arc<[Socket]> {
        self.0.get_or_init(|| members.cloned().collect()).clone()
    }

    /// Gives the list up, to be dropped with others: that takes time for which no lock should be held.
    #[inline]
    pub(crate) fn forget(&mut self, outdated: &mut Outdated) {
        if self.0.get().is_some() {
            outdated.extend(self.0.take());
        }
    }
}

/// Lists of before a change.
pub(crate) type Outdated = Vec<Arc<[Socket]>>;

/// The sockets that a broadcast reaches.
#[derive(Debug)]
pub(crate) struct Recipients {
    list: List,
    /// A handful at most.
    except: Vec<Socket>,
}

#[derive(Debug)]
enum List {
    Kept(Arc<[Socket]>),
    Own(Vec<Socket>),
}

impl Recipients {
    /// All of a list but a handful of sockets.
    pub(crate) fn of_list(list: Arc<[Socket]>, except: Vec<Socket>) -> Self {
        Self { list: List::Kept(list), except }
    }

    /// These sockets.
    pub(crate) fn these(sockets: Vec<Socket>) -> Self {
        Self { list: List::Own(sockets), except: Vec::new() }
    }

    /// The sockets, one after the other.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Socket> {
        let list: &[Socket] = match &self.list {
            List::Kept(list) => list,
            List::Own(list) => list,
        };
        list.iter().filter(|socket| self.except.is_empty() || !self.except.contains(socket))
    }

    /// Whether nobody is reached.
    pub(crate) fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}
