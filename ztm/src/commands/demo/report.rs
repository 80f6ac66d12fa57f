//! The demo's figures, and what they must be.

use std::time::Duration;

use serde::Serialize;

/// A promise and whether it held.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What must hold.
    pub promise: String,
    /// Whether it did.
    pub held: bool,
    /// What was seen.
    pub seen: String,
}

/// How wakes of one kind went, in milliseconds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Wakes {
    /// How many.
    pub count: usize,
    /// Median, from the request to a healthy agent.
    pub p50_ms: Option<f64>,
    /// 95th percentile.
    pub p95_ms: Option<f64>,
    /// Median of the control plane's own share: all but the agent's start and the restore.
    pub own_p50_ms: Option<f64>,
}

/// What `ztm demo` ends with.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The agent program.
    pub agent: String,
    /// Tenants created.
    pub tenants: usize,
    /// Updates that the webhook answered 200.
    pub accepted: usize,
    /// Of these, answered in the chat.
    pub answered: usize,
    /// Updates sent again on purpose, and taken once.
    pub duplicates_dropped: usize,
    /// Accepted and never answered; must be 0.
    pub lost: usize,
    /// Answers that came twice (a send cut off by the kill may repeat; counted by the control plane as well).
    pub repeated: usize,
    /// Wakes that started a new agent.
    pub cold: Wakes,
    /// Wakes that claimed a warm one.
    pub warm: Wakes,
    /// Agents stopped for idleness.
    pub idle_stops: usize,
    /// From the kill -9 of the control plane to its successor's readiness, milliseconds.
    pub recovery_ms: f64,
    /// Agents of the killed control plane that its successor took over.
    pub adopted: usize,
    /// Resident memory of agent and agentd together, bytes, mean over running tenants.
    pub bytes_per_running_tenant: Option<u64>,
    /// Of it, agentd's own.
    pub agentd_bytes: Option<u64>,
    /// Resident memory that the control plane needs more for each of [`Report::idle_sample`] idle tenants, bytes.
    pub bytes_per_idle_tenant: u64,
    /// How many idle tenants that was measured with.
    pub idle_sample: usize,
    /// Everything from the first start to the end, seconds.
    pub seconds: f64,
    /// Where everything was kept, if it was.
    pub kept: Option<std::path::PathBuf>,
    /// The promises.
    pub checks: Vec<Check>,
}

impl Report {
    /// Whether every promise held.
    pub fn held(&self) -> bool {
        self.checks.iter().all(|check| check.held)
    }
}

/// The `share`-th quantile (nearest rank) of `values`, which need not be sorted.
pub fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a rank")]
    let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied()
}

/// Milliseconds with three decimals.
pub fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_value_that_was_measured() {
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.5), Some(2.0));
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.5), Some(2.0));
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.95), Some(4.0));
    }
}
