//! What came of orders, by the keys under which they were given: a repeat is answered, and not done again.

use std::time::Duration;

use async_trait::async_trait;

use crate::error::Result;

/// How long what came of an order is kept.
pub const KEPT: Duration = Duration::from_hours(24);

/// What came of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The status of the answer, as HTTP has it.
    pub status: u16,
    /// The answer.
    pub body: String,
}

/// What a key stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Nothing yet: it is the caller's, for as long as it asked for.
    New,
    /// An order that somebody works on.
    Running,
    /// This order, and what came of it.
    Done(Receipt),
    /// Another order.
    Different,
}

/// The receipts of one set of records.
///
/// `order` is what identifies an order: a hash of everything that it says.
#[async_trait]
pub trait Receipts: Send + Sync + 'static {
    /// Takes `key` for `order`, unless it stands for something; one of many at once is given it. It is free again after `lease`
    /// if nothing came of the order. Store errors.
    async fn receipt_begin(&self, key: &str, order: &str, lease: Duration) -> Result<Begun>;

    /// Keeps what came of an order, for [`KEPT`]. Nothing if the key stands for another one. A repeat does the same. Store
    /// errors.
    async fn receipt_end(&self, key: &str, order: &str, receipt: &Receipt) -> Result<()>;

    /// Gives a key back of whose order nothing came. Nothing if it stands for another one, or if something came of it. Store
    /// errors.
    async fn receipt_drop(&self, key: &str, order: &str) -> Result<()>;
}
