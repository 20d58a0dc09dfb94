impl ChatsGateway {
    fn message(&mut self, text: &str) {}
}
::core::compile_error! {
    "handlers of one gateway run at the same time: take `&self`, and put what changes into a `Mutex`, an atomic or a concurrent map"
}
::core::compile_error! {
    "a handler owns its body: write `String`"
}
