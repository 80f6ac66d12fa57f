//! The journals in Redis: a stream a tenant; and what happened, in a stream a tenant and one of all.
//!
//! At most [`KEPT`] lines of some 200 bytes for as long as [`KEEP`] after the last one: about 40 kB of a tenant that had
//! something told of it lately, nothing of the others. At most [`EVENTS_KEPT`] events of a tenant for as long, and
//! [`FLEET_EVENTS_KEPT`] of all: some 2 MB.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use futures::future::try_join_all;

use super::{Redis, connection::classify, jobs::GRACE, rows::damaged, scripts};
use crate::{
    api::{feed::EventLine, journal::JournalLine},
    clock::{Stopwatch, Timestamp},
    error::{Error, Result},
    ports::journals::{Cursor, EVENTS_KEPT, EVENTS_READ, EventsRead, FLEET_EVENTS_KEPT, Journals, KEPT, Read},
    tenant::TenantId,
};

/// How long a journal is kept that nothing is added to.
const KEEP: Duration = Duration::from_hours(3 * 24);

/// How long the events of all are kept, if nothing happens any more.
const KEEP_FLEET: Duration = Duration::from_hours(30 * 24);

/// How often one looks where no connection can wait.
const LOOK: Duration = Duration::from_millis(500);

/// The entries of a stream, each with one field.
fn entries<T: serde::de::DeserializeOwned>(value: ::redis::Value) -> Result<Vec<(String, T)>> {
    let entries: Vec<(String, Vec<String>)> = ::redis::from_redis_value(value).map_err(|_| damaged("journal"))?;
    let read = |(id, fields): (String, Vec<String>)| match &fields[..] {
        [_, text] => Ok((id, serde_json::from_str(text).map_err(|_| damaged("journal"))?)),
        _ => Err(damaged("journal")),
    };
    entries.into_iter().map(read).collect()
}

impl Redis {
    /// Adds to a stream of which so many entries are kept, for so long.
    async fn stream_append(&self, key: &str, texts: &[String], kept: usize, keep: Duration) -> Result<()> {
        let fill = |command: &mut ::redis::Cmd| {
            command.arg(kept).arg(keep.as_millis().to_string()).arg(texts);
        };
        self.run_alone(key, &scripts::JOURNAL_APPEND, fill).await.map(drop)
    }

    /// The entries from `from` on (`(id`: behind it), and where they end.
    async fn journal_range(&self, tenant: &TenantId, from: &str) -> Result<(Vec<JournalLine>, Option<String>)> {
        let mut command = ::redis::cmd("XRANGE");
        command.arg(self.shared.keys.journal(tenant)).arg(from).arg("+");
        let entries = entries(self.send(&command).await?)?;
        let end = entries.last().map(|(id, _)| id.clone());
        Ok((entries.into_iter().map(|(_, line)| line).collect(), end))
    }

    /// Waits until there may be something behind `after`.
    async fn journal_wait(&self, tenant: &TenantId, after: &str, wait: Duration) -> Result<()> {
        let Some(connection) = self.shared.link.blocking().await? else {
            tokio::time::sleep(LOOK.min(wait)).await;
            return Ok(());
        };
        let mut command = ::redis::cmd("XREAD");
        command.arg("COUNT").arg(1).arg("BLOCK").arg(wait.as_millis().max(1).to_string());
        command.arg("STREAMS").arg(self.shared.keys.journal(tenant)).arg(after);
        self.shared.link.read_blocking(connection, &command, wait + GRACE).await.map(drop).map_err(classify)
    }
}

#[async_trait]
impl Journals for Redis {
    async fn journal_append(&self, lines: &[(TenantId, JournalLine)]) -> Result<()> {
        let mut by_tenant: BTreeMap<&TenantId, Vec<String>> = BTreeMap::new();
        for (tenant, line) in lines {
            let text = serde_json::to_string(line).map_err(|e| Error::internal(format!("a line has no JSON: {e}")))?;
            by_tenant.entry(tenant).or_default().push(text);
        }
        let appends = by_tenant.iter().map(|(tenant, texts)| async move {
            self.stream_append(&self.shared.keys.journal(tenant), texts, KEPT, KEEP).await
        });
        try_join_all(appends).await.map(drop)
    }

    async fn journal_read(&self, tenant: &TenantId, since: Timestamp, limit: usize) -> Result<Read> {
        let (mut lines, end) = self.journal_range(tenant, "-").await?;
        lines.retain(|line| line.at >= since);
        lines.drain(..lines.len().saturating_sub(limit));
        Ok(Read { lines, end: Cursor(end.unwrap_or_else(|| "0-0".to_owned())) })
    }

    async fn journal_next(&self, tenant: &TenantId, after: &Cursor, wait: Duration) -> Result<Read> {
        let waited = Stopwatch::start();
        loop {
            let (lines, end) = self.journal_range(tenant, &format!("({}", after.0)).await?;
            let left = wait.saturating_sub(waited.elapsed());
            if !lines.is_empty() || left.is_zero() {
                return Ok(Read { lines, end: end.map_or_else(|| after.clone(), Cursor) });
            }
            self.journal_wait(tenant, &after.0, left).await?;
        }
    }

    async fn journal_purge(&self, tenant: &TenantId) -> Result<()> {
        let mut command = ::redis::cmd("DEL");
        command.arg(self.shared.keys.journal(tenant));
        self.send(&command).await.map(drop)
    }

    async fn events_append(&self, events: &[EventLine]) -> Result<()> {
        let mut all = Vec::with_capacity(events.len());
        let mut by_tenant: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for event in events {
            let text =
                serde_json::to_string(event).map_err(|e| Error::internal(format!("an event has no JSON: {e}")))?;
            if let Some(tenant) = &event.tenant {
                by_tenant.entry(tenant).or_default().push(text.clone());
            }
            all.push(text);
        }
        if all.is_empty() {
            return Ok(());
        }
        let keys = &self.shared.keys;
        let appends = by_tenant.iter().map(|(tenant, texts)| async move {
            self.stream_append(&keys.events(tenant), texts, EVENTS_KEPT, KEEP).await
        });
        try_join_all(appends).await?;
        self.stream_append(&keys.fleet_events(), &all, FLEET_EVENTS_KEPT, KEEP_FLEET).await
    }

    async fn events_read(&self, tenant: Option<&TenantId>, limit: usize) -> Result<EventsRead> {
        let keys = &self.shared.keys;
        let mut command = ::redis::cmd("XREVRANGE");
        command.arg(tenant.map_or_else(|| keys.fleet_events(), |tenant| keys.events(tenant.as_str())));
        command.arg("+").arg("-").arg("COUNT").arg(limit.max(1));
        let mut entries: Vec<(String, EventLine)> = entries(self.send(&command).await?)?;
        entries.reverse();
        let end = Cursor(entries.last().map_or_else(|| "0-0".to_owned(), |(id, _)| id.clone()));
        let events =
            entries.into_iter().map(|(_, event)| event).take(if limit == 0 { 0 } else { usize::MAX }).collect();
        Ok(EventsRead { events, end })
    }

    async fn events_next(&self, after: &Cursor) -> Result<EventsRead> {
        let mut command = ::redis::cmd("XRANGE");
        command.arg(self.shared.keys.fleet_events()).arg(format!("({}", after.0)).arg("+");
        command.arg("COUNT").arg(EVENTS_READ);
        let entries: Vec<(String, EventLine)> = entries(self.send(&command).await?)?;
        let end = entries.last().map_or_else(|| after.clone(), |(id, _)| Cursor(id.clone()));
        Ok(EventsRead { events: entries.into_iter().map(|(_, event)| event).collect(), end })
    }
}
