//! What the commands do: a file per verb, one function each.

use std::{collections::BTreeMap, future::Future, path::Path, process::ExitCode};

use anyhow::Result;
use libtenancy::{Error, jobs::Idempotency, secret::random_bytes};

use crate::{
    cli::{
        Cli, Command, admin::AdminCommand, agent::AgentArgs, config::ConfigCommand, generate::GenerateCommand,
        inbox::InboxCommand, job::JobCommand, node::NodeCommand, pool::PoolCommand, quota::QuotaCommand,
        spend::SpendCommand, state::StateCommand, tenant::TenantCommand,
    },
    client::{self, Client},
    exit::{self, Exit, Hinted, Interrupted, Usage},
    generate, near,
    printer::Printer,
    settings::{Kind, Settings},
    view::apply::Rehearsed,
};

pub mod admin;
pub mod apply;
pub mod bench;
pub mod config;
pub mod context;
pub mod demo;
pub mod doctor;
pub mod down;
pub mod events;
pub mod exec;
pub mod export;
pub mod help;
pub mod import;
pub mod inbox;
pub mod job;
pub mod logs;
pub mod node;
pub mod pool;
pub mod quota;
mod readonly;
pub mod schedule;
pub mod spend;
pub mod status;
pub mod tenant;
pub mod top;
pub mod up;
pub mod version;
pub mod wait;
pub mod webhook;
pub mod why;

/// What every command needs.
pub struct Context {
    /// Everything resolved.
    pub settings: Settings,
    /// The way out.
    pub printer: Printer,
}

impl Context {
    /// The way to the control plane, or to its store.
    pub async fn client(&self) -> Result<Client> {
        Ok(Client::connect(&self.settings).await?)
    }

    /// Refuses a command that is about the control plane of this machine where another one is meant.
    fn here(&self, command: &str) -> Result<()> {
        let meant = match (&self.settings.orchestrator_url, self.settings.context.kind) {
            (Some(url), _) => format!("the control plane at {url}"),
            (None, Kind::Cluster) => "the control plane in a cluster".to_owned(),
            (None, _) => return Ok(()),
        };
        let message = format!("`{command}` is for the control plane of this machine, and what is meant is {meant}");
        let hint = "`--context embedded` means this machine; `ztm config view` shows who says the other".to_owned();
        Err(Usage { message, hint: Some(hint) }.into())
    }

    /// Says something that only `--verbose` asks for.
    fn detail(&self, text: &str) {
        if self.settings.verbose > 0 {
            self.printer.note(text);
        }
    }
}

/// Says that none of what there is, of a tenant or of all, is what was asked for, and what it is instead, from its first page.
fn not_one(what: &str, tenant: Option<&str>, asked: &str, states: impl Iterator<Item = String>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    states.for_each(|state| *counts.entry(state).or_default() += 1);
    let all: usize = counts.values().sum();
    let (are, s) = if all == 1 { ("is", "") } else { ("are", "s") };
    let of = tenant.map_or_else(String::new, |tenant| format!(" of `{tenant}`"));
    let more = if all < client::PAGE { "" } else { " or more" };
    let each: Vec<String> = counts.iter().map(|(state, count)| format!("{count} {state}")).collect();
    format!("there {are} {all} {what}{s}{of}{more}, but none is {asked}: {}", each.join(", "))
}

/// A name for what is done once a name: the same one under the same `ZTM_IDEMPOTENCY_KEY`.
fn once_name(settings: &Settings) -> Result<String> {
    match &settings.idempotency_key {
        Some(key) => Ok(Idempotency::new(key, b"")?.key[..32].to_owned()),
        None => random_name(),
    }
}

/// A name that nobody else has used.
fn random_name() -> Result<String> {
    Ok(format!("{:032x}", u128::from_be_bytes(random_bytes()?)))
}

/// Resolves the settings and does what was asked. Returns the printer that an error is to be printed with: `early`, until
/// the settings say another.
pub fn run(cli: Cli, early: Printer) -> (Printer, Result<ExitCode>) {
    let Cli { global, command } = cli;
    // The programs that the control plane starts know no settings.
    let command = match command {
        Command::Agent(args) => return (early, agent(&args, global.state_dir.as_deref())),
        Command::Generate(what) => {
            let outcome = match what {
                GenerateCommand::Man(args) => {
                    generate::man().map_err(Into::into).and_then(|f| Ok(generate::write(&args.directory, &f)?))
                }
                GenerateCommand::Completions(args) => {
                    generate::completions().map_err(Into::into).and_then(|f| Ok(generate::write(&args.directory, &f)?))
                }
            };
            return (early, outcome.map(done));
        }
        Command::Completion(args) => {
            let registered = generate::completion(args.shell).map_err(Into::into);
            return (early.clone(), registered.and_then(|(_, content)| early.bytes(&content)).map(done));
        }
        Command::Help(args) => {
            let outcome = help::help(&args, &early);
            return (early, outcome.map(done));
        }
        Command::Config(ConfigCommand::View(args)) => {
            let (printer, outcome) = config::view(&global, &args, early);
            return (printer, outcome.map(done));
        }
        Command::Context(command) => {
            let (printer, outcome) = context::run(&global, command, early);
            return (printer, outcome.map(done));
        }
        command => command,
    };
    let flag_namespace = global.namespace.is_some();
    let settings = match Settings::resolve(global) {
        Ok(settings) => settings,
        Err(error) => return (early, Err(error.into())),
    };
    let printer = Printer::new(settings.output.clone(), settings.color, settings.quiet);
    if flag_namespace {
        printer.warn("`--namespace` has no effect: there is no cluster in this context");
    }
    for warning in &settings.context.warnings {
        printer.warn(warning);
    }
    if let Some(problem) = &settings.up_problem {
        if matches!(command, Command::Up(_)) {
            let hint = "`ztm up --help` lists the options, each of which is a key with underscores".to_owned();
            return (printer, Err(Usage { message: problem.clone(), hint: Some(hint) }.into()));
        }
        printer.warn(&format!("`[up]` is ignored: {problem}"));
    }
    let context = Context { settings, printer: printer.clone() };
    let done_so = readonly::checked(&context, &command).and_then(|()| dispatch(&context, command));
    let outcome = done_so.map_err(flagged).or_else(|error| rehearsed(&context, error)).or_else(|error| {
        // Whoever mistyped a name is told which ones there are.
        wait_for(async { Err(near::suggested(&context.settings, error).await) })
    });
    if client::saw_nothing() {
        let place = context.settings.state_dir.display();
        printer.note(&format!("there is no control plane yet, nor anything else, in {place}; `ztm up` begins one"));
    }
    (printer, outcome.map(done))
}

/// The same error; where it is of a field that a flag sets, by the name that was typed.
fn flagged(error: anyhow::Error) -> anyhow::Error {
    let Some(Error::Invalid { field, reason }) = error.downcast_ref::<Error>() else { return error };
    let flag = match *field {
        "idle_timeout_s" => "--idle-timeout",
        "cost_gpu_seconds" => "--cost",
        "not_before" => "--at",
        "max_attempts" => "--attempts",
        "rate_per_sec" => "--rate",
        _ => return error,
    };
    let named = Error::invalid(flag, reason.clone());
    match exit::hint(&error) {
        Some(hint) => Hinted::new(named, hint).into(),
        None => named.into(),
    }
}

/// What a rehearsed order would have done, said; any other error stays one.
fn rehearsed(ctx: &Context, error: anyhow::Error) -> Result<()> {
    let (Some(verb), Some(Error::Rehearsed { would })) = (&ctx.settings.rehearses, error.downcast_ref::<Error>())
    else {
        return Err(error);
    };
    ctx.printer.note(&format!("nothing was done; it would {would}"));
    if ctx.printer.output().is_document() {
        ctx.printer.show(&Rehearsed { dry_run: true, verb: verb.clone(), would: would.clone() })?;
    }
    Ok(())
}

fn dispatch(ctx: &Context, command: Command) -> Result<()> {
    match command {
        Command::Up(args) => up::up(ctx, *args),
        Command::Down(args) => down::down(ctx, &args),
        Command::Demo(args) => demo::demo(ctx, &args),
        Command::Bench(args) => bench::bench(ctx, &args),
        Command::Top(args) => top::top(ctx, args),
        Command::Import(args) => wait_for(Box::pin(import::import(ctx, &args))),
        Command::Exec(args) => wait_for(Box::pin(exec::exec(ctx, args))),
        Command::Shell(args) => wait_for(Box::pin(exec::shell(ctx, args))),
        Command::Apply(args) => wait_for(Box::pin(apply::apply(ctx, &args))),
        Command::Diff(args) => wait_for(Box::pin(apply::diff(ctx, &args))),
        Command::Export(args) => wait_for(Box::pin(export::export(ctx, &args))),
        Command::Wait(args) => wait_for(wait::wait(ctx, args)),
        Command::Doctor(args) => wait_for(Box::pin(doctor::doctor(ctx, &args))),
        Command::Logs(args) => wait_for(Box::pin(logs::logs(ctx, &args))),
        Command::Events(args) => wait_for(events::events(ctx, &args)),
        Command::Status(_) => wait_for(status::status(ctx)),
        Command::Version(args) => version::version(ctx, &args),
        Command::Tenant(command) => wait_for(async {
            match command {
                TenantCommand::Create(args) => tenant::create::create(ctx, args).await,
                TenantCommand::List(args) => tenant::list::list(ctx, &args).await,
                TenantCommand::Get(args) => tenant::get::get(ctx, &args).await,
                TenantCommand::Update(args) => tenant::update::update(ctx, args).await,
                TenantCommand::Delete(args) => tenant::delete::delete(ctx, &args).await,
                TenantCommand::Wake(args) => tenant::wake::wake(ctx, &args).await,
                TenantCommand::Stop(args) => tenant::stop::stop(ctx, &args).await,
                TenantCommand::Suspend(args) => tenant::suspend::suspend(ctx, &args).await,
                TenantCommand::Resume(args) => tenant::suspend::resume(ctx, &args).await,
                TenantCommand::Snapshot(args) => tenant::snapshot::snapshot(ctx, &args).await,
                TenantCommand::State(command) => match command {
                    StateCommand::List(args) => tenant::state::list::list(ctx, &args).await,
                    StateCommand::Verify(args) => tenant::state::verify::verify(ctx, &args).await,
                    StateCommand::Restore(args) => tenant::state::restore::restore(ctx, &args).await,
                    StateCommand::Export(args) => tenant::state::export::export(ctx, &args).await,
                },
                TenantCommand::Wait(args) => tenant::wait::wait(ctx, &args).await,
                TenantCommand::Logs(args) => tenant::logs::logs(ctx, &args).await,
            }
        }),
        Command::Webhook(command) => wait_for(webhook::run(ctx, command)),
        Command::Inbox(command) => wait_for(async {
            match command {
                InboxCommand::List(args) => inbox::list::list(ctx, &args).await,
                InboxCommand::Replay(args) => inbox::replay::replay(ctx, args).await,
                InboxCommand::Drop(args) => inbox::drop::drop(ctx, args).await,
            }
        }),
        Command::Job(command) => wait_for(async {
            match command {
                JobCommand::Submit(args) => job::submit::submit(ctx, args).await,
                JobCommand::Get(args) => job::get::get(ctx, &args).await,
                JobCommand::List(args) => job::list::list(ctx, &args).await,
                JobCommand::Wait(args) => job::wait::wait(ctx, &args).await,
                JobCommand::Cancel(args) => job::cancel::cancel(ctx, args).await,
                JobCommand::Retry(args) => job::retry::retry(ctx, args).await,
                JobCommand::Dead(args) => job::dead::dead(ctx, &args).await,
            }
        }),
        Command::Quota(command) => wait_for(async {
            match command {
                QuotaCommand::Get(args) => quota::get::get(ctx, &args).await,
                QuotaCommand::List(args) => quota::list::list(ctx, &args).await,
                QuotaCommand::Set(args) => quota::set::set(ctx, args).await,
                QuotaCommand::Grant(args) => quota::grant::grant(ctx, args).await,
                QuotaCommand::Revoke(args) => quota::revoke::revoke(ctx, args).await,
            }
        }),
        Command::Schedule(command) => wait_for(schedule::run(ctx, command)),
        Command::Spend(command) => wait_for(async {
            match command {
                SpendCommand::Report(args) => spend::report::report(ctx, args).await,
                SpendCommand::Audit(args) => spend::audit::audit(ctx, &args).await,
                SpendCommand::Export(args) => spend::export::export(ctx, args).await,
            }
        }),
        Command::Why(command) => wait_for(why::why(ctx, command)),
        Command::Node(command) => wait_for(async {
            match command {
                NodeCommand::List(args) => node::list::list(ctx, &args).await,
                NodeCommand::Get(args) => node::get::get(ctx, &args).await,
            }
        }),
        Command::Pool(command) => wait_for(async {
            match command {
                PoolCommand::Status(_) => pool::status::status(ctx).await,
                PoolCommand::Scale(args) => pool::scale::scale(ctx, &args).await,
            }
        }),
        Command::Admin(AdminCommand::Prices(args)) => wait_for(admin::prices::prices(ctx, &args)),
        Command::Admin(AdminCommand::Render(args)) => admin::render::render(ctx, &args),
        Command::Admin(AdminCommand::Init(args)) => wait_for(Box::pin(admin::init::init(ctx, &args))),
        Command::Agent(_)
        | Command::Completion(_)
        | Command::Config(_)
        | Command::Context(_)
        | Command::Generate(_)
        | Command::Help(_) => Err(Error::internal("this command needs no settings").into()),
    }
}

/// Runs a command to its end, or to Ctrl-C.
fn wait_for(command: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        tokio::select! {
            outcome = command => outcome,
            _ = tokio::signal::ctrl_c() => Err(Interrupted.into()),
        }
    })
}

/// Refuses to take over a terminal whose foreground is another process's: the kernel would stop this one there (SIGTTOU,
/// tcsetattr(3)), and again whenever it is told to end.
fn in_foreground() -> Result<()> {
    // Where it is not the controlling terminal, nobody is in its foreground.
    let foreground = rustix::termios::tcgetpgrp(std::io::stdin());
    if foreground.is_ok_and(|group| group != rustix::process::getpgrp()) {
        let hint = Some("`fg` brings it there; `timeout` leaves it there with `--foreground`".to_owned());
        return Err(Usage { message: "it is in the background of this terminal".to_owned(), hint }.into());
    }
    Ok(())
}

fn done((): ()) -> ExitCode {
    Exit::Success.into()
}

fn agent(args: &AgentArgs, state_dir: Option<&Path>) -> Result<ExitCode> {
    let state_dir = state_dir.ok_or_else(|| Usage {
        message: format!("the agent on port {} needs a place for its memory", args.port),
        hint: Some("name one with `--state-dir`".to_owned()),
    })?;
    services::agent::run(args.port, state_dir).map(done)
}
