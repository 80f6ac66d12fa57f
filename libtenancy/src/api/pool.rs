//! The warm pool on the wire.

use serde::{Deserialize, Serialize};

use super::StatusView;

/// `PUT /pool`: how many agents without a tenant are kept ready from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScalePool {
    /// How many, at most [`MAX_SIZE`](crate::demand::MAX_SIZE); `null` for as many as the configuration says.
    pub size: Option<usize>,
}

/// `GET /pool`, and what `PUT` answers with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolView {
    /// Agents that can be claimed now.
    pub ready: usize,
    /// How many there should be.
    pub target: usize,
    /// How many the configuration says: at least so many, by the demand, where it says two numbers.
    pub configured: usize,
    /// And at most.
    #[serde(default)]
    pub configured_max: usize,
    /// Whether an operator chose the target.
    pub chosen: bool,
    /// Why there are not more, if something stands in the way.
    pub trouble: Option<String>,
    /// Of the last wakes that `status` knows, those that found an agent ready.
    pub warm_wakes: usize,
    /// And those that did not.
    pub cold_wakes: usize,
}

impl From<&StatusView> for PoolView {
    fn from(status: &StatusView) -> Self {
        let wakes = |kind: &str| status.wakes.iter().filter(|record| record.wake.kind == kind).count();
        Self {
            ready: status.warm_ready,
            target: status.warm_target,
            configured: status.warm_configured,
            configured_max: status.warm_configured_max,
            chosen: status.warm_chosen,
            trouble: status.warm_breaker.clone(),
            warm_wakes: wakes("warm"),
            cold_wakes: wakes("cold"),
        }
    }
}
