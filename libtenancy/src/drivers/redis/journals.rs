//! The journals in Redis: a stream a tenant.
//!
//! At most [`KEPT`] lines of some 200 bytes for as long as [`KEEP`] after the last one: about 40 kB of a tenant that had
//! something told of it lately, nothing of the others.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use futures::future::try_join_all;

use super::{Redis, connection::classify, jobs::GRACE, rows::damaged, scripts};
use crate::{
    api::journal::JournalLine,
    clock::{Stopwatch, Timestamp},
    error::{Error, Result},
    ports::journals::{Cursor, Journals, KEPT, Read},
    tenant::TenantId,
};

/// How long a journal is kept that nothing is added to.
const KEEP: Duration = Duration::from_hours(3 * 24);

/// How often one looks where no connection can wait.
const LOOK: Duration = Duration::from_millis(500);

impl Redis {
    /// The entries from `from` on (`(id`: behind it), and where they end.
    async fn journal_range(&self, tenant: &TenantId, from: &str) -> Result<(Vec<JournalLine>, Option<String>)> {
        let mut command = ::redis::cmd("XRANGE");
        command.arg(self.shared.keys.journal(tenant)).arg(from).arg("+");
        let entries: Vec<(String, Vec<String>)> =
            ::redis::from_redis_value(self.send(&command).await?).map_err(|_| damaged("journal"))?;
        let line = |fields: &[String]| match fields {
            [_, line] => serde_json::from_str(line).map_err(|_| damaged("journal")),
            _ => Err(damaged("journal")),
        };
        let lines = entries.iter().map(|(_, fields)| line(fields)).collect::<Result<_>>()?;
        Ok((lines, entries.into_iter().last().map(|(id, _)| id)))
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
            let fill = |command: &mut ::redis::Cmd| {
                command.arg(KEPT).arg(KEEP.as_millis().to_string()).arg(texts);
            };
            self.run_alone(&self.shared.keys.journal(tenant), &scripts::JOURNAL_APPEND, fill).await
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
}
