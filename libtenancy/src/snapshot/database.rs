//! SQLite files: recognised, checked, copied consistently.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
    config::DbConfig,
};

use super::scan::has_suffix;
use crate::error::{Error, Result};

/// How long a lock of the agent is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Files that belong to a database and are never archived themselves.
pub(super) const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// The database a companion file belongs to, by name.
pub(super) fn owner_of_companion(path: &Path) -> Option<PathBuf> {
    let text = path.file_name()?;
    let suffix = COMPANIONS.into_iter().find(|suffix| has_suffix(path, suffix))?;
    let bytes = std::os::unix::ffi::OsStrExt::as_bytes(text);
    let stem = bytes.strip_suffix(suffix.as_bytes())?;
    Some(path.with_file_name(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(stem)))
}

/// Whether the file is a SQLite database: by its header, or, while it is empty, by the log beside it.
pub(super) fn is_database(path: &Path) -> Result<bool> {
    let starts_with = |path: &Path, magic: &[&[u8]]| -> io::Result<bool> {
        let mut file = match fs::File::open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(e) => return Err(e),
        };
        let mut head = [0; 16];
        let mut length = 0;
        while length < head.len() {
            match file.read(&mut head[length..])? {
                0 => break,
                n => length += n,
            }
        }
        Ok(magic.iter().any(|magic| head[..length].starts_with(magic)))
    };
    let by_header = starts_with(path, &[b"SQLite format 3\0"]).map_err(Error::io("read", path))?;
    if by_header || fs::metadata(path).is_ok_and(|m| m.len() > 0) {
        return Ok(by_header);
    }
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    starts_with(Path::new(&log), &[&[0x37, 0x7f, 0x06, 0x82], &[0x37, 0x7f, 0x06, 0x83]])
        .map_err(Error::io("read", path))
}

fn classify(path: &Path) -> impl Fn(rusqlite::Error) -> Error {
    move |error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
            Error::unavailable("agent's database", error)
        }
        Some(rusqlite::ErrorCode::DiskFull) => Error::StoreFull,
        _ => Error::Corrupt { what: "database", path: path.to_path_buf(), reason: error.to_string() },
    }
}

/// Opens an existing database so that closing it changes nothing. Writable, because a database whose writer died needs
/// its journal rolled back before it can be read.
fn open(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(classify(path))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(classify(path))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(classify(path))?;
    Ok(connection)
}

fn quick_check(connection: &Connection, path: &Path) -> Result<()> {
    let verdict: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(classify(path))?;
    if verdict == "ok" {
        Ok(())
    } else {
        Err(Error::Corrupt { what: "database", path: path.to_path_buf(), reason: verdict })
    }
}

/// Opens the database and runs `PRAGMA quick_check`. `Corrupt` if it does not pass; `Unavailable` if it is locked.
pub fn check(path: &Path) -> Result<()> {
    quick_check(&open(path)?, path)
}

/// Copies the database, the content of its write-ahead log included, and checks the copy.
pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    let source = open(from)?;
    let mut target = Connection::open(to).map_err(classify(to))?;
    target.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").map_err(classify(to))?;
    {
        let backup = Backup::new(&source, &mut target).map_err(classify(from))?;
        // All pages in one step: one read transaction, so that a busy writer cannot make it start again for ever.
        // A lock is waited for by the busy handler of `source`, and no longer.
        if backup.step(-1).map_err(classify(from))? != StepResult::Done {
            return Err(Error::unavailable("agent's database", format!("`{}` stays locked", from.display())));
        }
    }
    quick_check(&target, from)?;
    target.close().map_err(|(_, error)| classify(to)(error))
}
