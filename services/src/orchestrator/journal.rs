//! What is told of a tenant.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use libtenancy::{
    Error, Tenancy,
    api::journal::JournalLine,
    clock::Timestamp,
    journal::{Ask, MAX_TAIL},
};
use serde::Deserialize;

use super::{Answer, Asked, Named, TAIL, within};

/// How long nothing is said before an empty line is: whoever listens knows that somebody still speaks.
const BEAT: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    tail: Option<usize>,
    since: Option<String>,
    #[serde(default)]
    follow: bool,
}

/// The last lines, then, if it is followed, those that come: one object a line (NDJSON), an empty line where nothing comes.
pub(super) async fn get(
    State(tenancy): State<Tenancy>,
    Named(id): Named,
    Asked(query): Asked<Query>,
) -> Answer<Response> {
    let tail = match query.tail {
        Some(0) => 0,
        other => within("tail", other, TAIL, MAX_TAIL)?,
    };
    let since = query.since.filter(|since| !since.is_empty()).map(|since| {
        since
            .parse::<Timestamp>()
            .map_err(|error| Error::invalid("since", format!("it is no time of RFC 3339: {error}")))
    });
    let ask = Ask { tail, since: since.transpose()?, follow: query.follow };
    let lines = tenancy.tenant_journal(&id, ask).await?;
    let headers = [(header::CONTENT_TYPE, "application/x-ndjson"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    Ok((headers, Body::from_stream(written(lines))).into_response())
}

fn written(lines: BoxStream<'static, JournalLine>) -> impl futures::Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold(lines, async |mut lines| {
        let line = match tokio::time::timeout(BEAT, lines.next()).await {
            Ok(line) => serde_json::to_string(&line?).unwrap_or_default(),
            Err(_) => String::new(),
        };
        Some((Ok(Bytes::from(line + "\n")), lines))
    })
}
