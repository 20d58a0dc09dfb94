//! Which hooks a gateway implements: a constant of the type itself goes before one of a trait, and is
//! there only if the hook is.
//!
//! It must never know when hooks run.

use std::fmt;
use std::marker::PhantomData;

use crate::hooks::{OnGatewayConnection, OnGatewayDisconnect, OnGatewayInit};
use crate::registry::{ConnectionHook, DisconnectHook, InitHook};

/// The probe of the gateway `G`. [`NoHooks`] must be in scope.
pub struct HooksOf<G>(PhantomData<fn() -> G>);

impl<G> fmt::Debug for HooksOf<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HooksOf")
    }
}

impl<G: OnGatewayInit> HooksOf<G> {
    /// Calls `after_init`.
    pub const INIT: Option<InitHook> =
        Some(|gateway, server| Box::pin(gateway.get::<G>().after_init(server)));
}

impl<G: OnGatewayConnection> HooksOf<G> {
    /// Calls `handle_connection`.
    pub const CONNECTION: Option<ConnectionHook> =
        Some(|gateway, client| Box::pin(gateway.get::<G>().handle_connection(client)));
}

impl<G: OnGatewayDisconnect> HooksOf<G> {
    /// Calls `handle_disconnect`.
    pub const DISCONNECT: Option<DisconnectHook> =
        Some(|gateway, client, reason| Box::pin(gateway.get::<G>().handle_disconnect(client, reason)));
}

/// The constants of a gateway without the hook.
pub trait NoHooks {
    /// No `OnGatewayInit`.
    const INIT: Option<InitHook> = None;
    /// No `OnGatewayConnection`.
    const CONNECTION: Option<ConnectionHook> = None;
    /// No `OnGatewayDisconnect`.
    const DISCONNECT: Option<DisconnectHook> = None;
}

impl<G> NoHooks for HooksOf<G> {}
