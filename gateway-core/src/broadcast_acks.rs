//! The acknowledgements of a broadcast: who was asked, who has answered, and who is missing.
//!
//! Clients of this process answer by name; other processes of a cluster say how many clients they asked
//! and pass the answers on. Nothing in here knows how they are reached.

use std::collections::HashSet;
use std::fmt;
use std::task::{Context, Poll};
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use crate::ack::{Timeout, Waiter, decode};
use crate::arguments::Arguments;
use crate::room::Room;
use crate::socket::Socket;

/// The acknowledgements of a broadcast that have not all come in time (`err.responses` in Socket.IO).
#[derive(Clone, Debug, thiserror::Error)]
#[error("operation has timed out: {} of {expected} clients acknowledged", responses.len())]
pub struct BroadcastAckError<R> {
    /// The answers that came, in the order of their arrival.
    pub responses: Vec<R>,
    /// How many clients were asked, over all servers that told how many they asked.
    pub expected: usize,
    /// The ids of the clients of this server that have not answered: they are gone, or too slow, or their
    /// answer is not of the type that was asked for.
    pub missing: Vec<Room>,
    /// How many other servers have not even told how many clients they asked.
    pub missing_servers: usize,
}

impl<R> BroadcastAckError<R> {
    /// Nobody was asked.
    pub(crate) fn not_sent() -> Self {
        Self { responses: Vec::new(), expected: 0, missing: Vec::new(), missing_servers: 0 }
    }
}

/// What is told to the one who collects.
#[derive(Debug)]
enum Report {
    /// An answer of a client of this process.
    Local(Room, Arguments),
    /// An answer of a client of another process.
    Remote(Arguments),
    /// So many processes were asked.
    Servers(usize),
    /// One of them asked this many clients.
    Clients(usize),
}

/// The side of one client that was asked.
#[derive(Debug)]
pub(crate) struct Asked {
    client: Room,
    reports: mpsc::UnboundedSender<Report>,
}

impl Asked {
    pub(crate) fn answer(self, arguments: Arguments) {
        // Whoever stopped waiting does not want it.
        let _ = self.reports.send(Report::Local(self.client, arguments));
    }
}

/// The side of the other processes of a cluster: what an adapter holds while their answers come in.
///
/// Dropped, it says that none will come any more.
#[derive(Clone, Debug)]
pub struct RemoteAcks(mpsc::UnboundedSender<Report>);

impl RemoteAcks {
    /// So many other processes were asked. Until this is called one is expected, whatever it will be.
    pub fn servers(&self, count: usize) {
        self.report(Report::Servers(count));
    }

    /// One of the processes asked this many clients.
    pub fn clients(&self, count: usize) {
        self.report(Report::Clients(count));
    }

    /// The answer of a client of another process.
    pub fn answer(&self, arguments: Arguments) {
        self.report(Report::Remote(arguments));
    }

    /// Whether nobody waits for answers any more.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Resolves when nobody waits for answers any more.
    pub async fn closed(&self) {
        self.0.closed().await;
    }

    fn report(&self, report: Report) {
        // Whoever stopped waiting does not want it.
        let _ = self.0.send(report);
    }
}

/// The acknowledgements of one broadcast: the raw material of `emit_with_ack` on several sockets.
pub struct BroadcastAcks {
    /// The clients of this process, and the number of what they were asked.
    sockets: Vec<Socket>,
    id: u64,
    /// Those of them that have not answered.
    missing: HashSet<Room>,
    expected: usize,
    received: usize,
    /// Other processes that have not told how many clients they asked; `None` while it is not known how
    /// many processes there are.
    silent_servers: Option<usize>,
    /// Processes that have told it before that.
    early_servers: usize,
    timeout: Timeout,
    reports: mpsc::UnboundedReceiver<Report>,
}

impl BroadcastAcks {
    /// Expects an acknowledgement numbered `id` from each of `sockets`, for `timeout` at most; without one
    /// for as long as they are connected.
    pub fn expect(sockets: &[Socket], id: u64, timeout: Option<Duration>) -> Self {
        Self::new(sockets, id, timeout).0
    }

    /// [`expect`](Self::expect), and answers of clients of other processes as well.
    pub fn expect_with_remote(sockets: &[Socket], id: u64, timeout: Option<Duration>) -> (Self, RemoteAcks) {
        let (mut acks, reports) = Self::new(sockets, id, timeout);
        acks.silent_servers = None;
        (acks, RemoteAcks(reports))
    }

    fn new(sockets: &[Socket], id: u64, timeout: Option<Duration>) -> (Self, mpsc::UnboundedSender<Report>) {
        // Each client answers once, so the channel holds no more reports than clients were asked.
        let (sender, reports) = mpsc::unbounded_channel();
        for socket in sockets {
            let asked = Asked { client: socket.shared_id(), reports: sender.clone() };
            socket.pending_acks().insert(id, Waiter::Many(asked));
        }
        let acks = Self {
            sockets: sockets.to_vec(),
            id,
            missing: sockets.iter().map(Socket::shared_id).collect(),
            expected: sockets.len(),
            received: 0,
            silent_servers: Some(0),
            early_servers: 0,
            timeout: Timeout::new(timeout),
            reports,
        };
        (acks, sender)
    }

    /// How many clients were asked, as far as it is known.
    pub fn expected(&self) -> usize {
        self.expected
    }

    /// The next answer; `None` when all have come, the timeout has passed, or nobody is left who could
    /// answer.
    pub async fn next(&mut self) -> Option<Arguments> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Arguments>> {
        loop {
            if self.silent_servers == Some(0) && self.received >= self.expected {
                return Poll::Ready(None);
            }
            let report = match self.reports.poll_recv(cx) {
                Poll::Ready(Some(report)) => report,
                // Whoever has not answered is gone.
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return self.timeout.poll(cx).map(|()| None),
            };
            if let Some(answer) = self.take(report) {
                self.received += 1;
                return Poll::Ready(Some(answer));
            }
        }
    }

    fn take(&mut self, report: Report) -> Option<Arguments> {
        match report {
            Report::Local(client, answer) => {
                self.missing.remove(&client);
                return Some(answer);
            }
            Report::Remote(answer) => return Some(answer),
            Report::Servers(count) => self.silent_servers = Some(count.saturating_sub(self.early_servers)),
            Report::Clients(count) => {
                self.expected = self.expected.saturating_add(count);
                match &mut self.silent_servers {
                    Some(silent) => *silent = silent.saturating_sub(1),
                    None => self.early_servers += 1,
                }
            }
        }
        None
    }

    /// Waits for all of them and decodes them.
    ///
    /// # Errors
    /// The timeout passed, a client left, or an answer does not decode: the rest is in the error.
    pub(crate) async fn collect<R: DeserializeOwned + Send>(
        mut self,
    ) -> Result<Vec<R>, BroadcastAckError<R>> {
        let mut responses = Vec::new();
        while let Some(answer) = self.next().await {
            responses.extend(decode(&answer).ok());
        }
        let missing_servers = self.silent_servers.unwrap_or(1);
        if responses.len() == self.expected && missing_servers == 0 {
            return Ok(responses);
        }
        let missing = self.missing.iter().cloned().collect();
        Err(BroadcastAckError { responses, expected: self.expected, missing, missing_servers })
    }
}

impl Drop for BroadcastAcks {
    fn drop(&mut self) {
        for socket in &self.sockets {
            socket.pending_acks().remove(self.id);
        }
    }
}

impl fmt::Debug for BroadcastAcks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BroadcastAcks")
            .field("id", &self.id)
            .field("expected", &self.expected)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Server;

    fn answer(text: &str) -> Arguments {
        Arguments::from_value(text).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_missing_is_named() {
        let server = Server::detached();
        let [a, b] = ["a", "b"].map(|id| Socket::detached_in(&server, id));
        let acks = BroadcastAcks::expect(&[a.clone(), b.clone()], 7, Some(Duration::from_secs(5)));
        a.resolve_ack(7, answer("from a"));
        // Late, double and foreign ones change nothing.
        a.resolve_ack(7, answer("again"));
        b.resolve_ack(8, answer("for another question"));
        let error = acks.collect::<String>().await.unwrap_err();
        assert_eq!((error.responses, error.expected), (vec!["from a".to_owned()], 2));
        assert_eq!((error.missing, error.missing_servers), (vec![Room::from("b")], 0));
        b.resolve_ack(7, answer("late"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_leaves_is_not_waited_for() {
        let server = Server::detached();
        let socket = Socket::detached_in(&server, "a");
        let acks = BroadcastAcks::expect(std::slice::from_ref(&socket), 1, None);
        socket.disconnect(false);
        assert_eq!(acks.collect::<String>().await.unwrap_err().missing, [Room::from("a")]);
    }

    #[tokio::test(start_paused = true)]
    async fn other_servers_tell_how_many_they_asked() {
        let timeout = Some(Duration::from_secs(5));
        let (acks, remote) = BroadcastAcks::expect_with_remote(&[], 1, timeout);
        // One server is faster than the count of servers.
        remote.clients(2);
        remote.servers(2);
        remote.answer(answer("x"));
        remote.clients(0);
        remote.answer(answer("y"));
        assert_eq!(acks.collect::<String>().await.unwrap(), ["x", "y"]);
        assert!(remote.is_closed());

        let (acks, remote) = BroadcastAcks::expect_with_remote(&[], 2, timeout);
        remote.servers(2);
        remote.clients(1);
        remote.answer(answer("x"));
        let error = acks.collect::<String>().await.unwrap_err();
        assert_eq!((error.responses.len(), error.expected, error.missing_servers), (1, 1, 1));
    }
}
