impl ChatsGateway {
    fn message<'a>(client: &'a Socket, data: Message, ack: Ack<u8>) {}
    async fn asynchronous(
        &self,
        client: Socket,
        data: Message,
    ) -> Result<Message, WsException> {
        Ok(data)
    }
    fn stream(&self) -> impl Stream<Item = Message> {}
    fn handle_connection(&self) {}
}
const _: () = {
    use framework::gateways::__private;
    use __private::parameters::*;
    use __private::replies::*;
    use __private::NoHooks as _;
    use subscribe_message as _;
    use subscribe_message as _;
    use subscribe_message as _;
    fn __handle_0<'__a>(
        _: &'__a __private::Instance,
        __call: &'__a __private::Call,
    ) -> __private::Outcome<'static> {
        let __parameter_0 = match (&&&__private::Parameter::<'__a, &'_ Socket>::NEW)
            .probe_take(__call)
        {
            ::core::result::Result::Ok(__taken) => __taken,
            ::core::result::Result::Err(__error) => return __private::failed(__error),
        };
        let __parameter_1 = match (&&&__private::Parameter::<'__a, Message>::NEW)
            .probe_take(__call)
        {
            ::core::result::Result::Ok(__taken) => __taken,
            ::core::result::Result::Err(__error) => return __private::failed(__error),
        };
        let __parameter_2 = match (&&&__private::Parameter::<'__a, Ack<u8>>::NEW)
            .probe_take(__call)
        {
            ::core::result::Result::Ok(__taken) => __taken,
            ::core::result::Result::Err(__error) => return __private::failed(__error),
        };
        {
            ChatsGateway::message(__parameter_0, __parameter_1, __parameter_2);
            __private::nothing()
        }
    }
    const _: () = ::core::assert!(
        __private::bodies(& [< __private::Parameter < '_, & '_ Socket >> ::KIND, <
        __private::Parameter < '_, Message >> ::KIND, < __private::Parameter < '_, Ack <
        u8 > >> ::KIND]) <= 1usize,
        "two parameters of `message` would be the body: add `#[message_body(\"key\")]` to each, or take one struct"
    );
    fn __handle_1<'__a>(
        __instance: &'__a __private::Instance,
        __call: &'__a __private::Call,
    ) -> __private::Outcome<'__a> {
        let __parameter_0 = match (&&&__private::Parameter::<'__a, Socket>::NEW)
            .probe_take(__call)
        {
            ::core::result::Result::Ok(__taken) => __taken,
            ::core::result::Result::Err(__error) => return __private::failed(__error),
        };
        let __parameter_1 = match (&&&__private::Parameter::<'__a, Message>::NEW)
            .probe_take(__call)
        {
            ::core::result::Result::Ok(__taken) => __taken,
            ::core::result::Result::Err(__error) => return __private::failed(__error),
        };
        {
            let __returned = ChatsGateway::asynchronous(
                __private::Instance::get::<ChatsGateway>(__instance),
                __parameter_0,
                __parameter_1,
            );
            let (__start, __value) = (
                __private::Awaits,
                __private::Returned::output_of(&__returned),
            );
            let __shape = (&&&__value).probe_shape();
            let __error = (&&&&__shape.probe_error()).probe_conversion();
            let __leaf = (&&&&__shape.probe_leaf()).probe_reply_kind();
            let __item = (&&&__leaf.probe_item()).probe_shape();
            let __item_error = (&&&&__item.probe_error()).probe_conversion();
            let __item_leaf = (&&&&__item.probe_leaf()).probe_reply_kind();
            let __leaf = __leaf
                .probe_items(__private::Steps::new(__item, __item_error, __item_leaf));
            __start.run(__returned, __private::Steps::new(__shape, __error, __leaf))
        }
    }
    const _: () = ::core::assert!(
        __private::bodies(& [< __private::Parameter < '_, Socket >> ::KIND, <
        __private::Parameter < '_, Message >> ::KIND]) <= 1usize,
        "two parameters of `asynchronous` would be the body: add `#[message_body(\"key\")]` to each, or take one struct"
    );
    fn __handle_2<'__a>(
        __instance: &'__a __private::Instance,
        _: &'__a __private::Call,
    ) -> __private::Outcome<'__a> {
        {
            let __returned = ChatsGateway::stream(
                __private::Instance::get::<ChatsGateway>(__instance),
            );
            let (__start, __value) = (&&__private::Returned::of(&__returned))
                .probe_start();
            let __shape = (&&&__value).probe_shape();
            let __error = (&&&&__shape.probe_error()).probe_conversion();
            let __leaf = (&&&&__shape.probe_leaf()).probe_reply_kind();
            let __item = (&&&__leaf.probe_item()).probe_shape();
            let __item_error = (&&&&__item.probe_error()).probe_conversion();
            let __item_leaf = (&&&&__item.probe_leaf()).probe_reply_kind();
            let __leaf = __leaf
                .probe_items(__private::Steps::new(__item, __item_error, __item_leaf));
            __start.run(__returned, __private::Steps::new(__shape, __error, __leaf))
        }
    }
    const _: () = ::core::assert!(
        ::core::option::Option::is_some(& < __private::HooksOf < ChatsGateway >>
        ::CONNECTION),
        "nothing calls `handle_connection` here: move it to `impl OnGatewayConnection for ChatsGateway`"
    );
    static __HANDLERS: &[__private::HandlerDescriptor] = &[
        __private::HandlerDescriptor {
            event: "message",
            method: "message",
            takes_ack: __private::takes_ack(
                &[
                    <__private::Parameter<'_, &'_ Socket>>::KIND,
                    <__private::Parameter<'_, Message>>::KIND,
                    <__private::Parameter<'_, Ack<u8>>>::KIND,
                ],
            ),
            spawn: false,
            enhancers: __private::Enhancers::NONE,
            pipes: &[],
            pipe_classes: &[],
            invoke: __private::Invoke::Owned(__handle_0),
        },
        __private::HandlerDescriptor {
            event: "async",
            method: "asynchronous",
            takes_ack: __private::takes_ack(
                &[
                    <__private::Parameter<'_, Socket>>::KIND,
                    <__private::Parameter<'_, Message>>::KIND,
                ],
            ),
            spawn: false,
            enhancers: __private::Enhancers::NONE,
            pipes: &[],
            pipe_classes: &[],
            invoke: __private::Invoke::Borrowed(__handle_1),
        },
        __private::HandlerDescriptor {
            event: "stream",
            method: "stream",
            takes_ack: false,
            spawn: false,
            enhancers: __private::Enhancers::NONE,
            pipes: &[],
            pipe_classes: &[],
            invoke: __private::Invoke::Borrowed(__handle_2),
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
