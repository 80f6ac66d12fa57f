//! Quotas, budgets and grants.

use axum::{Json, extract::State};
use libtenancy::{
    Tenancy,
    api::quotas::{GrantCredits, QuotaView, RevokeCredits, SetQuota},
    clock::{Clock, SystemClock},
};

use super::{Answer, Named, Sent};

pub(super) async fn get(State(tenancy): State<Tenancy>, Named(id): Named) -> Answer<Json<QuotaView>> {
    let (account, now) = tenancy.quota_get(&id).await?;
    Ok(Json(QuotaView::new(&id, &account, now)))
}

pub(super) async fn set(
    State(tenancy): State<Tenancy>,
    Named(id): Named,
    Sent(change): Sent<SetQuota>,
) -> Answer<Json<QuotaView>> {
    tenancy.quota_set(&id, &change.into_patch()?).await?;
    let (account, now) = tenancy.quota_get(&id).await?;
    Ok(Json(QuotaView::new(&id, &account, now)))
}

pub(super) async fn grant(
    State(tenancy): State<Tenancy>,
    Named(id): Named,
    Sent(asked): Sent<GrantCredits>,
) -> Answer<Json<QuotaView>> {
    let (name, grant) = asked.into_grant(SystemClock::default().now())?;
    tenancy.credits_grant(&id, &name, grant).await?;
    let (account, now) = tenancy.quota_get(&id).await?;
    Ok(Json(QuotaView::new(&id, &account, now)))
}

pub(super) async fn revoke(
    State(tenancy): State<Tenancy>,
    Named(id): Named,
    Sent(asked): Sent<RevokeCredits>,
) -> Answer<Json<QuotaView>> {
    let (name, amount) = asked.named()?;
    tenancy.credits_revoke(&id, &name, amount).await?;
    let (account, now) = tenancy.quota_get(&id).await?;
    Ok(Json(QuotaView::new(&id, &account, now)))
}
