//! Other programs in the tests: example apps that listen, and `node` scripts that drive them.
//!
//! It must never know what an example does or what a script checks. Every program has a time limit and is
//! killed when the test that started it ends, however it ends.

use std::collections::VecDeque;
use std::env;
use std::fmt;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long an example may take until it listens.
const START_LIMIT: Duration = Duration::from_secs(30);

/// How often a wait for a line of a program's output looks for it.
const OUTPUT_PAUSE: Duration = Duration::from_millis(20);

/// How many lines of a program's output a failure shows at most; the oldest go first.
const OUTPUT_LINES: usize = 400;

/// What an example prints on stdout when it listens; its port follows.
const LISTENING: &str = "listening on ";

/// The last lines that a program printed, on stdout and stderr together.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<VecDeque<String>>>);

impl Output {
    fn push(&self, line: String) {
        let mut lines = self.0.lock();
        if lines.len() == OUTPUT_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// Reads `source` to its end; `look` sees each line first.
    fn collect(
        &self,
        source: impl AsyncRead + Unpin + Send + 'static,
        mut look: impl FnMut(&str) + Send + 'static,
    ) -> JoinHandle<()> {
        let output = self.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(source).lines();
            // A line that is no UTF-8 ends the output: none of our programs prints one.
            while let Ok(Some(line)) = lines.next_line().await {
                look(&line);
                output.push(line);
            }
        })
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.lock().iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

/// An example app that listens on a port of its own. Dropping it kills it.
pub(crate) struct Example {
    name: String,
    port: u16,
    output: Output,
    process: Child,
}

impl Example {
    /// Starts an example with further environment variables, and waits until it listens.
    pub(crate) async fn start(name: &str, environment: &[(&str, &str)]) -> Self {
        Self::start_command(Command::new(example_binary(name)), name, environment).await
    }

    /// The same for an app of `tests/nestjs`.
    pub(crate) async fn start_nestjs(name: &str, environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new("node");
        command.args(["dist/main.js", name]).current_dir(nestjs());
        Self::start_command(command, &format!("{name} in NestJS"), environment).await
    }

    /// The same for a script of `tests/nestjs`.
    pub(crate) async fn start_node(script: &str, environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new("node");
        command.arg(script).current_dir(nestjs());
        Self::start_command(command, script, environment).await
    }

    /// The same for any program that prints where it listens.
    pub(crate) async fn start_command(
        mut command: Command,
        name: &str,
        environment: &[(&str, &str)],
    ) -> Self {
        command
            .env("PORT", "0")
            .env_remove("HOST")
            .env_remove("ADAPTER")
            .env_remove("PARSER")
            .env_remove("RUST_LOG");
        command.envs(environment.iter().copied());
        let (mut process, output) = spawn(command, name);
        let (sender, listening) = oneshot::channel();
        let mut sender = Some(sender);
        if let Some(stdout) = process.stdout.take() {
            output.collect(stdout, move |line| {
                let port = line.strip_prefix(LISTENING).and_then(|port| port.parse().ok());
                if let Some((sender, port)) = port.and_then(|port: u16| Some((sender.take()?, port))) {
                    // Whoever waited may have given up.
                    let _ = sender.send(port);
                }
            });
        }
        if let Some(stderr) = process.stderr.take() {
            output.collect(stderr, |_| ());
        }
        match timeout(START_LIMIT, listening).await {
            Ok(Ok(port)) => Self { name: name.to_owned(), port, output, process },
            Ok(Err(_)) => panic!("`{name}` ended before it listened:\n{output}"),
            Err(_) => panic!("`{name}` did not listen within {START_LIMIT:?}:\n{output}"),
        }
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Sends it a signal by its short name, `TERM` for example.
    pub(crate) async fn signal(&self, name: &str) {
        let id = self.process.id().unwrap_or_else(|| panic!("{self} it has ended"));
        send_signal(id, name).await;
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        match timeout(START_LIMIT, self.process.wait()).await {
            Ok(status) => status.expect("the status of a child"),
            Err(_) => panic!("it did not end within {START_LIMIT:?}: {self}"),
        }
    }

    /// Waits until it has printed something.
    pub(crate) async fn printed(&self, text: &str) {
        while !self.output.0.lock().iter().any(|line| line.contains(text)) {
            tokio::time::sleep(OUTPUT_PAUSE).await;
        }
    }

    /// Its address, for clients that speak `scheme` (`http`, `ws`).
    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://127.0.0.1:{}", self.port)
    }
}

impl fmt::Display for Example {
    /// What it printed so far.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` on port {} printed:\n{}", self.name, self.port, self.output)
    }
}

/// Runs a script of `tests/js` and asserts that it succeeds within `limit`; a failure shows what the script
/// and what it drives printed.
pub(crate) async fn run_script(
    example: &impl fmt::Display,
    script: &str,
    arguments: &[&str],
    limit: Duration,
) {
    run_script_for_lines(example, script, arguments, limit, |_| ()).await;
}

/// [`run_script`], where `look` sees each line that the script prints on stdout.
pub(crate) async fn run_script_for_lines(
    example: &impl fmt::Display,
    script: &str,
    arguments: &[&str],
    limit: Duration,
    look: impl FnMut(&str) + Send + 'static,
) {
    let mut command = Command::new("node");
    command.arg(script).args(arguments).current_dir(javascript());
    let title = format!("node {script} {}", arguments.join(" "));
    run_command(example, command, &title, limit, look).await;
}

/// Runs a script of `tests/python`, as [`run_script`] does one of `tests/js`.
pub(crate) async fn run_python(example: &Example, script: &str, arguments: &[&str], limit: Duration) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let python = folder.join(".venv/bin/python");
    assert!(
        python.is_file(),
        "the packages of the Python client are not installed: run `python3 -m venv .venv` and \
         `.venv/bin/pip install -r requirements.txt` in tests/python first"
    );
    let mut command = Command::new(python);
    command.arg(script).args(arguments).current_dir(folder);
    let title = format!("python {script} {}", arguments.join(" "));
    run_command(example, command, &title, limit, |_| ()).await;
}

async fn run_command(
    example: &impl fmt::Display,
    command: Command,
    title: &str,
    limit: Duration,
    look: impl FnMut(&str) + Send + 'static,
) {
    let (mut process, output) = spawn(command, title);
    let readers = [
        process.stdout.take().map(|stdout| output.collect(stdout, look)),
        process.stderr.take().map(|stderr| output.collect(stderr, |_| ())),
    ];
    let ended = async {
        let status = process.wait().await;
        for reader in readers.into_iter().flatten() {
            // A reader ends with its pipe.
            let _ = reader.await;
        }
        status
    };
    match timeout(limit, ended).await {
        Ok(Ok(status)) => assert!(status.success(), "`{title}`: {status}\n{output}{example}"),
        Ok(Err(error)) => panic!("`{title}`: {error}\n{output}{example}"),
        Err(_) => panic!("`{title}` did not end within {limit:?}\n{output}{example}"),
    }
}

fn spawn(mut command: Command, title: &str) -> (Child, Output) {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let process = command.spawn().unwrap_or_else(|error| panic!("`{title}` does not start: {error}"));
    (process, Output::default())
}

/// Cargo puts binaries next to the folder of the test executable: `target/<profile>/deps/integration-…`.
fn example_binary(name: &str) -> PathBuf {
    let tests = env::current_exe().expect("a test executable has a path");
    let profile = tests.ancestors().nth(2).expect("a test executable is in `target/<profile>/deps`");
    let binary = profile.join(format!("{name}{}", env::consts::EXE_SUFFIX));
    assert!(
        binary.is_file(),
        "there is no {}: run `cargo build -p gateway-examples` first (with `--release` if the tests are)",
        binary.display()
    );
    binary
}

/// The app of `tests/bin/deploy_app`, which cargo builds with the tests.
pub(crate) fn deploy_binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_deploy-app"))
}

/// The folder of the NestJS apps, installed and built.
fn nestjs() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("nestjs");
    assert!(
        folder.join("dist/main.js").is_file(),
        "the NestJS apps are not built: run `npm ci && npm run build` in tests/nestjs first"
    );
    folder
}

/// The folder of the JavaScript clients, with their packages installed.
fn javascript() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("js");
    assert!(
        folder.join("node_modules/socket.io-client/package.json").is_file(),
        "the packages of the JavaScript clients are not installed: run `npm ci` in tests/js first"
    );
    folder
}

/// Sends a process a signal by its short name; after `STOP`, waits until none of its threads runs any more.
pub(crate) async fn send_signal(id: u32, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &id.to_string()]).status().await;
    assert!(sent.is_ok_and(|status| status.success()), "SIG{name} was sent");
    if name != "STOP" {
        return;
    }
    let stands = timeout(START_LIMIT, async {
        while !is_stopped(id) {
            tokio::time::sleep(OUTPUT_PAUSE).await;
        }
    });
    assert!(stands.await.is_ok(), "{id} still runs {START_LIMIT:?} after SIGSTOP");
}

/// Whether no thread of a process runs, as Linux tells it.
fn is_stopped(id: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{id}/task")).expect("the threads of a process that runs");
    threads.flatten().all(|thread| {
        // `12 (a name) T ...`; a thread that has ended meanwhile does not run.
        let line = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        line.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('T'))
    })
}
