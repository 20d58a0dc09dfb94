//! Every client that there is, over each transport: `socket.io-client` 2.5 (in Node, in Node with base64, and the build
//! for browsers, which polls with bytes), the first 3 and 4, the current 4, and python-socketio, against `clients-app`.
//!
//! What is checked stands in `tests/js/clients` and `tests/python`; socket.io itself passes the same checks (`node
//! reference.mjs clients`).

use std::time::Duration;

use crate::support::process::{Example, run_python, run_script};

/// How long all checks may take with one client. Each wait has a limit of its own as well.
const CHECKS_LIMIT: Duration = Duration::from_secs(180);

const APP: &str = "clients-app";

async fn with_client(client: &str, transport: &str) {
    let server = Example::start(APP, &[]).await;
    let url = server.url("http");
    let arguments = ["--url", &url, "--transport", transport, "--client", client];
    run_script(&server, "clients/run.mjs", &arguments, CHECKS_LIMIT).await;
}

async fn with_python(transport: &str) {
    let server = Example::start(APP, &[]).await;
    let arguments = ["--url", &server.url("http"), "--transport", transport];
    run_python(&server, "run.py", &arguments, CHECKS_LIMIT).await;
}

/// A module for each client, with a test for each transport.
macro_rules! clients {
    ($($name:ident: $run:expr;)+) => {$(
        mod $name {
            use super::*;

            #[tokio::test]
            async fn websocket() {
                ($run)("websocket").await;
            }

            #[tokio::test]
            async fn polling() {
                ($run)("polling").await;
            }

            #[tokio::test]
            async fn default_upgrade() {
                ($run)("default").await;
            }
        }
    )+};
}

clients! {
    version_2: |transport| with_client("2", transport);
    version_2_base64: |transport| with_client("2-base64", transport);
    version_2_browser: |transport| with_client("2-browser", transport);
    version_3_0: |transport| with_client("3.0", transport);
    version_4_0: |transport| with_client("4.0", transport);
    version_4: |transport| with_client("4", transport);
    python: with_python;
}
