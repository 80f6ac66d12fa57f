//! Admission: one decision for a wake, a chat turn and a job, and one record of it.
//!
//! Owns the reasons and their stable codes, which the API, the command, the log and the metrics carry alike. Only credits and
//! slots are reserved, atomically, in the store (`ports::quotas`, `ports::jobs`); everything else is looked at here and says
//! how old it is. Does not own explanations in prose for people (`why`).

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    credits::MicroCredits,
    quota::{Account, Blocked, Budget},
};

/// Why something waits or is refused: stable words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Nothing holds it back.
    Admitted,
    /// Too few credits; the refill will cover it.
    Credits,
    /// Too few credits, and no refill will cover it: the tenant is suspended until an operator grants some.
    CreditsExhausted,
    /// The hard budget of the period is used up: the tenant is suspended until the next.
    BudgetExhausted,
    /// An operator suspended the tenant.
    Suspended,
    /// The tenant runs as many jobs as it may.
    TenantCap,
    /// All slots are taken.
    Capacity,
    /// Others are before it in the fair order.
    FairOrder,
    /// Other jobs of the same tenant are before it.
    TenantOrder,
    /// It is to begin later.
    Scheduled,
    /// Its last attempt failed, and the next one waits.
    Backoff,
    /// Its worker fell silent.
    LeaseLapsed,
    /// Its worker gave it back.
    Released,
    /// It runs.
    Running,
    /// It is over.
    Ended,
    /// As many agents run as may.
    FleetCeiling,
    /// The tenant is being deleted.
    Terminated,
    /// The last wake failed.
    WakeFailed,
    /// The store forgot, and is being told.
    StoreBehind,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 19] = [
        Self::Admitted,
        Self::Credits,
        Self::CreditsExhausted,
        Self::BudgetExhausted,
        Self::Suspended,
        Self::TenantCap,
        Self::Capacity,
        Self::FairOrder,
        Self::TenantOrder,
        Self::Scheduled,
        Self::Backoff,
        Self::LeaseLapsed,
        Self::Released,
        Self::Running,
        Self::Ended,
        Self::FleetCeiling,
        Self::Terminated,
        Self::WakeFailed,
        Self::StoreBehind,
    ];

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Credits => "credits",
            Self::CreditsExhausted => "credits_exhausted",
            Self::BudgetExhausted => "budget_exhausted",
            Self::Suspended => "suspended",
            Self::TenantCap => "tenant_cap",
            Self::Capacity => "capacity",
            Self::FairOrder => "fair_order",
            Self::TenantOrder => "tenant_order",
            Self::Scheduled => "scheduled",
            Self::Backoff => "backoff",
            Self::LeaseLapsed => "lease_lapsed",
            Self::Released => "released",
            Self::Running => "running",
            Self::Ended => "ended",
            Self::FleetCeiling => "fleet_ceiling",
            Self::Terminated => "terminated",
            Self::WakeFailed => "wake_failed",
            Self::StoreBehind => "store_behind",
        }
    }
}

impl From<Blocked> for Code {
    fn from(blocked: Blocked) -> Self {
        match blocked {
            Blocked::Credits { until: Some(_) } => Self::Credits,
            Blocked::Credits { until: None } => Self::CreditsExhausted,
            Blocked::Budget { .. } => Self::BudgetExhausted,
        }
    }
}

/// Why a tenant is suspended: as it is stored beside its settings (`CODE: text`, and `CODE, told: text` once its chat knows;
/// a text without a code is an operator's).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// [`Code::Suspended`], [`Code::CreditsExhausted`] or [`Code::BudgetExhausted`].
    pub code: Code,
    /// For people.
    pub text: String,
    /// Whether the chat was told; not kept of one by an operator.
    pub told: bool,
}

/// Behind the code of a suspension that the chat was told of.
const TOLD: &str = ", told";

impl Suspension {
    /// The suspension of a tenant whose account is blocked like this for something that needs `needed`.
    pub fn of(blocked: Blocked, account: &Account, needed: MicroCredits) -> Self {
        let short = |what: &str, left: MicroCredits| match left {
            MicroCredits(..=0) => format!("the {what} used up"),
            left => format!("{left} of the {what} left, {needed} are needed"),
        };
        let credits = short("credits are", account.available());
        let text = match blocked {
            Blocked::Credits { until: None } => format!("{credits}; an operator's grant resumes it"),
            Blocked::Credits { until: Some(until) } => format!("{credits}; they refill by {until}"),
            Blocked::Budget { until } => {
                if let Some(Budget { limit, period, .. }) = account.quota.budget.filter(|budget| budget.limit < needed)
                {
                    let is = format!("the budget of {limit} a {}", period.label());
                    format!("{is} does not cover the {needed} that are needed; a larger one or a grant resumes it")
                } else {
                    let budget = short("budget is", account.left_of_budget());
                    format!("{budget}; the next period begins at {until}")
                }
            }
        };
        Self { code: blocked.into(), text, told: false }
    }

    /// As it was stored.
    pub fn parse(stored: &str) -> Self {
        let known = [Code::CreditsExhausted, Code::BudgetExhausted];
        let parts = stored.split_once(": ").and_then(|(word, text)| {
            let (word, told) = word.strip_suffix(TOLD).map_or((word, false), |word| (word, true));
            Some((known.into_iter().find(|code| code.word() == word)?, told, text))
        });
        match parts {
            Some((code, told, text)) => Self { code, text: text.to_owned(), told },
            None => Self { code: Code::Suspended, text: stored.to_owned(), told: false },
        }
    }

    /// What a chat is told of it: what is left and needed is the operator's business.
    pub fn for_chat(&self) -> String {
        let used_up = match self.code {
            Code::CreditsExhausted => "the credits are used up",
            Code::BudgetExhausted => "the budget is used up",
            _ => return self.text.clone(),
        };
        match self.text.split_once(';') {
            Some((_, until)) => format!("{used_up};{until}"),
            None => used_up.to_owned(),
        }
    }

    /// As it is shown: who was told of it is nobody's business.
    #[must_use]
    pub fn shown(self) -> String {
        Self { told: false, ..self }.to_string()
    }

    /// Whether an operator set it: then only an operator lifts it.
    pub fn by_operator(&self) -> bool {
        self.code == Code::Suspended
    }
}

impl std::fmt::Display for Suspension {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.by_operator() {
            return f.write_str(&self.text);
        }
        write!(f, "{}{}: {}", self.code.word(), if self.told { TOLD } else { "" }, self.text)
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// An agent, by an operator or for a message or a job.
    Wake,
    /// A chat turn, which holds credits.
    Turn(MicroCredits),
    /// A job's start, which holds credits and takes a slot.
    Job(MicroCredits),
}

/// What is known when it is asked.
#[derive(Clone, Debug)]
pub struct Observed<'a> {
    /// The tenant's account, touched at the time of the decision; `None` if it has none yet, which is a full bucket.
    pub account: Option<&'a Account>,
    /// Why an operator has suspended the tenant.
    pub suspended: Option<&'a str>,
    /// Whether an agent of the tenant runs already.
    pub awake: bool,
    /// Agents that run or start, and when they were counted.
    pub live: (usize, Timestamp),
    /// Agents that may run.
    pub max_running: usize,
    /// Slots taken, slots there are (0: no limit); of the tenant's partition.
    pub slots: (u64, u32),
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What holds it back; [`Code::Admitted`] if nothing does.
    pub code: Code,
    /// When that ends by itself.
    pub until: Option<Timestamp>,
    /// When it was decided.
    pub at: Timestamp,
    /// The oldest of what it rests on.
    pub observed_at: Timestamp,
}

impl Decision {
    /// Whether it may go on.
    pub fn admitted(&self) -> bool {
        self.code == Code::Admitted
    }
}

/// A decision about a tenant, as it is remembered and shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRecord {
    /// About whom.
    pub tenant: crate::tenant::TenantId,
    /// What was asked.
    pub ask: Ask,
    /// What was said.
    pub decision: Decision,
}

/// The last decisions of this process, and how often each code was said since it started.
#[derive(Debug, Default)]
pub(crate) struct Decisions(std::sync::Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    last: std::collections::VecDeque<DecisionRecord>,
    counts: std::collections::BTreeMap<Code, u64>,
}

/// How many decisions are remembered.
const REMEMBERED: usize = 1_000;

/// How long the same refusal of a tenant must not have been said before it is news again.
pub const REPEATED: std::time::Duration = std::time::Duration::from_secs(10);

impl Decisions {
    /// Remembers a decision; whether it is a refusal that was not just said.
    pub(crate) fn record(&self, record: DecisionRecord) -> bool {
        let mut remembered = crate::operation::lock(&self.0);
        *remembered.counts.entry(record.decision.code).or_default() += 1;
        if record.decision.admitted() {
            return false;
        }
        let same = |old: &&DecisionRecord| {
            old.tenant == record.tenant && old.ask == record.ask && old.decision.code == record.decision.code
        };
        let of_late =
            remembered.last.iter().rev().take_while(|old| record.decision.at.since(old.decision.at) < REPEATED);
        let news = of_late.clone().find(same).is_none();
        if remembered.last.len() >= REMEMBERED {
            remembered.last.pop_front();
        }
        remembered.last.push_back(record);
        news
    }

    /// The last refusal of a tenant.
    pub(crate) fn last_of(&self, tenant: &crate::tenant::TenantId) -> Option<DecisionRecord> {
        crate::operation::lock(&self.0).last.iter().rev().find(|record| record.tenant == *tenant).cloned()
    }

    pub(crate) fn counts(&self) -> std::collections::BTreeMap<String, u64> {
        crate::operation::lock(&self.0).counts.iter().map(|(code, count)| (code.word().to_owned(), *count)).collect()
    }
}

/// Decides. The order of the reasons: what an operator has set, money, slots, the fleet.
pub fn decide(ask: Ask, observed: &Observed<'_>, now: Timestamp) -> Decision {
    let (code, until) = reason(ask, observed, now);
    Decision { code, until, at: now, observed_at: observed.live.1.min(now) }
}

fn reason(ask: Ask, observed: &Observed<'_>, now: Timestamp) -> (Code, Option<Timestamp>) {
    if observed.suspended.is_some() {
        return (Code::Suspended, None);
    }
    // A wake holds nothing itself, but is of no use without credit for a moment of work.
    let amount = match ask {
        Ask::Wake => MicroCredits(1),
        Ask::Turn(amount) | Ask::Job(amount) => amount,
    };
    if let Some(account) = observed.account {
        if let Err(blocked) = account.check(amount, now) {
            return (blocked.into(), blocked.until());
        }
        if matches!(ask, Ask::Job(_)) && account.running >= account.quota.max_running {
            return (Code::TenantCap, None);
        }
    }
    if matches!(ask, Ask::Job(_)) && observed.slots.1 > 0 && observed.slots.0 >= u64::from(observed.slots.1) {
        return (Code::Capacity, None);
    }
    if !observed.awake && observed.live.0 >= observed.max_running {
        return (Code::FleetCeiling, None);
    }
    (Code::Admitted, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quota::{Period, Quota};

    fn account() -> Account {
        let quota = Quota { rate: MicroCredits(0), burst: MicroCredits(10), max_running: 1, ..Quota::default() };
        Account::open(quota, Timestamp::from_micros(0)).0
    }

    fn observed(account: &Account) -> Observed<'_> {
        Observed {
            account: Some(account),
            suspended: None,
            awake: false,
            live: (0, Timestamp::from_micros(5)),
            max_running: 2,
            slots: (0, 4),
        }
    }

    #[test]
    fn every_ask_passes_the_same_decision() {
        let now = Timestamp::from_micros(9);
        let mut broke = account();
        broke.hold(MicroCredits(10));
        let mut capped = account();
        capped.running = 1;
        let mut over = account();
        over.quota.budget = Some(Budget { period: Period::Day, limit: MicroCredits(0), hard: true });
        let fine = account();
        let (wake, turn, job) = (Ask::Wake, Ask::Turn(MicroCredits(3)), Ask::Job(MicroCredits(3)));
        let full = Observed { slots: (4, 4), ..observed(&fine) };
        let ceiling = Observed { live: (2, now), ..observed(&fine) };
        let cases = [
            (observed(&fine), [Code::Admitted; 3]),
            (observed(&broke), [Code::CreditsExhausted; 3]),
            (observed(&over), [Code::BudgetExhausted; 3]),
            (observed(&capped), [Code::Admitted, Code::Admitted, Code::TenantCap]),
            (full, [Code::Admitted, Code::Admitted, Code::Capacity]),
            (Observed { awake: true, ..ceiling.clone() }, [Code::Admitted; 3]),
            (ceiling, [Code::FleetCeiling; 3]),
            (Observed { suspended: Some("by hand"), ..observed(&broke) }, [Code::Suspended; 3]),
        ];
        for (seen, expected) in cases {
            assert_eq!([wake, turn, job].map(|ask| decide(ask, &seen, now).code), expected, "{seen:?}");
        }
    }

    #[test]
    fn a_decision_says_how_old_the_oldest_input_is() {
        let fine = account();
        let decision = decide(Ask::Wake, &observed(&fine), Timestamp::from_micros(9));
        assert_eq!((decision.at.as_micros(), decision.observed_at.as_micros()), (9, 5));
    }

    #[test]
    fn a_suspension_reads_back_as_it_was_stored() {
        let until = Timestamp::from_micros(1_790_000_000_000_000);
        for blocked in [Blocked::Credits { until: None }, Blocked::Budget { until }] {
            let suspension = Suspension::of(blocked, &account(), MicroCredits(20));
            assert_eq!(Suspension::parse(&suspension.to_string()), suspension);
            assert!(!suspension.by_operator());
            let told = Suspension { told: true, ..suspension.clone() };
            assert_eq!(Suspension::parse(&told.to_string()), told);
            assert_eq!(told.shown(), suspension.to_string());
        }
        for text in ["by hand", "", "admitted: no", "x: y"] {
            assert!(Suspension::parse(text).by_operator(), "{text}");
            assert_eq!(Suspension::parse(text).to_string(), text);
        }
    }

    #[test]
    fn a_suspension_says_what_is_left_where_something_is() {
        let until = Timestamp::from_micros(1_790_000_000_000_000);
        let mut account = account();
        account.quota.budget = Some(Budget { period: Period::Day, limit: MicroCredits(24), hard: true });
        account.period_spent = MicroCredits(20);
        let said = |blocked, account: &Account| Suspension::of(blocked, account, MicroCredits(20)).text;
        let (credits, budget) = (Blocked::Credits { until: None }, Blocked::Budget { until });
        assert_eq!(
            said(credits, &account),
            "0.00001 of the credits are left, 0.00002 are needed; an operator's grant resumes it"
        );
        assert!(said(budget, &account).starts_with("0.000004 of the budget is left, 0.00002 are needed; the next"));
        assert_eq!(
            Suspension::of(credits, &account, MicroCredits(20)).for_chat(),
            "the credits are used up; an operator's grant resumes it"
        );
        assert!(
            Suspension::of(budget, &account, MicroCredits(20))
                .for_chat()
                .starts_with("the budget is used up; the next")
        );
        account.hold(MicroCredits(10));
        assert!(said(credits, &account).starts_with("the credits are used up;"));
        assert!(said(budget, &account).starts_with("the budget is used up;"), "{}", said(budget, &account));
        account.quota.budget = Some(Budget { period: Period::Day, limit: MicroCredits(4), hard: true });
        assert_eq!(
            said(budget, &account),
            "the budget of 0.000004 a day does not cover the 0.00002 that are needed; a larger one or a grant resumes it"
        );
    }

    #[test]
    fn codes_are_stable_words() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{}\"", code.word()));
        }
    }
}
