//! Quotas, budgets and grants.

use axum::{Json, extract::State};
use libtenancy::{
    Tenancy,
    api::quotas::{GrantCredits, QuotaList, QuotaView, RevokeCredits, SetQuota},
    clock::{Clock, SystemClock},
    tenant::TenantId,
};
use serde::Deserialize;

use super::{Answer, Asked, MAX_PAGE, Named, PAGE, Sent, within};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    after: Option<String>,
    limit: Option<usize>,
}

pub(super) async fn list(State(tenancy): State<Tenancy>, Asked(query): Asked<Query>) -> Answer<Json<QuotaList>> {
    let after: Option<TenantId> = query.after.filter(|id| !id.is_empty()).map(|id| id.parse()).transpose()?;
    let limit = within("limit", query.limit, PAGE, MAX_PAGE)?;
    Ok(Json(Box::pin(tenancy.quota_list(after.as_ref(), limit)).await?))
}

pub(super) async fn get(State(tenancy): State<Tenancy>, Named(id): Named) -> Answer<Json<QuotaView>> {
    Ok(Json(tenancy.quota_view(&id).await?))
}

pub(super) async fn set(
    State(tenancy): State<Tenancy>,
    Named(id): Named,
    Sent(change): Sent<SetQuota>,
) -> Answer<Json<QuotaView>> {
    tenancy.quota_set(&id, &change.into_patch()?).await?;
    Ok(Json(tenancy.quota_view(&id).await?))
}

pub(super) async fn grant(
    State(tenancy): State<Tenancy>,
    Named(id): Named,
    Sent(asked): Sent<GrantCredits>,
) -> Answer<Json<QuotaView>> {
    let (name, grant) = asked.into_grant(SystemClock::default().now())?;
    tenancy.credits_grant(&id, &name, grant).await?;
    Ok(Json(tenancy.quota_view(&id).await?))
}

pub(super) async fn revoke(
    State(tenancy): State<Tenancy>,
    Named(id): Named,
    Sent(asked): Sent<RevokeCredits>,
) -> Answer<Json<QuotaView>> {
    let (name, amount) = asked.named()?;
    tenancy.credits_revoke(&id, &name, amount).await?;
    Ok(Json(tenancy.quota_view(&id).await?))
}
