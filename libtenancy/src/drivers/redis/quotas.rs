//! The accounts of tenants in Redis, kept with the queue.

use std::{fmt::Write as _, sync::atomic::Ordering, time::Duration};

use async_trait::async_trait;

use super::{
    Redis,
    connection::{POLL, classify},
    jobs::{GRACE, micros},
    rows::{Answer, damaged},
    scripts,
};
use crate::{
    clock::Timestamp,
    credits::{MAX_AMOUNT, MicroCredits},
    error::{Error, Result},
    jobs::{AgentId, JobEpoch, MAX_SCHEDULE},
    ledger::{MAX_GRANT_NAME, MAX_REFERENCE, Row, RowKind, reference_checked},
    partition::{QuotaPatch, Rollback, TurnAdmission, used_bounded},
    ports::quotas::{Outbox, Quotas},
    quota::{
        Account, Blocked, Grant, MAX_GRANTS, MIN_COST, NEVER, Quota, given_otherwise, grants_text, nothing_left,
        revocation,
    },
    tenant::TenantId,
};

/// Jobs that one step of closing a tenant forgets.
const CLOSE: usize = 500;

fn account(answer: &mut Answer) -> Result<Account> {
    answer.fields()?.account()
}

/// Refuses what scripts do not count exactly.
fn quantity_checked(quantity: i64) -> Result<()> {
    if (0..1 << 53).contains(&quantity) {
        return Ok(());
    }
    Err(Error::invalid("quantity", "it must be from 0 to 2^53 - 1"))
}

#[async_trait]
impl Quotas for Redis {
    async fn quota_set(&self, tenant: &TenantId, patch: &QuotaPatch) -> Result<Account> {
        // What is there is within bounds: only the patch can be out of them.
        patch.apply(Quota::default())?;
        let budget = match patch.budget {
            None => String::new(),
            Some(None) => "-".to_owned(),
            Some(Some(budget)) => format!("{}|{}|{}", budget.period.label(), budget.limit.0, u8::from(budget.hard)),
        };
        let number = |number: Option<i64>| number.map_or(String::new(), |number| number.to_string());
        let mut answer = self
            .run(self.partition_of(tenant), &scripts::QUOTA_SET, |command| {
                command.arg(tenant.as_str());
                command.arg(number(patch.rate.map(|rate| rate.0))).arg(number(patch.burst.map(|burst| burst.0)));
                command.arg(number(patch.weight.map(i64::from))).arg(number(patch.max_running.map(i64::from)));
                command.arg(&budget);
                for count in [patch.so_far.ledger, patch.so_far.account] {
                    command.arg(count.period).arg(count.spent.0).arg(count.granted.0);
                }
            })
            .await?;
        account(&mut answer)
    }

    async fn account_get(&self, tenant: &TenantId) -> Result<Option<Account>> {
        let mut answer = self
            .run(self.partition_of(tenant), &scripts::ACCOUNT, |command| {
                command.arg(tenant.as_str());
            })
            .await?;
        let now = answer.time()?.ok_or_else(|| damaged("time"))?;
        let fields = answer.fields()?;
        if fields.is_empty() {
            return Ok(None);
        }
        let mut account = fields.account()?;
        account.touch(now);
        Ok(Some(account))
    }

    async fn credits_grant(&self, tenant: &TenantId, name: &str, grant: Grant) -> Result<Account> {
        reference_checked("name", name, MAX_GRANT_NAME)?;
        if !(Timestamp::from_micros(0)..=NEVER).contains(&grant.expires_at) {
            return Err(Error::invalid("expires_at", "it must be from 1970 to 2255"));
        }
        let mut answer = self
            .run(self.partition_of(tenant), &scripts::GRANT, |command| {
                command.arg(tenant.as_str()).arg(name).arg(grant.amount.0).arg(grant.expires_at.as_micros());
            })
            .await?;
        match answer.word.as_str() {
            "OK" => account(&mut answer),
            "AMOUNT" => Err(match grant.amount.bounded("amount", MIN_COST, MAX_AMOUNT) {
                Err(error) => error,
                Ok(_) => Error::internal("a script refused an amount that is within bounds"),
            }),
            "OTHER" => Err(given_otherwise(name)),
            "FULL" => Err(Error::Overloaded { reason: format!("the tenant has {MAX_GRANTS} live grants already") }),
            _ => Err(Error::invalid("amount", format!("the account would hold more than {MAX_AMOUNT} credits"))),
        }
    }

    async fn credits_revoke(&self, tenant: &TenantId, name: &str, amount: MicroCredits) -> Result<Account> {
        reference_checked("name", name, MAX_GRANT_NAME)?;
        let (name, minus) = revocation(name, amount)?;
        let mut answer = self
            .run(self.partition_of(tenant), &scripts::REVOKE, |command| {
                command.arg(tenant.as_str()).arg(&name).arg(minus.0);
            })
            .await?;
        match answer.word.as_str() {
            "OK" => account(&mut answer),
            "OTHER" => Err(given_otherwise(&name)),
            _ => Err(nothing_left(tenant)),
        }
    }

    async fn turn_admit(
        &self,
        tenant: &TenantId,
        agent: &AgentId,
        key: &str,
        amount: MicroCredits,
        ttl: Duration,
    ) -> Result<TurnAdmission> {
        reference_checked("key", key, MAX_REFERENCE)?;
        let amount = amount.bounded("amount", MicroCredits::ZERO, MAX_AMOUNT)?;
        let mut answer = self
            .run(self.partition_of(tenant), &scripts::TURN_ADMIT, |command| {
                command.arg(tenant.as_str()).arg(agent.as_str()).arg(key).arg(amount.0);
                command.arg(micros(ttl.min(MAX_SCHEDULE)));
            })
            .await?;
        Ok(match answer.word.as_str() {
            "OK" => TurnAdmission::Admitted { epoch: JobEpoch(answer.number()?) },
            "SETTLED" => TurnAdmission::Settled,
            _ => {
                let (reason, until) = (answer.text()?, answer.number::<i64>()?);
                let at = Timestamp::from_micros(until);
                TurnAdmission::Blocked(if reason == "budget" {
                    Blocked::Budget { until: at }
                } else {
                    Blocked::Credits { until: (until > 0).then_some(at) }
                })
            }
        })
    }

    async fn turn_settle(&self, tenant: &TenantId, key: &str, epoch: JobEpoch, used: MicroCredits) -> Result<()> {
        let conflict = || Error::conflict("turn", key, "its hold is not this caller's any more");
        if reference_checked("key", key, MAX_REFERENCE).is_err() {
            return Err(conflict());
        }
        let answer = self
            .run(self.partition_of(tenant), &scripts::TURN_SETTLE, |command| {
                command.arg(tenant.as_str()).arg(key).arg(epoch.0).arg(used_bounded(used).0);
            })
            .await?;
        if answer.word == "OK" { Ok(()) } else { Err(conflict()) }
    }

    async fn usage_record(&self, tenant: &TenantId, kind: RowKind, reference: &str, quantity: i64) -> Result<()> {
        reference_checked("reference", reference, MAX_REFERENCE)?;
        quantity_checked(quantity)?;
        self.run(self.partition_of(tenant), &scripts::USAGE, |command| {
            command.arg(tenant.as_str()).arg(kind.label()).arg(reference).arg(quantity);
        })
        .await
        .map(|_| ())
    }

    async fn tenant_close(&self, tenant: &TenantId) -> Result<bool> {
        let mut answer = self
            .run(self.partition_of(tenant), &scripts::CLOSE, |command| {
                command.arg(tenant.as_str()).arg(CLOSE);
            })
            .await?;
        Ok(answer.number::<u8>()? == 1)
    }

    async fn outbox_read(&self, partition: u16, limit: usize) -> Result<Outbox> {
        let mut answer = self
            .run_as_of(partition, &scripts::OUTBOX_READ, 0, |command| {
                command.arg(limit.min(100_000));
            })
            .await?;
        let mut outbox = Outbox { seq: answer.seq, incarnation: answer.number()?, rows: Vec::new() };
        let trimmed: u64 = answer.number()?;
        while !answer.is_over() {
            for line in answer.text()?.lines() {
                let row = Row::parse(line).ok_or_else(|| damaged(&format!("row {line:?}")))?;
                if row.seq > trimmed {
                    outbox.rows.push(row);
                }
            }
        }
        outbox.rows.truncate(limit);
        Ok(outbox)
    }

    async fn outbox_trim(&self, partition: u16, seq: u64) -> Result<()> {
        self.run(partition, &scripts::OUTBOX_TRIM, |command| {
            command.arg(seq.min((1 << 53) - 2));
        })
        .await
        .map(|_| ())
    }

    async fn outbox_wait(&self, partition: u16, until: Timestamp) -> Result<()> {
        self.known(partition)?;
        let key = self.shared.keys.outbox(partition);
        let wait = until.since(self.now());
        let Some(connection) = self.shared.link.blocking().await? else {
            let mut command = ::redis::cmd("XLEN");
            command.arg(&key);
            let look = async {
                loop {
                    let length = self.shared.link.send(&command).await.map_err(classify)?;
                    if !matches!(length, ::redis::Value::Int(0)) {
                        return Ok(());
                    }
                    tokio::time::sleep(POLL).await;
                }
            };
            return tokio::time::timeout(wait, look).await.unwrap_or(Ok(()));
        };
        let mut command = ::redis::cmd("XREAD");
        command.arg("COUNT").arg(1).arg("BLOCK").arg(wait.as_millis().max(1).to_string());
        command.arg("STREAMS").arg(&key).arg("0-0");
        match self.shared.link.read_blocking(connection, &command, wait + GRACE).await {
            Err(error) if error.code() != Some("UNBLOCKED") => Err(classify(error)),
            _ => Ok(()),
        }
    }

    fn position_seen(&self, partition: u16, seq: u64) {
        if let Some(seen) = self.seen(partition) {
            seen.fetch_max(seq, Ordering::AcqRel);
        }
    }

    fn position_highest(&self, partition: u16) -> u64 {
        self.seen(partition).map_or(0, |seen| seen.load(Ordering::Acquire))
    }

    async fn partition_rollback(&self, partition: u16, plan: &Rollback) -> Result<MicroCredits> {
        let mut settled = String::new();
        for job in &plan.settled {
            // Writing to a string cannot fail.
            let _ = writeln!(settled, "{}|{}|{}", job.id.tenant(), job.id.serial(), job.label);
        }
        let mut accounts = String::new();
        for (tenant, after) in &plan.accounts {
            let _ = writeln!(
                accounts,
                "{tenant}|{}|{}|{}|{}|{}|{}|{}|{}|{}",
                after.bucket.0,
                grants_text(&after.grants),
                after.held.0,
                after.refilled_at.as_micros(),
                after.remainder,
                after.period,
                after.period_text(),
                after.noticed,
                plan.quotas.get(tenant).map(Quota::text).unwrap_or_default()
            );
        }
        let mut turns = String::new();
        for turn in &plan.turns {
            let _ = writeln!(turns, "{}|{}|{}", turn.tenant, turn.key, u8::from(turn.settled));
        }
        let agreed = plan.agreed.map(|seq| seq.to_string()).unwrap_or_default();
        let mut booked = String::new();
        for (tenant, kind, reference) in &plan.booked {
            let _ = writeln!(booked, "{tenant}|{}|{reference}", kind.label());
        }
        let mut answer = self
            .run_as_of(partition, &scripts::ROLLBACK, 0, |command| {
                command.arg(plan.incarnation).arg(plan.seq).arg(&settled).arg(&accounts).arg(&turns);
                command.arg(&agreed).arg(&booked).arg(plan.at.as_micros());
            })
            .await?;
        Ok(MicroCredits(answer.number()?))
    }
}
