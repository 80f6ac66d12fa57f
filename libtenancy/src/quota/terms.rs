//! What an operator grants a tenant: rate, burst, weight, jobs at once, and a budget for a period of the calendar.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    credits::{MAX_AMOUNT, MAX_RATE, MicroCredits},
    error::{Error, Result},
    fairness::{DEFAULT_WEIGHT, MAX_WEIGHT},
    tenant::TenantId,
};

/// The length of a budget's period; periods are those of the UTC calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// From midnight.
    Day,
    /// From Monday.
    Week,
    /// From the first of a month.
    Month,
}

impl Period {
    /// Every label.
    pub const LABELS: [&str; 3] = ["day", "week", "month"];

    /// The word that is stored and shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The period of a label.
    pub fn from_label(label: &str) -> Option<Self> {
        [Self::Day, Self::Week, Self::Month].into_iter().find(|period| period.label() == label)
    }

    /// When the period that `now` is in began.
    pub fn began(self, now: Timestamp) -> Timestamp {
        let (number, _) = self.at(now);
        let day = match self {
            Self::Day => number,
            Self::Week => number * 7 - 3,
            Self::Month => first_day_of_month(number),
        };
        Timestamp::from_micros(day * DAY)
    }

    /// The number of the period that `now` is in, counted from 1970, and when it ends.
    pub fn at(self, now: Timestamp) -> (i64, Timestamp) {
        let day = now.as_micros().div_euclid(DAY);
        let (number, end_day) = match self {
            Self::Day => (day, day + 1),
            // 1970-01-01 was a Thursday.
            Self::Week => {
                let week = (day + 3).div_euclid(7);
                (week, (week + 1) * 7 - 3)
            }
            Self::Month => {
                let month = month_of_day(day);
                (month, first_day_of_month(month + 1))
            }
        };
        (number, Timestamp::from_micros(end_day * DAY))
    }
}

const DAY: i64 = 86_400_000_000;

/// Months since January 1970 of a day since 1970-01-01 (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms",
/// `civil_from_days`).
fn month_of_day(day: i64) -> i64 {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z - era * 146_097;
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year - 1970) * 12 + month - 1
}

/// The first day of a month, both counted from 1970 (the same source, `days_from_civil`).
fn first_day_of_month(months: i64) -> i64 {
    let (year, month) = (1970 + months.div_euclid(12), months.rem_euclid(12) + 1);
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y - era * 400;
    let doy = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

/// A limit on what is spent in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Per what.
    pub period: Period,
    /// How much. A budget in money is turned into credits by the price when it is set.
    pub limit: MicroCredits,
    /// Whether reaching it suspends the tenant; a soft one is told only.
    pub hard: bool,
}

/// What an operator grants a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// Refill of the bucket, a second.
    pub rate: MicroCredits,
    /// Up to where it refills; a new account begins with it.
    pub burst: MicroCredits,
    /// The share of capacity, relative to others' weights.
    pub weight: u32,
    /// Jobs at once.
    pub max_running: u32,
    /// What may be spent in a period.
    pub budget: Option<Budget>,
}

impl Default for Quota {
    /// One credit a second with an hour's burst: one GPU all the time. No budget; a thousand jobs at once.
    fn default() -> Self {
        Self {
            rate: MicroCredits::credits(1),
            burst: MicroCredits::credits(3_600),
            weight: DEFAULT_WEIGHT,
            max_running: 1_000,
            budget: None,
        }
    }
}

/// The account under which the warm pool's time is booked: no tenant's, and it is granted nothing.
pub const POOL: &str = "warm-pool";

impl Quota {
    /// What a new account of `tenant` begins with, where this is the default.
    #[must_use]
    pub fn opening(self, tenant: &TenantId) -> Self {
        if tenant.as_str() == POOL {
            Self { rate: MicroCredits::ZERO, burst: MicroCredits::ZERO, ..self }
        } else {
            self
        }
    }

    /// Refuses what is out of bounds.
    pub fn checked(self) -> Result<Self> {
        self.rate.bounded("rate", MicroCredits::ZERO, MAX_RATE)?;
        self.burst.bounded("burst", MicroCredits::ZERO, MAX_AMOUNT)?;
        if !(1..=MAX_WEIGHT).contains(&self.weight) {
            return Err(Error::invalid("weight", format!("{} must be from 1 to {MAX_WEIGHT}", self.weight)));
        }
        if !(1..=1_000_000).contains(&self.max_running) {
            return Err(Error::invalid("max_running", format!("{} must be from 1 to 1000000", self.max_running)));
        }
        if let Some(budget) = self.budget {
            budget.limit.bounded("budget", MicroCredits::ZERO, MAX_AMOUNT)?;
        }
        Ok(self)
    }

    /// The quota in words.
    pub fn shown(&self) -> String {
        let Self { rate, burst, weight, max_running, budget } = self;
        let budget = budget.map_or_else(
            || "no budget".to_owned(),
            |budget| {
                let hard = if budget.hard { "" } else { ", a soft one" };
                format!("a budget of {} a {}{hard}", budget.limit, budget.period.label())
            },
        );
        format!("{rate} credits a second up to {burst}, weight {weight}, {max_running} jobs at once, {budget}")
    }

    /// The quota in one word, as a ledger's `configure` row carries it: rate, burst, weight, jobs at once, period (or
    /// nothing), limit, 1 if it is hard; colons between.
    pub fn text(&self) -> String {
        let Self { rate, burst, weight, max_running, budget } = self;
        let (period, limit, hard) =
            budget.map_or(("", 0, 0), |budget| (budget.period.label(), budget.limit.0, u8::from(budget.hard)));
        format!("{}:{}:{weight}:{max_running}:{period}:{limit}:{hard}", rate.0, burst.0)
    }

    /// Reads [`Quota::text`].
    pub fn parse(text: &str) -> Option<Self> {
        let [rate, burst, weight, max_running, period, limit, hard] =
            text.split(':').collect::<Vec<_>>().try_into().ok()?;
        let budget = match period {
            "" => None,
            period => Some(Budget {
                period: Period::from_label(period)?,
                limit: MicroCredits(limit.parse().ok()?),
                hard: hard == "1",
            }),
        };
        Some(Self {
            rate: MicroCredits(rate.parse().ok()?),
            burst: MicroCredits(burst.parse().ok()?),
            weight: weight.parse().ok()?,
            max_running: max_running.parse().ok()?,
            budget,
        })
    }
}
