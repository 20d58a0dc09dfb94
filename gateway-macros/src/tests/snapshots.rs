//! What the macros write, formatted, against the files in `tests/snapshots`.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test -p gateway-macros` writes the files anew.

use std::fs;
use std::path::Path;

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::StructMacro;

fn check(name: &str, expansion: TokenStream) {
    let file = syn::parse2(expansion).unwrap_or_else(|error| panic!("{name} is no Rust: {error}"));
    let formatted = prettyplease::unparse(&file);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name).with_extension("rs");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, formatted).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == formatted,
        "{} differs; UPDATE_SNAPSHOTS=1 writes it anew. The expansion is now:\n{formatted}",
        path.display()
    );
}

#[test]
fn gateway() {
    let attribute = quote!(
        8080,
        namespace = "chats",
        cors(origin = ["http://localhost:3001"], credentials = true),
        cookie = "io"
    );
    let item = quote! {
        /// A gateway.
        #[derive(Debug)]
        pub struct ChatsGateway {
            #[web_socket_server]
            server: Server,
            #[inject]
            chats: Arc<ChatsService>,
            #[inject(DATABASE)]
            database: Option<Arc<dyn Database>>,
            #[cfg(feature = "clock")]
            #[inject(default)]
            clock: Arc<Clock>,
            clients: Mutex<HashMap<String, Socket>>,
        }
    };
    check("gateway", crate::structure(StructMacro::Gateway, attribute, item));
}

#[test]
fn gateway_without_anything() {
    check(
        "gateway_without_anything",
        crate::structure(
            StructMacro::Gateway,
            quote!(),
            quote!(
                struct Events;
            ),
        ),
    );
}

#[test]
fn injectable() {
    let attribute = quote!(as dyn Clock, crate = framework::gateways);
    let item = quote!(
        struct SystemClock(#[inject] Arc<Zone>, Mutex<u64>);
    );
    check("injectable", crate::structure(StructMacro::Injectable, attribute, item));
}

#[test]
fn handlers_with_attributes() {
    let item = quote! {
        impl ChatsGateway {
            /// A handler.
            #[subscribe_message("joinRoom")]
            #[subscribe_message(Self::JOIN)]
            fn join(
                &self,
                #[message_body("roomId")] room_id: String,
                #[message_body] Whole { user }: Whole,
                #[connected_socket] client: &Socket,
            ) -> String {
                client.join(&room_id);
                user
            }

            #[cfg(feature = "acks")]
            #[subscribe_message("ack")]
            async fn ack(self: Arc<Self>, #[ack] ack: Ack<u8>) {
                ack.send(1);
            }

            const JOIN: &'static str = "join";

            fn no_handler(&self) {}
        }
    };
    check("handlers_with_attributes", crate::block(quote!(), item));
}

#[test]
fn handlers_without_attributes() {
    let item = quote! {
        impl ChatsGateway {
            #[subscribe_message("message")]
            fn message<'a>(client: &'a Socket, data: Message, ack: Ack<u8>) {}

            #[subscribe_message("async")]
            async fn asynchronous(&self, client: Socket, data: Message) -> Result<Message, WsException> {
                Ok(data)
            }

            #[subscribe_message("stream")]
            fn stream(&self) -> impl Stream<Item = Message> {}

            fn handle_connection(&self) {}
        }
    };
    check("handlers_without_attributes", crate::block(quote!(crate = framework::gateways), item));
}

#[test]
fn gateway_with_enhancers() {
    let item = quote! {
        #[__use_guards(guards::WsAuthGuard<Claims>)]
        #[use_guards(Admission::new(Self::LIMIT), on = "connection")]
        #[use_pipes(ValidationPipe)]
        #[set_metadata("roles", ["admin"])]
        struct Chats;
    };
    check("gateway_with_enhancers", crate::structure(StructMacro::Gateway, quote!(), item));
}

#[test]
fn handlers_with_enhancers() {
    let item = quote! {
        impl Chats {
            #[use_guards(RolesGuard)]
            #[use_interceptors(LoggingInterceptor::new())]
            #[subscribe_message("a")]
            #[subscribe_message("b")]
            fn around(#[message_name] name: &str, #[extract] user: User) {}

            #[use_pipes(TrimPipe)]
            #[subscribe_message("pipes")]
            async fn pipes(
                &self,
                #[message_body("page", DefaultValuePipe::new(1), ParseIntPipe)] page: u32,
                client: &Socket,
                body: Message,
            ) -> u32 {
                page
            }
        }
    };
    check("handlers_with_enhancers", crate::block(quote!(), item));
}

#[test]
fn mistakes_in_a_gateway() {
    let item = quote! {
        #[injectable]
        struct ChatsGateway<T: Clone> where T: Copy {
            #[inject]
            #[web_socket_server]
            server: Server,
            last: T,
        }
    };
    check("mistakes_in_a_gateway", crate::structure(StructMacro::Gateway, quote!(namspace = "chats"), item));
}

#[test]
fn mistakes_in_handlers() {
    let item = quote! {
        impl ChatsGateway {
            #[subscribe_message("message")]
            fn message(&mut self, #[message_body] text: &str) {}
        }
    };
    check("mistakes_in_handlers", crate::block(quote!(), item));
}
