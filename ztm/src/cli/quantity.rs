//! Times and sizes as people write them.

use std::time::Duration;

use libtenancy::{
    clock::{Clock, SystemClock, Timestamp},
    credits::MicroCredits,
};

/// A time: a bare number is seconds; otherwise units (`500ms`, `30s`, `5m`, `1h 30m`). Not negative, at most a year.
pub fn time(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a time: write seconds, or a number with a unit (500ms, 30s, 5m, 2h)");
    let trimmed = text.trim();
    let time = match trimmed.parse::<i64>() {
        Ok(seconds) => jiff::SignedDuration::from_secs(seconds),
        Err(_) => trimmed.parse::<jiff::SignedDuration>().map_err(|_| wrong())?,
    };
    let time = Duration::try_from(time).map_err(|_| format!("`{text}` is negative"))?;
    if time > Duration::from_hours(366 * 24) {
        return Err(format!("`{text}` is more than a year"));
    }
    Ok(time)
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

/// A [`time`] in days too (`30d`), up to a hundred years; longer than nothing.
pub fn days(text: &str) -> Result<Duration, String> {
    let Some(days) = text.trim().strip_suffix('d').and_then(|days| days.parse::<u64>().ok()) else {
        return timeout(text);
    };
    match days {
        0 => Err("it must be longer than 0".to_owned()),
        1..=36_600 => Ok(Duration::from_secs(days * 86_400)),
        _ => Err(format!("`{text}` is more than a hundred years")),
    }
}

/// Credits: a decimal number with at most six decimals.
pub fn credits(text: &str) -> Result<MicroCredits, String> {
    let wrong = || format!("`{text}` is no number of credits: write a decimal number with at most six decimals");
    text.trim().parse().map_err(|_| wrong())
}

/// Money in millionths of its unit: a decimal number that is not negative, with at most six decimals.
pub fn money(text: &str) -> Result<u64, String> {
    let amount: MicroCredits = text
        .trim()
        .parse()
        .map_err(|_| format!("`{text}` is no amount of money: write a decimal number with at most six decimals"))?;
    u64::try_from(amount.0).map_err(|_| format!("`{text}` is negative"))
}

/// A moment as RFC 3339 has it.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| format!("`{text}` is no time as RFC 3339 has it (2026-11-25T08:00:00Z)"))
}

/// A [`moment`], a date (its first moment, UTC), or so long ago (`30d`, `12h`).
pub fn past(text: &str) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse().or_else(|_| format!("{text}T00:00:00Z").parse()) {
        return Ok(moment);
    }
    let ago = days(text).map_err(|_| format!("`{text}` is no date, time, or time ago (2026-11-25, 30d, 12h)"))?;
    Ok(SystemClock::default().now() - ago)
}

/// A [`time`] in a configuration file: a number of seconds, or text with a unit.
pub fn deserialize_time<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    Written::read(deserializer).and_then(|w| time(&w).map(Some).map_err(serde::de::Error::custom))
}

/// A [`bytes`] in a configuration file.
pub fn deserialize_bytes<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Written::read(deserializer).and_then(|w| bytes(&w).map(Some).map_err(serde::de::Error::custom))
}

/// [`credits`] in a configuration file.
pub fn deserialize_credits<'de, D>(deserializer: D) -> Result<Option<MicroCredits>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    Written::read(deserializer).and_then(|w| credits(&w).map(Some).map_err(serde::de::Error::custom))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_or_carry_a_unit() {
        for (text, millis) in [("0", 0), ("90", 90_000), ("500ms", 500), ("5m", 300_000), ("1h 30m", 5_400_000)] {
            assert_eq!(time(text).unwrap(), Duration::from_millis(millis), "{text}");
        }
        for text in ["", "abc", "-1", "-5s", "5 parsecs", "NaN", "99999999999999999999", "400000000"] {
            assert!(time(text).is_err(), "{text}");
        }
        assert!(timeout("0").is_err());
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
