//! Tests of the engine layer over real sockets: raw HTTP, raw WebSocket, an echo connection as the
//! application. What they expect was observed on engine.io 6.6 unless a test says otherwise.

mod closing;
mod limits;
mod plain;
mod polling;
mod revision_3;
mod support;
mod upgrade;
mod websocket;
