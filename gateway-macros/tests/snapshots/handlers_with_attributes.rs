impl ChatsGateway {
    /// A handler.
    fn join(&self, room_id: String, Whole { user }: Whole, client: &Socket) -> String {
        client.join(&room_id);
        user
    }
    #[cfg(feature = "acks")]
    async fn ack(self: Arc<Self>, ack: Ack<u8>) {
        ack.send(1);
    }
    const JOIN: &'static str = "join";
    fn no_handler(&self) {}
}
const _: () = {
    use ::gateway_runtime::__private;
    use __private::body_types::*;
    use __private::replies::*;
    use subscribe_message as _;
    use subscribe_message as _;
    use message_body as _;
    use message_body as _;
    use connected_socket as _;
    use subscribe_message as _;
    use ack as _;
    fn __handle_0<'__a>(
        __instance: &'__a __private::Instance,
        __call: &'__a __private::Call,
    ) -> __private::Outcome<'static> {
        let __parameter_0 = match (&&&__private::Body::<String>::NEW)
            .probe_decode()(__call, ::core::option::Option::Some("roomId"))
        {
            ::core::result::Result::Ok(__taken) => __taken,
            ::core::result::Result::Err(__error) => return __private::failed(__error),
        };
        let __parameter_1 = match (&&&__private::Body::<Whole>::NEW)
            .probe_decode()(__call, ::core::option::Option::None)
        {
            ::core::result::Result::Ok(__taken) => __taken,
            ::core::result::Result::Err(__error) => return __private::failed(__error),
        };
        {
            let __returned = ChatsGateway::join(
                __private::Instance::get::<ChatsGateway>(__instance),
                __parameter_0,
                __parameter_1,
                <&Socket as __private::ConnectedSocket<'__a>>::connected_socket(__call),
            );
            let (__start, __value) = (
                __private::Returns,
                __private::Returned::of(&__returned),
            );
            let __shape = (&&&__value).probe_shape();
            let __error = (&&&&__shape.probe_error()).probe_conversion();
            let __leaf = (&&&&__shape.probe_leaf()).probe_reply_kind();
            __start.run(__returned, __private::Steps::new(__shape, __error, __leaf))
        }
    }
    #[cfg(feature = "acks")]
    fn __handle_1<'__a>(
        __instance: &'__a __private::Instance,
        __call: &'__a __private::Call,
    ) -> __private::Outcome<'__a> {
        __private::nothing_after(
            ChatsGateway::ack(
                <Arc<
                    ChatsGateway,
                > as __private::HandlerReceiver<'__a>>::receiver(__instance),
                <Ack<u8> as __private::AckParameter>::ack(__call),
            ),
        )
    }
    static __HANDLERS: &[__private::HandlerDescriptor] = &[
        __private::HandlerDescriptor {
            event: "joinRoom",
            method: "join",
            takes_ack: false,
            spawn: false,
            enhancers: __private::Enhancers::NONE,
            pipes: &[],
            pipe_classes: &[],
            invoke: __private::Invoke::Owned(__handle_0),
        },
        __private::HandlerDescriptor {
            event: ChatsGateway::JOIN,
            method: "join",
            takes_ack: false,
            spawn: false,
            enhancers: __private::Enhancers::NONE,
            pipes: &[],
            pipe_classes: &[],
            invoke: __private::Invoke::Owned(__handle_0),
        },
        #[cfg(feature = "acks")]
        __private::HandlerDescriptor {
            event: "ack",
            method: "ack",
            takes_ack: true,
            spawn: false,
            enhancers: __private::Enhancers::NONE,
            pipes: &[],
            pipe_classes: &[],
            invoke: __private::Invoke::Borrowed(__handle_1),
        },
    ];
    const __BLOCK: __private::HandlersDescriptor = __private::HandlersDescriptor {
        gateway: __private::gateway_id::<ChatsGateway>(),
        gateway_name: "ChatsGateway",
        location: __private::Location::new(
            ::core::file!(),
            ::core::line!(),
            ::core::column!(),
            ::core::module_path!(),
        ),
        handlers: __HANDLERS,
    };
    __private::inventory::submit! {
        __BLOCK
    }
};
