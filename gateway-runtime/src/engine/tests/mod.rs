//! Tests of the engine layer over real sockets (raw HTTP, raw WebSocket, an echo connection as the application),
//! and properties of its codec. What they expect was observed on engine.io 6.6 unless a test says otherwise.

mod closing;
mod limits;
mod payloads;
mod plain;
mod polling;
mod revision_3;
mod support;
mod upgrade;
mod websocket;
