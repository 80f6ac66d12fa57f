//! The registry in the table `tenant-registry`, one item per tenant, of the form that the first control plane gave it.
//!
//! Lifecycle and settings are attributes of one item with different conditions: a transition is conditional on the
//! generation, a change of settings on their version, so neither sees the other. What a bot's marker is for is told in
//! [`bots`], what becomes of older rows in [`seed`], what listings cost in [`listing`].
//!
//! # A write whose first attempt was done and not answered
//! is sent again by the SDK, and then meets its own success. Creating and transitions leave a token and are recognised by
//! it; a transition that somebody followed up in the meantime is answered `Conflict`, which names the generation it moved on
//! to. Settings are compared with what they should be. A removal finds nothing, and is answered as done if an attempt before
//! went unanswered.

mod bots;
mod listing;
mod record;
mod seed;

pub use self::seed::SeedRow;

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::ReturnValue;

use self::{
    bots::{CONTENTION, Settled, taken},
    record::{Intent, Record, token},
};
use super::{
    DynamoDb,
    connection::{Attempts, Written, read},
    items::{Change, Item, json, number, text},
    pause,
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    ports::tenants::{Filter, Foreign, Page, SettingsPatch, Tenants},
    tenant::{Generation, Lifecycle, Tenant, TenantId},
};

fn not_found(id: &TenantId) -> Error {
    Error::not_found("tenant", id)
}

fn busy(id: &TenantId) -> Error {
    Error::conflict("tenant", id, "too many change it at once")
}

fn lost(record: &Record, expected: Generation) -> Error {
    let found = record.tenant.lifecycle.generation;
    let reason = format!("generation {expected} was expected, {found} was found");
    Error::conflict("tenant", &record.tenant.id, reason)
}

impl DynamoDb {
    /// The item of a tenant, or of one that is being made.
    async fn record(&self, id: &TenantId) -> Result<Option<Record>> {
        let table = &self.settings().registry_table;
        let get = self.client().get_item().table_name(table).key("tenant_id", text(id.as_str())).consistent_read(true);
        let there = read(get.send().await)?.item.filter(|attributes| attributes.contains_key("status"));
        there
            .map(|attributes| Record::read(Item::new(attributes, table, id.as_str()), &self.shared.keyring))
            .transpose()
    }

    /// The item of a tenant. One that is being made is finished first, or is gone then.
    async fn record_settled(&self, id: &TenantId) -> Result<Option<Record>> {
        for attempt in 0..CONTENTION {
            match self.record(id).await? {
                Some(record) if record.creating => self.intent_settle(&record).await.map(drop)?,
                record => return Ok(record),
            }
            pause(attempt).await;
        }
        Err(busy(id))
    }

    /// Puts a new tenant's item; `false` if there is one.
    async fn record_put(&self, tenant: &Tenant, create_token: &str, intent: Option<&Intent>) -> Result<bool> {
        let attributes = record::item(tenant, &self.settings().namespace, create_token, intent)?;
        let mut change = Change::default();
        change.only_if("status", None);
        let attempts = Attempts::default();
        let request = self.client().put_item().table_name(&self.settings().registry_table);
        let request = change.put(request.set_item(Some(attributes)));
        let sent = request.customize().interceptor(attempts.clone()).send().await;
        Ok(matches!(attempts.written(sent)?, Written::Done(_)))
    }

    /// Writes settings that keep or lose the record's bot; `None` if they changed since it was read.
    async fn settings_put(&self, record: &Record, settings: &crate::tenant::Settings) -> Result<Option<Tenant>> {
        let mut change = Change::default();
        change.only_if("settings_version", Some(number(record.settings_version)));
        change.only_if("intent", None);
        change.only_if("bot_token", None);
        for (name, value) in record::settings(settings, record.settings_version + 1)? {
            change.assign(name, value);
        }
        if settings.bot.is_none() {
            change.remove("bot_claim");
        }
        let Some(written) = self.tenant_update(&record.tenant.id, change).await? else { return Ok(None) };
        if let (Some(before), None) = (&record.tenant.settings.bot, &settings.bot) {
            self.bot_release(before.id, record.item.text("bot_claim")?).await;
        }
        Ok(Some(written.tenant))
    }

    /// Writes settings with another bot than the record's; `None` if they changed since it was read.
    async fn settings_claim(&self, record: &Record, intent: &Intent) -> Result<Option<Tenant>> {
        self.seed_adopted().await?;
        let mut change = Change::default();
        change.only_if("settings_version", Some(number(record.settings_version)));
        change.only_if("intent", None);
        change.only_if("bot_token", None);
        change.set("intent", json(intent)?);
        let Some(intended) = self.tenant_update(&record.tenant.id, change).await? else { return Ok(None) };
        match self.intent_settle(&intended).await? {
            Settled::Applied(record) => Ok(Some(record.tenant)),
            Settled::Refused(holder) => Err(taken(intent.bot.id, &holder)),
            Settled::Changed => Ok(None),
        }
    }
}

#[async_trait]
impl Tenants for DynamoDb {
    async fn tenant_create(&self, tenant: &Tenant) -> Result<()> {
        let (id, create_token, intent) = (&tenant.id, token()?, Intent::new(&tenant.settings)?);
        if intent.is_some() {
            self.seed_adopted().await?;
        }
        for attempt in 0..CONTENTION {
            let put = self.record_put(tenant, &create_token, intent.as_ref()).await?;
            if put && intent.is_none() {
                return Ok(());
            }
            match self.record(id).await? {
                Some(record) if record.creating => {
                    let ours = record.item.text("create_token")? == Some(&create_token);
                    match (self.intent_settle(&record).await?, &intent) {
                        (Settled::Applied(_), _) if ours => return Ok(()),
                        (Settled::Refused(holder), Some(intent)) if ours => return Err(taken(intent.bot.id, &holder)),
                        _ => {}
                    }
                }
                Some(record) if record.item.text("create_token")? == Some(&create_token) => return Ok(()),
                Some(_) => return Err(Error::AlreadyExists { what: "tenant", name: id.to_string() }),
                None => {}
            }
            pause(attempt).await;
        }
        Err(busy(id))
    }

    async fn tenant_get(&self, id: &TenantId) -> Result<Option<Tenant>> {
        Ok(self.record_settled(id).await?.map(|record| record.tenant))
    }

    async fn tenant_list(&self, filter: &Filter, after: Option<&TenantId>, limit: usize) -> Result<Page<Tenant>> {
        self.tenants_page(filter, after, limit).await
    }

    async fn tenant_transition(&self, id: &TenantId, expected: Generation, next: &Lifecycle) -> Result<()> {
        if next.generation <= expected {
            return Err(Error::internal(format!(
                "the transition of tenant `{id}` from generation {expected} to {} goes back",
                next.generation
            )));
        }
        let transition_token = token()?;
        for attempt in 0..CONTENTION {
            let mut change = Change::default();
            change.only_if("generation", Some(number(expected)));
            change.only_if("bot_token", None);
            change.only_if("creating", None);
            change.set("transition_token", text(&transition_token));
            for (name, value) in record::lifecycle(next)? {
                change.assign(name, value);
            }
            if self.tenant_update(id, change).await?.is_some() {
                return Ok(());
            }
            let record = self.record_settled(id).await?.ok_or_else(|| not_found(id))?;
            if record.item.text("transition_token")? == Some(&transition_token) {
                return Ok(());
            }
            if record.tenant.lifecycle.generation != expected {
                return Err(lost(&record, expected));
            }
            self.record_ready(record, attempt).await?;
        }
        Err(busy(id))
    }

    async fn tenant_configure(&self, id: &TenantId, patch: SettingsPatch) -> Result<Tenant> {
        for attempt in 0..CONTENTION {
            let record = self.record_settled(id).await?.ok_or_else(|| not_found(id))?;
            let mut settings = record.tenant.settings.clone();
            patch.clone().apply(&mut settings)?;
            let written = if record.outdated() {
                self.record_upgrade(&record, patch.bot.is_some()).await?;
                None
            } else if record.intent.is_some() {
                self.intent_settle(&record).await?;
                None
            } else if settings == record.tenant.settings {
                Some(record.tenant)
            } else {
                let before = record.tenant.settings.bot.as_ref().map(|bot| bot.id);
                match settings.bot.as_ref().filter(|bot| Some(bot.id) != before) {
                    None => self.settings_put(&record, &settings).await?,
                    Some(_) => match Intent::new(&settings)? {
                        Some(intent) => self.settings_claim(&record, &intent).await?,
                        None => None,
                    },
                }
            };
            match written {
                Some(tenant) => return Ok(tenant),
                None => pause(attempt).await,
            }
        }
        Err(busy(id))
    }

    async fn tenant_touch(&self, id: &TenantId, at: Timestamp) -> Result<()> {
        for attempt in 0..CONTENTION {
            let mut change = Change::default();
            // A record of ours, whose times are of one form and compare as text.
            change.only_with("generation");
            change.only_below("last_active_at", text(at.to_string()));
            change.set("last_active_at", text(at.to_string()));
            if self.tenant_update(id, change).await?.is_some() {
                return Ok(());
            }
            let record = self.record_settled(id).await?.ok_or_else(|| not_found(id))?;
            if self.record_ready(record, attempt).await?.is_some_and(|record| record.tenant.last_active_at >= at) {
                return Ok(());
            }
        }
        Err(busy(id))
    }

    async fn tenant_remove(&self, id: &TenantId, expected: Generation) -> Result<()> {
        for attempt in 0..CONTENTION {
            let mut change = Change::default();
            change.only_if("generation", Some(number(expected)));
            change.only_if("creating", None);
            let attempts = Attempts::default();
            let table = &self.settings().registry_table;
            let request = self.client().delete_item().table_name(table).return_values(ReturnValue::AllOld);
            let request = change.delete(request.key("tenant_id", text(id.as_str())));
            let sent = request.customize().interceptor(attempts.clone()).send().await;
            if let Written::Done(output) = attempts.written(sent)? {
                let item = Item::new(output.attributes.unwrap_or_default(), table, id.as_str());
                let record = Record::read(item, &self.shared.keyring)?;
                if let Some(bot) = &record.tenant.settings.bot {
                    self.bot_release(bot.id, record.item.text("bot_claim")?).await;
                }
                return Ok(());
            }
            match self.record_settled(id).await? {
                None if attempts.unsure() => return Ok(()),
                None => return Err(not_found(id)),
                Some(record) if record.tenant.lifecycle.generation != expected => return Err(lost(&record, expected)),
                Some(record) => {
                    if self.record_remove(&record, expected).await? {
                        return Ok(());
                    }
                }
            }
            pause(attempt).await;
        }
        Err(busy(id))
    }

    async fn tenant_counts(&self) -> Result<BTreeMap<String, u64>> {
        self.tenants_counted().await
    }

    async fn foreign_list(&self, after: Option<&str>, limit: usize) -> Result<Vec<Foreign>> {
        self.foreign_page(after, limit).await
    }

    async fn foreign_remove(&self, id: &str) -> Result<()> {
        self.foreign_delete(id).await
    }
}
