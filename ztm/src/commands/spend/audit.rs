//! `ztm spend audit`.

use anyhow::Result;

use crate::{cli::spend::AuditArgs, commands::Context, exit::BadNews};

/// Prints the equation of every tenant, or of one; fails if it does not hold.
pub async fn audit(ctx: &Context, args: &AuditArgs) -> Result<()> {
    let client = ctx.client().await?;
    let report = client.spend_audit(args.tenant.as_deref()).await?;
    if let (true, Some(tenant)) = (report.tenants.is_empty(), &args.tenant) {
        client.tenant_known(tenant).await?;
    }
    ctx.printer.show(&report)?;
    if report.holds {
        return Ok(());
    }
    let first = report.violations.first().map_or("", String::as_str);
    let more = match report.violations.len() {
        0 | 1 => String::new(),
        all => format!(" (and {} more)", all - 1),
    };
    Err(BadNews {
        code: "audit_failed",
        message: format!("the ledger does not add up: {first}{more}"),
        hint: Some("`ztm spend export --tenant TENANT` has the rows; keep a copy of the store as it is".to_owned()),
    }
    .into())
}
