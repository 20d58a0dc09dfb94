//! Guards and hooks of connections, where we differ from NestJS on purpose.

/// The gateways of Socket.IO, each in a namespace of its own.
pub(crate) mod io {
    use gateway_runtime::prelude::*;

    use crate::exceptions::RefusingGuard;

    pub(crate) type Gateways = (GuardedGateway, GuardedConnectionGateway, FailingHookGateway);

    /// A guard on a gateway does not keep clients from connecting.
    #[use_guards(RefusingGuard)]
    #[web_socket_gateway(namespace = "guarded")]
    pub(crate) struct GuardedGateway;

    #[subscribe_messages]
    impl GuardedGateway {
        #[subscribe_message("guarded")]
        fn guarded(&self) -> &'static str {
            "not reached"
        }
    }

    /// A guard on the connection does.
    #[use_guards(RefusingGuard, on = "connection")]
    #[web_socket_gateway(namespace = "guarded-connection")]
    pub(crate) struct GuardedConnectionGateway;

    #[web_socket_gateway(namespace = "failing-hook")]
    pub(crate) struct FailingHookGateway;

    impl OnGatewayConnection for FailingHookGateway {
        async fn handle_connection(&self, _: Socket) -> HookResult {
            Err(WsException::new("not today"))?
        }
    }
}

/// The gateways of plain WebSocket, each on a path of its own.
pub(crate) mod ws {
    use gateway_runtime::prelude::*;

    use crate::exceptions::RefusingGuard;

    pub(crate) type Gateways = (GuardedPathGateway, GuardedConnectionPathGateway, FailingHookPathGateway);

    #[use_guards(RefusingGuard)]
    #[web_socket_gateway(path = "/guarded")]
    pub(crate) struct GuardedPathGateway;

    #[subscribe_messages]
    impl GuardedPathGateway {
        #[subscribe_message("guarded")]
        fn guarded(&self) -> &'static str {
            "not reached"
        }
    }

    #[use_guards(RefusingGuard, on = "connection")]
    #[web_socket_gateway(path = "/guarded-connection")]
    pub(crate) struct GuardedConnectionPathGateway;

    #[web_socket_gateway(path = "/failing-hook")]
    pub(crate) struct FailingHookPathGateway;

    impl OnGatewayConnection for FailingHookPathGateway {
        async fn handle_connection(&self, _: Socket) -> HookResult {
            Err(WsException::new("not today"))?
        }
    }
}
