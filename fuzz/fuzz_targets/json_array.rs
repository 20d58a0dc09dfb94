//! The JSON array of a packet: read as `serde_json` reads it.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| gateway_runtime::fuzzing::json_array(input));
