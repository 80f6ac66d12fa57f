//! Reports, audits and rows of the ledger.

use std::borrow::Cow;

use comfy_table::{Cell, Color};
use libtenancy::api::spend::{AuditReport, LedgerRow, SpendLine, SpendReport};

use crate::listing::column::{Column, Measure, column, measured};

use super::{Look, Show, ShowRows, cell, number, size, span};

/// The fields that every row of the listing has.
pub(super) const COLUMNS: &[&str] = &[
    "tenant_id",
    "agent_id",
    "day",
    "granted",
    "refilled",
    "spent",
    "expired",
    "adjusted",
    "money_micros",
    "settled",
    "reclaimed",
    "running_s",
    "running_now_s",
    "idle_s",
    "warm_s",
    "snapshot_bytes",
];

fn name(line: &SpendLine) -> String {
    match (&line.day, &line.tenant_id, &line.agent_id) {
        (Some(day), ..) => day.clone(),
        (None, Some(tenant), Some(agent)) => format!("{tenant}/{agent}"),
        (None, Some(tenant), None) => tenant.clone(),
        (None, None, _) => "total".to_owned(),
    }
}

/// Money as it is written: at least two decimals, more where they are not zero.
fn money(micros: u64) -> String {
    let decimals = format!("{:06}", micros % 1_000_000);
    let more = decimals[2..].trim_end_matches('0');
    format!("{}.{}{more}", micros / 1_000_000, &decimals[..2])
}

/// How long agents ran, and behind a plus how long those have so far that still run.
fn running(line: &SpendLine) -> String {
    let time = |seconds| span(std::time::Duration::from_secs(seconds));
    match line.running_now_s {
        0 => time(line.running_s),
        now => format!("{}+{}", time(line.running_s), time(now)),
    }
}

/// Two lines in one, which is called as the first is.
pub(crate) fn added(mut sum: SpendLine, line: SpendLine) -> SpendLine {
    sum.granted += line.granted;
    sum.refilled += line.refilled;
    sum.spent += line.spent;
    sum.expired += line.expired;
    sum.adjusted += line.adjusted;
    sum.money_micros = sum.money_micros.zip(line.money_micros).map(|(one, other)| one.saturating_add(other));
    sum.settled += line.settled;
    sum.reclaimed += line.reclaimed;
    sum.running_s += line.running_s;
    sum.running_now_s += line.running_now_s;
    sum.idle_s += line.idle_s;
    sum.warm_s += line.warm_s;
    sum.snapshot_bytes += line.snapshot_bytes;
    sum
}

impl Show for SpendReport {
    fn text(&self, look: &Look) -> String {
        let first = self.by.to_uppercase();
        let narrow = [first.as_str(), "SPENT", "MONEY", "SETTLED", "LAPSED", "RUNNING", "IDLE", "WARM"];
        let more = ["GRANTED", "REFILLED", "EXPIRED", "ADJUSTED", "SNAPSHOTS"];
        let row = |line: &SpendLine| -> Vec<Cell> {
            let time = |seconds| cell(span(std::time::Duration::from_secs(seconds)));
            let mut row = vec![
                cell(name(line)),
                number(line.spent),
                number(line.money_micros.map_or("-".to_owned(), money)),
                number(line.settled),
                number(line.reclaimed),
                cell(running(line)),
                time(line.idle_s),
                time(line.warm_s),
            ];
            if look.wide {
                row.extend([line.granted, line.refilled, line.expired, line.adjusted].map(number));
                row.push(cell(size(line.snapshot_bytes)));
            }
            row
        };
        let header: Vec<&str> = if look.wide { narrow.into_iter().chain(more).collect() } else { narrow.into() };
        look.table(&header, self.lines.iter().chain([&self.total]).map(row))
    }

    fn names(&self) -> Vec<String> {
        self.lines.iter().map(name).collect()
    }

    fn rows_name(&self) -> Option<&'static str> {
        Some("lines")
    }

    fn columns(&self) -> &'static [&'static str] {
        COLUMNS
    }
}

impl ShowRows for SpendReport {
    type Row = SpendLine;

    fn rows_mut(&mut self) -> &mut Vec<SpendLine> {
        &mut self.lines
    }

    fn narrowed(&mut self) -> Option<&'static str> {
        let priced = self.total.money_micros.map(|_| 0);
        let none = SpendLine { money_micros: priced, ..SpendLine::default() };
        self.total = self.lines.iter().cloned().fold(none, added);
        Some("the total is that of the rows which `--filter` chooses")
    }

    fn columns_as() -> &'static [Column] {
        const {
            &[
                column("tenant", "tenant_id"),
                column("agent", "agent_id"),
                measured("money", "money_micros", Measure::Money),
                column("lapsed", "reclaimed"),
                measured("running", "running_s", Measure::Span),
                measured("idle", "idle_s", Measure::Span),
                measured("warm", "warm_s", Measure::Span),
                column("snapshots", "snapshot_bytes"),
            ]
        }
    }
}

impl Show for AuditReport {
    fn text(&self, look: &Look) -> String {
        let header = ["TENANT", "GRANTED", "REFILLED", "ADJUSTED", "SPENT", "EXPIRED", "HELD", "AVAILABLE", "OFF BY"];
        let row = |name: &str, t: &libtenancy::ledger::Totals| {
            let mut row = vec![cell(name)];
            let terms = [t.granted, t.refilled, t.adjusted, t.spent, t.expired, t.held, t.available, t.imbalance()];
            row.extend(terms.map(number));
            row
        };
        let rows = self.tenants.iter().map(|tenant| row(&tenant.tenant_id, &tenant.totals));
        let table = look.table(&header, rows.chain([row("total", &self.totals)]));
        let verdict = if self.holds {
            cell("granted + refilled + adjusted = spent + expired + held + available").fg(Color::Green)
        } else {
            cell("it does not hold").fg(Color::Red)
        };
        let forgot = (self.rollbacks > 0).then(|| {
            cell(format!("{}; {} had not reached the ledger", self.rollbacks, super::counted(self.lost_rows, "row")))
        });
        let fields = [
            ("Verdict", Some(verdict)),
            ("Rows", Some(cell(self.rows.to_string()))),
            (
                "Not in the ledger yet",
                (self.undrained > 0).then(|| {
                    cell(format!(
                        "{} of the job plane, to be copied within seconds",
                        super::counted(self.undrained, "row")
                    ))
                }),
            ),
            ("Rollbacks", forgot),
        ];
        let violations = self.violations.iter().map(|violation| ("Violation", Some(cell(violation))));
        format!("{table}\n\n{}", look.fields(fields.into_iter().chain(violations)))
    }

    fn names(&self) -> Vec<String> {
        self.tenants.iter().map(|tenant| tenant.tenant_id.clone()).collect()
    }
}

/// The first line of an export.
pub const ROW_HEADER: &str = "partition,incarnation,seq,at,kind,tenant_id,agent_id,reference,attempt,granted,refilled,held,\
    spent,expired,adjusted,quantity,label,available_after,held_after,hash\n";

/// The name of a row: `PARTITION:SEQ`.
pub fn row_name(row: &LedgerRow) -> String {
    format!("{}:{}", row.partition, row.seq)
}

/// A text of an export, in quotes where it needs them.
fn quoted(text: &str) -> Cow<'_, str> {
    if text.contains([',', '"', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

/// A row of an export, without the line's end.
pub fn row_csv(row: &LedgerRow) -> String {
    format!(
        "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}",
        row.partition,
        row.incarnation,
        row.seq,
        row.at,
        quoted(&row.kind),
        quoted(&row.tenant_id),
        quoted(row.agent_id.as_deref().unwrap_or("")),
        quoted(&row.reference),
        row.attempt,
        row.granted,
        row.refilled,
        row.held,
        row.spent,
        row.expired,
        row.adjusted,
        row.quantity,
        quoted(&row.label),
        row.available_after,
        row.held_after,
        row.hash
    )
}

#[cfg(test)]
mod tests {
    use libtenancy::credits::MicroCredits;

    use super::*;

    #[test]
    fn the_total_of_a_choice_of_rows_is_their_own() {
        let line = |id: &str, spent, money| SpendLine {
            tenant_id: Some(id.to_owned()),
            spent: MicroCredits(spent),
            money_micros: money,
            ..SpendLine::default()
        };
        let mut report = SpendReport {
            by: "tenant".to_owned(),
            from: None,
            to: None,
            lines: vec![line("a", 2, Some(20)), line("b", 3, Some(30))],
            total: SpendLine { tenant_id: None, ..line("", 9, Some(90)) },
            price_micros_per_credit: None,
        };
        assert!(report.narrowed().is_some());
        let whole = &report.total;
        assert_eq!((whole.spent.0, whole.money_micros, &whole.tenant_id), (5, Some(50), &None));
        report.lines.clear();
        report.narrowed();
        assert_eq!((report.total.spent.0, report.total.money_micros), (0, Some(0)));
    }

    #[test]
    fn money_has_two_decimals_or_as_many_as_it_needs() {
        let shown = [0, 1, 10_000, 500_000, 20_000_000, 1_234_567].map(money);
        assert_eq!(shown, ["0.00", "0.000001", "0.01", "0.50", "20.00", "1.234567"]);
    }
}
