//! What stands between an application and its network: TLS, proxies, limits, health, the stop of a real process.

mod drain;
mod limits;
mod nginx;
mod proxies;
mod sockets;
mod tls;
