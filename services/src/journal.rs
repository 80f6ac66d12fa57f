//! What this process logs of a tenant, taken for its journal ([`libtenancy::journal`]).
//!
//! A layer of `tracing`: an event with a field `tenant`, or in a span that has one, becomes a line. Its id is the event's field
//! `request`, or the `id` of the span `request` that it is in. Nothing waits for it: what the journal does not take at once is
//! dropped, and counted.

use std::{
    fmt::{self, Write},
    sync::atomic::{AtomicU64, Ordering},
};

use libtenancy::{
    api::journal::{JournalLine, Level, Source},
    clock::{Clock, SystemClock},
    journal::on_one_line,
    tenant::TenantId,
};
use tokio::sync::mpsc;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id},
};
use tracing_subscriber::{Layer, filter::filter_fn, layer::Context, registry::LookupSpan};

/// Lines that may wait to be written.
const WAITING: usize = 8_192;

/// The longest text of a line, in bytes.
const LONGEST: usize = 2_048;

/// Whose lines are taken.
const OURS: [&str; 3] = ["libtenancy", "services", "ztm"];

/// What the layer takes, as it comes.
pub type Told = mpsc::Receiver<(TenantId, JournalLine)>;

struct Journal {
    lines: mpsc::Sender<(TenantId, JournalLine)>,
    instance: Option<String>,
    dropped: AtomicU64,
    clock: SystemClock,
}

/// The layer, and what it takes. `instance` is what this control plane is called where there are several.
pub fn journal<S>(instance: Option<String>) -> (impl Layer<S>, Told)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let (lines, told) = mpsc::channel(WAITING);
    let layer = Journal { lines, instance, dropped: AtomicU64::new(0), clock: SystemClock::default() };
    (layer.with_filter(filter_fn(ours)), told)
}

/// Whether it is one of ours, and no mere trace.
fn ours(metadata: &Metadata<'_>) -> bool {
    let crate_name = metadata.target().split("::").next().unwrap_or_default();
    *metadata.level() <= tracing::Level::DEBUG && OURS.contains(&crate_name)
}

/// What is known of an event, or of a span.
#[derive(Default)]
struct Fields {
    tenant: Option<TenantId>,
    request: Option<String>,
    message: String,
    others: String,
}

impl Fields {
    fn record(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let value = value.to_string();
        let value = on_one_line(&value);
        match field.name() {
            "tenant" => self.tenant = value.parse().ok(),
            // A span's own is its `id`.
            "request" | "id" => self.request = Some(value.into_owned()),
            "message" => self.message = value.into_owned(),
            name => {
                let _ = write!(self.others, " {name}={value}");
            }
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record(field, format_args!("{value:?}"));
    }
}

/// Who tells, by where it is told.
fn source(metadata: &Metadata<'_>) -> Source {
    match metadata.target() {
        "services::router" | "libtenancy::webhook" => Source::Router,
        "services::worker" => Source::Worker,
        _ => Source::Orchestrator,
    }
}

fn level(metadata: &Metadata<'_>) -> Level {
    match *metadata.level() {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::INFO => Level::Info,
        _ => Level::Debug,
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Journal {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(of) = span.extensions().get::<Fields>() {
                fields.tenant = fields.tenant.or_else(|| of.tenant.clone());
                fields.request = fields.request.or_else(|| of.request.clone());
            }
        }
        let Some(tenant) = fields.tenant else { return };
        let mut text = fields.message + &fields.others;
        text.truncate(text.floor_char_boundary(LONGEST));
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            let _ = write!(text, " (before this, {dropped} lines were dropped)");
        }
        let line = JournalLine {
            at: self.clock.now(),
            source: source(event.metadata()),
            level: Some(level(event.metadata())),
            request_id: fields.request,
            instance: self.instance.clone(),
            text,
        };
        if self.lines.try_send((tenant, line)).is_err() {
            self.dropped.fetch_add(dropped + 1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn what_is_logged_of_a_tenant_is_told_and_nothing_else() {
        let (layer, mut told) = journal(Some("ztm-0".to_owned()));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info!("of nobody");
            tracing::info!(tenant = "NOT an id", "of nobody");
            tracing::info!(target: "hyper", tenant = "acme", "another's");
            tracing::trace!(tenant = "acme", "too small");
            tracing::warn!(tenant = %"acme", ms = 3, error = "broke; its log ends:\na\nb\n\"x\"\n", "woken");
            let span = tracing::info_span!("request", id = "r-1", tenant = "b");
            span.in_scope(|| {
                tracing::debug!("a step");
                tracing::info_span!("inner").in_scope(|| tracing::info!(tenant = "acme", request = "r-2", "its own"));
            });
        });
        let mut lines = Vec::new();
        while let Ok((tenant, line)) = told.try_recv() {
            assert_eq!(line.instance.as_deref(), Some("ztm-0"));
            lines.push((tenant.to_string(), line.level.unwrap(), line.request_id, line.text));
        }
        let line = |tenant: &str, level, request: Option<&str>, text: &str| {
            (tenant.to_owned(), level, request.map(str::to_owned), text.to_owned())
        };
        assert_eq!(
            lines,
            [
                line("acme", Level::Warn, None, "woken ms=3 error=broke; its log ends: [...] \"x\""),
                line("b", Level::Debug, Some("r-1"), "a step"),
                line("acme", Level::Info, Some("r-2"), "its own"),
            ]
        );
    }

    #[test]
    fn whoever_tells_is_named_by_where_it_is_told() {
        let (layer, mut told) = journal(None);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::debug!(target: "libtenancy::work", tenant = "acme", "a job is submitted");
            tracing::info!(target: "services::worker", tenant = "acme", "a job was not done");
            tracing::info!(target: "services::router", tenant = "acme", "stored");
        });
        let sources: Vec<Source> = std::iter::from_fn(|| told.try_recv().ok()).map(|(_, line)| line.source).collect();
        // The queue is the control plane's: no worker has heard of the job yet.
        assert_eq!(sources, [Source::Orchestrator, Source::Worker, Source::Router]);
    }

    #[test]
    fn what_does_not_fit_is_dropped_and_counted() {
        let (layer, mut told) = journal(None);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            for number in 0..WAITING + 3 {
                tracing::info!(tenant = "acme", number, "told");
            }
            assert_eq!(told.try_recv().unwrap().1.text, "told number=0");
            tracing::info!(tenant = "acme", text = "\u{e4}".repeat(LONGEST), "long");
        });
        let mut last = String::new();
        while let Ok((_, line)) = told.try_recv() {
            last = line.text;
        }
        let (text, note) = last.split_at(LONGEST);
        assert!(text.starts_with("long text=\u{e4}") && note == " (before this, 3 lines were dropped)", "{note}");
    }
}
