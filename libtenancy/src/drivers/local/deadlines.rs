//! Idle deadlines in SQLite: an index by time.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::{
    store::{Store, limit},
    tenants::tenant_id,
};
use crate::{clock::Timestamp, error::Result, ports::deadlines::Deadlines, tenant::TenantId};

pub(super) const DUE: &str = "SELECT tenant FROM deadlines INDEXED BY deadlines_by_time WHERE at <= ?1 \
     ORDER BY at, tenant LIMIT ?2";
pub(super) const NEXT: &str = "SELECT at FROM deadlines INDEXED BY deadlines_by_time ORDER BY at LIMIT 1";

#[async_trait]
impl Deadlines for Store {
    async fn deadline_set(&self, tenant: &TenantId, at: Timestamp) -> Result<()> {
        let tenant = tenant.clone();
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO deadlines (tenant, at) VALUES (?1, ?2) ON CONFLICT (tenant) DO UPDATE SET at = ?2",
                )?
                .execute(params![tenant.as_str(), at.as_micros()])?;
            Ok(())
        })
        .await
    }

    async fn deadline_get(&self, tenant: &TenantId) -> Result<Option<Timestamp>> {
        self.read(|connection| {
            let at: Option<i64> = connection
                .prepare_cached("SELECT at FROM deadlines WHERE tenant = ?1")?
                .query_row([tenant.as_str()], |row| row.get(0))
                .optional()?;
            Ok(at.map(Timestamp::from_micros))
        })
    }

    async fn deadline_clear(&self, tenant: &TenantId) -> Result<()> {
        let tenant = tenant.clone();
        self.write(move |connection| {
            connection.prepare_cached("DELETE FROM deadlines WHERE tenant = ?1")?.execute([tenant.as_str()])?;
            Ok(())
        })
        .await
    }

    async fn deadlines_due(&self, now: Timestamp, limit_rows: usize) -> Result<Vec<TenantId>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(DUE)?;
            let mut rows = statement.query(params![now.as_micros(), limit(limit_rows)])?;
            let mut due = Vec::new();
            while let Some(row) = rows.next()? {
                due.push(tenant_id(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?);
            }
            Ok(due)
        })
    }

    async fn deadline_next(&self) -> Result<Option<Timestamp>> {
        self.read(|connection| {
            let at: Option<i64> = connection.prepare_cached(NEXT)?.query_row([], |row| row.get(0)).optional()?;
            Ok(at.map(Timestamp::from_micros))
        })
    }
}
