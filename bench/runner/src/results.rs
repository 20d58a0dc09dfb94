//! What was measured, as it is written to `results.json` and read by the report. It must never know how it was measured.

use bench_load::Outcome;
use serde::{Deserialize, Serialize};

use crate::{
    machine::Machine,
    statistics::{Ratio, Summary},
};

/// All of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Results {
    /// Where and when.
    pub(crate) machine: Machine,
    /// Which core ran what.
    pub(crate) cores: String,
    /// What readers must know of this run.
    #[serde(default)]
    pub(crate) note: Option<String>,
    /// Whether it was a quick one.
    pub(crate) quick: bool,
    /// Who took part: name, library, version.
    pub(crate) peers: Vec<(String, String, String)>,
    /// In the order of the report.
    pub(crate) cases: Vec<CaseResult>,
    /// How long applications take to build, if that was measured.
    #[serde(default)]
    pub(crate) builds: Vec<Build>,
}

/// One row of what builds take.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Build {
    /// What is measured.
    pub(crate) what: String,
    /// Ours, with its range.
    pub(crate) ours: String,
    /// By hand on socketioxide.
    pub(crate) theirs: String,
    /// Ours to it.
    pub(crate) ratio: f64,
}

/// One case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CaseResult {
    /// As `--only` names it.
    pub(crate) id: String,
    /// As the report names it.
    pub(crate) title: String,
    /// Its heading.
    pub(crate) section: String,
    /// What is counted.
    pub(crate) unit: String,
    /// How: `cpu`, `remote`, `memory`, `tail`.
    pub(crate) method: String,
    /// In the order of the plan; the first is ours.
    pub(crate) participants: Vec<ParticipantResult>,
}

/// One participant of a case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ParticipantResult {
    /// In the tables.
    pub(crate) label: String,
    /// One a round.
    pub(crate) rounds: Vec<Outcome>,
    /// Syscalls for each that was counted, by round; none if nothing counts them here.
    pub(crate) syscalls: Vec<f64>,
}

impl ParticipantResult {
    /// Microseconds of server CPU for each that was counted, by round.
    pub(crate) fn micros(&self) -> Vec<f64> {
        self.rounds.iter().map(Outcome::micros_each).collect()
    }

    /// The 99th percentile in milliseconds, by round.
    pub(crate) fn p99(&self) -> Vec<f64> {
        self.rounds.iter().map(|round| round.latency.p99 / 1_000.0).collect()
    }

    /// KiB for each connection at a step of a memory case, by round: 0 unused, 1 after the first size, …
    pub(crate) fn kib(&self, step: usize) -> Vec<f64> {
        let each = |round: &Outcome| {
            let (start, then) = (*round.resident.first()?, *round.resident.get(step + 1)?);
            Some((then as f64 - start as f64) / 1024.0 / round.count as f64)
        };
        self.rounds.iter().filter_map(each).collect()
    }

    /// Counted in a second on the wall, by round.
    pub(crate) fn rate(&self) -> Vec<f64> {
        self.rounds.iter().map(|round| round.count as f64 / round.wall).collect()
    }

    /// The main measure of a case, by round.
    pub(crate) fn main(&self, method: &str) -> Vec<f64> {
        match method {
            "memory" => self.kib(0),
            "tail" => self.p99(),
            _ => self.micros(),
        }
    }
}

impl Results {
    /// A case by its id.
    pub(crate) fn case(&self, id: &str) -> Option<&CaseResult> {
        self.cases.iter().find(|case| case.id == id)
    }
}

impl CaseResult {
    /// Ours.
    pub(crate) fn ours(&self) -> Option<&ParticipantResult> {
        self.participants.first()
    }

    /// A participant by its label.
    pub(crate) fn participant(&self, label: &str) -> Option<&ParticipantResult> {
        self.participants.iter().find(|participant| participant.label == label)
    }

    /// How ours compares to another one, by the main measure.
    pub(crate) fn ratio(&self, label: &str) -> Option<Ratio> {
        let theirs = self.participant(label)?;
        Ratio::of(&self.ours()?.main(&self.method), &theirs.main(&self.method))
    }

    /// The main measure of a participant.
    pub(crate) fn summary(&self, participant: &ParticipantResult) -> Option<Summary> {
        Summary::of(&participant.main(&self.method))
    }
}
