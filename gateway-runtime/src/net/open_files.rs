//! How many connections the operating system lets the process have: each is an open file.

use super::ConnectionOptions;

/// What a process needs beside its clients: listeners, the log, connections to databases.
const RESERVE: u64 = 64;

/// Raises the limit of open files to what the process may have, as Node and Go do at their start, and says if that is too
/// little for `max_connections`.
pub(crate) fn prepare(options: &ConnectionOptions) {
    let Some(limit) = raised(options.raise_open_files) else { return };
    if let Some(max) = options.max_connections
        && u64::try_from(max).unwrap_or(u64::MAX).saturating_add(RESERVE) > limit
    {
        tracing::warn!(
            "max_connections is {max}, but this process may have {limit} files open: raise its limit (`ulimit -n`, \
             `LimitNOFILE` in systemd), or clients wait in vain before max_connections tells them"
        );
    }
}

#[cfg(unix)]
fn raised(raise: bool) -> Option<u64> {
    let limit =
        if raise { rlimit::increase_nofile_limit(u64::MAX) } else { rlimit::Resource::NOFILE.get_soft() };
    limit.inspect_err(|error| tracing::debug!(%error, "the limit of open files is unknown")).ok()
}

/// There is no such limit.
#[cfg(not(unix))]
fn raised(_raise: bool) -> Option<u64> {
    None
}
