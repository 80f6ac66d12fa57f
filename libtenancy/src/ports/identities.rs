//! Who the bearer of a token is, as somebody says who can know it.

use async_trait::async_trait;

use crate::error::Result;

/// Somebody who can know it.
#[async_trait]
pub trait Identities: Send + Sync + 'static {
    /// The name of whom a token was made for, if it is good now and for this audience; `None` otherwise. Store errors.
    async fn identity_of(&self, token: &str, audience: &str) -> Result<Option<String>>;
}
