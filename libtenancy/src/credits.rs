//! Credits: one credit is one GPU-second, held as whole micro-credits.
//!
//! Owns the unit, its bounds and how it is written. No float ever holds a credit: what comes from outside is a decimal
//! number that is read digit by digit, so `NaN`, infinities, exponents and more than six decimals are refused.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// An amount of credits in millionths. On the wire and on screen: a decimal number of credits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MicroCredits(pub i64);

/// Micro-credits in one credit.
pub const CREDIT: i64 = 1_000_000;

/// The largest amount anywhere: a thousand million credits. Sums of two of them stay below 2^53, up to which a Redis
/// script counts exactly.
pub const MAX_AMOUNT: MicroCredits = MicroCredits(1_000_000_000 * CREDIT);

/// The largest cost of one job or turn: a million credits, eleven GPU-days.
pub const MAX_COST: MicroCredits = MicroCredits(1_000_000 * CREDIT);

/// The largest refill rate, credits a second: a million microseconds of it stay below 2^53.
pub const MAX_RATE: MicroCredits = MicroCredits(8_000 * CREDIT);

impl MicroCredits {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Whole credits.
    pub const fn credits(credits: i64) -> Self {
        Self(credits * CREDIT)
    }

    /// Reads a decimal number of credits that must be from `least` to `most`; `field` names it in the error.
    pub fn within(field: &'static str, text: &str, least: Self, most: Self) -> Result<Self> {
        let amount: Self = text.parse().map_err(|_| {
            let shown: String = text.chars().take(40).collect();
            Error::invalid(field, format!("{shown:?} must be a decimal number of credits with at most six decimals"))
        })?;
        amount.bounded(field, least, most)
    }

    /// This amount, if it is from `least` to `most`.
    pub fn bounded(self, field: &'static str, least: Self, most: Self) -> Result<Self> {
        if (least..=most).contains(&self) {
            Ok(self)
        } else {
            Err(Error::invalid(field, format!("{self} must be from {least} to {most} credits")))
        }
    }
}

impl FromStr for MicroCredits {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::invalid("credits", "not a decimal number with at most six decimals");
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let dangling = digits.contains('.') && fraction.is_empty();
        if whole.is_empty()
            || whole.len() > 12
            || fraction.len() > 6
            || dangling
            || !all_digits(whole)
            || !all_digits(fraction)
        {
            return Err(wrong());
        }
        let whole: i64 = whole.parse().map_err(|_| wrong())?;
        let fraction: i64 = format!("{fraction:0<6}").parse().map_err(|_| wrong())?;
        let micros = whole * CREDIT + fraction;
        Ok(Self(if negative { -micros } else { micros }))
    }
}

impl fmt::Display for MicroCredits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let (whole, fraction) = (magnitude / CREDIT.unsigned_abs(), magnitude % CREDIT.unsigned_abs());
        let sign = if self.0 < 0 { "-" } else { "" };
        if fraction == 0 {
            return f.pad(&format!("{sign}{whole}"));
        }
        f.pad(format!("{sign}{whole}.{fraction:06}").trim_end_matches('0'))
    }
}

impl std::ops::Add for MicroCredits {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::ops::Sub for MicroCredits {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl std::ops::Neg for MicroCredits {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl std::ops::AddAssign for MicroCredits {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl std::ops::SubAssign for MicroCredits {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl std::iter::Sum for MicroCredits {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, |sum, amount| sum + amount)
    }
}

impl Serialize for MicroCredits {
    /// A JSON number where a double holds it exactly as written, which [`MAX_AMOUNT`] does.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % CREDIT == 0 {
            return serializer.serialize_i64(self.0 / CREDIT);
        }
        let text = self.to_string();
        let number: Box<serde_json::value::RawValue> =
            serde_json::value::RawValue::from_string(text).map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for MicroCredits {
    /// A JSON number or a string with one, read as text: never through a float.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<serde_json::value::RawValue>::deserialize(deserializer)?;
        let text = raw.get().trim_matches('"');
        match text.split_once(['e', 'E']) {
            Some((number, exponent)) => {
                shifted(number, exponent).ok_or_else(|| serde::de::Error::custom("it is no amount of credits"))
            }
            None => text.parse().map_err(serde::de::Error::custom),
        }
    }
}

/// A number with an exponent, as programs write small ones (`1.2e-05`), digit by digit. `None` if it is no whole number of
/// micro-credits.
fn shifted(number: &str, exponent: &str) -> Option<MicroCredits> {
    let exponent: i32 = exponent.parse().ok().filter(|exponent| (-18..=12).contains(exponent))?;
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) || fraction.len() > 18 {
        return None;
    }
    // The point's place among the digits, with zeros enough on both sides.
    let digits = format!("{:0>18}{whole}{fraction}{:0>30}", "", "");
    let point = 18 + i32::try_from(whole.len()).ok()? + exponent;
    let (whole, fraction) = digits.split_at(usize::try_from(point).ok()?);
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_are_read_digit_by_digit() {
        for (text, micros) in [
            ("0", 0),
            ("1", 1_000_000),
            ("0.000001", 1),
            ("12.5", 12_500_000),
            ("-3.25", -3_250_000),
            ("007", 7_000_000),
        ] {
            assert_eq!(text.parse::<MicroCredits>().unwrap().0, micros, "{text}");
        }
    }

    #[test]
    fn m4_what_is_no_plain_decimal_is_refused() {
        for text in [
            "",
            "nan",
            "NaN",
            "inf",
            "-inf",
            "1e6",
            "0x10",
            "1.",
            ".5",
            "1.0000001",
            "--1",
            "+1",
            " 1",
            "1 ",
            "1_0",
            "9223372036854775808",
            "9999999999999",
            "-",
        ] {
            assert!(text.parse::<MicroCredits>().is_err(), "{text:?}");
        }
        let most = MicroCredits::within("cost", "1000000.000001", MicroCredits(1), MAX_COST);
        assert!(matches!(most, Err(Error::Invalid { field: "cost", .. })));
        assert!(MicroCredits::within("cost", "0", MicroCredits(1), MAX_COST).is_err());
        assert!(MicroCredits::within("cost", "-1", MicroCredits(1), MAX_COST).is_err());
    }

    #[test]
    fn credits_round_trip_as_text_and_json() {
        for micros in [0, 1, -1, 999_999, 1_000_000, 1_500_000, MAX_AMOUNT.0, MAX_AMOUNT.0 - 1] {
            let amount = MicroCredits(micros);
            assert_eq!(amount.to_string().parse::<MicroCredits>().unwrap(), amount);
            let json = serde_json::to_string(&amount).unwrap();
            assert_eq!(serde_json::from_str::<MicroCredits>(&json).unwrap(), amount, "{json}");
        }
        assert_eq!(serde_json::from_str::<MicroCredits>("\"2.5\"").unwrap().0, 2_500_000);
        for (json, micros) in
            [("1e-06", 1), ("1.2e-05", 12), ("1E3", 1_000_000_000), ("-2.5e+1", -25_000_000), ("0e0", 0)]
        {
            assert_eq!(serde_json::from_str::<MicroCredits>(json).unwrap().0, micros, "{json}");
        }
        for json in ["1e-7", "1e400", "1.5e-6", "1e13", "\"1e\"", "null", "true", "[1]", "\"nan\"", "{}"] {
            assert!(serde_json::from_str::<MicroCredits>(json).is_err(), "{json}");
        }
    }
}
