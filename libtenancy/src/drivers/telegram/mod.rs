//! The Telegram Bot API.
