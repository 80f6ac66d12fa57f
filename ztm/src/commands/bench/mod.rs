//! `ztm bench`: an operator's own control plane, measured with tenants that are made for it.
//!
//! Owns what is measured and that nothing stays: the tenants of a run are removed however it ends, but for a kill, and what a
//! killed run has left is removed by the next one. Touches no other tenant, and sets nothing of the control plane.

mod load;
mod measures;
pub mod plan;
pub mod report;
mod tenants;

use anyhow::Result;
use indicatif::ProgressBar;
use libtenancy::{
    Error,
    clock::{Clock, Stopwatch, SystemClock},
};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

pub(crate) use self::tenants::is_own_name;
use self::{
    load::{Load, Meter},
    measures::Bench,
    plan::Plan,
    report::Report,
    tenants::{Tenants, remove},
};
use crate::{
    cli::{
        bench::{BenchArgs, Measure},
        output::Output,
    },
    client::Client,
    commands::Context,
    confirm,
    exit::{BadNews, Interrupted},
    view::{Look, Show, counted},
};

/// Measures, and prints what that came to; fails if an operation did, or if a tenant stayed.
pub fn bench(ctx: &Context, args: &BenchArgs) -> Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(Box::pin(perform(ctx, args)))
}

async fn perform(ctx: &Context, args: &BenchArgs) -> Result<()> {
    let looked = async {
        let client = ctx.client().await?;
        let plan = Plan::make(ctx, &client, args).await?;
        anyhow::Ok((client, plan))
    };
    let (client, plan) = tokio::select! {
        looked = Box::pin(looked) => looked?,
        _ = tokio::signal::ctrl_c() => return Err(Interrupted.into()),
    };
    if args.dry_run {
        // As with every order that is rehearsed: what a person reads is no data.
        if !matches!(ctx.printer.output(), Output::Table | Output::Wide) {
            return ctx.printer.show(&plan);
        }
        plan.text(&Look::now(false, false)).lines().for_each(|line| ctx.printer.note(line));
        ctx.printer.note("nothing was done");
        return Ok(());
    }
    let what = format!("measuring `{}`", plan.context);
    if plan.asks {
        confirm::agreed(&what, &plan.will, &plan.context, false)?;
    } else {
        ctx.printer.note(&format!("{what} will:"));
        plan.will.iter().for_each(|line| ctx.printer.note(&format!("- {line}")));
    }
    let (stop, at_once) = interrupts()?;
    let bar = ctx.printer.progress();
    let tenants = Tenants::named(&client, plan.tenants, plan.ends(SystemClock::default().now()))?;
    let run = Run { ctx, client: &client, plan: &plan, tenants: &tenants, bar: &bar };
    let ran = Box::pin(run.run(&stop)).await;
    bar.set_message("removing the tenants");
    let left = Box::pin(at_once.run_until_cancelled(tenants.remove())).await;
    bar.finish_and_clear();
    let left = match left {
        Some(left) if left.is_empty() => None,
        Some(left) => {
            let (id, error) = &left[0];
            Some(format!(
                "{} could not be removed, the first of them `{id}`: {}",
                counted(left.len(), "tenant"),
                error.chain()
            ))
        }
        None => Some(format!("up to {} tenants of this run are left", tenants.asked())),
    };
    if let Some(left) = &left {
        ctx.printer.warn(&format!("{left}; the next `ztm bench` removes them"));
    }
    let report = ran?;
    ctx.printer.show(&report)?;
    let failed: u64 = report.failures.iter().map(|failure| failure.count).sum();
    let bad = |code, message| Err(BadNews { code, message, hint: None }.into());
    match left {
        Some(left) => bad("left_behind", left),
        None if failed > 0 => bad("partly_done", format!("{} failed", counted(failed, "operation"))),
        None => Ok(()),
    }
}

/// What is cancelled by the first signal that asks for an end, and by the second.
fn interrupts() -> std::io::Result<(CancellationToken, CancellationToken)> {
    let (first, second) = (CancellationToken::new(), CancellationToken::new());
    let mut signals: Vec<Signal> = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()]
        .into_iter()
        .map(signal)
        .collect::<std::io::Result<_>>()?;
    let tokens = [first.clone(), second.clone()];
    tokio::spawn(async move {
        for token in tokens {
            futures::future::select_all(signals.iter_mut().map(|signal| Box::pin(signal.recv()))).await;
            token.cancel();
        }
    });
    Ok((first, second))
}

/// One run.
struct Run<'a> {
    ctx: &'a Context,
    client: &'a Client,
    plan: &'a Plan,
    tenants: &'a Tenants<'a>,
    bar: &'a ProgressBar,
}

impl Run<'_> {
    /// Makes the tenants and measures. Whatever becomes of it, they are to be removed.
    async fn run(&self, stop: &CancellationToken) -> Result<Report> {
        if !self.plan.abandoned.is_empty() {
            self.bar.set_message("removing what a killed run has left");
            let swept = stop.run_until_cancelled(remove(self.client, &self.plan.abandoned)).await;
            if let Some((id, error)) = swept.ok_or(Interrupted)?.into_iter().next() {
                self.ctx.printer.warn(&format!("`{id}` of a killed run stays: {}", error.chain()));
            }
        }
        self.bar.set_message("making the tenants");
        let watch = Stopwatch::start();
        self.tenants.create(stop).await?;
        let longest = self.plan.longest;
        let measured = tokio::time::timeout(longest, stop.run_until_cancelled(Box::pin(self.measure()))).await;
        let late = |_| Error::Timeout { what: "the measurement".to_owned(), after: longest };
        let meters = measured.map_err(late)?.ok_or(Interrupted)??;
        let base = meters.first().and_then(|healthz| healthz.row(None).p50_ms);
        Ok(Report {
            context: self.plan.context.clone(),
            version: self.plan.version.clone(),
            tenants: self.plan.tenants,
            concurrency: self.plan.concurrency,
            seconds: (watch.elapsed().as_secs_f64() * 10.0).round() / 10.0,
            swept: self.plan.abandoned.len(),
            measures: meters.iter().map(|meter| meter.row(base)).collect(),
            phases: meters.iter().flat_map(Meter::phase_lines).collect(),
            failures: meters.iter().flat_map(Meter::failures).collect(),
        })
    }

    /// What the rest is compared with comes first.
    async fn measure(&self) -> Result<Vec<Meter>> {
        let bench = Bench {
            client: self.client,
            ids: &self.tenants.ids,
            load: self.plan.load,
            reference: Load { limit: self.plan.reference.limit.part(2), ..self.plan.reference },
            warm_target: self.client.plane("`ztm bench`")?.pool_get().await?.target,
        };
        self.bar.set_message("measuring healthz");
        let mut meters = bench.healthz().await?;
        if self.plan.is_local {
            self.bar.set_message("measuring fsync");
            meters.extend(bench.fsync(&self.ctx.settings.state_dir).await?);
        }
        for (place, measure) in self.plan.only.iter().enumerate() {
            let (place, all, label) = (place + 1, self.plan.only.len(), measure.label());
            self.bar.set_message(format!("measuring {label} ({place} of {all})"));
            let measured = match measure {
                Measure::Wake => Box::pin(bench.wake()).await?,
                Measure::Job => Box::pin(bench.job()).await?,
                Measure::Read => Box::pin(bench.read()).await?,
                Measure::Event => Box::pin(bench.event()).await?,
                Measure::Exec => Box::pin(bench.exec()).await?,
            };
            if measured.is_empty() {
                self.ctx.printer.note(&format!("{label} is left out: there is nothing here to measure"));
            }
            meters.extend(measured);
        }
        Ok(meters)
    }
}
