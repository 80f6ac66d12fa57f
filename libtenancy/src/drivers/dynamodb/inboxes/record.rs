//! An update as an item, and a tenant's own item.
//!
//! | key (`tenant`, `update`) | attributes |
//! |---|---|
//! | (*t*, `BOT#UPDATE`) | the update: `stage`, `received_at`, `not_before`, `takes`, `attempts` …, `payload` and `reply` as bytes; `version` and `token` for its writes; `open` and `pending` while it is not terminal, `ended` and `expires_at` once it is handled or dropped |
//! | (*t*, `delivery`) | `owner`, `epoch`, `expires` of the delivery; `dead`, `handled`, `possible_repeats`; `inbox` |
//!
//! Numbers in sort keys have twenty digits; negative ones are counted up from the least, after a `-`, so that they sort first.

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};

use crate::{
    clock::Timestamp,
    drivers::dynamodb::items::{Attributes, Item, number, text},
    error::{Error, Result},
    inbox::{Epoch, KEEP_TERMINAL, Outgoing, Stage, Update, UpdateKey},
    tenant::{BotId, TenantId},
};

/// The sort key of a tenant's own item: behind all updates.
pub(super) const DELIVERY: &str = "delivery";

/// Over how many partitions what has ended is spread: its sort key is time, which one partition would take at its end.
pub(super) const ENDED_SHARDS: u16 = 4;

/// How much longer than it is needed an item is kept where only the store removes it, seconds.
const KEEP_LONGER: i64 = 7 * 86_400;

/// The most bytes of a payload and of a reply as they are stored; an item may have 400 KB.
const MAX_BODY: usize = 190_000;

/// A body that is longer than this is compressed.
const COMPRESS: usize = 1_024;

fn sortable(number: i64) -> String {
    match u64::try_from(number) {
        Ok(number) => format!("{number:020}"),
        Err(_) => format!("-{:020}", number.wrapping_sub(i64::MIN)),
    }
}

/// The sort key of an update.
pub(super) fn sort_key(bot: BotId, update_id: i64) -> String {
    format!("{}#{}", sortable(bot.0), sortable(update_id))
}

/// The key of an update's item.
pub(super) fn key(update: &UpdateKey) -> Attributes {
    item_key(update.tenant.as_str(), &sort_key(update.bot, update.update_id))
}

/// The key of an item.
pub(super) fn item_key(tenant: &str, sort: &str) -> Attributes {
    HashMap::from([("tenant".to_owned(), text(tenant)), ("update".to_owned(), text(sort))])
}

/// Text as bytes: the first says whether the rest is compressed. `Invalid` if it is too long for an item.
fn body(what: &'static str, plain: &str) -> Result<AttributeValue> {
    let mut bytes = vec![0];
    if plain.len() > COMPRESS {
        bytes[0] = 1;
        let packed = zstd::bulk::compress(plain.as_bytes(), 3);
        bytes.extend(packed.map_err(|error| Error::internal(format!("cannot compress: {error}")))?);
    } else {
        bytes.extend(plain.as_bytes());
    }
    if bytes.len() > MAX_BODY {
        let reason = format!("its {} bytes are {} when compressed; an item takes {MAX_BODY}", plain.len(), bytes.len());
        return Err(Error::invalid(what, reason));
    }
    Ok(AttributeValue::B(Blob::new(bytes)))
}

fn body_read(item: &Item, name: &str) -> Result<Option<String>> {
    let Some(bytes) = item.bytes(name)? else { return Ok(None) };
    let plain = match bytes.split_first() {
        Some((0, plain)) => plain.to_vec(),
        Some((1, packed)) => zstd::stream::decode_all(packed).map_err(|e| item.damaged(format!("`{name}`: {e}")))?,
        _ => return Err(item.damaged(format!("`{name}` cannot be read"))),
    };
    String::from_utf8(plain).map(Some).map_err(|_| item.damaged(format!("`{name}` is no text")))
}

/// An update, and what its writes need.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) update: Update,
    /// What the update goes back to when it is replayed, and how much of it was sent.
    pub(super) reply: Option<(Outgoing, u32)>,
    /// The epoch of the last take whose outcome nobody has told.
    pub(super) taken_epoch: Option<Epoch>,
    /// Grows with every write.
    pub(super) version: u64,
    /// Of the last write.
    pub(super) token: String,
}

impl Row {
    /// A new one.
    pub(super) fn new(key: &UpdateKey, payload: &str, now: Timestamp, token: String) -> Self {
        let update = Update {
            key: key.clone(),
            payload: payload.to_owned(),
            received_at: now,
            stage: Stage::Pending,
            takes: 0,
            attempts: 0,
            not_before: now,
            notice: None,
            last_error: None,
            possible_repeats: 0,
        };
        Self { update, reply: None, taken_epoch: None, version: 1, token }
    }

    /// The stage it is in by its reply: `replied` or `pending`.
    pub(super) fn open_stage(&self) -> Stage {
        match &self.reply {
            Some((reply, sent)) => Stage::Replied { reply: reply.clone(), sent: *sent },
            None => Stage::Pending,
        }
    }

    /// The item. `Invalid` if a text is too long for one.
    pub(super) fn item(&self) -> Result<Attributes> {
        let update = &self.update;
        let mut item = key(&update.key);
        let mut put = |name: &str, value: AttributeValue| drop(item.insert(name.to_owned(), value));
        put("bot", number(update.key.bot.0));
        put("update_id", number(update.key.update_id));
        put("stage", text(update.stage.label()));
        put("received_at", number(update.received_at.as_micros()));
        put("not_before", number(update.not_before.as_micros()));
        put("takes", number(update.takes));
        put("attempts", number(update.attempts));
        put("possible_repeats", number(update.possible_repeats));
        put("version", number(self.version));
        put("token", text(&self.token));
        put("payload", body("payload", &update.payload)?);
        if let Some(Epoch(epoch)) = self.taken_epoch {
            put("taken_epoch", number(epoch));
        }
        if let Some((reply, sent)) = &self.reply {
            let json =
                serde_json::to_string(reply).map_err(|e| Error::internal(format!("a reply has no JSON: {e}")))?;
            put("reply", body("reply", &json)?);
            put("sent", number(sent));
        }
        if let Some(notice) = update.notice {
            put("notice", number(notice));
        }
        if let Some(error) = &update.last_error {
            put("last_error", text(error));
        }
        let ended = match &update.stage {
            Stage::Pending | Stage::Replied { .. } => {
                put("open", text(sort_key(update.key.bot, update.key.update_id)));
                put("pending", text("pending"));
                None
            }
            Stage::Dead { at, reason } => {
                put("reason", text(reason));
                put("ended_at", number(at.as_micros()));
                None
            }
            Stage::Handled { at } | Stage::Dropped { at } => Some(*at),
        };
        if let Some(at) = ended {
            let shard = update.key.update_id.rem_euclid(i64::from(ENDED_SHARDS));
            put("ended", text(shard.to_string()));
            put("ended_at", number(at.as_micros()));
            put("expires_at", number((at + KEEP_TERMINAL).as_micros() / 1_000_000 + KEEP_LONGER));
        }
        Ok(item)
    }

    /// What an item says.
    pub(super) fn read(item: &Item, tenant: &TenantId) -> Result<Self> {
        let micros = |name: &str| item.needed(name).map(Timestamp::from_micros);
        let key =
            UpdateKey { tenant: tenant.clone(), bot: BotId(item.needed("bot")?), update_id: item.needed("update_id")? };
        let reply = match body_read(item, "reply")? {
            Some(json) => {
                let reply = serde_json::from_str(&json).map_err(|e| item.damaged(format!("`reply`: {e}")))?;
                Some((reply, item.needed("sent")?))
            }
            None => None,
        };
        let stage = match (item.required("stage")?, &reply) {
            ("pending", _) => Stage::Pending,
            ("replied", Some((reply, sent))) => Stage::Replied { reply: Outgoing::clone(reply), sent: *sent },
            ("handled", _) => Stage::Handled { at: micros("ended_at")? },
            ("dead", _) => {
                Stage::Dead { at: micros("ended_at")?, reason: item.text("reason")?.unwrap_or_default().to_owned() }
            }
            ("dropped", _) => Stage::Dropped { at: micros("ended_at")? },
            (label, _) => return Err(item.damaged(format!("it is `{label}` without what belongs to it"))),
        };
        Ok(Self {
            update: Update {
                key,
                payload: body_read(item, "payload")?.unwrap_or_default(),
                received_at: micros("received_at")?,
                stage,
                takes: item.needed("takes")?,
                attempts: item.needed("attempts")?,
                not_before: micros("not_before")?,
                notice: item.number("notice")?,
                last_error: item.text("last_error")?.map(str::to_owned),
                possible_repeats: item.needed("possible_repeats")?,
            },
            reply,
            taken_epoch: item.number("taken_epoch")?.map(Epoch),
            version: item.needed("version")?,
            token: item.required("token")?.to_owned(),
        })
    }
}

/// Who delivers a tenant's updates.
#[derive(Clone, Debug, Default)]
pub(super) struct Delivery {
    pub(super) owner: Option<String>,
    pub(super) epoch: Epoch,
    pub(super) expires: Timestamp,
    /// Of the last claim.
    pub(super) token: Option<String>,
}

impl Delivery {
    /// What an item says.
    pub(super) fn read(item: &Item) -> Result<Self> {
        Ok(Self {
            owner: item.text("owner")?.map(str::to_owned),
            epoch: Epoch(item.number("epoch")?.unwrap_or_default()),
            expires: Timestamp::from_micros(item.number("expires")?.unwrap_or_default()),
            token: item.text("claim")?.map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_their_numbers_do_and_before_the_tenants_own_item() {
        let numbers = [i64::MIN, i64::MIN + 1, -10, -9, -1, 0, 1, 9, 10, i64::MAX];
        let keys: Vec<String> = numbers.iter().map(|&n| sort_key(BotId(n), n)).collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{keys:?}");
        assert!(keys.iter().all(|key| key.as_str() < DELIVERY));
    }

    #[test]
    fn a_body_comes_back_and_one_that_no_item_takes_is_refused() {
        for plain in ["", "x", &"x".repeat(COMPRESS + 1), &"{\"a\":1}".repeat(100_000)] {
            let item = Item::new([("b".to_owned(), body("payload", plain).unwrap())].into(), "t", "n");
            assert_eq!(body_read(&item, "b").unwrap().unwrap(), plain);
        }
        let random = hex::encode(crate::secret::random_bytes::<262_144>().unwrap());
        assert!(matches!(body("payload", &random), Err(Error::Invalid { field: "payload", .. })));
    }
}
