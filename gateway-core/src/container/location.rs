//! Where in the source something was registered.
//!
//! This file must never know what was registered there.

use std::fmt;

/// A place in the source. Places sort by file, then line, then column: `inventory` lists what is
/// linked in an arbitrary order, and every user of it needs the same one on every start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// `file!()`.
    pub file: &'static str,
    /// `line!()`.
    pub line: u32,
    /// `column!()`.
    pub column: u32,
    /// `module_path!()`.
    pub module_path: &'static str,
}

impl Location {
    /// A place, for statics: `Location::new(file!(), line!(), column!(), module_path!())`.
    pub const fn new(file: &'static str, line: u32, column: u32, module_path: &'static str) -> Self {
        Self { file, line, column, module_path }
    }
}

/// Where in the order of the source each of them comes, names last. It knows no more of them, so that one sort is compiled for all.
pub(crate) fn in_order(places: impl Iterator<Item = (Location, &'static str)>) -> Vec<usize> {
    let mut places: Vec<_> = places.zip(0..).collect();
    places.sort_unstable();
    places.into_iter().map(|(_, index)| index).collect()
}

/// `src/chats.rs:12:1`, as compilers and editors write it.
impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.file, self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_by_file_line_column() {
        let mut places = [("b", 1, 1), ("a", 10, 1), ("a", 9, 5), ("a", 9, 4)]
            .map(|(f, l, c)| Location::new(f, l, c, "m"));
        places.sort();
        assert_eq!(places.map(|place| place.to_string()), ["a:9:4", "a:9:5", "a:10:1", "b:1:1"]);
        let named = [(places[2], "x"), (places[0], "z"), (places[0], "y")];
        assert_eq!(in_order(named.into_iter()), [2, 1, 0]);
    }
}
