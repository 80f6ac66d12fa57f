//! The live feed.

use std::convert::Infallible;

use axum::{
    Extension,
    extract::State,
    response::sse::{Event, Sse},
};
use futures::{Stream, StreamExt};
use libtenancy::{Error, Tenancy};

use super::Answer;
use crate::auth::Role;

/// Everything, then what changes: one [`Piece`](libtenancy::api::feed::Piece) an event, at least one a second.
pub(super) async fn feed(
    State(tenancy): State<Tenancy>,
    Extension(role): Extension<Role>,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let pieces = tenancy.feed(Some(role.label())).filter_map(async |piece| {
        let event = serde_json::to_string(&piece).map_err(|error| Error::internal(error.to_string()));
        // A piece is made of what serde writes.
        event.ok().map(|text| Ok(Event::default().data(text)))
    });
    Ok(Sse::new(pieces))
}
