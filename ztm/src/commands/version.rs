//! `ztm version`.

use std::time::Duration;

use anyhow::Result;

use super::wait_for;
use crate::{
    cli::status::VersionArgs, client::Client, commands::Context, discovery, settings::Settings, view::plane::Versions,
};

/// How long the control plane may take to say its version.
const PATIENCE: Duration = Duration::from_secs(1);

/// Prints the version of this command, and of the control plane if one answers.
pub fn version(ctx: &Context, args: &VersionArgs) -> Result<()> {
    let client = env!("CARGO_PKG_VERSION");
    let elsewhere = ctx.settings.orchestrator_url.is_some();
    if args.client || !(elsewhere || discovery::find(&ctx.settings.state_dir)?.is_some()) {
        return ctx.printer.show(&Versions { client, server: None });
    }
    wait_for(async {
        let timeout = ctx.settings.request_timeout.unwrap_or(PATIENCE);
        let settings = Settings { request_timeout: Some(timeout), ..ctx.settings.clone() };
        let server = match Client::connect(&settings).await?.status().await {
            Ok(status) => Some(status.version),
            Err(error) => {
                ctx.printer.warn(&format!("the control plane did not say its version: {}", error.chain()));
                None
            }
        };
        if server.as_ref().is_some_and(|server| server != client) {
            ctx.printer.warn("this command and the control plane are of different versions");
        }
        ctx.printer.show(&Versions { client, server })
    })
}
