//! The example apps against what their users have: `socket.io-client` 4 and the oldest 3.x over each
//! transport, `ws`, and the pages of `chat` and `auth` in a browser.
//!
//! What is checked stands in `tests/js`; NestJS passes the same checks (`node reference.mjs`), except for `auth`:
//! it has no guards on the connection.

use std::time::Duration;

use crate::support::process::{Example, run_script};

/// How long all checks of an example may take with one client. Each check has a limit of its own as well.
const CHECKS_LIMIT: Duration = Duration::from_secs(120);

/// The same for the browser, which starts slowly on a busy machine.
const BROWSER_LIMIT: Duration = Duration::from_secs(180);

async fn with_socket_io(example: &str, transport: &str, client: &str) {
    let server = Example::start(example, &[]).await;
    let url = server.url("http");
    let arguments = [example, "--url", &url, "--transport", transport, "--client", client];
    run_script(&server, "run.mjs", &arguments, CHECKS_LIMIT).await;
}

async fn in_a_browser(example: &str, script: &str) {
    let server = Example::start(example, &[]).await;
    run_script(&server, script, &["--url", &server.url("http")], BROWSER_LIMIT).await;
}

async fn with_ws(example: &str) {
    let server = Example::start(example, &[("ADAPTER", "ws")]).await;
    let arguments = [example, "--url", &server.url("ws"), "--client", "ws"];
    run_script(&server, "run.mjs", &arguments, CHECKS_LIMIT).await;
}

/// A module for each example: each transport with each client, and the further tests in braces.
macro_rules! examples {
    ($($example:ident $({ $($more:item)* })?)+) => {$(
        mod $example {
            use super::*;

            const EXAMPLE: &str = stringify!($example);

            #[tokio::test]
            async fn websocket_client_4() {
                with_socket_io(EXAMPLE, "websocket", "4").await;
            }

            #[tokio::test]
            async fn websocket_client_3() {
                with_socket_io(EXAMPLE, "websocket", "3").await;
            }

            #[tokio::test]
            async fn polling_client_4() {
                with_socket_io(EXAMPLE, "polling", "4").await;
            }

            #[tokio::test]
            async fn polling_client_3() {
                with_socket_io(EXAMPLE, "polling", "3").await;
            }

            #[tokio::test]
            async fn default_upgrade_client_4() {
                with_socket_io(EXAMPLE, "default", "4").await;
            }

            #[tokio::test]
            async fn default_upgrade_client_3() {
                with_socket_io(EXAMPLE, "default", "3").await;
            }

            $($($more)*)?
        }
    )+};
}

examples! {
    events {
        #[tokio::test]
        async fn plain_web_socket() {
            with_ws(EXAMPLE).await;
        }
    }
    chat {
        #[tokio::test]
        async fn page_in_a_browser() {
            in_a_browser(EXAMPLE, "browser/chat-page.mjs").await;
        }
    }
    channels {
        #[tokio::test]
        async fn plain_web_socket() {
            with_ws(EXAMPLE).await;
        }
    }
    rooms
    notifications
    auth {
        #[tokio::test]
        async fn page_in_a_browser() {
            in_a_browser(EXAMPLE, "browser/auth-page.mjs").await;
        }
    }
}

/// Namespaces that clients make, and clients that come back: what version 3 of the client does not know.
mod namespaces {
    use super::*;

    async fn with_client_4(transport: &str) {
        let server = Example::start("namespaces-app", &[]).await;
        let url = server.url("http");
        let arguments = ["namespaces", "--url", &url, "--transport", transport, "--client", "4"];
        run_script(&server, "run.mjs", &arguments, CHECKS_LIMIT).await;
    }

    #[tokio::test]
    async fn websocket_client_4() {
        with_client_4("websocket").await;
    }

    #[tokio::test]
    async fn polling_client_4() {
        with_client_4("polling").await;
    }

    #[tokio::test]
    async fn default_upgrade_client_4() {
        with_client_4("default").await;
    }
}
