//! The agents themselves: each one an `agentd` with, once bound, an agent program below it.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::{
    agent::{AgentStatus, Bound, Reply, SnapshotTaken, Stop, Stopped, Turn},
    clock::Timestamp,
    demand::PoolSize,
    error::{Error, Result},
    exec::Duplex,
    inbox::UpdateKey,
    tenant::{Agent, Generation, SnapshotRef, TenantId, WorkloadId},
};

/// A workload that was found alive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workload {
    /// Its id.
    pub id: WorkloadId,
    /// Whose agent it is; `None` while unbound.
    pub tenant: Option<TenantId>,
    /// The agent, if it is bound and answers; `None` for an unbound one, and for one that lives but cannot be asked.
    pub agent: Option<Agent>,
}

/// A workload that was started for a bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// Its id.
    pub id: WorkloadId,
    /// How long it waited for a machine with room for it.
    pub node: Duration,
}

/// What to bind an unbound workload to.
#[derive(Clone, Debug)]
pub struct BindRequest {
    /// Whose agent it becomes.
    pub tenant: TenantId,
    /// Under which generation.
    pub generation: Generation,
    /// The published snapshot, restored if there is no intact local state.
    pub snapshot: Option<SnapshotRef>,
}

/// What happened to a bound workload.
#[derive(Clone, Debug)]
pub enum WorkloadEvent {
    /// It is gone: ended by itself, killed, or its machine vanished.
    Gone {
        /// Whose agent it was.
        tenant: TenantId,
        /// Under which generation.
        generation: Generation,
        /// What was seen.
        reason: String,
    },
    /// It wrote a periodic snapshot.
    Snapshot {
        /// Whose agent.
        tenant: TenantId,
        /// Under which generation.
        generation: Generation,
        /// The archive.
        taken: SnapshotTaken,
    },
}

/// Who keeps agents ready that are nobody's.
pub enum PoolKeeper<'a> {
    /// Each control plane its own; the size that an operator chose is kept beside them.
    ControlPlane(&'a dyn PoolSizes),
    /// The platform, one pool for all control planes.
    Platform(&'a dyn Pool),
}

/// How many agents a control plane is to keep ready, as an operator chose. It outlives control planes.
#[async_trait]
pub trait PoolSizes: Send + Sync {
    /// How many; `None` if that is left to the configuration.
    async fn pool_size(&self) -> Result<Option<usize>>;

    /// Chooses. One write; a repeat is no error.
    async fn pool_size_set(&self, size: Option<usize>) -> Result<()>;
}

/// A warm pool of the platform's own. The size that an operator chose is kept with it.
#[async_trait]
pub trait Pool: Send + Sync {
    /// Makes the pool of what this control plane makes agents of, as large as was chosen; or else as `wanted`; or else, where
    /// nobody knows the demand yet, as large as it is, within `configured`. A choice that is made meanwhile stays. A repeat is
    /// no error.
    async fn pool_open(&self, configured: PoolSize, wanted: Option<usize>) -> Result<()>;

    /// Chooses how many are kept ready; `None` is no choice, and as many as `wanted`. One write; a repeat is no error.
    async fn pool_scale(&self, size: Option<usize>, wanted: usize) -> Result<()>;

    /// Takes a ready workload out for this bind, which must follow, with the time since which it was ready; its replacement
    /// starts at once. Nobody else gets the same one. `None` if none is ready.
    async fn pool_claim(&self, request: &BindRequest) -> Result<Option<(WorkloadId, Timestamp)>>;

    /// What there is, as far as it has been told: asks nobody.
    fn pool_status(&self) -> PoolStatus;
}

/// What a warm pool is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolStatus {
    /// How many can be claimed now.
    pub ready: usize,
    /// How many there should be.
    pub target: usize,
    /// Whether an operator chose that.
    pub chosen: bool,
    /// Why there are not more, if something stands in the way.
    pub trouble: Option<String>,
}

/// Identifies a turn.
#[derive(Clone, Copy, Debug)]
pub struct TurnKey<'a> {
    /// By this a repeat joins or replays it.
    pub update: &'a UpdateKey,
    /// By this it is told of.
    pub request_id: &'a str,
}

/// The agents. A tenant has at most one live one: `workload_bind` fails while another lives.
#[async_trait]
pub trait Workloads: Send + Sync + 'static {
    /// Whether agents live on this machine alone, where no other control plane reaches them: then one control plane at a
    /// time may use the records.
    fn workloads_are_local(&self) -> bool;

    /// Whether agents keep their state themselves, on volumes of their own: then nobody takes or restores archives.
    fn workloads_keep_state(&self) -> bool {
        false
    }

    /// Begins to take part: for a control plane, before it starts or watches anything. A handle that only looks does without.
    async fn workloads_open(&self) -> Result<()> {
        Ok(())
    }

    /// Who keeps the warm pool.
    fn workload_pool(&self) -> PoolKeeper<'_>;

    /// Starts an unbound workload and waits until it can be bound. It ends by itself if its control plane goes away
    /// before it is bound.
    async fn workload_start(&self) -> Result<WorkloadId>;

    /// Starts a workload for this bind and waits until it can be bound. `Conflict` while a later generation's is there; an
    /// earlier one's ends first. `AgentFailed` says why it cannot start, as soon as that is known.
    async fn workload_start_for(&self, _request: &BindRequest) -> Result<Started> {
        Ok(Started { id: self.workload_start().await?, node: Duration::ZERO })
    }

    /// What the start of this tenant's workload waits for at the moment, where that is known without asking anybody.
    fn workload_waits(&self, _tenant: &TenantId) -> Option<String> {
        None
    }

    /// Binds an unbound workload and waits until its agent is healthy. `Conflict` if the tenant still has a live agent
    /// (then the workload ends); `AgentFailed` if the agent does not become healthy (likewise); `Corrupt` or `NotFound` of a
    /// snapshot if that is needed and damaged or gone (likewise). A workload is bound once.
    async fn workload_bind(&self, id: &WorkloadId, request: &BindRequest) -> Result<(Agent, Bound)>;

    /// Everything alive, bound or not; the truth against which records are reconciled.
    async fn workload_list(&self) -> Result<Vec<Workload>>;

    /// The tenant's live workload, if any: what `workload_list` would show for it, without looking at the others.
    async fn workload_find(&self, tenant: &TenantId) -> Result<Option<Workload>>;

    /// Begins (or goes on) to report events of a bound agent on [`Workloads::workload_events`]. For adopted agents; a
    /// bind does it by itself.
    async fn workload_watch(&self, tenant: &TenantId, agent: &Agent) -> Result<()>;

    /// The events of all watched workloads. A receiver that lags misses some; the reconciler finds what was missed.
    fn workload_events(&self) -> broadcast::Receiver<WorkloadEvent>;

    /// What the agent says of itself. `Conflict` if another tenant or generation answers; `Unavailable` if nobody does.
    async fn agent_status(&self, tenant: &TenantId, agent: &Agent) -> Result<AgentStatus>;

    /// Runs, joins or replays the turn `key`. `Conflict` if the agent is not this tenant's of this generation;
    /// `Unavailable` if it certainly did not get it; `OutcomeUnknown` if it may have; `AgentFailed` if it answered with
    /// an error.
    async fn agent_turn(&self, agent: &Agent, key: TurnKey<'_>, turn: &Turn, timeout: Duration) -> Result<Reply>;

    /// Opens a session beside the agent, see [`crate::exec`]. `Conflict` if the agent is not this tenant's of this generation;
    /// `Unavailable` if nobody answers; `Overloaded` if it has too many; `Invalid` if agents of this kind take none.
    async fn agent_exec(&self, _tenant: &TenantId, _agent: &Agent) -> Result<Box<dyn Duplex>> {
        Err(Error::invalid("agent", "sessions need agentd, which agents of this kind are without"))
    }

    /// Saves the agent's state while it runs: the last archive of this agent, a new one if anything changed since; `None` if
    /// nothing did since it was restored, or the state is empty. Errors as of `agent_turn`, and those of the snapshot.
    async fn agent_snapshot(&self, tenant: &TenantId, agent: &Agent) -> Result<Option<SnapshotTaken>>;

    /// Drains, ends and saves the agent; its workload is gone when this returns `Ok`. `Conflict` if it is not this
    /// generation's.
    async fn agent_stop(&self, tenant: &TenantId, agent: &Agent, stop: &Stop) -> Result<Stopped>;

    /// Ends a workload that is not, or no longer, anybody's: SIGKILL to all of it. Gone when this returns. A repeat is
    /// no error.
    async fn workload_kill(&self, workload: &Workload) -> Result<()>;

    /// Removes what the workload driver keeps of a tenant on this machine (local state, log). Only while it has no agent:
    /// `Conflict` otherwise. A repeat is no error.
    async fn workload_purge(&self, tenant: &TenantId) -> Result<()>;

    /// The agent's log: its last `tail` lines, then, if `follow`, what is added. `NotFound` if there is none yet.
    async fn workload_logs(
        &self,
        tenant: &TenantId,
        tail: usize,
        follow: bool,
    ) -> Result<BoxStream<'static, std::io::Result<Bytes>>>;
}
