//! What the report says of the machine and of the tools, and the limit of open files.

use std::{fs, path::Path, process::Command};

use anyhow::Result;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};

/// Where it was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// Of the measurement, UTC.
    pub(crate) date: String,
    /// Its name, and how many cores.
    pub(crate) cpu: String,
    /// Name and release.
    pub(crate) kernel: String,
    /// In GiB.
    pub(crate) memory: u64,
    /// `rustc --version`.
    pub(crate) rustc: String,
    /// `node --version`.
    pub(crate) node: String,
    /// `redis-server --version`.
    pub(crate) redis: String,
    /// The commit that was measured.
    pub(crate) commit: String,
    /// Load average before the start: what else ran.
    pub(crate) load_average: String,
}

impl Machine {
    /// This one, now; the commit is that of a folder.
    pub(crate) fn here(folder: &Path) -> Self {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
        let model = model.trim_start_matches([' ', '\t', ':']).to_owned();
        let cores = info.lines().filter(|line| line.starts_with("processor")).count();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let kib: u64 =
            memory.split_ascii_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or_default();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            date: said("date", &["-u", "+%Y-%m-%d %H:%M"]),
            cpu: format!("{model}, {cores} cores"),
            kernel: said("uname", &["-sr"]),
            memory: kib.div_ceil(1024 * 1024),
            rustc: said("rustc", &["--version"]),
            node: said("node", &["--version"]),
            redis: said("redis-server", &["--version"]).split(' ').take(3).collect::<Vec<_>>().join(" "),
            commit: said("git", &["-C", &folder.display().to_string(), "describe", "--always", "--dirty"]),
            load_average: load.split(' ').take(3).collect::<Vec<_>>().join(" "),
        }
    }
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output
        .ok()
        .filter(|output| output.status.success())
        .map_or_else(|| "none".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Raises the limit of open files as far as it goes, for the servers and the generator as well, and says how far that is.
///
/// # Errors
/// If the kernel does not tell.
pub(crate) fn raise_open_files() -> Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft < hard {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    }
    Ok(hard)
}
