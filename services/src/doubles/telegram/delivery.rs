//! Posting a bot's updates to its webhook: one at a time, in order, again and again until it is accepted.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Uri, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use libtenancy::clock::Stopwatch;
use tokio::{net::TcpStream, sync::Notify};

use super::{Shared, Webhook};
use crate::router::SECRET_HEADER;

/// What webhooks answered, and how fast; of all bots.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// How many answers there were of each status.
    pub by_status: BTreeMap<u16, u64>,
    /// Deliveries that got no answer.
    pub failures: u64,
    /// Buckets of the time to an answer: 16 per doubling, so that each is at most 7 % wide.
    buckets: BTreeMap<u32, u64>,
}

impl Answers {
    fn count(&mut self, status: u16, took: Duration) {
        *self.by_status.entry(status).or_default() += 1;
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(16);
        let exponent = micros.ilog2();
        let sixteenth = u32::try_from((micros >> (exponent - 4)) & 15).unwrap_or(0);
        *self.buckets.entry(exponent * 16 + sixteenth).or_default() += 1;
    }

    /// The time within which `permille` thousandths of the answers came, rounded up to its bucket's end; zero if there
    /// was none.
    pub fn quantile(&self, permille: u64) -> Duration {
        let all: u64 = self.buckets.values().sum();
        let wanted = (all * permille.min(1_000)).div_ceil(1_000);
        let mut seen = 0;
        for (bucket, count) in &self.buckets {
            seen += count;
            if seen >= wanted {
                let (exponent, sixteenth) = (bucket / 16, u64::from(bucket % 16));
                return Duration::from_micros((17 + sixteenth) << (exponent - 4));
            }
        }
        Duration::ZERO
    }
}

/// One kept connection to a webhook.
struct Connection {
    authority: String,
    sender: http1::SendRequest<Full<Bytes>>,
}

/// A bot's delivery; ends with the double.
pub(super) async fn deliver(shared: Arc<Shared>, token: String, work: Arc<Notify>, rehooked: Arc<Notify>) {
    let stop = shared.stop.clone();
    stop.run_until_cancelled(deliveries(&shared, &token, &work, &rehooked)).await;
}

async fn deliveries(shared: &Shared, token: &str, work: &Notify, rehooked: &Notify) {
    let mut connection = None;
    let mut backoff = shared.settings.backoff;
    loop {
        let next = {
            let state = shared.state();
            state.bots.get(token).and_then(|bot| {
                let (id, body) = bot.queue.front()?;
                Some((bot.webhook.clone()?, *id, body.clone()))
            })
        };
        let Some((webhook, id, body)) = next else {
            work.notified().await;
            continue;
        };
        let watch = Stopwatch::start();
        let posted =
            tokio::time::timeout(shared.settings.answer_timeout, post(shared, &mut connection, &webhook, body))
                .await
                .unwrap_or_else(|_| Err("Read timeout expired".to_owned()));
        if posted.is_err() {
            connection = None;
        }
        let accepted = settle(shared, token, id, posted, watch.elapsed());
        shared.changed.notify_waiters();
        if accepted {
            backoff = shared.settings.backoff;
        } else {
            // Another webhook ends the wait: the control plane is back.
            let waited = tokio::time::timeout(backoff, rehooked.notified()).await;
            backoff =
                if waited.is_ok() { shared.settings.backoff } else { (backoff * 2).min(shared.settings.backoff_max) };
        }
    }
}

/// Books what came of a delivery; whether the update was accepted.
fn settle(shared: &Shared, token: &str, id: i64, posted: Result<u16, String>, took: Duration) -> bool {
    let mut state = shared.state();
    match posted {
        Ok(status) => state.answers.count(status, took),
        Err(_) => state.answers.failures += 1,
    }
    let Some(bot) = state.bots.get_mut(token) else { return false };
    match posted {
        Ok(200..=299) => {
            // The queue may have been dropped meanwhile.
            if bot.queue.front().is_some_and(|(first, _)| *first == id) {
                bot.queue.pop_front();
            }
            bot.accepted += 1;
            if shared.settings.keep {
                bot.accepted_ids.push(id);
            }
            bot.last_error = None;
            true
        }
        Ok(status) => {
            bot.last_error = Some(format!("Wrong response from the webhook: {status}"));
            false
        }
        Err(error) => {
            bot.last_error = Some(error);
            false
        }
    }
}

/// Posts one update; the status of the answer, or why there is none.
async fn post(
    shared: &Shared,
    connection: &mut Option<Connection>,
    webhook: &Webhook,
    body: Bytes,
) -> Result<u16, String> {
    let uri: Uri = webhook.url.parse().map_err(|_| "Bad webhook: wrong URL".to_owned())?;
    if uri.scheme_str() != Some("http") {
        return Err("SSL error: this double speaks plain http only".to_owned());
    }
    let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
    // A kept connection that the other side has closed is no failure.
    let reusable = match connection {
        Some(kept) => kept.authority == authority && kept.sender.ready().await.is_ok(),
        None => false,
    };
    if !reusable {
        *connection = Some(connect(shared, &uri, authority.clone()).await?);
    }
    let Some(kept) = connection else { return Err("no connection".to_owned()) };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::post(path)
        .header(header::HOST, authority)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "telegram-double");
    if let Some(secret) = &webhook.secret {
        request = request.header(SECRET_HEADER, secret);
    }
    let request = request.body(Full::new(body)).map_err(|_| "Bad webhook: wrong URL".to_owned())?;
    let failed = |error: &dyn std::fmt::Display| format!("Connection failed: {error}");
    let response = kept.sender.send_request(request).await.map_err(|e| failed(&e))?;
    let status = response.status().as_u16();
    Limited::new(response.into_body(), 1 << 20).collect().await.map_err(|e| failed(&e))?;
    Ok(status)
}

async fn connect(shared: &Shared, uri: &Uri, authority: String) -> Result<Connection, String> {
    let (host, port) = (uri.host().unwrap_or_default(), uri.port_u16().unwrap_or(80));
    let failed = |error: &dyn std::fmt::Display| format!("Connection failed: {error}");
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await.map_err(|e| failed(&e))?;
    stream.set_nodelay(true).map_err(|e| failed(&e))?;
    let (sender, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(|e| failed(&e))?;
    let stop = shared.stop.clone();
    // Ends when the sender is dropped, the other side closes, or the double stops.
    shared.tasks.spawn(async move { stop.run_until_cancelled(driver).await.map(drop) });
    Ok(Connection { authority, sender })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_a_sixteenth() {
        let mut answers = Answers::default();
        assert_eq!(answers.quantile(500), Duration::ZERO);
        for millis in 1..=1_000 {
            answers.count(200, Duration::from_millis(millis));
        }
        for (permille, exact) in [(500, 500), (990, 990), (1_000, 1_000)] {
            let found = answers.quantile(permille).as_millis();
            assert!((exact..=exact + exact / 14).contains(&found), "{permille}: {found}");
        }
    }
}
