//! `ztm schedule set`.

use anyhow::Result;
use libtenancy::{
    Error,
    schedule::{Action, CatchUp, ScheduleName, ScheduleSpec},
    tenant::TenantId,
};

use crate::{cli::schedule::ScheduleSetArgs, commands::Context};

/// Sets a schedule and prints it.
pub(super) async fn set(ctx: &Context, args: ScheduleSetArgs) -> Result<()> {
    let tenant: TenantId = args.which.tenant.parse()?;
    let name: ScheduleName = args.which.schedule.parse()?;
    if args.job.as_ref().or(args.message.as_ref()).is_some_and(|text| text.trim().is_empty()) {
        let field = if args.job.is_some() { "job" } else { "message" };
        return Err(Error::invalid(field, "it is empty: say what the agent is told").into());
    }
    let action = match (args.message, args.chat, args.job, args.cost) {
        (Some(text), Some(chat_id), None, _) => Action::Message { chat_id, text },
        (None, _, Some(prompt), Some(cost)) => Action::Job { prompt, agent_id: args.agent.unwrap_or_default(), cost },
        _ => {
            return Err(Error::invalid("schedule", "it needs `--message` and `--chat`, or `--job` and `--cost`").into());
        }
    };
    let catch_up = CatchUp::from_label(&args.catch_up).unwrap_or_default();
    let spec = ScheduleSpec::new(&args.cron, &args.time_zone, action)?.with_catch_up(catch_up).with_paused(args.paused);
    let client = ctx.client().await?;
    let before = client.schedule_get(tenant.as_str(), name.as_str()).await.ok();
    let set = client.schedule_set(tenant.as_str(), name.as_str(), &spec).await?;
    if matches!(spec.action(), Action::Message { .. }) && client.tenant_get(tenant.as_str()).await?.bot_id.is_none() {
        ctx.printer.warn(&format!(
            "`{tenant}` has no bot, through which its chat is answered; `ztm tenant update {tenant} --bot-token-file FILE` gives it one"
        ));
    }
    match before {
        Some(before) if before.spec == spec => ctx.printer.note(&format!("schedule `{name}` was like this already")),
        Some(_) => ctx.printer.note(&format!("it replaces the schedule that was called `{name}`")),
        None => {}
    }
    ctx.printer.show(&set)
}
