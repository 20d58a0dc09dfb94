//! What one receiver gets of a numbered stream: each number once, in order or not. It must never know what is received.

use anyhow::{Result, ensure};

use crate::template::FIRST_ID;

/// The numbers that one receiver has had.
#[derive(Clone, Debug)]
pub(crate) struct Sequence {
    next: u64,
    /// What came before its turn.
    early: Vec<u64>,
}

impl Default for Sequence {
    fn default() -> Self {
        Self { next: FIRST_ID, early: Vec::new() }
    }
}

impl Sequence {
    /// Takes a number; says whether it was its turn.
    ///
    /// # Errors
    /// If it has come before.
    pub(crate) fn receive(&mut self, id: u64) -> Result<bool> {
        ensure!(id >= self.next && !self.early.contains(&id), "the message {id} has come twice");
        if id > self.next {
            self.early.push(id);
            return Ok(false);
        }
        self.next += 1;
        while let Some(place) = self.early.iter().position(|early| *early == self.next) {
            self.early.swap_remove(place);
            self.next += 1;
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_comes_once() {
        let mut sequence = Sequence::default();
        let mut receive = |n| sequence.receive(FIRST_ID + n);
        assert!(receive(0).unwrap());
        assert!(!receive(2).unwrap());
        assert!(receive(2).is_err(), "it has come early");
        assert!(receive(1).unwrap());
        assert!(receive(2).is_err(), "it was its turn");
        assert!(receive(3).unwrap());
        assert!(receive(0).is_err());
    }
}
