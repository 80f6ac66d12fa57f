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
    let (tenant, name) = super::one(&args.which)?;
    let (tenant, name): (TenantId, ScheduleName) = (tenant.parse()?, name.parse()?);
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
    let spec =
        ScheduleSpec::new(&args.cron, &args.time_zone, action).map_err(|error| match out_of_bounds(&args.cron) {
            Some(reason) if matches!(error, Error::Invalid { field: "cron", .. }) => Error::invalid("cron", reason),
            _ => error,
        })?;
    let spec = spec.with_catch_up(catch_up).with_paused(args.paused);
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

/// Which field of a pattern has a number that it cannot have.
fn out_of_bounds(cron: &str) -> Option<String> {
    let fields =
        [("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 7)];
    fields.into_iter().zip(cron.split_whitespace()).find_map(|((name, least, most), text)| {
        // What follows a slash is a distance, and a `#` a count.
        let starts = text.split(',').map(|part| part.split(['/', '#']).next().unwrap_or_default());
        let mut numbers =
            starts.flat_map(|part| part.split(|c: char| !c.is_ascii_digit())).filter_map(|n| n.parse::<u64>().ok());
        let wrong = numbers.find(|number| !(least..=most).contains(number))?;
        Some(format!("the {name} `{wrong}` must be from {least} to {most}"))
    })
}
