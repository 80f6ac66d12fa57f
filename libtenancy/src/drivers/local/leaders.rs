//! Leases of leaders in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::store::{Store, number};
use crate::{
    clock::Timestamp,
    error::Result,
    inbox::Epoch,
    ports::{leaders::Leaders, wake_locks::OwnerToken},
};

/// The epoch is [`Epoch::next`] unless the present leader renews a lease that has not lapsed.
const ACQUIRE: &str = "INSERT INTO leaders (role, owner, epoch, expires_at) VALUES (?1, ?2, max(1, ?4), ?3) \
     ON CONFLICT (role) DO UPDATE SET \
       epoch = iif(owner IS ?2 AND expires_at > ?4, epoch, max(epoch + 1, ?4)), owner = ?2, expires_at = ?3 \
     WHERE owner IS NULL OR owner = ?2 OR expires_at <= ?4 \
     RETURNING epoch";

#[async_trait]
impl Leaders for Store {
    async fn leader_acquire(
        &self,
        role: &str,
        owner: &OwnerToken,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Option<Epoch>> {
        let (role, owner, expires) = (role.to_owned(), owner.clone(), now + ttl);
        self.write(move |connection| {
            let epoch: Option<i64> = connection
                .prepare_cached(ACQUIRE)?
                .query_row(params![role, owner.0, expires.as_micros(), now.as_micros()], |row| row.get(0))
                .optional()?;
            epoch.map(number).transpose().map(|epoch| epoch.map(Epoch))
        })
        .await
    }

    async fn leader_resign(&self, role: &str, owner: &OwnerToken) -> Result<()> {
        let (role, owner) = (role.to_owned(), owner.clone());
        self.write(move |connection| {
            // The row stays: its epoch must not go back.
            connection
                .prepare_cached("UPDATE leaders SET owner = NULL, expires_at = 0 WHERE role = ?1 AND owner = ?2")?
                .execute(params![role, owner.0])?;
            Ok(())
        })
        .await
    }
}
