//! The chat on the other side.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{error::Result, secret::Secret, tenant::BotId};

/// What the messenger says of a bot's webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookInfo {
    /// The registered URL; empty if none.
    pub url: String,
    /// Updates that wait at the messenger.
    #[serde(default)]
    pub pending_update_count: u64,
    /// What the last failed delivery said.
    #[serde(default)]
    pub last_error_message: Option<String>,
}

/// A messenger. No error carries the token, whatever the messenger or the network said.
///
/// Errors: `Unavailable` (certainly not done), `OutcomeUnknown` (perhaps done), `RateLimited`, `ChatMigrated`,
/// `Refused` (for good: blocked, chat gone, bad token).
#[async_trait]
pub trait Messengers: Send + Sync + 'static {
    /// Sends a text of at most [`crate::chat::MAX_MESSAGE_UNITS`] UTF-16 units; the message's id. Not idempotent.
    async fn text_send(&self, token: &Secret, chat: i64, text: &str) -> Result<i64>;

    /// Replaces the text of a message of ours. A repeat with the same text is no error.
    async fn text_edit(&self, token: &Secret, chat: i64, message: i64, text: &str) -> Result<()>;

    /// Shows "typing" for up to 5 s.
    async fn typing_send(&self, token: &Secret, chat: i64) -> Result<()>;

    /// Ends the button's spinner.
    async fn callback_answer(&self, token: &Secret, callback: &str) -> Result<()>;

    /// Registers the webhook with one connection at a time and exactly the update kinds we read. A repeat is no error;
    /// pending updates are kept.
    async fn webhook_set(&self, token: &Secret, url: &str, secret: &Secret) -> Result<()>;

    /// Removes the webhook; pending updates are kept. A repeat is no error.
    async fn webhook_delete(&self, token: &Secret) -> Result<()>;

    /// What is registered.
    async fn webhook_info(&self, token: &Secret) -> Result<WebhookInfo>;

    /// The bot that the token belongs to. `Refused` if the messenger does not know it.
    async fn bot_get(&self, token: &Secret) -> Result<BotId>;
}
