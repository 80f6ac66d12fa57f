//! Quotas, budgets and grants on the wire.

use serde::{Deserialize, Serialize};

use std::time::Duration;

use crate::{
    clock::Timestamp,
    credits::MicroCredits,
    error::{Error, Result},
    partition::QuotaPatch,
    quota::{Account, Blocked, Budget, Grant, NEVER, Period, Standing},
    tenant::TenantId,
};

/// A budget: so many credits in every period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "`period` and `credits`")]
pub struct BudgetBody {
    /// `day`, `week`, `month`, of the UTC calendar.
    pub period: String,
    /// How many.
    pub credits: MicroCredits,
    /// Whether the tenant is suspended when they are used up; otherwise it is only said. True if absent.
    #[serde(default = "yes")]
    pub hard: bool,
}

fn yes() -> bool {
    true
}

impl From<Budget> for BudgetBody {
    fn from(budget: Budget) -> Self {
        Self { period: budget.period.label().to_owned(), credits: budget.limit, hard: budget.hard }
    }
}

/// `PATCH /quotas/{tenant}`: what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetQuota {
    /// Credits a second, 0 to 8,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_per_sec: Option<MicroCredits>,
    /// Up to where the bucket refills.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<MicroCredits>,
    /// 1 to 10,000; 100 is the usual share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Jobs at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_running: Option<u32>,
    /// A budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetBody>,
    /// Whether to remove the budget.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_budget: bool,
}

impl SetQuota {
    /// The change that is asked for. `Invalid` if it says nothing, or sets and removes a budget.
    pub fn into_patch(self) -> Result<QuotaPatch> {
        if self == Self::default() {
            return Err(Error::invalid("body", "it changes nothing"));
        }
        let budget = match (self.budget, self.no_budget) {
            (Some(_), true) => return Err(Error::invalid("no_budget", "a budget is given too")),
            (None, true) => Some(None),
            (None, false) => None,
            (Some(budget), false) => {
                let period = Period::from_label(&budget.period).ok_or_else(|| {
                    Error::invalid(
                        "period",
                        format!("{:?} must be one of {}", budget.period, Period::LABELS.join(", ")),
                    )
                })?;
                Some(Some(Budget { period, limit: budget.credits, hard: budget.hard }))
            }
        };
        Ok(QuotaPatch {
            rate: self.rate_per_sec,
            burst: self.burst,
            weight: self.weight,
            max_running: self.max_running,
            budget,
            ..QuotaPatch::default()
        })
    }
}

/// A grant that lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantView {
    /// What is left of it.
    pub credits: MicroCredits,
    /// When it is gone; absent if never.
    pub expires_at: Option<Timestamp>,
}

/// `GET /quotas/{tenant}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaView {
    /// Whose.
    pub tenant_id: String,
    /// Credits a second.
    pub rate_per_sec: MicroCredits,
    /// Up to where the bucket refills.
    pub burst: MicroCredits,
    /// The share.
    pub weight: u32,
    /// Jobs at once, at most.
    pub max_running: u32,
    /// The budget.
    pub budget: Option<BudgetBody>,
    /// Spent in this period of the budget, or since the account was opened if there is none.
    pub budget_spent: MicroCredits,
    /// Granted in this period: the budget is wider by as much.
    #[serde(default)]
    pub budget_granted: MicroCredits,
    /// When the period ends.
    pub budget_resets_at: Option<Timestamp>,
    /// What can be held now: bucket and grants.
    pub available: MicroCredits,
    /// In the bucket.
    pub bucket: MicroCredits,
    /// Grants, the one that expires first first.
    pub grants: Vec<GrantView>,
    /// Held by jobs and turns.
    pub held: MicroCredits,
    /// Jobs that run.
    pub running: u32,
    /// Where it stands: `idle`, `ready`, `capped`, `credits`, `budget`.
    pub standing: String,
    /// Until when it stands so, where that is known.
    pub until: Option<Timestamp>,
    /// Whether there is no account yet: this is what its first use opens, and the ledger has none of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opens_with_first_use: bool,
}

impl QuotaView {
    /// An account, which was touched at `now`.
    pub fn new(tenant: &TenantId, account: &Account, now: Timestamp) -> Self {
        let quota = account.quota;
        Self {
            tenant_id: tenant.to_string(),
            rate_per_sec: quota.rate,
            burst: quota.burst,
            weight: quota.weight,
            max_running: quota.max_running,
            budget: quota.budget.map(Into::into),
            // An account of before grants were counted by themselves may have spent less than nothing.
            budget_spent: account.period_spent.max(MicroCredits::ZERO),
            budget_granted: account.period_granted.max(-account.period_spent),
            budget_resets_at: quota.budget.map(|budget| budget.period.at(now).1),
            available: account.available(),
            bucket: account.bucket,
            grants: account
                .grants
                .iter()
                .map(|grant| GrantView {
                    credits: grant.amount,
                    expires_at: (grant.expires_at < NEVER).then_some(grant.expires_at),
                })
                .collect(),
            held: account.held,
            running: account.running,
            standing: account.standing.label().to_owned(),
            opens_with_first_use: false,
            until: match account.standing {
                Standing::Parked(blocked) => Blocked::until(blocked),
                Standing::Idle | Standing::Ready | Standing::Capped => None,
            },
        }
    }
}

/// `GET /quotas?after=&limit=`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaList {
    /// Of the tenants that have one, in order of id.
    pub quotas: Vec<QuotaView>,
    /// Pass as `after` for the next page; absent on the last one. `limit` counts tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// `POST /quotas/{tenant}/grants`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantCredits {
    /// How many.
    pub credits: MicroCredits,
    /// Seconds until what is left of them is gone; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_s: Option<u64>,
    /// When what is left of them is gone; not together with `expires_in_s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// A name of 1 to 64 characters: a repeat of the same name grants nothing more. Made up if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The longest a grant may live before it expires: a hundred years.
const MAX_GRANT_S: u64 = 100 * 366 * 86_400;

/// `POST /quotas/{tenant}/revocations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeCredits {
    /// How much at most of what grants left.
    pub credits: MicroCredits,
    /// A name of 1 to 64 characters: a repeat of the same name takes nothing more. Made up if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl RevokeCredits {
    /// The amount and the name; a random one if none is given.
    pub fn named(self) -> Result<(String, MicroCredits)> {
        Ok((name_or_random(self.name)?, self.credits))
    }
}

fn name_or_random(name: Option<String>) -> Result<String> {
    Ok(match name {
        Some(name) => name,
        None => hex::encode(crate::secret::random_bytes::<8>()?),
    })
}

impl GrantCredits {
    /// The grant and its name; a random one if none is given.
    pub fn into_grant(self, now: Timestamp) -> Result<(String, Grant)> {
        let name = name_or_random(self.name)?;
        let latest = now + Duration::from_secs(MAX_GRANT_S);
        let expires_at = match (self.expires_in_s, self.expires_at) {
            (None, None) => NEVER,
            (None, Some(at)) if now < at && at <= latest => at,
            (None, Some(at)) => {
                return Err(Error::invalid(
                    "expires_at",
                    format!("{at} must be later than now, by a hundred years at most"),
                ));
            }
            (Some(_), Some(_)) => return Err(Error::invalid("expires_at", "`expires_in_s` is given too")),
            (Some(seconds), None) if (1..=MAX_GRANT_S).contains(&seconds) => now + Duration::from_secs(seconds),
            (Some(seconds), None) => {
                return Err(Error::invalid("expires_in_s", format!("{seconds} must be from 1 to {MAX_GRANT_S}")));
            }
        };
        Ok((name, Grant { expires_at, amount: self.credits }))
    }
}
