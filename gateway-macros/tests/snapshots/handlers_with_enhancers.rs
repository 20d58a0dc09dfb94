impl Chats {
    fn around(name: &str, user: User) {}
    async fn pipes(&self, page: u32, client: &Socket, body: Message) -> u32 {
        page
    }
}
const _: () = {
    use ::gateway_runtime::__private;
    use __private::body_types::*;
    use __private::parameters::*;
    use __private::replies::*;
    use __private::WithoutDefault as _;
    use use_guards as _;
    use use_interceptors as _;
    use subscribe_message as _;
    use subscribe_message as _;
    use message_name as _;
    use extract as _;
    use use_pipes as _;
    use subscribe_message as _;
    use message_body as _;
    fn __handle_0<'__a>(
        _: &'__a __private::Instance,
        __call: &'__a __private::Call,
    ) -> __private::Outcome<'static> {
        let __parameter_1 = match <User as __private::FromExecutionContext>::from_execution_context(
            __call,
        ) {
            ::core::result::Result::Ok(__taken) => __taken,
            ::core::result::Result::Err(__error) => return __private::failed(__error),
        };
        {
            Chats::around(
                <&str as __private::MessageName<'__a>>::message_name(__call),
                __parameter_1,
            );
            __private::nothing()
        }
    }
    const __AROUND_0: __private::Enhancers = __private::Enhancers {
        guards: &[
            __private::GuardEntry {
                on_connection: false,
                guard: __private::Enhancer {
                    name: "RolesGuard",
                    class: ::core::option::Option::Some(
                        __private::class_of::<RolesGuard>(),
                    ),
                    make: |__container| __private::guard(
                        <__private::Class<RolesGuard>>::provided(__container),
                    ),
                },
            },
        ],
        interceptors: &[
            __private::Enhancer {
                name: "LoggingInterceptor::new ()",
                class: ::core::option::Option::None,
                make: |_| __private::interceptor(
                    __private::value(LoggingInterceptor::new()),
                ),
            },
        ],
        ..__private::Enhancers::NONE
    };
    fn __handle_1<'__a>(
        __instance: &'__a __private::Instance,
        __call: &'__a __private::Call,
    ) -> __private::Outcome<'__a> {
        __private::pending(async move {
            let __parameter_0 = match __private::Piped::<u32>::NEW
                .take(__call, 0usize)
                .await
            {
                ::core::result::Result::Ok(__taken) => __taken,
                ::core::result::Result::Err(__error) => {
                    return ::core::result::Result::Err(__error);
                }
            };
            let __parameter_1 = match (&&__private::Parameter::<'__a, &Socket>::NEW)
                .probe_piped()
                .take(__call, 1usize)
                .await
            {
                ::core::result::Result::Ok(__taken) => __taken,
                ::core::result::Result::Err(__error) => {
                    return ::core::result::Result::Err(__error);
                }
            };
            let __parameter_2 = match (&&__private::Parameter::<'__a, Message>::NEW)
                .probe_piped()
                .take(__call, 2usize)
                .await
            {
                ::core::result::Result::Ok(__taken) => __taken,
                ::core::result::Result::Err(__error) => {
                    return ::core::result::Result::Err(__error);
                }
            };
            let __outcome = {
                let __returned = Chats::pipes(
                    __private::Instance::get::<Chats>(__instance),
                    __parameter_0,
                    __parameter_1,
                    __parameter_2,
                );
                let (__start, __value) = (
                    __private::Awaits,
                    __private::Returned::output_of(&__returned),
                );
                let __shape = (&&&__value).probe_shape();
                let __error = (&&&&__shape.probe_error()).probe_conversion();
                let __leaf = (&&&&__shape.probe_leaf()).probe_reply_kind();
                __start.run(__returned, __private::Steps::new(__shape, __error, __leaf))
            };
            __private::settled(__outcome).await
        })
    }
    const __PIPES_1: &[__private::Enhancer<__private::ParameterPipe>] = &[
        __private::Enhancer {
            name: "TrimPipe, DefaultValuePipe::new (1), ParseIntPipe",
            class: ::core::option::Option::None,
            make: |__container| {
                let __pipes = __private::Piped::<u32>::NEW
                    .last(<__private::Class<ParseIntPipe>>::provided(__container))
                    .before(__private::value(DefaultValuePipe::new(1)))
                    .before(<__private::Class<TrimPipe>>::provided(__container));
                let __decode = (&&&__pipes.body()).probe_decode();
                __pipes.decoding(__decode, ::core::option::Option::Some("page"))
            },
        },
        __private::Enhancer {
            name: "TrimPipe",
            class: ::core::option::Option::None,
            make: |__container| {
                let __pipes = (&&__private::Parameter::<'_, &Socket>::NEW)
                    .probe_piped()
                    .last(<__private::Class<TrimPipe>>::provided(__container));
                let __decode = (&&&__pipes.body()).probe_decode();
                __pipes.decoding(__decode, ::core::option::Option::None)
            },
        },
        __private::Enhancer {
            name: "TrimPipe",
            class: ::core::option::Option::None,
            make: |__container| {
                let __pipes = (&&__private::Parameter::<'_, Message>::NEW)
                    .probe_piped()
                    .last(<__private::Class<TrimPipe>>::provided(__container));
                let __decode = (&&&__pipes.body()).probe_decode();
                __pipes.decoding(__decode, ::core::option::Option::None)
            },
        },
    ];
    const _: () = ::core::assert!(
        __private::bodies(& [< __private::Parameter < '_, & Socket >> ::KIND, <
        __private::Parameter < '_, Message >> ::KIND]) <= 0usize,
        "a parameter of `pipes` has no attribute and is neither `Socket`, `Server` nor `Ack`: add `#[message_body]` or `#[message_body(\"key\")]`"
    );
    static __HANDLERS: &[__private::HandlerDescriptor] = &[
        __private::HandlerDescriptor {
            event: "a",
            method: "around",
            takes_ack: false,
            spawn: false,
            enhancers: __AROUND_0,
            pipes: &[],
            pipe_classes: &[],
            invoke: __private::Invoke::Owned(__handle_0),
        },
        __private::HandlerDescriptor {
            event: "b",
            method: "around",
            takes_ack: false,
            spawn: false,
            enhancers: __AROUND_0,
            pipes: &[],
            pipe_classes: &[],
            invoke: __private::Invoke::Owned(__handle_0),
        },
        __private::HandlerDescriptor {
            event: "pipes",
            method: "pipes",
            takes_ack: __private::takes_ack(
                &[
                    <__private::Parameter<'_, &Socket>>::KIND,
                    <__private::Parameter<'_, Message>>::KIND,
                ],
            ),
            spawn: false,
            enhancers: __private::Enhancers::NONE,
            pipes: __PIPES_1,
            pipe_classes: &[
                __private::class_of::<TrimPipe>(),
                __private::class_of::<ParseIntPipe>(),
                __private::class_of::<TrimPipe>(),
                __private::class_of::<TrimPipe>(),
            ],
            invoke: __private::Invoke::Borrowed(__handle_1),
        },
    ];
    const __BLOCK: __private::HandlersDescriptor = __private::HandlersDescriptor {
        gateway: __private::gateway_id::<Chats>(),
        gateway_name: "Chats",
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
