//! Clients that wait: they answer heartbeats and nothing else.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::watch;

use crate::client::{Client, Trouble};
use crate::figures::Totals;

/// Connects one.
pub(crate) async fn connect(server: SocketAddr, index: usize) -> Result<Client, Trouble> {
    Client::connect(server, index, "/").await
}

/// Waits until it is told to stop.
pub(crate) async fn run(mut client: Client, totals: Arc<Totals>, mut stop: watch::Receiver<bool>) {
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => {}
        heard = client.hear() => {
            eprintln!("an idle client heard {heard:?}");
            totals.count_dropped();
        }
    }
}
