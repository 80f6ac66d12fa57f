//! The Telegram Bot API.

/// TEMP until the driver is merged.
pub fn bot_id_of(_: &crate::secret::Secret) -> crate::Result<crate::tenant::BotId> {
    Err(crate::Error::internal("driver"))
}
