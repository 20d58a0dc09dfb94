//! What must be shown, and whether it is. It must never know how a page looks.

use crate::{
    results::{CaseResult, Results},
    statistics::{Ratio, Summary},
};

/// One thing that must be shown.
#[derive(Debug)]
pub(crate) struct Target {
    /// Its number in the list.
    pub(crate) number: &'static str,
    /// What is compared.
    pub(crate) what: String,
    /// What it must be.
    pub(crate) limit: String,
    /// What it is; `None` if it was not measured.
    pub(crate) measured: Option<Measured>,
}

/// What was measured for a target.
#[derive(Debug)]
pub(crate) struct Measured {
    /// With its range.
    pub(crate) text: String,
    /// Whether that is enough.
    pub(crate) met: bool,
}

/// All of them.
pub(crate) fn all(results: &Results) -> Vec<Target> {
    let mut list = List { results, targets: Vec::new() };
    let push = "`push`→`pop`, 50 connections, 16 in flight, to";
    list.at_most("1", push, "push-50x16", "socketioxide", 0.55);
    list.at_most("1", push, "push-50x16", "nestjs-socketio", 0.17);
    list.at_most("1", push, "push-50x16", "raw-axum-batch", 1.3);
    list.one_in_flight();
    for (what, case) in [
        ("broadcast to 500, one at a time, to", "cast-500"),
        ("broadcast to 500, four at a time, to", "cast-500x4"),
        ("broadcast to 500, sixteen at a time, to", "cast-500x16"),
    ] {
        list.at_most("3", what, case, "socketioxide", 0.5);
        list.at_most("3", what, case, "socketio-node", 0.3);
        list.at_most("3", what, case, "raw-axum-cast", 1.3);
    }
    list.kib("idle connection, browser's headers, in a room, after 64 KB each way", 1, 10.0);
    list.kib("the same, never used", 0, 8.0);
    list.at_most("4", "idle polling session, memory, to", "idle-polling", "socketioxide", 0.7);
    list.best_plain();
    list.at_most(
        "6",
        "CPU of a connection, handshake to connected namespace, to",
        "accept",
        "socketioxide",
        0.8,
    );
    for peer in ["socketioxide", "raw-axum", "socketio-node", "nestjs-socketio"] {
        list.at_most("7", "p99 at 70 % of the peer's maximum, to", &format!("tail-{peer}"), peer, 1.0);
    }
    list.builds();
    for (what, case) in [
        ("delivery of a broadcast of another server over Redis, one at a time, to", "remote-500"),
        ("the same, sixteen at a time, to", "remote-500x16"),
    ] {
        list.at_most("cluster", what, case, "socketio-node-redis", 0.25);
        list.at_most("cluster", what, case, "socketioxide-redis", 0.5);
    }
    list.targets
}

struct List<'a> {
    results: &'a Results,
    targets: Vec<Target>,
}

impl List<'_> {
    fn add(&mut self, number: &'static str, what: String, limit: String, measured: Option<Measured>) {
        self.targets.push(Target { number, what, limit, measured });
    }

    fn ratio(&self, case: &str, peer: &str) -> Option<Ratio> {
        self.results.case(case)?.ratio(peer)
    }

    fn at_most(&mut self, number: &'static str, what: &str, case: &str, peer: &str, limit: f64) {
        let measured =
            self.ratio(case, peer).map(|ratio| Measured { text: shown(&ratio), met: ratio.median <= limit });
        self.add(number, format!("{what} {peer}"), format!("≤ {limit}"), measured);
    }

    fn one_in_flight(&mut self) {
        let case = self.results.case("push-50x1");
        let ratio = case.and_then(|case| case.ratio("raw-axum"));
        let measured = ratio.map(|ratio| Measured { text: shown(&ratio), met: ratio.low <= 1.0 });
        self.add(
            "2",
            "one in flight, 50 connections, to raw-axum".to_owned(),
            "1.0 in the interval, or below".to_owned(),
            measured,
        );
        let syscalls =
            |label: &str| case.and_then(|case: &CaseResult| Some(case.participant(label)?.syscalls.clone()));
        let counted = syscalls("gateway").zip(syscalls("raw-axum"));
        let medians =
            counted.as_ref().and_then(|(ours, theirs)| Some((Summary::of(ours)?, Summary::of(theirs)?)));
        let ratio = counted.as_ref().and_then(|(ours, theirs)| Ratio::of(ours, theirs));
        let measured = medians.zip(ratio).map(|((ours, theirs), ratio)| Measured {
            text: format!("{:.2} to {:.2}", ours.median, theirs.median),
            // How many are ready at each wait is chance.
            met: ratio.low <= 1.0,
        });
        self.add(
            "2",
            "the same, syscalls a message".to_owned(),
            "no more, or 1.0 in the interval of the ratio".to_owned(),
            measured,
        );
    }

    fn kib(&mut self, what: &str, step: usize, limit: f64) {
        let ours = self.results.case("idle").and_then(|case| case.ours());
        let measured = ours
            .and_then(|ours| Summary::of(&ours.kib(step)))
            .map(|kib| Measured { text: format!("{:.1} KiB", kib.median), met: kib.median <= limit });
        self.add("4", what.to_owned(), format!("≤ {limit} KiB"), measured);
    }

    fn best_plain(&mut self) {
        let case = self.results.case("plain-50x16");
        // The best peer is the one to which our ratio is the highest.
        let best = ["nest-rs-ws", "arcly"]
            .into_iter()
            .filter_map(|peer| Some((peer, case?.ratio(peer)?)))
            .max_by(|(_, one), (_, other)| one.median.total_cmp(&other.median));
        let name = best.map_or("nest-rs-ws, arcly", |(peer, _)| peer);
        let measured = best.map(|(_, ratio)| Measured { text: shown(&ratio), met: ratio.median <= 0.7 });
        self.add(
            "5",
            format!("plain WebSocket, 50×16, to the best Rust gateway peer, {name}"),
            "≤ 0.7".to_owned(),
            measured,
        );
    }

    fn builds(&mut self) {
        for what in ["clean release build, CPU seconds", "incremental release build, CPU seconds"] {
            let build = self.results.builds.iter().find(|build| build.what == what);
            let measured =
                build.map(|build| Measured { text: format!("{:.2}", build.ratio), met: build.ratio <= 1.3 });
            self.add("8", format!("{what}, to the same app on socketioxide"), "≤ 1.3".to_owned(), measured);
        }
    }
}

/// A ratio with its interval.
pub(crate) fn shown(ratio: &Ratio) -> String {
    format!("{:.2} ({:.2}–{:.2})", ratio.median, ratio.low, ratio.high)
}
