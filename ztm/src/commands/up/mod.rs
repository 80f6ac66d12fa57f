//! `ztm up`.

use std::io::IsTerminal;

use anyhow::Result;
use libtenancy::{Error, Shutdown};
use services::journal::{Told, journal};
use tokio::sync::oneshot;

use crate::{
    cli::up::{Part, UpArgs},
    commands::Context,
    discovery::{Holder, Up},
    embedded,
    exit::Interrupted,
    printer::Printer,
};

mod detach;
mod plan;

use plan::Plan;

/// Runs the control plane here, or in the background.
pub fn up(ctx: &Context, args: UpArgs) -> Result<()> {
    ctx.here("ztm up")?;
    let (detach, detached) = (args.detach && !args.detached, args.detached);
    // The plan is made in the foreground too, so that what is wrong with it is said there.
    let plan = Plan::make(&ctx.settings, args)?;
    if let Some(holder) = Holder::find(&ctx.settings.state_dir)? {
        return Err(Error::StateDirInUse { path: ctx.settings.state_dir.clone(), pid: holder.pid }.into());
    }
    for warning in &plan.warnings {
        ctx.printer.warn(warning);
    }
    if detach {
        return super::wait_for(detach::detach(ctx));
    }
    if detached {
        // Out of the terminal's session, so that neither its end nor its Ctrl-C reaches this process.
        rustix::process::setsid().map_err(std::io::Error::from)?;
    }
    let told = log(ctx, plan.config.stores.is_shared().then(host));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(serve(plan, told, &ctx.printer));
    // What is left after an order to end at once must not hold the process.
    runtime.shutdown_background();
    outcome
}

async fn serve(plan: Plan, told: Told, printer: &Printer) -> Result<()> {
    let mut signals = Signals::new()?;
    let (ready_tx, mut ready) = oneshot::channel::<Up>();
    let (end, ended) = oneshot::channel();
    let mut end = Some(end);
    let shutdown = async { ended.await.unwrap_or(Shutdown::StopAgents) };
    let Plan { config, listen, only, .. } = plan;
    let serving = async {
        match only {
            Some(Part::Router) => embedded::serve_router(config, listen, told, ready_tx, shutdown).await,
            None | Some(Part::Orchestrator) => {
                embedded::serve(config, listen, only.is_none(), told, ready_tx, shutdown).await
            }
        }
    };
    let mut serving = Box::pin(serving);
    let mut told = false;
    loop {
        tokio::select! {
            biased;
            outcome = &mut serving => return Ok(outcome?),
            up = &mut ready, if !told => {
                told = true;
                // Whether anybody reads it or not, the control plane serves.
                if let Ok(up) = up && let Err(error) = printer.show(&up) {
                    printer.warn(&format!("{error:#}"));
                }
            }
            order = signals.next() => match end.take() {
                Some(end) => {
                    printer.note("ending: messages under way are finished first; a second signal ends it at once");
                    let _ = end.send(order);
                }
                None => return Err(Interrupted.into()),
            }
        }
    }
}

/// The signals that end a control plane.
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hand_over: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hand_over: signal(SignalKind::user_defined1())?,
        })
    }

    async fn next(&mut self) -> Shutdown {
        tokio::select! {
            _ = self.interrupt.recv() => Shutdown::StopAgents,
            _ = self.terminate.recv() => Shutdown::StopAgents,
            _ = self.hand_over.recv() => Shutdown::LeaveAgents,
        }
    }
}

/// What this machine, or this pod, is called.
fn host() -> String {
    let system = rustix::system::uname();
    std::env::var("POD_NAME").unwrap_or_else(|_| system.nodename().to_string_lossy().into_owned())
}

/// Sends what the libraries log to standard error: `ZTM_LOG` says what, else `--verbose` and `--quiet`; as lines for people,
/// or, with `ZTM_LOG_FORMAT=json`, as one object a line. What they log of tenants is answered, for their journals.
fn log(ctx: &Context, instance: Option<String>) -> Told {
    use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};
    let default = match (ctx.settings.quiet, ctx.settings.verbose) {
        (true, _) => "error",
        (false, 0) => "warn,ztm=info,libtenancy=info,services=info",
        (false, 1) => "info,ztm=debug,libtenancy=debug,services=debug",
        (false, _) => "debug,ztm=trace,libtenancy=trace,services=trace",
    };
    let filter = std::env::var("ZTM_LOG").ok().filter(|wanted| !wanted.is_empty()).map_or_else(
        || EnvFilter::new(default),
        |wanted| {
            EnvFilter::try_new(&wanted).unwrap_or_else(|e| {
                ctx.printer.warn(&format!("ZTM_LOG is not understood ({e}); logging `{default}`"));
                EnvFilter::new(default)
            })
        },
    );
    let terminal = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(terminal);
    let lines = match std::env::var("ZTM_LOG_FORMAT").as_deref() {
        Ok("json") => lines.json().flatten_event(true).with_filter(filter).boxed(),
        _ => lines.with_filter(filter).boxed(),
    };
    let (journal, told) = journal(instance);
    // A second subscriber can only be one of the tests': theirs stays.
    let _ = tracing_subscriber::registry().with(lines).with(journal).try_init();
    told
}
