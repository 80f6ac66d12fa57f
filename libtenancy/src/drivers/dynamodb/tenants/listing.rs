//! Listings and counts: an index says which, the table says what.
//!
//! # Design notes
//! Items of a hash-keyed table have no order, so two indexes give them one. Both have one partition key for all (`listed`,
//! `active`), because an order over several would have to be merged, and hold no more than keys (and, of the active ones, the
//! status), so that they are written when a tenant comes, goes, wakes or sleeps, and not when it is touched or configured.
//! One partition takes a thousand such writes a second, and DynamoDB splits one that is hot by its sort key.
//!
//! A page costs a thirteenth of a read unit per tenant for the index (about 100 bytes each of 8 KB), and one to two units per
//! tenant for the records, which are read consistently. What the index does not show yet (it lags by less than a second as a
//! rule) is in the next listing.
//!
//! Who has schedules is in no index: whoever leads reads all records for it when it begins, and seldom after.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Select};

use super::record::{IS_ACTIVE, Record, TENANT};
use crate::{
    drivers::dynamodb::{
        DynamoDb,
        connection::{PART, read},
        items::{Attributes, Item, text},
        pause,
        schema::{ACTIVE, BY_ID},
    },
    error::{Error, Result},
    ports::tenants::{Filter, Page},
    tenant::{Tenant, TenantId},
};

/// Items that one call can read by their keys.
const BATCH: usize = 100;

/// Keys that are read from an index at once.
const KEYS: usize = 1_000;

/// The attribute that an index is partitioned by.
fn partition(index: &str) -> &'static str {
    if index == ACTIVE { "active" } else { "listed" }
}

impl DynamoDb {
    /// Ids from an index in order, after `after`, at most `limit`; fewer only if nothing follows.
    pub(super) async fn index_page(
        &self,
        index: &str,
        value: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>> {
        let (mut ids, mut from) = (Vec::new(), None);
        while ids.len() < limit {
            let mut query = self
                .client()
                .query()
                .table_name(&self.settings().registry_table)
                .index_name(index)
                .projection_expression("tenant_id")
                .expression_attribute_names("#partition", partition(index))
                .expression_attribute_values(":value", text(value))
                .limit(i32::try_from(limit - ids.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(from);
            query = match after {
                None => query.key_condition_expression("#partition = :value"),
                Some(after) => query
                    .key_condition_expression("#partition = :value AND tenant_id > :after")
                    .expression_attribute_values(":after", text(after)),
            };
            let page = read(query.send().await)?;
            for mut item in page.items.unwrap_or_default() {
                if let Some(AttributeValue::S(id)) = item.remove("tenant_id") {
                    ids.push(id);
                }
            }
            from = page.last_evaluated_key.filter(|key| !key.is_empty());
            if from.is_none() {
                break;
            }
        }
        Ok(ids)
    }

    /// The tenants of these ids, in their order; those that are gone are left out.
    async fn records(&self, ids: &[String]) -> Result<Vec<Record>> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(BATCH) {
            let mut items = self.items(ids).await?;
            for id in ids {
                if let Some(attributes) = items.remove(id).filter(|attributes| attributes.contains_key("status")) {
                    let item = Item::new(attributes, &self.settings().registry_table, id);
                    let record = Record::read(item, &self.shared.keyring)?;
                    if !record.creating {
                        found.push(record);
                    }
                }
            }
        }
        Ok(found)
    }

    async fn items(&self, ids: &[String]) -> Result<HashMap<String, Attributes>> {
        let table = &self.settings().registry_table;
        let key = |id: &String| HashMap::from([("tenant_id".to_owned(), text(id))]);
        let (mut wanted, mut found) = (ids.iter().map(key).collect::<Vec<_>>(), HashMap::new());
        for attempt in 0.. {
            let keys = KeysAndAttributes::builder().set_keys(Some(std::mem::take(&mut wanted))).consistent_read(true);
            let keys = keys.build().map_err(|error| Error::internal(format!("{PART}: {error}")))?;
            let mut batch = read(self.client().batch_get_item().request_items(table, keys).send().await)?;
            for item in batch.responses.as_mut().and_then(|tables| tables.remove(table)).unwrap_or_default() {
                if let Some(AttributeValue::S(id)) = item.get("tenant_id").cloned() {
                    found.insert(id, item);
                }
            }
            // What did not fit, or was throttled.
            let rest = batch.unprocessed_keys.as_mut().and_then(|tables| tables.remove(table));
            wanted = rest.map(|rest| rest.keys).unwrap_or_default();
            if wanted.is_empty() {
                break;
            }
            if attempt > self.settings().max_attempts {
                return Err(Error::unavailable(PART, "it does not read all that it was asked for"));
            }
            pause(attempt).await;
        }
        Ok(found)
    }

    pub(super) async fn tenants_page(
        &self,
        filter: &Filter,
        after: Option<&TenantId>,
        limit: usize,
    ) -> Result<Page<Tenant>> {
        filter.checked()?;
        let idle = filter.status.as_deref() == Some("idle");
        if filter.active && idle {
            return Ok(Page { items: Vec::new(), next: None });
        }
        self.seed_adopted().await?;
        let of_active = filter.active || (filter.status.is_some() && !idle);
        let (index, value) = if of_active { (ACTIVE, IS_ACTIVE) } else { (BY_ID, TENANT) };
        let wanted = limit.max(1);
        let shown = |tenant: &Tenant| {
            let label = tenant.lifecycle.status.label();
            let scheduled = !filter.scheduled || !tenant.settings.schedules.is_empty();
            scheduled
                && (!filter.active || label != "idle")
                && filter.status.as_ref().is_none_or(|status| status == label)
        };
        let mut items: Vec<Tenant> = Vec::new();
        let mut after = after.map(|id| id.as_str().to_owned());
        // One more than is wanted says whether something follows.
        while items.len() <= wanted {
            let count = (wanted + 1 - items.len()).min(KEYS);
            let ids = self.index_page(index, value, after.as_deref(), count).await?;
            let records = self.records(&ids).await?;
            items.extend(records.into_iter().map(|record| record.tenant).filter(|tenant| shown(tenant)));
            if ids.len() < count {
                break;
            }
            after = ids.last().cloned();
        }
        let more = items.len() > wanted;
        items.truncate(wanted);
        let next = if more { items.last().map(|tenant| tenant.id.clone()) } else { None };
        Ok(Page { items, next })
    }

    /// Counts all by one index and the active ones, with their status, by the other.
    pub(super) async fn tenants_counted(&self) -> Result<BTreeMap<String, u64>> {
        self.seed_adopted().await?;
        let query = |index: &str, value: &str| {
            self.client()
                .query()
                .table_name(&self.settings().registry_table)
                .index_name(index)
                .key_condition_expression("#partition = :value")
                .expression_attribute_names("#partition", partition(index))
                .expression_attribute_values(":value", text(value))
        };
        let (mut all, mut from) = (0, None);
        loop {
            let page = query(BY_ID, TENANT).select(Select::Count).set_exclusive_start_key(from).send();
            let page = read(page.await)?;
            all += u64::try_from(page.count).unwrap_or(0);
            from = page.last_evaluated_key.filter(|key| !key.is_empty());
            if from.is_none() {
                break;
            }
        }
        let (mut counts, mut from) = (BTreeMap::new(), None);
        loop {
            let page = query(ACTIVE, IS_ACTIVE).set_exclusive_start_key(from).send();
            let page = read(page.await)?;
            for item in page.items.unwrap_or_default() {
                if let Some(AttributeValue::S(status)) = item.get("status")
                    && status != "idle"
                {
                    *counts.entry(status.clone()).or_default() += 1;
                }
            }
            from = page.last_evaluated_key.filter(|key| !key.is_empty());
            if from.is_none() {
                break;
            }
        }
        let active: u64 = counts.values().sum();
        counts.insert("idle".to_owned(), all.saturating_sub(active));
        Ok(counts)
    }
}
