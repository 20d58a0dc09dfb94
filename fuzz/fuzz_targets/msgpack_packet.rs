//! Socket.IO packets of the MessagePack parser.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| gateway_runtime::fuzzing::msgpack_packet(input));
