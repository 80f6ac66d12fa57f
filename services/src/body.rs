//! Reading request bodies within bounds of size, time and memory.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::http_error::HttpError;
use libtenancy::Error;

/// How long a client may take to send a body.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// The most of a body too large that is still read, and thrown away: a client sees its answer only if its connection is
/// not reset while it sends.
const DISCARDED: u64 = 8 << 20;

/// How long that may take.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(2);

/// The memory that bodies in flight may take together; each holds its share only for bytes that have arrived, so a slow
/// sender of a large body does not hold what it has not sent.
#[derive(Debug)]
pub struct Budget {
    free: Semaphore,
    bytes: usize,
}

impl Budget {
    /// A budget of `bytes`, at least one KiB.
    pub fn new(bytes: usize) -> Self {
        Self { free: Semaphore::new(bytes >> 10), bytes }
    }

    fn take(&self, bytes: usize) -> Result<SemaphorePermit<'_>, HttpError> {
        let kibibytes = u32::try_from(bytes.div_ceil(1 << 10)).unwrap_or(u32::MAX);
        self.free.try_acquire_many(kibibytes).map_err(|_| {
            Error::Overloaded { reason: format!("messages of {} bytes are in flight already", self.bytes) }.into()
        })
    }
}

/// A body and its share of the budget.
#[derive(Debug)]
pub struct Read<'a> {
    /// The whole body.
    pub bytes: Bytes,
    _share: Option<SemaphorePermit<'a>>,
}

/// Reads a whole body of at most `limit` bytes: 413 beyond it (keeping nothing of it, if the client says so), 408 if it
/// takes longer than [`TIMEOUT`], 503 if `budget` is used up.
pub async fn read(body: Body, limit: usize, budget: Option<&Budget>) -> Result<Read<'_>, HttpError> {
    let declared = body.size_hint();
    if usize::try_from(declared.lower()).unwrap_or(usize::MAX) > limit {
        discard(body).await;
        return Err(HttpError::too_large(limit));
    }
    match tokio::time::timeout(TIMEOUT, collect(body, limit, budget)).await {
        Ok(read) => read,
        Err(_) => Err(HttpError::too_slow(TIMEOUT)),
    }
}

/// Reads what is left of a body that is refused, within bounds of size and time, and keeps none of it.
async fn discard(mut body: Body) {
    if body.size_hint().lower() > DISCARDED {
        return;
    }
    let reading = async {
        let mut length = 0;
        while let Some(Ok(frame)) = body.frame().await {
            length += frame.data_ref().map_or(0, |data| data.len() as u64);
            if length > DISCARDED {
                return;
            }
        }
    };
    // Whoever takes longer sees a closed connection.
    let _ = tokio::time::timeout(DISCARD_TIMEOUT, reading).await;
}

async fn collect(mut body: Body, limit: usize, budget: Option<&Budget>) -> Result<Read<'_>, HttpError> {
    let mut share: Option<SemaphorePermit<'_>> = None;
    let mut held = 0;
    let mut first: Option<Bytes> = None;
    let mut more = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Err(Error::invalid("body", "it ended before it was complete").into());
        };
        let Ok(data) = frame.into_data() else { continue };
        let length = first.as_ref().map_or(0, Bytes::len) + more.len() + data.len();
        if length > limit {
            drop((first, more, share));
            discard(body).await;
            return Err(HttpError::too_large(limit));
        }
        if let Some(budget) = budget
            && length > held
        {
            let permit = budget.take(length - held)?;
            held += permit.num_permits() << 10;
            match &mut share {
                Some(share) => share.merge(permit),
                None => share = Some(permit),
            }
        }
        match &first {
            // Nearly every body comes in one piece, and is not copied.
            None => first = Some(data),
            Some(beginning) => {
                if more.is_empty() {
                    more.extend_from_slice(beginning);
                    first = Some(Bytes::new());
                }
                more.extend_from_slice(&data);
            }
        }
    }
    let bytes = if more.is_empty() { first.unwrap_or_default() } else { more.freeze() };
    Ok(Read { bytes, _share: share })
}

/// The fields that a refusal names by themselves.
const FIELDS: [&str; 5] = ["tenant_id", "bot_token", "idle_timeout_s", "base_url", "update"];

/// Reads a JSON object; what is wrong is said with the field's name and never with its value.
pub fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    // serde would read an array as a struct too, field by field.
    let first = bytes.trim_ascii_start().first();
    if first.is_some_and(|byte| *byte != b'{') {
        return Err(Error::invalid("body", "it must be a JSON object"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.inner();
        if !cause.is_data() {
            let place = format!("it is not JSON (line {}, column {})", cause.line(), cause.column());
            // Between fields there is no name yet.
            let place = if path == "." || path.contains('?') { place } else { format!("`{path}`: {place}") };
            return Error::invalid("body", place);
        }
        let text = cause.to_string();
        let text = text.split(" at line ").next().unwrap_or_default();
        let wanted = match text.rsplit_once(", expected ") {
            Some((found, expected)) if found.starts_with("invalid ") => format!("it must be {expected}"),
            _ if text.starts_with("invalid ") => "it has a wrong value".to_owned(),
            _ => text.to_owned(),
        };
        match FIELDS.into_iter().find(|field| *field == path) {
            Some(field) if !wanted.starts_with("unknown field") => Error::invalid(field, wanted),
            _ if path == "." => Error::invalid("body", wanted),
            _ => Error::invalid("body", format!("`{path}`: {wanted}")),
        }
    })?;
    deserializer.end().map_err(|_| Error::invalid("body", "there is something after the JSON"))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use libtenancy::api::{CreateTenant, UpdateTenant};

    fn refusal<T: DeserializeOwned + std::fmt::Debug>(body: &str) -> String {
        json::<T>(body.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn s14_a_wrong_body_is_refused_by_the_name_of_its_field_and_without_its_value() {
        for (body, expected) in [
            ("", "invalid body: it is not JSON (line 1, column 0)"),
            ("{", "invalid body: it is not JSON (line 1, column 1)"),
            (r#"{"tenant_id":"a","idle_timeout_s":NaN}"#, "invalid body: `idle_timeout_s`: it is not JSON (line 1"),
            (r#"{"tenant_id":"a"} x"#, "invalid body: there is something after the JSON"),
            ("{}", "invalid body: missing field `tenant_id`"),
            (r#"{"tenant_id":1}"#, "invalid tenant_id: it must be a string"),
            (r#"{"tenant_id":"a","idle_timeout_s":"1:s3cret, expected"}"#, "invalid idle_timeout_s: it must be i64"),
            (r#"{"tenant_id":"a","idle_timeout_s":1.5}"#, "invalid idle_timeout_s: it must be i64"),
            (r#"{"tenant_id":"a","idle_timeout_s":1e300}"#, "invalid idle_timeout_s: it must be i64"),
            (r#"{"tenant_id":"a","bot_token":["s3cret"]}"#, "invalid bot_token: it must be a string"),
            (r#"{"tenant_id":"a","namespace":"x"}"#, "unknown field `namespace`"),
            (r#"{"tenant_id":"a","tenant_id":"b"}"#, "duplicate field `tenant_id`"),
            ("[]", "invalid body: it must be a JSON object"),
            (r#" ["acme",null,60]"#, "invalid body: it must be a JSON object"),
        ] {
            let text = refusal::<CreateTenant>(body);
            assert!(text.contains(expected), "{body}: {text}");
            assert!(!text.contains("s3cret"), "{text}");
        }
        assert!(json::<UpdateTenant>(b"{}").is_ok());
    }

    #[tokio::test]
    async fn s16_a_body_over_its_limit_is_refused_whole() {
        let stream = |sizes: &[usize]| {
            let chunks: Vec<_> = sizes.iter().map(|n| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; *n]))).collect();
            Body::from_stream(futures::stream::iter(chunks))
        };
        assert_eq!(read(stream(&[4, 0, 6]), 10, None).await.unwrap().bytes.len(), 10);
        assert_eq!(read(stream(&[4, 7]), 10, None).await.unwrap_err().status().as_u16(), 413);
        assert_eq!(read(Body::from("xxxxxxxxxxx"), 10, None).await.unwrap_err().status().as_u16(), 413);
        assert!(read(Body::empty(), 10, None).await.unwrap().bytes.is_empty());
    }

    #[tokio::test]
    async fn bodies_in_flight_share_one_budget_and_give_it_back() {
        let budget = Budget::new(8 << 10);
        let body = || Body::from(vec![b'x'; 5 << 10]);
        let first = read(body(), 1 << 20, Some(&budget)).await.unwrap();
        assert_eq!(read(body(), 1 << 20, Some(&budget)).await.unwrap_err().status().as_u16(), 503);
        drop(first);
        assert!(read(body(), 1 << 20, Some(&budget)).await.is_ok());
        assert_eq!(budget.free.available_permits(), 8);
    }

    #[tokio::test(start_paused = true)]
    async fn s15_a_body_that_never_ends_is_given_up() {
        let body = Body::from_stream(futures::stream::pending::<std::io::Result<Bytes>>());
        assert_eq!(read(body, 10, None).await.unwrap_err().status().as_u16(), 408);
    }
}
