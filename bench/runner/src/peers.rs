//! `peers.toml`: who is measured, and how each is started. It must never know a workload.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, ensure};
use bench_load::Protocol;
use serde::Deserialize;

/// One table of the file.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Peer {
    /// As in the report.
    pub(crate) name: String,
    /// What it speaks.
    pub(crate) protocol: Protocol,
    /// What is measured.
    pub(crate) library: String,
    /// Of the library.
    pub(crate) version: String,
    /// How it is built, in the folder of the file.
    pub(crate) build: Vec<String>,
    /// How it is started, in the folder of the file.
    pub(crate) command: Vec<String>,
    /// Besides `PORT` and `REDIS_URL`.
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// Of the WebSocket request, if not the protocol's.
    #[serde(default)]
    path: Option<String>,
}

#[derive(Debug, Deserialize)]
struct File {
    peer: Vec<Peer>,
}

impl Peer {
    /// Where WebSockets are opened.
    pub(crate) fn path(&self) -> String {
        let usual = match self.protocol {
            Protocol::SocketIo => "/socket.io/",
            Protocol::Plain | Protocol::Raw => "/",
        };
        self.path.clone().unwrap_or_else(|| usual.to_owned())
    }

    /// Whether it runs on Node.
    pub(crate) fn is_node(&self) -> bool {
        self.command[0] == "node"
    }

    /// Whether it is this framework's.
    pub(crate) fn is_ours(&self) -> bool {
        self.name.starts_with("gateway")
    }
}

/// Reads the file in `folder`.
///
/// # Errors
/// If it is not there, or says something else than what is expected.
pub(crate) fn read(folder: &Path) -> Result<Vec<Peer>> {
    let path = folder.join("peers.toml");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let file: File = toml::from_str(&text).with_context(|| path.display().to_string())?;
    for peer in &file.peer {
        ensure!(!peer.command.is_empty(), "the peer {} has no command", peer.name);
    }
    Ok(file.peer)
}
