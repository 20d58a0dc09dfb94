//! Payloads of Engine.IO's long-polling, of both revisions.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| gateway_runtime::fuzzing::engine_payload(input));
