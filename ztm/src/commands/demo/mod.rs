//! `ztm demo`: the whole job on real parts, watched.
//!
//! Owns the play and its figures. Everything in it is real (store, webhook, agents, processes, signals) but Telegram,
//! which is a double that speaks the Bot API.

mod acts;
mod governance;
pub mod report;
mod stage;
mod zeroclaw;

use anyhow::{Context as _, bail};

use self::{acts::Play, report::Report, stage::Stage};
use crate::{cli::demo::DemoArgs, commands::Context, exit::Interrupted};

/// Runs the demo; fails if a promise broke.
pub fn demo(ctx: &Context, args: &DemoArgs) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?.block_on(perform(ctx, args))
}

async fn perform(ctx: &Context, args: &DemoArgs) -> anyhow::Result<()> {
    let dir = tempfile::Builder::new().prefix("ztm-demo-").tempdir().context("cannot make a temporary directory")?;
    let is_zeroclaw = args.agent.as_deref().is_some_and(zeroclaw::is_meant);
    // Its model must answer to the end, whoever is killed in between.
    let equipment = match &args.agent_template {
        None if is_zeroclaw => Some(zeroclaw::Equipment::make(dir.path()).await?),
        _ => None,
    };
    let template = args.agent_template.as_deref().or(equipment.as_ref().map(|e| e.template.as_path()));
    let stage = Stage::set(dir.path(), &ctx.settings, args.agent.as_deref(), template).await?;
    let mut play = Play::new(stage, args, &ctx.printer);
    let played = tokio::select! {
        played = play.run() => played,
        _ = tokio::signal::ctrl_c() => Err(Interrupted.into()),
    };
    // Whatever became of it, nothing is left running.
    let ended = play.end().await;
    let interrupted = played.as_ref().is_err_and(anyhow::Error::is::<Interrupted>);
    let mut kept = None;
    if args.keep || (played.is_err() && !interrupted) {
        let place = dir.keep();
        ctx.printer.note(&format!("kept: {}", place.display()));
        kept = Some(place);
    }
    let report = Report { kept, ..played? };
    ended?;
    ctx.printer.show(&report)?;
    let broken: Vec<&str> = report.checks.iter().filter(|c| !c.held).map(|c| c.promise.as_str()).collect();
    if !broken.is_empty() {
        bail!("broken: {}", broken.join("; "));
    }
    Ok(())
}
