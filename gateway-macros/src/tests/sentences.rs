//! What is refused, with which sentence, and how many mistakes come together.

use proc_macro2::TokenStream;
use quote::quote;

use crate::diagnostics::Errors;
use crate::model::{BlockModel, StructMacro, StructModel};
use crate::validate;

fn of_gateway(attribute: TokenStream, item: TokenStream) -> Vec<String> {
    of_struct(StructMacro::Gateway, attribute, item)
}

fn of_struct(kind: StructMacro, attribute: TokenStream, item: TokenStream) -> Vec<String> {
    let mut errors = Errors::default();
    let model = StructModel::new(kind, attribute, syn::parse2(item).unwrap(), &mut errors);
    validate::structure(&model, &mut errors);
    errors.messages()
}

fn of_options(attribute: TokenStream) -> Vec<String> {
    of_gateway(
        attribute,
        quote!(
            struct Chats;
        ),
    )
}

fn of_handlers(methods: TokenStream) -> Vec<String> {
    let mut errors = Errors::default();
    let block = syn::parse2(quote!(impl Chats { #methods })).unwrap();
    let model = BlockModel::new(quote!(), block, &mut errors);
    validate::block(&model, &mut errors);
    errors.messages()
}

fn of_parameter(parameter: TokenStream) -> Vec<String> {
    of_handlers(quote! {
        #[subscribe_message("event")]
        fn event(&self, #parameter) {}
    })
}

#[test]
fn correct_attributes_are_accepted() {
    let none: Vec<String> = Vec::new();
    assert_eq!(of_options(quote!()), none);
    assert_eq!(of_options(quote!(8080)), none);
    assert_eq!(of_options(quote!(PORT, path = "/ws",)), none);
    assert_eq!(of_options(quote!(config::port(), cors = true, crate = a::b)), none);
    assert_eq!(
        of_options(quote!(cors(origin = ["a", "b"], credentials = a == b), cookie(name = "io"))),
        none
    );
    assert_eq!(of_options(quote!(ping_interval = Duration::from_secs::<A, B>(3), namespace = "a")), none);
    assert_eq!(
        of_struct(
            StructMacro::Injectable,
            quote!(as dyn A, as dyn B + Send),
            quote!(
                struct C;
            )
        ),
        none
    );
    assert_eq!(of_parameter(quote!(#[a::b::message_body(KEY)] key: Option<u8>)), none);
    assert_eq!(of_parameter(quote!(#[message_body(concat!("a", "b"))] key: u8)), none);
    assert_eq!(
        of_parameter(
            quote!(#[message_body("a", Pipe, a::b::Pipe<C>, Pipe::<C>::new(), pipe() as Pipe,)] key: u8)
        ),
        none
    );
    assert_eq!(of_parameter(quote!(#[message_body(Pipe)] #[doc = "kept"] key: u8)), none);
    assert_eq!(of_parameter(quote!(#[message_name] name: &str, #[extract] user: User)), none);
    assert_eq!(of_parameter(quote!(client: &Client, Data { a, b }: Data)), none);
}

#[test]
fn options_are_known_by_their_name() {
    assert_eq!(
        of_options(quote!(namspace = "a")),
        ["there is no option `namspace`; did you mean `namespace`?"]
    );
    assert_eq!(of_options(quote!(pingInterval = 1)), ["write `ping_interval`"]);
    assert!(of_options(quote!(wsEngine = 1))[0].starts_with("`wsEngine` has no meaning here: it chooses"));
    assert_eq!(of_options(quote!(maxHttpBufferSize = 1)), ["write `max_http_buffer_size`"]);
    assert_eq!(of_options(quote!(cors(allowedHeaders = 1))), ["write `allowed_headers`"]);
    assert_eq!(of_options(quote!(cors(orgin = 1))), ["`cors` has no part `orgin`; did you mean `origin`?"]);
    assert_eq!(
        of_options(quote!(port = 1)),
        ["the port is the first argument: write `#[web_socket_gateway(8080)]`"]
    );
    assert_eq!(
        of_options(quote!(adapter = 1)),
        ["an adapter belongs to the app: call `use_web_socket_adapter` on it"]
    );
    assert!(
        of_options(quote!(xyzzy = 1))[0]
            .starts_with("there is no option `xyzzy`; there are: namespace, path, cors")
    );
}

#[test]
fn options_have_one_value() {
    assert_eq!(
        of_options(quote!(path = 1, cors = true, path = 2, cors(origin = 1))),
        ["`path` is given twice", "`cors` is given twice"]
    );
    assert_eq!(of_options(quote!(cors(origin = 1, origin = 2))), ["`origin` is given twice"]);
    assert_eq!(
        of_options(quote!(allow_upgrades)),
        ["`allow_upgrades` has no value: write `allow_upgrades = ..`"]
    );
    assert_eq!(
        of_options(quote!(cors(origin = 1, credentials))),
        ["`credentials` has no value: write `credentials = ..`"]
    );
    assert_eq!(of_options(quote!(path(a = 1))), ["`path` has one value: write `path = ..`"]);
    assert_eq!(
        of_options(quote!(namespace = "a", 8080)),
        ["the port is the first argument; everything after it is `option = value`"]
    );
    assert_eq!(
        of_options(quote!("chats")),
        ["the first argument is the port, a number: write `namespace = ..` or `path = ..`"]
    );
}

#[test]
fn a_mistake_in_one_argument_does_not_hide_the_next() {
    let sentences = of_options(quote!(path = , namspace = "a" "b", cros = true));
    assert_eq!(sentences.len(), 3, "{sentences:?}");
    assert_eq!(sentences[2], "there is no option `cros`; did you mean `cors`?");
}

#[test]
fn structs_are_one_type() {
    assert_eq!(
        of_gateway(
            quote!(),
            quote!(
                struct Chats<T> {
                    last: T,
                }
            )
        )
        .len(),
        1
    );
    assert_eq!(
        of_gateway(
            quote!(as dyn A),
            quote!(
                struct Chats;
            )
        )
        .len(),
        1
    );
    assert_eq!(
        of_gateway(
            quote!(),
            quote!(
                #[injectable]
                struct Chats;
            )
        ),
        ["a gateway is a provider already: keep `#[web_socket_gateway]` and remove `#[injectable]`"]
    );
    assert_eq!(
        of_struct(
            StructMacro::Injectable,
            quote!("name"),
            quote!(
                struct Service;
            )
        ),
        ["`#[injectable]` takes `as dyn Trait` and nothing else"]
    );
}

#[test]
fn fields_have_one_source() {
    let item = quote! {
        struct Chats {
            #[inject] #[web_socket_server] server: Server,
            #[subscribe_message("a")] a: u8,
            #[inject(lowercase)] b: Arc<u8>,
            #[cfg_attr(x, inject)] c: Arc<u8>,
        }
    };
    assert_eq!(of_gateway(quote!(), item).len(), 4);
}

#[test]
fn handlers_share_the_gateway() {
    let take = |receiver: TokenStream| of_handlers(quote!(#[subscribe_message("a")] fn a(#receiver) {}));
    assert!(take(quote!(&mut self))[0].contains("a `Mutex`"));
    assert!(take(quote!(self: &mut Self))[0].contains("a `Mutex`"));
    assert!(take(quote!(self))[0].ends_with("take `&self` or `self: Arc<Self>`"));
    for fine in [quote!(&self), quote!(&'a self), quote!(self: Arc<Self>), quote!(self: &Self), quote!()] {
        assert_eq!(take(fine.clone()), Vec::<String>::new(), "{fine}");
    }
}

#[test]
fn parameters_are_owned_and_of_one_type() {
    let cases = [
        (quote!(text: &str), "a handler owns its body: write `String`"),
        (quote!(#[message_body] text: &'a str), "a handler owns its body: write `String`"),
        (quote!(bytes: &[u8]), "a handler owns its body: write `Vec<u8>`"),
        (quote!(#[message_body] text: &String), "a handler owns its body: remove the `&`"),
        (
            quote!(client: &mut Socket),
            "a handler cannot borrow this mutably: only `&Socket`, `&Server` and `&ExecutionContext` are lent",
        ),
        (quote!(body: impl Any), "a handler is called with one type: name it instead of `impl`"),
        (quote!(body: _), "name the type: it says what the client must send"),
        (quote!(#[ack("a")] ack: Ack), "`#[ack]` takes no arguments"),
        (
            quote!(#[message_body(1)] id: u8),
            "expected the name of a member of the body, or a pipe: `#[message_body(\"roomId\", ParseIntPipe)]`",
        ),
        (
            quote!(#[message_body("a", "b")] id: u8),
            "`#[message_body]` takes one name; what follows are pipes",
        ),
        (quote!(#[extract("user")] user: User), "`#[extract]` takes no arguments"),
        (quote!(#[message_name("a")] name: &str), "`#[message_name]` takes no arguments"),
    ];
    for (parameter, sentence) in cases {
        assert_eq!(of_parameter(parameter.clone()), [sentence], "{parameter}");
    }
}

fn of_enhancers(attributes: TokenStream) -> Vec<String> {
    of_gateway(quote!(), quote!(#attributes struct Chats;))
}

fn of_enhanced_handler(attributes: TokenStream, parameters: TokenStream) -> Vec<String> {
    of_handlers(quote!(#attributes #[subscribe_message("a")] fn a(#parameters) {}))
}

#[test]
fn lists_of_guards_and_their_kin() {
    let none: Vec<String> = Vec::new();
    assert_eq!(
        of_enhancers(quote!(#[use_guards(A, on = "connection", B::new(1, 2),)] #[use_guards(A)])),
        none
    );
    assert_eq!(of_enhancers(quote!(#[use_pipes(A { b: 1 })] #[use_filters(A)] #[use_interceptors(A)])), none);
    assert_eq!(of_enhancers(quote!(#[use_guards(roles(1), roles(1))])), none);
    let cases = [
        (quote!(#[use_guards]), "`#[use_guards]` names none: write `#[use_guards(WsAuthGuard)]`"),
        (quote!(#[use_pipes()]), "`#[use_pipes]` names none: write `#[use_pipes(ValidationPipe)]`"),
        (quote!(#[use_filters(A, a::B<C>, A)]), "`A` is listed already"),
        (quote!(#[use_interceptors(A)] #[use_interceptors(A)]), "`A` is listed already"),
        (quote!(#[use_interceptors(A, on = "connection")]), "`#[use_interceptors]` has no option `on`"),
        (quote!(#[use_guards(A, at = "connection")]), "`#[use_guards]` has no option `at`"),
        (quote!(#[use_guards(A, on = "connection", on = "connection")]), "`on` is given twice"),
        (
            quote!(#[use_guards(A, on = "connect")]),
            "guards are asked before each message, or with `on = \"connection\"` before a client connects",
        ),
        (quote!(#[use_guards = "A"]), "write `#[use_guards(..)]`, with parentheses"),
        (
            quote!(#[extract]),
            "`#[extract]` has no meaning here: it belongs on a parameter of a method with `#[subscribe_message(\"event\")]`",
        ),
    ];
    for (attributes, sentence) in cases {
        assert_eq!(of_enhancers(attributes.clone()), [sentence], "{attributes}");
    }
}

#[test]
fn what_stands_around_a_handler() {
    assert_eq!(
        of_enhanced_handler(quote!(#[use_guards(A, on = "connection")]), quote!()),
        [
            "a client connects to the gateway, not to one handler: write `on = \"connection\"` on the gateway's struct"
        ]
    );
    let no_body = "`a` takes no body, so `#[use_pipes]` means nothing here";
    assert_eq!(of_enhanced_handler(quote!(#[use_pipes(A)]), quote!(#[ack] ack: Ack)), [no_body]);
    for parameters in [quote!(a: A), quote!(#[message_body] a: A)] {
        assert_eq!(of_enhanced_handler(quote!(#[use_pipes(A)]), parameters), Vec::<String>::new());
    }
    assert!(
        of_handlers(quote!(
            #[use_guards(A)]
            fn a() {}
        ))[0]
            .contains("`#[use_guards]` has no meaning here")
    );
    assert!(
        of_handlers(quote!(
            #[cfg_attr(x, use_guards(A))]
            fn a() {}
        ))[0]
            .contains("too late")
    );
    assert!(
        of_struct(
            StructMacro::Injectable,
            quote!(),
            quote!(
                #[use_guards(A)]
                struct Service;
            )
        )[0]
        .contains("it belongs on a struct with `#[web_socket_gateway]`")
    );
}

#[test]
fn metadata_has_a_key_and_a_value() {
    let usage = "write `#[set_metadata(\"key\", value)]`";
    let none: Vec<String> = Vec::new();
    assert_eq!(of_enhancers(quote!(#[set_metadata(KEY, [1])] #[set_metadata("b", a(1),)])), none);
    assert_eq!(of_enhancers(quote!(#[set_metadata])), [usage]);
    assert_eq!(of_enhancers(quote!(#[set_metadata("a")])), [usage]);
    assert_eq!(of_enhancers(quote!(#[set_metadata("a", 1, 2)])), [usage]);
    assert_eq!(
        of_enhancers(quote!(#[set_metadata("a", 1)] #[set_metadata("a", 2)])),
        ["the metadata `\"a\"` is set already"]
    );
    assert!(of_enhancers(quote!(#[set_metadata(1, 2)]))[0].starts_with("a key is a string or a constant"));
}

#[test]
fn all_mistakes_of_a_block_come_together() {
    let sentences = of_handlers(quote! {
        #[subscribe_message]
        fn a<T>(&mut self, #[message_body] #[ack] a: &str, #[cfg(x)] b: u8) {}
        fn b(&self, #[connected_socket] client: Socket) {}
        #[inject]
        fn c(#[message_body] &self) {}
        #[subscribe_message("a")]
        #[subscribe_message("a")]
        #[subscribe_message(1)]
        unsafe extern "C" fn d() {}
    });
    assert_eq!(sentences.len(), 13, "{sentences:#?}");
}

#[test]
fn only_inherent_blocks_of_a_struct_have_handlers() {
    let of = |block: TokenStream| {
        let mut errors = Errors::default();
        let model = BlockModel::new(quote!(), syn::parse2(block).unwrap(), &mut errors);
        validate::block(&model, &mut errors);
        errors.messages().len()
    };
    assert_eq!(of(quote!(impl Chats {})), 0);
    assert_eq!(
        of(quote!(impl super::Chats { const A: u8 = { 1 }; type B = u8; some::call! { fn } fn c() {} })),
        0
    );
    assert_eq!(of(quote!(impl Hook for Chats {})), 1);
    assert_eq!(
        of(quote!(
            impl<T> Chats<T> {}
        )),
        2
    );
    assert_eq!(
        of(quote!(
            impl (Chats,) {}
        )),
        1
    );
}

#[test]
fn an_item_of_another_kind_comes_back_with_one_sentence() {
    let expansion = crate::structure(
        StructMacro::Gateway,
        quote!(),
        quote!(
            enum Chats {}
        ),
    )
    .to_string();
    assert!(expansion.starts_with("enum Chats { }"), "{expansion}");
    assert!(expansion.contains("`#[web_socket_gateway]` belongs on a struct"), "{expansion}");
    let expansion = crate::block(
        quote!(),
        quote!(
            fn chats() {}
        ),
    )
    .to_string();
    assert!(
        expansion.contains("`#[subscribe_messages]` belongs on an `impl` block of the gateway"),
        "{expansion}"
    );
}

#[test]
fn a_half_typed_body_is_passed_on() {
    let block = quote!(impl Chats { #[subscribe_message("a")] fn a(&self) { let b = self. } });
    let expansion = crate::block(quote!(), block).to_string();
    assert!(expansion.contains("let b = self ."), "{expansion}");
    assert!(expansion.contains("HandlersDescriptor"), "{expansion}");
}
