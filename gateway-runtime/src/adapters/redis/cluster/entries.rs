//! What the entries of a stream say, and what they do here.

use gateway_core::{Adapter, Server};

use super::ClusterAdapter;
use super::message::{Kind, ReceivedData};
use crate::adapters::redis::classic::received::Foreign;
use crate::adapters::redis::driver::Entry;
use crate::adapters::redis::streams::entry::EntryMessage;

impl ClusterAdapter {
    /// Takes an entry of this namespace.
    pub(super) fn take_entry(&self, entry: &Entry) {
        let Some(server) = self.server() else { return };
        if self.take_entry_message(&server, entry).is_err() {
            self.bus.stats().ignored();
            tracing::debug!(namespace = &*self.namespace, "an entry that makes no sense was ignored");
        }
    }

    fn take_entry_message(&self, server: &Server, entry: &Entry) -> Result<(), Foreign> {
        let message = EntryMessage::of(entry)?;
        let recovery = self.recovery.get();
        if message.uid == self.uid {
            if let (Some(recovery), Some(key)) = (recovery, message.key) {
                self.read_own(recovery, server, entry.id, key);
            }
            return Ok(());
        }
        let text = message.text()?;
        let mut data: ReceivedData<'_> = text.parse().map_err(|_| Foreign)?;
        if message.kind != Kind::Broadcast || data.request_id.is_some() {
            return self.act(server, message.kind, message.uid, data, &text);
        }
        let to = data.take_options().ok_or(Foreign)?;
        // Without anybody here it need not be decoded, unless somebody is about to come back.
        let is_for_nobody = !to.rooms.is_empty() && !to.rooms.iter().any(|room| self.memory.has_room(room));
        match recovery {
            Some(recovery) if !(is_for_nobody && recovery.nobody_comes_back()) => {
                let payload = data.event(text.attachments()).ok_or(Foreign)?;
                self.put_entry(recovery, server, entry.id, payload, &to);
            }
            None if !is_for_nobody => {
                let payload = data.event(text.attachments()).ok_or(Foreign)?;
                self.memory.broadcast(server, payload, &to);
            }
            _ => {}
        }
        Ok(())
    }
}
