//! Times, sizes, credits and money as people write them.

use std::time::Duration;

use libtenancy::{
    clock::{Clock, SystemClock, Timestamp},
    credits::MicroCredits,
    demand::{MAX_SIZE, PoolSize},
};

/// The days of a year, at most.
const YEAR: u64 = 366;

/// A time: a bare number is seconds; otherwise units (`500ms`, `30s`, `5m`, `1h 30m`, `7d`; a day has 24 hours). Not
/// negative, at most a year.
pub fn time(text: &str) -> Result<Duration, String> {
    match span(text)? {
        time if time > days(YEAR) => Err(format!("`{text}` is more than a year")),
        time => Ok(time),
    }
}

/// Whole numbers from `least` to `most`; what is anything else is told so in words.
pub fn whole<T: TryFrom<i64>>(least: i64, most: i64) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync {
    move |text| {
        let number = text.trim().parse::<i64>().ok().filter(|number| (least..=most).contains(number));
        number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| match (least, most) {
            (i64::MIN, _) => "it must be a whole number".to_owned(),
            (least, MANY) => format!("it must be a whole number, {least} or more"),
            (least, most) => format!("it must be a whole number from {least} to {most}"),
        })
    }
}

/// The most of what has no other bound.
pub const MANY: i64 = u32::MAX as i64;

fn days(count: u64) -> Duration {
    Duration::from_hours(24 * count)
}

fn span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a time: write seconds, or a number with a unit (500ms, 30s, 5m, 2h, 7d)");
    let trimmed = text.trim();
    let time = match trimmed.parse::<i64>() {
        Ok(seconds) => jiff::SignedDuration::from_secs(seconds),
        // Of what is written as a time is, only the number can be too large.
        Err(_) if is_long(trimmed) => return Err(format!("`{text}` is more than a hundred years")),
        Err(_) => trimmed
            .parse::<jiff::Span>()
            .and_then(|span| span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()))
            .map_err(|_| wrong())?,
    };
    Duration::try_from(time).map_err(|_| format!("`{text}` is negative"))
}

/// Whether a text is a number with a unit of time, and longer than any time can be.
fn is_long(text: &str) -> bool {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &text[..text.len() - unit.len()];
    let units = ["ms", "s", "m", "h", "d", "w"];
    digits.trim_start_matches('0').len() > 5
        && units.contains(&unit.trim())
        && text.parse::<jiff::Span>().and_then(|s| s.to_duration(jiff::SpanRelativeTo::days_are_24_hours())).is_err()
}

/// A [`time`] to wait: longer than nothing.
pub fn timeout(text: &str) -> Result<Duration, String> {
    match time(text)? {
        Duration::ZERO => Err("it must be longer than 0".to_owned()),
        time => Ok(time),
    }
}

/// A [`time`] in whole seconds, as the API counts idle timeouts; whether it is allowed is the library's to say.
pub fn seconds(text: &str) -> Result<i64, String> {
    if let Ok(seconds) = text.trim().parse::<i64>() {
        return Ok(seconds);
    }
    let time = time(text)?;
    if time.subsec_nanos() != 0 {
        return Err(format!("`{text}` is not a whole number of seconds"));
    }
    i64::try_from(time.as_secs()).map_err(|_| format!("`{text}` is too long"))
}

/// A size in bytes: a bare number, or with one of `K M G T` (powers of 1000) or `Ki Mi Gi Ti` (powers of 1024).
pub fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a size: write bytes, or a number with a unit (512Mi, 1Gi)");
    let trimmed = text.trim();
    let digits = trimmed.find(|c: char| !c.is_ascii_digit()).unwrap_or(trimmed.len());
    let number: u64 = trimmed[..digits].parse().map_err(|_| wrong())?;
    let factor: u64 = match &trimmed[digits..] {
        "" | "B" => 1,
        "K" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "T" => 1_000_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        _ => return Err(wrong()),
    };
    number.checked_mul(factor).ok_or_else(|| format!("`{text}` is too large"))
}

/// A lifetime: a [`time`] longer than nothing, up to a hundred years.
pub fn lifetime(text: &str) -> Result<Duration, String> {
    match span(text)? {
        Duration::ZERO => Err("it must be longer than 0".to_owned()),
        time if time > days(100 * YEAR) => Err(format!("`{text}` is more than a hundred years")),
        time => Ok(time),
    }
}

/// Credits: a decimal number with at most six decimals.
pub fn credits(text: &str) -> Result<MicroCredits, String> {
    let wrong = || format!("`{text}` is not a number of credits: write a decimal number with at most six decimals");
    text.trim().parse().map_err(|_| wrong())
}

/// Money in millionths of its unit: a decimal number that is not negative, with at most six decimals.
pub fn money(text: &str) -> Result<u64, String> {
    let amount: MicroCredits = text
        .trim()
        .parse()
        .map_err(|_| format!("`{text}` is not an amount of money: write a decimal number with at most six decimals"))?;
    u64::try_from(amount.0).map_err(|_| format!("`{text}` is negative"))
}

/// A date's first moment, UTC.
fn date(text: &str) -> Option<Timestamp> {
    format!("{text}T00:00:00Z").parse().ok()
}

/// A moment as RFC 3339 has it, or a date (its first moment, UTC).
pub fn moment(text: &str) -> Result<Timestamp, String> {
    let wrong = || format!("`{text}` is not a date or a time as RFC 3339 has it (2026-11-25, 2026-11-25T08:00:00Z)");
    text.parse().ok().or_else(|| date(text)).ok_or_else(wrong)
}

/// When something ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// In so long.
    In(Duration),
    /// Then.
    At(Timestamp),
}

/// A [`moment`], or a [`lifetime`] from now on.
pub fn expiry(text: &str) -> Result<Expiry, String> {
    moment(text).map(Expiry::At).or_else(|_| lifetime(text).map(Expiry::In))
}

/// What [`past`] reads; a date is its end: the whole day is before it.
pub fn past_end(text: &str) -> Result<Timestamp, String> {
    match date(text) {
        Some(begin) => Ok(begin + days(1)),
        None => past(text),
    }
}

/// A [`moment`], a date (its first moment, UTC), or so long ago (`30d`, `12h`).
pub fn past(text: &str) -> Result<Timestamp, String> {
    if let Ok(moment) = moment(text) {
        return Ok(moment);
    }
    let ago =
        lifetime(text).map_err(|_| format!("`{text}` is not a date, time, or time ago (2026-11-25, 30d, 12h)"))?;
    Ok(SystemClock::default().now() - ago)
}

/// A size that a warm pool may have.
pub fn pool_size(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(size) if size <= MAX_SIZE => Ok(size),
        Ok(_) => Err(format!("a warm pool has at most {MAX_SIZE} agents")),
        Err(_) => Err(format!("`{text}` is not a number of agents")),
    }
}

/// One size of a warm pool, or two.
pub fn pool_range(text: &str) -> Result<PoolSize, String> {
    text.parse().map_err(|error: libtenancy::Error| match error {
        libtenancy::Error::Invalid { reason, .. } => reason,
        other => other.to_string(),
    })
}

/// A [`pool_range`] in a configuration file.
pub fn deserialize_pool_range<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<PoolSize>, D::Error> {
    Written::read(deserializer).and_then(|w| pool_range(&w).map(Some).map_err(serde::de::Error::custom))
}

/// A [`time`] in a configuration file: a number of seconds, or text with a unit.
pub fn deserialize_time<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    Written::read(deserializer).and_then(|w| time(&w).map(Some).map_err(serde::de::Error::custom))
}

/// A [`bytes`] in a configuration file.
pub fn deserialize_bytes<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Written::read(deserializer).and_then(|w| bytes(&w).map(Some).map_err(serde::de::Error::custom))
}

/// [`credits`] in a configuration file: a number, or one as text.
pub fn deserialize_credits<'de, D>(deserializer: D) -> Result<Option<MicroCredits>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    Decimal::read(deserializer).and_then(|w| credits(&w).map(Some).map_err(serde::de::Error::custom))
}

/// [`money`] in a configuration file, written as [`credits`] are.
pub fn deserialize_money<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Decimal::read(deserializer).and_then(|w| money(&w).map(Some).map_err(serde::de::Error::custom))
}

#[derive(serde::Deserialize)]
#[serde(untagged, expecting = "expected a number, or text with a unit")]
enum Written {
    Number(i64),
    Text(String),
}

impl Written {
    fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        Ok(match <Self as serde::Deserialize>::deserialize(deserializer)? {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text,
        })
    }
}

/// A file's own decimals are floats. The shortest text that reads back as one is what was written, up to 15 digits; no credits
/// or money within bounds have more.
#[derive(serde::Deserialize)]
#[serde(untagged, expecting = "expected a number")]
enum Decimal {
    Whole(i64),
    Float(f64),
    Text(String),
}

impl Decimal {
    fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        Ok(match <Self as serde::Deserialize>::deserialize(deserializer)? {
            Self::Whole(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            Self::Text(text) => text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_or_carry_a_unit() {
        for (text, millis) in [("0", 0), ("90", 90_000), ("500ms", 500), ("5m", 300_000), ("1h 30m", 5_400_000)] {
            assert_eq!(time(text).unwrap(), Duration::from_millis(millis), "{text}");
        }
        assert_eq!(time("1d 12h").unwrap(), Duration::from_hours(36));
        for text in ["", "abc", "-1", "-5s", "5 parsecs", "NaN", "99999999999999999999", "400000000", "1mo", "367d"] {
            assert!(time(text).is_err(), "{text}");
        }
        assert!(timeout("0").is_err());
        assert_eq!(lifetime("730d").unwrap(), days(730));
        for text in ["0", "-1d", "36601d", "soon"] {
            assert!(lifetime(text).is_err(), "{text}");
        }
    }

    #[test]
    fn moments_are_written_out_dated_or_so_long_ago() {
        let at = |text: &str| past(text).unwrap().to_string();
        assert_eq!(at("2026-11-25T08:00:00+01:00"), "2026-11-25T07:00:00.000000Z");
        assert_eq!(at("2026-11-25"), "2026-11-25T00:00:00.000000Z");
        let week_ago = past("7d").unwrap();
        let ago = SystemClock::default().now().since(week_ago);
        assert!((days(7)..days(8)).contains(&ago), "{ago:?}");
        for text in ["", "soon", "2026-13-01", "2026-02-30", "-7d", "0"] {
            assert!(past(text).is_err(), "{text}");
        }
        assert_eq!(moment("2026-11-25"), past("2026-11-25"));
        assert!(moment("7d").is_err());
        assert_eq!(past_end("2026-11-30"), past("2026-12-01"), "a date as an end is all of that day");
        assert_eq!(past_end("2026-11-30T00:00:00Z"), past("2026-11-30"));
        assert_eq!(expiry("30d"), Ok(Expiry::In(days(30))));
        assert_eq!(expiry("2026-12-01"), Ok(Expiry::At(moment("2026-12-01").unwrap())));
        for text in ["0", "soon", "2026-13-01", "-1d"] {
            assert!(expiry(text).is_err(), "{text}");
        }
    }

    #[test]
    fn m4_credits_and_money_are_plain_decimals() {
        assert_eq!(credits(" 0.5 ").unwrap(), MicroCredits(500_000));
        assert_eq!(money("20.00").unwrap(), 20_000_000);
        for text in ["", "nan", "1e3", "0.0000001", "5 EUR", "1,5"] {
            assert!(credits(text).is_err() && money(text).is_err(), "{text}");
        }
        assert!(money("-1").is_err());
    }

    #[test]
    fn idle_timeouts_keep_their_sign_for_the_library_to_refuse() {
        assert_eq!(seconds("-5").unwrap(), -5);
        assert_eq!(seconds("30m").unwrap(), 1800);
        assert!(seconds("1500ms").is_err());
    }

    #[test]
    fn sizes_know_both_kinds_of_units() {
        for (text, bytes_) in [("0", 0), ("1K", 1000), ("512Mi", 512 << 20), ("2 ", 2), ("3B", 3)] {
            assert_eq!(bytes(text).unwrap(), bytes_, "{text}");
        }
        for text in ["", "Mi", "-1", "1.5Gi", "1Q", "99999999999Ti"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
