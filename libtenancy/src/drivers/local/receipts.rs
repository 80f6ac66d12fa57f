//! Receipts in SQLite.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::store::{Store, stored};
use crate::{
    error::Result,
    ports::receipts::{Begun, KEPT, Receipt, Receipts},
};

/// Receipts whose time is over that go with each new one.
const SWEPT: i64 = 16;

#[async_trait]
impl Receipts for Store {
    async fn receipt_begin(&self, key: &str, order: &str, lease: Duration) -> Result<Begun> {
        let (key, order, clock) = (key.to_owned(), order.to_owned(), Arc::clone(self.clock_arc()));
        self.write(move |connection| {
            let now = clock.now();
            connection
                .prepare_cached(
                    "DELETE FROM receipts WHERE key IN (SELECT key FROM receipts WHERE until <= ?1 ORDER BY until LIMIT ?2) \
                     OR (key = ?3 AND until <= ?1)",
                )?
                .execute(params![now.as_micros(), SWEPT, key])?;
            let found = connection
                .prepare_cached("SELECT order_hash, status, body FROM receipts WHERE key = ?1")?
                .query_row(params![key], |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, Option<u16>>(1)?, row.get::<_, Option<String>>(2)?))
                })
                .optional()?;
            match found {
                Some((of, ..)) if of != order => Ok(Begun::Different),
                Some((_, Some(status), Some(body))) => Ok(Begun::Done(Receipt { status, body })),
                Some(_) => Ok(Begun::Running),
                None => {
                    connection
                        .prepare_cached("INSERT INTO receipts (key, order_hash, until) VALUES (?1, ?2, ?3)")?
                        .execute(params![key, order, (now + lease).as_micros()])?;
                    Ok(Begun::New)
                }
            }
        })
        .await
    }

    async fn receipt_end(&self, key: &str, order: &str, receipt: &Receipt) -> Result<()> {
        let (key, order, clock) = (key.to_owned(), order.to_owned(), Arc::clone(self.clock_arc()));
        let (status, body) = (stored(u64::from(receipt.status))?, receipt.body.clone());
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO receipts (key, order_hash, until, status, body) VALUES (?1, ?2, ?3, ?4, ?5) \
                     ON CONFLICT (key) DO UPDATE SET until = ?3, status = ?4, body = ?5 WHERE order_hash = ?2",
                )?
                .execute(params![key, order, (clock.now() + KEPT).as_micros(), status, body])?;
            Ok(())
        })
        .await
    }

    async fn receipt_drop(&self, key: &str, order: &str) -> Result<()> {
        let (key, order) = (key.to_owned(), order.to_owned());
        self.write(move |connection| {
            connection
                .prepare_cached("DELETE FROM receipts WHERE key = ?1 AND order_hash = ?2 AND body IS NULL")?
                .execute(params![key, order])?;
            Ok(())
        })
        .await
    }
}
