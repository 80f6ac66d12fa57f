//! The sweep: every job and every entry of a partition, compared with its other side.
//!
//! It walks all keys of the server that has the partition, so it costs what exists; each repair is a script of its own,
//! which looks again before it changes anything.

use ::redis::Value;

use super::{Redis, connection::classify, keys::Kind, rows::damaged, scripts};
use crate::{error::Result, ports::jobs::Swept};

/// Names that one call looks at.
const CHUNK: usize = 200;

impl Redis {
    /// Compares and repairs everything of a partition.
    pub(super) async fn sweep(&self, partition: u16) -> Result<Swept> {
        self.known(partition)?;
        let mut swept = Swept::default();
        let (mut jobs, mut accounts, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        let pattern = self.shared.keys.of_tenants(partition);
        let meta = self.shared.keys.meta(partition);
        let mut cursor = "0".to_owned();
        loop {
            let mut command = ::redis::cmd("SCAN");
            command.arg(&cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(1_000);
            let answer = self.shared.link.send_to(command, &meta).await.map_err(classify)?;
            let (next, keys) = page(answer)?;
            for key in keys {
                match self.shared.keys.kind(partition, &key) {
                    Some(Kind::Job(name)) => jobs.push(name),
                    Some(Kind::Account(tenant)) => accounts.push(tenant),
                    Some(Kind::Waiting(tenant)) => waiting.push(tenant),
                    None => {}
                }
            }
            for chunk in jobs.chunks(CHUNK) {
                self.mend(partition, "jobs", "", chunk, &mut swept).await?;
            }
            jobs.clear();
            cursor = next;
            if cursor == "0" {
                break;
            }
        }
        for tenant in &waiting {
            let key = self.shared.keys.waiting(partition, tenant);
            self.sweep_set(partition, &key, "waiting", tenant, &mut swept).await?;
        }
        for (key, kind) in [
            (self.shared.keys.leases(partition), "leases"),
            (self.shared.keys.delayed(partition), "delayed"),
            (self.shared.keys.ready(partition), "ready"),
        ] {
            self.sweep_set(partition, &key, kind, "", &mut swept).await?;
        }
        for chunk in accounts.chunks(CHUNK) {
            self.mend(partition, "tenants", "", chunk, &mut swept).await?;
        }
        Ok(swept)
    }

    async fn sweep_set(
        &self,
        partition: u16,
        key: &str,
        kind: &'static str,
        tenant: &str,
        swept: &mut Swept,
    ) -> Result<()> {
        let mut cursor = "0".to_owned();
        loop {
            let mut command = ::redis::cmd("ZSCAN");
            command.arg(key).arg(&cursor).arg("COUNT").arg(CHUNK);
            let (next, flat) = page(self.shared.link.send(&command).await.map_err(classify)?)?;
            let members: Vec<String> = flat.into_iter().step_by(2).collect();
            for chunk in members.chunks(CHUNK) {
                self.mend(partition, kind, tenant, chunk, swept).await?;
            }
            cursor = next;
            if cursor == "0" {
                return Ok(());
            }
        }
    }

    async fn mend(
        &self,
        partition: u16,
        kind: &'static str,
        tenant: &str,
        names: &[String],
        swept: &mut Swept,
    ) -> Result<()> {
        let mut answer = self
            .run(partition, &scripts::SWEEP, |command| {
                command.arg(kind).arg(tenant).arg(names);
            })
            .await?;
        swept.unleased += answer.number::<u64>()?;
        swept.unqueued += answer.number::<u64>()?;
        swept.orphans += answer.number::<u64>()?;
        let there = answer.number::<u64>()?;
        if kind == "jobs" {
            swept.looked_at += there;
        }
        Ok(())
    }
}

/// A page of a scan: where to go on, and what was found.
fn page(answer: Value) -> Result<(String, Vec<String>)> {
    ::redis::from_redis_value(answer).map_err(|_| damaged("page of a scan"))
}
