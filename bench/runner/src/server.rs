//! A peer that runs, a Redis for those that need one: started, waited for, ended.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{cores::Cores, peers::Peer};

/// For a server to accept, and to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// A process that ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) port: u16,
}

/// A port that nobody has. Another one each time, so that no connection of before is in the way.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).context("no port is free")?;
    Ok(listener.local_addr()?.port())
}

impl Server {
    /// Starts a peer on the server's core, or on the other one, and waits until it accepts.
    ///
    /// # Errors
    /// If it is not there, ends, or says nothing for long.
    pub(crate) fn start(
        folder: &Path,
        peer: &Peer,
        env: &BTreeMap<String, String>,
        cores: &Cores,
        measured: bool,
    ) -> Result<Self> {
        let port = free_port()?;
        let program = &peer.command[0];
        let program = if program.contains('/') { folder.join(program) } else { program.into() };
        let mut command = Command::new(program);
        command.args(&peer.command[1..]).current_dir(folder).envs(&peer.env).envs(env);
        command.env("PORT", port.to_string()).env_remove("RUST_LOG").env_remove("DEBUG");
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let child = if measured { cores.server(&mut command) } else { cores.load(&mut command) };
        let mut server = Self { child: child.with_context(|| format!("the peer {}", peer.name))?, port };
        server.wait_until_ready().with_context(|| format!("the peer {}", peer.name))?;
        Ok(server)
    }

    /// Starts a Redis without persistence.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn redis(cores: &Cores) -> Result<Self> {
        let port = free_port()?;
        let mut command = Command::new("redis-server");
        command.args([
            "--port",
            &port.to_string(),
            "--save",
            "",
            "--appendonly",
            "no",
            "--bind",
            "127.0.0.1",
        ]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let server = Self { child: cores.load(&mut command).context("redis-server")?, port };
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            anyhow::ensure!(Instant::now() < end, "redis-server does not accept");
            thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let out = self.child.stdout.take().context("its output")?;
        let (sender, ready) = mpsc::channel();
        // The thread goes on reading, so that a peer that prints is not held up; it ends with the peer.
        thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if line.trim() == "READY" && sender.send(()).is_err() {
                    break;
                }
            }
        });
        match ready.recv_timeout(PATIENCE) {
            Ok(()) => Ok(()),
            Err(mpsc::RecvTimeoutError::Timeout) => bail!("it does not say READY within {PATIENCE:?}"),
            Err(mpsc::RecvTimeoutError::Disconnected) => bail!("it has ended: {}", self.child.wait()?),
        }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap_or(i32::MAX)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A peer that takes its time to say goodbye to thousands of clients is not waited for.
        let asked = kill(Pid::from_raw(self.pid()), Signal::SIGTERM);
        let end = Instant::now() + Duration::from_millis(if asked.is_ok() { 300 } else { 0 });
        while Instant::now() < end {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
