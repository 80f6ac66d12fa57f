//! What a control plane says for as long as one listens, over HTTP: the feed (server-sent events, each a piece) and the journal
//! of a tenant (a line each).

use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use libtenancy::{
    Error, Result,
    api::{
        feed::{EventList, Piece},
        journal::JournalLine,
    },
    journal::Ask,
};
use reqwest::Method;

use super::{
    Client,
    http::{Http, NONE, PART, PLAIN, tenant},
    path::query,
};
use crate::{discovery, settings::Settings};

/// How often it is looked whether a control plane has come up where there was none.
const LOOK: Duration = Duration::from_secs(2);

/// The longest event that is taken, in bytes: far more than the largest piece.
const MAX_EVENT: usize = 16 << 20;

/// A line that was told; nothing where nothing was for a while.
pub type Told = Option<JournalLine>;

/// The feed of the control plane that the settings mean, wherever it is now; the way there is open for as long as it is heard.
/// Where there is none, its records are looked at until one comes.
pub async fn feed_of(settings: &Settings) -> Result<BoxStream<'static, Result<Piece>>> {
    let client = Client::connect(settings).await?;
    let feed = client.feed().await?;
    Ok(anchored(settings, client, feed))
}

/// What was told of a tenant ([`libtenancy::journal`]), from the same place, and for as long.
pub async fn journal_of(settings: &Settings, id: &str, ask: Ask) -> Result<BoxStream<'static, Result<Told>>> {
    let client = Client::connect(settings).await?;
    let told = client.tenant_journal(id, ask).await?;
    Ok(anchored(settings, client, told))
}

/// Lines that are read here, with a word now and then where there are none, as a control plane has it.
pub(super) fn with_beats(told: BoxStream<'static, JournalLine>) -> BoxStream<'static, Result<Told>> {
    let next = async |mut told: BoxStream<'static, JournalLine>| match tokio::time::timeout(LOOK, told.next()).await {
        Ok(line) => Some((Ok(Some(line?)), told)),
        Err(_) => Some((Ok(None), told)),
    };
    futures::stream::unfold(told, next).boxed()
}

/// What is heard of a control plane, with the way there; of the records alone, until there is a control plane.
fn anchored<T: Send + 'static>(
    settings: &Settings,
    client: Client,
    heard: BoxStream<'static, T>,
) -> BoxStream<'static, T> {
    let state_dir = settings.state_dir.clone();
    let direct = matches!(client, Client::Direct(_));
    let heard = heard.map(move |piece| {
        let _way = &client;
        piece
    });
    if !direct {
        return heard.boxed();
    }
    let comes = async move {
        while discovery::find(&state_dir).is_ok_and(|up| up.is_none()) {
            tokio::time::sleep(LOOK).await;
        }
    };
    heard.take_until(Box::pin(comes)).boxed()
}

impl Http {
    pub(super) async fn feed(&self) -> Result<BoxStream<'static, Result<Piece>>> {
        let answer = self.open("/feed", PLAIN).await?;
        let bytes = answer.bytes_stream().map_err(|error| Error::unavailable(PART, error.without_url()));
        Ok(pieces(bytes).boxed())
    }

    pub(super) async fn event_list(&self, of: Option<&str>, limit: usize) -> Result<EventList> {
        let limit = limit.to_string();
        let query = query([("tenant", of), ("limit", Some(&*limit))]);
        self.call(Method::GET, &format!("/events{query}"), NONE, PLAIN).await
    }

    pub(super) async fn tenant_journal(&self, id: &str, ask: Ask) -> Result<BoxStream<'static, Result<Told>>> {
        let (tail, follow) = (ask.tail.to_string(), ask.follow.to_string());
        let since = ask.since.map(|since| since.to_string());
        let query = query([("tail", Some(&*tail)), ("follow", Some(&*follow)), ("since", since.as_deref())]);
        let answer = self.open(&format!("/tenants/{}/journal{query}", tenant(id)?), PLAIN).await?;
        let bytes = answer.bytes_stream().map_err(|error| Error::unavailable(PART, error.without_url()));
        Ok(told(bytes).boxed())
    }
}

/// The lines in what comes, cut as it may be.
fn told(bytes: impl Stream<Item = Result<Bytes>> + Send + 'static) -> impl Stream<Item = Result<Told>> + Send {
    lines(bytes).map(|line| {
        let line = line?;
        let told = if line.is_empty() { Ok(None) } else { serde_json::from_slice(&line).map(Some) };
        told.map_err(unreadable)
    })
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::unavailable(PART, format!("what it says cannot be read ({error}); is it another version?"))
}

/// The pieces in what comes, cut as it may be. Fields but `data`, and comments, are passed over (WHATWG HTML, 9.2.6); our
/// events have one line of data.
fn pieces(bytes: impl Stream<Item = Result<Bytes>> + Send + 'static) -> impl Stream<Item = Result<Piece>> + Send {
    lines(bytes).filter_map(async |line| match line {
        Ok(line) => line.strip_prefix(b"data:").map(|data| serde_json::from_slice(data).map_err(unreadable)),
        Err(error) => Some(Err(error)),
    })
}

/// What comes, line by line.
fn lines(bytes: impl Stream<Item = Result<Bytes>> + Send + 'static) -> impl Stream<Item = Result<Vec<u8>>> + Send {
    let mut rest: Vec<u8> = Vec::new();
    bytes.flat_map(move |chunk| {
        let mut out = Vec::new();
        match chunk {
            Err(error) => out.push(Err(error)),
            Ok(chunk) => {
                rest.extend_from_slice(&chunk);
                if let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') {
                    let whole: Vec<u8> = rest.drain(..=end).collect();
                    out.extend(whole[..end].split(|byte| *byte == b'\n').map(|line| Ok(line.to_vec())));
                }
                if rest.len() > MAX_EVENT {
                    out.push(Err(Error::unavailable(PART, "a line of its answer is too long")));
                    rest.clear();
                }
            }
        }
        futures::stream::iter(out)
    })
}

#[cfg(test)]
mod tests {
    use libtenancy::{api::feed::Change, clock::Timestamp};

    use super::*;

    #[tokio::test]
    async fn pieces_are_found_however_they_are_cut() {
        let said: Vec<Piece> = [Change::Ready, Change::Beat, Change::Gone(vec!["a\nb".to_owned()])]
            .into_iter()
            .map(|change| Piece { at: Timestamp::from_micros(7), change })
            .collect();
        let written = |piece: &Piece| format!(": a comment\ndata: {}\n\n", serde_json::to_string(piece).unwrap());
        let text = said.iter().map(written).collect::<Vec<_>>().concat();
        for cut in [1, 2, 7, 50, text.len()] {
            let chunks: Vec<Result<Bytes>> =
                text.as_bytes().chunks(cut).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
            let heard: Vec<Piece> = pieces(futures::stream::iter(chunks)).try_collect().await.unwrap();
            assert_eq!(heard, said, "cut every {cut} bytes");
        }
    }

    #[tokio::test]
    async fn what_is_no_piece_and_what_does_not_end_are_errors() {
        let of = |text: Vec<u8>| futures::stream::iter([Ok(Bytes::from(text))]);
        let heard: Vec<_> = pieces(of(b"data: {\"at\": 1}\n\n".to_vec())).collect().await;
        assert!(heard.len() == 1 && heard[0].as_ref().is_err_and(|error| error.to_string().contains("control plane")));
        let heard: Vec<_> = pieces(of(vec![b'x'; MAX_EVENT + 1])).collect().await;
        assert!(heard.len() == 1 && heard[0].is_err());
    }
}
