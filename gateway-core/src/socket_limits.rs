//! What one socket of a namespace may have.

use crate::listeners::DEFAULT_MAX_LISTENERS;

/// Rooms of one socket, unless `max_rooms_per_socket` says otherwise.
pub const DEFAULT_MAX_ROOMS: usize = 10_000;

/// What one socket of a namespace may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketLimits {
    /// Rooms, that of its own id not counted: `max_rooms_per_socket`.
    pub max_rooms: usize,
    /// Listeners of all kinds together: `max_listeners`.
    pub max_listeners: usize,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self { max_rooms: DEFAULT_MAX_ROOMS, max_listeners: DEFAULT_MAX_LISTENERS }
    }
}
