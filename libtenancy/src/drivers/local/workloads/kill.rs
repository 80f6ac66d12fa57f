//! Ending all of a workload, and nothing else.

use std::time::Duration;

use super::{
    blocking,
    home::Home,
    processes::{Pinned, members, workload_holding},
};
use crate::{
    clock::Stopwatch,
    error::{Error, Result},
    tenant::{TenantId, WorkloadId},
};

/// How long killed processes may take to vanish.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Between two looks when nothing is there to be waited for.
const LOOK: Duration = Duration::from_millis(2);

/// The id of a workload that holds a tenant's home without having said who it is.
pub(super) fn unknown(tenant: &TenantId) -> WorkloadId {
    WorkloadId(format!("unknown-{tenant}"))
}

/// Kills every process of the workload that holds, or held, `home`, and returns when none is left and the home is free
/// of it. A later workload in the same home is left alone.
pub(super) async fn bound(workload: &WorkloadId, home: &Home) -> Result<()> {
    end(workload, Some(home)).await
}

/// Kills every process that was started as part of the workload.
pub(super) async fn marked(workload: &WorkloadId) -> Result<()> {
    end(workload, None).await
}

/// Whether this workload holds the home. The record may be of the last holder, or not written yet, so where it does not
/// tell, the holder's own mark does.
fn holds(workload: &WorkloadId, home: &Home) -> Result<bool> {
    if !home.is_held().map_err(Error::io("lock", home.lock_file()))? {
        return Ok(false);
    }
    if home.record().is_some_and(|record| record.workload != *workload) {
        return Ok(false);
    }
    Ok(workload_holding(&home.lock_file()).is_none_or(|holder| holder == *workload))
}

async fn end(workload: &WorkloadId, home: Option<&Home>) -> Result<()> {
    let watch = Stopwatch::start();
    loop {
        let (id, place) = (workload.clone(), home.cloned());
        let (held, found) = blocking(move || -> Result<(bool, Vec<Pinned>)> {
            let held = place.as_ref().map(|home| holds(&id, home)).transpose()?.unwrap_or(false);
            let lock_file = place.filter(|_| held).map(|home| home.lock_file());
            Ok((held, members(&id, lock_file.as_deref())))
        })
        .await??;
        if found.is_empty() && !held {
            return Ok(());
        }
        if watch.elapsed() > TIMEOUT {
            let left: Vec<String> = found.iter().map(|p| p.pid.to_string()).collect();
            return Err(Error::Timeout {
                what: format!("killing workload `{workload}` (processes left: {})", left.join(", ")),
                after: TIMEOUT,
            });
        }
        if found.is_empty() {
            tokio::time::sleep(LOOK).await;
        }
        for process in &found {
            process.kill();
        }
        for process in found {
            let left = TIMEOUT.saturating_sub(watch.elapsed());
            let _ = tokio::time::timeout(left, process.ended()).await;
        }
    }
}
