//! Quota: what a tenant may use, and the account that says what it has.
//!
//! Owns the arithmetic of credits: refill, grants and their expiry, holds, settlement, period budgets. Pure and in whole
//! numbers; every driver's result must equal these. Does not own storage (`ports::quotas`) nor who is next (`fairness`).
//!
//! # Design notes
//! - The bucket refills at `rate` up to `burst`. A refill is reckoned when the account is touched, and counted where it is
//!   credited, so that the ledger can prove it. What is over from a division is kept (`remainder`), so that looking often
//!   earns the same as looking once.
//! - A hold is drawn from the bucket first, which refills, then from grants, the one that expires first first. It
//!   remembers what it took from which grant: a refund goes back there, and is `expired` if the grant has expired since.
//!   So a grant cannot be turned into credits that last by holding and cancelling.
//! - A refund may lift the bucket over `burst`; it then does not refill until it is below. Only a lower burst takes away
//!   what is over it: that is `expired`.
//! - Time never runs backwards in an account: an earlier `now` refills nothing and moves nothing.
//! - Actual use above a hold is taken from what can still be held; what is not there is `adjusted`, the operator's line. So
//!   whoever announces less than it uses gains nothing by it.

mod so_far;
mod standing;
mod terms;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    credits::{CREDIT, MAX_AMOUNT, MAX_COST, MicroCredits},
    error::{Error, Result},
    fairness,
    ledger::After,
    tenant::TenantId,
};

pub use self::{
    so_far::{Count, SoFar},
    standing::{Blocked, Standing},
    terms::{Budget, POOL, Period, Quota},
};

/// Live grants of one tenant at most; one more is refused.
pub const MAX_GRANTS: usize = 32;

/// The expiry of a grant that does not expire: 2^53 - 1 µs, in the year 2255.
pub const NEVER: Timestamp = Timestamp::from_micros((1 << 53) - 1);

/// Credits granted beside the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// When what is left of it is gone; [`NEVER`] for one that stays.
    pub expires_at: Timestamp,
    /// What is left of it.
    pub amount: MicroCredits,
}

/// What is kept beside a grant's name: that its amount is known, and the name with the amount. No name has a `#`; of one
/// without these (an old one, or one that the ledger told) nothing else is known.
pub(crate) fn granted(name: &str, amount: MicroCredits) -> [String; 2] {
    [format!("{name}#"), format!("{name}#{}", amount.0)]
}

/// A name of a grant was used before, for another amount.
pub(crate) fn given_otherwise(name: &str) -> Error {
    Error::conflict("grant", name, "it was given before, with another amount")
}

/// There is nothing that could be taken back.
pub(crate) fn nothing_left(tenant: &TenantId) -> Error {
    Error::conflict("grants of tenant", tenant.as_str(), "nothing is left of what it was granted")
}

/// What a revocation is booked as: its reference, which no grant that an operator names has, and its amount, below nothing.
/// `Invalid` if `amount` is nothing or less, or beyond [`MAX_AMOUNT`].
pub(crate) fn revocation(name: &str, amount: MicroCredits) -> Result<(String, MicroCredits)> {
    amount.bounded("amount", MIN_COST, MAX_AMOUNT)?;
    Ok((format!("revoke:{name}"), -amount))
}

/// Writes grants as they are stored: `expiry:amount` with commas between, in order of expiry, both as whole numbers.
pub fn grants_text(grants: &[Grant]) -> String {
    let texts: Vec<String> = grants.iter().map(|g| format!("{}:{}", g.expires_at.as_micros(), g.amount.0)).collect();
    texts.join(",")
}

/// Reads [`grants_text`].
pub fn grants_parse(text: &str) -> Option<Vec<Grant>> {
    let one = |text: &str| {
        let (expires_at, amount) = text.split_once(':')?;
        Some(Grant {
            expires_at: Timestamp::from_micros(expires_at.parse().ok()?),
            amount: MicroCredits(amount.parse().ok()?),
        })
    };
    text.split(',').filter(|text| !text.is_empty()).map(one).collect()
}

/// What a hold was drawn from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hold {
    /// All of it.
    pub amount: MicroCredits,
    /// The part that grants gave, by their expiry; the rest came from the bucket.
    pub grants: Vec<Grant>,
}

/// What a step did to an account: the numbers of a ledger row. `granted + refilled + adjusted = spent + expired + held +`
/// the change of what is available.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deltas {
    /// Given by an operator, or at the opening.
    pub granted: MicroCredits,
    /// Refilled.
    pub refilled: MicroCredits,
    /// The change of what is held; negative when a hold ends.
    pub held: MicroCredits,
    /// Used.
    pub spent: MicroCredits,
    /// Lost to the expiry of a grant, or to the closing of the account.
    pub expired: MicroCredits,
    /// Borne (or, if negative, taken back) by the operator.
    pub adjusted: MicroCredits,
    /// The share of the budget in per cent that was reached by this step: 80 or 100, each once a period.
    pub notice: Option<u8>,
}

impl std::ops::AddAssign for Deltas {
    fn add_assign(&mut self, other: Self) {
        self.granted += other.granted;
        self.refilled += other.refilled;
        self.held += other.held;
        self.spent += other.spent;
        self.expired += other.expired;
        self.adjusted += other.adjusted;
        self.notice = self.notice.max(other.notice);
    }
}

impl Deltas {
    /// Whether nothing happened.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// A tenant's account: what it may, what it has, and its place in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// What the operator set.
    pub quota: Quota,
    /// In the bucket.
    pub bucket: MicroCredits,
    /// Up to when the refill is reckoned.
    pub refilled_at: Timestamp,
    /// What the last division left, in millionths of a micro-credit.
    pub remainder: i64,
    /// Grants in order of expiry.
    pub grants: Vec<Grant>,
    /// Held by running jobs and turns.
    pub held: MicroCredits,
    /// The number of the budget's period that `period_spent` is of.
    pub period: i64,
    /// Spent in it, or since the opening if there is no budget; not counted beyond [`MAX_AMOUNT`].
    pub period_spent: MicroCredits,
    /// Granted in it, which widens the budget by as much; not counted beyond [`MAX_AMOUNT`].
    pub period_granted: MicroCredits,
    /// The highest notice given in it: 0, 80 or 100.
    pub noticed: u8,
    /// Jobs that run.
    pub running: u32,
    /// Its standing in the queue.
    pub standing: Standing,
    /// Its start tag, see [`fairness`].
    pub tag: i64,
    /// Recent use in virtual time, as of `used_at`.
    pub used: i64,
    /// See `used`.
    pub used_at: Timestamp,
    /// The tag of its job that was started last.
    pub agent_clock: i64,
}

impl Account {
    /// A new account, its bucket full: the ledger's `opening` row grants it.
    pub fn open(quota: Quota, now: Timestamp) -> (Self, Deltas) {
        let account = Self {
            quota,
            bucket: quota.burst,
            refilled_at: now,
            remainder: 0,
            grants: Vec::new(),
            held: MicroCredits::ZERO,
            period: quota.budget.map_or(0, |budget| budget.period.at(now).0),
            period_spent: MicroCredits::ZERO,
            period_granted: MicroCredits::ZERO,
            noticed: 0,
            running: 0,
            standing: Standing::Idle,
            tag: 0,
            used: 0,
            used_at: now,
            agent_clock: 0,
        };
        (account, Deltas { granted: quota.burst, ..Deltas::default() })
    }

    /// What can be held now, as of the last touch.
    pub fn available(&self) -> MicroCredits {
        self.bucket + self.granted_left()
    }

    fn granted_left(&self) -> MicroCredits {
        self.grants.iter().map(|grant| grant.amount).sum()
    }

    /// What it counts of the present period.
    pub fn counted(&self) -> Count {
        Count { period: self.period, spent: self.period_spent, granted: self.period_granted }
    }

    /// What is used of the period's budget: below nothing where more was granted than spent.
    pub fn of_budget(&self) -> MicroCredits {
        self.period_spent - self.period_granted
    }

    /// What a period's budget still allows to be held, below nothing where more is spent or held; [`MAX_AMOUNT`] without one.
    pub fn left_of_budget(&self) -> MicroCredits {
        self.quota.budget.map_or(MAX_AMOUNT, |budget| budget.limit - self.of_budget() - self.held)
    }

    /// Brings the account to `now`: refill, expiry of grants, the budget's period.
    pub fn touch(&mut self, now: Timestamp) -> Deltas {
        let mut deltas = Deltas { refilled: self.refill(now), ..Deltas::default() };
        while let Some(grant) = self.grants.first().filter(|grant| grant.expires_at <= now) {
            deltas.expired += grant.amount;
            self.grants.remove(0);
        }
        if deltas.expired > MicroCredits::ZERO {
            self.narrow();
        }
        if let Some(budget) = self.quota.budget {
            let (period, _) = budget.period.at(now);
            if period > self.period {
                (self.period, self.noticed) = (period, 0);
                (self.period_spent, self.period_granted) = (MicroCredits::ZERO, MicroCredits::ZERO);
            }
        }
        deltas
    }

    /// What of grants is gone unused widens the budget no more.
    fn narrow(&mut self) {
        if let Some(budget) = self.quota.budget {
            let beyond = (self.period_spent - budget.limit).max(MicroCredits::ZERO);
            self.period_granted = self.period_granted.min(beyond + self.granted_left() + self.held);
        }
    }

    fn refill(&mut self, now: Timestamp) -> MicroCredits {
        let elapsed = now.as_micros() - self.refilled_at.as_micros();
        if elapsed <= 0 {
            return MicroCredits::ZERO;
        }
        self.refilled_at = now;
        let (rate, room) = (self.quota.rate.0, self.quota.burst.0 - self.bucket.0);
        if rate == 0 || room <= 0 {
            self.remainder = 0;
            return MicroCredits::ZERO;
        }
        let (seconds, micros) = (elapsed / 1_000_000, elapsed % 1_000_000);
        if seconds > room / rate {
            self.remainder = 0;
            self.bucket.0 += room;
            return MicroCredits(room);
        }
        let numerator = micros * rate + self.remainder;
        let earned = seconds * rate + numerator / 1_000_000;
        if earned >= room {
            self.remainder = 0;
            self.bucket.0 += room;
            return MicroCredits(room);
        }
        self.remainder = numerator % 1_000_000;
        self.bucket.0 += earned;
        MicroCredits(earned)
    }

    /// Whether `amount` can be held at `now`, to which the account was brought before.
    pub fn check(&self, amount: MicroCredits, now: Timestamp) -> Result<(), Blocked> {
        let available = self.available();
        let rate = self.quota.rate.0;
        let missing = amount.0 - available.0;
        // What the bucket can still gain.
        let room = (self.quota.burst.0 - self.bucket.0).max(0);
        if missing > 0 && (rate == 0 || missing > room || missing / rate > 1_000_000_000) {
            // No new period helps either.
            return Err(Blocked::Credits { until: None });
        }
        if let Some(budget) = self.quota.budget.filter(|budget| budget.hard)
            && amount > self.left_of_budget()
        {
            return Err(Blocked::Budget { until: budget.period.at(now).1 });
        }
        if missing <= 0 {
            return Ok(());
        }
        let micros = (missing % rate * 1_000_000 + rate - 1) / rate;
        let until = self.refilled_at + Duration::from_secs((missing / rate).unsigned_abs());
        Err(Blocked::Credits { until: Some(until + Duration::from_micros(micros.unsigned_abs())) })
    }

    /// Holds `amount`, which [`Account::check`] has allowed.
    pub fn hold(&mut self, amount: MicroCredits) -> (Hold, Deltas) {
        let hold = Hold { amount, grants: self.draw(amount) };
        self.held += amount;
        (hold, Deltas { held: amount, ..Deltas::default() })
    }

    /// Takes `amount` out of the bucket, and what is not there out of grants: what each of these gave.
    fn draw(&mut self, amount: MicroCredits) -> Vec<Grant> {
        let from_bucket = amount.0.min(self.bucket.0.max(0));
        self.bucket.0 -= from_bucket;
        let mut missing = amount.0 - from_bucket;
        let mut given = Vec::new();
        while missing > 0
            && let Some(grant) = self.grants.first_mut()
        {
            let drawn = missing.min(grant.amount.0);
            given.push(Grant { expires_at: grant.expires_at, amount: MicroCredits(drawn) });
            grant.amount.0 -= drawn;
            missing -= drawn;
            if grant.amount.0 == 0 {
                self.grants.remove(0);
            }
        }
        given
    }

    /// What could be held besides all that is: all that is available, within a hard budget.
    fn spare(&self) -> MicroCredits {
        let is_hard = self.quota.budget.is_some_and(|budget| budget.hard);
        let within = if is_hard { self.left_of_budget() } else { MAX_AMOUNT };
        self.available().min(within).max(MicroCredits::ZERO)
    }

    /// Ends a hold: `used` of it is spent, the rest goes back to where it came from. Use beyond the hold is taken from what
    /// can still be held; the rest of it is adjusted. The account was brought to `now` before.
    pub fn settle(&mut self, hold: &Hold, used: MicroCredits, now: Timestamp) -> Deltas {
        let used = MicroCredits(used.0.clamp(0, MAX_AMOUNT.0));
        let charged = MicroCredits(used.0.min(hold.amount.0));
        let mut deltas = Deltas { held: -hold.amount, spent: used, ..Deltas::default() };
        self.held -= hold.amount;
        let mut refund = hold.amount - charged;
        for grant in hold.grants.iter().rev() {
            let back = MicroCredits(refund.0.min(grant.amount.0));
            refund -= back;
            if back.0 == 0 {
                break;
            }
            if grant.expires_at <= now {
                deltas.expired += back;
            } else {
                self.grant_add(Grant { expires_at: grant.expires_at, amount: back });
            }
        }
        self.bucket += refund;
        self.period_spent = (self.period_spent + charged).min(MAX_AMOUNT);
        let over = (used - charged).min(self.spare());
        self.draw(over);
        self.period_spent = (self.period_spent + over).min(MAX_AMOUNT);
        deltas.adjusted = used - charged - over;
        deltas.notice = self.notice();
        deltas
    }

    /// The notice that is due, once each a period.
    fn notice(&mut self) -> Option<u8> {
        let limit = self.quota.budget?.limit.0;
        let reached = match self.of_budget().0 {
            spent if spent >= limit => 100,
            spent if spent >= limit - limit / 5 => 80,
            _ => 0,
        };
        if reached <= self.noticed {
            return None;
        }
        self.noticed = reached;
        Some(reached)
    }

    /// Adds a grant; one of the same expiry grows. It widens the budget of the period by as much: a tenant whose budget is
    /// used up resumes. `Overloaded` if there are [`MAX_GRANTS`] others; `Invalid` if it is
    /// nothing or less, or the sum would pass [`MAX_AMOUNT`].
    pub fn grant(&mut self, grant: Grant) -> Result<Deltas> {
        grant.amount.bounded("amount", MIN_COST, MAX_AMOUNT)?;
        if self.available().0 + self.held.0 + grant.amount.0 > MAX_AMOUNT.0 {
            return Err(Error::invalid("amount", format!("the account would hold more than {MAX_AMOUNT} credits")));
        }
        let grows = self.grants.iter().any(|other| other.expires_at == grant.expires_at);
        if !grows && self.grants.len() >= MAX_GRANTS {
            return Err(Error::Overloaded { reason: format!("the tenant has {MAX_GRANTS} live grants already") });
        }
        self.grant_add(grant);
        if self.quota.budget.is_some() {
            self.period_granted = (self.period_granted + grant.amount).min(MAX_AMOUNT);
        }
        Ok(Deltas { granted: grant.amount, ..Deltas::default() })
    }

    /// Takes back what grants left, up to `amount`, of the one that expires last first; the account was brought to now
    /// before. What is held or used stays so. It widens the budget no more. `Conflict` if nothing is left.
    pub fn revoke(&mut self, tenant: &TenantId, amount: MicroCredits) -> Result<Deltas> {
        let taken = amount.min(self.granted_left());
        if taken == MicroCredits::ZERO {
            return Err(nothing_left(tenant));
        }
        let mut missing = taken;
        while missing > MicroCredits::ZERO
            && let Some(grant) = self.grants.last_mut()
        {
            let part = missing.min(grant.amount);
            grant.amount -= part;
            missing -= part;
            if grant.amount == MicroCredits::ZERO {
                self.grants.pop();
            }
        }
        self.narrow();
        Ok(Deltas { granted: -taken, ..Deltas::default() })
    }

    fn grant_add(&mut self, grant: Grant) {
        let at = self.grants.partition_point(|other| other.expires_at < grant.expires_at);
        match self.grants.get_mut(at).filter(|other| other.expires_at == grant.expires_at) {
            Some(other) => other.amount += grant.amount,
            None => self.grants.insert(at, grant),
        }
    }

    /// Sets what is held where a store forgot: `held` now, `before` by the ledger. What nobody holds any more goes back to the
    /// bucket; what is held beyond it, for work begun on forgotten ground, is drawn as far as there is something, and the
    /// rest is the operator's. Returns what went back and what was adjusted.
    pub fn held_anew(&mut self, before: MicroCredits, held: MicroCredits) -> (MicroCredits, MicroCredits) {
        let (gone, more) = ((before - held).max(MicroCredits::ZERO), (held - before).max(MicroCredits::ZERO));
        self.bucket += gone;
        let drawn = more.min(self.available());
        self.hold(drawn);
        self.held = held;
        (gone, more - drawn)
    }

    /// Replaces the quota; the account was brought to now before. What no longer fits into a bucket that shrank expires.
    /// Where the budget's period is another one, it begins with `so_far`.
    pub fn configure(&mut self, quota: Quota, so_far: SoFar, now: Timestamp) -> Deltas {
        let is_other = quota.budget.map(|budget| budget.period) != self.quota.budget.map(|budget| budget.period);
        if is_other {
            let begun = |budget: Budget| so_far.until(self.counted(), budget.period.at(now).0);
            let count = quota.budget.map(begun).unwrap_or_default();
            (self.period, self.period_spent, self.period_granted) = (count.period, count.spent, count.granted);
        }
        if quota.budget != self.quota.budget {
            self.noticed = 0;
        }
        if quota.rate != self.quota.rate {
            self.remainder = 0;
        }
        let shrinks = quota.burst < self.quota.burst;
        self.quota = quota;
        if is_other {
            self.narrow();
        }
        let over = if shrinks { (self.bucket - quota.burst).max(MicroCredits::ZERO) } else { MicroCredits::ZERO };
        self.bucket -= over;
        Deltas { expired: over, ..Deltas::default() }
    }

    /// What a store that forgot is told that the account was, the quota if it was changed. `held` is what is held there now.
    /// Returns the credits whose hold nobody has, and what was adjusted.
    pub fn told(&mut self, after: &After, quota: Option<Quota>, held: MicroCredits) -> (MicroCredits, MicroCredits) {
        if let Some(quota) = quota {
            self.quota = quota;
        }
        self.bucket = after.bucket;
        self.grants.clone_from(&after.grants);
        self.refilled_at = after.refilled_at;
        self.remainder = after.remainder;
        self.period = after.period;
        self.period_spent = after.period_spent;
        self.period_granted = after.period_granted;
        self.noticed = after.noticed;
        self.held_anew(after.held, held)
    }

    /// Takes everything that is available away: the account is closed. What is held stays until it is settled.
    pub fn close(&mut self) -> Deltas {
        let expired = self.available();
        self.bucket = MicroCredits::ZERO;
        self.grants.clear();
        Deltas { expired, ..Deltas::default() }
    }

    /// Counts a start of cost `cost`: tag and recent use. `clock` is the partition's virtual time; returns it as it is then.
    pub fn started(&mut self, cost: MicroCredits, clock: i64, now: Timestamp) -> i64 {
        let virtual_cost = fairness::virtual_cost(cost, self.quota.weight);
        let clock = clock.max(self.tag);
        self.tag += virtual_cost;
        (self.used, self.used_at) = fairness::decayed(self.used, self.used_at, now);
        self.used = (self.used + virtual_cost).min(MAX_COST.0);
        clock
    }

    /// Corrects the tag, and the recent use, from the cost announced to the cost used. By that it never falls to the virtual time, only to the
    /// next: a start that used nothing still passes the turn on.
    pub fn corrected(&mut self, announced: MicroCredits, used: MicroCredits, clock: i64) {
        let used = MicroCredits(used.0.clamp(0, MAX_COST.0));
        let weight = self.quota.weight;
        let change = fairness::virtual_cost(used, weight) - fairness::virtual_cost(announced, weight);
        self.tag = if change >= 0 { self.tag + change } else { (self.tag + change).max((clock + 1).min(self.tag)) };
        self.used = (self.used + change).clamp(0, MAX_COST.0);
    }

    /// The tag with which a tenant becomes ready that had nothing waiting.
    pub fn woken(&mut self, clock: i64, now: Timestamp) {
        (self.used, self.used_at) = fairness::decayed(self.used, self.used_at, now);
        self.tag = self.tag.max(clock + self.used.min(fairness::MEMORY));
    }
}

/// The smallest cost: one micro-credit.
pub const MIN_COST: MicroCredits = MicroCredits(1);

/// Checks a cost from outside.
pub fn cost_checked(field: &'static str, cost: MicroCredits) -> Result<MicroCredits> {
    cost.bounded(field, MIN_COST, MAX_COST)
}

/// A money budget in credits: how many credits `limit` micro-units of money buy at `price` micro-units a credit.
/// `Invalid` if the price is not positive.
pub fn credits_for_money(limit: u64, price: u64) -> Result<MicroCredits> {
    if price == 0 {
        return Err(Error::invalid("price", "a budget in money needs a price of one credit"));
    }
    let credits = u128::from(limit) * u128::from(CREDIT.unsigned_abs()) / u128::from(price);
    let credits = i64::try_from(credits).unwrap_or(i64::MAX).min(MAX_AMOUNT.0);
    Ok(MicroCredits(credits))
}

#[cfg(test)]
mod tests;
