//! Times in files of labels: ISO 8601, in UTC where this program writes them.
//!
//! It refuses to know what the time is.

use crate::dataset::query::{civil_from_days, days_from_civil};

const DAY_MS: i64 = 86_400_000;

/// The time that can be written: the years 0 to 9999, in milliseconds since the Unix epoch.
pub const RANGE_MS: std::ops::Range<i64> = -62_167_219_200_000..253_402_300_800_000;

/// Milliseconds since the Unix epoch as `2026-01-31T12:00:00.500Z`, the nearest that can be written.
pub fn iso(ms: i64) -> String {
    let ms = ms.clamp(RANGE_MS.start, RANGE_MS.end - 1);
    let (year, month, day) = civil_from_days(ms.div_euclid(DAY_MS));
    let rest = ms.rem_euclid(DAY_MS);
    let (hour, minute, second) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60);
    let fraction = match rest % 1000 {
        0 => String::new(),
        ms => format!(".{ms:03}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// Reads a date with a time, or a date alone. A time without a zone is taken as UTC; digits beyond milliseconds are
/// dropped.
pub fn ms_of_iso(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, ""));
    let mut parts = date.split('-');
    let year = whole(parts.next()?, 4)?;
    let (month, day) = (whole(parts.next()?, 2)?, whole(parts.next()?, 2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let in_month = usize::try_from(month).ok().and_then(|month| days.get(month.checked_sub(1)?))?;
    if parts.next().is_some() || !(1..=*in_month).contains(&day) {
        return None;
    }
    let date_ms = days_from_civil(year, month as u8, day as u8) * DAY_MS;
    if time.is_empty() {
        return Some(date_ms);
    }
    let zone_at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone_at);
    Some(date_ms + clock_ms(clock)? - zone_ms(zone)?)
}

/// `12:00`, `12:00:00` or `12:00:00.123456`.
fn clock_ms(clock: &str) -> Option<i64> {
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut parts = clock.split(':');
    let (hour, minute) = (whole(parts.next()?, 2)?, whole(parts.next()?, 2)?);
    let second = parts.next().map_or(Some(0), |part| whole(part, 2))?;
    // A leap second is the 60th.
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let digits = fraction.bytes().chain(*b"000").take(3);
    let ms = digits.fold(0, |ms, digit| ms * 10 + i64::from(digit - b'0'));
    Some(((hour * 60 + minute) * 60 + second) * 1000 + ms)
}

/// `Z`, `+02:00`, `+0200`, `+02` or nothing.
fn zone_ms(zone: &str) -> Option<i64> {
    let sign = match zone.as_bytes().first() {
        None | Some(b'Z' | b'z') => return (zone.len() <= 1).then_some(0),
        Some(b'-') => -1,
        Some(_) => 1,
    };
    let digits = zone[1..].replace(':', "");
    let (hour, minute) = match digits.len() {
        2 => (whole(&digits, 2)?, 0),
        4 if digits.is_ascii() => (whole(&digits[..2], 2)?, whole(&digits[2..], 2)?),
        _ => return None,
    };
    (hour <= 23 && minute <= 59).then_some(sign * (hour * 60 + minute) * 60_000)
}

/// A number of just so many digits.
fn whole(text: &str, digits: usize) -> Option<i64> {
    (text.len() == digits && text.bytes().all(|digit| digit.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_their_forms() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2021-03-09T22:16:08.728353Z", Some(1_615_328_168_728)),
            ("2021-03-09T22:16:08", Some(1_615_328_168_000)),
            ("2021-03-10 00:16:08.7+02:00", Some(1_615_328_168_700)),
            ("2021-03-09T17:16-0500", Some(1_615_328_160_000)),
            ("2021-03-09", Some(1_615_248_000_000)),
            ("2000-02-29", Some(951_782_400_000)),
            ("1900-02-29", None),
            ("2021-13-01", None),
            ("2021-03-09T24:00:00Z", None),
            ("2021-03-09T22:16:08Zx", None),
            ("2021-03-09T22:16:08+é", None),
            ("21-03-09", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(ms_of_iso(text), ms, "{text}");
        }
    }

    #[test]
    fn times_come_back_as_written() {
        for ms in [0, 1, -1, 951_782_400_999, RANGE_MS.start, RANGE_MS.end - 1] {
            assert_eq!(ms_of_iso(&iso(ms)), Some(ms), "{}", iso(ms));
        }
        assert_eq!(iso(1_615_328_168_728), "2021-03-09T22:16:08.728Z");
        assert_eq!(iso(i64::MAX), "9999-12-31T23:59:59.999Z");
    }
}
