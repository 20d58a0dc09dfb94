//! Frames of WebSocket: heads, masks, fragments, permessage-deflate.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| gateway_runtime::fuzzing::websocket_frames(input));
