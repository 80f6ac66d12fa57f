//! The parts that keep no records of the control plane, in a rehearsal: agents, archives, chats, caches, words.

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use tokio::sync::broadcast;

use super::would;
use crate::{
    agent::{AgentStatus, Bound, Reply, SnapshotTaken, Stop, Stopped, Turn},
    clock::Timestamp,
    demand::PoolSize,
    error::Result,
    exec::Duplex,
    inbox::Epoch,
    ledger::{Head, Row},
    ports::{
        deadlines::Deadlines,
        endpoints::Endpoints,
        leaders::Leaders,
        ledgers::{Entry, Ledgers, RowFilter},
        messengers::{Messengers, WebhookInfo},
        signals::{Listener, Signal, Signals},
        snapshots::{Snapshots, StoredSnapshot, UploadUrl},
        wake_locks::{OwnerToken, WakeLocks},
        workloads::{
            BindRequest, Pool, PoolKeeper, PoolSizes, PoolStatus, Started, TurnKey, Workload, WorkloadEvent, Workloads,
        },
    },
    secret::Secret,
    tenant::{Agent, BotId, Generation, SnapshotRef, TenantId, WorkloadId},
};

/// What is only a help: its writes are passed over, and every lock is free.
pub(super) struct Cache(pub(super) Arc<dyn Endpoints>, pub(super) Arc<dyn Deadlines>);

#[async_trait]
impl Endpoints for Cache {
    async fn endpoint_put(&self, _: &TenantId, _: &Agent, _: Timestamp) -> Result<()> {
        Ok(())
    }

    async fn endpoint_get(&self, tenant: &TenantId, now: Timestamp) -> Result<Option<Agent>> {
        self.0.endpoint_get(tenant, now).await
    }

    async fn endpoint_remove(&self, _: &TenantId, _: Generation) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl Deadlines for Cache {
    async fn deadline_set(&self, _: &TenantId, _: Timestamp) -> Result<()> {
        Ok(())
    }

    async fn deadline_get(&self, tenant: &TenantId) -> Result<Option<Timestamp>> {
        self.1.deadline_get(tenant).await
    }

    async fn deadline_clear(&self, _: &TenantId) -> Result<()> {
        Ok(())
    }

    async fn deadlines_due(&self, now: Timestamp, limit: usize) -> Result<Vec<TenantId>> {
        self.1.deadlines_due(now, limit).await
    }

    async fn deadline_next(&self) -> Result<Option<Timestamp>> {
        self.1.deadline_next().await
    }
}

#[async_trait]
impl WakeLocks for Cache {
    async fn wake_lock_acquire(&self, _: &TenantId, _: &OwnerToken, _: Duration, _: Timestamp) -> Result<bool> {
        Ok(true)
    }

    async fn wake_lock_renew(&self, _: &TenantId, _: &OwnerToken, _: Duration, _: Timestamp) -> Result<bool> {
        Ok(true)
    }

    async fn wake_lock_release(&self, _: &TenantId, _: &OwnerToken) -> Result<bool> {
        Ok(true)
    }
}

#[async_trait]
impl Leaders for Cache {
    async fn leader_acquire(&self, _: &str, _: &OwnerToken, _: Duration, _: Timestamp) -> Result<Option<Epoch>> {
        Ok(None)
    }

    async fn leader_resign(&self, _: &str, _: &OwnerToken) -> Result<()> {
        Ok(())
    }
}

/// The ledgers, read.
pub(super) struct Rows(pub(super) Arc<dyn Ledgers>);

#[async_trait]
impl Ledgers for Rows {
    async fn ledger_append(&self, _: u16, _: &[Row]) -> Result<Head> {
        would("write the ledger")
    }

    async fn ledger_head(&self, partition: u16) -> Result<Head> {
        self.0.ledger_head(partition).await
    }

    async fn ledger_rows(&self, partition: u16, filter: &RowFilter, after: u64, limit: usize) -> Result<Vec<Entry>> {
        self.0.ledger_rows(partition, filter, after, limit).await
    }

    async fn ledger_partitions(&self) -> Result<Vec<u16>> {
        self.0.ledger_partitions().await
    }
}

/// Words to other control planes: none are said.
pub(super) struct Words(pub(super) Arc<dyn Signals>);

#[async_trait]
impl Signals for Words {
    async fn signal_send(&self, _: &Signal) -> Result<()> {
        Ok(())
    }

    async fn signal_listen(&self) -> Result<Box<dyn Listener>> {
        self.0.signal_listen().await
    }
}

/// A messenger that is asked, and told nothing.
pub(super) struct Chats(pub(super) Arc<dyn Messengers>);

#[async_trait]
impl Messengers for Chats {
    async fn text_send(&self, _: &Secret, _: i64, _: &str) -> Result<i64> {
        would("send a message")
    }

    async fn text_edit(&self, _: &Secret, _: i64, _: i64, _: &str) -> Result<()> {
        would("edit a message")
    }

    async fn typing_send(&self, _: &Secret, _: i64) -> Result<()> {
        Ok(())
    }

    async fn callback_answer(&self, _: &Secret, _: &str) -> Result<()> {
        Ok(())
    }

    async fn webhook_set(&self, token: &Secret, url: &str, _: &Secret) -> Result<()> {
        let bot = self.0.bot_get(token).await?;
        would(format!("have the messages of bot {bot} delivered to {url}"))
    }

    async fn webhook_delete(&self, token: &Secret) -> Result<()> {
        let bot = self.0.bot_get(token).await?;
        would(format!("end the delivery of the messages of bot {bot}"))
    }

    async fn webhook_info(&self, token: &Secret) -> Result<WebhookInfo> {
        self.0.webhook_info(token).await
    }

    async fn bot_get(&self, token: &Secret) -> Result<BotId> {
        self.0.bot_get(token).await
    }
}

/// Archives, read.
pub(super) struct Archives(pub(super) Arc<dyn Snapshots>);

#[async_trait]
impl Snapshots for Archives {
    async fn snapshot_directory(&self, tenant: &TenantId, _: Generation) -> Result<PathBuf> {
        would(format!("make room for an archive of `{tenant}`"))
    }

    fn snapshot_key(&self, tenant: &TenantId, generation: Generation, file: &str) -> Result<String> {
        self.0.snapshot_key(tenant, generation, file)
    }

    async fn snapshot_store(&self, snapshot: &SnapshotRef) -> Result<()> {
        would(format!("publish archive `{}`", snapshot.key))
    }

    async fn snapshot_unstored(&self) -> Result<Vec<TenantId>> {
        self.0.snapshot_unstored().await
    }

    async fn snapshot_copy_drop(&self, _: &str) -> Result<bool> {
        Ok(false)
    }

    async fn snapshot_legacy(&self, tenant: &TenantId) -> Result<Option<PathBuf>> {
        self.0.snapshot_legacy(tenant).await
    }

    async fn snapshot_upload_url(&self, snapshot: &SnapshotRef, _: Duration) -> Result<Option<UploadUrl>> {
        would(format!("upload archive `{}`", snapshot.key))
    }

    async fn snapshot_download_url(&self, key: &str, valid: Duration) -> Result<Option<String>> {
        self.0.snapshot_download_url(key, valid).await
    }

    async fn snapshot_path(&self, key: &str) -> Result<PathBuf> {
        self.0.snapshot_path(key).await
    }

    async fn snapshot_list(&self, tenant: &TenantId) -> Result<Vec<StoredSnapshot>> {
        self.0.snapshot_list(tenant).await
    }

    async fn snapshot_remove(&self, key: &str) -> Result<()> {
        would(format!("remove archive `{key}`"))
    }

    async fn snapshot_purge(&self, tenant: &TenantId) -> Result<()> {
        would(format!("remove the archives of `{tenant}`"))
    }
}

/// Agents, looked at.
pub(super) struct Machines(pub(super) Arc<dyn Workloads>);

fn sized(size: Option<usize>) -> String {
    size.map_or_else(
        || "make the warm pool as large as the configuration says".to_owned(),
        |size| format!("make the warm pool {size} agents large"),
    )
}

#[async_trait]
impl PoolSizes for Machines {
    async fn pool_size(&self) -> Result<Option<usize>> {
        match self.0.workload_pool() {
            PoolKeeper::ControlPlane(sizes) => sizes.pool_size().await,
            PoolKeeper::Platform(_) => Ok(None),
        }
    }

    async fn pool_size_set(&self, size: Option<usize>) -> Result<()> {
        would(sized(size))
    }
}

#[async_trait]
impl Pool for Machines {
    async fn pool_open(&self, _: PoolSize, _: Option<usize>) -> Result<()> {
        would("make the warm pool")
    }

    async fn pool_scale(&self, size: Option<usize>, _: usize) -> Result<()> {
        would(sized(size))
    }

    async fn pool_claim(&self, _: &BindRequest) -> Result<Option<(WorkloadId, Timestamp)>> {
        would("claim a warm agent")
    }

    fn pool_status(&self) -> PoolStatus {
        match self.0.workload_pool() {
            PoolKeeper::Platform(pool) => pool.pool_status(),
            PoolKeeper::ControlPlane(_) => PoolStatus::default(),
        }
    }
}

#[async_trait]
impl Workloads for Machines {
    fn workloads_are_local(&self) -> bool {
        self.0.workloads_are_local()
    }

    fn workloads_keep_state(&self) -> bool {
        self.0.workloads_keep_state()
    }

    fn workload_pool(&self) -> PoolKeeper<'_> {
        match self.0.workload_pool() {
            PoolKeeper::ControlPlane(_) => PoolKeeper::ControlPlane(self),
            PoolKeeper::Platform(_) => PoolKeeper::Platform(self),
        }
    }

    async fn workload_start(&self) -> Result<WorkloadId> {
        would("start an agent")
    }

    fn workload_waits(&self, tenant: &TenantId) -> Option<String> {
        self.0.workload_waits(tenant)
    }

    async fn workload_bind(&self, _: &WorkloadId, request: &BindRequest) -> Result<(Agent, Bound)> {
        would(format!("bind an agent to `{}`", request.tenant))
    }

    async fn workload_start_for(&self, request: &BindRequest) -> Result<Started> {
        would(format!("start an agent for `{}`", request.tenant))
    }

    async fn workload_list(&self) -> Result<Vec<Workload>> {
        self.0.workload_list().await
    }

    async fn workload_find(&self, tenant: &TenantId) -> Result<Option<Workload>> {
        self.0.workload_find(tenant).await
    }

    async fn workload_watch(&self, _: &TenantId, _: &Agent) -> Result<()> {
        Ok(())
    }

    fn workload_events(&self) -> broadcast::Receiver<WorkloadEvent> {
        self.0.workload_events()
    }

    async fn agent_status(&self, tenant: &TenantId, agent: &Agent) -> Result<AgentStatus> {
        self.0.agent_status(tenant, agent).await
    }

    async fn agent_turn(&self, _: &Agent, key: TurnKey<'_>, _: &Turn, _: Duration) -> Result<Reply> {
        would(format!("have the agent of `{}` do something", key.update.tenant))
    }

    async fn agent_exec(&self, tenant: &TenantId, _: &Agent) -> Result<Box<dyn Duplex>> {
        would(format!("run a command beside the agent of `{tenant}`"))
    }

    async fn agent_snapshot(&self, tenant: &TenantId, _: &Agent) -> Result<Option<SnapshotTaken>> {
        would(format!("save the state of the agent of `{tenant}`"))
    }

    async fn agent_stop(&self, tenant: &TenantId, _: &Agent, _: &Stop) -> Result<Stopped> {
        would(format!("stop the agent of `{tenant}`"))
    }

    async fn workload_kill(&self, workload: &Workload) -> Result<()> {
        would(format!("end workload `{}`", workload.id))
    }

    async fn workload_purge(&self, tenant: &TenantId) -> Result<()> {
        would(format!("remove the home of `{tenant}`"))
    }

    async fn workload_logs(
        &self,
        tenant: &TenantId,
        tail: usize,
        follow: bool,
    ) -> Result<BoxStream<'static, std::io::Result<Bytes>>> {
        self.0.workload_logs(tenant, tail, follow).await
    }
}
