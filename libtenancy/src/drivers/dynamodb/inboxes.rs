//! The inboxes in the table `tenant-inbox`: an item per update, and one per tenant for its delivery ([`record`]).
//!
//! # Design notes
//! - *One write stores.* An update is put on the condition that there is none of its key, with the attributes that make it
//!   pending: that it is stored, de-duplicated and found are one write. Its end is one write as well.
//! - *What is pending* is read consistently from a local index that has nothing else.
//! - *The limit* is counted before a put, while this process puts nothing else of the tenant: it is exact where one process
//!   takes a tenant's updates (Telegram delivers one at a time), and is passed by at most one update for each other process.
//! - *The fence.* Whoever writes under an epoch first reads, consistently, that this epoch delivers, and then writes the
//!   update on the condition that it is as it was read. A claim that comes between the two is followed by a take, which is such
//!   a write too: it either sees the earlier one's write, or makes it fail. So a write of an earlier epoch is as if it had come
//!   before the claim.
//! - *Counts* of what ended are kept in the tenant's item, written after the update's own end, together with the renewal of
//!   the claim. A death between the two leaves them one short; whoever claims the delivery after a death counts again. A
//!   possible repeat is counted before it is possible.
//! - An item takes 400 KB. A payload or a reply that has more than [`record`] says when compressed is refused.
//!
//! # A write whose first attempt was done and not answered
//! is sent again by the SDK, and then finds its own success: every write leaves a token.

mod listing;
mod record;

use async_trait::async_trait;

use self::record::{DELIVERY, Delivery, Row};
use super::{
    DynamoDb,
    connection::{Attempts, Written, read},
    items::{Change, Item, number, text},
    pause,
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    inbox::{Claim, Epoch, Outcome, Outgoing, Put, Stage, Take, Update, UpdateKey},
    ports::inboxes::{DELIVERY_TTL, InboxCounts, Inboxes, UpdateFilter},
    secret::random_bytes,
    tenant::TenantId,
};

/// How often a write is begun again because somebody else writes the same item.
const CONTENTION: u32 = 40;

fn token() -> Result<String> {
    random_bytes::<12>().map(hex::encode)
}

fn not_found(key: &UpdateKey) -> Error {
    Error::not_found("update", key)
}

fn claim_lost(tenant: &TenantId, epoch: Epoch) -> Error {
    Error::conflict("delivery", tenant, format!("epoch {} does not deliver any more", epoch.0))
}

fn is(row: &Row) -> Error {
    Error::conflict("update", &row.update.key, format!("it is {}", row.update.stage.label()))
}

fn busy(what: &'static str, name: impl ToString) -> Error {
    Error::conflict(what, name.to_string(), "too many change it at once")
}

/// What a stage adds to the counts of what ended: dead, handled.
fn counted(stage: &Stage) -> (i64, i64) {
    (i64::from(matches!(stage, Stage::Dead { .. })), i64::from(matches!(stage, Stage::Handled { .. })))
}

impl DynamoDb {
    async fn row(&self, key: &UpdateKey) -> Result<Option<Row>> {
        let table = &self.settings().inbox_table;
        let get = self.client().get_item().table_name(table).set_key(Some(record::key(key))).consistent_read(true);
        let item = read(get.send().await)?.item;
        item.map(|attributes| Row::read(&Item::new(attributes, table, key.to_string()), &key.tenant)).transpose()
    }

    /// Puts a row where it was as in `version`, or where there was none. `false` if it is not so any more.
    async fn row_put(&self, row: &Row, version: Option<u64>) -> Result<bool> {
        let mut change = Change::default();
        change.only_if("version", version.map(number));
        let attempts = Attempts::default();
        let request = self.client().put_item().table_name(&self.settings().inbox_table);
        let request = change.put(request.set_item(Some(row.item()?)));
        let sent = request.customize().interceptor(attempts.clone()).send().await;
        if matches!(attempts.written(sent)?, Written::Done(_)) {
            return Ok(true);
        }
        if !attempts.unsure() {
            return Ok(false);
        }
        Ok(self.row(&row.update.key).await?.is_some_and(|found| found.token == row.token))
    }

    /// Changes a row as `change` says of it as it is; returns it before and after. An error of `change` changes nothing.
    async fn row_change(&self, key: &UpdateKey, change: impl Fn(&mut Row) -> Result<()> + Sync) -> Result<(Row, Row)> {
        for attempt in 0..CONTENTION {
            let before = self.row(key).await?.ok_or_else(|| not_found(key))?;
            let mut after = before.clone();
            change(&mut after)?;
            after.version += 1;
            after.token = token()?;
            if self.row_put(&after, Some(before.version)).await? {
                return Ok((before, after));
            }
            pause(attempt).await;
        }
        Err(busy("update", key))
    }

    async fn delivery(&self, tenant: &TenantId) -> Result<Option<Delivery>> {
        let table = &self.settings().inbox_table;
        let key = Some(record::item_key(tenant.as_str(), DELIVERY));
        let get = self.client().get_item().table_name(table).set_key(key).consistent_read(true);
        let item = read(get.send().await)?.item;
        item.map(|attributes| Delivery::read(&Item::new(attributes, table, tenant.as_str()))).transpose()
    }

    /// Changes a tenant's own item, which is made where it is missing. `false` if the condition does not hold.
    async fn delivery_change(&self, tenant: &TenantId, mut change: Change) -> Result<(bool, Attempts)> {
        change.set("inbox", text("inbox"));
        let attempts = Attempts::default();
        let request = self.client().update_item().table_name(&self.settings().inbox_table);
        let request = change.update(request.set_key(Some(record::item_key(tenant.as_str(), DELIVERY))));
        let sent = request.customize().interceptor(attempts.clone()).send().await;
        Ok((matches!(attempts.written(sent)?, Written::Done(_)), attempts))
    }

    /// Refuses an epoch that does not deliver.
    async fn delivers(&self, tenant: &TenantId, epoch: Epoch) -> Result<()> {
        let delivery = self.delivery(tenant).await?;
        let delivers = delivery.is_some_and(|delivery| delivery.owner.is_some() && delivery.epoch == epoch);
        if delivers { Ok(()) } else { Err(claim_lost(tenant, epoch)) }
    }

    /// Renews the claim, which is also the check of its epoch, and counts.
    async fn delivery_extend(&self, tenant: &TenantId, epoch: Epoch, now: Timestamp, counts: (i64, i64)) -> Result<()> {
        let mut change = Change::default();
        change.only_with("owner");
        change.only_if("epoch", Some(number(epoch.0)));
        change.set("expires", number((now + DELIVERY_TTL).as_micros()));
        count(&mut change, counts, token()?);
        match self.delivery_change(tenant, change).await? {
            (true, _) => Ok(()),
            // Its own first attempt, perhaps.
            (false, attempts) if attempts.unsure() => self.delivers(tenant, epoch).await,
            (false, _) => Err(claim_lost(tenant, epoch)),
        }
    }

    /// Counts what ended, or ended no more.
    async fn ended_count(&self, tenant: &TenantId, counts: (i64, i64)) -> Result<()> {
        let mut change = Change::default();
        count(&mut change, counts, token()?);
        self.delivery_change(tenant, change).await.map(drop)
    }

    async fn repeat_count(&self, tenant: &TenantId) -> Result<()> {
        let mut change = Change::default();
        let mark = token()?;
        change.only_unless("counted", text(&mark));
        change.set("counted", text(&mark));
        change.add("possible_repeats", 1);
        self.delivery_change(tenant, change).await.map(drop)
    }

    /// Changes an update under an epoch that delivers.
    async fn fenced(
        &self,
        key: &UpdateKey,
        epoch: Epoch,
        change: impl Fn(&mut Row) -> Result<()> + Sync,
    ) -> Result<(Row, Row)> {
        self.delivers(&key.tenant, epoch).await?;
        self.row_change(key, change).await
    }

    /// Takes the first update that is not terminal; the epoch was just seen to deliver.
    async fn take(&self, tenant: &TenantId, epoch: Epoch, now: Timestamp) -> Result<Take> {
        for attempt in 0..CONTENTION {
            let Some(key) = self.open_keys(tenant, None, 1).await?.pop() else { return Ok(Take::Empty) };
            let Some(before) = self.row(&key).await? else { continue };
            if before.update.stage.is_terminal() {
                continue;
            }
            if before.update.not_before > now {
                return Ok(Take::Wait(before.update.not_before));
            }
            let unsent =
                matches!(&before.update.stage, Stage::Replied { reply, sent } if (*sent as usize) < reply.parts.len());
            let repeats = unsent && before.taken_epoch.is_some_and(|taken| taken != epoch);
            if repeats {
                self.repeat_count(tenant).await?;
            }
            let mut after = before.clone();
            after.update.takes += 1;
            after.update.possible_repeats += u32::from(repeats);
            after.taken_epoch = Some(epoch);
            after.version += 1;
            after.token = token()?;
            if self.row_put(&after, Some(before.version)).await? {
                return Ok(Take::Taken(Box::new(after.update)));
            }
            // Somebody else's write: an operator's, or that of a later epoch.
            self.delivers(tenant, epoch).await?;
            pause(attempt).await;
        }
        Err(busy("inbox", tenant))
    }
}

/// Adds to the counts, once: `mark` names this change.
fn count(change: &mut Change, (dead, handled): (i64, i64), mark: String) {
    for (name, count) in [("dead", dead), ("handled", handled)] {
        if count != 0 {
            change.add(name, count);
        }
    }
    if (dead, handled) != (0, 0) {
        change.only_unless("counted", text(&mark));
        change.set("counted", text(mark));
    }
}

#[async_trait]
impl Inboxes for DynamoDb {
    async fn update_put(&self, key: &UpdateKey, payload: &str, max_pending: u32, now: Timestamp) -> Result<Put> {
        let _alone = self.shared.puts.begin(&key.tenant).await;
        if self.open_count(&key.tenant, Some(max_pending)).await? >= u64::from(max_pending) {
            if self.row(key).await?.is_some() {
                return Ok(Put::Duplicate);
            }
            let reason = format!("{max_pending} updates of tenant `{}` wait already", key.tenant);
            return Err(Error::Overloaded { reason });
        }
        let row = Row::new(key, payload, now, token()?);
        Ok(if self.row_put(&row, None).await? { Put::Stored } else { Put::Duplicate })
    }

    async fn delivery_claim(&self, tenant: &TenantId, owner: &str, now: Timestamp) -> Result<Claim> {
        let mark = token()?;
        for attempt in 0..CONTENTION {
            let found = self.delivery(tenant).await?;
            let before = found.clone().unwrap_or_default();
            if before.token.as_deref() == Some(&mark) {
                return Ok(Claim::Won(before.epoch));
            }
            if before.owner.as_deref().is_some_and(|holder| holder != owner) && before.expires > now {
                return Ok(Claim::Held(before.expires));
            }
            let epoch = before.epoch.next(now);
            let mut change = Change::default();
            change.only_if("claim", before.token.as_deref().map(text));
            change.only_if("owner", before.owner.as_deref().map(text));
            if before.owner.is_some() {
                change.only_if("expires", Some(number(before.expires.as_micros())));
            }
            change.set("claim", text(&mark));
            change.set("owner", text(owner));
            change.set("epoch", number(epoch.0));
            change.set("expires", number((now + DELIVERY_TTL).as_micros()));
            if self.delivery_change(tenant, change).await?.0 {
                if before.owner.is_some() {
                    // Its holder died, and perhaps before it counted.
                    self.ended_recount(tenant).await?;
                }
                return Ok(Claim::Won(epoch));
            }
            pause(attempt).await;
        }
        Err(busy("delivery", tenant))
    }

    async fn delivery_renew(&self, tenant: &TenantId, epoch: Epoch, now: Timestamp) -> Result<()> {
        self.delivery_extend(tenant, epoch, now, (0, 0)).await
    }

    async fn delivery_release(&self, tenant: &TenantId, epoch: Epoch) -> Result<()> {
        // The item stays: its epoch must not go back.
        let mut change = Change::default();
        change.only_if("epoch", Some(number(epoch.0)));
        change.remove("owner");
        change.set("expires", number(0));
        self.delivery_change(tenant, change).await.map(drop)
    }

    async fn update_take(&self, tenant: &TenantId, epoch: Epoch, now: Timestamp) -> Result<Take> {
        self.delivery_extend(tenant, epoch, now, (0, 0)).await?;
        self.take(tenant, epoch, now).await
    }

    async fn notice_store(&self, key: &UpdateKey, epoch: Epoch, message: i64) -> Result<()> {
        let change = |row: &mut Row| {
            if row.update.stage.is_terminal() {
                return Err(is(row));
            }
            row.update.notice = Some(message);
            Ok(())
        };
        self.fenced(key, epoch, change).await.map(drop)
    }

    async fn reply_store(&self, key: &UpdateKey, epoch: Epoch, reply: &Outgoing) -> Result<()> {
        let change = |row: &mut Row| {
            if row.update.stage != Stage::Pending {
                return Err(is(row));
            }
            row.reply = Some((reply.clone(), 0));
            row.update.stage = row.open_stage();
            Ok(())
        };
        self.fenced(key, epoch, change).await.map(drop)
    }

    async fn part_sent(&self, key: &UpdateKey, epoch: Epoch, sent: u32) -> Result<()> {
        let change = |row: &mut Row| match &mut row.reply {
            Some((reply, known))
                if matches!(row.update.stage, Stage::Replied { .. }) && sent as usize <= reply.parts.len() =>
            {
                *known = sent.max(*known);
                row.update.stage = row.open_stage();
                Ok(())
            }
            _ => Err(is(row)),
        };
        self.fenced(key, epoch, change).await.map(drop)
    }

    async fn update_retry(
        &self,
        key: &UpdateKey,
        epoch: Epoch,
        not_before: Timestamp,
        error: &str,
        counts: bool,
        possible_repeat: bool,
    ) -> Result<()> {
        self.delivers(&key.tenant, epoch).await?;
        if possible_repeat && self.row(key).await?.is_some_and(|row| !row.update.stage.is_terminal()) {
            self.repeat_count(&key.tenant).await?;
        }
        let change = |row: &mut Row| {
            if row.update.stage.is_terminal() {
                return Err(is(row));
            }
            row.update.not_before = not_before;
            row.update.last_error = Some(error.to_owned());
            row.update.attempts += u32::from(counts);
            row.update.possible_repeats += u32::from(possible_repeat);
            row.taken_epoch = None;
            Ok(())
        };
        self.row_change(key, change).await.map(drop)
    }

    async fn update_finish(&self, key: &UpdateKey, epoch: Epoch, outcome: &Outcome, now: Timestamp) -> Result<Take> {
        let change = |row: &mut Row| {
            if row.update.stage.is_terminal() {
                return Err(is(row));
            }
            match outcome {
                Outcome::Handled => {
                    row.update.stage = Stage::Handled { at: now };
                    row.update.payload = String::new();
                    row.reply = None;
                }
                Outcome::Dead(reason) => {
                    row.update.stage = Stage::Dead { at: now, reason: reason.clone() };
                    row.taken_epoch = None;
                }
            }
            Ok(())
        };
        let (_, ended) = self.fenced(key, epoch, change).await?;
        let counts = counted(&ended.update.stage);
        match self.delivery_extend(&key.tenant, epoch, now, counts).await {
            Ok(()) => self.take(&key.tenant, epoch, now).await,
            Err(error @ Error::Conflict { .. }) => {
                self.ended_count(&key.tenant, counts).await?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    async fn tenants_pending(&self, after: Option<&TenantId>, limit: usize) -> Result<Vec<TenantId>> {
        self.pending_tenants(after, limit).await
    }

    async fn pending_count(&self, tenant: &TenantId) -> Result<u64> {
        self.open_count(tenant, None).await
    }

    async fn inbox_counts(&self, tenant: Option<&TenantId>) -> Result<InboxCounts> {
        match tenant {
            Some(tenant) => self.counts_of(tenant).await,
            None => self.counts_of_all().await,
        }
    }

    async fn update_get(&self, key: &UpdateKey) -> Result<Option<Update>> {
        Ok(self.row(key).await?.map(|row| row.update))
    }

    async fn update_list(&self, filter: &UpdateFilter, after: Option<&UpdateKey>, limit: usize) -> Result<Vec<Update>> {
        self.updates(filter, after, limit).await
    }

    async fn update_replay(&self, key: &UpdateKey, now: Timestamp) -> Result<()> {
        let change = |row: &mut Row| {
            if !matches!(row.update.stage, Stage::Dead { .. } | Stage::Dropped { .. }) {
                let reason = format!("it is {}, not dead or dropped", row.update.stage.label());
                return Err(Error::conflict("update", key, reason));
            }
            row.update.stage = row.open_stage();
            (row.update.attempts, row.update.takes) = (0, 0);
            (row.update.received_at, row.update.not_before) = (now, now);
            Ok(())
        };
        let (before, _) = self.row_change(key, change).await?;
        let (dead, handled) = counted(&before.update.stage);
        self.ended_count(&key.tenant, (-dead, -handled)).await
    }

    async fn update_drop(&self, key: &UpdateKey, now: Timestamp) -> Result<()> {
        let change = |row: &mut Row| match row.update.stage {
            Stage::Handled { .. } => Err(is(row)),
            Stage::Dropped { .. } => Ok(()),
            Stage::Pending | Stage::Replied { .. } | Stage::Dead { .. } => {
                row.update.stage = Stage::Dropped { at: now };
                Ok(())
            }
        };
        let (before, _) = self.row_change(key, change).await?;
        let (dead, handled) = counted(&before.update.stage);
        self.ended_count(&key.tenant, (-dead, -handled)).await
    }

    async fn inbox_prune(&self, before: Timestamp, limit: usize) -> Result<u64> {
        self.prune(before, limit).await
    }

    async fn inbox_purge(&self, tenant: &TenantId) -> Result<()> {
        self.purge(tenant).await
    }
}
