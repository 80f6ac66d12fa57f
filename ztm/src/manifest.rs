//! Files that say which tenants there are, with their quotas and schedules: reading them, and what stands between them and what
//! there is.
//!
//! # Design notes
//! - What a file does not name stays as it is; a map that it names (labels, schedules) is the whole of it, so that what is
//!   taken out of the file goes. No tenant is ever deleted by a file alone: `ztm apply --prune` deletes, among those whose
//!   labels it is told, the ones that no file names.
//! - Everything is checked, and every token read, before anything is changed.
//! - A bot is compared by its number, the part of its token before the colon: nobody but the router is told a token. A new
//!   token of the same bot is set by `ztm tenant update`.

use std::{
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
};

use libtenancy::{
    Error, Result,
    api::{
        CreateTenant, TenantView, UpdateTenant,
        quotas::{QuotaView, SetQuota},
        schedules::ScheduleView,
    },
    drivers::telegram::bot_id_of,
    labels::{LabelChange, Labels},
    quota::Quota,
    schedule::{ScheduleName, ScheduleSpec, Schedules},
    secret::Secret,
    tenant::{TenantId, idle_timeout_from_secs},
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_saphyr::Location;

use crate::{cli::quantity, confirm};

mod place;

use place::Step;

/// The largest file, in bytes.
const LARGEST: u64 = 16 << 20;

/// What a file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a map that begins with `tenants:`")]
struct Document {
    /// As `ztm export -o json` says it.
    #[serde(default, rename = "schema_version")]
    _schema_version: Option<u32>,
    tenants: Vec<Wanted>,
}

/// What is to be true of one tenant.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a map with a `name`")]
pub struct Wanted {
    name: TenantId,
    #[serde(default, deserialize_with = "seconds", skip_serializing_if = "Option::is_none")]
    idle_timeout: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    labels: Option<Labels>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bot_token_file: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quota: Option<SetQuota>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schedules: Option<BTreeMap<ScheduleName, ScheduleSpec>>,
}

impl Wanted {
    /// What a file says that asks for no more and no less than there is; all of it but the bot, whose token nobody is told, and
    /// a suspension, which is no setting. `Invalid` if what there is has a name that no file could have.
    pub fn of(tenant: &TenantView, quota: &QuotaView, schedules: &[ScheduleView]) -> Result<Self> {
        let named = |one: &ScheduleView| Ok((one.name.parse()?, one.spec.clone()));
        Ok(Self {
            name: tenant.tenant_id.parse()?,
            idle_timeout: i64::try_from(tenant.idle_timeout_s).ok(),
            labels: Some(tenant.labels.clone()),
            bot_token_file: None,
            quota: Some(SetQuota {
                rate_per_sec: Some(quota.rate_per_sec),
                burst: Some(quota.burst),
                weight: Some(quota.weight),
                max_running: Some(quota.max_running),
                budget: quota.budget.clone(),
                no_budget: quota.budget.is_none(),
            }),
            schedules: Some(schedules.iter().map(named).collect::<Result<_>>()?),
        })
    }

    /// Which tenant.
    pub fn id(&self) -> &str {
        self.name.as_str()
    }
}

/// A number of seconds, or a time with a unit.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "it must be seconds, or a time with a unit (30m)")]
    enum Written {
        Seconds(i64),
        Text(String),
    }
    let seconds = match Written::deserialize(deserializer)? {
        Written::Seconds(seconds) => Ok(seconds),
        Written::Text(text) => quantity::seconds(&text),
    };
    let seconds = seconds.map_err(serde::de::Error::custom)?;
    idle_timeout_from_secs(seconds).map_err(serde::de::Error::custom)?;
    Ok(Some(seconds))
}

/// One tenant as it is wanted, with its token read.
#[derive(Debug)]
pub struct Manifest {
    wanted: Wanted,
    bot_token: Option<Secret>,
}

/// Reads files (`-` is standard input, a directory is all its `.yaml`, `.yml` and `.json` files). `Invalid` names the file and
/// the place in it, also if a tenant is named twice.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Manifest>> {
    let mut all: BTreeMap<TenantId, (PathBuf, Manifest)> = BTreeMap::new();
    for path in files(paths)? {
        for manifest in read_one(&path)? {
            let id = manifest.wanted.name.clone();
            if let Some((before, _)) = all.get(&id) {
                let reason = format!("tenant `{id}` is in {} and again in {}", before.display(), path.display());
                return Err(Error::invalid("manifest", reason));
            }
            all.insert(id, (path.clone(), manifest));
        }
    }
    Ok(all.into_values().map(|(_, manifest)| manifest).collect())
}

fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(Error::io("read", path))?;
        let mut inside = Vec::new();
        for entry in entries {
            let file = entry.map_err(Error::io("read", path))?.path();
            let extension = file.extension().and_then(|extension| extension.to_str());
            if matches!(extension, Some("yaml" | "yml" | "json")) && file.is_file() {
                inside.push(file);
            }
        }
        if inside.is_empty() {
            return Err(Error::invalid("manifest", format!("{} holds no .yaml, .yml or .json file", path.display())));
        }
        inside.sort();
        files.extend(inside);
    }
    Ok(files)
}

fn read_one(path: &Path) -> Result<Vec<Manifest>> {
    let mut bytes = Vec::new();
    let from: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(path).map_err(Error::io("open", path))?)
    };
    from.take(LARGEST + 1).read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    let wrong = |reason: String| Error::invalid("manifest", format!("{}: {reason}", path.display()));
    let wrong_at = |at: Option<Location>, reason: &str| match at.filter(|at| at.line() > 0) {
        Some(at) => {
            let (line, column) = (at.line(), at.column());
            Error::invalid("manifest", format!("{}:{line}:{column}: {reason}", path.display()))
        }
        None => wrong(reason.to_owned()),
    };
    if bytes.len() as u64 > LARGEST {
        return Err(wrong(format!("it has more than {LARGEST} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
    // Credits are read digit by digit from JSON; a place in it is said as a path.
    let documents: Vec<serde_json::Value> =
        serde_saphyr::from_multiple(&text).map_err(|e| wrong_at(e.location(), &yaml_reason(&e)))?;
    let directory = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut manifests = Vec::new();
    for (number, document) in documents.iter().enumerate().filter(|(_, document)| !document.is_null()) {
        let json = document.to_string();
        let read = &mut serde_json::Deserializer::from_str(&json);
        let document: Document = serde_path_to_error::deserialize(read).map_err(|error| {
            let at = place::of(&text, number, &place::steps(error.path()));
            let place = error.path().to_string();
            let inner = error.into_inner().to_string();
            // A line of the JSON is nothing that anybody sees.
            let reason = inner.rsplit_once(" at line ").map_or(inner.as_str(), |(reason, _)| reason);
            wrong_at(at, &format!("{place}: {}", in_words(reason)))
        })?;
        for (item, wanted) in document.tenants.into_iter().enumerate() {
            manifests.push(Manifest::check(wanted, &directory).map_err(|error| {
                let at = place::of(&text, number, &[Step::Field("tenants"), Step::Item(item)]);
                match error {
                    Error::Invalid { field: "manifest", reason } => wrong_at(at, &reason),
                    error => wrong_at(at, &error.chain()),
                }
            })?);
        }
    }
    Ok(manifests)
}

/// The reason, without a type that only the program knows.
fn in_words(reason: &str) -> String {
    match reason.rsplit_once("expected ") {
        Some((before, "u8" | "u16" | "u32" | "u64" | "usize")) => format!("{before}expected a whole number, 0 or more"),
        Some((before, "i32" | "i64")) => format!("{before}expected a whole number"),
        _ => reason.to_owned(),
    }
}

/// What is wrong with a text as YAML, without its place, on a line.
fn yaml_reason(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().render();
    let line = text.lines().next().unwrap_or_default();
    let placed = line.rsplit_once(" at line ").or_else(|| line.rsplit_once(" line "));
    placed.map_or(line, |(reason, _)| reason).trim_end_matches([':', ',']).to_owned()
}

impl Manifest {
    fn check(wanted: Wanted, directory: &Path) -> Result<Self> {
        let id = &wanted.name;
        let named = |error: Error| Error::invalid("manifest", format!("tenant `{id}`: {}", error.chain()));
        if wanted.schedules.as_ref().is_some_and(|schedules| schedules.len() > Schedules::MAX) {
            return Err(named(Error::invalid("schedules", format!("there are more than {}", Schedules::MAX))));
        }
        if let Some(quota) = &wanted.quota {
            let checked = quota.clone().into_patch().and_then(|patch| patch.apply(Quota::default()).map(drop));
            checked.map_err(|error| match error {
                Error::Invalid { field: "body", reason } => named(Error::invalid("quota", reason)),
                error => named(error),
            })?;
        }
        let bot_token =
            wanted.bot_token_file.as_ref().map(|file| confirm::token_in_file(&directory.join(file))).transpose()?;
        if let Some(token) = &bot_token {
            bot_id_of(token).map_err(named)?;
        }
        Ok(Self { wanted, bot_token })
    }

    /// Which tenant.
    pub fn id(&self) -> &str {
        self.wanted.name.as_str()
    }

    /// Whether it says anything of a quota.
    pub fn has_quota(&self) -> bool {
        self.wanted.quota.is_some()
    }

    /// Has it say that there are no schedules, if it says nothing of them.
    pub fn prune_schedules(&mut self) {
        self.wanted.schedules.get_or_insert_default();
    }

    /// Whether it says anything of schedules.
    pub fn has_schedules(&self) -> bool {
        self.wanted.schedules.is_some()
    }

    /// What stands between this and what there is.
    pub fn plan(&self, there: &There) -> Plan {
        let mut plan = Plan::default();
        self.plan_tenant(there.tenant.as_ref(), &mut plan);
        self.plan_quota(there.quota.as_ref(), &mut plan);
        self.plan_schedules(&there.schedules, &mut plan);
        plan
    }

    fn plan_tenant(&self, there: Option<&TenantView>, plan: &mut Plan) {
        let Wanted { name, idle_timeout, labels, .. } = &self.wanted;
        let token = || self.bot_token.as_ref().map(|token| token.expose().to_owned());
        let bot = self.bot_token.as_ref().and_then(|token| bot_id_of(token).ok()).map(|bot| bot.0);
        let Some(there) = there else {
            plan.create = Some(CreateTenant {
                tenant_id: name.to_string(),
                bot_token: token(),
                idle_timeout_s: *idle_timeout,
                labels: labels.clone().unwrap_or_default(),
            });
            plan.change("tenant", None, Some("created".to_owned()));
            for (field, value) in [
                ("bot", bot.map(|bot| bot.to_string())),
                ("idle_timeout_s", idle_timeout.map(|seconds| seconds.to_string())),
                ("labels", labels.as_ref().filter(|labels| !labels.is_empty()).map(Labels::to_string)),
            ] {
                if value.is_some() {
                    plan.change(field, None, value);
                }
            }
            return;
        };
        let mut update = UpdateTenant::default();
        if bot.is_some() && bot != there.bot_id {
            update.bot_token = token();
            plan.change("bot", there.bot_id.map(|bot| bot.to_string()), bot.map(|bot| bot.to_string()));
        }
        if let Some(seconds) = idle_timeout.filter(|seconds| u64::try_from(*seconds) != Ok(there.idle_timeout_s)) {
            update.idle_timeout_s = Some(seconds);
            plan.change("idle_timeout_s", Some(there.idle_timeout_s.to_string()), Some(seconds.to_string()));
        }
        if let Some(labels) = labels.as_ref().filter(|labels| **labels != there.labels) {
            let gone = there.labels.iter().filter(|(name, _)| labels.get(name).is_none());
            let new = labels.iter().filter(|(name, value)| there.labels.get(name) != Some(value));
            update.labels = gone
                .map(|(name, _)| (name.to_owned(), None))
                .chain(new.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))))
                .collect::<LabelChange>();
            plan.change("labels", Some(there.labels.to_string()), Some(labels.to_string()));
        }
        plan.update = (!plan.changes.is_empty()).then_some(update);
    }

    fn plan_quota(&self, there: Option<&QuotaView>, plan: &mut Plan) {
        let Some(wanted) = &self.wanted.quota else { return };
        let mut set = SetQuota::default();
        macro_rules! compare {
            ($($field:ident),*) => {$(
                if let Some(value) = wanted.$field.as_ref() {
                    let is = there.map(|there| &there.$field);
                    if is != Some(value) {
                        set.$field = Some(value.clone());
                        plan.change(concat!("quota.", stringify!($field)), is.map(ToString::to_string), Some(value.to_string()));
                    }
                }
            )*};
        }
        compare!(rate_per_sec, burst, weight, max_running);
        let budget = |budget: &libtenancy::api::quotas::BudgetBody| {
            let kind = if budget.hard { "" } else { ", soft" };
            format!("{}/{}{kind}", budget.credits, budget.period)
        };
        let is = there.and_then(|there| there.budget.as_ref());
        if let Some(value) = wanted.budget.as_ref().filter(|value| is != Some(*value)) {
            set.budget = Some(value.clone());
            plan.change("quota.budget", is.map(budget), Some(budget(value)));
        }
        if let Some(is) = is.filter(|_| wanted.no_budget) {
            set.no_budget = true;
            plan.change("quota.budget", Some(budget(is)), None);
        }
        plan.quota = (set != SetQuota::default()).then_some(set);
    }

    fn plan_schedules(&self, there: &[ScheduleView], plan: &mut Plan) {
        let Some(wanted) = &self.wanted.schedules else { return };
        for gone in there.iter().filter(|there| wanted.keys().all(|name| name.as_str() != there.name)) {
            plan.schedules.push((gone.name.clone(), None));
            plan.change(&format!("schedules.{}", gone.name), Some(line(&gone.spec)), None);
        }
        for (name, spec) in wanted {
            let is = there.iter().find(|there| there.name == name.as_str()).map(|there| &there.spec);
            if is != Some(spec) {
                plan.schedules.push((name.to_string(), Some(spec.clone())));
                plan.change(&format!("schedules.{name}"), is.map(line), Some(line(spec)));
            }
        }
    }
}

/// A schedule on a line.
fn line(spec: &ScheduleSpec) -> String {
    serde_json::to_string(spec).unwrap_or_default()
}

/// What there is of a tenant.
#[derive(Debug, Default)]
pub struct There {
    /// The tenant.
    pub tenant: Option<TenantView>,
    /// Its quota.
    pub quota: Option<QuotaView>,
    /// Its schedules.
    pub schedules: Vec<ScheduleView>,
}

/// What is to be done for one tenant, in this order.
#[derive(Debug, Default)]
pub struct Plan {
    /// The tenant is made,
    pub create: Option<CreateTenant>,
    /// or changed;
    pub update: Option<UpdateTenant>,
    /// its quota is set;
    pub quota: Option<SetQuota>,
    /// schedules are set or go.
    pub schedules: Vec<(String, Option<ScheduleSpec>)>,
    /// The same for people.
    pub changes: Vec<Change>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What differs.
    pub field: String,
    /// What it is; absent if it is not.
    pub from: Option<String>,
    /// What it is to be; absent if it goes.
    pub to: Option<String>,
}

impl Plan {
    fn change(&mut self, field: &str, from: Option<String>, to: Option<String>) {
        self.changes.push(Change { field: field.to_owned(), from, to });
    }
}
