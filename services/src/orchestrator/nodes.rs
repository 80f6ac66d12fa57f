//! The machines that agents run on.

use axum::{Json, extract::State};
use libtenancy::{Tenancy, api::nodes::NodeList};

use super::Answer;

pub(super) async fn list(State(tenancy): State<Tenancy>) -> Answer<Json<NodeList>> {
    Ok(Json(NodeList::new(tenancy.fleet().await?, &tenancy.config().prices)))
}
