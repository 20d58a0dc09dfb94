//! Measures the peers and writes the report. Run with `scripts/bench.sh`, which builds what is measured.

mod builds;
mod chart;
mod cores;
mod machine;
mod measure;
mod peers;
mod plan;
mod report;
mod results;
mod run;
mod server;
mod statistics;
mod targets;

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, ensure};
use clap::Parser;

use crate::{
    cores::Cores,
    machine::Machine,
    measure::{Bench, Counter},
    plan::Mode,
    results::Results,
};

/// Files that a process has open besides its clients, with room.
const OTHER_FILES: u64 = 300;

/// Measures this framework beside its peers: server CPU, syscalls, latency, memory.
#[derive(Debug, Parser)]
#[command(name = "scripts/bench.sh")]
struct Arguments {
    /// Nearly every case in under five minutes: fewer rounds, shorter, fewer connections
    #[arg(long)]
    quick: bool,
    /// Only cases whose id is this or begins with it; may be repeated or a list with commas
    #[arg(long, value_delimiter = ',', value_name = "CASE")]
    only: Vec<String>,
    /// Only these peers (ours takes part in any case, since others are compared to it)
    #[arg(long, value_delimiter = ',', value_name = "PEER")]
    peers: Vec<String>,
    /// So many rounds of each case
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// Prints the cases and ends
    #[arg(long)]
    list: bool,
    /// Makes the report anew from the figures of an earlier run
    #[arg(long)]
    report_only: bool,
    /// What readers of the report must know of this run, or, with --report-only, of the earlier one
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Prints the commands that build what takes part, and ends
    #[arg(long, hide = true)]
    print_builds: bool,
    /// Where the report goes [default: docs/benchmarks; bench/target/benchmarks if it is quick or in part]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// The folder with peers.toml
    #[arg(long, value_name = "FOLDER", default_value = ".", hide = true)]
    folder: PathBuf,
}

fn main() -> ExitCode {
    match work(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nbench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn work(arguments: &Arguments) -> Result<()> {
    let mode = if arguments.quick { Mode::Quick } else { Mode::Full };
    let cases = selected(arguments, mode)?;
    if arguments.list {
        for case in &cases {
            let labels: Vec<&str> = case.participants.iter().map(|who| who.label.as_str()).collect();
            println!("{:22} {} ({})", case.id, case.title, labels.join(", "));
        }
        if arguments.with_builds() {
            println!("{:22} clean and incremental release builds, beside socketioxide", builds::ID);
        }
        return Ok(());
    }
    if arguments.print_builds {
        return print_builds(arguments, &cases);
    }
    let out = arguments.out();
    let json = out.join("results.json");
    let results = if arguments.report_only {
        let text = fs::read_to_string(&json).with_context(|| json.display().to_string())?;
        let mut results: Results = serde_json::from_str(&text)?;
        if arguments.note.is_some() {
            results.note.clone_from(&arguments.note);
            fs::write(&json, serde_json::to_string(&results)? + "\n")?;
        }
        results
    } else {
        let results = measured(arguments, mode, &cases)?;
        fs::create_dir_all(&out)?;
        fs::write(&json, serde_json::to_string(&results)? + "\n")?;
        results
    };
    report::write(&results, &out)?;
    chart::write(&results, &out)?;
    println!("{}", report::summary(&results));
    println!("written: {}", out.display());
    Ok(())
}

impl Arguments {
    /// A quick run, or one in part, does not replace the figures of a full one.
    fn out(&self) -> PathBuf {
        let full = !self.quick && self.only.is_empty() && self.peers.is_empty() && self.rounds.is_none();
        let usual = self.folder.join(if full { "../docs/benchmarks" } else { "target/benchmarks" });
        self.out.clone().unwrap_or(usual)
    }

    /// Builds take minutes, so that they belong to a full run, or are named.
    fn with_builds(&self) -> bool {
        if self.only.is_empty() {
            !self.quick && self.peers.is_empty()
        } else {
            self.only.iter().any(|only| only == builds::ID)
        }
    }
}

/// Each command once, a line each.
fn print_builds(arguments: &Arguments, cases: &[plan::Case]) -> Result<()> {
    let peers = peers::read(&arguments.folder)?;
    let mut printed = Vec::new();
    for participant in cases.iter().flat_map(|case| &case.participants) {
        let peer = peers.iter().find(|peer| peer.name == participant.peer);
        let peer = peer.with_context(|| format!("peers.toml has no peer {}", participant.peer))?;
        let first = if peer.is_node() {
            vec!["npm".to_owned(), "--prefix".into(), "node".into(), "ci".into()]
        } else {
            Vec::new()
        };
        for command in [first, peer.build.clone()] {
            if !command.is_empty() && !printed.contains(&command) {
                println!("{}", command.join(" "));
                printed.push(command);
            }
        }
    }
    Ok(())
}

fn selected(arguments: &Arguments, mode: Mode) -> Result<Vec<plan::Case>> {
    let mut cases = plan::all(mode);
    if !arguments.only.is_empty() {
        for only in arguments.only.iter().filter(|only| *only != builds::ID) {
            ensure!(
                cases.iter().any(|case| case.id.starts_with(only)),
                "no case is called {only}; see --list"
            );
        }
        // One that is named exactly is meant, not those that begin alike.
        let exact = |only: &String| cases.iter().any(|case| case.id == *only);
        let exact: Vec<bool> = arguments.only.iter().map(exact).collect();
        cases.retain(|case| {
            let mut all = arguments.only.iter().zip(&exact);
            all.any(|(only, exact)| if *exact { case.id == *only } else { case.id.starts_with(only) })
        });
    }
    for case in &mut cases {
        if let Some(rounds) = arguments.rounds {
            case.rounds = rounds;
        }
        if !arguments.peers.is_empty() {
            let wanted = |peer: &String| peer.starts_with("gateway") || arguments.peers.contains(peer);
            case.participants.retain(|participant| wanted(&participant.peer));
        }
    }
    cases.retain(|case| case.method != plan::Method::Tail || case.participants.len() == 2);
    ensure!(!cases.is_empty() || arguments.with_builds(), "nothing is left to measure");
    Ok(cases)
}

fn measured(arguments: &Arguments, mode: Mode, cases: &[plan::Case]) -> Result<Results> {
    let files = machine::raise_open_files()?;
    for case in cases {
        let sockets = case.participants.iter().map(|who| who.workload.sockets()).max().unwrap_or_default();
        let needed = sockets as u64 + OTHER_FILES;
        ensure!(
            needed <= files,
            "{} needs {needed} open files and the limit is {files}: raise it (ulimit -Hn), or name other cases with --only",
            case.id
        );
    }
    let folder = fs::canonicalize(&arguments.folder)?;
    let machine = Machine::here(&folder);
    let cores = Cores::find()?;
    let description = cores.description.clone();
    println!("{} · {} · {description} · {files} open files", machine.cpu, machine.kernel);
    let peers = peers::read(&folder)?;
    let bench = Bench { folder, cores, peers, counter: Counter::find() };
    let taking_part = |name: &str| {
        cases.iter().flat_map(|case| &case.participants).any(|participant| participant.peer == name)
    };
    let named = bench.peers.iter().filter(|peer| taking_part(&peer.name));
    let peers = named.map(|peer| (peer.name.clone(), peer.library.clone(), peer.version.clone())).collect();
    let mut results = Results {
        machine,
        cores: description,
        note: arguments.note.clone(),
        quick: mode == Mode::Quick,
        peers,
        cases: Vec::new(),
        builds: Vec::new(),
    };
    // A run that fails late leaves what it has measured.
    let unfinished = bench.folder.join("target/unfinished.json");
    results.cases = run::all(&bench, cases, |so_far| {
        let so_far = Results { cases: so_far.to_vec(), ..results.clone() };
        Ok(fs::write(&unfinished, serde_json::to_string(&so_far)?)?)
    })?;
    if arguments.with_builds() {
        results.builds = builds::measure(&bench.folder)?;
    }
    fs::remove_file(&unfinished).ok();
    Ok(results)
}
