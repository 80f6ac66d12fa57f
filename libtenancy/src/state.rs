//! What an agent remembers, outside of it: which archives of its state there are, which one counts, and what happens to one
//! that is damaged, was not stored, or is an earlier system's.
//!
//! Owns which archive is published and when. Does not own the format of one (`snapshot`), where they are kept
//! (`ports::snapshots`), nor how a state is brought back (`agentd`).
//!
//! # What counts
//! The archive that the tenant's record names is *published*: a wake restores it, unless the machine has an intact state that
//! is as new. Publishing is a write on the record's generation, so an agent that was superseded publishes nothing.
//!
//! # What can be lost
//! The death of an agent loses nothing: its state is on its machine, and the next wake there uses it. The loss of the machine
//! loses what was written since the last published archive: the snapshot interval and the time of an upload, or longer while
//! the store of archives is away ([`StateView::saved_until`] says how much it is now). A published archive that turns out to
//! be damaged costs what was written since the one before it, which is kept for that.

use std::{path::PathBuf, sync::atomic::Ordering};

use crate::{
    agent::{SnapshotTaken, Stopped},
    api::state::{ArchiveView, SnapshotOutcome, StateView},
    error::{Error, Result},
    ledger::RowKind,
    operation::lock,
    ports::snapshots::StoredSnapshot,
    snapshot::{self, Known, Meta, Verified},
    tenancy::Tenancy,
    tenant::{Event, Generation, Lifecycle, SnapshotRef, Status, Tenant, TenantId},
};

/// Archives of a tenant that are kept: the published one and the one before it.
const SNAPSHOTS_KEPT: usize = 2;

/// Where the earlier system's agent has its database, below the state directory.
const LEGACY_DATABASE: &str = "workspace/memory/brain.db";

/// The generation under which an earlier system's state is archived: older than every agent's.
const LEGACY: Generation = Generation(0);

/// Runs what reads or writes whole archives on a thread of its own.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::internal(format!("work on an archive broke off: {e}")))?
}

/// Whether an archive is to blame.
fn is_damage(error: &Error) -> bool {
    matches!(error, Error::Corrupt { what: "snapshot", .. } | Error::NotFound { what: "snapshot", .. })
}

/// The error with an archive's key in the place of a path of this machine.
fn of_key(error: Error, key: &str) -> Error {
    match error {
        Error::Corrupt { reason, .. } => Error::Corrupt { what: "snapshot", path: PathBuf::from(key), reason },
        Error::NotFound { what: "snapshot", .. } => Error::not_found("snapshot", key),
        error => error,
    }
}

/// The archive that an operator means: by its key, or by what follows the tenant's prefix in it.
fn named<'a>(archives: &'a [StoredSnapshot], tenant: &TenantId, name: &str) -> Result<&'a StoredSnapshot> {
    let key = format!("tenants/{tenant}/{name}");
    archives
        .iter()
        .find(|archive| archive.key == name || archive.key == key)
        .ok_or_else(|| Error::not_found("snapshot", name.chars().take(200).collect::<String>()))
}

fn view(archive: &StoredSnapshot, published: Option<&SnapshotRef>) -> ArchiveView {
    let place = archive.place();
    ArchiveView {
        key: archive.key.clone(),
        generation: place.map(|(generation, _)| generation.0),
        taken_at: place.and_then(|(_, file)| snapshot::taken_at(file)),
        bytes: archive.bytes,
        published: published.is_some_and(|published| published.key == archive.key),
        intact: None,
        damage: None,
        files: None,
    }
}

/// How the record names an archive that was verified.
fn reference(archive: &StoredSnapshot, verified: &Verified) -> SnapshotRef {
    let meta = &verified.manifest.meta;
    SnapshotRef {
        key: archive.key.clone(),
        sha256: verified.sha256.clone(),
        bytes: archive.bytes,
        generation: archive.place().map_or(meta.generation, |(generation, _)| generation),
        taken_at: meta.taken_at,
        instead_of: None,
    }
}

impl Tenancy {
    /// The tenant's archives, and what of its state is in the published one. `NotFound`.
    pub async fn state_get(&self, id: &TenantId) -> Result<StateView> {
        let tenant = self.tenant_get(id).await?;
        let snapshots = &self.drivers().snapshots;
        let published = tenant.lifecycle.snapshot.as_ref();
        let archives = snapshots.snapshot_list(id).await?;
        let mut saved_until = published.map(|published| published.taken_at);
        let unsaved = match &tenant.lifecycle.status {
            Status::Running { agent } => {
                if let Ok(status) = self.drivers().workloads.agent_status(id, agent).await
                    && let Some(saved) = status.saved
                {
                    let key = saved.file.map(|file| snapshots.snapshot_key(id, agent.generation, &file)).transpose()?;
                    if key.is_none() || key.as_ref() == published.map(|published| &published.key) {
                        saved_until = saved_until.max(Some(saved.until));
                    }
                }
                true
            }
            Status::Provisioning | Status::Stopping { .. } => true,
            Status::Idle { reason: Some(reason) } if reason.is_abrupt() => true,
            Status::Idle { .. } | Status::Terminated { .. } => snapshots.snapshot_unstored().await?.contains(id),
        };
        Ok(StateView {
            tenant_id: id.to_string(),
            status: tenant.lifecycle.status.label().to_owned(),
            archives: archives.iter().map(|archive| view(archive, published)).collect(),
            instead_of: published.and_then(|published| published.instead_of.clone()),
            saved_until,
            unsaved,
            snapshot_interval_ms: u64::try_from(self.inner.config.snapshot_interval.as_millis()).unwrap_or(u64::MAX),
        })
    }

    /// Reads one archive of the tenant, or all of them, to the last byte, and says which are as they were written.
    /// `NotFound` for the tenant or the archive; damage is an answer, no error.
    pub async fn state_verify(&self, id: &TenantId, archive: Option<&str>) -> Result<Vec<ArchiveView>> {
        let tenant = self.tenant_get(id).await?;
        let published = tenant.lifecycle.snapshot.as_ref();
        let archives = self.drivers().snapshots.snapshot_list(id).await?;
        let chosen = match archive {
            Some(name) => vec![named(&archives, id, name)?],
            None => archives.iter().collect(),
        };
        let mut views = Vec::new();
        for archive in chosen {
            let mut view = view(archive, published);
            match self.archive_verify(id, archive, published).await {
                Ok((_, verified)) => {
                    view.intact = Some(true);
                    view.files = Some(verified.manifest.entries.len());
                }
                Err(error) if is_damage(&error) => {
                    view.intact = Some(false);
                    view.damage = Some(error.chain());
                }
                Err(error) => return Err(error),
            }
            views.push(view);
        }
        Ok(views)
    }

    /// An archive on this machine that was just verified, for whoever wants a copy: its path, size and SHA-256. `NotFound`;
    /// `Corrupt`.
    pub async fn state_export(&self, id: &TenantId, archive: Option<&str>) -> Result<(PathBuf, SnapshotRef)> {
        let tenant = self.tenant_get(id).await?;
        let published = tenant.lifecycle.snapshot.as_ref();
        let archives = self.drivers().snapshots.snapshot_list(id).await?;
        let name = match (archive, published) {
            (Some(name), _) => name,
            (None, Some(published)) => &published.key,
            (None, None) => return Err(Error::not_found("snapshot of tenant", id)),
        };
        let archive = named(&archives, id, name)?;
        let (path, verified) = self.archive_verify(id, archive, published).await?;
        Ok((path, reference(archive, &verified)))
    }

    /// Makes an archive of the tenant the one that its next agent begins with, whatever is newer; the machine's own state is
    /// put aside then. Nothing is removed: the choice can be taken back until newer archives push the others out.
    ///
    /// `IllegalState` while there is an agent; `NotFound`; `Corrupt`.
    pub async fn state_restore(&self, id: &TenantId, archive: &str) -> Result<Tenant> {
        self.require_live("bringing back a state")?;
        let (tenancy, id, archive) = (self.clone(), id.clone(), archive.to_owned());
        self.detached(async move {
            let _operation = tenancy.inner.operations.begin(&id).await;
            let tenant = tenancy.tenant_get(&id).await?;
            if !matches!(tenant.lifecycle.status, Status::Idle { .. }) {
                return Err(Error::IllegalState {
                    tenant: id.to_string(),
                    status: tenant.lifecycle.status.label(),
                    reason: "only the state of a tenant without an agent can be replaced".to_owned(),
                });
            }
            let snapshots = &tenancy.drivers().snapshots;
            let archives = snapshots.snapshot_list(&id).await?;
            let published = tenant.lifecycle.snapshot.as_ref();
            let archive = named(&archives, &id, &archive)?;
            let (_, verified) = tenancy.archive_verify(&id, archive, published).await?;
            let instead_of = published.filter(|published| published.key != archive.key);
            let chosen = SnapshotRef {
                // As new as the record: the machine's own state is older.
                generation: tenant.lifecycle.generation,
                instead_of: instead_of.map(|published| format!("`{}`: an operator chose this one", published.key)),
                ..reference(archive, &verified)
            };
            snapshots.snapshot_store(&chosen).await?;
            tracing::info!(tenant = %id, key = chosen.key, "an operator chose the state of the next agent");
            tenancy.lifecycle_write(&tenant, Event::SnapshotChosen(chosen)).await
        })
        .await
    }

    /// Saves the state of a running agent now, and publishes it.
    ///
    /// `IllegalState` if there is no agent (what one had was saved at its stop); what the agent, or the store of archives,
    /// fails with.
    pub async fn tenant_snapshot(&self, id: &TenantId) -> Result<SnapshotOutcome> {
        self.require_live("a snapshot")?;
        let tenant = self.tenant_get(id).await?;
        let Status::Running { agent } = &tenant.lifecycle.status else {
            return Err(Error::IllegalState {
                tenant: id.to_string(),
                status: tenant.lifecycle.status.label(),
                reason: "it has no agent whose state could be saved".to_owned(),
            });
        };
        let before = tenant.lifecycle.snapshot.map(|published| published.key);
        if let Some(taken) = self.drivers().workloads.agent_snapshot(id, agent).await? {
            self.snapshot_publish(id, agent.generation, taken).await?;
        }
        let snapshot = self.tenant_get(id).await?.lifecycle.snapshot;
        let changed = snapshot.as_ref().map(|published| &published.key) != before.as_ref();
        Ok(SnapshotOutcome { tenant_id: id.to_string(), changed, snapshot })
    }

    /// Fetches an archive and reads all of it. What its record says of the published one is held against it; of others only
    /// their own manifest is known.
    async fn archive_verify(
        &self,
        id: &TenantId,
        archive: &StoredSnapshot,
        published: Option<&SnapshotRef>,
    ) -> Result<(PathBuf, Verified)> {
        let path = self.drivers().snapshots.snapshot_path(&archive.key).await?;
        let sha256 = published.filter(|p| p.key == archive.key).map(|published| published.sha256.clone());
        let (tenant, file) = (id.clone(), path.clone());
        let verified =
            blocking(move || snapshot::verify(&file, Known { sha256: sha256.as_deref(), tenant: &tenant })).await;
        let verified = verified.map_err(|error| of_key(error, &archive.key))?;
        Ok((path, verified))
    }

    /// What a tenant that was never woken begins with, published: what an earlier tenant of its name left, else what the
    /// earlier system kept for it. The tenant as it is then; the caller holds its operation.
    ///
    /// Errors leave the tenant as it was: it must not begin with nothing because a store was away.
    pub(crate) async fn state_inherit(&self, tenant: Tenant) -> Result<Tenant> {
        let lifecycle = &tenant.lifecycle;
        let kept = self.drivers().workloads.workloads_keep_state();
        if kept || lifecycle.snapshot.is_some() || lifecycle.last_wake.is_some() {
            return Ok(tenant);
        }
        let id = &tenant.id;
        let archives = self.drivers().snapshots.snapshot_list(id).await?;
        let mut damage = None;
        for archive in archives.iter().rev() {
            match self.archive_verify(id, archive, None).await {
                Ok((_, verified)) => {
                    let kept = reference(archive, &verified);
                    self.drivers().snapshots.snapshot_store(&kept).await?;
                    tracing::info!(tenant = %id, key = kept.key, "the state that an earlier tenant of this name left is used");
                    return self.lifecycle_write(&tenant, Event::SnapshotChosen(kept)).await;
                }
                Err(error) if is_damage(&error) => damage = damage.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        if let Some(damage) = damage {
            return Err(damage);
        }
        let Some(database) = self.drivers().snapshots.snapshot_legacy(id).await? else { return Ok(tenant) };
        let imported = self.legacy_import(id, database).await?;
        tracing::info!(tenant = %id, bytes = imported.bytes, "the earlier system's state was imported");
        self.lifecycle_write(&tenant, Event::SnapshotChosen(imported)).await
    }

    /// Makes an archive of the earlier system's database, and stores it. A database that is damaged is `Corrupt`.
    async fn legacy_import(&self, id: &TenantId, database: PathBuf) -> Result<SnapshotRef> {
        let out = self.drivers().snapshots.snapshot_directory(id, LEGACY).await?;
        let meta = Meta { tenant: id.clone(), generation: LEGACY, taken_at: self.now() };
        let taken = blocking(move || {
            let room = database.with_extension("state");
            // What a death during an earlier import has left there.
            match std::fs::remove_dir_all(&room) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(Error::io("remove", &room)(e)),
                _ => {}
            }
            let state = room.join("state");
            let arranged = (|| {
                let place = state.join(LEGACY_DATABASE);
                let directory = place.parent().unwrap_or(&state);
                std::fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
                std::fs::rename(&database, &place).map_err(Error::io("rename", &database))?;
                snapshot::take(&state, &out, &meta, None)
            })();
            let _ = std::fs::remove_dir_all(&room);
            let _ = std::fs::remove_file(&database);
            arranged
        });
        // The database is all there is of it: it counts as its archive.
        let taken = taken.await.map_err(|error| of_key(error, &format!("tenants/{id}/brain.db")))?;
        let taken = taken.ok_or_else(|| Error::internal("an imported state was empty"))?.snapshot;
        let snapshot = self.snapshot_named(id, LEGACY, taken)?;
        self.drivers().snapshots.snapshot_store(&snapshot).await?;
        Ok(snapshot)
    }

    /// After a bind that failed: if the published archive is to blame, the record as it is once another copy of it, or the
    /// last good archive before it, takes its place; `None` if nothing can be done. `copied` says whether a fresh copy was
    /// tried already. The caller holds the tenant's operation, and `provisioning` is the record's.
    pub(crate) async fn state_fall_back(
        &self,
        tenant: &Tenant,
        error: &Error,
        copied: &mut bool,
    ) -> Result<Option<Lifecycle>> {
        let Some(published) = tenant.lifecycle.snapshot.as_ref().filter(|_| is_damage(error)) else { return Ok(None) };
        let (id, snapshots) = (&tenant.id, &self.drivers().snapshots);
        if !std::mem::replace(copied, true) && snapshots.snapshot_copy_drop(&published.key).await? {
            tracing::warn!(tenant = %id, key = published.key, "this machine's copy of the state was damaged; fetching it again");
            return Ok(Some(tenant.lifecycle.clone()));
        }
        let archives = snapshots.snapshot_list(id).await?;
        let before: Vec<&StoredSnapshot> = match archives.iter().position(|archive| archive.key == published.key) {
            Some(at) => archives.iter().take(at).collect(),
            None => archives
                .iter()
                .filter(|archive| archive.place().is_some_and(|(g, _)| g <= published.generation))
                .collect(),
        };
        for archive in before.into_iter().rev() {
            let verified = match self.archive_verify(id, archive, None).await {
                Ok((_, verified)) => verified,
                Err(error) if is_damage(&error) => {
                    tracing::error!(tenant = %id, key = archive.key, error = error.chain(), "an older archive is damaged too");
                    continue;
                }
                Err(error) => return Err(error),
            };
            let instead_of = Some(format!("`{}`: {}", published.key, error.chain()));
            let good = SnapshotRef { instead_of, ..reference(archive, &verified) };
            tracing::error!(tenant = %id, error = error.chain(), used = good.key, taken_at = %good.taken_at,
                "THE PUBLISHED STATE IS DAMAGED: the last good one before it is used; what came after it is lost");
            let chosen = tenant.after(Event::SnapshotChosen(good), self.now())?;
            self.transition_insisting(id, tenant.lifecycle.generation, &chosen).await?;
            self.inner.state_fallbacks.fetch_add(1, Ordering::Relaxed);
            return Ok(Some(chosen));
        }
        Ok(None)
    }

    /// Publishes what gone agents left behind unpublished: archives whose store failed. Stops at the first sign that the
    /// store is still away.
    pub(crate) async fn states_catch_up(&self) -> Result<()> {
        for id in self.drivers().snapshots.snapshot_unstored().await? {
            if self.is_waking(&id) {
                continue;
            }
            let _operation = self.inner.operations.begin(&id).await;
            match self.tenant_get(&id).await {
                Ok(tenant) => drop(self.state_catch_up(tenant).await?),
                // Deleted; what was kept of it is not in the way.
                Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// [`Tenancy::state_catch_up`] after an agent was lost, once nothing else is done with the tenant: its next wake does not
    /// wait for the store of archives. A failure is no loss: the machine has the state, and the next agent saves it.
    pub(crate) fn state_catch_up_soon(&self, id: &TenantId) {
        let (tenancy, id) = (self.clone(), id.clone());
        self.inner.tasks.spawn(async move {
            let caught_up = async {
                let _operation = tenancy.inner.operations.begin(&id).await;
                tenancy.state_catch_up(tenancy.tenant_get(&id).await?).await
            };
            if let Err(error) = caught_up.await {
                tracing::warn!(tenant = %id, error = error.chain(), "what the agent left is not published");
            }
        });
    }

    /// Stores and publishes the newest archive of an idle tenant, if it is newer than the published one. The tenant as it is
    /// then; the caller holds its operation.
    pub(crate) async fn state_catch_up(&self, tenant: Tenant) -> Result<Tenant> {
        let id = &tenant.id;
        let kept = self.drivers().workloads.workloads_keep_state();
        if kept || !matches!(tenant.lifecycle.status, Status::Idle { .. }) {
            return Ok(tenant);
        }
        let archives = self.drivers().snapshots.snapshot_list(id).await?;
        let Some(newest) = archives.last() else { return Ok(tenant) };
        let stamp = newest.place().and_then(|(generation, file)| Some((generation, snapshot::taken_at(file)?)));
        let published = tenant.lifecycle.snapshot.as_ref().map(|published| (published.generation, published.taken_at));
        if stamp <= published || lock(&self.inner.unpublishable).contains(&newest.key) {
            return Ok(tenant);
        }
        let verified = match self.archive_verify(id, newest, None).await {
            Ok((_, verified)) => verified,
            Err(error) if is_damage(&error) => {
                tracing::error!(tenant = %id, error = error.chain(), "an archive that was never published is damaged");
                lock(&self.inner.unpublishable).insert(newest.key.clone());
                return Ok(tenant);
            }
            Err(error) => return Err(error),
        };
        let left = reference(newest, &verified);
        self.drivers().snapshots.snapshot_store(&left).await?;
        tracing::info!(tenant = %id, key = left.key, "the state that its last agent left is published");
        let published = self.lifecycle_write(&tenant, Event::SnapshotTaken(left)).await?;
        self.snapshots_thin(&published).await;
        Ok(published)
    }

    /// The last snapshot of an agent, stored. One that cannot be stored is not published: the state stays where the agent
    /// left it, which the next wake on this machine prefers.
    pub(crate) async fn snapshot_last(
        &self,
        id: &TenantId,
        generation: Generation,
        stopped: Stopped,
    ) -> Result<Option<SnapshotRef>> {
        if let Some(error) = stopped.snapshot_error {
            tracing::error!(tenant = %id, error, "the state was not saved; it is kept where the agent left it");
        }
        let Some(taken) = stopped.snapshot else { return Ok(None) };
        let snapshot = self.snapshot_named(id, generation, taken)?;
        match self.drivers().snapshots.snapshot_store(&snapshot).await {
            Ok(()) => Ok(Some(snapshot)),
            Err(error) => {
                let error = error.chain();
                tracing::error!(tenant = %id, error, "the state was not stored; it is kept where the agent left it");
                Ok(None)
            }
        }
    }

    fn snapshot_named(&self, id: &TenantId, generation: Generation, taken: SnapshotTaken) -> Result<SnapshotRef> {
        Ok(SnapshotRef {
            key: self.drivers().snapshots.snapshot_key(id, generation, &taken.file)?,
            sha256: taken.sha256,
            bytes: taken.bytes,
            generation,
            taken_at: taken.taken_at,
            instead_of: None,
        })
    }

    /// Publishes a running agent's periodic snapshot. Refused if that agent is not the tenant's any more.
    pub(crate) async fn snapshot_publish(
        &self,
        id: &TenantId,
        generation: Generation,
        taken: SnapshotTaken,
    ) -> Result<()> {
        let _operation = self.inner.operations.begin(id).await;
        let tenant = self.tenant_get(id).await?;
        let snapshot = self.snapshot_named(id, generation, taken)?;
        // A new watch begins with the agent's last one.
        if tenant.lifecycle.snapshot.as_ref() == Some(&snapshot) {
            return Ok(());
        }
        self.drivers().snapshots.snapshot_store(&snapshot).await?;
        let (reference, bytes) = (snapshot.generation.to_string(), snapshot.bytes);
        let reference = format!("{reference}-{}", snapshot.taken_at.as_micros());
        let published = self.lifecycle_write(&tenant, Event::SnapshotTaken(snapshot)).await?;
        self.usage_book(id, RowKind::Snapshot, &reference, bytes.into()).await;
        self.snapshots_thin(&published).await;
        Ok(())
    }

    /// Removes archives that are neither the published one nor among the last ones before it; best effort.
    pub(crate) async fn snapshots_thin(&self, tenant: &Tenant) {
        let Some(published) = &tenant.lifecycle.snapshot else { return };
        let snapshots = &self.drivers().snapshots;
        let thinned = async {
            let mut keys: Vec<String> =
                snapshots.snapshot_list(&tenant.id).await?.into_iter().map(|stored| stored.key).collect();
            let Some(at) = keys.iter().position(|key| *key == published.key) else { return Ok(()) };
            // Newer ones than the published one are an agent's that has not reported them yet.
            keys.truncate((at + 1).saturating_sub(SNAPSHOTS_KEPT));
            for key in keys {
                snapshots.snapshot_remove(&key).await?;
            }
            Ok::<_, Error>(())
        };
        if let Err(error) = thinned.await {
            tracing::warn!(tenant = %tenant.id, error = error.chain(), "old snapshots not removed");
        }
    }
}
