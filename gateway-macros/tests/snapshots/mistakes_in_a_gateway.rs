struct ChatsGateway<T: Clone>
where
    T: Copy,
{
    server: Server,
    last: T,
}
impl<T: Clone> ::gateway_runtime::__private::Gateway for ChatsGateway<T>
where
    T: Copy,
    Self: ::core::marker::Send + ::core::marker::Sync + 'static,
{}
::core::compile_error! {
    "there is no option `namspace`; did you mean `namespace`?"
}
::core::compile_error! {
    "a gateway is one instance of one type and cannot be generic: inject what differs, for example as `Arc<dyn Trait>`"
}
::core::compile_error! {
    "a gateway is a provider already: keep `#[web_socket_gateway]` and remove `#[injectable]`"
}
::core::compile_error! {
    "`#[inject]` and `#[web_socket_server]` both say where the value comes from: keep one"
}
