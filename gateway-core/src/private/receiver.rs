//! How a handler receives its gateway.
//!
//! It must never know what the handler does with it.

use std::any::TypeId;
use std::sync::Arc;

use crate::container::Instance;
use crate::hooks::Gateway;

/// The identity of a gateway, which must be one.
pub const fn gateway_id<G: Gateway>() -> TypeId {
    TypeId::of::<G>()
}

/// The type of a written receiver: `self: Arc<Self>`, `self: &Self`.
#[diagnostic::on_unimplemented(
    message = "a handler takes `&self` or `self: Arc<Self>`, not `self: {Self}`",
    label = "write `&self` or `self: Arc<Self>`"
)]
pub trait HandlerReceiver<'a>: Sized {
    /// The gateway.
    fn receiver(instance: &'a Instance) -> Self;
}

impl<'a, G: Gateway> HandlerReceiver<'a> for &'a G {
    fn receiver(instance: &'a Instance) -> Self {
        instance.get::<G>()
    }
}

impl<'a, G: Gateway> HandlerReceiver<'a> for Arc<G> {
    fn receiver(instance: &'a Instance) -> Self {
        instance.shared::<G>()
    }
}
