//! `ztm spend report`.

use anyhow::Result;
use libtenancy::spend::By;

use crate::{cli::spend::ReportArgs, commands::Context};

/// Prints the ledger added up.
pub async fn report(ctx: &Context, args: ReportArgs) -> Result<()> {
    let by = By::from_label(&args.by).unwrap_or(By::Tenant);
    let (client, rows) = (ctx.client().await?, super::rows(args.rows));
    let report = client.spend_report(by, &rows).await?;
    if let (true, Some(tenant)) = (report.lines.is_empty(), &rows.tenant) {
        client.tenant_known(tenant).await?;
    }
    ctx.printer.show_rows(report, &args.listing)
}
