//! What was measured.

use serde::Serialize;

/// What one thing took.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// `healthz` and `fsync` are what the rest can be compared with.
    pub measure: String,
    /// How many were done.
    pub count: u64,
    /// How many failed; these are in no time.
    pub errors: u64,
    /// The median, milliseconds, three digits; absent if none was done.
    pub p50_ms: Option<f64>,
    /// The 95th percentile.
    pub p95_ms: Option<f64>,
    /// The 99th percentile.
    pub p99_ms: Option<f64>,
    /// The longest.
    pub max_ms: Option<f64>,
    /// How many were done a second, at the concurrency of the run.
    pub per_second: Option<f64>,
    /// The median in medians of `healthz`.
    pub times_healthz: Option<f64>,
}

/// What one phase of wakes of a kind took.
#[derive(Clone, Debug, Serialize)]
pub struct Phase {
    /// `wake.cold` or `wake.warm`.
    pub measure: String,
    /// Its name.
    pub phase: String,
    /// The median, milliseconds.
    pub p50_ms: f64,
    /// The 95th percentile.
    pub p95_ms: f64,
}

/// Failures of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// Of what.
    pub measure: String,
    /// The stable word for the error.
    pub code: String,
    /// How many.
    pub count: u64,
    /// What the first one said.
    pub first: String,
}

/// What `ztm bench` ends with.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The context.
    pub context: String,
    /// The version of the control plane.
    pub version: String,
    /// How many tenants it was measured with.
    pub tenants: usize,
    /// How many operations at once.
    pub concurrency: usize,
    /// From the first tenant to the last measure, seconds.
    pub seconds: f64,
    /// Tenants of killed runs that were removed before.
    pub swept: usize,
    /// What was measured, in that order.
    pub measures: Vec<Row>,
    /// The phases of wakes.
    pub phases: Vec<Phase>,
    /// What failed.
    pub failures: Vec<Failure>,
}
