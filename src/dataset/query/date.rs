//! Calendar dates in UTC, as queries write them and tables show them.
//!
//! It refuses to know time zones, leap seconds and the clock.

use std::fmt;

/// Milliseconds in a day.
const DAY_MS: i64 = 86_400_000;

/// A year, a month or a day in UTC (proleptic Gregorian): a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date {
    /// 0 to 9999.
    year: u16,
    /// 1 to 12.
    month: Option<u8>,
    /// 1 to the month's length; only with a month.
    day: Option<u8>,
}

impl Date {
    /// Reads `2024`, `2024-01` or `2024-01-31`; `None` for anything else, a 31st of June included.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let year = digits(parts.next()?, 4)?;
        let month = match parts.next() {
            Some(part) => Some(digits(part, 2).filter(|month| (1..=12).contains(month))? as u8),
            None => None,
        };
        let day = match (month, parts.next()) {
            (Some(month), Some(part)) => {
                let last = days_in_month(year, month);
                Some(digits(part, 2).map(|day| day as u8).filter(|day| (1..=last).contains(day))?)
            }
            _ => None,
        };
        parts.next().is_none().then_some(Self { year, month, day })
    }

    /// The first and the last millisecond of the span, since the Unix epoch.
    pub fn span_ms(self) -> (i64, i64) {
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        let first = days_from_civil(i64::from(self.year), month, day);
        let days = match (self.month, self.day) {
            (_, Some(_)) => 1,
            (Some(month), None) => i64::from(days_in_month(self.year, month)),
            (None, None) => 365 + i64::from(is_leap(self.year)),
        };
        (first * DAY_MS, (first + days) * DAY_MS - 1)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}", self.year)?;
        for part in [self.month, self.day].into_iter().flatten() {
            write!(out, "-{part:02}")?;
        }
        Ok(())
    }
}

/// Appends a time as `2024-01-31 12:00:05`, in UTC.
pub fn write_time(ms: i64, out: &mut String) {
    use fmt::Write;
    let (days, in_day) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS) / 1000);
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second) = (in_day / 3600, in_day / 60 % 60, in_day % 60);
    // Writing to a String cannot fail.
    let _ = write!(out, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
}

fn digits(text: &str, count: usize) -> Option<u16> {
    (text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        2 => 28 + u8::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01. Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
/// `days_from_civil`.
pub fn days_from_civil(year: i64, month: u8, day: u8) -> i64 {
    let (month, day) = (i64::from(month), i64::from(day));
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a number of days since 1970-01-01. Source: as [`days_from_civil`].
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_spans_of_milliseconds() {
        for (text, first, days) in [
            ("1970-01-01", 0, 1),
            ("1970", 0, 365),
            ("2024-02", 19_754, 29),
            ("2000", 10_957, 366),
            ("2024-01-31", 19_753, 1),
        ] {
            let date = Date::parse(text).unwrap();
            assert_eq!(date.span_ms(), (first * DAY_MS, (first + days) * DAY_MS - 1), "{text}");
            assert_eq!(date.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["", "24", "2024-", "2024-13", "2023-02-29", "2024-1-1", "2024-01-01-01", "20x4", "+024"]
        {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_written_in_utc() {
        for (ms, text) in [
            (0, "1970-01-01 00:00:00"),
            (1_706_702_405_999, "2024-01-31 12:00:05"),
            (-1, "1969-12-31 23:59:59"),
            (951_782_400_000, "2000-02-29 00:00:00"),
        ] {
            let mut out = String::new();
            write_time(ms, &mut out);
            assert_eq!(out, text);
        }
    }
}
