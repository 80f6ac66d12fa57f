//! A tenant as an item: the attributes of the first control plane, ours beside them.
//!
//! | whose | attributes |
//! |---|---|
//! | the first control plane's, kept up to date | `tenant_id`, `status`, `pod_name`, `pod_ip`, `namespace`, `s3_prefix`, `created_at`, `last_active_at`, `idle_timeout_s` |
//! | its token, until our first write | `bot_token` |
//! | lifecycle | `generation`, `since`, `agent`, `stop_reason`, `keep_state`, `snapshot`, `last_wake` |
//! | settings | `settings_version`, `suspended`, `labels`, `schedules`, `bot_id`, `bot_token_sealed`, `webhook_secret_sealed`, `webhook_url` |
//! | indexes | `listed`: `tenant`, or `foreign` for an id that is no [`TenantId`]; `active`, unless it is idle |
//! | own writes are recognised by | `create_token`, `transition_token`, `bot_claim` |
//! | a step that is under way | `intent`, `creating` |

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    drivers::{
        dynamodb::items::{Attributes, Item, json, number, text},
        telegram::bot_id_of,
    },
    error::{Error, Result},
    labels::Labels,
    schedule::Schedules,
    secret::{Keyring, Sealed, Secret, random_bytes},
    tenant::{
        Agent, Bot, BotId, DEFAULT_IDLE_TIMEOUT, Endpoint, Generation, IDLE_TIMEOUT, Lifecycle, Settings, Status,
        StopReason, Tenant, TenantId, WorkloadId,
    },
    webhook::{token_owner, webhook_owner},
};

/// The port of an agent of the first control plane.
const PORT: u16 = 3000;

/// The value of `listed` of a tenant.
pub(super) const TENANT: &str = "tenant";

/// The value of `listed` of a row whose id is no [`TenantId`].
pub(super) const FOREIGN: &str = "foreign";

/// The value of `active`.
pub(super) const IS_ACTIVE: &str = "active";

/// Attributes to set, or to remove where there is no value.
pub(super) type Assignments = Vec<(&'static str, Option<AttributeValue>)>;

/// Names one write.
pub(super) fn token() -> Result<String> {
    random_bytes::<12>().map(hex::encode)
}

/// New settings with a bot that is to be claimed: written before the claim, removed with its outcome.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Intent {
    /// Of the claim.
    pub(super) token: String,
    pub(super) bot: Bot,
    idle_timeout: Duration,
    suspended: Option<String>,
    #[serde(default)]
    labels: Labels,
    #[serde(default)]
    schedules: Schedules,
}

impl Intent {
    /// `None` if the settings have no bot.
    pub(super) fn new(settings: &Settings) -> Result<Option<Self>> {
        let Some(bot) = settings.bot.clone() else { return Ok(None) };
        let Settings { idle_timeout, suspended, labels, schedules, .. } = settings.clone();
        Ok(Some(Self { token: token()?, bot, idle_timeout, suspended, labels, schedules }))
    }

    pub(super) fn settings(&self) -> Settings {
        let Self { bot, idle_timeout, suspended, labels, schedules, .. } = self.clone();
        Settings { idle_timeout, bot: Some(bot), suspended, labels, schedules }
    }
}

/// An item that is a tenant, or is about to become one.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) tenant: Tenant,
    pub(super) item: Item,
    pub(super) settings_version: u64,
    pub(super) intent: Option<Intent>,
    /// Not a tenant before its bot is claimed.
    pub(super) creating: bool,
}

impl Record {
    /// `Corrupt` if it cannot be read.
    pub(super) fn read(item: Item, keyring: &Keyring) -> Result<Self> {
        let id: TenantId =
            item.required("tenant_id")?.parse().map_err(|error: Error| item.damaged(error.to_string()))?;
        let last_active_at = item.parsed("last_active_at")?.or(item.parsed("created_at")?).unwrap_or_default();
        let generation = Generation(item.number("generation")?.unwrap_or_default());
        let lifecycle = Lifecycle {
            generation,
            status: status(&item, &id, generation)?,
            since: item.parsed("since")?.unwrap_or(last_active_at),
            snapshot: item.json("snapshot")?,
            last_wake: item.json("last_wake")?,
        };
        let settings = Settings {
            idle_timeout: idle_timeout(&item)?,
            bot: bot(&item, &id, keyring)?,
            suspended: item.text("suspended")?.map(str::to_owned),
            labels: item.json("labels")?.unwrap_or_default(),
            schedules: item.json("schedules")?.unwrap_or_default(),
        };
        let created_at = item.parsed("created_at")?.unwrap_or(last_active_at);
        Ok(Self {
            tenant: Tenant { id, created_at, last_active_at, settings, lifecycle },
            settings_version: item.number("settings_version")?.unwrap_or_default(),
            intent: item.json("intent")?,
            creating: item.has("creating"),
            item,
        })
    }

    /// Whether the first control plane wrote it, or wrote a token or a row anew, and nothing of ours followed.
    pub(super) fn outdated(&self) -> bool {
        !self.creating && (!self.item.has("generation") || self.item.has("bot_token") || !self.item.has("listed"))
    }

    /// Whether it has the bot, or is about to.
    pub(super) fn claims(&self, bot: BotId) -> bool {
        let has = self.tenant.settings.bot.as_ref().is_some_and(|has| has.id == bot);
        has || self.intent.as_ref().is_some_and(|intent| intent.bot.id == bot)
    }
}

fn status(item: &Item, id: &TenantId, generation: Generation) -> Result<Status> {
    let agent = || -> Result<Option<Agent>> {
        if let Some(agent) = item.json("agent")? {
            return Ok(Some(agent));
        }
        let Some(ip) = item.text("pod_ip")?.filter(|ip| !ip.is_empty()) else { return Ok(None) };
        let ip: IpAddr = ip.parse().map_err(|_| item.damaged("`pod_ip` is no address"))?;
        let name = item.text("pod_name")?.filter(|name| !name.is_empty());
        let workload = WorkloadId(name.map_or_else(|| format!("zeroclaw-{id}"), str::to_owned));
        Ok(Some(Agent { workload, generation, endpoint: Endpoint::Tcp(SocketAddr::new(ip, PORT)) }))
    };
    let reason = || item.json::<StopReason>("stop_reason");
    Ok(match item.required("status")? {
        "idle" => Status::Idle { reason: reason()? },
        "provisioning" => Status::Provisioning,
        "running" => match agent()? {
            Some(agent) => Status::Running { agent },
            None => Status::Idle { reason: Some(StopReason::Lost("its record names no address".to_owned())) },
        },
        "stopping" => match (agent()?, reason()?) {
            (Some(agent), Some(reason)) => Status::Stopping { agent, reason },
            _ => return Err(item.damaged("it is `stopping` without what belongs to it")),
        },
        "terminated" => Status::Terminated { keep_state: item.flag("keep_state")?.unwrap_or(true) },
        other => return Err(item.damaged(format!("{other:?} is no status"))),
    })
}

/// Seconds, a fraction after a point.
fn seconds(duration: Duration) -> String {
    let text = format!("{}.{:09}", duration.as_secs(), duration.subsec_nanos());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(super) fn idle_timeout(item: &Item) -> Result<Duration> {
    let Some(AttributeValue::N(digits)) = item.value("idle_timeout_s") else { return Ok(DEFAULT_IDLE_TIMEOUT) };
    // The first control plane did not refuse what is negative.
    if digits.starts_with('-') || digits == "0" {
        return Ok(*IDLE_TIMEOUT.start());
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let parsed = whole.parse().ok().zip(format!("{fraction:0<9}").parse().ok());
    let (whole, nanos) = parsed.ok_or_else(|| item.damaged("`idle_timeout_s` is no number of seconds"))?;
    Ok(Duration::new(whole, nanos))
}

/// The bot. A token that the first control plane wrote is newer than a sealed one.
fn bot(item: &Item, id: &TenantId, keyring: &Keyring) -> Result<Option<Bot>> {
    if let Some(token) = item.text("bot_token")? {
        let token = Secret::new(token);
        let Ok(bot) = bot_id_of(&token) else {
            tracing::warn!(tenant = %id, "its bot's token has not the form of one, and counts as none");
            return Ok(None);
        };
        // The same for everybody who reads it before it is written.
        let secret = keyring.derive(&format!("{} of {bot}", webhook_owner(id)));
        return Ok(Some(Bot {
            id: bot,
            token: keyring.seal(&token_owner(id), &token)?,
            webhook_secret: keyring.seal(&webhook_owner(id), &secret)?,
            webhook_url: None,
        }));
    }
    let Some(bot) = item.number("bot_id")? else { return Ok(None) };
    Ok(Some(Bot {
        id: BotId(bot),
        token: Sealed(item.required("bot_token_sealed")?.to_owned()),
        webhook_secret: Sealed(item.required("webhook_secret_sealed")?.to_owned()),
        webhook_url: item.text("webhook_url")?.map(str::to_owned),
    }))
}

/// What a lifecycle is written as.
pub(super) fn lifecycle(lifecycle: &Lifecycle) -> Result<Assignments> {
    let status = &lifecycle.status;
    let agent = status.agent();
    let reason = match status {
        Status::Idle { reason } => reason.as_ref(),
        Status::Stopping { reason, .. } => Some(reason),
        Status::Provisioning | Status::Running { .. } | Status::Terminated { .. } => None,
    };
    let keep_state = match status {
        Status::Terminated { keep_state } => Some(AttributeValue::Bool(*keep_state)),
        Status::Idle { .. } | Status::Provisioning | Status::Running { .. } | Status::Stopping { .. } => None,
    };
    let ip = agent.and_then(|agent| match &agent.endpoint {
        Endpoint::Tcp(address) | Endpoint::Pinned { address, .. } => Some(text(address.ip().to_string())),
        Endpoint::Unix(_) => None,
    });
    Ok(vec![
        ("status", Some(text(status.label()))),
        ("active", (!matches!(status, Status::Idle { .. })).then(|| text(IS_ACTIVE))),
        ("generation", Some(number(lifecycle.generation))),
        ("since", Some(text(lifecycle.since.to_string()))),
        ("agent", agent.map(json).transpose()?),
        ("pod_name", agent.map(|agent| text(agent.workload.0.clone()))),
        ("pod_ip", ip),
        ("stop_reason", reason.map(json).transpose()?),
        ("keep_state", keep_state),
        ("snapshot", lifecycle.snapshot.as_ref().map(json).transpose()?),
        ("last_wake", lifecycle.last_wake.as_ref().map(json).transpose()?),
    ])
}

/// What settings are written as; `version` counts their changes.
pub(super) fn settings(settings: &Settings, version: u64) -> Result<Assignments> {
    let bot = settings.bot.as_ref();
    let labels = Some(&settings.labels).filter(|labels| !labels.is_empty());
    let schedules = Some(&settings.schedules).filter(|schedules| !schedules.is_empty());
    Ok(vec![
        ("settings_version", Some(number(version))),
        ("idle_timeout_s", Some(number(seconds(settings.idle_timeout)))),
        ("suspended", settings.suspended.clone().map(text)),
        ("bot_id", bot.map(|bot| number(bot.id))),
        ("bot_token_sealed", bot.map(|bot| text(bot.token.0.clone()))),
        ("webhook_secret_sealed", bot.map(|bot| text(bot.webhook_secret.0.clone()))),
        ("webhook_url", bot.and_then(|bot| bot.webhook_url.clone()).map(text)),
        ("labels", labels.map(json).transpose()?),
        ("schedules", schedules.map(json).transpose()?),
    ])
}

/// When it was made and last used.
pub(super) fn times(created_at: Timestamp, last_active_at: Timestamp) -> Assignments {
    vec![("created_at", Some(text(created_at.to_string()))), ("last_active_at", Some(text(last_active_at.to_string())))]
}

/// A new tenant's item. One with a bot becomes a tenant with the claim of its intent.
pub(super) fn item(
    tenant: &Tenant,
    namespace: &str,
    create_token: &str,
    intent: Option<&Intent>,
) -> Result<Attributes> {
    let unclaimed = Settings { bot: None, ..tenant.settings.clone() };
    let mut assignments = lifecycle(&tenant.lifecycle)?;
    assignments.extend(settings(&unclaimed, 1)?);
    assignments.extend(times(tenant.created_at, tenant.last_active_at));
    let one_step = intent.is_none();
    assignments.extend([
        ("tenant_id", Some(text(tenant.id.as_str()))),
        ("namespace", Some(text(namespace))),
        ("s3_prefix", Some(text(format!("tenants/{}/", tenant.id)))),
        ("create_token", Some(text(create_token))),
        ("listed", one_step.then(|| text(TENANT))),
        ("creating", (!one_step).then_some(AttributeValue::Bool(true))),
        ("intent", intent.map(json).transpose()?),
    ]);
    Ok(assignments.into_iter().filter_map(|(name, value)| value.map(|value| (name.to_owned(), value))).collect())
}
