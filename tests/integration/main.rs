//! Real clients against real servers, in one test binary.
#![expect(clippy::unused_self, reason = "handlers are methods, as in NestJS, whatever they need")]

mod clients;
mod cluster;
mod compression;
mod deploy;
mod engine_hooks;
mod examples;
mod hostile;
mod http;
mod listeners;
mod msgpack;
mod observability;
mod pipeline;
mod protocol;
mod rules;
mod sessions;
mod shutdown;
mod slow_clients;
mod startup;
mod support;
