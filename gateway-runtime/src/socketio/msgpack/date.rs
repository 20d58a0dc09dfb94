//! A moment as JavaScript's `Date.toISOString` writes it: what JSON has for a `Date`.

use std::io::Write as _;

/// The last moment that a `Date` can have, and, negative, the first.
const LAST: i64 = 8_640_000_000_000_000;
const MILLIS_OF_DAY: i64 = 86_400_000;

/// Writes a moment in quotes, or `null` if there is no such `Date`.
pub(super) fn write(millis: i64, out: &mut Vec<u8>) {
    if !(-LAST..=LAST).contains(&millis) {
        out.extend_from_slice(b"null");
        return;
    }
    let (year, month, day) = civil(millis.div_euclid(MILLIS_OF_DAY));
    let time = millis.rem_euclid(MILLIS_OF_DAY);
    let (hour, minute, second, milli) = (time / 3_600_000, time / 60_000 % 60, time / 1000 % 60, time % 1000);
    // Writing to a `Vec` does not fail.
    let _ = match year {
        0..=9999 => write!(out, "\"{year:04}"),
        _ => write!(out, "\"{year:+07}"),
    };
    let _ = write!(out, "-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z\"");
}

/// Year, month and day of a day since 1970-01-01 in the Gregorian calendar. Eras of 400 years are alike; a year
/// that begins in March has its odd day at its end.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(millis: i64) -> String {
        let mut out = Vec::new();
        write(millis, &mut out);
        String::from_utf8(out).unwrap()
    }

    /// The texts are those of Node 22.
    #[test]
    fn moments_as_javascript_writes_them() {
        assert_eq!(iso(0), r#""1970-01-01T00:00:00.000Z""#);
        assert_eq!(iso(-1), r#""1969-12-31T23:59:59.999Z""#);
        assert_eq!(iso(951_782_400_000), r#""2000-02-29T00:00:00.000Z""#);
        assert_eq!(iso(1_709_251_199_999), r#""2024-02-29T23:59:59.999Z""#);
        assert_eq!(iso(-62_198_755_200_000), r#""-000001-01-01T00:00:00.000Z""#);
        assert_eq!(iso(-62_167_219_200_000), r#""0000-01-01T00:00:00.000Z""#);
        assert_eq!(iso(253_402_300_800_000), r#""+010000-01-01T00:00:00.000Z""#);
        assert_eq!(iso(LAST), r#""+275760-09-13T00:00:00.000Z""#);
        assert_eq!(iso(-LAST), r#""-271821-04-20T00:00:00.000Z""#);
        assert_eq!((iso(LAST + 1), iso(i64::MIN)), ("null".to_owned(), "null".to_owned()));
    }
}
