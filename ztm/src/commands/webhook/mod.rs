//! `ztm webhook`.

use anyhow::Result;

use crate::{cli::webhook::WebhookCommand, commands::Context};

pub mod delete;
pub mod info;
pub mod register;

/// Does what was asked.
pub(super) async fn run(ctx: &Context, command: WebhookCommand) -> Result<()> {
    match command {
        WebhookCommand::Register(args) => register::register(ctx, args).await,
        WebhookCommand::Delete(args) => delete::delete(ctx, &args).await,
        WebhookCommand::Info(args) => info::info(ctx, &args).await,
    }
}
