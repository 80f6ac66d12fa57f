//! `ztm spend report`.

use anyhow::Result;
use libtenancy::spend::By;

use crate::{cli::spend::ReportArgs, commands::Context};

/// Prints the ledger added up.
pub async fn report(ctx: &Context, args: ReportArgs) -> Result<()> {
    let by = By::from_label(&args.by).unwrap_or(By::Tenant);
    let report = ctx.client().await?.spend_report(by, &super::rows(args.rows)).await?;
    ctx.printer.show_rows(report, &args.listing)
}
