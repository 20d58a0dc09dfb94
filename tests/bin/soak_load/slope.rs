//! A straight line through samples, by least squares.

/// How much a quantity changes with time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Slope {
    pub(crate) per_second: f64,
    /// The standard error of it.
    pub(crate) error: f64,
}

/// The slope of samples of (second, value). Without at least three it is not known.
pub(crate) fn slope(samples: &[(f64, f64)]) -> Slope {
    let count = samples.len() as f64;
    if samples.len() < 3 {
        return Slope { per_second: 0.0, error: f64::INFINITY };
    }
    let mean = |of: fn(&(f64, f64)) -> f64| samples.iter().map(of).sum::<f64>() / count;
    let (middle, level) = (mean(|sample| sample.0), mean(|sample| sample.1));
    let spread: f64 = samples.iter().map(|(at, _)| (at - middle).powi(2)).sum();
    let together: f64 = samples.iter().map(|(at, value)| (at - middle) * (value - level)).sum();
    let per_second = together / spread;
    let residues: f64 =
        samples.iter().map(|(at, value)| (value - level - per_second * (at - middle)).powi(2)).sum();
    Slope { per_second, error: (residues / (count - 2.0) / spread).sqrt() }
}
