//! Questions to other servers that wait for answers.

use std::collections::HashMap;
use std::time::Duration;

use gateway_core::{AdapterError, AdapterHealth, Arguments, RemoteAcks, Room, ServerSideAckError, telemetry};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::bus::Bus;
use crate::adapters::node_socket::NodeSocket;

/// What one server has answered.
pub(super) enum Answer {
    Sockets(Vec<NodeSocket>),
    Rooms(Vec<Room>),
    Value(Arguments),
    /// Nothing that can be read, but it has answered.
    Nothing,
}

/// What a server-side emit with acknowledgement ends as: the values that other servers have answered.
pub(super) fn server_side_acks(
    answers: Result<Vec<Answer>, (AdapterError, Vec<Answer>)>,
) -> Result<Vec<Arguments>, ServerSideAckError<Arguments>> {
    let values = |answers: Vec<Answer>| {
        let values = answers.into_iter().filter_map(|answer| match answer {
            Answer::Value(value) => Some(value),
            _ => None,
        });
        values.collect()
    };
    match answers {
        Ok(answers) => Ok(values(answers)),
        Err((error, answers)) => Err(ServerSideAckError { error, responses: values(answers) }),
    }
}

/// All questions of one namespace, by the id of their request. `K` is what was asked.
pub(super) struct PendingRequests<K> {
    questions: Mutex<HashMap<String, Question<K>>>,
    broadcasts: Mutex<HashMap<String, RemoteAcks>>,
}

struct Question<K> {
    kind: K,
    expected: usize,
    answers: Vec<Answer>,
    complete: Option<oneshot::Sender<()>>,
}

/// A question that was asked; dropped, it is taken back.
struct Asked<'p, K> {
    pending: &'p PendingRequests<K>,
    id: &'p str,
}

impl<K> Default for PendingRequests<K> {
    fn default() -> Self {
        Self { questions: Mutex::default(), broadcasts: Mutex::default() }
    }
}

impl<K: Copy> PendingRequests<K> {
    /// Expects so many answers, sends the question and waits for them.
    ///
    /// # Errors
    /// With the answers that came.
    pub(super) async fn gather(
        &self,
        bus: &Bus,
        operation: &'static str,
        (id, kind, expected): (&str, K, usize),
        timeout: Duration,
        send: impl FnOnce(),
    ) -> Result<Vec<Answer>, (AdapterError, Vec<Answer>)> {
        let (asked, completed) = self.ask(id, kind, expected);
        send();
        let complete = tokio::time::timeout(timeout, completed).await.is_ok();
        let answers = asked.take();
        if complete {
            return Ok(answers);
        }
        telemetry::adapter_error(operation);
        let answered = answers.len();
        let error = match bus.health() {
            AdapterHealth::Degraded(reason) => AdapterError::Unavailable(format!(
                "{answered} of {expected} other servers answered, then: {reason}"
            )),
            _ => AdapterError::Timeout { answered, expected },
        };
        Err((error, answers))
    }

    /// Expects so many answers; the receiver tells when they are there.
    fn ask<'p>(&'p self, id: &'p str, kind: K, expected: usize) -> (Asked<'p, K>, oneshot::Receiver<()>) {
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
    pub(super) fn kind(&self, id: &str) -> Option<K> {
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

impl<K> Asked<'_, K> {
    /// The answers so far.
    fn take(self) -> Vec<Answer> {
        let question = self.pending.questions.lock().remove(self.id);
        question.map(|question| question.answers).unwrap_or_default()
    }
}

impl<K> Drop for Asked<'_, K> {
    fn drop(&mut self) {
        self.pending.questions.lock().remove(self.id);
    }
}
