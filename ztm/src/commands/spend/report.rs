//! `ztm spend report`.

use anyhow::Result;
use libtenancy::{
    api::spend::{SpendLine, SpendReport},
    spend::By,
};

use crate::{
    cli::spend::ReportArgs,
    commands::{Context, bench::is_own_name},
    view::spend::added,
};

/// Whose the line of all tenants of benches is: no tenant's.
const BENCHES: &str = "bench-*";

/// Prints the ledger added up.
pub async fn report(ctx: &Context, args: ReportArgs) -> Result<()> {
    let by = By::from_label(&args.by).unwrap_or(By::Tenant);
    let folds = !args.bench_tenants && args.rows.tenant.is_none();
    let (client, rows) = (ctx.client().await?, super::rows(args.rows)?);
    let mut report = client.spend_report(by, &rows).await?;
    if let (true, Some(tenant)) = (report.lines.is_empty(), &rows.tenant) {
        client.tenant_known(tenant).await?;
    }
    let folded = if folds { fold(&mut report) } else { 0 };
    if folded > 0 {
        ctx.printer.note(&format!(
            "`{BENCHES}` is what tenants of `ztm bench` spent ({folded} lines); `--bench-tenants` shows each"
        ));
    }
    ctx.printer.show_rows(report, &args.listing)
}

/// Makes one line of those of benches' tenants, which are gone; how many there were.
fn fold(report: &mut SpendReport) -> usize {
    let is_a_benchs = |line: &SpendLine| line.tenant_id.as_deref().is_some_and(is_own_name);
    let (benches, others): (Vec<SpendLine>, Vec<SpendLine>) = report.lines.drain(..).partition(is_a_benchs);
    report.lines = others;
    let count = benches.len();
    if let Some(mut all) = benches.into_iter().reduce(added) {
        all.tenant_id = Some(BENCHES.to_owned());
        all.agent_id = None;
        let place = report.lines.partition_point(|line| line.tenant_id < all.tenant_id);
        report.lines.insert(place, all);
    }
    count
}

#[cfg(test)]
mod tests {
    use libtenancy::credits::MicroCredits;

    use super::*;

    #[test]
    fn what_benches_spent_is_one_line_and_nothing_is_lost() {
        let line = |id: &str, spent| SpendLine {
            tenant_id: Some(id.to_owned()),
            spent: MicroCredits(spent),
            money_micros: Some(2),
            ..SpendLine::default()
        };
        let lines = vec![
            line("alice", 1),
            line("bench-0a1b2c3d-000", 2),
            line("bench-0a1b2c3d-001", 3),
            line("bench-press", 4),
        ];
        let total = SpendLine { spent: MicroCredits(10), ..SpendLine::default() };
        let mut report =
            SpendReport { by: "tenant".to_owned(), from: None, to: None, lines, total, price_micros_per_credit: None };
        assert_eq!(fold(&mut report), 2);
        let told: Vec<_> = report.lines.iter().map(|line| (line.tenant_id.as_deref().unwrap(), line.spent.0)).collect();
        assert_eq!(told, [("alice", 1), ("bench-*", 5), ("bench-press", 4)]);
        assert_eq!(report.lines[1].money_micros, Some(4));
        assert_eq!(fold(&mut report), 0);
    }
}
