//! The Telegram Bot API.
//!
//! Owns the client and what its answers mean. Does not own texts (`chat`) nor when something is sent (`delivery`).
//!
//! # Design notes
//! Telegram takes the bot's token in the URL's path, so a URL of ours is a secret: it is stripped from every error, the
//! token is cut out of everything the other side says, redirects are not followed, and a plain `http` base URL is
//! accepted only for this machine (the double of the tests and the demo) or where somebody asked for it in so many words
//! (a Bot API server of one's own in the same private network).

pub mod messengers;

pub use messengers::{Settings, Telegram, bot_id_of};

/// Chooses the cryptography of every TLS client in this process, by name: several are linked, and rustls refuses to
/// guess. Call it before the first client is built; a repeat does nothing.
pub fn install_crypto_provider() {
    // Err: a provider is installed already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
