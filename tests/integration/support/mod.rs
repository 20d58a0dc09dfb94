//! What the tests share.

pub(crate) mod app;
pub(crate) mod certificates;
pub(crate) mod client;
pub(crate) mod http;
pub(crate) mod log;
pub(crate) mod nginx;
pub(crate) mod plain;
pub(crate) mod process;
pub(crate) mod wire;
