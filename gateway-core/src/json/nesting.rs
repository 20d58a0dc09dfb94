//! Which arrays and objects stand around a place in a JSON text: a bit for each, however deep it is.

/// The brackets that are open.
#[derive(Debug, Default)]
pub(super) struct Nesting {
    depth: usize,
    /// Of the innermost up to 64: the last bit is set if the innermost is an object.
    inner: u64,
    /// Of those around them, 64 each. Allocates nothing up to that depth.
    outer: Vec<u64>,
}

impl Nesting {
    /// Another bracket opens.
    pub(super) fn open(&mut self, object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.inner);
        }
        self.inner = self.inner << 1 | u64::from(object);
        self.depth += 1;
    }

    /// The innermost bracket closes.
    pub(super) fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.inner >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.inner = self.outer.pop().unwrap_or_default();
        }
    }

    /// How many are open.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// Whether the innermost is an object.
    pub(super) fn is_object(&self) -> bool {
        self.inner & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bracket_is_remembered() {
        let kinds: Vec<bool> = (0..1000_u32).map(|level| level.count_ones() % 3 == 0).collect();
        for deepest in [1, 63, 64, 65, 127, 128, 129, 1000] {
            let mut nesting = Nesting::default();
            kinds[..deepest].iter().for_each(|kind| nesting.open(*kind));
            // Down to a border of 64, up over it and down again.
            for _ in 0..3 {
                nesting.close();
                nesting.open(kinds[deepest - 1]);
            }
            for level in (0..deepest).rev() {
                assert_eq!((nesting.depth(), nesting.is_object()), (level + 1, kinds[level]), "{deepest}");
                nesting.close();
            }
            assert_eq!(nesting.depth(), 0);
        }
    }
}
