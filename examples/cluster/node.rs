//! `Node`: what this server calls itself, so that people see which one they are on.

use std::{env, process};

/// The name in `NODE`; without it one of the process.
#[derive(Debug)]
pub(crate) struct Node(pub(crate) String);

impl Node {
    pub(crate) fn from_environment() -> Self {
        Self(env::var("NODE").unwrap_or_else(|_| format!("rust-{}", process::id())))
    }
}
