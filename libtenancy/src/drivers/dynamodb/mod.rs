//! Amazon DynamoDB, or what speaks its protocol: the registry, the inboxes and the ledgers, one table each.
//!
//! Owns tables, items and what the SDK's errors mean. Does not own idle deadlines, locks and the job plane (`redis`).
//!
//! # Design notes
//! - *Truth is read consistently*, from the tables. Indexes are eventually consistent (as a rule within a second): they
//!   say which items to look at, and the items themselves are then read.
//! - *No transactions.* A step that concerns two items first writes what it is about to do into one of them, on a
//!   condition; whoever reads that item meanwhile finishes the step. It costs less than a transaction, has no limit of 100
//!   items, and runs on every store that has conditional writes. The steps are told in `tenants` and `ledgers`.
//! - *An answer that never came* is asked for again by the SDK, and the second attempt of a conditional write meets the
//!   first one's success. Every such write leaves a token of its own by which it is recognised.

mod connection;
mod inboxes;
mod items;
mod ledgers;
mod probes;
pub mod schema;
mod tenants;

use std::{fmt, sync::Arc, time::Duration};

use tokio::sync::OnceCell;

pub use aws_sdk_dynamodb::config::SharedCredentialsProvider;

pub use self::{connection::Settings, tenants::SeedRow};
use crate::{
    error::Result,
    operation::Operations,
    secret::{Keyring, random_bytes},
};

/// The registry, the inboxes and the ledgers in DynamoDB. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct DynamoDb {
    shared: Arc<Shared>,
}

struct Shared {
    client: aws_sdk_dynamodb::Client,
    settings: Settings,
    /// Seals what an older control plane left in plain text.
    keyring: Arc<Keyring>,
    /// Whether older rows of the registry were looked for.
    adopted: OnceCell<()>,
    /// New updates of one tenant are counted and put one at a time.
    puts: Operations,
}

impl fmt::Debug for DynamoDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoDb").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}

impl DynamoDb {
    /// Reads region and credentials from where AWS' tools read them, unless the settings name them. Calls no table.
    pub async fn open(settings: Settings, keyring: Arc<Keyring>) -> Result<Self> {
        let client = connection::client(&settings).await?;
        Ok(Self {
            shared: Arc::new(Shared {
                client,
                settings,
                keyring,
                adopted: OnceCell::new(),
                puts: Operations::default(),
            }),
        })
    }

    fn client(&self) -> &aws_sdk_dynamodb::Client {
        &self.shared.client
    }

    fn settings(&self) -> &Settings {
        &self.shared.settings
    }
}

/// A pause before a step is begun again: random, up to a tenth of a second.
async fn pause(attempt: u32) {
    let random = random_bytes::<2>().map_or(0, |bytes| u64::from(u16::from_le_bytes(bytes)));
    let most = 100_u64.min(5 << attempt.min(8));
    tokio::time::sleep(Duration::from_millis(random % (most + 1))).await;
}
