//! What one connection has sent and waits for: ids in order, with the times that latency counts from. It must never know what
//! is sent.

use std::{collections::VecDeque, time::Instant};

use anyhow::{Result, bail};

use crate::template::FIRST_ID;

/// The messages under way of one connection.
#[derive(Debug)]
pub(crate) struct Window {
    /// The id of the first entry.
    first: u64,
    since: VecDeque<Option<Instant>>,
    waiting: usize,
}

impl Default for Window {
    fn default() -> Self {
        Self { first: FIRST_ID, since: VecDeque::new(), waiting: 0 }
    }
}

/// What came of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// When its message was sent, or was meant to be sent.
    pub(crate) since: Instant,
    /// Whether it was the oldest that was waited for.
    pub(crate) in_order: bool,
}

impl Window {
    /// The id for the next message, whose latency counts from `since`.
    pub(crate) fn send(&mut self, since: Instant) -> u64 {
        self.since.push_back(Some(since));
        self.waiting += 1;
        self.first + self.since.len() as u64 - 1
    }

    /// How many answers are waited for.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// The answer to `id` has come.
    ///
    /// # Errors
    /// If nobody waits for it: it was never sent, or has been answered already.
    pub(crate) fn receive(&mut self, id: u64) -> Result<Answer> {
        let place = id.checked_sub(self.first).and_then(|place| usize::try_from(place).ok());
        let entry = place.and_then(|place| self.since.get_mut(place));
        let Some(since) = entry.and_then(Option::take) else {
            bail!("an answer with the id {id}, which nobody waits for (from {})", self.first);
        };
        self.waiting -= 1;
        while self.since.front().is_some_and(Option::is_none) {
            self.since.pop_front();
            self.first += 1;
        }
        Ok(Answer { since, in_order: place == Some(0) })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn answers_in_order_and_out_of_order_are_told_apart() {
        let (mut window, start) = (Window::default(), Instant::now());
        let ids: Vec<u64> = (0..4).map(|n| window.send(start + Duration::from_millis(n))).collect();
        assert_eq!(ids, [FIRST_ID, FIRST_ID + 1, FIRST_ID + 2, FIRST_ID + 3]);
        assert!(window.receive(ids[0]).unwrap().in_order);
        let early = window.receive(ids[2]).unwrap();
        assert_eq!((early.in_order, early.since), (false, start + Duration::from_millis(2)));
        assert!(window.receive(ids[1]).unwrap().in_order);
        assert!(window.receive(ids[3]).unwrap().in_order);
        assert_eq!(window.waiting(), 0);
    }

    #[test]
    fn an_answer_that_comes_twice_or_was_not_asked_for_is_an_error() {
        let mut window = Window::default();
        let (one, two) = (window.send(Instant::now()), window.send(Instant::now()));
        window.receive(two).unwrap();
        assert!(window.receive(two).is_err());
        window.receive(one).unwrap();
        assert!(window.receive(one).is_err());
        assert!(window.receive(two + 1).is_err());
        assert!(window.receive(0).is_err());
    }
}
