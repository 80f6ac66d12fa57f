//! Contexts that only look: an order is refused there before anything is asked of anybody.

use anyhow::Result;
use libtenancy::Error;

use super::Context;
use crate::{
    cli::{
        Command, admin::AdminCommand, inbox::InboxCommand, job::JobCommand, pool::PoolCommand, quota::QuotaCommand,
        schedule::ScheduleCommand, state::StateCommand, tenant::TenantCommand, webhook::WebhookCommand,
    },
    exit::Hinted,
};

/// `Forbidden` for an order in a context that only looks; a rehearsal is none.
pub(super) fn checked(ctx: &Context, command: &Command) -> Result<()> {
    let context = &ctx.settings.context;
    if !context.readonly || ctx.settings.rehearses.is_some() || !is_order(command) {
        return Ok(());
    }
    let rehearses = match command {
        Command::Up(_) | Command::Down(_) => "",
        _ => "`--dry-run` says what it would do; ",
    };
    let name = &context.name;
    let hint = format!("{rehearses}give it in another `--context`, or take `readonly` out of `[contexts.{name}]`");
    Err(Hinted::new(Error::Forbidden { reason: format!("context `{name}` is read-only") }, hint).into())
}

/// Whether a command changes something at a control plane or in its stores, or begins or ends one. `ztm top` keeps to
/// looking by itself, and a demo has a control plane of its own.
fn is_order(command: &Command) -> bool {
    match command {
        Command::Up(_)
        | Command::Down(_)
        | Command::Apply(_)
        | Command::Exec(_)
        | Command::Import(_)
        | Command::Shell(_) => true,
        Command::Bench(args) => !args.dry_run,
        Command::Admin(command) => match command {
            AdminCommand::Init(args) => !args.dry_run,
            AdminCommand::Prices(_) | AdminCommand::Render(_) => false,
        },
        Command::Tenant(command) => match command {
            TenantCommand::Create(_)
            | TenantCommand::Update(_)
            | TenantCommand::Delete(_)
            | TenantCommand::Wake(_)
            | TenantCommand::Stop(_)
            | TenantCommand::Suspend(_)
            | TenantCommand::Resume(_)
            | TenantCommand::Snapshot(_)
            | TenantCommand::State(StateCommand::Restore(_)) => true,
            TenantCommand::List(_)
            | TenantCommand::Get(_)
            | TenantCommand::State(StateCommand::List(_) | StateCommand::Verify(_) | StateCommand::Export(_))
            | TenantCommand::Wait(_)
            | TenantCommand::Logs(_) => false,
        },
        Command::Webhook(command) => match command {
            WebhookCommand::Register(_) | WebhookCommand::Delete(_) => true,
            WebhookCommand::Info(_) => false,
        },
        Command::Inbox(command) => match command {
            InboxCommand::Replay(_) | InboxCommand::Drop(_) => true,
            InboxCommand::List(_) => false,
        },
        Command::Job(command) => match command {
            JobCommand::Submit(_) | JobCommand::Cancel(_) | JobCommand::Retry(_) => true,
            JobCommand::Get(_) | JobCommand::List(_) | JobCommand::Wait(_) | JobCommand::Dead(_) => false,
        },
        Command::Quota(command) => match command {
            QuotaCommand::Set(_) | QuotaCommand::Grant(_) | QuotaCommand::Revoke(_) => true,
            QuotaCommand::Get(_) | QuotaCommand::List(_) => false,
        },
        Command::Schedule(command) => match command {
            ScheduleCommand::Set(_)
            | ScheduleCommand::Pause(_)
            | ScheduleCommand::Run(_)
            | ScheduleCommand::Resume(_)
            | ScheduleCommand::Delete(_) => true,
            ScheduleCommand::List(_) | ScheduleCommand::Get(_) => false,
        },
        Command::Pool(command) => match command {
            PoolCommand::Scale(_) => true,
            PoolCommand::Status(_) => false,
        },
        Command::Demo(_)
        | Command::Diff(_)
        | Command::Export(_)
        | Command::Spend(_)
        | Command::Why(_)
        | Command::Node(_)
        | Command::Context(_)
        | Command::Events(_)
        | Command::Logs(_)
        | Command::Config(_)
        | Command::Top(_)
        | Command::Wait(_)
        | Command::Doctor(_)
        | Command::Status(_)
        | Command::Version(_)
        | Command::Completion(_)
        | Command::Help(_)
        | Command::Agent(_)
        | Command::Generate(_) => false,
    }
}
