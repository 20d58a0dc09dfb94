//! Sets of gateways, as tuples of their types.

use std::any::{TypeId, type_name};

use crate::hooks::Gateway;

/// One gateway or a tuple of gateways: what `only::<(ChatsGateway, EventsGateway)>()` takes.
pub trait GatewaySet {
    /// The types and their names.
    fn gateways() -> Vec<(TypeId, &'static str)>;
}

impl<G: Gateway> GatewaySet for G {
    fn gateways() -> Vec<(TypeId, &'static str)> {
        vec![(TypeId::of::<G>(), type_name::<G>())]
    }
}

macro_rules! tuples {
    ($($name:ident)+) => {
        impl<$($name: Gateway),+> GatewaySet for ($($name,)+) {
            fn gateways() -> Vec<(TypeId, &'static str)> {
                vec![$((TypeId::of::<$name>(), type_name::<$name>())),+]
            }
        }
    };
}

tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
tuples!(A B C D E F G);
tuples!(A B C D E F G H);
