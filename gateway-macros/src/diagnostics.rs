//! Errors, all at once and each at the user's token.
//!
//! It must never know what a gateway is: the sentences are written where the mistake is found.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Error;

/// The mistakes found so far. Nothing stops at the first one.
#[derive(Default)]
pub(crate) struct Errors(Vec<Error>);

impl Errors {
    /// A mistake at one token.
    pub(crate) fn at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.0.push(Error::new(span, message));
    }

    /// A mistake that spans several tokens.
    pub(crate) fn on(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.0.push(Error::new_spanned(tokens, message));
    }

    /// A mistake that `syn` found.
    pub(crate) fn push(&mut self, error: Error) {
        self.0.push(error);
    }

    /// The value, or its mistake is noted.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One `compile_error!` for each mistake.
    pub(crate) fn to_compile_errors(&self) -> TokenStream {
        self.0.iter().map(Error::to_compile_error).collect()
    }

    #[cfg(test)]
    pub(crate) fn messages(&self) -> Vec<String> {
        self.0.iter().flat_map(|error| error.into_iter().map(|error| error.to_string())).collect()
    }
}

/// The span for generated tokens: rustc points at the user's token, while the names resolve as the
/// macro's own, so that nothing of the user's can capture them.
pub(crate) fn at(span: Span) -> Span {
    span.resolved_at(Span::mixed_site())
}

/// Of the known names the one that was probably meant.
pub(crate) fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let letters = |name: &str| name.to_lowercase().replace('_', "");
    let written = letters(name);
    known
        .into_iter()
        .map(|known| (distance(&written, &letters(known)), known))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// The edits that turn one name into the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let substituted = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_one_that_a_typo_or_another_spelling_explains() {
        let known = ["namespace", "ping_interval", "ping_timeout", "path", "cors"];
        assert_eq!(nearest("namspace", known), Some("namespace"));
        assert_eq!(nearest("pingInterval", known), Some("ping_interval"));
        assert_eq!(nearest("ping_timout", known), Some("ping_timeout"));
        assert_eq!(nearest("core", known), Some("cors"));
        assert_eq!(nearest("whatever", known), None);
    }
}
