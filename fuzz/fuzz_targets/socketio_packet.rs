//! Socket.IO packets of the default parser: the text, and behind 0x1e the attachments.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| gateway_runtime::fuzzing::socketio_packet(input));
