//! What can go wrong in a job on the database, and the one place that turns it into an [`Error`].

use std::path::Path;

use rusqlite::ErrorCode;

use crate::error::{Error, Result};

/// The name of this part in errors.
pub(super) const PART: &str = "store";

/// A failure inside a job: SQLite's, ours, or a row that cannot be read.
#[derive(Debug)]
pub(crate) enum Fault {
    /// SQLite refused.
    Sql(rusqlite::Error),
    /// A decision of the driver.
    Ours(Error),
    /// A stored value is not what it should be.
    Damaged(String),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl Fault {
    /// The fault as the caller gets it. `file` is the database.
    pub(crate) fn into_error(self, file: &Path) -> Error {
        match self {
            Self::Sql(error) => classify(file, &error),
            Self::Ours(error) => error,
            Self::Damaged(reason) => Error::Corrupt { what: "record", path: file.to_path_buf(), reason },
        }
    }
}

/// What an error of SQLite means to a caller. Whatever it is, the statement's transaction did not happen (a failed
/// COMMIT is the exception: [`commit_failed`]).
pub(super) fn classify(file: &Path, error: &rusqlite::Error) -> Error {
    let corrupt = |reason: String| Error::Corrupt { what: "database", path: file.to_path_buf(), reason };
    let Some(code) = error.sqlite_error_code() else {
        return match error {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..) => corrupt(error.to_string()),
            _ => Error::internal(format!("the store: {error}")),
        };
    };
    match code {
        ErrorCode::DiskFull => Error::StoreFull,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => corrupt(error.to_string()),
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed
        | ErrorCode::OperationInterrupted
        | ErrorCode::OutOfMemory
        | ErrorCode::SchemaChanged
        | ErrorCode::SystemIoFailure => Error::unavailable(PART, error.to_string()),
        ErrorCode::CannotOpen
        | ErrorCode::PermissionDenied
        | ErrorCode::ReadOnly
        | ErrorCode::AuthorizationForStatementDenied => Error::Io {
            action: "use",
            path: file.to_path_buf(),
            source: std::io::Error::other(error.to_string()).into(),
        },
        ErrorCode::TooBig => Error::invalid("value", "it is larger than the store can hold"),
        _ => Error::internal(format!("the store: {error}")),
    }
}

/// What a failed COMMIT means: after an I/O error the transaction may be found by the next recovery of the log, or not.
pub(super) fn commit_failed(file: &Path, error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::SystemIoFailure) => Error::outcome_unknown(PART, error.to_string()),
        _ => classify(file, error),
    }
}

/// A fence or a size as SQLite keeps it.
pub(crate) fn stored(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(|_| Error::invalid("number", format!("{number} is larger than the store can hold")))
}

/// A fence or a size as it was stored.
pub(crate) fn number(stored: i64) -> Result<u64, Fault> {
    u64::try_from(stored).map_err(|_| Fault::Damaged(format!("{stored} should not be negative")))
}

/// A composite as JSON.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::internal(format!("a record cannot be written as JSON: {e}")))
}

/// A composite from JSON; `what` names the column.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|e| Fault::Damaged(format!("{what}: {e}")))
}

/// A row limit as SQLite takes it.
pub(crate) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
