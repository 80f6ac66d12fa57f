//! `ztm doctor`: every check, in the order in which one needs the other.

mod cluster;

use std::{os::unix::fs::PermissionsExt, path::Path, time::Duration};

use anyhow::Result;
use futures::StreamExt;
use libtenancy::{
    Error,
    api::{
        PartView,
        feed::{Begin, Change},
        probe::ProbeReport,
    },
    clock::{Clock, SystemClock, Timestamp},
    drivers::provision,
};

use crate::{
    cli::doctor::DoctorArgs,
    client::{Client, Http},
    commands::Context,
    exit::BadNews,
    settings::context::Kind,
    view::{
        counted,
        doctor::{Check, Diagnosis, Finding},
    },
};

/// Clocks that are further apart than this make countdowns and ages wrong.
const SKEW: Duration = Duration::from_secs(5);

/// Less room than this, in bytes, is soon none.
const ROOM: u64 = 1 << 30;

/// Bots whose webhooks are asked about.
const BOTS: usize = 50;

/// The messenger, as errors name it, and the check that asks it for the tenants' bots.
const MESSENGER: &str = "telegram";
const BOTS_CHECK: &str = "bots";

/// Messages that wait at Telegram before that is something to look at.
const WAITING: u64 = 100;

/// How long the first word of the feed may take.
const WORD: Duration = Duration::from_secs(10);

/// Checks everything; fails if something does not work.
pub async fn doctor(ctx: &Context, args: &DoctorArgs) -> Result<()> {
    let mut checks = Vec::new();
    environment(&mut checks, std::env::vars_os());
    configuration(&mut checks, ctx);
    let context = &ctx.settings.context;
    if matches!(context.kind, Kind::Embedded | Kind::Stores) {
        directory(&mut checks, &ctx.settings.state_dir);
    }
    if !way(&mut checks, ctx).await {
        return told(ctx, args, checks);
    }
    match ctx.client().await {
        Err(error) => checks.push(Check {
            check: "control plane".to_owned(),
            state: Finding::Fail,
            text: format!("{error:#}"),
            fix: crate::exit::hint(&error),
        }),
        Ok(Client::Direct(direct)) => {
            let running = if context.kind == Kind::Embedded { Finding::Warn } else { Finding::Ok };
            let fix = (running == Finding::Warn).then_some("`ztm up --detach` starts one");
            push(&mut checks, "control plane", running, "none runs here; its stores are looked at", fix);
            stores(&mut checks, ctx).await;
            if context.kind == Kind::Stores || ctx.settings.state_dir.exists() {
                probed(&mut checks, direct.probe().await);
            }
        }
        Ok(client @ Client::Http(_)) => plane(&mut checks, &client).await?,
    }
    told(ctx, args, checks)
}

/// Says what was found; fails if it is bad enough.
fn told(ctx: &Context, args: &DoctorArgs, checks: Vec<Check>) -> Result<()> {
    let worst = checks.iter().map(|check| check.state).max().unwrap_or(Finding::Ok);
    let count = |state| checks.iter().filter(|check| check.state == state).count();
    let (failed, warned) = (count(Finding::Fail), count(Finding::Warn));
    ctx.printer.show(&Diagnosis { context: ctx.settings.context.name.clone(), checks })?;
    if worst == Finding::Fail || (worst == Finding::Warn && args.strict) {
        let message = format!("{} failed, with {}", counted(failed, "check"), counted(warned, "warning"));
        return Err(BadNews { code: "unhealthy", message, hint: None }.into());
    }
    Ok(())
}

/// Whether the way to a control plane leads there, where it goes through a cluster.
async fn way(checks: &mut Vec<Check>, ctx: &Context) -> bool {
    let (context, url) = (&ctx.settings.context, &ctx.settings.orchestrator_url);
    match &context.servers.kubernetes {
        Some(server) if context.kind == Kind::Cluster && url.is_none() => {
            cluster::way(checks, server, &context.account).await
        }
        _ => true,
    }
}

fn push(checks: &mut Vec<Check>, check: &str, state: Finding, text: impl Into<String>, fix: Option<&str>) {
    checks.push(Check { check: check.to_owned(), state, text: text.into(), fix: fix.map(str::to_owned) });
}

/// Secrets in the environment are seen by every process of the user, and end up in logs and dumps.
fn environment(checks: &mut Vec<Check>, variables: impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)>) {
    let token = |value: &str| {
        value
            .split_once(':')
            .is_some_and(|(bot, rest)| bot.len() >= 6 && bot.bytes().all(|b| b.is_ascii_digit()) && rest.len() >= 30)
    };
    let named: Vec<String> = variables
        .filter(|(_, value)| value.to_str().is_some_and(token))
        .map(|(name, _)| name.to_string_lossy().into_owned())
        .collect();
    if named.is_empty() {
        push(checks, "environment", Finding::Ok, "no variable holds a bot's token", None);
    } else {
        let text = format!("{} holds a bot's token", named.join(", "));
        push(checks, "environment", Finding::Warn, text, Some("keep it in a file of mode 0600: `--bot-token-file`"));
    }
}

fn configuration(checks: &mut Vec<Check>, ctx: &Context) {
    let target = &ctx.settings.context;
    for warning in &target.warnings {
        push(
            checks,
            "configuration",
            Finding::Warn,
            warning,
            Some("`ztm context show` says where each value comes from"),
        );
    }
    let text = format!("context `{}` ({})", target.name, target.kind.label());
    match ctx.settings.config_file.as_deref().map(|file| (file, std::fs::metadata(file))) {
        Some((file, Ok(found))) if found.permissions().mode() & 0o022 != 0 => {
            let text = format!("{text}; others may write `{}`", file.display());
            let fix = format!("chmod 600 {}", file.display());
            push(checks, "configuration", Finding::Fail, text, Some(&fix));
        }
        _ => push(checks, "configuration", Finding::Ok, text, None),
    }
}

/// Writes, reads and removes a file, and looks at the room that is left.
fn directory(checks: &mut Vec<Check>, state_dir: &Path) {
    if !state_dir.exists() {
        push(
            checks,
            "state directory",
            Finding::Ok,
            format!("`{}` is made when it is needed", state_dir.display()),
            None,
        );
        return;
    }
    let probe = state_dir.join(format!(".probe.{}", std::process::id()));
    let tried = std::fs::write(&probe, "probe").and_then(|()| std::fs::read(&probe));
    let removed = std::fs::remove_file(&probe);
    match tried.and_then(|text| removed.map(|()| text)) {
        Ok(text) if text == b"probe" => {}
        outcome => {
            let why =
                outcome.err().map_or("what is read is not what was written".to_owned(), |error| error.to_string());
            let text = format!("`{}` cannot be written: {why}", state_dir.display());
            push(
                checks,
                "state directory",
                Finding::Fail,
                text,
                Some("make it this user's, or choose another `--state-dir`"),
            );
            return;
        }
    }
    let room = rustix::fs::statvfs(state_dir).map_or(u64::MAX, |fs| fs.f_bavail.saturating_mul(fs.f_frsize));
    let text = format!("`{}` can be written, {} are free", state_dir.display(), crate::view::size(room));
    if room < ROOM {
        push(checks, "state directory", Finding::Warn, text, Some("free some disk space"));
    } else {
        push(checks, "state directory", Finding::Ok, text, None);
    }
}

/// What the stores that this program opens itself lack.
async fn stores(checks: &mut Vec<Check>, ctx: &Context) {
    if ctx.settings.context.kind != Kind::Stores {
        return;
    }
    let lacks = match ctx.settings.config(Vec::new()) {
        Ok(config) => provision::plan(&config).await,
        Err(error) => Err(error),
    };
    match lacks {
        Ok(missing) if missing.is_empty() => {
            push(checks, "stores", Finding::Ok, "tables, indexes and buckets are as they must be", None);
        }
        Ok(missing) => {
            let steps: Vec<String> = missing.iter().map(ToString::to_string).collect();
            push(
                checks,
                "stores",
                Finding::Fail,
                format!("missing: {}", steps.join("; ")),
                Some("`ztm admin init` makes it"),
            );
        }
        Err(error) => {
            let hint = error.hint();
            push(checks, "stores", Finding::Fail, error.chain(), hint.as_deref());
        }
    }
}

fn probed(checks: &mut Vec<Check>, report: Result<ProbeReport, Error>) {
    match report {
        Ok(report) => checks.extend(report.parts.into_iter().map(|part| Check {
            check: part.part,
            state: match (part.ok, part.warn) {
                (true, false) => Finding::Ok,
                (true, true) => Finding::Warn,
                (false, _) => Finding::Fail,
            },
            text: format!("{} ({} ms)", part.text, part.took_ms),
            fix: part.hint,
        })),
        Err(error @ Error::Forbidden { .. }) => {
            push(checks, "stores", Finding::Warn, format!("not probed: {}", error.chain()), Some("ask as `ztm-admin`"));
        }
        Err(error) => {
            let hint = error.hint();
            push(checks, "stores", Finding::Fail, format!("cannot be probed: {}", error.chain()), hint.as_deref());
        }
    }
}

async fn plane(checks: &mut Vec<Check>, client: &Client) -> Result<()> {
    let http = client.plane("the control plane")?;
    if let Err(error) = http.ready().await {
        let hint =
            error.hint().unwrap_or_else(|| "see whether its process runs, and what its log says last".to_owned());
        push(checks, "control plane", Finding::Fail, error.chain(), Some(&hint));
        return Ok(());
    }
    push(checks, "control plane", Finding::Ok, format!("{} is ready", http.orchestrator()), None);
    let asked = SystemClock::default().now();
    match tokio::time::timeout(WORD, first_word(client)).await {
        Ok(Ok((begin, at))) => heard(checks, &begin, at, asked),
        Ok(Err(error)) => {
            let hint = error.hint();
            push(checks, "authentication", Finding::Fail, error.chain(), hint.as_deref());
            return Ok(());
        }
        Err(_) => push(checks, "authentication", Finding::Fail, "its feed says nothing", Some("look at its log")),
    }
    router(checks, http).await;
    numbers(checks, client).await;
    probed(checks, http.probe().await);
    webhooks(checks, client).await;
    Ok(())
}

async fn first_word(client: &Client) -> Result<(Begin, Timestamp), Error> {
    let mut feed = client.feed().await?;
    while let Some(piece) = feed.next().await {
        let piece = piece?;
        if let Change::Begin(begin) = piece.change {
            return Ok((begin, piece.at));
        }
    }
    Err(Error::unavailable("control plane", "its feed ended before it began"))
}

/// Role, version and clock.
fn heard(checks: &mut Vec<Check>, begin: &Begin, at: Timestamp, asked: Timestamp) {
    let role = begin.role.as_deref().unwrap_or("nobody");
    push(checks, "authentication", Finding::Ok, format!("asked as {role}"), None);
    let (client, server) = (env!("CARGO_PKG_VERSION"), begin.version.as_str());
    let near = match (minor(client), minor(server)) {
        (Some((major, here)), Some((other, there))) => major == other && here.abs_diff(there) <= 1,
        _ => client == server,
    };
    let text = format!("this command is {client}, the control plane {server}");
    if near {
        push(checks, "version", Finding::Ok, text, None);
    } else {
        push(checks, "version", Finding::Warn, text, Some("use a command of the control plane's version"));
    }
    let apart = if at > asked { at.since(asked) } else { asked.since(at) };
    let text = format!("its clock and the one here are {} ms apart", apart.as_millis());
    if apart > SKEW {
        push(checks, "clock", Finding::Warn, text, Some("let both keep time (NTP)"));
    } else {
        push(checks, "clock", Finding::Ok, text, None);
    }
}

/// `MAJOR.MINOR` of a version.
fn minor(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

async fn router(checks: &mut Vec<Check>, http: &Http) {
    match http.router_healthy().await {
        Some(true) => push(checks, "router", Finding::Ok, "it answers", None),
        Some(false) => {
            push(
                checks,
                "router",
                Finding::Fail,
                "it does not answer",
                Some("messages wait at Telegram until it does"),
            );
        }
        None => push(checks, "router", Finding::Ok, "its URL is not known here, and it is not asked", None),
    }
}

/// What the control plane says of itself.
async fn numbers(checks: &mut Vec<Check>, client: &Client) {
    let status = match client.status().await {
        Ok(status) => status,
        Err(error) => {
            let hint = error.hint();
            push(checks, "status", Finding::Fail, error.chain(), hint.as_deref());
            return;
        }
    };
    let silent = |part: PartView| Some(format!("no answer of `{}`: {}", part.part, part.error?));
    let mut troubles: Vec<String> = status.parts.into_iter().filter_map(silent).collect();
    troubles.extend(status.warm_breaker.map(|why| format!("the warm pool is not refilled: {why}")));
    troubles.extend(status.jobs_untaken);
    troubles.extend(status.ledger.failing.map(|why| format!("the ledger does not keep up: {why}")));
    troubles.extend(status.reconcile.into_iter().flat_map(|report| report.errors));
    if let Some(inbox) = status.inbox.filter(|inbox| inbox.dead > 0) {
        troubles.push(format!("{} given up", counted(inbox.dead, "message")));
    }
    if troubles.is_empty() {
        push(checks, "status", Finding::Ok, "it reports no trouble", None);
    }
    for trouble in troubles {
        let fix = if trouble.contains("given up") {
            "`ztm inbox list --stage dead` shows them"
        } else if trouble.starts_with("nobody takes jobs") {
            "`ztm up --workers 1` starts one with it"
        } else {
            "`ztm status` says more"
        };
        push(checks, "status", Finding::Warn, trouble, Some(fix));
    }
}

async fn webhooks(checks: &mut Vec<Check>, client: &Client) {
    let Ok(list) = client.tenant_list(None, None).await else { return };
    let bots: Vec<_> = list.tenants.iter().filter(|tenant| tenant.bot_id.is_some()).collect();
    let (mut asked, before) = (0, checks.len());
    let mut is_away = checks.iter().any(|check| check.check == BOTS_CHECK && check.state == Finding::Fail);
    for tenant in bots.iter().take(BOTS) {
        let fix = format!("`ztm webhook register {}`", tenant.tenant_id);
        let name = format!("webhook of {}", tenant.tenant_id);
        match client.webhook_info(&tenant.tenant_id).await {
            // The messenger does not know the token.
            Err(error @ Error::Refused { .. }) => {
                let fix = format!("`ztm tenant update {} --bot-token-file FILE`", tenant.tenant_id);
                push(checks, &name, Finding::Warn, error.chain(), Some(&fix));
            }
            // It is away for all of them, which is said once.
            Err(Error::Unavailable { part: MESSENGER, .. }) if is_away => {}
            Err(error) => {
                is_away |= matches!(error, Error::Unavailable { part: MESSENGER, .. });
                push(checks, &name, Finding::Warn, error.chain(), error.hint().as_deref());
            }
            Ok(info) if info.url.is_empty() => push(checks, &name, Finding::Warn, "none is registered", Some(&fix)),
            Ok(info) if info.last_error_message.is_some() || info.pending_update_count > WAITING => {
                let why = info.last_error_message.unwrap_or_else(|| "no error".to_owned());
                let text = format!(
                    "{} waiting at Telegram; its last error: {why}",
                    counted(info.pending_update_count, "message")
                );
                push(checks, &name, Finding::Warn, text, Some("is the public URL reachable from outside?"));
            }
            Ok(_) => {}
        }
        asked += 1;
    }
    if checks.len() == before && !is_away {
        let more = if bots.len() > asked { format!(" of {}", bots.len()) } else { String::new() };
        push(checks, "webhooks", Finding::Ok, format!("{asked}{more} are registered and deliver"), None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_the_environment_is_found_and_not_shown() {
        let variables =
            [("BOT", "123456789:AAHxyzAAHxyzAAHxyzAAHxyzAAHxyzAAHxy"), ("TIME", "12:34"), ("URL", "http://x:80")];
        let mut checks = Vec::new();
        environment(&mut checks, variables.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        assert_eq!((checks[0].state, checks[0].text.as_str()), (Finding::Warn, "BOT holds a bot's token"));
    }

    #[test]
    fn a_version_that_is_too_far_away_and_a_clock_that_is_wrong_are_warned_of() {
        let at = Timestamp::from_micros(10_000_000);
        let states = |version: &str, asked: i64| {
            let mut checks = Vec::new();
            let begin = Begin { version: version.to_owned(), ..Begin::default() };
            heard(&mut checks, &begin, at, Timestamp::from_micros(asked));
            checks.iter().map(|check| check.state).collect::<Vec<_>>()
        };
        assert_eq!(states(env!("CARGO_PKG_VERSION"), 9_999_000), [Finding::Ok; 3]);
        assert_eq!(states("0.2.7", 10_000_001), [Finding::Ok; 3]);
        assert_eq!(states("0.9.0", 1), [Finding::Ok, Finding::Warn, Finding::Warn]);
        assert_eq!(states("1.1.0", 30_000_000), [Finding::Ok, Finding::Warn, Finding::Warn]);
    }
}
