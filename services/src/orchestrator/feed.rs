//! The live feed, and what happened until now.

use std::convert::Infallible;

use axum::{
    Extension, Json,
    extract::State,
    response::sse::{Event, Sse},
};
use futures::{Stream, StreamExt};
use libtenancy::{Tenancy, api::feed::EventList, history::MAX_EVENTS, tenant::TenantId};
use serde::Deserialize;

use super::{Answer, Asked, PAGE, within};
use crate::auth::{Action, Role};

/// Everything, then what changes: one [`Piece`](libtenancy::api::feed::Piece) an event, at least one a second.
pub(super) async fn feed(
    State(tenancy): State<Tenancy>,
    Extension(role): Extension<Role>,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let pieces = tenancy.feed(Some(role.label()), role.may(Action::ReadContent))?;
    // A piece is made of what can be written: none is left out.
    let pieces = pieces.filter_map(async |piece| Event::default().json_data(&piece).ok().map(Ok));
    Ok(Sse::new(pieces))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventQuery {
    tenant: Option<String>,
    limit: Option<usize>,
}

/// The last events of a tenant, or of all, oldest first.
pub(super) async fn events(State(tenancy): State<Tenancy>, Asked(query): Asked<EventQuery>) -> Answer<Json<EventList>> {
    let tenant = query.tenant.filter(|id| !id.is_empty()).map(|id| id.parse::<TenantId>()).transpose()?;
    let limit = within("limit", query.limit, PAGE, MAX_EVENTS)?;
    Ok(Json(EventList { events: tenancy.event_list(tenant.as_ref(), limit).await? }))
}
