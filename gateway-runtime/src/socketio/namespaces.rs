//! Which namespaces a server has: those that the program names, and the children of dynamic ones, which
//! clients make.
//!
//! A child is there while anybody uses it, and after that as long as `cleanup_empty_child_namespaces` is
//! off; one that nobody has entered is not kept. It must never know packets or gateways.

use std::collections::HashMap;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Once, OnceLock, Weak};

use futures_util::future::{BoxFuture, FutureExt};
use gateway_core::link::NewNamespaceListener;
use gateway_core::{
    Adapter, ConnectError, NamespaceMatch, NamespacePattern, Server, Socket, serve, telemetry,
};
use parking_lot::{Mutex, RwLock};
use serde_json::Value;

use super::parent::{Children, ParentAdapter};
use super::server::SocketIoServer;
use crate::client::{self, NoHandler, SharedHandler};

/// What clients may do to the list of namespaces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NamespaceLimits {
    /// Whether a child goes with its last client.
    pub(crate) cleanup_empty_children: bool,
    /// How many children there may be, those of all dynamic namespaces together.
    pub(crate) max_children: usize,
    /// Bytes of a child's name.
    pub(crate) max_name_length: usize,
    /// Namespaces that one connection may be in.
    pub(crate) max_per_connection: usize,
}

impl Default for NamespaceLimits {
    fn default() -> Self {
        Self {
            cleanup_empty_children: false,
            max_children: 10_000,
            max_name_length: 256,
            max_per_connection: 100,
        }
    }
}

/// The refusal of a name that nobody serves.
fn invalid_namespace() -> ConnectError {
    ConnectError::new("Invalid namespace")
}

/// A namespace and who answers for it.
pub(crate) struct NamespaceEntry {
    server: Server,
    handler: OnceLock<SharedHandler>,
    /// Whoever listens to new namespaces knows of it.
    announced: Once,
    child: Option<Child>,
}

/// What makes a namespace the child of a dynamic one.
struct Child {
    parent: Arc<Parent>,
    /// Clients that are in it or about to be.
    users: AtomicUsize,
    /// A client has been in it, or the program has asked for it.
    kept: AtomicBool,
}

/// A dynamic namespace.
pub(super) struct Parent {
    pattern: NamespacePattern,
    server: Server,
    handler: OnceLock<SharedHandler>,
    children: Arc<Children>,
    owner: Weak<SocketIoServer>,
}

impl NamespaceEntry {
    fn new(server: Server, child: Option<Child>) -> Arc<Self> {
        let handler = OnceLock::new();
        if let Some(shared) = child.as_ref().and_then(|child| child.parent.handler.get()) {
            // Nobody else has seen this one.
            let _ = handler.set(shared.clone());
        }
        Arc::new(Self { server, handler, announced: Once::new(), child })
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    pub(super) fn handler(&self) -> SharedHandler {
        self.handler.get().cloned().unwrap_or_else(|| Arc::new(NoHandler))
    }

    /// Asks middlewares, then guards, whether a client may connect; `None` if there are none.
    pub(super) fn admission(&self, socket: &Socket) -> Option<BoxFuture<'static, Result<(), ConnectError>>> {
        client::admission(socket, self.handler())
    }

    /// A client is in it.
    pub(super) fn enter(&self) {
        self.keep();
    }

    fn keep(&self) {
        if let Some(child) = &self.child {
            child.kept.store(true, Ordering::Release);
        }
    }
}

/// A namespace in use: a child that was made for a client lives as long as this at least.
pub(super) struct Lease(Arc<NamespaceEntry>);

impl Lease {
    fn new(entry: &Arc<NamespaceEntry>) -> Self {
        if let Some(child) = &entry.child {
            child.users.fetch_add(1, Ordering::AcqRel);
        }
        Self(entry.clone())
    }
}

impl Deref for Lease {
    type Target = NamespaceEntry;

    fn deref(&self) -> &NamespaceEntry {
        &self.0
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(child) = &self.0.child else { return };
        if child.users.fetch_sub(1, Ordering::AcqRel) == 1
            && let Some(owner) = child.parent.owner.upgrade()
        {
            owner.left_empty(&self.0, child);
        }
    }
}

/// Where a client that wants to join a namespace stands.
pub(super) enum Lookup {
    Found(Lease),
    Refused(ConnectError),
    /// An asynchronous predicate decides.
    Asking(BoxFuture<'static, Result<Lease, ConnectError>>),
}

/// The lists of one server.
pub(super) struct Namespaces {
    entries: RwLock<Entries>,
    parents: RwLock<Vec<Arc<Parent>>>,
    listeners: RwLock<Vec<NewNamespaceListener>>,
    /// An adapter that keeps no sessions was warned of.
    no_sessions: Once,
    /// Held while a namespace is made or removed, so that there is one adapter of a name at a time. It is
    /// taken before the others.
    changing: Mutex<()>,
}

impl Default for Namespaces {
    fn default() -> Self {
        Self {
            entries: RwLock::default(),
            parents: RwLock::default(),
            listeners: RwLock::default(),
            no_sessions: Once::new(),
            changing: Mutex::default(),
        }
    }
}

#[derive(Default)]
struct Entries {
    by_name: HashMap<Arc<str>, Arc<NamespaceEntry>>,
    children: usize,
}

/// How far the patterns have been asked.
enum Scan {
    Matched(Arc<Parent>),
    /// This one is asynchronous; its place in the list.
    Later(usize, BoxFuture<'static, bool>),
    NoMatch,
}

fn scan(parents: &[Arc<Parent>], from: usize, name: &str, auth: &Value) -> Scan {
    for (index, parent) in parents.iter().enumerate().skip(from) {
        let asked = catch_unwind(AssertUnwindSafe(|| parent.pattern.matches(name, auth)));
        match asked.unwrap_or_else(|_| NamespaceMatch::Known(panicked(parent))) {
            NamespaceMatch::Known(false) => {}
            NamespaceMatch::Known(true) => return Scan::Matched(parent.clone()),
            NamespaceMatch::Later(matches) => return Scan::Later(index, matches),
        }
    }
    Scan::NoMatch
}

/// A predicate that panics has not said yes.
fn panicked(parent: &Parent) -> bool {
    tracing::error!(namespace = %parent.pattern, "the predicate of a namespace panicked: its client is refused");
    false
}

async fn ask(
    server: Arc<SocketIoServer>,
    parents: Vec<Arc<Parent>>,
    (mut index, mut matches): (usize, BoxFuture<'static, bool>),
    name: String,
    auth: Value,
) -> Result<Lease, ConnectError> {
    loop {
        let parent = &parents[index];
        if AssertUnwindSafe(matches).catch_unwind().await.unwrap_or_else(|_| panicked(parent)) {
            return server.child(parent, &name);
        }
        match scan(&parents, index + 1, &name, &auth) {
            Scan::Matched(parent) => return server.child(&parent, &name),
            Scan::Later(next, later) => (index, matches) = (next, later),
            Scan::NoMatch => return Err(invalid_namespace()),
        }
    }
}

impl SocketIoServer {
    /// The namespace that a client wants to join: one that is there, else the first dynamic one that takes
    /// the name.
    pub(super) fn lookup(self: &Arc<Self>, name: &str, auth: &Value) -> Lookup {
        if let Some(lease) = self.lease(name) {
            return Lookup::Found(lease);
        }
        let parents = self.namespaces.parents.read().clone();
        if parents.is_empty() {
            return Lookup::Refused(invalid_namespace());
        }
        if name.len() > self.config().namespaces.max_name_length {
            telemetry::limit_exceeded("max_namespace_length");
            return Lookup::Refused(ConnectError::new("the name of the namespace is too long"));
        }
        match scan(&parents, 0, name, auth) {
            Scan::Matched(parent) => self.child(&parent, name).map_or_else(Lookup::Refused, Lookup::Found),
            Scan::Later(index, matches) => {
                let (name, auth) = (name.to_owned(), auth.clone());
                Lookup::Asking(ask(self.clone(), parents, (index, matches), name, auth).boxed())
            }
            Scan::NoMatch => Lookup::Refused(invalid_namespace()),
        }
    }

    fn lease(&self, name: &str) -> Option<Lease> {
        // Under the lock: it is not removed between the look and the count.
        let lease = self.namespaces.entries.read().by_name.get(name).map(Lease::new)?;
        self.announce(&lease);
        Some(lease)
    }

    /// The child of this name, made if it is not there yet.
    fn child(&self, parent: &Arc<Parent>, name: &str) -> Result<Lease, ConnectError> {
        let changing = self.namespaces.changing.lock();
        if self.namespaces.entries.read().by_name.contains_key(name) {
            drop(changing);
            // Gone again already, it is made once more.
            return self.lease(name).map_or_else(|| self.child(parent, name), Ok);
        }
        if self.namespaces.entries.read().children >= self.config().namespaces.max_children {
            telemetry::limit_exceeded("max_child_namespaces");
            tracing::warn!(
                namespace = parent.server.name(),
                "a client could not make a namespace: `max_child_namespaces` is reached"
            );
            return Err(ConnectError::new("too many namespaces: no further one can be made now"));
        }
        let lease = Lease::new(&self.insert(name, Some(parent)));
        drop(changing);
        self.announce(&lease);
        Ok(lease)
    }

    /// Makes a namespace. Called under the lock of changes.
    fn insert(&self, name: &str, parent: Option<&Arc<Parent>>) -> Arc<NamespaceEntry> {
        let adapter = (self.config().adapter)(name);
        let entry = match parent {
            None => NamespaceEntry::new(self.namespace(name, adapter), None),
            Some(parent) => {
                let server = serve::child_namespace(name, &parent.server, adapter);
                parent.children.add(name.into(), server.clone());
                let (users, kept) = (AtomicUsize::new(0), AtomicBool::new(false));
                NamespaceEntry::new(server, Some(Child { parent: parent.clone(), users, kept }))
            }
        };
        if let Some(recovery) = &self.config().recovery
            && !serve::recover_sessions(&entry.server, recovery)
        {
            self.namespaces.no_sessions.call_once(|| {
                tracing::warn!("connection_state_recovery has no effect: this adapter keeps no sessions");
            });
        }
        let mut entries = self.namespaces.entries.write();
        entries.children += usize::from(parent.is_some());
        entries.by_name.insert(name.into(), entry.clone());
        entry
    }

    /// Tells the listeners of a new namespace. Whoever wants to join it waits until they know, in Node's
    /// one thread that is so by itself.
    fn announce(&self, entry: &NamespaceEntry) {
        entry.announced.call_once(|| {
            let listeners = self.namespaces.listeners.read().clone();
            for listener in listeners {
                if catch_unwind(AssertUnwindSafe(|| listener(entry.server.clone()))).is_err() {
                    tracing::error!(namespace = entry.server.name(), "a listener of new namespaces panicked");
                }
            }
        });
    }

    /// The last client has left a child.
    fn left_empty(&self, entry: &Arc<NamespaceEntry>, child: &Child) {
        if child.kept.load(Ordering::Acquire) && !self.config().namespaces.cleanup_empty_children {
            return;
        }
        let _changing = self.namespaces.changing.lock();
        let mut entries = self.namespaces.entries.write();
        let name = entry.server.name();
        let current = entries.by_name.get(name).is_some_and(|current| Arc::ptr_eq(current, entry));
        let kept = child.kept.load(Ordering::Acquire) && !self.config().namespaces.cleanup_empty_children;
        // Somebody may have come in the meantime, have asked for it, or have removed it.
        if !current || kept || child.users.load(Ordering::Acquire) > 0 {
            return;
        }
        entries.by_name.remove(name);
        entries.children -= 1;
        drop(entries);
        child.parent.children.remove(name);
        close(entry.server.adapter().clone());
    }

    /// The adapters of all namespaces.
    pub(crate) fn adapters(&self) -> Vec<Arc<dyn Adapter>> {
        let entries = self.namespaces.entries.read();
        entries.by_name.values().map(|entry| entry.server.adapter().clone()).collect()
    }

    /// The namespace that a gateway names: never a child, whatever the patterns of others say.
    pub(crate) fn named(&self, name: &str) -> Server {
        self.entry(name, |_| None)
    }

    /// The namespace of this name as the program asks for it: a child if an expression matches.
    pub(super) fn of_name(&self, name: &str) -> Server {
        self.entry(name, |parents| {
            let matches = |parent: &&Arc<Parent>| match &parent.pattern {
                NamespacePattern::Regex(pattern) => pattern.is_match(name),
                _ => false,
            };
            parents.iter().find(matches).cloned()
        })
    }

    fn entry(&self, name: &str, parent: impl FnOnce(&[Arc<Parent>]) -> Option<Arc<Parent>>) -> Server {
        // Kept under the lock: it must not be removed between the look and that.
        let find = || {
            let entries = self.namespaces.entries.read();
            entries.by_name.get(name).inspect(|entry| entry.keep()).cloned()
        };
        if let Some(entry) = find() {
            return entry.server.clone();
        }
        let changing = self.namespaces.changing.lock();
        let entry = find().unwrap_or_else(|| {
            let parent = parent(&self.namespaces.parents.read());
            self.insert(name, parent.as_ref())
        });
        entry.keep();
        drop(changing);
        self.announce(&entry);
        entry.server.clone()
    }

    /// The dynamic namespace of this pattern; gateways with the same one share it.
    pub(crate) fn dynamic(&self, pattern: &NamespacePattern) -> Server {
        self.parent(pattern).server.clone()
    }

    fn parent(&self, pattern: &NamespacePattern) -> Arc<Parent> {
        let mut parents = self.namespaces.parents.write();
        if let Some(parent) = parents.iter().find(|parent| parent.pattern.is_same(pattern)) {
            return parent.clone();
        }
        let children = Arc::<Children>::default();
        let adapter = Arc::new(ParentAdapter::new(&children));
        let server = self.namespace(&pattern.text(), adapter);
        let (pattern, handler, owner) = (pattern.clone(), OnceLock::new(), self.weak());
        let parent = Arc::new(Parent { pattern, server, handler, children, owner });
        parents.push(parent.clone());
        parent
    }

    /// Lets `handler` answer for a namespace. Called once for each, before clients connect.
    pub(crate) fn serve(&self, namespace: &NamespacePattern, handler: SharedHandler) {
        let refused = match namespace {
            NamespacePattern::Name(name) => {
                self.named(name);
                let entries = self.namespaces.entries.read();
                entries.by_name.get(name.as_str()).is_some_and(|entry| entry.handler.set(handler).is_err())
            }
            dynamic => self.parent(dynamic).handler.set(handler).is_err(),
        };
        if refused {
            tracing::error!(%namespace, "two handlers for one namespace: the first one stays");
        }
    }

    /// Adds a listener to namespaces that come into being.
    pub(super) fn listen_to_new_namespaces(&self, listener: NewNamespaceListener) {
        self.namespaces.listeners.write().push(listener);
    }
}

/// Closes an adapter: what it can do at once is done when this returns, the rest runs on.
fn close(adapter: Arc<dyn Adapter>) {
    let mut closing = async move { adapter.close().await }.boxed();
    if (&mut closing).now_or_never().is_none()
        && let Ok(runtime) = tokio::runtime::Handle::try_current()
    {
        runtime.spawn(closing);
    }
}
