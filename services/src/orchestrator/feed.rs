//! The live feed.

use std::convert::Infallible;

use axum::{
    Extension,
    extract::State,
    response::sse::{Event, Sse},
};
use futures::{Stream, StreamExt};
use libtenancy::Tenancy;

use super::Answer;
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
