//! Amazon S3, or what speaks its protocol: archives of agents' state, below `tenants/{id}/` of one bucket.
//!
//! # Design notes
//! - *A spool.* Agents that are processes write their archives into a directory below the state directory, and get them from
//!   there. An archive is in the bucket once [`Snapshots::snapshot_store`] has returned; only then it is published. What
//!   could not be stored stays in the spool and on the list; a mark for its tenant ([`unstored`]) says so, and the reconciler
//!   stores it later.
//! - *Nothing is overwritten.* Each archive has a key of its own (tenant, generation, file) and is put on the condition that
//!   the key is free. A key that is taken by the very same archive (by its hash, kept beside it) is a repeat, or the first
//!   attempt's success; by another one, a conflict. Publishing is a conditional write of the tenant's record, not a matter
//!   of this store: a URL cannot fence.
//! - *Large archives* go up in parts; an upload that fails is aborted, and the bucket's rule ([`bucket`]) aborts those whose
//!   process died.
//! - What is downloaded gets its name once it is whole. Its hash is checked by whoever restores it.

pub mod bucket;
mod connection;
mod probes;
mod snapshots;
mod unstored;

use std::{fmt, path::Path, sync::Arc};

pub use aws_sdk_s3::config::SharedCredentialsProvider;

pub use self::connection::Settings;
use self::unstored::Unstored;
use super::local::snapshots::SnapshotDirectory;
use crate::error::Result;

/// Archives in a bucket. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct S3Snapshots {
    shared: Arc<Shared>,
}

struct Shared {
    client: aws_sdk_s3::Client,
    settings: Settings,
    spool: SnapshotDirectory,
    unstored: Unstored,
}

impl fmt::Debug for S3Snapshots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Snapshots").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}

impl S3Snapshots {
    /// Reads region and credentials from where AWS' tools read them, unless the settings name them; the spool is below
    /// `state_dir`. Asks the bucket nothing.
    pub async fn open(settings: Settings, state_dir: &Path) -> Result<Self> {
        let client = connection::client(&settings).await?;
        let (spool, unstored) = (SnapshotDirectory::open(state_dir)?, Unstored::of(state_dir));
        Ok(Self { shared: Arc::new(Shared { client, settings, spool, unstored }) })
    }

    fn client(&self) -> &aws_sdk_s3::Client {
        &self.shared.client
    }

    fn bucket(&self) -> &str {
        &self.shared.settings.bucket
    }
}
