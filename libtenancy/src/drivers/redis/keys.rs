//! The names of everything in Redis. Built here alone; a script builds the others of its partition from the hash tag of
//! its first key.
//!
//! | key | type | what |
//! |---|---|---|
//! | `sys:ztm:meta` | hash | `partitions` |
//! | `sys:ztm:leader:ROLE` | hash | `owner`, `epoch`, `lapses`; stays |
//! | `sys:ztm:deadlines` | sorted set | tenants by idle deadline in µs |
//! | `sys:ztm:signals` | channel | that records were written |
//! | `tenant:waking:acme` | string | wake lock: its owner and when it lapses, a space between; expires |
//! | `router:endpoint:acme` | hash | `generation`, `agent`, `expires`; expires |
//! | `sys:{p07}:meta` | hash | `incarnation`, `seq`, `clock`, `epoch`, `recovered`, `capacity`, `trimmed` |
//! | `sys:{p07}:tenants` | sorted set | ready tenants by start tag |
//! | `sys:{p07}:tenants:held` | sorted set | tenants whose jobs wait while it is not their turn: 1, or 2 if among the delayed |
//! | `sys:{p07}:accounts` | sorted set | tenants that have an account, by name |
//! | `sys:{p07}:queue:jobs:delayed` | sorted set | `acme.SERIAL` and parked tenants, by due time in µs |
//! | `sys:{p07}:gpu:reservations` | sorted set | leases, `acme+SERIAL`, by the time they lapse (`+`: sorts by tenant, then serial) |
//! | `sys:{p07}:turns` | sorted set | held turns, `acme\|KEY`, by the time they lapse |
//! | `sys:{p07}:queue:jobs` | stream | wake-up tokens for the group `gpu-workers`; deleting it loses nothing |
//! | `sys:{p07}:outbox` | stream | rows of the ledger, an entry a step, its id the last row's sequence number |
//! | `t:{p07}:acme:quota:gpu` | hash | the account: `credits`, `last_us`, `rate_per_sec`, `burst`, and what `lua/prelude.lua` says |
//! | `t:{p07}:acme:waiting` | sorted set | serials of queued jobs, by priority and tag |
//! | `t:{p07}:acme:agents` | hash | where each agent's last job ends in virtual time; gone when nothing waits |
//! | `t:{p07}:acme:jobs` | sorted set | serials of jobs that are not over, by name |
//! | `t:{p07}:acme:ended:DAY`, `…:dead:DAY` | sorted set | serials of jobs that ended that day; expires with them |
//! | `t:{p07}:acme:job:SERIAL` | string | the job: values in the order of `lua/prelude.lua`, `MessagePack` |
//! | `…:job:SERIAL:prompt`, `…:result` | string | its prompt, until it succeeds, and its result, if they are long |
//! | `t:{p07}:acme:idem:HASH` | string | until, account, serial and body's hash of a submission, for a day |
//! | `t:{p07}:acme:agent:main:pointer` | string | where the agent's state was left; `…:pointers` names the agents |
//! | `t:{p07}:acme:turn:KEY` | hash | a chat turn, for a day after it was settled |
//! | `t:{p07}:acme:granted`, `…:usage:KIND:REF` | set, string | names of grants; references that were booked |

use crate::{
    error::{Error, Result},
    tenant::TenantId,
};

/// Makes keys.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    /// What comes before the partition in the hash tag: empty, or a name and a dot.
    prefix: String,
}

/// What a key of a tenant is of.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `tenant.serial` of a job.
    Job(String),
    /// The tenant's account.
    Account(String),
    /// The tenant's waiting set.
    Waiting(String),
}

impl Keys {
    /// The consumer group of the wake-up tokens.
    pub(super) const GROUP: &'static str = "gpu-workers";

    /// Keys of a namespace; the empty one is usual. `Invalid` if it is not made of `[a-z0-9-]`.
    pub(super) fn new(namespace: &str) -> Result<Self> {
        if !namespace.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return Err(Error::invalid("namespace", "it must be made of lower-case letters, digits and hyphens"));
        }
        let prefix = if namespace.is_empty() { String::new() } else { format!("{namespace}.") };
        Ok(Self { prefix })
    }

    fn tag(&self, partition: u16) -> String {
        format!("{{{}p{partition:02}}}", self.prefix)
    }

    /// How the store is divided.
    pub(super) fn store(&self) -> String {
        format!("sys:{}ztm:meta", self.prefix)
    }

    /// The counters of a partition: the first key of every script.
    pub(super) fn meta(&self, partition: u16) -> String {
        format!("sys:{}:meta", self.tag(partition))
    }

    /// The stream of wake-up tokens.
    pub(super) fn tokens(&self, partition: u16) -> String {
        format!("sys:{}:queue:jobs", self.tag(partition))
    }

    /// Delayed jobs and parked tenants.
    pub(super) fn delayed(&self, partition: u16) -> String {
        format!("sys:{}:queue:jobs:delayed", self.tag(partition))
    }

    /// Leases.
    pub(super) fn leases(&self, partition: u16) -> String {
        format!("sys:{}:gpu:reservations", self.tag(partition))
    }

    /// Ready tenants.
    pub(super) fn ready(&self, partition: u16) -> String {
        format!("sys:{}:tenants", self.tag(partition))
    }

    /// The stream of rows.
    pub(super) fn outbox(&self, partition: u16) -> String {
        format!("sys:{}:outbox", self.tag(partition))
    }

    /// A tenant's waiting set.
    pub(super) fn waiting(&self, partition: u16, tenant: &str) -> String {
        format!("t:{}:{tenant}:waiting", self.tag(partition))
    }

    /// Every key of a partition's tenants, as a pattern.
    pub(super) fn of_tenants(&self, partition: u16) -> String {
        format!("t:{}:*", self.tag(partition))
    }

    /// A wake lock.
    pub(super) fn wake_lock(&self, tenant: &TenantId) -> String {
        format!("{}tenant:waking:{tenant}", self.prefix)
    }

    /// A cached endpoint.
    pub(super) fn endpoint(&self, tenant: &TenantId) -> String {
        format!("{}router:endpoint:{tenant}", self.prefix)
    }

    /// The lease of a role.
    pub(super) fn leader(&self, role: &str) -> String {
        format!("sys:{}ztm:leader:{role}", self.prefix)
    }

    /// The stream of what was told of a tenant.
    pub(super) fn journal(&self, tenant: &TenantId) -> String {
        format!("{}tenant:journal:{tenant}", self.prefix)
    }

    /// The stream of what happened to a tenant.
    pub(super) fn events(&self, tenant: &str) -> String {
        format!("{}tenant:events:{tenant}", self.prefix)
    }

    /// The stream of what happened to all tenants.
    pub(super) fn fleet_events(&self) -> String {
        format!("sys:{}ztm:events", self.prefix)
    }

    /// What came of an order.
    pub(super) fn receipt(&self, key: &str) -> String {
        format!("{}ztm:receipt:{key}", self.prefix)
    }

    /// Idle deadlines.
    pub(super) fn deadlines(&self) -> String {
        format!("sys:{}ztm:deadlines", self.prefix)
    }

    /// The channel of wake-up signals.
    pub(super) fn signals(&self) -> String {
        format!("sys:{}ztm:signals", self.prefix)
    }

    /// What a key is of, if a sweep looks at it.
    pub(super) fn kind(&self, partition: u16, key: &str) -> Option<Kind> {
        let rest = key.strip_prefix("t:")?.strip_prefix(&self.tag(partition))?.strip_prefix(':')?;
        let (tenant, what) = rest.split_once(':')?;
        tenant.parse::<TenantId>().ok()?;
        match what {
            "quota:gpu" => Some(Kind::Account(tenant.to_owned())),
            "waiting" => Some(Kind::Waiting(tenant.to_owned())),
            _ => {
                let serial = what.strip_prefix("job:").filter(|serial| !serial.contains(':'))?;
                Some(Kind::Job(format!("{tenant}.{serial}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m18_every_key_of_a_partition_has_its_hash_tag() {
        let keys = Keys::new("").unwrap();
        assert_eq!(keys.meta(7), "sys:{p07}:meta");
        assert_eq!(keys.tokens(7), "sys:{p07}:queue:jobs");
        assert_eq!(keys.delayed(130), "sys:{p130}:queue:jobs:delayed");
        assert_eq!(keys.waiting(7, "acme"), "t:{p07}:acme:waiting");
        assert_eq!(Keys::new("blue").unwrap().leases(7), "sys:{blue.p07}:gpu:reservations");
        assert!(Keys::new("{x}").is_err());
    }

    #[test]
    fn a_key_says_what_it_is_of() {
        let keys = Keys::new("").unwrap();
        let serial = "0".repeat(26);
        assert_eq!(keys.kind(7, &format!("t:{{p07}}:acme:job:{serial}")), Some(Kind::Job(format!("acme.{serial}"))));
        assert_eq!(keys.kind(7, &format!("t:{{p07}}:acme:job:{serial}:prompt")), None);
        assert_eq!(keys.kind(7, "t:{p07}:acme:quota:gpu"), Some(Kind::Account("acme".to_owned())));
        assert_eq!(keys.kind(7, "t:{p08}:acme:quota:gpu"), None);
    }
}
