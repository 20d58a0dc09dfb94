//! A script's lines, taken apart. Knows no connection.

use super::Server;

/// One step of a script.
#[derive(Debug)]
pub(super) struct Step<'s> {
    pub(super) line: &'s str,
    pub(super) channel: &'s str,
    pub(super) verb: &'s str,
    pub(super) rest: &'s str,
}

/// The steps of a script for this server.
pub(super) fn steps(script: &str, server: Server) -> impl Iterator<Item = Step<'_>> {
    script.lines().filter_map(move |line| {
        let line = line.trim();
        let mut text = line;
        if let Some(rest) = line.strip_prefix('@') {
            let (name, rest) = cut(rest);
            assert!(matches!(name, "rust" | "node"), "no server is called `{name}`: {line}");
            if name != server.name() {
                return None;
            }
            text = rest;
        }
        if text.is_empty() || text.starts_with('#') {
            return None;
        }
        let (channel, rest) = cut(text);
        let (verb, rest) = cut(rest);
        Some(Step { line, channel, verb, rest })
    })
}

/// The first word of a text and what is behind the blank after it.
pub(super) fn cut(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or((text, ""))
}
