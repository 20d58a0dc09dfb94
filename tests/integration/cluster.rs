//! Several servers behind one Redis: this framework's, `socket.io`'s and a NestJS app's, in one cluster.
//!
//! [`Cluster::start`](nodes::Cluster::start) starts a `redis-server` of the test's own and the servers. Each has a
//! namespace `/cluster`, where clients are, and a namespace `/control`, over which a test asks it to do something
//! (`tests/nestjs/src/cluster/operations.ts` says what): so one test runs over all kinds of servers alike. `example` has the
//! servers of the example instead, `faults` servers whose Redis and whose neighbours go away, with each adapter
//! (`stations` is who speaks and listens meanwhile), `health` what an application says of its Redis. In `sentinel` and `tls`
//! Redis is not one server at one address.

mod classic;
mod example;
mod faults;
mod health;
mod nodes;
mod operations;
mod recovery;
mod redis_server;
mod sentinel;
mod sharded;
mod stations;
mod streams;
mod tls;
