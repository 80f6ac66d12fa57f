//! `ztm tenant`.

use std::time::Duration;

use anyhow::Result;
use futures::{StreamExt, stream};
use indicatif::ProgressBar;
use libtenancy::{
    Error,
    api::{TenantList, TenantView},
    labels::LabelChange,
};

use crate::{
    client::Client,
    commands::Context,
    exit::{Exit, Usage},
    view::{Show, counted, plain},
};

pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod logs;
pub mod snapshot;
pub mod state;
pub mod stop;
pub mod suspend;
pub mod update;
pub mod wait;
pub mod wake;

/// The labels that flags say; each may be said once.
fn said_once(labels: Vec<(String, Option<String>)>) -> Result<LabelChange> {
    let mut change = LabelChange::new();
    for (name, value) in labels {
        if change.contains_key(&name) {
            let hint = Some("of `--label` one for each name is enough".to_owned());
            return Err(Usage { message: format!("label `{name}` is given twice"), hint }.into());
        }
        change.insert(name, value);
    }
    Ok(change)
}

/// How many tenants something is done to at once.
const AT_ONCE: usize = 8;

/// How often the progress looks at the record.
const LOOK: Duration = Duration::from_millis(200);

/// Waits for an order on a tenant, and shows on a terminal how the tenant stands meanwhile.
async fn watched<T>(
    ctx: &Context,
    client: &Client,
    tenant: &str,
    order: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    if !ctx.printer.draws_progress() {
        return order.await;
    }
    let bar = ctx.printer.progress();
    let done = tokio::select! {
        done = order => done,
        never = progress(client, tenant, &bar) => match never {},
    };
    bar.finish_and_clear();
    done
}

/// Shows what the record says, for as long as it is polled.
async fn progress(client: &Client, tenant: &str, bar: &ProgressBar) -> std::convert::Infallible {
    let mut ticks = tokio::time::interval(LOOK);
    loop {
        ticks.tick().await;
        let status = client.tenant_get(tenant).await.map_or_else(|_| "…".to_owned(), |tenant| tenant.status);
        let waits = if status == "stopping" { drains(client, tenant).await } else { String::new() };
        let seconds = bar.elapsed().as_secs_f64();
        bar.set_message(format!("{}: {}{waits} ({seconds:.1} s)", plain(tenant), plain(&status)));
    }
}

/// What a stop waits for.
async fn drains(client: &Client, tenant: &str) -> String {
    let Ok(plane) = client.plane("what an agent does") else { return String::new() };
    match plane.agent_status(tenant).await {
        Ok(agent) if agent.busy > 0 => {
            format!(", its agent finishes {}", counted(agent.busy, "turn"))
        }
        _ => ", its state is being saved".to_owned(),
    }
}

/// Says that nothing will come to a bot whose webhook is registered nowhere.
fn note_webhook(ctx: &Context, tenant: &TenantView) {
    if tenant.bot_id.is_some() && tenant.webhook_url.is_none() {
        ctx.printer.note(&format!(
            "no webhook is registered yet; `ztm webhook register {} --base-url URL` does it",
            tenant.tenant_id
        ));
    }
}

/// Does the same to each tenant, prints those it was done to, and fails with the worst failure, by its exit status. One that
/// fails does not keep the others from it.
async fn each(ctx: &Context, tenants: &[String], act: impl AsyncFn(&str) -> Result<TenantView, Error>) -> Result<()> {
    each_shown(ctx, tenants, act, |tenants| TenantList { tenants, next: None }).await
}

/// The same, where what comes of it is another list.
async fn each_shown<T, L: Show>(
    ctx: &Context,
    tenants: &[String],
    act: impl AsyncFn(&str) -> Result<T, Error>,
    list: impl FnOnce(Vec<T>) -> L,
) -> Result<()> {
    let outcomes = stream::iter(tenants).map(|tenant| act(tenant)).buffered(AT_ONCE).collect::<Vec<_>>().await;
    let (mut done, mut rehearsed, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for (tenant, outcome) in tenants.iter().zip(outcomes) {
        match outcome {
            Ok(outcome) => done.push(outcome),
            Err(Error::Rehearsed { would }) => rehearsed.push(would),
            Err(error) => failed.push((tenant, error)),
        }
    }
    // Of equals the first one stays the last, which is the one that is returned.
    failed.reverse();
    failed.sort_by_key(|(_, error)| Exit::of(error) as u8);
    let worst = failed.pop().map(|(_, error)| error);
    for (tenant, error) in failed.iter().rev() {
        ctx.printer.warn(&format!("`{tenant}`: {}", error.chain()));
    }
    if !rehearsed.is_empty() && worst.is_none() {
        return Err(Error::Rehearsed { would: rehearsed.join(", ") }.into());
    }
    if !done.is_empty() {
        ctx.printer.show(&list(done))?;
    }
    worst.map_or(Ok(()), |error| Err(error.into()))
}
