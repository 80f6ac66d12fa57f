//! `ztm tenant`.

use anyhow::Result;
use futures::{StreamExt, stream};
use libtenancy::{
    Error,
    api::{TenantList, TenantView},
    labels::LabelChange,
};

use crate::{
    commands::Context,
    exit::{Exit, Usage},
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

/// Does the same to each tenant, prints those it was done to, and fails with the worst failure, by its exit status. One that
/// fails does not keep the others from it.
async fn each(ctx: &Context, tenants: &[String], act: impl AsyncFn(&str) -> Result<TenantView, Error>) -> Result<()> {
    let outcomes = stream::iter(tenants).map(|tenant| act(tenant)).buffered(AT_ONCE).collect::<Vec<_>>().await;
    let (mut done, mut rehearsed, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for (tenant, outcome) in tenants.iter().zip(outcomes) {
        match outcome {
            Ok(tenant) => done.push(tenant),
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
        ctx.printer.show(&TenantList { tenants: done, next: None })?;
    }
    worst.map_or(Ok(()), |error| Err(error.into()))
}
