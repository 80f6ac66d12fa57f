//! Orders that are given under a key: whoever repeats one is answered, and it is not done again.
//!
//! Owns what a key stands for, whichever face the order comes to: a control plane's, or that of whoever opens the stores.
//! Does not own how an order is written (`services::idempotency`, `ztm::client`) nor storage (`ports::receipts`).
//!
//! # Design notes
//! - A key is a role's own, and stands for one order: everything that it says.
//! - Only what was done is kept. A refusal changed nothing, and may be another answer the next time.
//! - A process that dies in the middle leaves a key that is free again after [`LEASE`]; the repeat then meets what the first
//!   attempt left, as any order does that is repeated without a key.

use std::time::Duration;

use crate::{
    error::{Error, Result},
    jobs::Idempotency,
    ports::receipts::{Begun, Receipt},
    tenancy::Tenancy,
};

/// How long a key is taken by an order of which nothing is heard.
pub const LEASE: Duration = Duration::from_secs(30);

/// An order that has its key: whoever holds this is the one to do it.
pub struct Order {
    tenancy: Tenancy,
    key: String,
    says: String,
}

/// What becomes of an order that is given under a key.
pub enum Given {
    /// It is to be done.
    Now(Order),
    /// It was done: what came of it.
    Before(Receipt),
}

impl Tenancy {
    /// Takes `key` for an order of a role; `order` is everything that it says. `Invalid` if the key is none; `Conflict` if it
    /// stands for another order; `Unavailable` while somebody works on this one; store errors.
    pub async fn order_begin(&self, role: &str, key: &str, order: &[u8]) -> Result<Given> {
        let Idempotency { key: hashed, body: says } = Idempotency::new(key, order)?;
        let name = format!("{role}:{hashed}");
        match self.receipts().receipt_begin(&name, &says, LEASE).await? {
            Begun::New => Ok(Given::Now(Order { tenancy: self.clone(), key: name, says })),
            Begun::Done(receipt) => Ok(Given::Before(receipt)),
            Begun::Different => Err(Error::conflict("idempotency key", key, "it was used for something else")),
            Begun::Running => {
                Err(Error::unavailable("control plane", "this very order is under way; ask again in a moment"))
            }
        }
    }
}

impl Order {
    /// Keeps what came of it. What keeps it from that is not the order's failure.
    pub async fn done(self, receipt: &Receipt) {
        let kept = self.tenancy.receipts().receipt_end(&self.key, &self.says, receipt).await;
        note(kept, "what came of an order is not kept");
    }

    /// Gives its key back: nothing was done.
    pub async fn refused(self) {
        let dropped = self.tenancy.receipts().receipt_drop(&self.key, &self.says).await;
        note(dropped, "a key of what was refused is not given back; it lapses");
    }
}

fn note(outcome: Result<()>, text: &'static str) {
    if let Err(error) = outcome {
        tracing::warn!(error = error.chain(), "{text}");
    }
}
