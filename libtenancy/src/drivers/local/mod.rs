//! The embedded drivers: one SQLite file, a directory of archives, child processes.
//!
//! [`store::Store`] implements every record port (tenants, inboxes, wake locks, leaders, endpoints, deadlines,
//! jobs, quotas, ledgers), each in
//! the file of that name; [`snapshots::SnapshotDirectory`] keeps the archives, [`signals::SignalSocket`] wakes. [`StateDirLock`] says which control plane
//! owns the state directory.

pub mod deadlines;
pub mod endpoints;
pub mod fleets;
pub mod inboxes;
pub mod jobs;
pub mod journals;
pub mod leaders;
pub mod ledgers;
pub mod mark;
pub mod quotas;
pub mod receipts;
pub mod signals;
pub mod snapshots;
mod state_dir;
pub mod store;
pub mod tenants;
pub mod wake_locks;
mod whole;
pub mod workloads;

pub use state_dir::{KEY_FILE, StateDirLock};
