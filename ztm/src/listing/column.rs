//! Columns that show a field otherwise than its JSON has it: how long ago, with a unit, or how many.

use std::time::Duration;

use libtenancy::clock::Timestamp;
use serde_json::{Value, json};

use crate::view;

/// A column of a table of another name, or another look, than the field that it shows.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in lower case, `_` for a space.
    pub name: &'static str,
    /// The field that it shows.
    pub field: &'static str,
    /// How it shows it.
    pub measure: Measure,
}

/// A column that shows a field as it is, or in the unit of its name.
pub const fn column(name: &'static str, field: &'static str) -> Column {
    Column { name, field, measure: Measure::Plain }
}

/// A column that shows a field like this.
pub const fn measured(name: &'static str, field: &'static str, measure: Measure) -> Column {
    Column { name, field, measure }
}

/// How a value is shown, and so how one is typed that it is compared with.
#[derive(Clone, Copy, Debug)]
pub enum Measure {
    /// As it is.
    Plain,
    /// Seconds, as a length of time.
    Seconds,
    /// Seconds, as a length of time in its largest unit.
    Span,
    /// Milliseconds, as a length of time.
    Millis,
    /// A size.
    Bytes,
    /// Credits.
    Credits,
    /// How long ago a moment was.
    Ago,
    /// How long it is until a moment.
    Until,
    /// Millionths of money.
    Money,
    /// Millionths of a dollar an hour.
    Price,
    /// Thousandths of a processor.
    Processors,
    /// How many a list has.
    Count,
    /// Whatever this makes of the row.
    Made(fn(&Value) -> Value),
}

/// Fields of credits that do not say so in their names.
const CREDITS: &[&str] = &[
    "available",
    "bucket",
    "budget.credits",
    "budget_granted",
    "budget_spent",
    "burst",
    "expired",
    "granted",
    "held",
    "refilled",
    "spent",
];

/// Fields of moments to come.
const TO_COME: &[&str] = &["budget_resets_at", "next_at", "not_before", "until"];

impl Measure {
    /// What the name of a field says of its unit.
    pub fn of_field(name: &str) -> Self {
        match name {
            name if name.ends_with("_gpu_seconds") || CREDITS.contains(&name) => Self::Credits,
            name if name.ends_with("_ms") => Self::Millis,
            name if name.ends_with("_s") => Self::Seconds,
            name if name.ends_with("bytes") => Self::Bytes,
            _ => Self::Plain,
        }
    }

    /// What a field means whose values are moments, where a length of time was typed.
    pub fn of_moment(name: &str) -> Self {
        if TO_COME.contains(&name) { Self::Until } else { Self::Ago }
    }

    /// The value that is compared: of times how long, in seconds. `None` if there is none.
    pub fn value(self, row: &Value, field: Option<&Value>, now: Timestamp) -> Option<Value> {
        let since = |from: i64, to: i64| {
            #[expect(clippy::cast_precision_loss, reason = "micro-seconds of centuries fit")]
            let micros = to.saturating_sub(from) as f64;
            json!(micros / 1e6)
        };
        let at = || field.and_then(Value::as_str)?.parse::<Timestamp>().ok();
        let value = match self {
            Self::Ago => since(at()?.as_micros(), now.as_micros()),
            Self::Until => since(now.as_micros(), at()?.as_micros()),
            Self::Count => json!(field?.as_array()?.len()),
            Self::Made(make) => make(row),
            _ => field?.clone(),
        };
        (!value.is_null()).then_some(value)
    }

    /// What was typed as a number of the field's unit; `None` if it is none.
    pub fn number(self, typed: &str) -> Option<f64> {
        let bare = typed.parse::<f64>().ok().filter(|number| number.is_finite());
        match self {
            Self::Money => bare.map(|units| units * 1e6),
            Self::Price => {
                let amount = typed.strip_prefix('$').unwrap_or(typed);
                amount.strip_suffix("/h").unwrap_or(amount).parse::<f64>().ok().map(|dollars| dollars * 1e6)
            }
            Self::Processors => bare.map(|processors| processors * 1e3),
            Self::Seconds | Self::Span => bare.or_else(|| Some(time(typed)?.as_secs_f64())),
            Self::Ago | Self::Until => bare.or_else(|| {
                let typed = typed.strip_prefix("in ").unwrap_or(typed);
                Some(time(typed.strip_suffix(" ago").unwrap_or(typed))?.as_secs_f64())
            }),
            Self::Millis => bare.or_else(|| Some(time(typed)?.as_secs_f64() * 1e3)),
            Self::Bytes => bare.or_else(|| bytes(typed)),
            Self::Credits => bare.or_else(|| {
                let amount = typed.strip_suffix("credits").or_else(|| typed.strip_suffix("credit"))?;
                amount.trim().parse().ok()
            }),
            Self::Plain | Self::Count | Self::Made(_) => bare,
        }
    }

    /// What the table shows of a value, where that is less than it is: it is meant by whoever types it.
    pub fn shown(self, value: &Value) -> Option<String> {
        let number = value.as_f64().filter(|number| *number >= 0.0)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and shown in whole")]
        let whole = number as u64;
        match self {
            Self::Span | Self::Ago => Some(view::span(Duration::from_secs(whole))),
            Self::Until => Some(format!("in {}", view::span(Duration::from_secs(whole)))),
            Self::Bytes => Some(view::size(whole)),
            Self::Price => Some(view::node::dollars(whole)),
            Self::Processors => Some(view::node::processors(whole)),
            _ => None,
        }
    }

    /// What its values are, and how one is written; `None` if they can be anything.
    pub fn kind(self) -> Option<&'static str> {
        Some(match self {
            Self::Plain | Self::Made(_) => return None,
            Self::Seconds | Self::Span | Self::Millis => "a length of time, as in `300s` or `5m`",
            Self::Ago => "how long ago something was, as in `90s` or `5m`",
            Self::Until => "how long it is until something, as in `90s` or `5m`",
            Self::Bytes => "a size, as in `512 KiB` or `1.5 GiB`",
            Self::Credits => "a number of credits, as in `1.5`",
            Self::Money => "an amount of money, as in `0.02`",
            Self::Price => "dollars an hour, as in `$5.44/h`",
            Self::Processors => "a number of processors, as in `1.5`",
            Self::Count => "a number",
        })
    }
}

/// A length of time that has a unit.
pub fn time(typed: &str) -> Option<Duration> {
    let span = typed.parse::<jiff::Span>().ok()?;
    span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?.try_into().ok()
}

/// A size with a unit, as `1.5 KiB`, `512Mi` or `10 MB`.
fn bytes(typed: &str) -> Option<f64> {
    let end = typed.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let number: f64 = typed[..end].parse().ok()?;
    let unit = typed[end..].trim();
    let factor = match unit.strip_suffix('B').unwrap_or(unit) {
        "" => 1.0,
        "K" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1024.0,
        "Mi" => 1024.0 * 1024.0,
        "Gi" => 1024.0 * 1024.0 * 1024.0,
        "Ti" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    Some(number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_typed_as_they_are_shown() {
        for (measure, typed, number) in [
            (Measure::Seconds, "5m", Some(300.0)),
            (Measure::Seconds, "300", Some(300.0)),
            (Measure::Seconds, "300q", None),
            (Measure::Millis, "2s", Some(2_000.0)),
            (Measure::Millis, "3.5", Some(3.5)),
            (Measure::Ago, "2m ago", Some(120.0)),
            (Measure::Until, "in 2h", Some(7_200.0)),
            (Measure::Bytes, "1.5 KiB", Some(1_536.0)),
            (Measure::Bytes, "2MB", Some(2e6)),
            (Measure::Bytes, "2 furlongs", None),
            (Measure::Credits, "3 credits", Some(3.0)),
            (Measure::Credits, "3s", None),
            (Measure::Money, "0.02", Some(20_000.0)),
            (Measure::Price, "$5.44/h", Some(5_440_000.0)),
            (Measure::Processors, "1.5", Some(1_500.0)),
            (Measure::Plain, "300s", None),
        ] {
            assert_eq!(measure.number(typed), number, "{measure:?} {typed}");
        }
    }
}
