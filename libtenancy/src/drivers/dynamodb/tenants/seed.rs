//! Rows of the first control plane: found once, read as they are, taken over by the first write.
//!
//! # Design notes
//! - *Adoption* gives a row the attributes that the indexes are made of, and marks its bot; the first control plane does not
//!   look at either, and goes on. It is done before the first listing, by a scan of the whole table that leaves a marker, and
//!   again by whoever asks for it. A row that the first control plane makes afterwards can be read and written by its id at
//!   once, and is listed after the next adoption.
//! - *Taking over* a row happens with our first write to it: its token is sealed, its other attributes are completed. The
//!   first control plane cannot send for that tenant any more.
//! - `warm-pool-meta`, and what has no `status` (which an update of an unknown id left), is no tenant.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::{StreamExt, TryStreamExt, stream};

use super::{
    Attempts, Written,
    record::{FOREIGN, IS_ACTIVE, Record, TENANT, idle_timeout, lifecycle, settings, times, token},
};
use crate::{
    drivers::dynamodb::{
        DynamoDb,
        connection::read,
        items::{Attributes, Change, Item, number, text},
        pause,
        schema::BY_ID,
    },
    error::{Error, Result},
    ports::tenants::Foreign,
    secret::Secret,
    tenant::{Generation, IDLE_TIMEOUT, Status, TenantId},
};

/// The row of the first control plane that is not a tenant.
const NOT_A_TENANT: &str = "warm-pool-meta";

/// The item that says that the table was adopted.
const ADOPTED: &str = "ztm#adopted";

/// Rows that are adopted at once.
const AT_ONCE: usize = 16;

impl DynamoDb {
    /// Finds the rows that the first control plane wrote and no listing shows, and has them listed; how many.
    ///
    /// Reads the whole table. May be repeated at any time, and while the first control plane runs.
    pub async fn seed_adopt(&self) -> Result<u64> {
        let table = &self.settings().registry_table;
        let (mut adopted, mut from) = (0, None);
        loop {
            let page = self
                .client()
                .scan()
                .table_name(table)
                .consistent_read(true)
                .filter_expression(
                    "attribute_exists(#status) AND attribute_not_exists(#listed) AND attribute_not_exists(#creating)",
                )
                .expression_attribute_names("#status", "status")
                .expression_attribute_names("#listed", "listed")
                .expression_attribute_names("#creating", "creating")
                .set_exclusive_start_key(from)
                .send();
            let page = read(page.await)?;
            let rows = stream::iter(page.items.unwrap_or_default()).map(|row| self.row_adopt(row));
            let done: Vec<bool> = rows.buffer_unordered(AT_ONCE).try_collect().await?;
            adopted += u64::try_from(done.into_iter().filter(|&done| done).count()).unwrap_or(0);
            from = page.last_evaluated_key.filter(|key| !key.is_empty());
            if from.is_none() {
                break;
            }
        }
        let put = self.client().put_item().table_name(table).item("tenant_id", text(ADOPTED));
        let attempts = Attempts::default();
        attempts.written(put.customize().interceptor(attempts.clone()).send().await)?;
        Ok(adopted)
    }

    /// [`DynamoDb::seed_adopt`], unless somebody has done it.
    pub(super) async fn seed_adopted(&self) -> Result<()> {
        let adopt = async || {
            let table = &self.settings().registry_table;
            let get = self.client().get_item().table_name(table).key("tenant_id", text(ADOPTED)).consistent_read(true);
            if read(get.send().await)?.item.is_none() {
                let adopted = self.seed_adopt().await?;
                tracing::info!(rows = adopted, "rows of the first control plane are listed");
            }
            Ok(())
        };
        self.shared.adopted.get_or_try_init(adopt).await.map(drop)
    }

    async fn row_adopt(&self, attributes: Attributes) -> Result<bool> {
        let table = &self.settings().registry_table;
        let Some(AttributeValue::S(id)) = attributes.get("tenant_id").cloned() else { return Ok(false) };
        if id == NOT_A_TENANT {
            return Ok(false);
        }
        let item = Item::new(attributes, table, &id);
        let (seen, mut change) = (item.value("status"), Change::default());
        change.only_if("status", seen);
        change.only_if("listed", None);
        if id.parse::<TenantId>().is_ok() {
            let record = Record::read(item, &self.shared.keyring)?;
            if let Some(bot) = &record.tenant.settings.bot
                && let Err(error) = self.bot_adopt(bot.id, &record.tenant.id, &token()?).await
            {
                // Two rows with one bot: its one webhook leads to one of them already.
                tracing::warn!(tenant = id, error = error.chain(), "its bot is another tenant's");
            }
            change.set("listed", text(TENANT));
            if !matches!(record.tenant.lifecycle.status, Status::Idle { .. }) {
                change.set("active", text(IS_ACTIVE));
            }
        } else {
            change.set("listed", text(FOREIGN));
        }
        let attempts = Attempts::default();
        let request = change.update(self.client().update_item().table_name(table).key("tenant_id", text(&id)));
        let sent = request.customize().interceptor(attempts.clone()).send().await;
        // What changed meanwhile was written by somebody who knows better, or is found by the next adoption.
        Ok(matches!(attempts.written(sent)?, Written::Done(_)))
    }

    /// Takes over an outdated record; nothing if it has changed since it was read. `Conflict` if another tenant has its bot,
    /// unless the bot is about to be `replaced`.
    pub(super) async fn record_upgrade(&self, record: &Record, replaced: bool) -> Result<()> {
        let (tenant, item) = (&record.tenant, &record.item);
        let plain = item.value("bot_token");
        let mut change = Change::default();
        for seen in ["status", "generation", "bot_token", "last_active_at", "settings_version", "intent"] {
            change.only_if(seen, item.value(seen));
        }
        let mut kept = tenant.settings.clone();
        if replaced && plain.is_some() {
            kept.bot = None;
        }
        if plain.is_some() {
            let claim = token()?;
            if let Some(bot) = &kept.bot {
                self.bot_adopt(bot.id, &tenant.id, &claim).await?;
            }
            change.assign("bot_claim", kept.bot.as_ref().map(|_| text(claim)));
            change.remove("bot_token");
        }
        let assignments = lifecycle(&tenant.lifecycle)?
            .into_iter()
            .chain(settings(&kept, record.settings_version + 1)?)
            .chain(times(tenant.created_at, tenant.last_active_at));
        for (name, value) in assignments {
            change.assign(name, value);
        }
        change.set("listed", text(TENANT));
        self.tenant_update(&tenant.id, change).await.map(drop)
    }

    /// Removes an outdated record of this generation; `false` if it has changed since it was read.
    pub(super) async fn record_remove(&self, record: &Record, expected: Generation) -> Result<bool> {
        let mut change = Change::default();
        change.only_if("status", record.item.value("status"));
        change.only_if("generation", record.item.has("generation").then(|| number(expected)));
        let attempts = Attempts::default();
        let request = self.client().delete_item().table_name(&self.settings().registry_table);
        let request = change.delete(request.key("tenant_id", text(record.tenant.id.as_str())));
        let sent = request.customize().interceptor(attempts.clone()).send().await;
        Ok(matches!(attempts.written(sent)?, Written::Done(_)))
    }

    pub(super) async fn foreign_page(&self, after: Option<&str>, limit: usize) -> Result<Vec<Foreign>> {
        self.seed_adopted().await?;
        let table = &self.settings().registry_table;
        let mut found = Vec::new();
        for id in self.index_page(BY_ID, FOREIGN, after, limit).await? {
            let get = self.client().get_item().table_name(table).key("tenant_id", text(&id)).consistent_read(true);
            let Some(attributes) = read(get.send().await)?.item else { continue };
            let item = Item::new(attributes, table, &id);
            let owned = |name| Ok::<_, Error>(item.text(name)?.filter(|text| !text.is_empty()).map(str::to_owned));
            found.push(Foreign {
                status: item.required("status")?.to_owned(),
                pod: owned("pod_name")?,
                namespace: owned("namespace")?,
                last_active_at: item.parsed("last_active_at")?,
                id,
            });
        }
        Ok(found)
    }

    pub(super) async fn foreign_delete(&self, id: &str) -> Result<()> {
        if id.parse::<TenantId>().is_ok() {
            return Err(Error::invalid("id", format!("`{id}` can be a tenant's; delete it as one")));
        }
        if id == NOT_A_TENANT {
            return Err(Error::not_found("row", id));
        }
        let table = &self.settings().registry_table;
        let mut change = Change::default();
        // Markers of ours have no status.
        change.only_with("status");
        let attempts = Attempts::default();
        let request = self.client().delete_item().table_name(table);
        let request = change.delete(request.key("tenant_id", text(id)));
        let sent = request.customize().interceptor(attempts.clone()).send().await;
        match attempts.written(sent)? {
            Written::Unmet if !attempts.unsure() => Err(Error::not_found("row", id)),
            Written::Unmet | Written::Done(_) => Ok(()),
        }
    }

    /// A record as it may be written: taken over if it is outdated. `None` if it changed meanwhile; look again.
    pub(super) async fn record_ready(&self, record: Record, attempt: u32) -> Result<Option<Record>> {
        if record.outdated() {
            self.record_upgrade(&record, false).await?;
            pause(attempt).await;
            return Ok(None);
        }
        Ok(Some(record))
    }
}

/// A row of the first control plane, for whoever makes a tenant of it elsewhere.
#[derive(Clone, Debug)]
pub struct SeedRow {
    /// Its id, any text.
    pub id: String,
    /// Its bot's token.
    pub bot_token: Option<Secret>,
    /// Its idle timeout, within the bounds that there are now.
    pub idle_timeout: Duration,
    /// Whether a control plane of ours has taken it over: its token is sealed, and stays where its keys are.
    pub taken_over: bool,
}

impl DynamoDb {
    /// Every row that the first control plane made, in order of id. Reads the whole table, and writes nothing.
    pub async fn seed_rows(&self) -> Result<Vec<SeedRow>> {
        let table = &self.settings().registry_table;
        let (mut rows, mut from) = (Vec::new(), None);
        loop {
            let page = self
                .client()
                .scan()
                .table_name(table)
                .consistent_read(true)
                .filter_expression("attribute_exists(#status)")
                .expression_attribute_names("#status", "status")
                .set_exclusive_start_key(from)
                .send();
            let page = read(page.await)?;
            for attributes in page.items.unwrap_or_default() {
                let Some(AttributeValue::S(id)) = attributes.get("tenant_id").cloned() else { continue };
                if id == NOT_A_TENANT {
                    continue;
                }
                let item = Item::new(attributes, table, &id);
                rows.push(SeedRow {
                    bot_token: item.text("bot_token")?.filter(|token| !token.is_empty()).map(Secret::new),
                    idle_timeout: idle_timeout(&item)?.clamp(*IDLE_TIMEOUT.start(), *IDLE_TIMEOUT.end()),
                    taken_over: item.has("generation"),
                    id,
                });
            }
            from = page.last_evaluated_key.filter(|key| !key.is_empty());
            if from.is_none() {
                break;
            }
        }
        rows.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(rows)
    }
}
