//! Timestamps of RFC 3339, section 5.6; two offsets may name the same instant.

use std::cmp::Ordering;

/// Seconds since year 0 in UTC, then the fraction's digits.
type Instant = (i64, String);

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    super::by_key(left, right, parse)
}

pub(super) fn valid(version: &str) -> bool {
    parse(version).is_some()
}

fn parse(text: &str) -> Option<Instant> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut date = date.split('-').map(|part| fixed(part, None));
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (clock, offset) = split_offset(time)?;
    let (clock, fraction) = clock.split_once('.').map_or((clock, ""), |(clock, fraction)| (clock, fraction));
    let mut clock = clock.split(':').map(|part| fixed(part, Some(2)));
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let in_range =
        (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset;
    let fraction_ok = fraction.bytes().all(|b| b.is_ascii_digit());
    (in_range && fraction_ok && date.next().is_none() && clock.next().is_none())
        .then(|| (seconds, fraction.trim_end_matches('0').to_owned()))
}

fn fixed(text: &str, length: Option<usize>) -> Option<i64> {
    let fits = text.len() == length.unwrap_or(text.len()) && text.len() <= 4;
    (fits && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// The clock, and the offset from UTC in seconds.
fn split_offset(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let at = time.rfind(['+', '-'])?;
    let (clock, offset) = time.split_at_checked(at)?;
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    Some((clock, sign * (fixed(hours, Some(2))? * 3_600 + fixed(minutes, Some(2))? * 60)))
}

/// Days since 1 March of year 0 of the proleptic Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    year * 365 + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (month * 153 + 2) / 5
        + day
        - 1
}
