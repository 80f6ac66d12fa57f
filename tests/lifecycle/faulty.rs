//! Every port behind a plan that fails, or lets the control plane die at, its n-th call: before the call is made, or
//! after it was made but before its answer is seen.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use libtenancy::{
    Drivers, Error, Result,
    agent::{AgentStatus, Bound, Reply, SnapshotTaken, Stop, Stopped, Turn},
    clock::Timestamp,
    credits::MicroCredits,
    inbox::{Claim, Epoch, Outcome, Outgoing, Put, Take, Update, UpdateKey},
    jobs::{AgentId, JobEpoch},
    ledger::RowKind,
    partition::{QuotaPatch, Rollback, TurnAdmission},
    ports::{
        deadlines::Deadlines,
        endpoints::Endpoints,
        inboxes::{InboxCounts, Inboxes, UpdateFilter},
        messengers::{Messengers, WebhookInfo},
        quotas::{Outbox, Quotas},
        receipts::{Begun, Receipt, Receipts},
        tenants::{Filter, Page, SettingsPatch, Tenants},
        wake_locks::{OwnerToken, WakeLocks},
        workloads::{BindRequest, PoolKeeper, TurnKey, Workload, WorkloadEvent, Workloads},
    },
    quota::{Account, Grant},
    secret::Secret,
    tenant::{Agent, BotId, Generation, Lifecycle, Tenant, TenantId, WorkloadId},
};
use tokio::sync::{Notify, broadcast};

/// What happens at the chosen call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The call is not made and fails.
    FailBefore,
    /// The call is made; its answer is lost.
    FailAfter,
    /// The process dies before the call is made.
    DieBefore,
    /// The process dies after the call was made, before its answer is seen.
    DieAfter,
}

/// Counts calls, and strikes at one of them.
#[derive(Default)]
pub(crate) struct Plan {
    calls: AtomicUsize,
    strike: Mutex<Option<(usize, Fault)>>,
    struck: Mutex<Option<&'static str>>,
    died: Notify,
}

impl Plan {
    /// Strikes once, at the `call`-th call from now (0 is the next).
    pub(crate) fn arm(&self, call: usize, fault: Fault) {
        self.calls.store(0, Ordering::SeqCst);
        *self.struck.lock().unwrap() = None;
        *self.strike.lock().unwrap() = Some((call, fault));
    }

    /// Strikes no more; the call it struck at, if it did.
    pub(crate) fn disarm(&self) -> Option<&'static str> {
        *self.strike.lock().unwrap() = None;
        *self.struck.lock().unwrap()
    }

    /// Ends when a death has struck.
    pub(crate) async fn died(&self) {
        self.died.notified().await;
    }

    fn due(&self) -> Option<Fault> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        let mut strike = self.strike.lock().unwrap();
        match *strike {
            Some((at, fault)) if at == call => {
                *strike = None;
                Some(fault)
            }
            _ => None,
        }
    }

    async fn around<T>(&self, name: &'static str, call: impl Future<Output = Result<T>>) -> Result<T> {
        let fault = self.due();
        if fault.is_some() {
            *self.struck.lock().unwrap() = Some(name);
        }
        match fault {
            None => call.await,
            Some(Fault::FailBefore) => Err(Error::unavailable("test", format!("{name} was not made"))),
            Some(Fault::FailAfter) => {
                let _ = call.await;
                Err(Error::outcome_unknown("test", format!("the answer of {name} was lost")))
            }
            Some(Fault::DieBefore) => self.die().await,
            Some(Fault::DieAfter) => {
                let _ = call.await;
                self.die().await
            }
        }
    }

    async fn die(&self) -> ! {
        self.died.notify_one();
        std::future::pending::<()>().await;
        unreachable!("a dead process goes on")
    }
}

/// `drivers`, behind `plan`.
pub(crate) fn faulty(drivers: Drivers, plan: &Arc<Plan>) -> Drivers {
    macro_rules! wrap {
        ($($port:ident),*) => {
            Drivers { $($port: Arc::new(Faulty { port: drivers.$port, plan: Arc::clone(plan) }),)*
                leaders: drivers.leaders, fleets: drivers.fleets, snapshots: drivers.snapshots, jobs: drivers.jobs,
                ledgers: drivers.ledgers, journals: drivers.journals,
                signals: drivers.signals, probes: drivers.probes,
                clock: drivers.clock }
        };
    }
    wrap!(tenants, inboxes, wake_locks, endpoints, deadlines, workloads, messengers, quotas, receipts)
}

struct Faulty<P: ?Sized> {
    port: Arc<P>,
    plan: Arc<Plan>,
}

macro_rules! through {
    ($self:ident.$method:ident($($arg:expr),*)) => {
        $self.plan.around(stringify!($method), $self.port.$method($($arg),*)).await
    };
}

#[async_trait]
impl Tenants for Faulty<dyn Tenants> {
    async fn tenant_create(&self, tenant: &Tenant) -> Result<()> {
        through!(self.tenant_create(tenant))
    }
    async fn tenant_get(&self, id: &TenantId) -> Result<Option<Tenant>> {
        through!(self.tenant_get(id))
    }
    async fn tenant_list(&self, filter: &Filter, after: Option<&TenantId>, limit: usize) -> Result<Page<Tenant>> {
        self.port.tenant_list(filter, after, limit).await
    }
    async fn tenant_transition(&self, id: &TenantId, expected: Generation, next: &Lifecycle) -> Result<()> {
        through!(self.tenant_transition(id, expected, next))
    }
    async fn tenant_configure(&self, id: &TenantId, patch: SettingsPatch) -> Result<Tenant> {
        through!(self.tenant_configure(id, patch))
    }
    async fn tenant_touch(&self, id: &TenantId, at: Timestamp) -> Result<()> {
        through!(self.tenant_touch(id, at))
    }
    async fn tenant_remove(&self, id: &TenantId, expected: Generation) -> Result<()> {
        through!(self.tenant_remove(id, expected))
    }
    async fn suspended_count(&self) -> Result<Option<u64>> {
        self.port.suspended_count().await
    }

    async fn tenant_counts(&self) -> Result<std::collections::BTreeMap<String, u64>> {
        self.port.tenant_counts().await
    }
}

#[async_trait]
impl Quotas for Faulty<dyn Quotas> {
    async fn quota_set(&self, tenant: &TenantId, patch: &QuotaPatch) -> Result<Account> {
        through!(self.quota_set(tenant, patch))
    }
    async fn account_get(&self, tenant: &TenantId) -> Result<Option<Account>> {
        through!(self.account_get(tenant))
    }
    async fn credits_grant(&self, tenant: &TenantId, name: &str, grant: Grant) -> Result<Account> {
        through!(self.credits_grant(tenant, name, grant))
    }

    async fn credits_revoke(&self, tenant: &TenantId, name: &str, amount: MicroCredits) -> Result<Account> {
        through!(self.credits_revoke(tenant, name, amount))
    }
    async fn turn_admit(
        &self,
        tenant: &TenantId,
        agent: &AgentId,
        key: &str,
        amount: MicroCredits,
        ttl: Duration,
    ) -> Result<TurnAdmission> {
        through!(self.turn_admit(tenant, agent, key, amount, ttl))
    }
    async fn turn_settle(&self, tenant: &TenantId, key: &str, epoch: JobEpoch, used: MicroCredits) -> Result<()> {
        through!(self.turn_settle(tenant, key, epoch, used))
    }
    async fn usage_record(&self, tenant: &TenantId, kind: RowKind, reference: &str, quantity: i64) -> Result<()> {
        // The pool books its time whenever it likes, which would make the calls of a wake uncountable.
        self.port.usage_record(tenant, kind, reference, quantity).await
    }
    async fn tenant_close(&self, tenant: &TenantId) -> Result<bool> {
        through!(self.tenant_close(tenant))
    }
    async fn outbox_read(&self, partition: u16, limit: usize) -> Result<Outbox> {
        self.port.outbox_read(partition, limit).await
    }
    async fn outbox_trim(&self, partition: u16, seq: u64) -> Result<()> {
        self.port.outbox_trim(partition, seq).await
    }
    async fn outbox_wait(&self, partition: u16, until: Timestamp) -> Result<()> {
        self.port.outbox_wait(partition, until).await
    }
    fn position_seen(&self, partition: u16, seq: u64) {
        self.port.position_seen(partition, seq);
    }
    fn position_highest(&self, partition: u16) -> u64 {
        self.port.position_highest(partition)
    }
    async fn partition_rollback(&self, partition: u16, plan: &Rollback) -> Result<MicroCredits> {
        self.port.partition_rollback(partition, plan).await
    }
}

#[async_trait]
impl Receipts for Faulty<dyn Receipts> {
    async fn receipt_begin(&self, key: &str, order: &str, lease: Duration) -> Result<Begun> {
        through!(self.receipt_begin(key, order, lease))
    }
    async fn receipt_end(&self, key: &str, order: &str, receipt: &Receipt) -> Result<()> {
        through!(self.receipt_end(key, order, receipt))
    }
    async fn receipt_drop(&self, key: &str, order: &str) -> Result<()> {
        through!(self.receipt_drop(key, order))
    }
}

#[async_trait]
impl Deadlines for Faulty<dyn Deadlines> {
    async fn deadline_set(&self, tenant: &TenantId, at: Timestamp) -> Result<()> {
        through!(self.deadline_set(tenant, at))
    }
    async fn deadline_get(&self, tenant: &TenantId) -> Result<Option<Timestamp>> {
        through!(self.deadline_get(tenant))
    }
    async fn deadline_clear(&self, tenant: &TenantId) -> Result<()> {
        through!(self.deadline_clear(tenant))
    }
    async fn deadlines_due(&self, now: Timestamp, limit: usize) -> Result<Vec<TenantId>> {
        self.port.deadlines_due(now, limit).await
    }
    async fn deadline_next(&self) -> Result<Option<Timestamp>> {
        self.port.deadline_next().await
    }
}

#[async_trait]
impl Endpoints for Faulty<dyn Endpoints> {
    async fn endpoint_put(&self, tenant: &TenantId, agent: &Agent, expires: Timestamp) -> Result<()> {
        through!(self.endpoint_put(tenant, agent, expires))
    }
    async fn endpoint_get(&self, tenant: &TenantId, now: Timestamp) -> Result<Option<Agent>> {
        through!(self.endpoint_get(tenant, now))
    }
    async fn endpoint_remove(&self, tenant: &TenantId, up_to: Generation) -> Result<()> {
        through!(self.endpoint_remove(tenant, up_to))
    }
}

#[async_trait]
impl WakeLocks for Faulty<dyn WakeLocks> {
    async fn wake_lock_acquire(
        &self,
        tenant: &TenantId,
        owner: &OwnerToken,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<bool> {
        through!(self.wake_lock_acquire(tenant, owner, ttl, now))
    }
    async fn wake_lock_renew(
        &self,
        tenant: &TenantId,
        owner: &OwnerToken,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<bool> {
        through!(self.wake_lock_renew(tenant, owner, ttl, now))
    }
    async fn wake_lock_release(&self, tenant: &TenantId, owner: &OwnerToken) -> Result<bool> {
        through!(self.wake_lock_release(tenant, owner))
    }
}

#[async_trait]
impl Inboxes for Faulty<dyn Inboxes> {
    async fn update_put(&self, key: &UpdateKey, payload: &str, max_pending: u32, now: Timestamp) -> Result<Put> {
        through!(self.update_put(key, payload, max_pending, now))
    }
    async fn delivery_claim(&self, tenant: &TenantId, owner: &str, now: Timestamp) -> Result<Claim> {
        through!(self.delivery_claim(tenant, owner, now))
    }
    async fn delivery_renew(&self, tenant: &TenantId, epoch: Epoch, now: Timestamp) -> Result<()> {
        through!(self.delivery_renew(tenant, epoch, now))
    }
    async fn delivery_release(&self, tenant: &TenantId, epoch: Epoch) -> Result<()> {
        through!(self.delivery_release(tenant, epoch))
    }
    async fn update_take(&self, tenant: &TenantId, epoch: Epoch, now: Timestamp) -> Result<Take> {
        through!(self.update_take(tenant, epoch, now))
    }
    async fn notice_store(&self, key: &UpdateKey, epoch: Epoch, message: i64) -> Result<()> {
        through!(self.notice_store(key, epoch, message))
    }
    async fn reply_store(&self, key: &UpdateKey, epoch: Epoch, reply: &Outgoing) -> Result<()> {
        through!(self.reply_store(key, epoch, reply))
    }
    async fn part_sent(&self, key: &UpdateKey, epoch: Epoch, sent: u32) -> Result<()> {
        through!(self.part_sent(key, epoch, sent))
    }
    async fn update_retry(
        &self,
        key: &UpdateKey,
        epoch: Epoch,
        not_before: Timestamp,
        error: &str,
        counts: bool,
        possible_repeat: bool,
    ) -> Result<()> {
        through!(self.update_retry(key, epoch, not_before, error, counts, possible_repeat))
    }
    async fn update_finish(&self, key: &UpdateKey, epoch: Epoch, outcome: &Outcome, now: Timestamp) -> Result<Take> {
        through!(self.update_finish(key, epoch, outcome, now))
    }
    async fn tenants_pending(&self, after: Option<&TenantId>, limit: usize) -> Result<Vec<TenantId>> {
        self.port.tenants_pending(after, limit).await
    }
    async fn pending_count(&self, tenant: &TenantId) -> Result<u64> {
        through!(self.pending_count(tenant))
    }
    async fn inbox_counts(&self, tenant: Option<&TenantId>) -> Result<InboxCounts> {
        self.port.inbox_counts(tenant).await
    }
    async fn update_get(&self, key: &UpdateKey) -> Result<Option<Update>> {
        self.port.update_get(key).await
    }
    async fn update_list(&self, filter: &UpdateFilter, after: Option<&UpdateKey>, limit: usize) -> Result<Vec<Update>> {
        self.port.update_list(filter, after, limit).await
    }
    async fn update_replay(&self, key: &UpdateKey, now: Timestamp) -> Result<()> {
        through!(self.update_replay(key, now))
    }
    async fn update_drop(&self, key: &UpdateKey, now: Timestamp) -> Result<()> {
        through!(self.update_drop(key, now))
    }
    async fn inbox_prune(&self, before: Timestamp, limit: usize) -> Result<u64> {
        self.port.inbox_prune(before, limit).await
    }
    async fn inbox_purge(&self, tenant: &TenantId) -> Result<()> {
        through!(self.inbox_purge(tenant))
    }
}

#[async_trait]
impl Messengers for Faulty<dyn Messengers> {
    async fn text_send(&self, token: &Secret, chat: i64, text: &str) -> Result<i64> {
        through!(self.text_send(token, chat, text))
    }
    async fn text_edit(&self, token: &Secret, chat: i64, message: i64, text: &str) -> Result<()> {
        through!(self.text_edit(token, chat, message, text))
    }
    async fn typing_send(&self, token: &Secret, chat: i64) -> Result<()> {
        self.port.typing_send(token, chat).await
    }
    async fn callback_answer(&self, token: &Secret, callback: &str) -> Result<()> {
        through!(self.callback_answer(token, callback))
    }
    async fn webhook_set(&self, token: &Secret, url: &str, secret: &Secret) -> Result<()> {
        through!(self.webhook_set(token, url, secret))
    }
    async fn webhook_delete(&self, token: &Secret) -> Result<()> {
        through!(self.webhook_delete(token))
    }
    async fn webhook_info(&self, token: &Secret) -> Result<WebhookInfo> {
        self.port.webhook_info(token).await
    }
    async fn bot_get(&self, token: &Secret) -> Result<BotId> {
        self.port.bot_get(token).await
    }
}

#[async_trait]
impl Workloads for Faulty<dyn Workloads> {
    fn workloads_are_local(&self) -> bool {
        self.port.workloads_are_local()
    }
    fn workload_pool(&self) -> PoolKeeper<'_> {
        self.port.workload_pool()
    }
    async fn workload_start(&self) -> Result<WorkloadId> {
        through!(self.workload_start())
    }
    async fn workload_bind(&self, id: &WorkloadId, request: &BindRequest) -> Result<(Agent, Bound)> {
        through!(self.workload_bind(id, request))
    }
    async fn workload_list(&self) -> Result<Vec<Workload>> {
        self.port.workload_list().await
    }
    async fn workload_find(&self, tenant: &TenantId) -> Result<Option<Workload>> {
        through!(self.workload_find(tenant))
    }
    async fn workload_watch(&self, tenant: &TenantId, agent: &Agent) -> Result<()> {
        through!(self.workload_watch(tenant, agent))
    }
    fn workload_events(&self) -> broadcast::Receiver<WorkloadEvent> {
        self.port.workload_events()
    }
    async fn agent_status(&self, tenant: &TenantId, agent: &Agent) -> Result<AgentStatus> {
        through!(self.agent_status(tenant, agent))
    }
    async fn agent_turn(&self, agent: &Agent, key: TurnKey<'_>, turn: &Turn, timeout: Duration) -> Result<Reply> {
        through!(self.agent_turn(agent, key, turn, timeout))
    }
    async fn agent_exec(&self, tenant: &TenantId, agent: &Agent) -> Result<Box<dyn libtenancy::exec::Duplex>> {
        through!(self.agent_exec(tenant, agent))
    }
    async fn agent_snapshot(&self, tenant: &TenantId, agent: &Agent) -> Result<Option<SnapshotTaken>> {
        through!(self.agent_snapshot(tenant, agent))
    }
    async fn agent_stop(&self, tenant: &TenantId, agent: &Agent, stop: &Stop) -> Result<Stopped> {
        through!(self.agent_stop(tenant, agent, stop))
    }
    async fn workload_kill(&self, workload: &Workload) -> Result<()> {
        through!(self.workload_kill(workload))
    }
    async fn workload_purge(&self, tenant: &TenantId) -> Result<()> {
        through!(self.workload_purge(tenant))
    }
    async fn workload_logs(
        &self,
        tenant: &TenantId,
        tail: usize,
        follow: bool,
    ) -> Result<BoxStream<'static, std::io::Result<Bytes>>> {
        self.port.workload_logs(tenant, tail, follow).await
    }
}
