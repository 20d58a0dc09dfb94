//! Stands for `validation.rs` without the feature `validator`. It must never let a body pass that a rule refuses: there is no
//! `ValidationPipe` here that could be named, or made.

/// None can be made without the feature `validator`.
#[derive(Debug)]
pub enum ValidationPipe {}
