//! `ztm spend audit`.

use anyhow::{Result, bail};

use crate::commands::Context;

/// Prints the equation of every tenant; fails if it does not hold.
pub async fn audit(ctx: &Context) -> Result<()> {
    let report = ctx.client()?.spend_audit().await?;
    ctx.printer.show(&report)?;
    if !report.holds {
        bail!("the ledger does not add up: {}", report.violations.join("; "));
    }
    ctx.printer
        .note(&format!("{} rows: granted + refilled + adjusted = spent + expired + held + available", report.rows));
    if report.rollbacks > 0 {
        ctx.printer.note(&format!(
            "a store forgot {} times and was told; {} rows had not reached the ledger",
            report.rollbacks, report.lost_rows
        ));
    }
    Ok(())
}
