//! The versions of the database's shape, and how a file is brought to the newest one.
//!
//! A file carries [`APPLICATION_ID`] and its version in SQLite's header (`PRAGMA application_id`, `PRAGMA
//! user_version`). A file that is not ours, or is newer than this program, is refused before anything is written.

use std::path::Path;

use rusqlite::Connection;

use super::fault::classify;
use crate::error::{Error, Result};

/// `ztm1` in ASCII.
pub(super) const APPLICATION_ID: i64 = 0x7a74_6d31;

/// One script per version; never changed once released, only added to.
const MIGRATIONS: [&str; 8] = [
    include_str!("../migrations/0001_records.sql"),
    include_str!("../migrations/0002_jobs.sql"),
    include_str!("../migrations/0003_labels.sql"),
    include_str!("../migrations/0004_schedules.sql"),
    include_str!("../migrations/0005_journal.sql"),
    include_str!("../migrations/0006_receipts.sql"),
    include_str!("../migrations/0007_granted.sql"),
    include_str!("../migrations/0008_events.sql"),
];

/// The version this program writes.
pub(super) const NEWEST: usize = MIGRATIONS.len();

fn pragma(connection: &Connection, file: &Path, name: &str) -> Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0)).map_err(|e| classify(file, &e))
}

/// Whether the file is ours and not newer than this program. Reads only.
pub(super) fn check(connection: &Connection, file: &Path) -> Result<()> {
    if pragma(connection, file, "application_id")? != APPLICATION_ID {
        return Err(Error::Corrupt {
            what: "database",
            path: file.to_path_buf(),
            reason: "it is a database of another program".to_owned(),
        });
    }
    let version = pragma(connection, file, "user_version")?;
    if usize::try_from(version).is_ok_and(|version| version <= NEWEST) {
        return Ok(());
    }
    Err(Error::invalid(
        "state directory",
        format!(
            "`{}` was written by a newer ztm (version {version} of the database, this one knows {NEWEST}); use that one",
            file.display()
        ),
    ))
}

/// Brings the file to the newest version, in one transaction: all of it or nothing.
pub(super) fn apply(connection: &mut Connection, file: &Path) -> Result<()> {
    let migrated = (|| {
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        // Read within the transaction: another process may have been faster.
        let version: usize = transaction.pragma_query_value(None, "user_version", |row| {
            row.get::<_, i64>(0).map(|version| usize::try_from(version).unwrap_or(usize::MAX))
        })?;
        if version >= NEWEST {
            return Ok(());
        }
        for script in &MIGRATIONS[version..] {
            transaction.execute_batch(script)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", i64::try_from(NEWEST).unwrap_or(i64::MAX))?;
        transaction.commit()
    })();
    migrated.map_err(|e| classify(file, &e))
}

/// Whether the file lacks migrations.
pub(super) fn outdated(connection: &Connection, file: &Path) -> Result<bool> {
    Ok(usize::try_from(pragma(connection, file, "user_version")?).is_ok_and(|version| version < NEWEST))
}
