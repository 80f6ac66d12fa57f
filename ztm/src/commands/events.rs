//! `ztm events`.

use anyhow::Result;
use libtenancy::{api::feed::EventLine, history::MAX_EVENTS, tenant::TenantId};

use crate::{
    cli::events::EventsArgs,
    commands::Context,
    view::events::Events,
    watch::{News, Watch},
};

/// Prints what happened, and what happens.
pub async fn events(ctx: &Context, args: &EventsArgs) -> Result<()> {
    let tenant: Option<TenantId> = args.tenant.as_deref().map(str::parse).transpose()?;
    let name = tenant.as_ref().map(TenantId::as_str);
    if !args.watch {
        let client = ctx.client().await?;
        // One more than asked for says whether there are more.
        let asked = args.limit.map_or(MAX_EVENTS, |limit| MAX_EVENTS.min(limit.saturating_add(1)));
        let mut events = client.event_list(name, asked).await?.events;
        let earlier = events.len().saturating_sub(args.limit.unwrap_or(MAX_EVENTS));
        events.drain(..earlier);
        if events.is_empty() {
            ctx.printer.note("nothing has happened yet; `ztm events -w` shows what happens from now on");
        }
        ctx.printer.show_headed(&Events { events }, !args.no_headers)?;
        if earlier > 0 {
            ctx.printer.left_out("earlier ones");
        }
        return Ok(());
    }
    // Listened first: what happens while the past is read is heard.
    let mut watch = Watch::begin(&ctx.settings, &ctx.printer).await?;
    let most = args.limit.unwrap_or(MAX_EVENTS).min(MAX_EVENTS);
    let past = match ctx.client().await?.event_list(name, most).await {
        // It may come to be.
        Err(libtenancy::Error::NotFound { .. }) => Vec::new(),
        other => other?.events,
    };
    let mut headers = !args.no_headers;
    let mut told = Vec::new();
    for event in past {
        print(ctx, &event, &mut headers)?;
        told.push(event);
    }
    loop {
        let News::Event(event) = watch.next().await? else { continue };
        let is_its = name.is_none_or(|name| event.tenant.as_deref() == Some(name));
        if is_its && !told.contains(&event) {
            print(ctx, &event, &mut headers)?;
        }
    }
}

fn print(ctx: &Context, event: &EventLine, headers: &mut bool) -> Result<()> {
    if ctx.printer.output().is_document() {
        return ctx.printer.json_line(event);
    }
    ctx.printer.show_headed(&Events { events: vec![event.clone()] }, *headers)?;
    *headers = false;
    Ok(())
}
