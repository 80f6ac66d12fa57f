//! This machine, which is all there is where agents are its processes.

use std::{fs, sync::Arc, thread};

use async_trait::async_trait;

use crate::{
    error::{Error, Result},
    fleet::{Fleet, Node, Resources},
    ports::{fleets::Fleets, workloads::Workloads},
};

/// See the module.
pub struct ThisMachine(Arc<dyn Workloads>);

impl ThisMachine {
    /// The machine on which these agents run.
    pub fn new(workloads: Arc<dyn Workloads>) -> Self {
        Self(workloads)
    }
}

/// All memory of this machine in bytes: `MemTotal` of `proc_meminfo(5)`.
fn memory() -> Result<u64> {
    let path = "/proc/meminfo";
    let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse().ok());
    Ok(total.unwrap_or(0_u64) << 10)
}

#[async_trait]
impl Fleets for ThisMachine {
    async fn fleet(&self) -> Result<Fleet> {
        let agents = self.0.workload_list().await?;
        let mut tenants: Vec<_> = agents.iter().filter_map(|agent| agent.tenant.clone()).collect();
        tenants.sort();
        let processors = thread::available_parallelism().map_or(1, |count| count.get() as u64);
        let node = Node {
            name: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            allocatable: Resources { cpu_millis: processors * 1_000, memory_bytes: memory()? },
            warm: agents.len() - tenants.len(),
            tenants,
            ..Node::default()
        };
        Ok(Fleet { nodes: vec![node], claims: Vec::new() })
    }
}
