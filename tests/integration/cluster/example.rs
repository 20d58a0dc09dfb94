//! The example `cluster`: two servers of it and the same app in NestJS, as its README has them.

use std::path::Path;
use std::time::Duration;

use super::redis_server::RedisServer;
use crate::support::nginx::Nginx;
use crate::support::process::{Example, run_script};

/// How long all checks may take with one client. Each check has a limit of its own as well.
const CHECKS_LIMIT: Duration = Duration::from_secs(180);

/// A Redis, and the servers behind it. Their names are those that their clients are told.
struct Servers {
    all: [Example; 3],
    _redis: RedisServer,
}

impl Servers {
    async fn start(nestjs_only: bool) -> Self {
        let redis = RedisServer::start().await;
        let url = redis.url();
        let start = async |node: &str| {
            let environment = [("REDIS_URL", url.as_str()), ("NODE", node)];
            if nestjs_only || node == "nestjs" {
                Example::start_nestjs("cluster", &environment).await
            } else {
                Example::start("cluster", &environment).await
            }
        };
        let (one, two, nestjs) = tokio::join!(start("rust-1"), start("rust-2"), start("nestjs"));
        Self { all: [one, two, nestjs], _redis: redis }
    }

    async fn pass(&self, transport: &str, client: &str) {
        let urls = self.all.each_ref().map(|server| server.url("http"));
        let mut arguments = vec!["cluster", "--transport", transport, "--client", client];
        for url in &urls {
            arguments.extend(["--url", url]);
        }
        let [one, two, nestjs] = &self.all;
        run_script(&format!("{one}{two}{nestjs}"), "run.mjs", &arguments, CHECKS_LIMIT).await;
    }
}

#[tokio::test]
async fn websocket_client_4() {
    Servers::start(false).await.pass("websocket", "4").await;
}

#[tokio::test]
async fn polling_client_3() {
    Servers::start(false).await.pass("polling", "3").await;
}

#[tokio::test]
async fn default_upgrade_client_4() {
    Servers::start(false).await.pass("default", "4").await;
}

/// The checks are judged themselves: NestJS alone passes them, too.
#[tokio::test]
async fn nestjs_alone() {
    Servers::start(true).await.pass("websocket", "4").await;
}

#[tokio::test]
async fn pages_in_a_browser_behind_nginx() {
    let servers = Servers::start(false).await;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/cluster/nginx.conf");
    let configuration = std::fs::read_to_string(file).expect("the configuration of the example");
    let [one, two, nestjs] = servers.all.each_ref().map(|server| server.addr().to_string());
    let changes = [("127.0.0.1:3001", one), ("127.0.0.1:3002", two), ("127.0.0.1:3003", nestjs)];
    let nginx = Nginx::start("cluster", configuration, "listen 127.0.0.1:8080;", &changes).await;
    let [one, two, nestjs] = &servers.all;
    let arguments = ["--url", &nginx.url()];
    run_script(&format!("{one}{two}{nestjs}"), "browser/cluster-page.mjs", &arguments, CHECKS_LIMIT).await;
}
