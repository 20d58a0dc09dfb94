//! The parser `socket.io-msgpack-parser` over every transport: the same script against NestJS and against ours.

use std::time::Duration;

use tokio::process::Command;

use crate::support::process::{Example, run_script};

const LIMIT: Duration = Duration::from_secs(120);

const ENVIRONMENT: [(&str, &str); 2] = [("ADAPTER", "io"), ("PARSER", "msgpack")];

#[tokio::test]
async fn ours() {
    let command = Command::new(env!("CARGO_BIN_EXE_pipeline-app"));
    let app = Example::start_command(command, "pipeline-app", &ENVIRONMENT).await;
    run_script(&app, "msgpack.mjs", &["--url", &app.url("http"), "--server", "ours"], LIMIT).await;
}

#[tokio::test]
async fn nestjs() {
    let app = Example::start_nestjs("pipeline", &ENVIRONMENT).await;
    run_script(&app, "msgpack.mjs", &["--url", &app.url("http"), "--server", "nestjs"], LIMIT).await;
}
