//! Whether the parts do what is asked of them: each is written to, read and cleaned up, by a tenant that is nobody.
//!
//! Owns what is tried. What a process that died in a probe has left (a tenant with the label [`LABEL`]) the next probe removes.

use std::time::Duration;

use crate::{
    api::probe::{ProbeReport, ProbedPart},
    clock::{Stopwatch, Timestamp},
    error::{Error, Result},
    labels::Labels,
    ports::{tenants::Filter, wake_locks::OwnerToken},
    schedule::Schedules,
    secret::random_bytes,
    tenancy::Tenancy,
    tenant::{DEFAULT_IDLE_TIMEOUT, Generation, Lifecycle, Settings, SnapshotRef, Tenant, TenantId},
};

/// The label of a tenant that is a probe's.
const LABEL: &str = "ztm-probe";

/// What every id of such a tenant begins with.
const PREFIX: &str = "probe-";

/// How old what is left must be to be a dead probe's.
const LEFT: Duration = Duration::from_mins(5);

/// What is written.
const TEXT: &[u8] = b"written to see whether that works\n";

fn differs(what: &str) -> Error {
    Error::internal(format!("{what} is not what was written a moment ago"))
}

impl Tenancy {
    /// Tries every part. What does not work is in the report, not an error.
    pub async fn probe(&self) -> Result<ProbeReport> {
        let id: TenantId = format!("{PREFIX}{}", hex::encode(random_bytes::<4>()?)).parse()?;
        let mut parts = Vec::new();
        let mut tried = |part: &str, watch: Stopwatch, outcome: Result<String>| {
            let (ok, text, hint) = match outcome {
                Ok(text) => (true, text, None),
                Err(error) => (false, error.chain(), error.hint()),
            };
            let took_ms = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
            parts.push(ProbedPart { part: part.to_owned(), ok, text, hint, took_ms });
        };
        // First and last: whatever a process that dies in between leaves is a record's, by which the next probe finds it.
        let whole = Stopwatch::start();
        let written = self.probe_record(&id).await;
        let watch = Stopwatch::start();
        tried("inboxes", watch, self.probe_inboxes(&id).await);
        let watch = Stopwatch::start();
        tried("wake locks", watch, self.probe_wake_locks(&id).await);
        let watch = Stopwatch::start();
        tried("deadlines", watch, self.probe_deadlines(&id).await);
        let watch = Stopwatch::start();
        tried("snapshots", watch, self.probe_snapshots(&id).await);
        let watch = Stopwatch::start();
        tried("jobs", watch, self.probe_jobs().await);
        let watch = Stopwatch::start();
        tried("ledger", watch, self.probe_ledger().await);
        let watch = Stopwatch::start();
        tried("workloads", watch, self.probe_workloads().await);
        let registry = match written {
            Ok(tenant) => self.probe_record_remove(&tenant).await,
            Err(error) => Err(error),
        };
        tried("registry", whole, registry);
        parts.rotate_right(1);
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
        Ok(format!("an inbox was read: {pending} messages of nobody"))
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
        Ok(format!("the ledger was read: {} partitions", partitions.len()))
    }

    async fn probe_workloads(&self) -> Result<String> {
        let workloads = self.drivers().workloads.workload_list().await?;
        Ok(format!("workloads were listed: {}", workloads.len()))
    }
}
