//! The fleet in numbers, as the overview and `ztm top --once` show it.

use std::collections::BTreeMap;

use libtenancy::{
    api::feed::{QueueLine, TenantLine},
    clock::Timestamp,
    credits::MicroCredits,
    ports::jobs::Waits,
};
use serde::Serialize;

use crate::state::State;

/// How long a wake may take before it is something to look at, in seconds.
const LONG_WAKE: u64 = 60;

/// The share of a budget from which it is something to look at, in thousandths.
const NEAR: u64 = 800;

/// Everything in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The context.
    pub context: String,
    /// When.
    pub at: Timestamp,
    /// How many tenants there are.
    pub tenants: usize,
    /// How many of each status; a suspended one counts as that.
    pub statuses: BTreeMap<String, usize>,
    /// Agents that may run.
    pub max_running: usize,
    /// Agents of the warm pool that are ready, and how many there should be.
    pub warm: (usize, usize),
    /// Updates that wait.
    pub inbox: u64,
    /// Updates that were given up.
    pub dead_updates: u64,
    /// Leases that hold, and how many may; 0: no limit.
    pub leases: (u64, u64),
    /// Queued jobs, whatever they wait for.
    pub waiting_jobs: u64,
    /// What they, and the delayed ones, wait for.
    pub waits: Waits,
    /// Dead jobs that are shown.
    pub dead_jobs: usize,
    /// Seconds that the oldest job waits.
    pub oldest_wait_s: Option<u64>,
    /// Cold and warm wakes of the last hour.
    pub wakes: BTreeMap<&'static str, Wakes>,
    /// Credits spent today.
    pub today: Option<MicroCredits>,
    /// And this month.
    pub month: Option<MicroCredits>,
    /// And an hour.
    pub per_hour: Option<MicroCredits>,
    /// What machines cost, millionths of a US dollar an hour.
    pub micro_usd_per_hour: Option<u64>,
    /// What of that is for nothing.
    pub idle_micro_usd_per_hour: Option<u64>,
    /// The budgets of which most is spent, at most [`BUDGETS`].
    pub budgets: Vec<BudgetUse>,
    /// What needs a look, the worst first.
    pub alerts: Vec<Alert>,
}

/// Budgets that are shown.
const BUDGETS: usize = 8;

/// How much of a budget is spent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BudgetUse {
    /// Whose.
    pub tenant: String,
    /// In thousandths.
    pub permille: u64,
}

/// How much of its budget a tenant has spent, in thousandths; `None` without one.
pub(crate) fn budget_permille(line: &TenantLine) -> Option<u64> {
    let account = line.account.as_ref()?;
    let [spent, budget] = [account.spent, account.budget?].map(|amount| u64::try_from(amount.0).unwrap_or(0));
    Some(spent.saturating_mul(1_000).checked_div(budget).unwrap_or(1_000))
}

fn budgets(state: &State) -> Vec<BudgetUse> {
    let used = |line: &TenantLine| Some(BudgetUse { tenant: line.id.clone(), permille: budget_permille(line)? });
    let mut all: Vec<BudgetUse> = state.tenants.values().filter_map(used).collect();
    all.sort_by_key(|budget| std::cmp::Reverse(budget.permille));
    all.truncate(BUDGETS);
    all
}

/// Wakes of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Wakes {
    /// How many.
    pub count: usize,
    /// Half of them took no longer, milliseconds; nothing without any.
    pub p50_ms: Option<f64>,
    /// Nineteen of twenty took no longer.
    pub p95_ms: Option<f64>,
}

/// Something that needs a look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// Whether something is wrong, or only near it.
    pub bad: bool,
    /// What.
    pub text: String,
}

/// The value that `permille` of the sorted values do not exceed; nearest rank. `None` of no values.
fn quantile(sorted: &[f64], permille: usize) -> Option<f64> {
    let rank = (sorted.len() * permille).div_ceil(1_000).max(1);
    sorted.get(rank - 1).copied()
}

impl Summary {
    /// What there is.
    pub fn of(state: &State) -> Self {
        let now = state.now();
        let mut statuses = BTreeMap::new();
        for line in state.tenants.values() {
            *statuses.entry(line.shown_status().to_owned()).or_default() += 1;
        }
        let queue = |of: fn(&QueueLine) -> u64| state.queue.iter().map(of).sum::<u64>();
        let waits = waits(state);
        let waited =
            state.jobs.iter().filter(|job| job.status == "queued").map(|job| now.since(job.submitted_at).as_secs());
        let nodes = state.nodes.as_ref();
        Self {
            context: state.options.context.clone(),
            at: now,
            tenants: state.tenants.len(),
            statuses,
            max_running: state.begin.max_running,
            warm: (state.numbers.warm_ready, state.numbers.warm_target),
            inbox: state.tenants.values().map(|line| line.pending).sum(),
            dead_updates: state.numbers.dead_updates,
            leases: (queue(|line| line.leases), queue(|line| u64::from(line.capacity))),
            waiting_jobs: waits.queued(),
            waits,
            dead_jobs: state.jobs.iter().filter(|job| job.status == "dead").count(),
            oldest_wait_s: waited.max(),
            wakes: wakes(state, now),
            today: state.spend.as_ref().map(|spend| spend.today),
            month: state.spend.as_ref().map(|spend| spend.month),
            per_hour: state.spend.as_ref().and_then(|spend| spend.per_hour),
            micro_usd_per_hour: nodes.and_then(|nodes| nodes.micro_usd_per_hour),
            idle_micro_usd_per_hour: nodes.and_then(|nodes| nodes.idle_micro_usd_per_hour),
            budgets: budgets(state),
            alerts: alerts(state, now),
        }
    }

    /// How many tenants have this status.
    pub fn status(&self, word: &str) -> usize {
        self.statuses.get(word).copied().unwrap_or(0)
    }
}

/// How many jobs wait, and for what. Of a control plane that does not say it, those whose turn comes.
pub(crate) fn waits(state: &State) -> Waits {
    let turn = |line: &QueueLine| line.ready.iter().map(|ready| ready.waiting).sum();
    let of = |line: &QueueLine| line.waits.unwrap_or_else(|| Waits { turn: turn(line), ..Waits::default() });
    state.queue.iter().map(of).fold(Waits::default(), Waits::plus)
}

fn wakes(state: &State, now: Timestamp) -> BTreeMap<&'static str, Wakes> {
    let mut kinds = BTreeMap::new();
    for (kind, warm) in [("cold", false), ("warm", true)] {
        let lately = state.wakes.iter().filter(|wake| wake.warm == warm && now.since(wake.at).as_secs() < 3_600);
        let mut took: Vec<f64> = lately.map(|wake| wake.total_ms).collect();
        took.sort_by(f64::total_cmp);
        let (p50_ms, p95_ms) = (quantile(&took, 500), quantile(&took, 950));
        kinds.insert(kind, Wakes { count: took.len(), p50_ms, p95_ms });
    }
    kinds
}

fn alerts(state: &State, now: Timestamp) -> Vec<Alert> {
    let mut alerts = Vec::new();
    let mut say = |bad: bool, text: String| alerts.push(Alert { bad, text });
    let numbers = &state.numbers;
    if state.ready && !state.begin.live {
        say(true, "no control plane runs: nothing wakes".to_owned());
    }
    if let Some(why) = &numbers.ledger.failing {
        say(true, format!("the ledger is behind: {why}"));
    }
    if numbers.ledger.rollbacks > 0 {
        let often = match numbers.ledger.rollbacks {
            1 => "once".to_owned(),
            rollbacks => format!("{rollbacks} times"),
        };
        say(true, format!("a store forgot {often} since the start"));
    }
    if let Some(why) = &numbers.warm_trouble {
        say(true, format!("warm pool: {why}"));
    }
    for why in numbers.reconcile_errors.iter().take(3) {
        say(true, format!("reconciler: {why}"));
    }
    if let Some(nodes) = &state.nodes {
        for view in &nodes.nodes {
            if let Some(why) = &view.node.trouble {
                say(true, format!("node {}: {why}", view.node.name));
            }
        }
        for claim in &nodes.claims {
            say(false, format!("node {}: {}", claim.name, claim.cause));
        }
    }
    let mut counted = |bad: bool, count: usize, one: &str, many: &str| match count {
        0 => {}
        1 => say(bad, format!("1 {one}")),
        count => say(bad, format!("{count} {many}")),
    };
    let dead_updates = usize::try_from(numbers.dead_updates).unwrap_or(usize::MAX);
    counted(true, dead_updates, "message was given up (`ztm inbox`)", "messages were given up (`ztm inbox`)");
    let dead = state.jobs.iter().filter(|job| job.status == "dead").count();
    counted(true, dead, "job is dead (`ztm job dead`)", "jobs are dead (3, R requeues)");
    let lines = || state.tenants.values();
    let failed =
        |line: &&TenantLine| line.stop_reason.as_deref().is_some_and(|reason| reason.starts_with("wake failed"));
    counted(true, lines().filter(failed).count(), "tenant's last wake failed", "tenants' last wakes failed");
    let long = lines().filter(|line| line.status == "provisioning" && now.since(line.since).as_secs() > LONG_WAKE);
    counted(true, long.count(), "wake takes more than a minute", "wakes take more than a minute");
    let suspended = lines().filter(|line| line.suspended.is_some()).count();
    counted(false, suspended, "tenant is suspended", "tenants are suspended");
    let parked = |line: &&TenantLine| {
        line.account.as_ref().is_some_and(|account| ["credits", "budget"].contains(&account.standing.as_str()))
    };
    counted(
        false,
        lines().filter(parked).count(),
        "tenant's jobs wait for credits or a budget",
        "tenants' jobs wait for credits or a budget",
    );
    let near = lines().filter(|line| budget_permille(line).is_some_and(|permille| permille >= NEAR));
    counted(false, near.count(), "tenant has spent 80 % of its budget", "tenants have spent 80 % of their budgets");
    alerts.sort_by_key(|alert| !alert.bad);
    alerts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_seen() {
        let sorted: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!((quantile(&sorted, 500), quantile(&sorted, 950)), (Some(50.0), Some(95.0)));
        assert_eq!(quantile(&[7.0], 950), Some(7.0));
        assert_eq!(quantile(&[], 500), None, "what never was took no time at all");
    }
}
