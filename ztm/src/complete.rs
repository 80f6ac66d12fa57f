//! Completion on the command line: the words of the command itself, and the names that there are at the moment.
//!
//! A shell asks with `COMPLETE` set (`clap_complete::env`). Names come from the control plane that the line means, within
//! [`BUDGET`], and are kept for [`FRESH`]: who types on asks nothing anew. Whatever goes wrong, there are no names and
//! nothing is said: a prompt is no place for errors.

use std::{
    ffi::{OsStr, OsString},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Command, CommandFactory, Parser};
use clap_complete::{
    CompleteEnv,
    engine::{ArgValueCompleter, CompletionCandidate},
    env::Shells,
};
use futures::StreamExt;
use libtenancy::journal::Ask;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    cli::{Cli, global::GlobalArgs, help::TOPICS},
    client::{Client, journal_of},
    exit::Usage,
    settings::{Contexts, Settings},
    view::{self, Show},
};

/// How long a shell is kept waiting.
const BUDGET: Duration = Duration::from_millis(500);

/// How long names are kept.
const FRESH: Duration = Duration::from_secs(30);

/// How many of a tenant's last lines are looked at.
const LINES: usize = 500;

/// How many names are offered.
const NAMES: usize = 200;

/// Whether a shell asked, and was answered. `Usage` if it is none that is known.
pub fn answered(args: &[OsString]) -> Result<bool, Usage> {
    if let Some(shell) = std::env::var_os("COMPLETE").filter(|shell| !shell.is_empty() && shell != "0") {
        let name = Path::new(&shell).file_stem().unwrap_or(&shell).to_string_lossy().into_owned();
        if Shells::builtins().completer(&name).is_none() {
            let known: Vec<&str> = Shells::builtins().names().collect();
            return Err(Usage {
                message: format!("COMPLETE is `{name}`, a shell without completion here"),
                hint: Some(format!("it is one of {}; without it the command itself runs", known.join(", "))),
            });
        }
    }
    let current = std::env::current_dir().ok();
    Ok(CompleteEnv::with_factory(tree).try_complete(args, current.as_deref()).unwrap_or(true))
}

/// The command with completers where a name is typed.
pub fn tree() -> Command {
    with_names(Cli::command(), "")
}

fn with_names(command: Command, parent: &str) -> Command {
    let name = command.get_name().to_owned();
    let makes = name == "create" || name == "add";
    let contexts = parent == "context";
    let unbegun = is_unbegun();
    let command = command.mut_args(|arg| {
        let value = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
        let kind = match value.as_deref() {
            Some("TENANT") if !makes => Kind::Tenant,
            Some("JOB") => Kind::Job,
            Some("UPDATE") => Kind::Update,
            Some("NODE") => Kind::Node,
            Some("SCHEDULE") if name != "set" => Kind::Schedule,
            Some("WHAT") if name == "wait" => Kind::Awaited,
            Some("ARCHIVE") => Kind::Archive,
            Some("SELECTOR" | "LABEL") => Kind::Label,
            Some("WORD") if name == "help" => Kind::Word,
            Some("FIELD") => Kind::Field(view::fields(parent, &name)),
            Some("ID") if name == "logs" => Kind::Request,
            Some("ID") if parent == "why" => {
                if name == "job" {
                    Kind::Job
                } else {
                    Kind::Tenant
                }
            }
            Some("ZONE") => Kind::Zone,
            Some("CONDITION") => Kind::Condition(view::fields(parent, &name)),
            Some("NAME")
                if ["context", "from"].contains(&arg.get_id().as_str())
                    || (contexts && !makes && arg.is_positional()) =>
            {
                Kind::Context
            }
            // Where something else can stand, flags are offered to whoever begins one.
            _ if unbegun && !arg.is_positional() => return arg.hide(true),
            _ => return arg,
        };
        let arg = if unbegun && !arg.is_positional() { arg.hide(true) } else { arg };
        arg.add(ArgValueCompleter::new(move |typed: &OsStr| candidates(kind, typed)))
    });
    let command = if unbegun { command.disable_help_flag(true).disable_version_flag(true) } else { command };
    command.mut_subcommands(|child| with_names(child, &name))
}

/// What is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Tenant,
    Job,
    Update,
    Node,
    /// Of the tenant before it.
    Schedule,
    Context,
    /// `tenant/TENANT` or `job/JOB`.
    Awaited,
    /// Of the tenant before it.
    Archive,
    /// A message, an order or a job that was told of the tenant before it of late.
    Request,
    /// One of a selector's, after its last comma.
    Label,
    /// A command's, or a topic.
    Word,
    /// A time zone.
    Zone,
    /// One of these, or its reverse.
    Field(&'static [&'static str]),
    /// One of these and what follows it.
    Condition(&'static [&'static str]),
}

/// The words of the line that is typed: what follows `--` and the program's name.
fn line() -> Vec<String> {
    let args = std::env::args_os().skip_while(|word| *word != "--").skip(2);
    args.map(|word| word.to_string_lossy().into_owned()).collect()
}

/// Whether a shell asks for a word of which nothing is typed yet.
fn is_unbegun() -> bool {
    let place = std::env::var("_CLAP_COMPLETE_INDEX").ok().and_then(|place| place.parse::<usize>().ok());
    let mut words = std::env::args_os().skip_while(|word| *word != "--").skip(1);
    let typed = match place {
        Some(place) => words.nth(place),
        None => words.last(),
    };
    typed.is_none_or(|word| word.is_empty())
}

/// What is offered without asking anybody; `None` of what somebody must be asked for.
fn known(kind: Kind, typed: &str) -> Option<Vec<String>> {
    Some(match kind {
        Kind::Word => words(&line()),
        Kind::Field(fields) => {
            let reverse = if typed.starts_with('-') { "-" } else { "" };
            fields.iter().map(|field| format!("{reverse}{field}")).collect()
        }
        Kind::Zone => jiff::tz::db().available().map(|zone| zone.to_string()).collect(),
        Kind::Condition(fields) => fields.iter().map(|field| format!("{field}=")).collect(),
        _ => return None,
    })
}

/// What can follow the words after `ztm help`.
fn words(line: &[String]) -> Vec<String> {
    let before: Vec<&String> = line.iter().skip_while(|word| *word != "help").skip(1).collect();
    let before = before.split_last().map(|(_, before)| before).unwrap_or_default();
    let mut command = Cli::command();
    for word in before {
        let Some(child) = command.find_subcommand(word) else { return Vec::new() };
        command = child.clone();
    }
    let shown = command.get_subcommands().filter(|child| !child.is_hide_set());
    let mut words: Vec<String> = shown.map(|child| child.get_name().to_owned()).collect();
    if before.is_empty() {
        words.extend(TOPICS.map(|topic| topic.name.to_owned()));
    }
    words
}

/// The tenant whose things are typed: the first word after the verb that is neither a flag nor a flag's value.
fn whose(line: &[String]) -> Option<&str> {
    let mut command = Cli::command();
    command.build();
    let mut words = line.iter().map(String::as_str);
    while let Some(word) = words.next() {
        if let Some(child) = command.find_subcommand(word) {
            command = child.clone();
        } else if word.starts_with('-') {
            let flag = command.get_arguments().find(|arg| {
                let long = arg.get_long().is_some_and(|long| word.strip_prefix("--") == Some(long));
                long || arg.get_short().is_some_and(|short| word.strip_prefix('-') == Some(short.to_string().as_str()))
            });
            if flag.is_some_and(|flag| flag.get_action().takes_values()) {
                words.next();
            }
        } else {
            return Some(word);
        }
    }
    None
}

fn candidates(kind: Kind, typed: &OsStr) -> Vec<CompletionCandidate> {
    let Some(typed) = typed.to_str() else { return Vec::new() };
    let mut names = names(kind, typed).unwrap_or_default();
    names.retain(|name| name.starts_with(typed));
    names.truncate(NAMES);
    names.into_iter().map(CompletionCandidate::new).collect()
}

fn names(kind: Kind, typed: &str) -> Option<Vec<String>> {
    if let Some(known) = known(kind, typed) {
        return Some(known);
    }
    let flags = flags(&std::env::args_os().collect::<Vec<_>>());
    if kind == Kind::Context {
        let contexts = Contexts::read(&flags, &|name| std::env::var_os(name)).ok()?;
        return Some(contexts.list().into_iter().map(|context| context.name).collect());
    }
    let settings = Settings::resolve(flags).ok()?;
    let line = line();
    let tenant = match kind {
        Kind::Archive | Kind::Request | Kind::Schedule => whose(&line)?,
        _ => "",
    };
    let cache = Cache::of(&settings, kind, &format!("{tenant} {typed}"));
    if let Some(names) = cache.as_ref().and_then(Cache::read) {
        return Some(names);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let asked = runtime.block_on(async { tokio::time::timeout(BUDGET, ask(&settings, kind, typed, tenant)).await });
    // What is still under way, the resolution of a name say, is waited for by nobody.
    runtime.shutdown_background();
    let names = asked.ok().flatten()?;
    if let Some(cache) = cache {
        cache.write(&names);
    }
    Some(names)
}

async fn ask(settings: &Settings, kind: Kind, typed: &str, of_tenant: &str) -> Option<Vec<String>> {
    let client = Client::connect(settings).await.ok()?;
    if matches!(client, Client::Direct(_)) && !settings.state_dir.exists() && settings.context.name == "embedded" {
        // Nothing is there, and a look must not make it.
        return None;
    }
    match kind {
        Kind::Tenant => client.tenant_names(typed, NAMES).await.ok(),
        Kind::Job => jobs(&client, typed).await,
        Kind::Awaited => {
            // What stands after the slash, or could.
            let part = |word: &str| typed.strip_prefix(word).or(Some("").filter(|_| word.starts_with(typed)));
            let mut all = Vec::new();
            if let Some(typed) = part("tenant/") {
                let tenants = client.tenant_names(typed, NAMES).await.unwrap_or_default();
                all.extend(tenants.into_iter().map(|tenant| format!("tenant/{tenant}")));
            }
            if let Some(typed) = part("job/") {
                all.extend(jobs(&client, typed).await.unwrap_or_default().into_iter().map(|job| format!("job/{job}")));
            }
            Some(all)
        }
        Kind::Archive => Some(client.state_get(of_tenant).await.ok()?.names()),
        Kind::Label => {
            let before = &typed[..typed.rfind(',').map_or(0, |comma| comma + 1)];
            let labels = client.tenant_labels(NAMES).await.ok()?;
            Some(labels.into_iter().map(|label| format!("{before}{label}")).collect())
        }
        Kind::Update => {
            let tenant = typed.split_once('/').map(|(tenant, _)| tenant);
            let list = client.update_list(tenant, None).await.ok()?;
            let name = |update: libtenancy::api::UpdateView| {
                format!("{}/{}/{}", update.tenant_id, update.bot_id, update.update_id)
            };
            Some(list.updates.into_iter().filter(|update| update.stage != "handled").map(name).collect())
        }
        Kind::Node => {
            let list = client.plane("the machines").ok()?.node_list().await.ok()?;
            Some(list.nodes.into_iter().map(|view| view.node.name).collect())
        }
        Kind::Request => requests(settings, of_tenant).await,
        Kind::Schedule => {
            let list = client.schedule_list(Some(of_tenant)).await.ok()?;
            Some(list.schedules.into_iter().map(|schedule| schedule.name).collect())
        }
        Kind::Context | Kind::Word | Kind::Zone | Kind::Field(_) | Kind::Condition(_) => None,
    }
}

/// What was told of in a tenant's last lines, the latest first.
async fn requests(settings: &Settings, of_tenant: &str) -> Option<Vec<String>> {
    let ask = Ask { tail: LINES, since: None, follow: false };
    let mut told = journal_of(settings, of_tenant, ask).await.ok()?;
    let mut lines = Vec::new();
    while let Some(line) = told.next().await {
        lines.extend(line.ok()?.and_then(|line| line.request_id));
    }
    let mut ids: Vec<String> = Vec::new();
    for id in lines.into_iter().rev() {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Some(ids)
}

async fn jobs(client: &Client, typed: &str) -> Option<Vec<String>> {
    let tenant = typed.split_once('.').map(|(tenant, _)| tenant);
    let list = client.job_list(tenant, None).await.ok()?;
    Some(list.jobs.into_iter().map(|job| job.job_id).collect())
}

/// The global flags of the line that is typed: what follows `--`.
fn flags(args: &[OsString]) -> GlobalArgs {
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        global: GlobalArgs,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        _rest: Vec<OsString>,
    }
    let mut words = args.iter().skip_while(|word| *word != "--").skip(1);
    let program = words.next().cloned().unwrap_or_default();
    // Global flags stand anywhere, and the parser would take them for the rest after the first word that is none.
    let mut known = vec![program];
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        let takes = ["--context", "--state-dir", "--orchestrator-url", "--token-file", "--namespace", "-n"];
        if takes.iter().any(|flag| text.strip_prefix(flag).is_some_and(|rest| rest.starts_with('='))) {
            known.push(word.clone());
        } else if takes.contains(&text.as_ref())
            && let Some(value) = words.next()
        {
            known.extend([word.clone(), value.clone()]);
        }
    }
    Line::try_parse_from(known).map(|line| line.global).unwrap_or_default()
}

/// Names that were asked for a moment ago.
struct Cache {
    file: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    names: Vec<String>,
}

impl Cache {
    /// `None` if the environment names no place.
    fn of(settings: &Settings, kind: Kind, typed: &str) -> Option<Self> {
        let place = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let base = place("XDG_CACHE_HOME").filter(|path| path.is_absolute());
        let base = base.or_else(|| place("HOME").map(|home| home.join(".cache")))?;
        let mut hash = Sha256::new();
        let url = settings.orchestrator_url.as_deref().unwrap_or_default();
        for part in [&settings.context.name, url, &settings.state_dir.to_string_lossy(), &format!("{kind:?}"), typed] {
            hash.update(part);
            hash.update([0]);
        }
        let name = hex::encode(&hash.finalize()[..16]);
        Some(Self { file: base.join("ztm").join("names").join(name) })
    }

    fn fresh(path: &Path) -> bool {
        let changed = std::fs::metadata(path).and_then(|meta| meta.modified());
        changed.is_ok_and(|at| at.elapsed().is_ok_and(|age| age < FRESH))
    }

    fn read(&self) -> Option<Vec<String>> {
        if !Self::fresh(&self.file) {
            return None;
        }
        let text = std::fs::read_to_string(&self.file).ok()?;
        serde_json::from_str(&text).map(|kept: Kept| kept.names).ok()
    }

    /// Keeps names, and removes those that nobody will read any more. A failure costs a question more.
    fn write(&self, names: &[String]) {
        let Some(directory) = self.file.parent() else { return };
        if std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).is_err() {
            return;
        }
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            if !Self::fresh(&entry.path()) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        let Ok(text) = serde_json::to_vec(&Kept { names: names.to_vec() }) else { return };
        let draft = self.file.with_extension(std::process::id().to_string());
        let mut options = std::fs::OpenOptions::new();
        let written = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .and_then(|mut file| std::io::Write::write_all(&mut file, &text));
        if written.is_ok() {
            let _ = std::fs::rename(&draft, &self.file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueHint;

    fn line(words: &[&str]) -> GlobalArgs {
        flags(&["/usr/bin/ztm", "--", "ztm"].iter().chain(words).map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn the_control_plane_that_the_line_means_is_asked() {
        let flags = line(&["tenant", "--context", "far", "get", "--state-dir=/x", "-o", "json", "al"]);
        assert_eq!((flags.context.as_deref(), flags.state_dir), (Some("far"), Some("/x".into())));
        assert_eq!(line(&["tenant", "get", "--context"]).context, None);
        assert_eq!(line(&["job", "list", "-n", "ns", "--wrong"]).namespace.as_deref(), Some("ns"));
    }

    #[test]
    fn every_listing_has_fields_to_choose_by() {
        fn walk(command: &Command, parent: &str, without: &mut Vec<String>) {
            let name = command.get_name();
            if command.get_arguments().any(|arg| arg.get_id() == "sort_by") && view::fields(parent, name).is_empty() {
                without.push(format!("{parent} {name}"));
            }
            command.get_subcommands().for_each(|child| walk(child, name, without));
        }
        let mut without = Vec::new();
        walk(&Cli::command(), "", &mut without);
        assert_eq!(without, [""; 0]);
    }

    /// Values that no list has: numbers, times, texts, addresses, names of new things, and names that others keep.
    const FREE: [&str; 36] = [
        "ADDRESS",
        "AGENT",
        "CLASS",
        "COMMAND",
        "COUNT",
        "CREDITS",
        "CREDITS/PERIOD",
        "FACTOR",
        "IMAGE",
        "KEY",
        "LINES",
        "MILLICORES",
        "MONEY",
        "MONEY/PERIOD",
        "N",
        "NAME=VALUE",
        "PATTERN",
        "PORT",
        "PROGRAM",
        "PROMPT",
        "REGION",
        "SIZE",
        "TEXT",
        "TIME",
        "TOKEN",
        "URL",
        "WHEN of logs",
        "NAME of grant",
        "NAME of revoke",
        "NAME of render",
        "NAME of add",
        "SCHEDULE of set",
        "ID of set",
        "TENANT of create",
        "--namespace",
        "--kube-context",
    ];

    #[test]
    fn every_value_that_has_a_name_somewhere_is_completed() {
        fn walk(command: &Command, path: &str, without: &mut Vec<String>, unused: &mut Vec<&str>) {
            for arg in command.get_arguments().filter(|arg| arg.get_action().takes_values()) {
                let name = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
                let name = name.unwrap_or_default();
                let long = arg.get_long().map_or(String::new(), |long| format!("--{long}"));
                let free = [&name, &format!("{name} of {}", command.get_name()), &long];
                let offered = arg.get::<ArgValueCompleter>().is_some()
                    || !arg.get_possible_values().is_empty()
                    // The shell itself completes files.
                    || !matches!(arg.get_value_hint(), ValueHint::Unknown | ValueHint::Other);
                if offered {
                    continue;
                }
                if !free.iter().any(|free| FREE.contains(&free.as_str())) {
                    without.push(format!("{path} {long} {name}"));
                }
                unused.retain(|unused| !free.iter().any(|free| free == unused));
            }
            for child in command.get_subcommands() {
                walk(child, &format!("{path} {}", child.get_name()), without, unused);
            }
        }
        let (mut without, mut unused) = (Vec::new(), FREE.to_vec());
        walk(&tree(), "ztm", &mut without, &mut unused);
        assert_eq!((without, unused), (Vec::<String>::new(), Vec::<&str>::new()));
    }

    #[test]
    fn whose_things_are_typed_is_seen_past_flags_and_their_values() {
        let whose_of = |line: &str| whose(&line.split(' ').map(str::to_owned).collect::<Vec<_>>()).map(str::to_owned);
        for line in [
            "logs alice --request ",
            "logs --tail 20 -o json -f alice --request x",
            "--context far tenant state restore alice 1/",
            "logs --tail=20 --request x alice",
        ] {
            assert_eq!(whose_of(line).as_deref(), Some("alice"), "{line}");
        }
        assert_eq!(whose_of("logs --request al"), None);
    }
}
