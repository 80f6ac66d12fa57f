//! `ztm webhook register`.

use anyhow::Result;
use libtenancy::Error;

use crate::{cli::webhook::RegisterArgs, commands::Context, exit::Hinted, settings};

/// What helps if nobody has said where Telegram is to deliver.
const NOWHERE: &str = "name it with `--base-url URL`; or for all tenants with `ztm up --public-url URL`, as `public_url` below `[up]` in \
    the configuration file, or as ZTM_PUBLIC_URL";

/// Registers a tenant's webhook at Telegram and prints it.
pub async fn register(ctx: &Context, args: RegisterArgs) -> Result<()> {
    let base_url = args.base_url.map(|url| settings::base_url("base_url", &url)).transpose()?;
    let said = base_url.is_some();
    let registered = ctx.client().await?.webhook_register(&args.tenant, base_url).await;
    let webhook = registered.map_err(|error| match error {
        Error::Invalid { field: "base_url", .. } if !said => Hinted::new(error, NOWHERE).into(),
        error => anyhow::Error::new(error),
    })?;
    ctx.printer.show(&webhook)
}
