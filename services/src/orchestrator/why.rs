//! Explanations.

use axum::{Json, extract::State};
use libtenancy::{Tenancy, api::why::Why};

use super::{Answer, Named, jobs::NamedJob};

pub(super) async fn tenant(State(tenancy): State<Tenancy>, Named(id): Named) -> Answer<Json<Why>> {
    Ok(Json(tenancy.why_tenant(&id).await?))
}

pub(super) async fn wake(State(tenancy): State<Tenancy>, Named(id): Named) -> Answer<Json<Why>> {
    Ok(Json(tenancy.why_wake(&id).await?))
}

pub(super) async fn job(State(tenancy): State<Tenancy>, NamedJob(id): NamedJob) -> Answer<Json<Why>> {
    Ok(Json(tenancy.why_job(&id).await?))
}
