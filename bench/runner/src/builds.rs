//! What it takes to build an application: ours beside the same one written by hand on another server. `build.sh` measures it; here
//! its page is read. It must never know how these run.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::results::Build;

/// For `--only`.
pub(crate) const ID: &str = "build";

/// Rounds of clean builds; incremental ones are three times as many.
const ROUNDS: &str = "1";

/// Has it measured.
///
/// # Errors
/// If a build fails.
pub(crate) fn measure(folder: &Path) -> Result<Vec<Build>> {
    println!("\n{ID}: clean and incremental builds of the example chat, here and on socketioxide; minutes");
    let page = folder.join("target/building.md");
    let status = Command::new(folder.join("build.sh"))
        .arg(&page)
        .env("ROUNDS", ROUNDS)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .context("build.sh")?;
    ensure!(status.success(), "build.sh has failed");
    let builds = rows(&fs::read_to_string(&page)?);
    ensure!(!builds.is_empty(), "build.sh has written no table");
    for build in &builds {
        println!("    {:42} {} to {}: {:.2}", build.what, build.ours, build.theirs, build.ratio);
    }
    Ok(builds)
}

/// The rows of its table: what, ours, theirs, the ratio.
fn rows(page: &str) -> Vec<Build> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        let &[what, ours, theirs, ratio] = cells.as_slice() else { return None };
        let ratio = ratio.parse().ok()?;
        Some(Build { what: what.to_owned(), ours: ours.to_owned(), theirs: theirs.to_owned(), ratio })
    };
    page.lines().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_of_the_page_are_read_and_its_head_is_not() {
        let page = "# Building\n\n| | this framework | by hand on socketioxide | ratio |\n|---|---|---|---|\n\
            | clean release build, CPU seconds | 51.20 (50.10–52.30) | 40.00 (39.00–41.00) | 1.28 |\n\
            | packages to compile | 120 | 100 | 1.20 |\n";
        let rows = rows(page);
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].what.as_str(), rows[0].ratio), ("clean release build, CPU seconds", 1.28));
        assert_eq!((rows[1].ours.as_str(), rows[1].theirs.as_str()), ("120", "100"));
    }
}
