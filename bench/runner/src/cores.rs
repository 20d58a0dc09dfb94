//! Which core runs what. Children inherit the cores of the thread that starts them, so it is changed around each start.

use std::process::{Child, Command};

use anyhow::{Context, Result};
use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    unistd::Pid,
};

/// The core of the server that is measured, and the one of everything else.
#[derive(Clone, Debug)]
pub(crate) struct Cores {
    all: CpuSet,
    server: CpuSet,
    load: CpuSet,
    /// What the report says.
    pub(crate) description: String,
}

impl Cores {
    /// The first and the last that this process may use.
    ///
    /// # Errors
    /// If the kernel does not tell.
    pub(crate) fn find() -> Result<Self> {
        let all = sched_getaffinity(Pid::from_raw(0))?;
        let usable: Vec<usize> =
            (0..CpuSet::count()).filter(|core| all.is_set(*core).unwrap_or(false)).collect();
        let (&first, &last) = usable.first().zip(usable.last()).context("no core is usable")?;
        let only = |core| {
            let mut set = CpuSet::new();
            set.set(core).map(|()| set)
        };
        let description = if first == last {
            "one core: server and load generator share it".to_owned()
        } else {
            format!("server on core {first}, load generator on core {last}")
        };
        Ok(Self { all, server: only(first)?, load: only(last)?, description })
    }

    /// Starts the server that is measured.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(crate) fn server(&self, command: &mut Command) -> Result<Child> {
        self.on(&self.server, command)
    }

    /// Starts something else.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(crate) fn load(&self, command: &mut Command) -> Result<Child> {
        self.on(&self.load, command)
    }

    fn on(&self, set: &CpuSet, command: &mut Command) -> Result<Child> {
        sched_setaffinity(Pid::from_raw(0), set)?;
        let child = command.spawn().with_context(|| format!("cannot start {:?}", command.get_program()));
        sched_setaffinity(Pid::from_raw(0), &self.all)?;
        child
    }
}
