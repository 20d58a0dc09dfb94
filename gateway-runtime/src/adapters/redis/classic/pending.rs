//! Questions to other servers that wait for answers.

use std::collections::HashMap;

use gateway_core::{Arguments, RemoteAcks, Room};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::wire::Kind;
use crate::adapters::node_socket::NodeSocket;

/// What one server has answered.
pub(super) enum Answer {
    Sockets(Vec<NodeSocket>),
    Rooms(Vec<Room>),
    Value(Arguments),
    /// Nothing that can be read, but it has answered.
    Nothing,
}

/// All questions of one namespace, by the id of their request.
#[derive(Default)]
pub(super) struct PendingRequests {
    questions: Mutex<HashMap<String, Question>>,
    broadcasts: Mutex<HashMap<String, RemoteAcks>>,
}

struct Question {
    kind: Kind,
    expected: usize,
    answers: Vec<Answer>,
    complete: Option<oneshot::Sender<()>>,
}

/// A question that was asked; dropped, it is taken back.
pub(super) struct Asked<'p> {
    pending: &'p PendingRequests,
    id: &'p str,
}

impl PendingRequests {
    /// Expects so many answers; the receiver tells when they are there.
    pub(super) fn ask<'p>(
        &'p self,
        id: &'p str,
        kind: Kind,
        expected: usize,
    ) -> (Asked<'p>, oneshot::Receiver<()>) {
        let (complete, completed) = oneshot::channel();
        let question = Question { kind, expected, answers: Vec::new(), complete: Some(complete) };
        self.questions.lock().insert(id.to_owned(), question);
        (Asked { pending: self, id }, completed)
    }

    /// Whether this server has asked it.
    pub(super) fn is_own(&self, id: &str) -> bool {
        self.questions.lock().contains_key(id) || self.broadcasts.lock().contains_key(id)
    }

    /// What was asked; `None` if nobody waits for an answer.
    pub(super) fn kind(&self, id: &str) -> Option<Kind> {
        self.questions.lock().get(id).map(|question| question.kind)
    }

    /// Adds an answer. More than was expected are left out.
    pub(super) fn answer(&self, id: &str, answer: Answer) {
        let mut questions = self.questions.lock();
        let Some(question) = questions.get_mut(id) else { return };
        if question.answers.len() < question.expected {
            question.answers.push(answer);
        }
        if question.answers.len() == question.expected {
            // Who asked may have given up.
            let _ = question.complete.take().map(|complete| complete.send(()));
        }
    }

    /// Expects acknowledgements of clients of other servers.
    pub(super) fn expect_acks(&self, id: &str, acks: RemoteAcks) {
        self.broadcasts.lock().insert(id.to_owned(), acks);
    }

    /// Expects no more of them.
    pub(super) fn end_acks(&self, id: &str) {
        self.broadcasts.lock().remove(id);
    }

    /// Where acknowledgements of clients of other servers go; `None` if nobody waits for them.
    pub(super) fn acks(&self, id: &str) -> Option<RemoteAcks> {
        self.broadcasts.lock().get(id).cloned()
    }
}

impl Asked<'_> {
    /// The answers so far.
    pub(super) fn take(self) -> Vec<Answer> {
        let question = self.pending.questions.lock().remove(self.id);
        question.map(|question| question.answers).unwrap_or_default()
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.pending.questions.lock().remove(self.id);
    }
}
