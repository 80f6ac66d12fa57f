//! The live feed over HTTP: server-sent events, each a piece.

use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use libtenancy::{Error, Result, api::feed::Piece};

use super::{
    Client,
    http::{Http, PART, PLAIN},
};
use crate::{discovery, settings::Settings};

/// How often it is looked whether a control plane has come up where there was none.
const LOOK: Duration = Duration::from_secs(2);

/// The longest event that is taken, in bytes: far more than the largest piece.
const MAX_EVENT: usize = 16 << 20;

/// The feed of the control plane that the settings mean, wherever it is now; the way there is open for as long as it is heard.
/// Where there is none, its records are looked at until one comes.
pub async fn feed_of(settings: &Settings) -> Result<BoxStream<'static, Result<Piece>>> {
    let client = Client::connect(settings).await?;
    let feed = client.feed().await?;
    match client {
        // The way there is open for as long as the feed is heard.
        Client::Http(http) => Ok(feed
            .map(move |piece| {
                let _way = &http;
                piece
            })
            .boxed()),
        Client::Direct(direct) => {
            let state_dir = settings.state_dir.clone();
            let comes = async move {
                while discovery::find(&state_dir).is_ok_and(|up| up.is_none()) {
                    tokio::time::sleep(LOOK).await;
                }
            };
            Ok(feed
                .map(move |piece| {
                    let _records = &direct;
                    piece
                })
                .take_until(Box::pin(comes))
                .boxed())
        }
    }
}

impl Http {
    pub(super) async fn feed(&self) -> Result<BoxStream<'static, Result<Piece>>> {
        let answer = self.open("/feed", PLAIN).await?;
        let bytes = answer.bytes_stream().map_err(|error| Error::unavailable(PART, error.without_url()));
        Ok(pieces(bytes).boxed())
    }
}

/// The pieces in what comes, cut as it may be. Fields but `data`, and comments, are passed over (WHATWG HTML, 9.2.6); our
/// events have one line of data.
fn pieces(bytes: impl Stream<Item = Result<Bytes>> + Send + 'static) -> impl Stream<Item = Result<Piece>> + Send {
    let mut rest: Vec<u8> = Vec::new();
    bytes.flat_map(move |chunk| {
        let mut out = Vec::new();
        match chunk {
            Err(error) => out.push(Err(error)),
            Ok(chunk) => {
                rest.extend_from_slice(&chunk);
                let end = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                let lines: Vec<u8> = rest.drain(..end).collect();
                let data = lines.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"data:"));
                out.extend(data.map(|data| {
                    serde_json::from_slice(data).map_err(|error| {
                        let why = format!("what it says cannot be read ({error}); is it another version?");
                        Error::unavailable(PART, why)
                    })
                }));
                if rest.len() > MAX_EVENT {
                    out.push(Err(Error::unavailable(PART, "an event of its feed does not end")));
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
