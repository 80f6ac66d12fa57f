//! The warm pool.

use axum::{Json, extract::State};
use libtenancy::{
    Tenancy,
    api::pool::{PoolView, ScalePool},
};

use super::{Answer, Sent};

pub(super) async fn get(State(tenancy): State<Tenancy>) -> Answer<Json<PoolView>> {
    Ok(Json(PoolView::from(&tenancy.status().await?)))
}

pub(super) async fn scale(State(tenancy): State<Tenancy>, Sent(asked): Sent<ScalePool>) -> Answer<Json<PoolView>> {
    tenancy.pool_scale(asked.size).await?;
    get(State(tenancy)).await
}
