//! What it takes to build an application: ours beside the same one written by hand on another server. It must never know how
//! these run.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
    time::{Instant, SystemTime},
};

use anyhow::{Context, Result, ensure};

use crate::results::Build;

/// For `--only`.
pub(crate) const ID: &str = "build";

/// The same application: its name in the report, its package, what is touched.
const APPLICATIONS: [(&str, &str, &str); 2] = [
    ("gateway", "peer-gateway", "peers/gateway/src/lib.rs"),
    ("socketioxide", "peer-socketioxide", "peers/socketioxide/src/lib.rs"),
];

/// How often each is built anew after its source was touched.
const INCREMENTAL: usize = 3;

/// Builds each from nothing, then in turn after touching its source.
///
/// # Errors
/// If a build fails.
pub(crate) fn measure(folder: &Path) -> Result<Vec<Build>> {
    println!("\n{ID}: clean and incremental release builds of the same application");
    let mut builds = Vec::new();
    for (label, package, _) in APPLICATIONS {
        let target = folder.join("target/builds").join(label);
        if target.exists() {
            fs::remove_dir_all(&target)?;
        }
        let clean = vec![build(folder, label, package)?];
        println!("    {label:26} clean: {:.1} s", clean[0]);
        let bytes = fs::metadata(target.join("release").join(package))?.len();
        let dependencies = dependencies(folder, package)?;
        builds.push(Build { label: label.to_owned(), clean, incremental: Vec::new(), dependencies, bytes });
    }
    for _ in 0..INCREMENTAL {
        for ((label, package, source), build_of) in APPLICATIONS.into_iter().zip(&mut builds) {
            let source = folder.join(source);
            File::options().append(true).open(&source)?.set_modified(SystemTime::now())?;
            build_of.incremental.push(build(folder, label, package)?);
            println!(
                "    {label:26} incremental: {:.1} s",
                build_of.incremental.last().copied().unwrap_or_default()
            );
        }
    }
    fs::remove_dir_all(folder.join("target/builds"))?;
    Ok(builds)
}

/// Seconds of a build.
fn build(folder: &Path, label: &str, package: &str) -> Result<f64> {
    let start = Instant::now();
    let status = Command::new("cargo")
        .args(["build", "--release", "--locked", "--quiet", "-p", package, "--target-dir"])
        .arg(folder.join("target/builds").join(label))
        .current_dir(folder)
        .stdin(Stdio::null())
        .status()
        .context("cargo")?;
    ensure!(status.success(), "{package} does not build");
    Ok(start.elapsed().as_secs_f64())
}

/// How many crates a package needs, itself and what all peers share not counted.
fn dependencies(folder: &Path, package: &str) -> Result<usize> {
    let output = Command::new("cargo")
        .args([
            "tree",
            "--locked",
            "-p",
            package,
            "-e",
            "normal,build",
            "--prefix",
            "none",
            "--no-dedupe",
            "--format",
            "{p}",
        ])
        .current_dir(folder)
        .output()
        .context("cargo tree")?;
    ensure!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    let crates: BTreeSet<&str> = text.lines().filter(|line| !line.starts_with("peer-")).collect();
    Ok(crates.len())
}
