//! A real nginx, on a free port.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use super::client::within;

/// How long nginx may take to end.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// A running nginx; dropping it ends it.
pub(crate) struct Nginx {
    addr: SocketAddr,
    folder: PathBuf,
    process: Child,
}

impl Nginx {
    /// Runs a configuration whose paths are relative. It listens on a free port where it says `listen`, and each text of
    /// `changes`, which must be in it, becomes another one.
    pub(crate) async fn start(
        name: &str,
        mut configuration: String,
        listen: &str,
        changes: &[(&str, String)],
    ) -> Self {
        let folder = std::env::temp_dir().join(format!("gateway-nginx-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let addr = free.local_addr().expect("an address");
        drop(free);
        for (from, to) in
            changes.iter().map(|(from, to)| (*from, to.clone())).chain([(listen, format!("listen {addr};"))])
        {
            assert!(configuration.contains(from), "{from} is in the configuration");
            configuration = configuration.replace(from, &to);
        }
        let file = folder.join("nginx.conf");
        std::fs::write(&file, configuration).expect("written");
        let binary = ["/usr/sbin/nginx", "/usr/bin/nginx"].into_iter().find(|path| Path::new(path).is_file());
        let process = Command::new(binary.expect("nginx is installed (Debian: nginx-light)"))
            .arg("-p")
            .arg(&folder)
            .args(["-e", "stderr", "-c"])
            .arg(&file)
            .kill_on_drop(true)
            .spawn()
            .expect("nginx starts");
        within("nginx to listen", async {
            while TcpStream::connect(addr).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        Self { addr, folder, process }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers end by themselves only if it is asked; a kill would leave them.
        let pid = ["pid", "gateway-cluster.pid"]
            .into_iter()
            .find_map(|name| std::fs::read_to_string(self.folder.join(name)).ok());
        if let Some(id) = pid {
            let _ = std::process::Command::new("kill").args(["-s", "TERM", id.trim()]).status();
            // It is killed when its handle goes: not before it has told its workers.
            let asked = Instant::now();
            while asked.elapsed() < STOP_LIMIT && matches!(self.process.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
