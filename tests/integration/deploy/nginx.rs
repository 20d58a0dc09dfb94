//! The nginx configuration of `docs/deploying`, with a real nginx in front of two instances.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use crate::support::nginx::Nginx;
use crate::support::process::{Example, deploy_binary, run_script, run_script_for_lines};

/// How long the clients may take in all.
const CLIENTS_LIMIT: Duration = Duration::from_secs(120);

/// Runs the configuration of the guide with these instances, changed as `change` says.
async fn start(name: &str, instances: [SocketAddr; 2], change: impl Fn(String) -> String) -> Nginx {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/deploying/nginx.conf");
    let site = change(std::fs::read_to_string(guide).expect("the configuration of the guide"));
    let whole = format!(
        "daemon off; worker_processes 1; pid pid; error_log stderr warn;\n\
         events {{ worker_connections 512; }}\n\
         http {{ access_log off; client_body_temp_path body; proxy_temp_path proxy;\n\
         fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;\n{site}\n}}\n"
    );
    let changes =
        [("127.0.0.1:3001", instances[0].to_string()), ("127.0.0.1:3002", instances[1].to_string())];
    Nginx::start(name, whole, "listen 8080;", &changes).await
}

async fn instances(drain: &str) -> [Example; 2] {
    let start = async |name| {
        let environment = [("INSTANCE", name), ("TRUST_PROXY", "1"), ("DRAIN", drain)];
        Example::start_command(deploy_binary(), "deploy-app", &environment).await
    };
    [start("a").await, start("b").await]
}

#[tokio::test]
async fn sessions_stick_by_cookie() {
    let [a, b] = instances("0").await;
    let nginx = start("cookie", [a.addr(), b.addr()], |site| site).await;
    let arguments = ["--url", &nginx.url(), "--by", "cookie"];
    run_script(&a, "deploy/behind-proxy.mjs", &arguments, CLIENTS_LIMIT).await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(crate::support::http::get(nginx.addr(), path, &[]).await.status, 404);
    }
}

#[tokio::test]
async fn sessions_stick_by_address() {
    let [a, b] = instances("0").await;
    let by_address =
        |site: String| site.replacen("hash $route consistent;", "hash $remote_addr consistent;", 1);
    let nginx = start("address", [a.addr(), b.addr()], by_address).await;
    let arguments = ["--url", &nginx.url(), "--by", "address"];
    run_script(&a, "deploy/behind-proxy.mjs", &arguments, CLIENTS_LIMIT).await;
}

/// A rolling restart: the clients of an instance that is told to stop come back on the other one.
#[tokio::test]
async fn clients_of_an_instance_that_stops_come_back_on_the_other() {
    let [mut a, b] = instances("500").await;
    let nginx = start("rolling", [a.addr(), b.addr()], |site| site).await;
    let arguments = ["--url", &nginx.url(), "--by", "restart"];
    let (told, connected) = tokio::sync::oneshot::channel();
    let mut told = Some(told);
    let look = move |line: &str| {
        if line == "connected" {
            let _ = told.take().map(|told| told.send(()));
        }
    };
    let clients = run_script_for_lines(&b, "deploy/behind-proxy.mjs", &arguments, CLIENTS_LIMIT, look);
    let restart = async {
        connected.await.expect("clients of both instances");
        a.signal("TERM").await;
        assert!(a.ended().await.success(), "{a}");
    };
    tokio::join!(clients, restart);
}
