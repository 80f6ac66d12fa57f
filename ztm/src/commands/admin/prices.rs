//! `ztm admin prices`.

use anyhow::Result;
use libtenancy::drivers::pricing;

use crate::{cli::admin::PricesArgs, commands::Context, view::admin::PriceTable};

/// Asks AWS for the prices of bare metal and prints them.
pub async fn prices(ctx: &Context, args: &PricesArgs) -> Result<()> {
    ctx.printer.show(&PriceTable(pricing::prices_fetch(&args.regions).await?))
}
