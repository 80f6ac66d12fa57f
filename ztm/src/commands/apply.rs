//! `ztm apply` and `ztm diff`.

use anyhow::Result;
use futures::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use libtenancy::{Error, api::quotas::QuotaView};

use crate::{
    cli::apply::{ApplyArgs, DiffArgs},
    client::Client,
    commands::Context,
    exit::{self, BadNews},
    manifest::{self, Manifest, Plan, There},
    view::{
        apply::{Applied, AppliedList},
        counted,
    },
};

/// How many tenants are looked at, or changed, at once.
const AT_ONCE: usize = 8;

/// Makes tenants be as files say, and prints what was done for each.
pub async fn apply(ctx: &Context, args: &ApplyArgs) -> Result<()> {
    let mut results = each(ctx, &args.files.files, async |client, manifest| {
        let plan = manifest.plan(&there(client, manifest).await?);
        let result = match (&plan.create, plan.changes.is_empty()) {
            (Some(_), _) => "created",
            (None, false) => "changed",
            (None, true) => "unchanged",
        };
        if args.dry_run.is_none() {
            carry_out(client, manifest.id(), &plan).await?;
        }
        Ok((result, plan))
    })
    .await?;
    results.dry_run = args.dry_run.is_some();
    let (all, failed) = (results.results.len(), results.failed());
    ctx.printer.show(&results)?;
    if args.dry_run.is_some() {
        ctx.printer.note("nothing was changed");
    }
    match failed {
        0 => Ok(()),
        failed => Err(BadNews {
            code: "partly_done",
            message: format!("{failed} of {} failed; the others are as the files say", counted(all, "tenant")),
            hint: Some("the same command tries those again, and changes nothing else".to_owned()),
        }
        .into()),
    }
}

/// Prints what stands between files and what there is.
pub async fn diff(ctx: &Context, args: &DiffArgs) -> Result<()> {
    let mut results = each(ctx, &args.files.files, async |client, manifest| {
        let plan = manifest.plan(&there(client, manifest).await?);
        let result = if plan.create.is_some() { "missing" } else { "differs" };
        Ok((result, plan))
    })
    .await?;
    results.results.retain(|one| !one.changes.is_empty() || one.error.is_some());
    let (differ, failed) = (results.results.len(), results.failed());
    if differ == 0 {
        ctx.printer.note("nothing differs");
    }
    ctx.printer.show(&results)?;
    match (differ, failed) {
        (0, _) => Ok(()),
        (differ, 0) => Err(BadNews {
            code: "differs",
            message: match differ {
                1 => "a tenant is not as the files say".to_owned(),
                _ => format!("{differ} tenants are not as the files say"),
            },
            hint: Some("`ztm apply` with the same files makes them so".to_owned()),
        }
        .into()),
        (_, failed) => Err(BadNews {
            code: "partly_done",
            message: format!("{} could not be looked at", counted(failed, "tenant")),
            hint: None,
        }
        .into()),
    }
}

/// Does something for each tenant of the files, several at once, in the order of their names.
async fn each(
    ctx: &Context,
    files: &[std::path::PathBuf],
    work: impl AsyncFn(&Client, &Manifest) -> libtenancy::Result<(&'static str, Plan)>,
) -> Result<AppliedList> {
    let manifests = manifest::read(files).map_err(exit::unread)?;
    if manifests.is_empty() {
        ctx.printer.warn("the files name no tenants");
    }
    let client = ctx.client().await?;
    if let Some(first) = manifests.first() {
        // Nobody to ask is one error, and not one for each.
        there(&client, first).await?;
    }
    let target = if ctx.printer.draws_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} tenants, {eta} left")?;
    let bar = ProgressBar::with_draw_target(Some(manifests.len() as u64), target).with_style(style);
    let results = stream::iter(&manifests)
        .map(async |manifest| {
            let done = work(&client, manifest).await;
            bar.inc(1);
            let tenant_id = manifest.id().to_owned();
            match done {
                Ok((result, plan)) => {
                    Applied { tenant_id, result: result.to_owned(), changes: plan.changes, error: None }
                }
                Err(error) => {
                    let error = anyhow::Error::new(error);
                    let (code, text) = (exit::code(&error).to_owned(), format!("{error:#}"));
                    Applied {
                        tenant_id,
                        result: "failed".to_owned(),
                        changes: Vec::new(),
                        error: Some((code, text).into()),
                    }
                }
            }
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    bar.finish_and_clear();
    Ok(AppliedList { results, dry_run: false })
}

async fn there(client: &Client, manifest: &Manifest) -> libtenancy::Result<There> {
    let tenant = match client.tenant_get(manifest.id()).await {
        Ok(tenant) => tenant,
        Err(Error::NotFound { .. }) => return Ok(There::default()),
        Err(error) => return Err(error),
    };
    let quota: Option<QuotaView> =
        if manifest.has_quota() { Some(client.quota_get(manifest.id()).await?) } else { None };
    let schedules =
        if manifest.has_schedules() { client.schedule_list(Some(manifest.id())).await?.schedules } else { Vec::new() };
    Ok(There { tenant: Some(tenant), quota, schedules })
}

/// Every step is one that a repeat does again: what is left of a plan is the plan of the next time.
async fn carry_out(client: &Client, id: &str, plan: &Plan) -> libtenancy::Result<()> {
    if let Some(new) = plan.create.clone() {
        client.tenant_create(new).await?;
    }
    if let Some(change) = plan.update.clone() {
        client.tenant_update(id, change).await?;
    }
    if let Some(quota) = plan.quota.clone() {
        client.quota_set(id, quota).await?;
    }
    for (name, spec) in &plan.schedules {
        match spec {
            Some(spec) => drop(client.schedule_set(id, name, spec).await?),
            None => drop(client.schedule_remove(id, name).await?),
        }
    }
    Ok(())
}
