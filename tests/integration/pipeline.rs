//! The request pipeline against its model: a NestJS app and `pipeline-app`, which is ported from it line by line, are
//! driven by the same scenarios (`tests/js/pipeline`), and each must tell its clients the same, in the same order.
//!
//! Where ours differs on purpose, [`DIFFERENT_ON_PURPOSE`] names the rule and says what ours does; anything else
//! that differs is a failure. It must never know what a scenario is about.

mod different_on_purpose;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::join;
use tokio::process::Command;

use self::different_on_purpose::{DIFFERENT_ON_PURPOSE, Difference};
use crate::support::process::{Example, run_script_for_lines};

/// How long all scenarios may take against one server. Each has a limit of its own as well.
const SCENARIOS_LIMIT: Duration = Duration::from_secs(180);

/// Enough that scenarios cannot get lost by a mistake in the scripts.
const FEWEST_SCENARIOS: usize = 600;

#[tokio::test]
async fn socket_io() {
    compare(Adapter::Io, Setup::Plain).await;
}

#[tokio::test]
async fn socket_io_with_global_enhancers() {
    compare(Adapter::Io, Setup::GlobalEnhancers).await;
}

#[tokio::test]
async fn socket_io_with_msgpack() {
    compare(Adapter::Io, Setup::MsgPack).await;
}

#[tokio::test]
async fn plain_web_socket() {
    compare(Adapter::Ws, Setup::Plain).await;
}

#[tokio::test]
async fn plain_web_socket_with_global_enhancers() {
    compare(Adapter::Ws, Setup::GlobalEnhancers).await;
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Adapter {
    Io,
    Ws,
}

impl Adapter {
    fn name(self) -> &'static str {
        match self {
            Self::Io => "io",
            Self::Ws => "ws",
        }
    }
}

/// Whether there are guards, interceptors, pipes and filters for the whole app. Without them many handlers of ours go
/// a shorter way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Setup {
    Plain,
    GlobalEnhancers,
    /// As plain, with the parser `socket.io-msgpack-parser` on both sides.
    MsgPack,
}

/// What the clients of one scenario were told.
#[derive(Deserialize)]
struct Transcript {
    scenario: String,
    entries: Vec<Value>,
}

async fn compare(adapter: Adapter, setup: Setup) {
    let mut environment = vec![("ADAPTER", adapter.name())];
    if setup == Setup::GlobalEnhancers {
        environment.push(("GLOBAL_ENHANCERS", "1"));
    }
    if setup == Setup::MsgPack {
        environment.push(("PARSER", "msgpack"));
    }
    let (ours, theirs) = join!(
        async {
            let command = Command::new(env!("CARGO_BIN_EXE_pipeline-app"));
            let app = Example::start_command(command, "pipeline-app", &environment).await;
            transcripts(&app, adapter, setup).await
        },
        async {
            let app = Example::start_nestjs("pipeline", &environment).await;
            transcripts(&app, adapter, setup).await
        },
    );
    assert!(theirs.len() >= FEWEST_SCENARIOS, "there are only {} scenarios", theirs.len());
    let problems = problems(adapter, setup, &ours, &theirs);
    assert!(
        problems.is_empty(),
        "{} of {} scenarios:\n{}",
        problems.len(),
        theirs.len(),
        problems.join("\n")
    );
}

async fn transcripts(app: &Example, adapter: Adapter, setup: Setup) -> Vec<Transcript> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let collected = lines.clone();
    let parser = if setup == Setup::MsgPack { "msgpack" } else { "default" };
    let arguments = ["--url", &app.url("http"), "--adapter", adapter.name(), "--parser", parser];
    run_script_for_lines(app, "pipeline/transcript.mjs", &arguments, SCENARIOS_LIMIT, move |line| {
        collected.lock().push(line.to_owned());
    })
    .await;
    let lines = lines.lock();
    lines.iter().map(|line| serde_json::from_str(line).expect("a transcript is a line of JSON")).collect()
}

/// What is wrong, a text for each scenario.
fn problems(adapter: Adapter, setup: Setup, ours: &[Transcript], theirs: &[Transcript]) -> Vec<String> {
    let ours: BTreeMap<_, _> =
        ours.iter().map(|ours| (ours.scenario.as_str(), ours.entries.as_slice())).collect();
    let mut problems = Vec::new();
    for Transcript { scenario, entries: theirs } in theirs {
        let Some(&ours) = ours.get(scenario.as_str()) else {
            problems.push(format!("{scenario}: not run against ours"));
            continue;
        };
        let meant =
            DIFFERENT_ON_PURPOSE.iter().find(|difference| difference.concerns(scenario, adapter, setup));
        problems.extend(match meant {
            None => unexpected(scenario, ours, theirs),
            Some(difference) => judge(difference, scenario, adapter, ours, theirs),
        });
    }
    let names: BTreeSet<_> = theirs.iter().map(|theirs| theirs.scenario.as_str()).collect();
    let listed = DIFFERENT_ON_PURPOSE.iter().filter(|difference| difference.is_for(adapter, setup));
    let unknown =
        listed.flat_map(|difference| difference.scenarios).filter(|scenario| !names.contains(**scenario));
    problems.extend(
        unknown.map(|scenario| format!("{scenario}: listed as different, but there is no such scenario")),
    );
    problems
}

/// A scenario that must be the same.
fn unexpected(scenario: &str, ours: &[Value], theirs: &[Value]) -> Option<String> {
    (ours != theirs)
        .then(|| format!("{scenario}: not what NestJS does\n{}", side_by_side("NestJS", theirs, ours)))
}

/// A scenario that must differ in the way that is listed.
fn judge(
    difference: &Difference,
    scenario: &str,
    adapter: Adapter,
    ours: &[Value],
    theirs: &[Value],
) -> Option<String> {
    if ours == theirs {
        return Some(format!("{scenario}: listed as different on purpose, but it is not"));
    }
    let (expected, ours) = (difference.expected(adapter), without_global_log(ours));
    (ours != expected).then(|| {
        let rule = difference.rule;
        format!("{scenario}: not what the rule says: {rule}\n{}", side_by_side("the rule", &expected, &ours))
    })
}

/// Leaves out what the enhancers of the whole app say, which is the same in each scenario.
fn without_global_log(entries: &[Value]) -> Vec<Value> {
    let own = |line: &&Value| {
        let line = line.as_str().unwrap_or_default();
        !["guard global", "interceptor global"].iter().any(|global| line.starts_with(global))
    };
    entries
        .iter()
        .filter_map(|entry| match entry.get("log").and_then(Value::as_array) {
            None => Some(entry.clone()),
            Some(lines) => {
                let own: Vec<_> = lines.iter().filter(own).collect();
                (!own.is_empty()).then(|| json!({ "log": own }))
            }
        })
        .collect()
}

/// The entries from the first on that is not the same.
fn side_by_side(whose: &str, expected: &[Value], ours: &[Value]) -> String {
    let same = expected.iter().zip(ours).take_while(|(expected, ours)| expected == ours).count();
    let mut text = format!("  {same} entries are the same, then\n");
    for (who, entries) in [(whose, expected), ("ours", ours)] {
        for entry in &entries[same..] {
            let _ = writeln!(text, "  {who:>8}: {entry}");
        }
        if entries.len() == same {
            let _ = writeln!(text, "  {who:>8}: (nothing more)");
        }
    }
    text
}
