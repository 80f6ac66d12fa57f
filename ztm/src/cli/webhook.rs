//! `ztm webhook`.

use clap::{Args, Subcommand};

use super::global::DryRunArgs;

/// The verbs of `ztm webhook`.
#[derive(Debug, Subcommand)]
pub enum WebhookCommand {
    /// Tell Telegram where to deliver a tenant's messages
    #[command(
        long_about = "Tell Telegram where to deliver a tenant's messages\n\n\
            This happens by itself when a tenant gets a bot and the control plane knows its public URL. A repeat does no \
            harm, and messages that wait at Telegram are kept.",
        after_help = "Examples:\n  ztm webhook register alice\n  \
            ztm webhook register alice --base-url https://bots.example.com"
    )]
    Register(RegisterArgs),
    /// Tell Telegram to stop delivering a tenant's messages; it keeps them for a day
    #[command(aliases = ["remove", "rm"], after_help = "Example:\n  ztm webhook delete alice")]
    Delete(WebhookDeleteArgs),
    /// Show what Telegram knows of a tenant's webhook
    #[command(after_help = "Example:\n  ztm webhook info alice -o json")]
    Info(WebhookArgs),
}

/// Which tenant.
#[derive(Debug, Args)]
pub struct WebhookArgs {
    /// The tenant
    #[arg(value_name = "TENANT")]
    pub tenant: String,
}

/// `ztm webhook delete`.
#[derive(Debug, Args)]
pub struct WebhookDeleteArgs {
    /// The tenant
    #[arg(value_name = "TENANT")]
    pub tenant: String,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}

/// `ztm webhook register`.
#[derive(Debug, Args)]
pub struct RegisterArgs {
    /// The tenant
    #[arg(value_name = "TENANT")]
    pub tenant: String,

    /// The router's URL as Telegram reaches it [default: the control plane's public URL]
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}
