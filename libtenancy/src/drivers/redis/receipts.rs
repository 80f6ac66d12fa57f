//! Receipts in Redis.

use std::time::Duration;

use async_trait::async_trait;

use super::{Redis, rows::damaged, scripts};
use crate::{
    error::Result,
    ports::receipts::{Begun, KEPT, Receipt, Receipts},
};

#[async_trait]
impl Receipts for Redis {
    async fn receipt_begin(&self, key: &str, order: &str, lease: Duration) -> Result<Begun> {
        let fill = |command: &mut ::redis::Cmd| {
            command.arg(order).arg(lease.as_micros().to_string());
        };
        let answer = self.run_alone(&self.shared.keys.receipt(key), &scripts::RECEIPT_BEGIN, fill).await?;
        let answer: Vec<String> = ::redis::from_redis_value(answer).map_err(|_| damaged("receipt"))?;
        let mut words = answer.into_iter();
        match words.next().as_deref() {
            Some("new") => Ok(Begun::New),
            Some("running") => Ok(Begun::Running),
            Some("different") => Ok(Begun::Different),
            Some("done") => {
                let status = words.next().and_then(|status| status.parse().ok()).ok_or_else(|| damaged("receipt"))?;
                Ok(Begun::Done(Receipt { status, body: words.next().ok_or_else(|| damaged("receipt"))? }))
            }
            _ => Err(damaged("receipt")),
        }
    }

    async fn receipt_end(&self, key: &str, order: &str, receipt: &Receipt) -> Result<()> {
        let fill = |command: &mut ::redis::Cmd| {
            command.arg(order).arg(KEPT.as_micros().to_string()).arg(receipt.status).arg(&receipt.body);
        };
        self.run_alone(&self.shared.keys.receipt(key), &scripts::RECEIPT_END, fill).await.map(drop)
    }

    async fn receipt_drop(&self, key: &str, order: &str) -> Result<()> {
        let fill = |command: &mut ::redis::Cmd| {
            command.arg(order);
        };
        self.run_alone(&self.shared.keys.receipt(key), &scripts::RECEIPT_DROP, fill).await.map(drop)
    }
}
