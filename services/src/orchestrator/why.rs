//! Explanations.

use axum::{Extension, Json, extract::State};
use libtenancy::{Tenancy, api::why::Why};

use super::{Answer, Named, jobs::NamedJob};
use crate::auth::{Action, Role};

/// What a failed delivery said is quoted only to who may read it.
pub(super) async fn tenant(
    State(tenancy): State<Tenancy>,
    Extension(role): Extension<Role>,
    Named(id): Named,
) -> Answer<Json<Why>> {
    Ok(Json(tenancy.why_tenant(&id, role.may(Action::ReadContent)).await?))
}

pub(super) async fn wake(State(tenancy): State<Tenancy>, Named(id): Named) -> Answer<Json<Why>> {
    Ok(Json(tenancy.why_wake(&id).await?))
}

/// What a failed attempt said is quoted only to who may read it.
pub(super) async fn job(
    State(tenancy): State<Tenancy>,
    Extension(role): Extension<Role>,
    NamedJob(id): NamedJob,
) -> Answer<Json<Why>> {
    Ok(Json(tenancy.why_job(&id, role.may(Action::ReadContent)).await?))
}
