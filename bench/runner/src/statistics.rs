//! Medians, ranges, ratios of pairs and their interval.

use serde::{Deserialize, Serialize};

/// How often rounds are drawn anew for an interval.
const DRAWS: usize = 4_000;

/// What a number of rounds gave.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq)]
pub(crate) struct Summary {
    /// The one in the middle.
    pub(crate) median: f64,
    /// The lowest.
    pub(crate) min: f64,
    /// The highest.
    pub(crate) max: f64,
}

impl Summary {
    /// Of some values; `None` without any.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let sorted = sorted(values);
        Some(Self { median: median(&sorted)?, min: *sorted.first()?, max: *sorted.last()? })
    }
}

/// How two peers compare, from the ratio of each round.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq)]
pub(crate) struct Ratio {
    /// The median of the rounds' ratios.
    pub(crate) median: f64,
    /// The 95 % interval of the mean of their logarithms, drawn from the rounds. With three rounds it is about their range.
    pub(crate) low: f64,
    /// Its upper end.
    pub(crate) high: f64,
}

impl Ratio {
    /// Of values that were measured in the same rounds.
    pub(crate) fn of(ours: &[f64], theirs: &[f64]) -> Option<Self> {
        let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
        let logs: Vec<f64> = ratios.iter().map(|ratio| ratio.ln()).collect();
        if logs.is_empty() || logs.iter().any(|log| !log.is_finite()) {
            return None;
        }
        let mut draw = Draw(0x9E37_79B9_7F4A_7C15);
        let mut means: Vec<f64> = (0..DRAWS)
            .map(|_| (0..logs.len()).map(|_| logs[draw.below(logs.len())]).sum::<f64>() / logs.len() as f64)
            .collect();
        means.sort_by(f64::total_cmp);
        let (low, high) = (means[DRAWS / 40].exp(), means[DRAWS - 1 - DRAWS / 40].exp());
        Some(Self { median: median(&sorted(&ratios))?, low, high })
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    Some(if sorted.len() % 2 == 1 { upper } else { f64::midpoint(sorted[middle - 1], upper) })
}

/// Marsaglia's xorshift: the same draws each time, so that a report can be made again from its figures.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_ends() {
        let of = |values: &[f64]| Summary::of(values).unwrap();
        assert_eq!(of(&[3.0, 1.0, 2.0]), Summary { median: 2.0, min: 1.0, max: 3.0 });
        assert_eq!(of(&[4.0, 1.0, 2.0, 3.0]).median, 2.5);
        assert_eq!(Summary::of(&[]), None);
    }

    #[test]
    fn a_steady_ratio_has_a_narrow_interval_whatever_the_rounds_cost() {
        let ratio = Ratio::of(&[1.0, 10.0, 5.0, 2.0], &[2.0, 20.0, 10.0, 4.0]).unwrap();
        assert_eq!(ratio.median, 0.5);
        assert!((ratio.low - 0.5).abs() < 1e-9 && (ratio.high - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_ratio_that_varies_has_a_wide_one_around_its_middle() {
        let ratio = Ratio::of(&[0.9, 1.1, 1.0, 1.2, 0.8], &[1.0; 5]).unwrap();
        assert!(ratio.low < 1.0 && ratio.high > 1.0 && ratio.low > 0.8 && ratio.high < 1.2, "{ratio:?}");
        assert_eq!(Ratio::of(&[], &[]), None);
        assert_eq!(Ratio::of(&[0.0], &[1.0]), None, "what was not measured has no ratio");
    }
}
