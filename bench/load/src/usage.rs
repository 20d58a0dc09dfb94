//! What processes have used: CPU from the kernel's own account of a process, all its threads included, and resident memory.

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use nix::{
    time::{ClockId, clock_getcpuclockid},
    unistd::Pid,
};

/// The CPU clocks of the servers that are measured, and of this process.
#[derive(Debug)]
pub(crate) struct Clocks {
    servers: Vec<(i32, ClockId)>,
}

/// One reading of the clocks.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    at: Instant,
    servers: Vec<Duration>,
    own: Duration,
}

/// What was used between two readings, in seconds.
#[derive(Clone, Debug)]
pub(crate) struct Used {
    /// Time on the wall.
    pub(crate) wall: f64,
    /// User and system time of each server.
    pub(crate) servers: Vec<f64>,
    /// User and system time of the generator.
    pub(crate) own: f64,
}

impl Clocks {
    /// Of these processes.
    ///
    /// # Errors
    /// If one of them does not run.
    pub(crate) fn of(pids: &[i32]) -> Result<Self> {
        let clock = |&pid| {
            let clock =
                clock_getcpuclockid(Pid::from_raw(pid)).with_context(|| format!("no process {pid}"))?;
            Ok((pid, clock))
        };
        Ok(Self { servers: pids.iter().map(clock).collect::<Result<_>>()? })
    }

    /// Reads them all.
    ///
    /// # Errors
    /// If a server has ended.
    pub(crate) fn read(&self) -> Result<Reading> {
        let server = |&(pid, clock): &(i32, ClockId)| {
            clock.now().map(Duration::from).with_context(|| format!("the server {pid} has ended"))
        };
        Ok(Reading {
            at: Instant::now(),
            servers: self.servers.iter().map(server).collect::<Result<_>>()?,
            own: ClockId::CLOCK_PROCESS_CPUTIME_ID.now()?.into(),
        })
    }

    /// Resident memory of each server in bytes.
    ///
    /// # Errors
    /// If a server has ended.
    pub(crate) fn resident(&self) -> Result<Vec<u64>> {
        self.servers.iter().map(|&(pid, _)| resident(pid)).collect()
    }
}

impl Reading {
    /// What was used from here to `later`.
    pub(crate) fn until(&self, later: &Self) -> Used {
        let used = |(from, to): (&Duration, &Duration)| to.saturating_sub(*from).as_secs_f64();
        Used {
            wall: (later.at - self.at).as_secs_f64(),
            servers: self.servers.iter().zip(&later.servers).map(used).collect(),
            own: used((&self.own, &later.own)),
        }
    }
}

/// Resident memory of a process in bytes.
fn resident(pid: i32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("the server has ended")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_process_uses_time_and_memory() {
        let clocks = Clocks::of(&[i32::try_from(std::process::id()).unwrap()]).unwrap();
        let before = clocks.read().unwrap();
        let mut sum = 0_u64;
        for n in 0..10_000_000_u64 {
            sum = std::hint::black_box(sum.wrapping_add(n));
        }
        let used = before.until(&clocks.read().unwrap());
        assert!(used.servers[0] > 0.0 && used.own > 0.0 && used.wall > 0.0);
        assert!(clocks.resident().unwrap()[0] > 100_000);
    }
}
