//! `LobbyGateway`: from one namespace to another.
//!
//! A port of `tests/nestjs/src/rooms/lobby.gateway.ts`.

use gateway_runtime::prelude::*;

/// The default namespace, from where another namespace is spoken to.
#[web_socket_gateway(cors(origin = "*"))]
pub(crate) struct LobbyGateway {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl LobbyGateway {
    /// To everyone in `/rooms`, and to nobody here.
    #[subscribe_message("announce")]
    fn announce(&self, #[message_body] text: String) -> String {
        self.server.of("/rooms").emit("announcement", text);
        "Announced".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_announcement_goes_to_the_other_namespace() {
        let lobby = LobbyGateway { server: Server::detached() };
        assert_eq!(lobby.announce("Dinner!".into()), "Announced");
        assert!(lobby.server.emitted().is_empty());
        let announced = lobby.server.of("/rooms").emitted();
        assert_eq!((announced[0].event.as_str(), announced[0].data()), ("announcement", json!("Dinner!")));
    }
}
