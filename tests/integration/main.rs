//! Real clients against real servers, in one test binary.

mod examples;
mod sessions;
mod slow_clients;
mod support;
