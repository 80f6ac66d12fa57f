//! The machines that agents run on.

use async_trait::async_trait;

use crate::{error::Result, fleet::Fleet};

/// Somebody who knows them.
#[async_trait]
pub trait Fleets: Send + Sync + 'static {
    /// Every machine and every request for one, as they are now, each list by name. Store errors; `Forbidden` if this control
    /// plane may not look.
    async fn fleet(&self) -> Result<Fleet>;
}
