//! `ztm events`.

use anyhow::Result;
use libtenancy::tenant::TenantId;

use crate::{
    cli::events::EventsArgs,
    commands::Context,
    view::events::Events,
    watch::{News, Watch},
};

/// Prints what happened, and what happens.
pub async fn events(ctx: &Context, args: &EventsArgs) -> Result<()> {
    let tenant: Option<TenantId> = args.tenant.as_deref().map(str::parse).transpose()?;
    let mut watch = Watch::begin(&ctx.settings, &ctx.printer).await?;
    let (mut events, mut whole, mut looked) = (Vec::new(), false, false);
    let mut headers = !args.no_headers;
    loop {
        match watch.next().await? {
            News::Event(event) if tenant.as_ref().is_none_or(|id| event.tenant.as_deref() == Some(id.as_str())) => {
                events.push(event);
            }
            News::Whole => whole = true,
            News::Looked => looked = true,
            _ => continue,
        }
        // Who joins others that listen is told at first what they were told: as old as the last look.
        if !(whole && (args.watch || looked)) {
            continue;
        }
        events.sort_by_key(|event| event.at);
        if !args.watch {
            if events.is_empty() {
                ctx.printer.note("nothing is remembered; `ztm events -w` shows what happens from now on");
            }
            return ctx.printer.show_headed(&Events { events }, headers);
        }
        for event in &events {
            if ctx.printer.output().is_document() {
                ctx.printer.json_line(event)?;
            } else {
                ctx.printer.show_headed(&Events { events: vec![event.clone()] }, headers)?;
                headers = false;
            }
        }
        events.clear();
    }
}
