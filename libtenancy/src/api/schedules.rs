//! Schedules on the wire.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    schedule::{Fired, Schedule, ScheduleName, ScheduleSpec},
    tenant::Tenant,
};

/// One schedule: `GET` and `PUT /tenants/{id}/schedules/{name}`. The body of a `PUT` is [`ScheduleSpec`] alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleView {
    /// Whose.
    pub tenant_id: String,
    /// Its name within the tenant.
    pub name: String,
    /// What an operator says of it.
    pub spec: ScheduleSpec,
    /// When it fires next; null while it is paused, or its tenant suspended.
    #[serde(default)]
    pub next_at: Option<Timestamp>,
    /// The last instant that was fired, and why nothing came of it, if nothing did; null before the first.
    #[serde(default)]
    pub last: Option<Fired>,
}

impl ScheduleView {
    /// As it is at `now`.
    pub(crate) fn new(tenant: &Tenant, name: &ScheduleName, schedule: &Schedule, now: Timestamp) -> Self {
        Self {
            tenant_id: tenant.id.to_string(),
            name: name.to_string(),
            spec: schedule.spec.clone(),
            next_at: schedule.next(now).filter(|_| tenant.settings.suspended.is_none()),
            last: schedule.last.clone(),
        }
    }
}

/// `GET /schedules?tenant=&after=&limit=`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScheduleList {
    /// Schedules in order of tenant and name.
    pub schedules: Vec<ScheduleView>,
    /// Pass as `after` for the next page; absent on the last one. `limit` counts tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// `POST /tenants/{id}/schedules/{name}/run`: what it was fired as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleRan {
    /// Whose.
    pub tenant_id: String,
    /// Which one.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// The job that it made, `TENANT.SERIAL`; null if it tells a chat something.
    pub job_id: Option<String>,
    /// The message that it stored, `TENANT/BOT/UPDATE`; null if it made a job.
    pub update: Option<String>,
}

/// `DELETE /tenants/{id}/schedules/{name}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleRemoved {
    /// Whose.
    pub tenant_id: String,
    /// Which one.
    pub name: String,
}
