//! Spend: what the ledger says, and the leader's loop that keeps it up to date.
//!
//! Owns the report, the audit and the export. Does not own rows (`ledger`), how they come there (`outbox`), nor what they
//! cost elsewhere (`nodes`, later).
//!
//! # Design notes
//! Reports read rows and nothing else, so what they say can be checked by anybody who has the rows; only the present runs of
//! agents, which have no row yet, stand beside them in a field of their own. A row's time is the store's. Money is credits times the configured price, in whole millionths, rounded down per line.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    api::{
        LedgerView,
        spend::{AuditReport, LedgerRow, LedgerRows, SpendLine, SpendReport, TenantTotals},
    },
    clock::Timestamp,
    credits::CREDIT,
    error::{Error, Result},
    ledger::{Audit, Row, RowKind, Totals},
    operation::lock,
    outbox,
    partition::QuotaPatch,
    ports::{
        jobs::partition_of,
        ledgers::{Entry, RowFilter},
        tenants::Filter,
    },
    quota::{Account, Count, SoFar},
    tenancy::Tenancy,
    tenant::{Status, Tenant, TenantId},
};

/// Rows that are read at once.
const READ: usize = 5_000;

/// The longest a copy waits for a signal.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// The pause after a store error.
const PAUSE: Duration = Duration::from_secs(1);

/// What the copying has come to in this process.
#[derive(Debug, Default)]
pub(crate) struct LedgerState {
    appended: u64,
    rollbacks: u64,
    lost_rows: u64,
    failing: Option<String>,
}

impl LedgerState {
    pub(crate) fn view(&self) -> LedgerView {
        LedgerView {
            appended: self.appended,
            rollbacks: self.rollbacks,
            lost_rows: self.lost_rows,
            failing: self.failing.clone(),
        }
    }
}

/// How a report adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// One line a tenant.
    Tenant,
    /// One line an agent of a tenant.
    Agent,
    /// One line a day, UTC.
    Day,
}

impl By {
    /// Every word.
    pub const LABELS: [&str; 3] = ["tenant", "agent", "day"];

    /// The word.
    pub fn label(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Agent => "agent",
            Self::Day => "day",
        }
    }

    /// By its word.
    pub fn from_label(label: &str) -> Option<Self> {
        [Self::Tenant, Self::Agent, Self::Day].into_iter().find(|by| by.label() == label)
    }
}

impl Tenancy {
    /// Tells the job plane how far every ledger is, before anything is claimed: a store that is behind is found at once.
    pub(crate) async fn ledger_positions(&self) -> Result<()> {
        for partition in 0..self.drivers().jobs.settings().partitions {
            let head = self.drivers().ledgers.ledger_head(partition).await?;
            self.drivers().quotas.position_seen(partition, head.seq);
        }
        Ok(())
    }

    /// Copies a partition's outbox to its ledger, until the leader stops leading.
    pub(crate) async fn ledger_run(&self, partition: u16) {
        let quotas = &self.drivers().quotas;
        loop {
            match self.ledger_copy(partition).await {
                Ok(more) => {
                    lock(&self.inner.ledger_state).failing = None;
                    if more {
                        continue;
                    }
                    if quotas.outbox_wait(partition, self.now() + LOOK_AGAIN).await.is_ok() {
                        continue;
                    }
                }
                Err(error) => {
                    tracing::warn!(partition, error = error.chain(), "ledger not written; rows wait in the outbox");
                    lock(&self.inner.ledger_state).failing = Some(error.chain());
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Copies what waits of all partitions: the last thing that a control plane does, so that what it did last is in the
    /// ledger. What cannot be copied waits in the outboxes for the next leader.
    pub(crate) async fn ledger_flush(&self) {
        for partition in 0..self.drivers().jobs.settings().partitions {
            loop {
                match self.ledger_copy(partition).await {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        tracing::warn!(partition, error = error.chain(), "ledger not written; rows wait in the outbox");
                        return;
                    }
                }
            }
        }
    }

    /// Copies what waits, up to a limit; whether there may be more at once.
    async fn ledger_copy(&self, partition: u16) -> Result<bool> {
        let copied = outbox::copy(&*self.drivers().quotas, &*self.drivers().ledgers, partition).await?;
        for row in &copied.rows {
            self.budget_notice(row);
        }
        let mut state = lock(&self.inner.ledger_state);
        state.appended += copied.rows.len() as u64;
        if let Some(recovery) = copied.recovery {
            state.rollbacks += 1;
            state.lost_rows += recovery.lost_rows;
        }
        Ok(copied.recovery.is_some() || !copied.rows.is_empty())
    }

    /// Says once a period that a budget is nearly, or wholly, used up: in the log, and with the next answer in the chat.
    fn budget_notice(&self, row: &Row) {
        let Some(percent) = row.deltas.notice else { return };
        tracing::warn!(tenant = %row.tenant, percent, "the budget of the period is used");
        lock(&self.inner.budget_notices).insert(row.tenant.clone(), percent);
    }

    // --- reading --------------------------------------------------------------------------------------------------------

    /// Calls `each` with every row of a filter, partition by partition, in order.
    async fn rows_each(&self, filter: &RowFilter, mut each: impl FnMut(u16, &Entry) + Send) -> Result<()> {
        for partition in self.drivers().ledgers.ledger_partitions().await? {
            self.rows_each_of(partition, filter, &mut each).await?;
        }
        Ok(())
    }

    /// Calls `each` with every row of a filter in one partition, in order.
    async fn rows_each_of(
        &self,
        partition: u16,
        filter: &RowFilter,
        each: &mut (impl FnMut(u16, &Entry) + Send),
    ) -> Result<()> {
        let mut after = 0;
        loop {
            let page = self.drivers().ledgers.ledger_rows(partition, filter, after, READ).await?;
            for entry in &page {
                each(partition, entry);
            }
            match page.last() {
                Some(last) if page.len() == READ => after = last.row.seq,
                _ => return Ok(()),
            }
        }
    }

    /// What was granted, used and kept waiting, added up, and how long the present runs of agents took so far. Reads the rows of
    /// the filter and the tenants that are not idle.
    pub async fn spend_report(&self, by: By, filter: &RowFilter) -> Result<SpendReport> {
        let now = self.now();
        let runs = self.runs_now(filter, now).await?;
        self.report(by, filter, (&runs, now)).await
    }

    /// The same of the rows alone.
    pub(crate) async fn spend_booked(&self, by: By, filter: &RowFilter) -> Result<SpendReport> {
        self.report(by, filter, (&[], self.now())).await
    }

    async fn report(
        &self,
        by: By,
        filter: &RowFilter,
        (runs, now): (&[(TenantId, Duration)], Timestamp),
    ) -> Result<SpendReport> {
        let mut lines: BTreeMap<(String, String), SpendLine> = BTreeMap::new();
        let mut total = SpendLine::default();
        self.rows_each(filter, |_, entry| {
            let row = &entry.row;
            let tenant = row.tenant.to_string();
            let key = match by {
                By::Tenant => (tenant, String::new()),
                By::Agent => (tenant, row.agent.as_ref().map(ToString::to_string).unwrap_or_default()),
                By::Day => (row.at.to_string().chars().take(10).collect(), String::new()),
            };
            line_add(lines.entry(key).or_default(), row);
            line_add(&mut total, row);
        })
        .await?;
        for (id, run) in runs {
            let key = match by {
                By::Tenant | By::Agent => (id.to_string(), String::new()),
                By::Day => (now.to_string().chars().take(10).collect(), String::new()),
            };
            let micros = u64::try_from(run.as_micros()).unwrap_or(u64::MAX);
            for line in [lines.entry(key).or_default(), &mut total] {
                line.running_now_s = line.running_now_s.saturating_add(micros);
            }
        }
        let price = self.inner.config.price_micros_per_credit;
        let priced = |mut line: SpendLine| {
            line.money_micros = price.map(|price| money(line.spent.0, price));
            for time in [&mut line.running_s, &mut line.running_now_s, &mut line.idle_s, &mut line.warm_s] {
                *time /= 1_000_000;
            }
            line
        };
        let lines = lines
            .into_iter()
            .map(|((first, second), line)| {
                let mut line = priced(line);
                match by {
                    By::Day => line.day = Some(first),
                    By::Tenant => line.tenant_id = Some(first),
                    By::Agent => {
                        line.tenant_id = Some(first);
                        line.agent_id = (!second.is_empty()).then_some(second);
                    }
                }
                line
            })
            .collect();
        Ok(SpendReport {
            by: by.label().to_owned(),
            from: filter.from,
            to: filter.to,
            lines,
            total: priced(total),
            price_micros_per_credit: price,
        })
    }

    /// What a tenant spent, and was granted, in the present period of a budget that its quota did not have so: what the ledger
    /// knows, and what waits to be copied there. Nothing where the patch leaves the period.
    pub(crate) async fn spent_so_far(&self, id: &TenantId, patch: &QuotaPatch) -> Result<SoFar> {
        let Some(Some(budget)) = patch.budget else { return Ok(SoFar::default()) };
        let account = self.drivers().quotas.account_get(id).await?;
        let is_other = |account: &Account| account.quota.budget.map(|old| old.period) != Some(budget.period);
        let Some(account) = account.filter(is_other) else { return Ok(SoFar::default()) };
        let now = self.now();
        let (from, period) = (budget.period.began(now), budget.period.at(now).0);
        let partition = partition_of(id, self.drivers().jobs.settings().partitions);
        // Read first: what is copied meanwhile is in both, and known by its number.
        let outbox = self.drivers().quotas.outbox_read(partition, outbox::READ_ALL).await?;
        let mut so_far = SoFar { ledger: Count { period, ..Count::default() }, account: account.counted() };
        let mut last = 0;
        let filter = RowFilter { tenant: Some(id.clone()), from: Some(from), ..RowFilter::default() };
        self.rows_each(&filter, |of, entry| {
            so_far.count(&entry.row);
            if of == partition {
                (last, so_far.account) = (entry.row.seq, entry.row.after.counted());
            }
        })
        .await?;
        for row in outbox.rows.iter().filter(|row| row.tenant == *id && row.at >= from && row.seq > last) {
            so_far.count(row);
            so_far.account = row.after.counted();
        }
        Ok(so_far)
    }

    /// How long agents have run that run still: what a row would say if they stopped now, so far as the filter has rows of now.
    async fn runs_now(&self, filter: &RowFilter, now: Timestamp) -> Result<Vec<(TenantId, Duration)>> {
        if filter.from.is_some_and(|from| now < from) || filter.to.is_some_and(|to| now >= to) {
            return Ok(Vec::new());
        }
        let runs = |tenant: Tenant| {
            let since = tenant.lifecycle.since;
            matches!(tenant.lifecycle.status, Status::Running { .. }).then(|| (tenant.id, now.since(since)))
        };
        if let Some(id) = &filter.tenant {
            return Ok(self.drivers().tenants.tenant_get(id).await?.and_then(runs).into_iter().collect());
        }
        let active = Filter { active: true, ..Filter::default() };
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.drivers().tenants.tenant_list(&active, after.as_ref(), READ).await?;
            all.extend(page.items.into_iter().filter_map(runs));
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// Proves from the ledger alone that no credit was made or lost, of all tenants or of one, and looks whether all of it has
    /// reached the ledger. For one it reads its partition, whose chain its rows stand in, and leaves out the others' books.
    pub async fn spend_audit(&self, tenant: Option<&TenantId>) -> Result<AuditReport> {
        let partitions = self.drivers().jobs.settings().partitions;
        let only = tenant.map(|tenant| partition_of(tenant, partitions));
        let mut audits: BTreeMap<u16, Audit> = BTreeMap::new();
        let mut each = |partition: u16, entry: &Entry| {
            audits.entry(partition).or_insert_with(|| Audit::new(partition)).row(&entry.row, &entry.hash);
        };
        match only {
            Some(partition) => self.rows_each_of(partition, &RowFilter::default(), &mut each).await?,
            None => self.rows_each(&RowFilter::default(), each).await?,
        }
        let mut report = AuditReport {
            holds: true,
            rows: 0,
            rollbacks: 0,
            lost_rows: 0,
            undrained: 0,
            totals: Totals::default(),
            tenants: Vec::new(),
            violations: Vec::new(),
        };
        for partition in (0..partitions).filter(|partition| only.is_none_or(|only| only == *partition)) {
            let read_to = audits.get(&partition).map_or(0, |audit| audit.head().seq);
            let outbox = self.drivers().quotas.outbox_read(partition, 1).await?;
            report.undrained += outbox.seq.saturating_sub(read_to);
        }
        for audit in audits.into_values() {
            let result = audit.finish();
            report.rows += result.rows;
            report.rollbacks += result.rollbacks;
            report.lost_rows += result.lost_rows;
            let meant = |other: &TenantId| tenant.is_none_or(|tenant| tenant == other);
            let violations = result.violations.iter().filter(|violation| violation.tenant.as_ref().is_none_or(meant));
            report.violations.extend(violations.map(|violation| {
                format!("partition {}, row {}: {}", violation.partition, violation.seq, violation.what)
            }));
            for (id, totals) in result.tenants.into_iter().filter(|(id, _)| meant(id)) {
                report.totals.add(&totals);
                report.tenants.push(TenantTotals { tenant_id: id.to_string(), totals });
            }
        }
        report.tenants.sort_by(|a, b| a.tenant_id.cmp(&b.tenant_id));
        report.holds = report.violations.is_empty();
        Ok(report)
    }

    /// One page of rows, partition by partition; `after` is `PARTITION:SEQ` of the last row seen.
    pub async fn spend_rows(&self, filter: &RowFilter, after: Option<&str>, limit: usize) -> Result<LedgerRows> {
        let (first, mut seq) = match after {
            None => (0, 0),
            Some(text) => text
                .split_once(':')
                .and_then(|(partition, seq)| Some((partition.parse().ok()?, seq.parse().ok()?)))
                .ok_or_else(|| Error::invalid("after", "it must be PARTITION:SEQ, as the page before gave it"))?,
        };
        let mut rows = Vec::new();
        for partition in self.drivers().ledgers.ledger_partitions().await?.into_iter().filter(|p| *p >= first) {
            let from = if partition == first { std::mem::take(&mut seq) } else { 0 };
            let page = self.drivers().ledgers.ledger_rows(partition, filter, from, limit - rows.len()).await?;
            rows.extend(page.iter().map(|entry| LedgerRow::new(partition, entry)));
            if rows.len() >= limit {
                break;
            }
        }
        let next = rows.last().filter(|_| rows.len() >= limit).map(|row| format!("{}:{}", row.partition, row.seq));
        Ok(LedgerRows { rows, next })
    }

    /// Books time or bytes; a failure is logged: it is a line of a report, and no credit moves by it.
    pub(crate) async fn usage_book(&self, tenant: &TenantId, kind: RowKind, reference: &str, quantity: u128) {
        let quantity = i64::try_from(quantity).unwrap_or(i64::MAX).min((1 << 53) - 1);
        if let Err(error) = self.drivers().quotas.usage_record(tenant, kind, reference, quantity).await {
            tracing::warn!(%tenant, kind = kind.label(), error = error.chain(), "usage not booked");
        }
    }
}

/// Adds a row to a line; times stay in microseconds until the line is shown.
fn line_add(line: &mut SpendLine, row: &Row) {
    let d = &row.deltas;
    line.granted += d.granted;
    line.refilled += d.refilled;
    line.spent += d.spent;
    line.expired += d.expired;
    line.adjusted += d.adjusted;
    let quantity = u64::try_from(row.quantity).unwrap_or(0);
    match row.kind {
        RowKind::Settle => line.settled += 1,
        RowKind::Reclaim => line.reclaimed += 1,
        RowKind::Running => line.running_s += quantity,
        RowKind::Idle => line.idle_s += quantity,
        RowKind::Warm => line.warm_s += quantity,
        RowKind::Snapshot => line.snapshot_bytes += quantity,
        RowKind::Opening | RowKind::Grant | RowKind::Configure | RowKind::Hold | RowKind::Close | RowKind::Rollback => {
        }
    }
}

/// Credits in money, both in millionths, rounded down.
fn money(micro_credits: i64, price: u64) -> u64 {
    let spent = u128::from(u64::try_from(micro_credits).unwrap_or(0));
    u64::try_from(spent * u128::from(price) / u128::from(CREDIT.unsigned_abs())).unwrap_or(u64::MAX)
}

/// Times of a filter from outside: `from` before `to`.
pub fn filter_checked(filter: RowFilter) -> Result<RowFilter> {
    let backwards = |from: Timestamp, to: Timestamp| from >= to;
    match (filter.from, filter.to) {
        (Some(from), Some(to)) if backwards(from, to) => Err(Error::invalid("to", "it must be later than `from`")),
        _ => Ok(filter),
    }
}
