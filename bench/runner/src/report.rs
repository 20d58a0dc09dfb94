//! The page: ratios first, figures beside them. It must never know how they were measured.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::Result;

use crate::{
    chart,
    plan::Section,
    results::{CaseResult, ParticipantResult, Results},
    statistics::Summary,
    targets::{self, shown},
};

/// Load average before a run from which on something else was at work.
const BUSY: f64 = 1.0;

/// Writes `README.md`.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn write(results: &Results, folder: &Path) -> Result<()> {
    let mut page = String::new();
    head(&mut page, results)?;
    targets_table(&mut page, results)?;
    for section in Section::ALL {
        let name = format!("{section:?}");
        let cases: Vec<&CaseResult> = results.cases.iter().filter(|case| case.section == name).collect();
        if !cases.is_empty() {
            section_tables(&mut page, section, &cases)?;
        }
    }
    builds(&mut page, results)?;
    details(&mut page, results)?;
    fs::create_dir_all(folder)?;
    fs::write(folder.join("README.md"), page)?;
    Ok(())
}

/// The targets, for the end of the run.
pub(crate) fn summary(results: &Results) -> String {
    let mut text = String::from("\n");
    for target in targets::all(results) {
        let Some(measured) = &target.measured else { continue };
        let met = if measured.met { "met    " } else { "NOT MET" };
        let _ = writeln!(
            text,
            "{met}  {:7} {} ({}): {}",
            target.number, target.what, target.limit, measured.text
        );
    }
    text
}

fn head(page: &mut String, results: &Results) -> Result<()> {
    let machine = &results.machine;
    let kind = if results.quick { " by a quick run: fewer rounds, shorter, fewer connections" } else { "" };
    writeln!(page, "# Benchmarks\n")?;
    writeln!(
        page,
        "Written by `bench-runner`, which `scripts/bench.sh` starts{kind}. [bench/README.md](../../bench/README.md) says how it is measured.\n"
    )?;
    writeln!(page, "| | |\n|---|---|")?;
    writeln!(page, "| date | {} UTC, commit {} |", machine.date, machine.commit)?;
    writeln!(page, "| machine | {}, {} GiB, {} |", machine.cpu, machine.memory, machine.kernel)?;
    writeln!(page, "| cores | {} |", results.cores)?;
    writeln!(page, "| load average before | {} |", machine.load_average)?;
    writeln!(page, "| tools | {}; Node {}; {} |", machine.rustc, machine.node, machine.redis)?;
    let peers: Vec<String> =
        results.peers.iter().map(|(name, library, version)| format!("{name}: {library} {version}")).collect();
    writeln!(page, "| peers | {} |\n", peers.join("; "))?;
    writeln!(
        page,
        "**Ratios** are ours to the peer's, below 1 is better: the median of the rounds, each of which measures all peers in turn. \
         In parentheses after a ratio stands its 95 % interval, or what the peer needs. **µs** are user and system time of the \
         server process, from the kernel's account of it, for each message, delivery or connection.\n"
    )?;
    let before: f64 =
        machine.load_average.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or_default();
    if let Some(note) = &results.note {
        writeln!(page, "**Of this run:** {note}\n")?;
    }
    if before > BUSY {
        writeln!(
            page,
            "**The machine was not quiet** (load average {before}): CPU ratios hold roughly, latencies and rates say little.\n"
        )?;
    }
    writeln!(page, "![Server CPU by peer]({})\n", chart::FILE)?;
    Ok(())
}

fn targets_table(page: &mut String, results: &Results) -> Result<()> {
    writeln!(page, "## What must be shown\n")?;
    writeln!(page, "| | ratio of | must be | is | |\n|---|---|---|---|---|")?;
    for target in targets::all(results) {
        let (text, met) = match &target.measured {
            Some(measured) => (measured.text.as_str(), if measured.met { "met" } else { "**not met**" }),
            None => ("not measured", ""),
        };
        writeln!(page, "| {} | {} | {} | {text} | {met} |", target.number, target.what, target.limit)?;
    }
    writeln!(page)?;
    Ok(())
}

fn section_tables(page: &mut String, section: Section, cases: &[&CaseResult]) -> Result<()> {
    let (title, text) = match section {
        Section::Messages => ("Messages", "Server CPU for each message that is answered."),
        Section::Broadcasts => ("Broadcasts and rooms", "Server CPU for each delivery."),
        Section::Plain => ("Plain WebSocket", "`{event, data}` frames, the same gateway; server CPU."),
        Section::Connections => (
            "Connections",
            "Server CPU for each connection; a million divided by it is connections per CPU second.",
        ),
        Section::Memory => ("Memory", "Growth of resident memory since the start, KiB for each connection."),
        Section::Latency => (
            "Latency",
            "The 99th percentile in ms, corrected for coordinated omission: it counts from when a message was due. \
                Both serve the rate that is 70 % of the peer's maximum.",
        ),
        Section::Cluster => ("Cluster", "Server CPU of the receiving server for each delivery."),
        Section::Scaling => {
            ("Scaling", "Server CPU of ours with more of something; flat is what it should be.")
        }
    };
    writeln!(page, "## {title}\n\n{text}\n")?;
    match section {
        Section::Memory => memory(page, cases),
        Section::Latency => latency(page, cases),
        Section::Scaling => scaling(page, cases),
        _ => cpu(page, cases),
    }
}

/// One row a case, one column a peer: the ratio, and what the peer needs.
fn cpu(page: &mut String, cases: &[&CaseResult]) -> Result<()> {
    let mut peers: Vec<&str> = Vec::new();
    for label in cases.iter().flat_map(|case| case.participants.iter().skip(1)).map(|who| who.label.as_str())
    {
        if !peers.contains(&label) {
            peers.push(label);
        }
    }
    writeln!(page, "| | ours, µs | {} |\n|---|---|{}", peers.join(" | "), "---|".repeat(peers.len()))?;
    for case in cases {
        let ours = case
            .ours()
            .and_then(|ours| case.summary(ours))
            .map_or("–".to_owned(), |ours| number(ours.median));
        write!(page, "| {} | {ours} |", case.title)?;
        for peer in &peers {
            let theirs = case.participant(peer).and_then(|theirs| case.summary(theirs));
            match case.ratio(peer).zip(theirs) {
                Some((ratio, theirs)) => {
                    write!(page, " **{:.2}** ({}) |", ratio.median, number(theirs.median))?
                }
                None => write!(page, " |")?,
            }
        }
        writeln!(page)?;
    }
    writeln!(page)?;
    Ok(())
}

fn memory(page: &mut String, cases: &[&CaseResult]) -> Result<()> {
    for case in cases {
        let steps = case
            .ours()
            .and_then(|ours| ours.rounds.first())
            .map_or(0, |round| round.resident.len().saturating_sub(1));
        let columns = ["unused", "after 64 KB each way", "after 500 KB each way"];
        let columns = &columns[..steps.min(columns.len())];
        writeln!(page, "**{}**\n", case.title)?;
        writeln!(page, "| KiB | {} |\n|---|{}", columns.join(" | "), "---|".repeat(columns.len()))?;
        for who in &case.participants {
            write!(page, "| {} |", who.label)?;
            for step in 0..columns.len() {
                let kib = Summary::of(&who.kib(step)).map_or(f64::NAN, |kib| kib.median);
                let ours = case
                    .ours()
                    .and_then(|ours| Summary::of(&ours.kib(step)))
                    .map_or(f64::NAN, |ours| ours.median);
                if who.label.starts_with("gateway") {
                    write!(page, " {kib:.1} |")?;
                } else {
                    write!(page, " **{:.2}** ({kib:.1}) |", ours / kib)?;
                }
            }
            writeln!(page)?;
        }
        writeln!(page)?;
    }
    Ok(())
}

fn latency(page: &mut String, cases: &[&CaseResult]) -> Result<()> {
    writeln!(
        page,
        "| | messages a second | ratio of p99 | ours p50 / p99 / p99.9 | the peer's | generator late, p99 |\n|---|---|---|---|---|---|"
    )?;
    for case in cases {
        let [ours, theirs] = case.participants.as_slice() else { continue };
        let rate = Summary::of(&theirs.rate()).map_or(f64::NAN, |rate| rate.median);
        let ratio = case.ratio(&theirs.label).map_or("–".to_owned(), |ratio| shown(&ratio));
        writeln!(
            page,
            "| {} | {rate:.0} | **{ratio}** | {} | {} | {}, {} |",
            case.title,
            percentiles(ours),
            percentiles(theirs),
            late(ours),
            late(theirs)
        )?;
    }
    writeln!(page)?;
    Ok(())
}

fn percentiles(who: &ParticipantResult) -> String {
    let of = |value: fn(&bench_load::Percentiles) -> f64| {
        let values: Vec<f64> = who.rounds.iter().map(|round| value(&round.latency) / 1_000.0).collect();
        Summary::of(&values).map_or(f64::NAN, |summary| summary.median)
    };
    format!("{:.2} / {:.2} / {:.2} ms", of(|l| l.p50), of(|l| l.p99), of(|l| l.p999))
}

/// How late messages were sent: that much of the latency is the generator's.
fn late(who: &ParticipantResult) -> String {
    let values: Vec<f64> = who.rounds.iter().map(|round| round.late.p99 / 1_000.0).collect();
    format!("{:.2} ms", Summary::of(&values).map_or(f64::NAN, |late| late.median))
}

fn scaling(page: &mut String, cases: &[&CaseResult]) -> Result<()> {
    writeln!(page, "| | µs a message or delivery, at each number | most to least |\n|---|---|---|")?;
    for case in cases {
        let medians: Vec<(String, f64)> = case
            .participants
            .iter()
            .filter_map(|who| Some((who.label.clone(), case.summary(who)?.median)))
            .collect();
        let steps: Vec<String> =
            medians.iter().map(|(label, micros)| format!("{label}: {}", number(*micros))).collect();
        let most = medians.iter().map(|(_, micros)| *micros).fold(f64::NAN, f64::max);
        let least = medians.iter().map(|(_, micros)| *micros).fold(f64::NAN, f64::min);
        writeln!(page, "| {} | {} | {:.2} |", case.title, steps.join(" · "), most / least)?;
    }
    writeln!(page)?;
    Ok(())
}

fn builds(page: &mut String, results: &Results) -> Result<()> {
    if results.builds.is_empty() {
        return Ok(());
    }
    writeln!(
        page,
        "## Builds\n\nThe example `chat` and the same app by hand on socketioxide, by `bench/build.sh`.\n"
    )?;
    writeln!(page, "| | ours | on socketioxide |\n|---|---|---|")?;
    for build in &results.builds {
        writeln!(page, "| {} | {} | **{:.2}** ({}) |", build.what, build.ours, build.ratio, build.theirs)?;
    }
    writeln!(page)?;
    Ok(())
}

/// Everything, for those who doubt.
fn details(page: &mut String, results: &Results) -> Result<()> {
    writeln!(page, "## Details\n\nAll rounds are in [results.json](results.json).\n")?;
    for case in results.cases.iter().filter(|case| case.method == "cpu" || case.method == "remote") {
        writeln!(page, "<details><summary>{}: {}</summary>\n", case.id, case.title.replace('`', ""))?;
        writeln!(
            page,
            "| | µs, median (min–max) | ratio of ours | {}s/s | syscalls | p50 / p99 / p99.9 | CPU share of server, load | overtaken |",
            case.unit
        )?;
        writeln!(page, "|---|---|---|---|---|---|---|---|")?;
        for who in &case.participants {
            let Some(micros) = case.summary(who) else { continue };
            let ratio = if case.ours().is_some_and(|ours| ours.label == who.label) {
                String::new()
            } else {
                case.ratio(&who.label).map(|ratio| shown(&ratio)).unwrap_or_default()
            };
            let rate = Summary::of(&who.rate()).map_or(f64::NAN, |rate| rate.median);
            let syscalls =
                Summary::of(&who.syscalls).map(|each| format!("{:.2}", each.median)).unwrap_or_default();
            let reordered: u64 = who.rounds.iter().map(|round| round.reordered).sum();
            writeln!(
                page,
                "| {} | {} ({}–{}) | {ratio} | {rate:.0} | {syscalls} | {} | {} | {reordered} |",
                who.label,
                number(micros.median),
                number(micros.min),
                number(micros.max),
                percentiles(who),
                shares(who)
            )?;
        }
        writeln!(page, "\n</details>\n")?;
    }
    Ok(())
}

/// How much of a core the server and the generator had.
fn shares(who: &ParticipantResult) -> String {
    let median = |values: Vec<f64>| Summary::of(&values).map_or(f64::NAN, |summary| 100.0 * summary.median);
    let server = who.rounds.iter().filter_map(|round| Some(round.server_cpu.first()? / round.wall)).collect();
    let load = who.rounds.iter().map(|round| round.load_cpu / round.wall).collect();
    format!("{:.0} %, {:.0} %", median(server), median(load))
}

fn number(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.1}") }
}
