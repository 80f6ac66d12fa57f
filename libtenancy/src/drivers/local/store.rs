//! The embedded store: one SQLite file in the state directory, shared by all record drivers.
//!
//! Owns the file (making, checking, migrating it), the connections, and how writes are grouped ([`Store`] is cheap to
//! clone and implements every record port). Does not own any record's meaning: that is in the file of its port.
//!
//! # Design notes
//! - WAL with `synchronous=FULL`: an answered write survives kill -9 and power loss. Several processes may open the file
//!   at once; SQLite's locks keep them apart, and a process that waits longer than the busy timeout gets `Unavailable`.
//! - Writes go through one thread that commits them in groups; see `store::writer`. **A write whose future is dropped may
//!   still happen**: what must not be repeated is fenced by its caller.
//! - Point reads run on the caller's thread: about ten microseconds, less than handing them over would cost. Listings go
//!   to the blocking pool. Every read sees every write that was answered before it began.
//! - The file is made under another name and linked into place when it is whole, so nobody ever sees half a database.
//! - Nothing is written to a file that is damaged, foreign or newer than the program.

mod checkpoint;
mod fault;
mod migrations;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    fmt,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};
use tokio::sync::{Notify, Semaphore};

use self::{fault::classify, writer::Writer};
pub(crate) use self::{
    fault::{Fault, from_json, limit, number, stored, to_json},
    writer::Shed,
};
use super::jobs::Partition;
use crate::{
    clock::Clock,
    error::{Error, Result},
    ports::jobs::JobSettings,
};

/// The database's file name in the state directory.
pub const FILE_NAME: &str = "ztm.db";

/// Reader connections that are kept open.
const IDLE_READERS: usize = 8;

/// Listings that may run at once.
const SCANS: usize = 4;

/// What a store can be told; the defaults are what [`Store::open`] uses.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long a write waits for another process' transaction.
    pub busy_timeout: Duration,
    /// Writes that may wait for a commit; one more is `Overloaded`.
    pub queue: usize,
    /// The largest size of the database in pages of 4 KiB; one more is `StoreFull`.
    pub max_pages: Option<u32>,
    /// What the queue of jobs is built with; it has one partition, whatever they say.
    pub jobs: JobSettings,
    /// Thousandths taken off every pause before an attempt; random where `None`.
    pub jitter: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            queue: 4_096,
            max_pages: None,
            jobs: JobSettings::default(),
            jitter: None,
        }
    }
}

/// What the writer has done since the store was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Writes committed, refused ones (`Conflict` …) included.
    pub writes: u64,
    /// Transactions they took.
    pub commits: u64,
}

/// The store. Cheap to clone; the file is closed, and its writer joined, with the last clone.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    writer: Writer,
    file: PathBuf,
    options: Options,
    readers: Mutex<Vec<Connection>>,
    scans: Semaphore,
    clock: Arc<dyn Clock>,
    partition: Partition,
    /// Rung when a journal has grown.
    journals: Notify,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("file", &self.shared.file).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store in `state_dir`; makes the directory (mode 0700) and the database (mode 0600) where missing.
    ///
    /// `Invalid`: a network filesystem, or a database newer than this program. `Forbidden`: a database that others can
    /// read. `Corrupt`: no database, or a damaged one. `Unavailable`: another process holds it. None of them changes the
    /// file.
    pub fn open(state_dir: &Path, clock: Arc<dyn Clock>) -> Result<Self> {
        Self::open_with(state_dir, clock, Options::default())
    }

    /// [`Store::open`] with other limits.
    pub fn open_with(state_dir: &Path, clock: Arc<dyn Clock>, options: Options) -> Result<Self> {
        prepare_state_dir(state_dir)?;
        let file = state_dir.join(FILE_NAME);
        if !file.try_exists().map_err(Error::io("open", &file))? {
            create(&file)?;
        }
        check_file(&file)?;
        let mut connection = connect(&file, options.busy_timeout)?;
        migrations::check(&connection, &file)?;
        prepare_writer(&connection, options.max_pages).map_err(|e| classify(&file, &e))?;
        if migrations::outdated(&connection, &file)? {
            migrations::apply(&mut connection, &file)?;
        }
        let writer = Writer::start(connection, file.clone(), options.queue)?;
        let (readers, scans) = (Mutex::default(), Semaphore::new(SCANS));
        let partition = Partition::new(options.jobs, options.jitter);
        let journals = Notify::new();
        let shared = Shared { writer, file, options, readers, scans, clock, partition, journals };
        let store = Self { shared: Arc::new(shared) };
        // One reader now: what cannot be read shall fail here and not at the first message.
        store.read(|reader| Ok(reader.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?))?;
        Ok(store)
    }

    /// The database file.
    pub fn file(&self) -> &Path {
        &self.shared.file
    }

    /// What the writer has done.
    pub fn written(&self) -> Written {
        let counters = self.shared.writer.counters();
        Written { writes: counters.writes.load(Ordering::Relaxed), commits: counters.commits.load(Ordering::Relaxed) }
    }

    /// The store's clock.
    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.shared.clock
    }

    /// The store's clock, for a write.
    pub(super) fn clock_arc(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }

    /// What all users of this store share about its partition of jobs.
    pub(super) fn partition(&self) -> &Partition {
        &self.shared.partition
    }

    /// Rung whenever this process has added to a journal.
    pub(super) fn journals(&self) -> &Notify {
        &self.shared.journals
    }

    /// Queues a write and waits for its commit. If the future is dropped, the write may still happen.
    /// `work` may run twice (see [`writer`]); only its last run counts.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        self.shared.writer.submit(Shed::Last, work).await
    }

    /// [`Store::write`] of something new, which is refused first when much waits. `bytes`: the size of its texts.
    pub(crate) async fn write_new<T, F>(&self, bytes: usize, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        self.shared.writer.submit(Shed::First(bytes), work).await
    }

    /// A point read on the caller's thread.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T> {
        let shared = &*self.shared;
        let idle = shared.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = match idle {
            Some(reader) => reader,
            None => self.reader()?,
        };
        let result = work(&reader);
        // A reader that has met an error of SQLite is not used again.
        if !matches!(result, Err(Fault::Sql(_))) {
            let mut idle = shared.readers.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < IDLE_READERS {
                idle.push(reader);
            }
        }
        result.map_err(|fault| fault.into_error(&shared.file))
    }

    /// A listing on the blocking pool.
    pub(crate) async fn scan<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let _permit =
            self.shared.scans.acquire().await.map_err(|e| Error::internal(format!("the store's scans: {e}")))?;
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.read(work))
            .await
            .map_err(|e| Error::internal(format!("a listing of the store: {e}")))?
    }

    fn reader(&self) -> Result<Connection> {
        let shared = &*self.shared;
        let reader = connect(&shared.file, shared.options.busy_timeout)?;
        reader.pragma_update(None, "query_only", true).map_err(|e| classify(&shared.file, &e))?;
        Ok(reader)
    }
}

/// Makes the state directory (mode 0700) if it is missing, and refuses one on a network filesystem, where neither locks
/// nor WAL work.
pub(super) fn prepare_state_dir(state_dir: &Path) -> Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(state_dir).map_err(Error::io("create", state_dir))?;
    let filesystem = rustix::fs::statfs(state_dir).map_err(|e| Error::io("inspect", state_dir)(e.into()))?;
    // The width and sign of the field differ between machines; the numbers themselves have 32 bits.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the numbers have 32 bits")]
    let kind = filesystem.f_type as u32;
    match network_filesystem(kind) {
        None => Ok(()),
        Some(name) => Err(Error::invalid(
            "state directory",
            format!("`{}` is on {name}, which cannot hold the store; choose a local disk", state_dir.display()),
        )),
    }
}

/// The name of a filesystem on which SQLite's locks and shared memory cannot be relied on; numbers of
/// `linux/magic.h` and `statfs(2)`.
fn network_filesystem(kind: u32) -> Option<&'static str> {
    Some(match kind {
        0x6969 => "NFS",
        0x517b | 0xfe53_4d42 => "SMB",
        0xff53_4d42 => "CIFS",
        0x6573_5546 => "FUSE",
        0x0102_1997 => "9P",
        0x5346_414f | 0x6b41_4653 => "AFS",
        0x7375_7245 => "Coda",
        0x00c3_6400 => "Ceph",
        0x0bd0_0bd0 => "Lustre",
        0x4750_4653 => "GPFS",
        0x0116_1970 => "GFS2",
        0x7461_636f => "OCFS2",
        _ => return None,
    })
}

/// Makes the database under a name of its own and links it into place: it appears whole or not at all.
fn create(file: &Path) -> Result<()> {
    for leftover in ["-wal", "-journal"] {
        let mut path = file.as_os_str().to_owned();
        path.push(leftover);
        if Path::new(&path).try_exists().map_err(Error::io("open", &path))? {
            return Err(Error::Corrupt {
                what: "database",
                path: file.to_path_buf(),
                reason: format!("it is missing, but its `{leftover}` file is there"),
            });
        }
    }
    let directory = file.parent().unwrap_or(Path::new("."));
    let draft = directory.join(format!(".{}.new", hex::encode(crate::secret::random_bytes::<8>()?)));
    let made = fill(&draft, file);
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut path = draft.as_os_str().to_owned();
        path.push(suffix);
        let _ = std::fs::remove_file(path);
    }
    made?;
    std::fs::File::open(directory).and_then(|d| d.sync_all()).map_err(Error::io("write", directory))
}

fn fill(draft: &Path, file: &Path) -> Result<()> {
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(draft)
        .map_err(Error::io("create", draft))?;
    let mut connection = connect(draft, Duration::ZERO)?;
    prepare_writer(&connection, None).map_err(|e| classify(draft, &e))?;
    migrations::apply(&mut connection, draft)?;
    connection.close().map_err(|(_, e)| classify(draft, &e))?;
    match std::fs::hard_link(draft, file) {
        // Another process made it at the same time.
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked.map_err(Error::io("create", file)),
    }
}

/// What can be seen of the file without SQLite, which would take an empty one for a new database.
fn check_file(file: &Path) -> Result<()> {
    let metadata = std::fs::metadata(file).map_err(Error::io("open", file))?;
    let corrupt =
        |reason: &str| Err(Error::Corrupt { what: "database", path: file.to_path_buf(), reason: reason.to_owned() });
    if !metadata.is_file() {
        return corrupt("it is no file");
    }
    if metadata.len() == 0 {
        return corrupt("it is empty");
    }
    let mode = metadata.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Error::Forbidden {
            reason: format!("`{}` is open to others (mode {:o}); `chmod 600` it", file.display(), mode & 0o777),
        });
    }
    Ok(())
}

/// A connection to an existing file. No URI names: a path is a path.
fn connect(file: &Path, busy_timeout: Duration) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = (|| {
        let connection = Connection::open_with_flags(file, flags)?;
        connection.busy_timeout(busy_timeout)?;
        connection.set_prepared_statement_cache_capacity(128);
        // Otherwise SQLite prepares a statement anew whenever certain of its parameters change.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        Ok(connection)
    })();
    opened.map_err(|e| classify(file, &e))
}

/// What the writing connection needs; the first statement that may write to the file.
fn prepare_writer(connection: &Connection, max_pages: Option<u32>) -> rusqlite::Result<()> {
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if mode != "wal" {
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -16_000)?; // KiB
    connection.pragma_update_and_check(None, "journal_size_limit", 64 << 20, |_| Ok(()))?;
    if let Some(pages) = max_pages {
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    }
    Ok(())
}
