//! What ran, in order. A transcript holds it: every scenario asks for it with the message `marker`.
//!
//! There is one log for the process, since scenarios run one after the other.

use std::mem;

use parking_lot::Mutex;

static ENTRIES: Mutex<Vec<String>> = Mutex::new(Vec::new());

pub(crate) fn log(entry: impl Into<String>) {
    ENTRIES.lock().push(entry.into());
}

pub(crate) fn take_log() -> Vec<String> {
    mem::take(&mut ENTRIES.lock())
}

/// The message that ends a scenario; enhancers leave it alone.
pub(crate) const MARKER: &str = "marker";
