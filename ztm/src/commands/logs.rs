//! `ztm logs`.

use std::{collections::VecDeque, time::Duration};

use anyhow::Result;
use futures::StreamExt;
use libtenancy::{
    Error,
    api::journal::{JournalLine, Level, Source},
    clock::Timestamp,
    journal::{Ask, MAX_TAIL},
};

use crate::{
    cli::logs::LogsArgs,
    client::{Client, Told, journal_of},
    commands::Context,
    view::logs::Journal,
};

/// Between two attempts to go on: at first, and at most.
const AGAIN: Duration = Duration::from_millis(500);
const AGAIN_MAX: Duration = Duration::from_secs(5);

/// How long nothing may be heard, not even that there is nothing, before the control plane is taken for dead.
const SILENCE: Duration = Duration::from_secs(15);

/// How far before the last line one goes on: what was written late, by another clock, is not missed.
const OVERLAP: Duration = Duration::from_secs(10);

/// Lines that are remembered, to tell what is new from what is told again.
const SHOWN: usize = 2_000;

/// Which lines are shown.
struct Wanted<'a> {
    args: &'a LogsArgs,
    sources: Vec<Source>,
    level: Level,
}

impl<'a> Wanted<'a> {
    fn new(args: &'a LogsArgs) -> Self {
        let sources = args.source.iter().map(|who| Source::from(*who)).collect();
        Self { args, sources, level: args.level.map_or(Level::Debug, Level::from) }
    }

    fn has(&self, line: &JournalLine) -> bool {
        (self.sources.is_empty() || self.sources.contains(&line.source))
            && line.level.unwrap_or(Level::Info) >= self.level
            && self.args.request.as_ref().is_none_or(|id| line.request_id.as_ref() == Some(id))
    }
}

/// What was heard, by which what is told again is known.
#[derive(Default)]
struct Heard {
    /// What was told before the first line that was shown was not asked for.
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    lines: VecDeque<JournalLine>,
}

impl Heard {
    /// Whether a line is new.
    fn take(&mut self, line: &JournalLine) -> bool {
        if self.lines.contains(line) || self.first.is_some_and(|first| line.at < first) {
            return false;
        }
        self.first.get_or_insert(line.at);
        self.last = self.last.max(Some(line.at));
        self.lines.push_back(line.clone());
        let surplus = self.lines.len().saturating_sub(SHOWN);
        self.lines.drain(..surplus);
        true
    }
}

/// Prints what was told of a tenant, and what is told.
pub async fn logs(ctx: &Context, args: &LogsArgs) -> Result<()> {
    let (wanted, mut heard) = (Wanted::new(args), Heard::default());
    let chosen = !args.source.is_empty() || args.level.is_some() || args.request.is_some();
    // Lines that are left out do not count.
    let tail = if chosen { MAX_TAIL } else { usize::try_from(args.tail)? };
    let mut ask = Ask { tail, since: args.since, follow: args.follow };
    if !args.follow {
        let mut lines = Vec::new();
        let mut told = journal_of(&ctx.settings, &args.tenant, ask).await?;
        while let Some(line) = told.next().await {
            lines.extend(line?.filter(|line| wanted.has(line)));
        }
        lines.drain(..lines.len().saturating_sub(usize::try_from(args.tail)?));
        if lines.is_empty() {
            ctx.printer.note(&nothing(ctx, args, &wanted, tail).await?);
        }
        return ctx.printer.show(&Journal { lines });
    }
    ask.tail = usize::try_from(args.tail)?;
    let mut told = journal_of(&ctx.settings, &args.tenant, ask).await?;
    if matches!(ctx.client().await, Ok(Client::Direct(_))) {
        ctx.printer.note("no control plane runs: this is what was logged before; what is logged once one runs follows");
    }
    loop {
        let why = match tokio::time::timeout(SILENCE, told.next()).await {
            Ok(Some(Ok(line))) => {
                show(ctx, &wanted, &mut heard, line)?;
                continue;
            }
            Ok(Some(Err(error))) => error.chain(),
            Ok(None) => "the control plane ended the log".to_owned(),
            Err(_) => format!("nothing was heard for {} s", SILENCE.as_secs()),
        };
        ctx.printer.note(&format!("{why}; connecting again"));
        let since = heard.last.map(|last| last - OVERLAP).or(args.since);
        told = again(ctx, &args.tenant, Ask { tail: MAX_TAIL, since, follow: true }).await?;
    }
}

/// Why there is no line; where there are older ones, when the last of them was told.
async fn nothing(ctx: &Context, args: &LogsArgs, wanted: &Wanted<'_>, tail: usize) -> Result<String> {
    let mut last = None;
    if args.since.is_some() {
        let mut told = journal_of(&ctx.settings, &args.tenant, Ask { tail, since: None, follow: false }).await?;
        while let Some(line) = told.next().await {
            last = last.max(line?.filter(|line| wanted.has(line)).map(|line| line.at));
        }
    }
    Ok(match (args.since, last) {
        (Some(since), Some(last)) => format!("nothing was told since {since}; the last line like this is of {last}"),
        _ => "nothing like this is remembered; `ztm logs -f` shows what is told from now on".to_owned(),
    })
}

fn show(ctx: &Context, wanted: &Wanted<'_>, heard: &mut Heard, told: Told) -> Result<()> {
    let Some(line) = told.filter(|line| heard.take(line) && wanted.has(line)) else { return Ok(()) };
    if ctx.printer.output().is_document() {
        return ctx.printer.json_line(&line);
    }
    ctx.printer.show(&Journal { lines: vec![line] })
}

/// Asks until somebody answers.
async fn again(
    ctx: &Context,
    tenant: &str,
    ask: Ask,
) -> Result<futures::stream::BoxStream<'static, libtenancy::Result<Told>>> {
    let mut pause = AGAIN;
    loop {
        match journal_of(&ctx.settings, tenant, ask).await {
            Ok(told) => return Ok(told),
            Err(
                error @ (Error::Unauthenticated
                | Error::Forbidden { .. }
                | Error::Invalid { .. }
                | Error::NotFound { .. }),
            ) => return Err(error.into()),
            Err(_) => tokio::time::sleep(pause).await,
        }
        pause = (pause * 2).min(AGAIN_MAX);
    }
}
