//! The macros from tokens to tokens: their sentences, and what they write.

mod sentences;
mod snapshots;
