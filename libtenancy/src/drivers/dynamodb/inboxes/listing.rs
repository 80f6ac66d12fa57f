//! Reads and removals of many updates at once. What is pending of one tenant is read consistently; what is said of all
//! tenants comes from indexes, which lag by less than a second as a rule.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::{
    operation::query::builders::QueryFluentBuilder,
    types::{AttributeValue, DeleteRequest, ReturnValue, Select, WriteRequest},
};

use super::{
    super::{
        DynamoDb,
        connection::{Attempts, PART, Written, read},
        items::{Attributes, Change, Item, number, text},
        pause,
        schema::inbox::{ENDED, INBOXES, OPEN, PENDING},
    },
    counted,
    record::{self, DELIVERY, ENDED_SHARDS, Row},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    inbox::{Stage, Update, UpdateKey},
    ports::inboxes::{InboxCounts, UpdateFilter},
    tenant::{BotId, TenantId},
};

/// Items that one call can write.
const BATCH: usize = 25;

/// Keys that are read from an index at once.
const KEYS: i32 = 1_000;

/// A page of keys while tenants are looked for: one that has more updates than this is jumped over.
const JUMP: i32 = 100;

fn limit_of(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX).max(1)
}

/// The tenant in a key of an index.
fn tenant_in(attributes: &Attributes) -> Result<TenantId> {
    match attributes.get("tenant") {
        Some(AttributeValue::S(id)) => id.parse(),
        _ => Err(Error::internal(format!("{PART}: a key without a tenant"))),
    }
}

impl DynamoDb {
    fn inbox_query(&self) -> QueryFluentBuilder {
        self.client().query().table_name(&self.settings().inbox_table)
    }

    /// A query of a tenant's items, or of those of an index, consistent.
    fn of_tenant(&self, tenant: &TenantId, index: Option<&str>, after: Option<&str>) -> QueryFluentBuilder {
        let sort = if index.is_some() { "open" } else { "update" };
        let query = self
            .inbox_query()
            .set_index_name(index.map(str::to_owned))
            .consistent_read(true)
            .expression_attribute_names("#tenant", "tenant")
            .expression_attribute_values(":tenant", text(tenant.as_str()));
        match after {
            None => query.key_condition_expression("#tenant = :tenant"),
            Some(after) => query
                .key_condition_expression("#tenant = :tenant AND #sort > :after")
                .expression_attribute_names("#sort", sort)
                .expression_attribute_values(":after", text(after)),
        }
    }

    /// How many updates of the tenant are not terminal; no more than `most` are counted.
    pub(super) async fn open_count(&self, tenant: &TenantId, most: Option<u32>) -> Result<u64> {
        let (mut count, mut from) = (0, None);
        loop {
            let query = self.of_tenant(tenant, Some(OPEN), None).select(Select::Count).set_exclusive_start_key(from);
            let query = query.set_limit(most.map(|most| limit_of(most as usize)));
            let page = read(query.send().await)?;
            count += u64::try_from(page.count).unwrap_or_default();
            from = page.last_evaluated_key.filter(|key| !key.is_empty());
            if from.is_none() || most.is_some_and(|most| count >= u64::from(most)) {
                return Ok(count);
            }
        }
    }

    /// The first keys of the tenant's updates that are not terminal, in order, after `after`.
    pub(super) async fn open_keys(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<UpdateKey>> {
        let (mut keys, mut from) = (Vec::new(), None);
        while keys.len() < limit {
            let query = self.of_tenant(tenant, Some(OPEN), after).limit(limit_of(limit - keys.len()));
            let page = read(query.set_exclusive_start_key(from).send().await)?;
            for attributes in page.items.unwrap_or_default() {
                let item = Item::new(attributes, &self.settings().inbox_table, tenant.as_str());
                keys.push(key_of(&item, tenant)?);
            }
            from = page.last_evaluated_key.filter(|key| !key.is_empty());
            if from.is_none() {
                break;
            }
        }
        Ok(keys)
    }

    /// Tenants with updates that are not terminal.
    pub(super) async fn pending_tenants(&self, after: Option<&TenantId>, limit: usize) -> Result<Vec<TenantId>> {
        let mut tenants: Vec<TenantId> = Vec::new();
        let mut after = after.map(TenantId::to_string);
        while tenants.len() < limit {
            let query = self
                .inbox_query()
                .index_name(PENDING)
                .projection_expression("tenant")
                .expression_attribute_names("#pending", "pending")
                .expression_attribute_values(":pending", text("pending"))
                .limit(JUMP);
            let query = match &after {
                None => query.key_condition_expression("#pending = :pending"),
                Some(after) => query
                    .key_condition_expression("#pending = :pending AND tenant > :after")
                    .expression_attribute_values(":after", text(after)),
            };
            let page = read(query.send().await)?;
            let more = page.last_evaluated_key.is_some_and(|key| !key.is_empty());
            for attributes in page.items.unwrap_or_default() {
                let tenant = tenant_in(&attributes)?;
                if tenants.last() != Some(&tenant) && tenants.len() < limit {
                    tenants.push(tenant);
                }
            }
            // Whatever else the last tenant has is jumped over.
            after = tenants.last().map(TenantId::to_string).or(after);
            if !more {
                break;
            }
        }
        Ok(tenants)
    }

    /// One tenant's inbox in numbers.
    pub(super) async fn counts_of(&self, tenant: &TenantId) -> Result<InboxCounts> {
        let table = &self.settings().inbox_table;
        let key = Some(record::item_key(tenant.as_str(), DELIVERY));
        let get = self.client().get_item().table_name(table).set_key(key).consistent_read(true);
        let mut counts = match read(get.send().await)?.item {
            Some(attributes) => counts_in(&Item::new(attributes, table, tenant.as_str()))?,
            None => InboxCounts::default(),
        };
        counts.pending = self.open_count(tenant, None).await?;
        Ok(counts)
    }

    /// All inboxes in numbers: what is pending, and one key of an index per tenant.
    pub(super) async fn counts_of_all(&self) -> Result<InboxCounts> {
        let mut all = InboxCounts::default();
        let query = self
            .inbox_query()
            .index_name(PENDING)
            .select(Select::Count)
            .key_condition_expression("#pending = :pending")
            .expression_attribute_names("#pending", "pending")
            .expression_attribute_values(":pending", text("pending"));
        let mut pages = query.into_paginator().send();
        while let Some(page) = pages.next().await {
            all.pending += u64::try_from(read(page)?.count).unwrap_or_default();
        }
        for (_, counts) in self.inboxes_known().await? {
            all.dead += counts.dead;
            all.handled += counts.handled;
            all.possible_repeats += counts.possible_repeats;
        }
        Ok(all)
    }

    /// The tenants with an item of their own, in order, and its counts.
    async fn inboxes_known(&self) -> Result<Vec<(TenantId, InboxCounts)>> {
        let query = self
            .inbox_query()
            .index_name(INBOXES)
            .key_condition_expression("#inbox = :inbox")
            .expression_attribute_names("#inbox", "inbox")
            .expression_attribute_values(":inbox", text("inbox"));
        let mut known = Vec::new();
        let mut items = query.into_paginator().items().send();
        while let Some(attributes) = items.next().await {
            let attributes = read(attributes)?;
            let tenant = tenant_in(&attributes)?;
            let item = Item::new(attributes, &self.settings().inbox_table, tenant.as_str());
            known.push((tenant, counts_in(&item)?));
        }
        Ok(known)
    }

    /// Counts what ended of a tenant, and writes that into its item. Costs what is kept of the tenant.
    pub(super) async fn ended_recount(&self, tenant: &TenantId) -> Result<()> {
        let query = self
            .of_tenant(tenant, None, None)
            .projection_expression("#stage")
            .expression_attribute_names("#stage", "stage");
        let (mut dead, mut handled) = (0_u64, 0_u64);
        let mut items = query.into_paginator().items().send();
        while let Some(attributes) = items.next().await {
            match read(attributes)?.get("stage") {
                Some(AttributeValue::S(stage)) if stage == "dead" => dead += 1,
                Some(AttributeValue::S(stage)) if stage == "handled" => handled += 1,
                _ => {}
            }
        }
        let mut change = Change::default();
        change.set("dead", number(dead));
        change.set("handled", number(handled));
        self.delivery_change(tenant, change).await.map(drop)
    }

    /// See [`crate::ports::inboxes::Inboxes::update_list`].
    pub(super) async fn updates(
        &self,
        filter: &UpdateFilter,
        after: Option<&UpdateKey>,
        limit: usize,
    ) -> Result<Vec<Update>> {
        if let Some(label) = filter.stage.as_ref().filter(|label| !Stage::LABELS.contains(&label.as_str())) {
            return Err(Error::invalid("stage", format!("{label:?} is none of {}", Stage::LABELS.join(", "))));
        }
        let stage = filter.stage.as_deref();
        let tenants: Vec<TenantId> = match &filter.tenant {
            Some(tenant) => vec![tenant.clone()],
            None => self.tenants_with(stage).await?.into_iter().collect(),
        };
        let mut updates = Vec::new();
        // A cursor in another tenant's inbox is before or after all of this one's.
        for tenant in tenants.iter().filter(|tenant| after.is_none_or(|after| **tenant >= after.tenant)) {
            let after = after.filter(|after| after.tenant == *tenant);
            let after = after.map(|after| record::sort_key(after.bot, after.update_id));
            self.updates_of(tenant, stage, after, limit, &mut updates).await?;
            if updates.len() >= limit {
                break;
            }
        }
        Ok(updates)
    }

    /// The tenants that may have updates of this stage, in order.
    async fn tenants_with(&self, stage: Option<&str>) -> Result<BTreeSet<TenantId>> {
        let mut tenants = BTreeSet::new();
        if !matches!(stage, Some("handled" | "dead" | "dropped")) {
            tenants.extend(self.pending_tenants(None, usize::MAX).await?);
        }
        if !matches!(stage, Some("pending" | "replied")) {
            let may_have = |counts: &InboxCounts| match stage {
                Some("handled") => counts.handled > 0,
                Some("dead") => counts.dead > 0,
                _ => true,
            };
            let known = self.inboxes_known().await?;
            tenants.extend(known.into_iter().filter(|(_, counts)| may_have(counts)).map(|(tenant, _)| tenant));
        }
        Ok(tenants)
    }

    async fn updates_of(
        &self,
        tenant: &TenantId,
        stage: Option<&str>,
        after: Option<String>,
        limit: usize,
        into: &mut Vec<Update>,
    ) -> Result<()> {
        if let Some("pending" | "replied") = stage {
            let mut after = after;
            while into.len() < limit {
                let keys = self.open_keys(tenant, after.as_deref(), limit - into.len()).await?;
                let Some(last) = keys.last() else { break };
                after = Some(record::sort_key(last.bot, last.update_id));
                for key in &keys {
                    let row = self.row(key).await?;
                    into.extend(row.map(|row| row.update).filter(|update| Some(update.stage.label()) == stage));
                }
            }
            return Ok(());
        }
        let mut from = None;
        while into.len() < limit {
            let mut query = self.of_tenant(tenant, None, after.as_deref()).limit(limit_of(limit - into.len()).max(25));
            if let Some(stage) = stage {
                query = query
                    .filter_expression("#stage = :stage")
                    .expression_attribute_names("#stage", "stage")
                    .expression_attribute_values(":stage", text(stage));
            }
            let page = read(query.set_exclusive_start_key(from).send().await)?;
            for attributes in page.items.unwrap_or_default() {
                let item = Item::new(attributes, &self.settings().inbox_table, tenant.as_str());
                if into.len() < limit && item.required("update")? != DELIVERY {
                    into.push(Row::read(&item, tenant)?.update);
                }
            }
            from = page.last_evaluated_key.filter(|key| !key.is_empty());
            if from.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Removes what ended before, at most `limit`; how many.
    pub(super) async fn prune(&self, before: Timestamp, limit: usize) -> Result<u64> {
        let mut pruned = 0;
        for shard in 0..ENDED_SHARDS {
            let query = self
                .inbox_query()
                .index_name(ENDED)
                .key_condition_expression("#ended = :shard AND #at < :before")
                .expression_attribute_names("#ended", "ended")
                .expression_attribute_names("#at", "ended_at")
                .expression_attribute_values(":shard", text(shard.to_string()))
                .expression_attribute_values(":before", number(before.as_micros()))
                .limit(KEYS.min(limit_of(limit)));
            let mut items = query.into_paginator().items().send();
            while pruned < limit as u64 {
                let Some(attributes) = items.next().await else { break };
                let attributes = read(attributes)?;
                let tenant = tenant_in(&attributes)?;
                let Some(AttributeValue::S(sort)) = attributes.get("update") else { continue };
                pruned += u64::from(self.pruned(&tenant, sort, before).await?);
            }
        }
        Ok(pruned)
    }

    /// Removes one update, if it still is what ended before.
    async fn pruned(&self, tenant: &TenantId, sort: &str, before: Timestamp) -> Result<bool> {
        let mut change = Change::default();
        change.only_with("ended");
        change.only_below("ended_at", number(before.as_micros()));
        let attempts = Attempts::default();
        let request = self.client().delete_item().table_name(&self.settings().inbox_table);
        let request = change.delete(request.set_key(Some(record::item_key(tenant.as_str(), sort))));
        let request = request.return_values(ReturnValue::AllOld);
        let sent = request.customize().interceptor(attempts.clone()).send().await;
        let Written::Done(output) = attempts.written(sent)? else { return Ok(false) };
        let Some(attributes) = output.attributes else { return Ok(false) };
        let row = Row::read(&Item::new(attributes, &self.settings().inbox_table, tenant.as_str()), tenant)?;
        let (dead, handled) = counted(&row.update.stage);
        if (dead, handled) != (0, 0) {
            self.ended_count(tenant, (-dead, -handled)).await?;
        }
        Ok(true)
    }

    /// Removes everything of a tenant.
    pub(super) async fn purge(&self, tenant: &TenantId) -> Result<()> {
        let table = &self.settings().inbox_table;
        loop {
            let query = self
                .of_tenant(tenant, None, None)
                .projection_expression("tenant, #update")
                .expression_attribute_names("#update", "update")
                .limit(KEYS);
            let keys = read(query.send().await)?.items.unwrap_or_default();
            if keys.is_empty() {
                return Ok(());
            }
            for batch in keys.chunks(BATCH) {
                let delete = |key: &Attributes| {
                    let delete = DeleteRequest::builder().set_key(Some(key.clone())).build();
                    let delete = delete.map_err(|error| Error::internal(format!("{PART}: {error}")))?;
                    Ok(WriteRequest::builder().delete_request(delete).build())
                };
                let mut requests = Some(batch.iter().map(delete).collect::<Result<Vec<_>>>()?);
                let mut attempt = 0;
                while let Some(left) = requests.take().filter(|left| !left.is_empty()) {
                    if attempt > 0 {
                        pause(attempt).await;
                    }
                    attempt += 1;
                    let written = self.client().batch_write_item().request_items(table, left).send().await;
                    requests = read(written)?.unprocessed_items.and_then(|mut left| left.remove(table));
                }
            }
        }
    }
}

fn counts_in(item: &Item) -> Result<InboxCounts> {
    // One that was counted twice, or not, may be below nothing for a while.
    let count =
        |name: &str| Ok::<_, Error>(u64::try_from(item.number::<i64>(name)?.unwrap_or_default()).unwrap_or_default());
    Ok(InboxCounts {
        pending: 0,
        dead: count("dead")?,
        handled: count("handled")?,
        possible_repeats: count("possible_repeats")?,
    })
}

/// The name of an update in a key of an index.
fn key_of(item: &Item, tenant: &TenantId) -> Result<UpdateKey> {
    let (bot, update) = item.required("update")?.split_once('#').ok_or_else(|| item.damaged("no key of an update"))?;
    let number = |text: &str| {
        let number = match text.strip_prefix('-') {
            Some(digits) => digits.parse::<u64>().ok().map(|above| i64::MIN.wrapping_add_unsigned(above)),
            None => text.parse::<i64>().ok(),
        };
        number.ok_or_else(|| item.damaged("no key of an update"))
    };
    Ok(UpdateKey { tenant: tenant.clone(), bot: BotId(number(bot)?), update_id: number(update)? })
}
