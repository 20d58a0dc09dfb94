//! The rules that NestJS gateways and Socket.IO follow, as clients see them on the wire.

mod bodies;
mod broadcasts;
mod connections;
mod dynamic_namespaces;
mod limits;
mod namespaces;
mod plain;
mod recovery;
mod replies;
mod violations;
