//! The ledgers in the table `tenant-ledger`: an item per row, and per partition one that says where it ends.
//!
//! | key (`partition`, `seq`) | what | attributes |
//! |---|---|---|
//! | (*p*, 0) | the end of *p*'s ledger | `incarnation`, `end`, `hash`; `tail` and `before` while rows are on their way |
//! | (*p*, *n*) | row *n* | `row` and `hash`, as hashed; `account` (`p/tenant`), `kind` and `at` (microseconds) to find it by |
//! | (-1, *p*) | *p* has rows | |
//!
//! Sequence numbers go on through incarnations, so they are a partition's order.
//!
//! # Steps, and what is left if the process dies
//! 1. **commit**: one write of the end, on the condition that it is where the rows were chained to and that none is on its
//!    way. It carries the rows themselves, in `tail`. With it they are appended, all or none.
//! 2. **spread**: each row becomes an item of its own. Whatever is in `tail` is final, so anybody may do that again.
//! 3. **clear**: `tail` is removed, on the condition that the end is still that one.
//!
//! After a death in 2 or 3, whoever next appends or reads rows does both. A write of an item costs by its size, so the rows
//! are paid for twice, as they would be in a transaction, which has no more than a hundred items. A `tail` has at most
//! [`TAIL`] bytes, about a thousand rows: an append of more is several, each all or none, and a repeat goes on from what is
//! there.
//!
//! A tenant's rows are read through an index, which may lag by a second.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::{
    operation::query::builders::QueryFluentBuilder,
    types::{AttributeValue, PutRequest, WriteRequest},
};
use futures::{TryStreamExt, stream};

use super::{
    DynamoDb,
    connection::{Attempts, PART, Written, read},
    items::{Attributes, Change, Item, number, text},
    pause,
    schema::BY_TENANT,
};
use crate::{
    error::{Error, Result},
    ledger::{Head, Row},
    ports::ledgers::{Entry, Ledgers, RowFilter},
};

/// Bytes of rows that the end of a ledger carries at most; an item may have 400 KB.
const TAIL: usize = 300_000;

/// Items that one call can write.
const BATCH: usize = 25;

/// Such calls under way at once.
const AT_ONCE: usize = 4;

/// How often an append is begun again because somebody else appends.
const CONTENTION: u32 = 40;

/// The partition under which partitions are.
const PARTITIONS: i32 = -1;

/// The end of a ledger as it is stored.
#[derive(Default)]
struct End {
    head: Head,
    /// The chain's hash before the rows that are on their way.
    before: String,
    tail: Vec<Row>,
}

fn account(partition: u16, row: &Row) -> String {
    format!("{partition}/{}", row.tenant)
}

fn row_parse(item: &Item, text: &str) -> Result<Row> {
    Row::parse(text).ok_or_else(|| item.damaged(format!("{text:?} is no row of a ledger")))
}

fn row_item(partition: u16, row: &Row, hash: &str) -> Attributes {
    [
        ("partition", number(partition)),
        ("seq", number(row.seq)),
        ("row", text(row.text())),
        ("hash", text(hash)),
        ("account", text(account(partition, row))),
        ("kind", text(row.kind.label())),
        ("at", number(row.at.as_micros())),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Adds what a filter says beside the tenant; whether it says anything.
fn filtered(query: QueryFluentBuilder, filter: &RowFilter) -> (QueryFluentBuilder, bool) {
    let (mut query, mut conditions) = (query, Vec::new());
    if let Some(kind) = filter.kind {
        conditions.push("#kind = :kind");
        let value = text(kind.label());
        query = query.expression_attribute_names("#kind", "kind").expression_attribute_values(":kind", value);
    }
    for (condition, name, bound) in [("#at >= :from", ":from", filter.from), ("#at < :to", ":to", filter.to)] {
        if let Some(bound) = bound {
            conditions.push(condition);
            let value = number(bound.as_micros());
            query = query.expression_attribute_names("#at", "at").expression_attribute_values(name, value);
        }
    }
    if conditions.is_empty() {
        return (query, false);
    }
    (query.filter_expression(conditions.join(" AND ")), true)
}

impl DynamoDb {
    async fn ledger_end(&self, partition: u16) -> Result<End> {
        let table = &self.settings().ledger_table;
        let get = self.client().get_item().table_name(table).consistent_read(true);
        let get = get.key("partition", number(partition)).key("seq", number(0));
        let Some(attributes) = read(get.send().await)?.item else { return Ok(End::default()) };
        let tail = attributes.get("tail").cloned();
        let item = Item::new(attributes, table, format!("{partition}/0"));
        let missing = |name: &str| item.damaged(format!("`{name}` is missing"));
        let head = Head {
            incarnation: item.number("incarnation")?.ok_or_else(|| missing("incarnation"))?,
            seq: item.number("end")?.ok_or_else(|| missing("end"))?,
            hash: item.required("hash")?.to_owned(),
        };
        let Some(AttributeValue::L(tail)) = tail else { return Ok(End { head, ..End::default() }) };
        let parse = |value: &AttributeValue| match value {
            AttributeValue::S(text) => row_parse(&item, text),
            _ => Err(item.damaged("`tail` has what is no text")),
        };
        let tail = tail.iter().map(parse).collect::<Result<_>>()?;
        Ok(End { head, before: item.required("before")?.to_owned(), tail })
    }

    /// The end of a ledger all of whose rows are items.
    async fn ledger_settled(&self, partition: u16) -> Result<Head> {
        let end = self.ledger_end(partition).await?;
        if !end.tail.is_empty() {
            self.tail_spread(partition, &end.head, &end.before, &end.tail).await?;
        }
        Ok(end.head)
    }

    /// Makes items of rows that are appended, and clears the tail that `head` carries.
    async fn tail_spread(&self, partition: u16, head: &Head, before: &str, rows: &[Row]) -> Result<()> {
        let (mut hash, mut items) = (before.to_owned(), Vec::with_capacity(rows.len()));
        for row in rows {
            hash = row.chained(&hash);
            items.push(row_item(partition, row, &hash));
        }
        let batches = items.chunks(BATCH).map(|batch| Ok(batch.to_vec()));
        stream::iter(batches).try_for_each_concurrent(AT_ONCE, |batch| self.rows_put(batch)).await?;
        let mut change = Change::default();
        change.only_if("hash", Some(text(&head.hash)));
        change.remove("tail");
        change.remove("before");
        self.end_update(partition, change).await.map(drop)
    }

    async fn rows_put(&self, items: Vec<Attributes>) -> Result<()> {
        let put = |item| {
            let put = PutRequest::builder().set_item(Some(item)).build();
            put.map(|put| WriteRequest::builder().put_request(put).build())
                .map_err(|error| Error::internal(format!("{PART}: {error}")))
        };
        let table = &self.settings().ledger_table;
        let mut left = items.into_iter().map(put).collect::<Result<Vec<_>>>()?;
        for attempt in 0..=self.settings().max_attempts {
            let written = read(self.client().batch_write_item().request_items(table, left).send().await)?;
            left = written.unprocessed_items.and_then(|mut tables| tables.remove(table)).unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
            pause(attempt).await;
        }
        Err(Error::unavailable(PART, "it does not write all that it was told"))
    }

    /// Changes the end of a ledger; `false` if the condition does not hold.
    async fn end_update(&self, partition: u16, change: Change) -> Result<bool> {
        let attempts = Attempts::default();
        let request = self.client().update_item().table_name(&self.settings().ledger_table);
        let request = change.update(request.key("partition", number(partition)).key("seq", number(0)));
        let sent = request.customize().interceptor(attempts.clone()).send().await;
        Ok(matches!(attempts.written(sent)?, Written::Done(_)))
    }

    /// Moves the end of a ledger with rows; `false` if it is not at `before` any more.
    async fn end_move(&self, partition: u16, before: &Head, head: &Head, rows: &[Row]) -> Result<bool> {
        if *before == Head::default() {
            let put = self.client().put_item().table_name(&self.settings().ledger_table);
            let put = put.item("partition", number(PARTITIONS)).item("seq", number(partition));
            read(put.send().await)?;
        }
        let mut change = Change::default();
        change.only_if("hash", (*before != Head::default()).then(|| text(&before.hash)));
        change.only_if("tail", None);
        change.set("incarnation", number(head.incarnation));
        change.set("end", number(head.seq));
        change.set("hash", text(&head.hash));
        change.set("before", text(&before.hash));
        change.set("tail", AttributeValue::L(rows.iter().map(|row| text(row.text())).collect()));
        self.end_update(partition, change).await
    }

    /// The rows that are not there yet. `Conflict` if one differs from the one that is there, or does not follow.
    async fn rows_new<'a>(&self, partition: u16, end: &Head, rows: &'a [Row]) -> Result<Vec<&'a Row>> {
        let (first, last) = (rows.iter().map(|row| row.seq).min(), rows.iter().map(|row| row.seq).max());
        let mut there: HashMap<u64, Row> = HashMap::new();
        if let (Some(first), Some(last)) = (first, last)
            && first <= end.seq
        {
            let entries = self
                .entries(partition, &RowFilter::default(), first.saturating_sub(1), last.min(end.seq), usize::MAX)
                .await?;
            there.extend(entries.into_iter().map(|entry| (entry.row.seq, entry.row)));
        }
        let (mut head, mut new) = (end.clone(), Vec::new());
        for row in rows {
            if row.seq > head.seq {
                head = head.after(row)?;
                there.insert(row.seq, row.clone());
                new.push(row);
            } else if there.get(&row.seq) != Some(row) {
                return Err(Error::conflict("ledger row", row.seq, "another row is there"));
            }
        }
        Ok(new)
    }

    /// Rows after `after` and up to `last`, all of which are items.
    async fn entries(
        &self,
        partition: u16,
        filter: &RowFilter,
        after: u64,
        last: u64,
        limit: usize,
    ) -> Result<Vec<Entry>> {
        let table = &self.settings().ledger_table;
        let (mut found, mut from) = (Vec::new(), None);
        while found.len() < limit && after < last {
            let query = self
                .client()
                .query()
                .table_name(table)
                .key_condition_expression("#key = :key AND #seq BETWEEN :first AND :last")
                .expression_attribute_names("#seq", "seq")
                .expression_attribute_values(":first", number(after + 1))
                .expression_attribute_values(":last", number(last))
                .set_exclusive_start_key(from);
            let query = match &filter.tenant {
                None => query
                    .consistent_read(true)
                    .expression_attribute_names("#key", "partition")
                    .expression_attribute_values(":key", number(partition)),
                Some(tenant) => query
                    .index_name(BY_TENANT)
                    .expression_attribute_names("#key", "account")
                    .expression_attribute_values(":key", text(format!("{partition}/{tenant}"))),
            };
            let (query, is_filtered) = filtered(query, filter);
            // A limit counts what is looked at, not what is found.
            let most = (!is_filtered).then(|| i32::try_from(limit - found.len()).unwrap_or(i32::MAX));
            let page = read(query.set_limit(most).send().await)?;
            for attributes in page.items.unwrap_or_default() {
                let item = Item::new(attributes, table, format!("{partition}"));
                let row = row_parse(&item, item.required("row")?)?;
                found.push(Entry { row, hash: item.required("hash")?.to_owned() });
            }
            from = page.last_evaluated_key.filter(|key| !key.is_empty());
            if from.is_none() {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    /// [`Ledgers::ledger_append`]; `moved` tells whether some rows are appended already.
    async fn rows_append(&self, partition: u16, rows: &[Row], moved: &mut bool) -> Result<Head> {
        let mut attempt = 0;
        while attempt < CONTENTION {
            let end = self.ledger_settled(partition).await?;
            let new = self.rows_new(partition, &end, rows).await?;
            let (mut head, mut bytes, mut tail) = (end.clone(), 0, Vec::new());
            for row in new {
                bytes += row.text().len() + 3;
                if bytes > TAIL && !tail.is_empty() {
                    break;
                }
                head = head.after(row)?;
                tail.push(row.clone());
            }
            if tail.is_empty() {
                return Ok(end);
            }
            if self.end_move(partition, &end, &head, &tail).await? {
                *moved = true;
                // They are appended; whoever comes next spreads them if this does not.
                if let Err(error) = self.tail_spread(partition, &head, &end.hash, &tail).await {
                    tracing::warn!(partition, error = error.chain(), "rows of the ledger are not spread yet");
                    if rows.last().is_some_and(|row| row.seq <= head.seq) {
                        return Ok(head);
                    }
                }
            } else {
                pause(attempt).await;
                attempt += 1;
            }
        }
        Err(Error::conflict("ledger of partition", partition, "too many append at once"))
    }
}

#[async_trait]
impl Ledgers for DynamoDb {
    async fn ledger_append(&self, partition: u16, rows: &[Row]) -> Result<Head> {
        let mut moved = false;
        match self.rows_append(partition, rows, &mut moved).await {
            // Of several writes, some are done.
            Err(Error::Unavailable { part, source }) if moved => Err(Error::OutcomeUnknown { part, source }),
            result => result,
        }
    }

    async fn ledger_head(&self, partition: u16) -> Result<Head> {
        Ok(self.ledger_end(partition).await?.head)
    }

    async fn ledger_rows(&self, partition: u16, filter: &RowFilter, after: u64, limit: usize) -> Result<Vec<Entry>> {
        let head = self.ledger_settled(partition).await?;
        self.entries(partition, filter, after, head.seq, limit).await
    }

    async fn ledger_partitions(&self) -> Result<Vec<u16>> {
        let table = &self.settings().ledger_table;
        let query = self
            .client()
            .query()
            .table_name(table)
            .consistent_read(true)
            .key_condition_expression("#partition = :partitions")
            .expression_attribute_names("#partition", "partition")
            .expression_attribute_values(":partitions", number(PARTITIONS));
        let mut found = Vec::new();
        let mut items = query.into_paginator().items().send();
        while let Some(attributes) = items.next().await {
            let item = Item::new(read(attributes)?, table, "partitions");
            found.extend(item.number::<u16>("seq")?);
        }
        Ok(found)
    }
}
