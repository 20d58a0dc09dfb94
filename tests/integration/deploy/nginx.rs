//! The nginx configuration of `docs/deploying`, with a real nginx in front of two instances.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use crate::support::client::within;
use crate::support::process::{Example, deploy_binary, run_script, run_script_for_lines};

/// How long the clients may take in all.
const CLIENTS_LIMIT: Duration = Duration::from_secs(120);

/// A running nginx; dropping it ends it.
struct Nginx {
    port: u16,
    folder: PathBuf,
    _process: Child,
}

impl Nginx {
    /// Runs the configuration of the guide with these instances, changed as `change` says.
    async fn start(name: &str, instances: [SocketAddr; 2], change: impl Fn(String) -> String) -> Self {
        let folder = std::env::temp_dir().join(format!("gateway-nginx-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/deploying/nginx.conf");
        let site = std::fs::read_to_string(guide).expect("the configuration of the guide");
        let mut site = change(site);
        for (from, to) in [
            ("127.0.0.1:3001", instances[0].to_string()),
            ("127.0.0.1:3002", instances[1].to_string()),
            ("listen 8080;", format!("listen {port};")),
        ] {
            assert!(site.contains(from), "{from} is in the configuration");
            site = site.replace(from, &to);
        }
        let at = folder.display();
        let whole = format!(
            "daemon off; worker_processes 1; pid {at}/pid; error_log {at}/error.log warn;\n\
             events {{ worker_connections 512; }}\n\
             http {{ access_log off; client_body_temp_path {at}/body; proxy_temp_path {at}/proxy;\n\
             fastcgi_temp_path {at}/f; uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;\n{site}\n}}\n"
        );
        let file = folder.join("nginx.conf");
        std::fs::write(&file, whole).expect("written");
        let binary = ["/usr/sbin/nginx", "/usr/bin/nginx"].into_iter().find(|path| Path::new(path).is_file());
        let process = Command::new(binary.expect("nginx is installed (Debian: nginx-light)"))
            .arg("-e")
            .arg(folder.join("error.log"))
            .arg("-c")
            .arg(&file)
            .kill_on_drop(true)
            .spawn()
            .expect("nginx starts");
        let listens = async {
            while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        within("nginx to listen", listens).await;
        Self { port, folder, _process: process }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers end by themselves only if it is asked; a kill would leave them.
        if let Ok(id) = std::fs::read_to_string(self.folder.join("pid")) {
            let _ = std::process::Command::new("kill").args(["-s", "TERM", id.trim()]).status();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
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
    let nginx = Nginx::start("cookie", [a.addr(), b.addr()], |site| site).await;
    let arguments = ["--url", &nginx.url(), "--by", "cookie"];
    run_script(&a, "deploy/behind-proxy.mjs", &arguments, CLIENTS_LIMIT).await;
    for path in ["/healthz", "/readyz"] {
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, nginx.port));
        assert_eq!(crate::support::http::get(addr, path, &[]).await.status, 404);
    }
}

#[tokio::test]
async fn sessions_stick_by_address() {
    let [a, b] = instances("0").await;
    let by_address =
        |site: String| site.replacen("hash $route consistent;", "hash $remote_addr consistent;", 1);
    let nginx = Nginx::start("address", [a.addr(), b.addr()], by_address).await;
    let arguments = ["--url", &nginx.url(), "--by", "address"];
    run_script(&a, "deploy/behind-proxy.mjs", &arguments, CLIENTS_LIMIT).await;
}

/// A rolling restart: the clients of an instance that is told to stop come back on the other one.
#[tokio::test]
async fn clients_of_an_instance_that_stops_come_back_on_the_other() {
    let [mut a, b] = instances("500").await;
    let nginx = Nginx::start("rolling", [a.addr(), b.addr()], |site| site).await;
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
