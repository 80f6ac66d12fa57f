//! A bot belongs to one tenant: its marker, the item `bot#ID`, says to which.
//!
//! # Steps, and what is left if the process dies
//! 1. **intent**: the tenant's item gets the settings that it is to have, with a token, on the condition that nothing else
//!    is under way. A new tenant's item is put with it, and is not yet a tenant.
//! 2. **claim**: the marker is put, on the condition that there is none or that it is the tenant's already.
//! 3. **settings**: the intent becomes the settings; or it is removed (and a new tenant's item with it) where another
//!    tenant has the bot. On the condition that the intent is still that one.
//! 4. the marker of the bot that the tenant had before is deleted.
//!
//! | dies after | what is left | who finishes it |
//! |---|---|---|
//! | 1 | an intent | whoever next changes the tenant's settings, or meets a tenant that is being made, does 2 to 4 |
//! | 2 | an intent, and the marker | the same; whoever wants the bot does too, and is refused |
//! | 3 | a marker whose owner has not the bot | whoever wants the bot takes the marker over, on the condition that it is still that one |
//!
//! The claim is what decides: as long as the marker is a tenant's whose item has the bot or an intent to have it, nobody else
//! gets the bot. A take-over cannot hit a claim that is under way: the intent comes first, and a claim changes the marker's
//! token, which the take-over is conditional on.

use aws_sdk_dynamodb::types::ReturnValue;

use super::{
    Attempts, Written,
    record::{Record, TENANT, settings},
};
use crate::{
    drivers::dynamodb::{
        DynamoDb,
        connection::read,
        items::{Change, Item, text},
        pause,
    },
    error::{Error, Result},
    tenant::{BotId, TenantId},
};

/// How often a step is begun again because others change the same item.
pub(super) const CONTENTION: u32 = 40;

/// What became of an intent.
#[derive(Debug)]
pub(super) enum Settled {
    /// It is the settings now.
    Applied(Box<Record>),
    /// Somebody else has the bot.
    Refused(String),
    /// Somebody else settled it.
    Changed,
}

enum Claim {
    Ours,
    Held(String),
}

fn marker(bot: BotId) -> String {
    format!("bot#{bot}")
}

/// The bot is another's.
pub(super) fn taken(bot: BotId, holder: &str) -> Error {
    Error::conflict("bot", bot, format!("tenant `{holder}` has it"))
}

impl DynamoDb {
    /// Finishes what a record's intent says.
    pub(super) async fn intent_settle(&self, record: &Record) -> Result<Settled> {
        let (Some(intent), Some(raw)) = (&record.intent, record.item.value("intent")) else {
            return Ok(Settled::Changed);
        };
        let id = &record.tenant.id;
        let mut change = Change::default();
        change.only_if("intent", Some(raw));
        if let Claim::Held(holder) = Box::pin(self.bot_claim(intent.bot.id, id, &intent.token)).await? {
            self.intent_withdraw(record, change).await?;
            return Ok(Settled::Refused(holder));
        }
        for (name, value) in settings(&intent.settings(), record.settings_version + 1)? {
            change.assign(name, value);
        }
        change.set("bot_claim", text(&intent.token));
        change.remove("intent");
        if record.creating {
            change.remove("creating");
            change.set("listed", text(TENANT));
        }
        let Some(settled) = self.tenant_update(id, change).await? else { return Ok(Settled::Changed) };
        if let Some(before) = record.tenant.settings.bot.as_ref().filter(|before| before.id != intent.bot.id) {
            self.bot_release(before.id, record.item.text("bot_claim")?).await;
        }
        Ok(Settled::Applied(Box::new(settled)))
    }

    async fn intent_withdraw(&self, record: &Record, mut change: Change) -> Result<()> {
        if !record.creating {
            change.remove("intent");
            return self.tenant_update(&record.tenant.id, change).await.map(drop);
        }
        let attempts = Attempts::default();
        let request = self.client().delete_item().table_name(&self.settings().registry_table);
        let request = change.delete(request.key("tenant_id", text(record.tenant.id.as_str())));
        attempts.written(request.customize().interceptor(attempts.clone()).send().await).map(drop)
    }

    /// Changes a tenant's item; `None` if the condition does not hold.
    pub(super) async fn tenant_update(&self, id: &TenantId, change: Change) -> Result<Option<Record>> {
        let attempts = Attempts::default();
        let table = &self.settings().registry_table;
        let request = self.client().update_item().table_name(table).key("tenant_id", text(id.as_str()));
        let request = change.update(request.return_values(ReturnValue::AllNew));
        match attempts.written(request.customize().interceptor(attempts.clone()).send().await)? {
            Written::Unmet => Ok(None),
            Written::Done(output) => {
                let item = Item::new(output.attributes.unwrap_or_default(), table, id.as_str());
                Record::read(item, &self.shared.keyring).map(Some)
            }
        }
    }

    /// Puts a bot's marker. `Held` if it is, or is about to be, another tenant's.
    async fn bot_claim(&self, bot: BotId, owner: &TenantId, token: &str) -> Result<Claim> {
        for attempt in 0..CONTENTION {
            let mut change = Change::default();
            change.only_without_or("tenant_id", "owner", text(owner.as_str()));
            if self.marker_put(bot, owner, token, change).await? {
                return Ok(Claim::Ours);
            }
            let Some(there) = self.marker(bot).await? else { continue };
            let Some(holder) = there.text("owner")?.map(str::to_owned) else {
                // A row of somebody's who named a tenant so.
                return Ok(Claim::Held(marker(bot)));
            };
            if holder != owner.as_str() {
                let id: TenantId = holder.parse().map_err(|error: Error| there.damaged(error.to_string()))?;
                match self.record(&id).await? {
                    Some(record) if record.claims(bot) => {
                        let settled = record.tenant.settings.bot.as_ref().is_some_and(|has| has.id == bot);
                        if settled || matches!(self.intent_settle(&record).await?, Settled::Applied(_)) {
                            return Ok(Claim::Held(holder));
                        }
                    }
                    _ => {
                        let mut change = Change::default();
                        change.only_if("token", there.value("token"));
                        if self.marker_put(bot, owner, token, change).await? {
                            return Ok(Claim::Ours);
                        }
                    }
                }
            }
            pause(attempt).await;
        }
        Err(Error::conflict("bot", bot, "too many want it at once"))
    }

    /// [`DynamoDb::bot_claim`] for a tenant whose item has the bot's token in plain text, which stands for an intent.
    pub(super) async fn bot_adopt(&self, bot: BotId, owner: &TenantId, token: &str) -> Result<()> {
        match self.bot_claim(bot, owner, token).await? {
            Claim::Ours => Ok(()),
            Claim::Held(holder) => Err(taken(bot, &holder)),
        }
    }

    async fn marker(&self, bot: BotId) -> Result<Option<Item>> {
        let (table, name) = (&self.settings().registry_table, marker(bot));
        let get = self.client().get_item().table_name(table).key("tenant_id", text(&name)).consistent_read(true);
        Ok(read(get.send().await)?.item.map(|attributes| Item::new(attributes, table, name)))
    }

    async fn marker_put(&self, bot: BotId, owner: &TenantId, token: &str, change: Change) -> Result<bool> {
        let attempts = Attempts::default();
        let request = self
            .client()
            .put_item()
            .table_name(&self.settings().registry_table)
            .item("tenant_id", text(marker(bot)))
            .item("owner", text(owner.as_str()))
            .item("token", text(token));
        let sent = change.put(request).customize().interceptor(attempts.clone()).send().await;
        Ok(matches!(attempts.written(sent)?, Written::Done(_)))
    }

    /// Deletes a bot's marker, if it is still the one that was claimed under this token. One that stays is taken over by
    /// whoever wants the bot.
    pub(super) async fn bot_release(&self, bot: BotId, token: Option<&str>) {
        let Some(token) = token else { return };
        let attempts = Attempts::default();
        let mut change = Change::default();
        change.only_if("token", Some(text(token)));
        let request = self.client().delete_item().table_name(&self.settings().registry_table);
        let request = change.delete(request.key("tenant_id", text(marker(bot))));
        let sent = request.customize().interceptor(attempts.clone()).send().await;
        if let Err(error) = attempts.written(sent) {
            tracing::warn!(%bot, error = error.chain(), "a bot that was given up is still marked");
        }
    }
}
