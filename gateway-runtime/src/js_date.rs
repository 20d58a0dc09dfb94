//! Dates as JavaScript's `Date` writes them.

/// Days from 0000-03-01 to 1970-01-01, in the proleptic Gregorian calendar.
const DAYS_TO_1970: i64 = 719_468;
const MILLIS_A_DAY: i64 = 86_400_000;
/// Beyond this a `Date` is invalid.
const MAX_MILLIS: i64 = 8_640_000_000_000_000;

#[cfg(feature = "redis")]
const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
#[cfg(feature = "redis")]
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A point in time that a `Date` can be, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JsDate(i64);

impl JsDate {
    /// `None` is an invalid date.
    pub(crate) fn from_millis(millis: i64) -> Option<Self> {
        (-MAX_MILLIS..=MAX_MILLIS).contains(&millis).then_some(Self(millis))
    }

    /// `toISOString()`: `2023-11-14T22:13:20.123Z`.
    pub(crate) fn to_iso_string(self) -> String {
        let (year, month, day) = civil(self.days());
        let [hour, minute, second, milli] = self.time();
        let year = match year {
            0..=9999 => format!("{year:04}"),
            year => format!("{year:+07}"),
        };
        format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
    }

    /// `toString()` where the clock is UTC: `Tue Nov 14 2023 22:13:20 GMT+0000 (Coordinated Universal Time)`.
    #[cfg(feature = "redis")]
    pub(crate) fn to_utc_text(self) -> String {
        let (year, month, day) = civil(self.days());
        let [hour, minute, second, _] = self.time();
        // 1970 began on a Thursday.
        let weekday = usize::try_from((self.days() + 4).rem_euclid(7)).ok().and_then(|day| WEEKDAYS.get(day));
        let month = usize::try_from(month - 1).ok().and_then(|month| MONTHS.get(month));
        let (weekday, month) = (weekday.unwrap_or(&""), month.unwrap_or(&""));
        format!(
            "{weekday} {month} {day:02} {year:04} {hour:02}:{minute:02}:{second:02} GMT+0000 (Coordinated \
             Universal Time)"
        )
    }

    fn days(self) -> i64 {
        self.0.div_euclid(MILLIS_A_DAY)
    }

    fn time(self) -> [i64; 4] {
        let millis = self.0.rem_euclid(MILLIS_A_DAY);
        [millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60, millis % 1000]
    }
}

/// The date of a day since 1970. Years are counted from March, so that the leap day is their last one.
fn civil(days_since_1970: i64) -> (i64, i64, i64) {
    let days = days_since_1970 + DAYS_TO_1970;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_javascript_writes_them() {
        let iso = |millis| JsDate::from_millis(millis).unwrap().to_iso_string();
        assert_eq!(iso(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(iso(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(iso(4_107_542_399_999), "2100-02-28T23:59:59.999Z");
        assert_eq!(iso(MAX_MILLIS), "+275760-09-13T00:00:00.000Z");
        assert_eq!(iso(-MAX_MILLIS), "-271821-04-20T00:00:00.000Z");
        assert_eq!(JsDate::from_millis(MAX_MILLIS + 1), None);
        #[cfg(feature = "redis")]
        assert_eq!(
            JsDate::from_millis(1_700_000_000_123).unwrap().to_utc_text(),
            "Tue Nov 14 2023 22:13:20 GMT+0000 (Coordinated Universal Time)"
        );
    }
}
