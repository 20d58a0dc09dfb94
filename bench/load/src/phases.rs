//! Warm-up and measurement: when the clocks are read. It must never know what is counted.

use std::{
    io,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use crate::{
    latency::Latencies,
    spec::{Outcome, Spec},
    usage::{Clocks, Reading},
};

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing counts yet.
    WarmUp,
    /// From now on it counts.
    Begins,
    /// It counts.
    Measuring,
    /// Enough.
    Over,
}

/// The phases of one run.
#[derive(Debug)]
pub(crate) struct Phases {
    clocks: Clocks,
    begin: Instant,
    end: Instant,
    begun: Option<(Reading, u64)>,
    ended: Option<(Reading, u64)>,
}

impl Phases {
    /// Begins the warm-up now, or when it is told to.
    ///
    /// # Errors
    /// If a server does not run.
    pub(crate) fn start(spec: &Spec) -> Result<Self> {
        if spec.pause {
            println!("connected");
            io::stdin().read_line(&mut String::new())?;
        }
        let begin = Instant::now() + Duration::from_secs_f64(spec.warm_up);
        let end = begin + Duration::from_secs_f64(spec.measure);
        Ok(Self { clocks: Clocks::of(&spec.pids)?, begin, end, begun: None, ended: None })
    }

    /// To be called after each turn, with what was counted since the start.
    ///
    /// # Errors
    /// If a server has ended.
    pub(crate) fn tick(&mut self, count: u64) -> Result<Phase> {
        let now = Instant::now();
        if self.begun.is_none() {
            if now < self.begin {
                return Ok(Phase::WarmUp);
            }
            self.begun = Some((self.clocks.read()?, count));
            return Ok(Phase::Begins);
        }
        if now < self.end {
            return Ok(Phase::Measuring);
        }
        self.stop(count)?;
        Ok(Phase::Over)
    }

    /// Counts from here, whatever the time is.
    ///
    /// # Errors
    /// If a server has ended.
    pub(crate) fn begin(&mut self, count: u64) -> Result<()> {
        self.begun = Some((self.clocks.read()?, count));
        Ok(())
    }

    /// Counts up to here.
    ///
    /// # Errors
    /// If a server has ended.
    pub(crate) fn stop(&mut self, count: u64) -> Result<()> {
        self.ended = Some((self.clocks.read()?, count));
        Ok(())
    }

    /// The clocks, for memory.
    pub(crate) fn clocks(&self) -> &Clocks {
        &self.clocks
    }

    /// What is reported.
    ///
    /// # Errors
    /// If nothing was counted.
    pub(crate) fn outcome(self, latencies: &Latencies, reordered: u64) -> Result<Outcome> {
        let (Some((begun, before)), Some((ended, after))) = (self.begun, self.ended) else {
            anyhow::bail!("the measurement did not end");
        };
        ensure!(after > before, "nothing was answered within the measurement");
        let used = begun.until(&ended);
        Ok(Outcome {
            count: after - before,
            wall: used.wall,
            server_cpu: used.servers,
            load_cpu: used.own,
            latency: latencies.percentiles(),
            reordered,
            ..Outcome::default()
        })
    }
}
