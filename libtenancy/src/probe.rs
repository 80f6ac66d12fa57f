//! Whether the parts do what is asked of them: each is written to, read and cleaned up, by a tenant that is nobody.
//!
//! Owns what is tried. What a process that died in a probe has left (a tenant with the label [`LABEL`]) the next probe removes.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};

use crate::{
    api::probe::{ProbeReport, ProbedPart},
    clock::{Stopwatch, Timestamp},
    error::{Error, Result},
    labels::Labels,
    ports::{
        probes::{Look, Probed, Verdict},
        tenants::Filter,
        wake_locks::OwnerToken,
    },
    schedule::Schedules,
    secret::random_bytes,
    tenancy::Tenancy,
    tenant::{Bot, DEFAULT_IDLE_TIMEOUT, Generation, Lifecycle, Settings, SnapshotRef, Status, Tenant, TenantId},
};

/// The label of a tenant that is a probe's.
const LABEL: &str = "ztm-probe";

/// What every id of such a tenant begins with.
const PREFIX: &str = "probe-";

/// How old what is left must be to be a dead probe's.
const LEFT: Duration = Duration::from_mins(5);

/// How long a part may take. Three of them are less than a client waits for the report.
const LIMIT: Duration = Duration::from_secs(8);

/// Bots that are asked about.
const BOTS: usize = 50;

/// Of these, at once.
const BOTS_AT_ONCE: usize = 8;

/// What is written.
const TEXT: &[u8] = b"written to see whether that works\n";

fn differs(what: &str) -> Error {
    Error::internal(format!("{what} is not what was written a moment ago"))
}

/// A look at a part that says only what was tried.
fn own<'a>(part: &'static str, tried: impl Future<Output = Result<String>> + Send + 'a) -> Look<'a> {
    Look { part, look: Box::pin(async { tried.await.map(Probed::ok) }) }
}

/// How a part is, as it is told.
fn told(part: &str, watch: Stopwatch, outcome: Result<Probed>) -> ProbedPart {
    let probed = outcome.unwrap_or_else(|error| {
        // Whom a peer does not answer for now, or does not let look, knows nothing of it.
        let unknown = matches!(error, Error::Forbidden { .. } | Error::RateLimited { .. });
        let verdict = if unknown { Verdict::Warn } else { Verdict::Fail };
        Probed { verdict, text: error.chain(), hint: error.hint() }
    });
    ProbedPart {
        part: part.to_owned(),
        ok: probed.verdict != Verdict::Fail,
        warn: probed.verdict == Verdict::Warn,
        text: probed.text,
        hint: probed.hint,
        took_ms: u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX),
    }
}

/// What comes of something that may take [`LIMIT`].
async fn within<T>(part: &str, what: impl Future<Output = Result<T>>) -> Result<T> {
    let late = |_| Err(Error::Timeout { what: format!("the probe of {part}"), after: LIMIT });
    tokio::time::timeout(LIMIT, what).await.unwrap_or_else(late)
}

/// Tries a part. Whether it was cut off, and may have left something.
async fn tried(look: Look<'_>) -> (ProbedPart, bool) {
    let watch = Stopwatch::start();
    let outcome = within(look.part, look.look).await;
    let cut_off = matches!(outcome, Err(Error::Timeout { .. }));
    (told(look.part, watch, outcome), cut_off)
}

impl Tenancy {
    /// Tries every part, all at once, each for no longer than [`LIMIT`]. What does not work is in the report, not an error.
    pub async fn probe(&self) -> Result<ProbeReport> {
        let id: TenantId = format!("{PREFIX}{}", hex::encode(random_bytes::<4>()?)).parse()?;
        // First and last: whatever a process that dies in between leaves is a record's, by which the next probe finds it.
        let whole = Stopwatch::start();
        let written = within("registry", self.probe_record(&id)).await;
        let own = [
            own("inboxes", self.probe_inboxes(&id)),
            own("wake locks", self.probe_wake_locks(&id)),
            own("deadlines", self.probe_deadlines(&id)),
            own("snapshots", self.probe_snapshots(&id)),
            own("jobs", self.probe_jobs()),
            own("ledger", self.probe_ledger()),
            own("workloads", self.probe_workloads()),
            Look { part: "bots", look: Box::pin(self.probe_bots()) },
        ];
        let servers = self.drivers().probes.iter().flat_map(|server| server.probe_looks());
        let tried = futures::future::join_all(own.into_iter().chain(servers).map(tried)).await;
        let cut_off = tried.iter().any(|(_, cut_off)| *cut_off);
        let registry = match written {
            Ok(_) if cut_off => {
                Ok("a record was written; it stays, and the next probe removes what this one left".to_owned())
            }
            Ok(tenant) => within("registry", self.probe_record_remove(&tenant)).await,
            Err(error) => Err(error),
        };
        let registry = told("registry", whole, registry.map(Probed::ok));
        let parts = std::iter::once(registry).chain(tried.into_iter().map(|(part, _)| part)).collect();
        Ok(ProbeReport { parts })
    }

    async fn probe_record(&self, id: &TenantId) -> Result<Tenant> {
        let now = self.now();
        self.probes_left_remove(now).await?;
        let said = [(LABEL.to_owned(), Some(String::new()))].into_iter().collect();
        let tenant = Tenant {
            id: id.clone(),
            created_at: now,
            last_active_at: now,
            settings: Settings {
                idle_timeout: DEFAULT_IDLE_TIMEOUT,
                bot: None,
                suspended: Some("a probe".to_owned()),
                labels: Labels::default().changed(&said)?,
                schedules: Schedules::default(),
            },
            lifecycle: Lifecycle::new(now),
        };
        self.drivers().tenants.tenant_create(&tenant).await?;
        Ok(tenant)
    }

    async fn probe_record_remove(&self, tenant: &Tenant) -> Result<String> {
        let tenants = &self.drivers().tenants;
        let read = tenants.tenant_get(&tenant.id).await;
        // Whatever was read, it goes.
        let removed = tenants.tenant_remove(&tenant.id, tenant.lifecycle.generation).await;
        if read?.as_ref() != Some(tenant) {
            return Err(differs("the record"));
        }
        removed?;
        if tenants.tenant_get(&tenant.id).await?.is_some() {
            return Err(Error::internal("the record is still there after it was removed"));
        }
        Ok("a record was written, read and removed".to_owned())
    }

    /// Removes what probes that died have left, the record last.
    async fn probes_left_remove(&self, now: Timestamp) -> Result<()> {
        let tenants = &self.drivers().tenants;
        let before: TenantId = PREFIX.trim_end_matches('-').parse()?;
        let page = tenants.tenant_list(&Filter::default(), Some(&before), 100).await?;
        let left = page.items.into_iter().filter(|tenant| {
            let a_probes = tenant.id.as_str().starts_with(PREFIX) && tenant.settings.labels.get(LABEL).is_some();
            a_probes && now.since(tenant.created_at) > LEFT
        });
        for tenant in left {
            self.drivers().snapshots.snapshot_purge(&tenant.id).await?;
            self.drivers().deadlines.deadline_clear(&tenant.id).await?;
            match tenants.tenant_remove(&tenant.id, tenant.lifecycle.generation).await {
                Ok(()) | Err(Error::NotFound { .. } | Error::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn probe_inboxes(&self, id: &TenantId) -> Result<String> {
        let pending = self.drivers().inboxes.pending_count(id).await?;
        Ok(format!("an inbox was read: {pending} messages in it"))
    }

    async fn probe_wake_locks(&self, id: &TenantId) -> Result<String> {
        let locks = &self.drivers().wake_locks;
        let owner = OwnerToken(hex::encode(random_bytes::<12>()?));
        let ttl = Duration::from_secs(5);
        let taken = locks.wake_lock_acquire(id, &owner, ttl, self.now()).await?;
        let other = OwnerToken(hex::encode(random_bytes::<12>()?));
        let twice = locks.wake_lock_acquire(id, &other, ttl, self.now()).await;
        let released = locks.wake_lock_release(id, &owner).await?;
        if !taken || twice? || !released {
            return Err(Error::internal("a lock was given to two, or to nobody"));
        }
        Ok("a lock was taken, refused to another and released".to_owned())
    }

    async fn probe_deadlines(&self, id: &TenantId) -> Result<String> {
        let deadlines = &self.drivers().deadlines;
        // Far away: the loop that heeds deadlines does not come to it meanwhile.
        let at = self.now() + Duration::from_hours(24);
        deadlines.deadline_set(id, at).await?;
        let read = deadlines.deadline_get(id).await;
        deadlines.deadline_clear(id).await?;
        if read? != Some(at) {
            return Err(differs("the deadline"));
        }
        Ok("a deadline was set, read and cleared".to_owned())
    }

    async fn probe_snapshots(&self, id: &TenantId) -> Result<String> {
        let tried = self.probe_archive(id).await;
        let purged = self.drivers().snapshots.snapshot_purge(id).await;
        tried?;
        purged?;
        if !self.drivers().snapshots.snapshot_list(id).await?.is_empty() {
            return Err(Error::internal("the archive is still there after it was removed"));
        }
        Ok("an archive was stored, fetched and removed".to_owned())
    }

    async fn probe_archive(&self, id: &TenantId) -> Result<()> {
        use sha2::Digest;
        let snapshots = &self.drivers().snapshots;
        let generation = Generation::default().next(self.now());
        let directory = snapshots.snapshot_directory(id, generation).await?;
        let file = directory.join("probe.tar.zst");
        tokio::fs::write(&file, TEXT).await.map_err(Error::io("write", &file))?;
        let snapshot = SnapshotRef {
            key: snapshots.snapshot_key(id, generation, "probe.tar.zst")?,
            sha256: hex::encode(sha2::Sha256::digest(TEXT)),
            bytes: u64::try_from(TEXT.len()).unwrap_or(u64::MAX),
            generation,
            taken_at: self.now(),
            instead_of: None,
        };
        snapshots.snapshot_store(&snapshot).await?;
        // From the store, not from this machine's copy.
        snapshots.snapshot_copy_drop(&snapshot.key).await?;
        let path = snapshots.snapshot_path(&snapshot.key).await?;
        let read = tokio::fs::read(&path).await.map_err(Error::io("read", path))?;
        if read == TEXT { Ok(()) } else { Err(differs("the archive")) }
    }

    async fn probe_jobs(&self) -> Result<String> {
        let queue = self.drivers().jobs.queue_view(0).await?;
        Ok(format!("the queue was read: {} leases, {} in turn", queue.leases, queue.ready_count))
    }

    async fn probe_ledger(&self) -> Result<String> {
        let partitions = self.drivers().ledgers.ledger_partitions().await?;
        let plural = if partitions.len() == 1 { "" } else { "s" };
        Ok(format!("the ledger was read: {} partition{plural}", partitions.len()))
    }

    /// Whether the messenger knows the tenants' bots. Those of suspended tenants are asked for too: they are to answer.
    async fn probe_bots(&self) -> Result<Probed> {
        let page = self.drivers().tenants.tenant_list(&Filter::default(), None, 500).await?;
        let are_kept =
            page.items.into_iter().filter(|tenant| !matches!(tenant.lifecycle.status, Status::Terminated { .. }));
        let bots: Vec<(TenantId, Bot)> =
            are_kept.filter_map(|tenant| Some((tenant.id, tenant.settings.bot?))).take(BOTS).collect();
        let asked = bots.len();
        let answers = bots.into_iter().map(async |(id, bot)| {
            let token = self.bot_open(&id, &bot)?;
            match self.drivers().messengers.bot_get(&token).await {
                Ok(_) => Ok(None),
                Err(Error::Refused { .. }) => Ok(Some(id)),
                Err(error) => Err(error),
            }
        });
        let answers = futures::stream::iter(answers).buffered(BOTS_AT_ONCE).try_collect::<Vec<_>>().await?;
        let refused: Vec<TenantId> = answers.into_iter().flatten().collect();
        let Some(first) = refused.first() else {
            return Ok(Probed::ok(match asked {
                0 => "no tenant has one".to_owned(),
                asked => format!("the tokens of {asked} were tried, and are known"),
            }));
        };
        let names: Vec<String> = refused.iter().map(|id| format!("`{id}`")).collect();
        let text = format!("the messenger refuses the token of {}", names.join(", "));
        Ok(Probed::warn(text, format!("`ztm tenant update {first} --bot-token-file FILE`")))
    }

    async fn probe_workloads(&self) -> Result<String> {
        let workloads = self.drivers().workloads.workload_list().await?;
        Ok(format!("workloads were listed: {}", workloads.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_part_that_does_not_answer_fails_in_time_and_may_have_left_something() {
        let silent = Look { part: "jobs", look: Box::pin(std::future::pending()) };
        let (part, cut_off) = tokio::time::timeout(LIMIT * 2, tried(silent)).await.unwrap();
        assert_eq!((part.ok, part.warn, cut_off), (false, false, true));
        assert_eq!(part.text, "the probe of jobs did not finish within 8s");
    }

    #[tokio::test]
    async fn what_may_not_be_looked_at_is_a_warning_and_what_does_not_work_is_none() {
        let of = async |outcome: Result<Probed>| {
            let (part, cut_off) = tried(Look { part: "x", look: Box::pin(async { outcome }) }).await;
            assert!(!cut_off);
            (part.ok, part.warn)
        };
        assert_eq!(of(Ok(Probed::ok("fine"))).await, (true, false));
        assert_eq!(of(Ok(Probed::warn("odd", "mend it"))).await, (true, true));
        assert_eq!(of(Ok(Probed::fail("broken", "mend it"))).await, (false, false));
        assert_eq!(of(Err(Error::Forbidden { reason: "no".to_owned() })).await, (true, true));
        assert_eq!(of(Err(Error::StoreFull)).await, (false, false));
    }
}
