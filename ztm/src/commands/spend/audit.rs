//! `ztm spend audit`.

use anyhow::Result;

use crate::{commands::Context, exit::BadNews};

/// Prints the equation of every tenant; fails if it does not hold.
pub async fn audit(ctx: &Context) -> Result<()> {
    let report = ctx.client().await?.spend_audit().await?;
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
