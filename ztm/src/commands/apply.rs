//! `ztm apply` and `ztm diff`.

use anyhow::Result;
use futures::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use libtenancy::{Error, api::quotas::QuotaView};

use crate::{
    cli::apply::{ApplyArgs, DiffArgs},
    client::Client,
    commands::{Context, tenant::delete::all_losses},
    confirm,
    exit::{self, BadNews, Usage},
    manifest::{self, Manifest, Plan, There},
    view::{
        apply::{Applied, AppliedList},
        counted,
        tenant::TERMINATED,
    },
};

/// How many tenants are looked at, or changed, at once.
const AT_ONCE: usize = 8;

/// Makes tenants be as files say, and prints what was done for each.
pub async fn apply(ctx: &Context, args: &ApplyArgs) -> Result<()> {
    let mut manifests = read(ctx, &args.files.files)?;
    let client = ctx.client().await?;
    let doomed = match &args.selector {
        Some(selector) => doomed(ctx, &client, args, selector, &mut manifests).await?,
        None => Vec::new(),
    };
    let mut results = each(ctx, &client, &manifests, async |client, manifest| {
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
    if results.failed() == 0 {
        results.results.extend(prune(&client, &doomed, args.dry_run.is_none()).await);
    } else if !doomed.is_empty() {
        ctx.printer.warn(&format!("{} not deleted, since something failed", counted(doomed.len(), "tenant")));
    }
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

/// The files; a word if they name nobody.
fn read(ctx: &Context, files: &[std::path::PathBuf]) -> Result<Vec<Manifest>> {
    let manifests = manifest::read(files).map_err(exit::unread)?;
    if manifests.is_empty() {
        ctx.printer.warn("the files name no tenants");
    }
    Ok(manifests)
}

/// The tenants that the selector chooses and no file names, once a person, or `--yes`, has confirmed that they go. Schedules of
/// those that it chooses go where their file says nothing of them.
async fn doomed(
    ctx: &Context,
    client: &Client,
    args: &ApplyArgs,
    selector: &str,
    manifests: &mut [Manifest],
) -> Result<Vec<String>> {
    if manifests.is_empty() {
        let message = "files that name no tenants would have all of them deleted that the selector chooses".to_owned();
        let hint = Some("name one that stays, or delete with `ztm tenant delete`".to_owned());
        return Err(Usage { message, hint }.into());
    }
    let chosen = client.tenant_list(None, Some(selector)).await?.tenants;
    let mut doomed: Vec<String> =
        chosen.into_iter().filter(|tenant| tenant.status != TERMINATED).map(|tenant| tenant.tenant_id).collect();
    let mut goes = Vec::new();
    for manifest in manifests.iter_mut() {
        let Some(place) = doomed.iter().position(|id| id == manifest.id()) else { continue };
        doomed.remove(place);
        if !manifest.has_schedules() {
            let schedules = client.schedule_list(Some(manifest.id())).await?.schedules;
            goes.extend(schedules.iter().map(|one| format!("`{}`: its schedule `{}`", one.tenant_id, one.name)));
            manifest.prune_schedules();
        }
    }
    if args.dry_run.is_some() || doomed.is_empty() && goes.is_empty() {
        return Ok(doomed);
    }
    if !doomed.is_empty() {
        client.plane("deleting a tenant")?;
    }
    if !args.yes && confirm::can_ask() {
        ctx.printer.note("what their agents remember is kept");
        for id in &doomed {
            let losses = all_losses(client, std::slice::from_ref(id), false).await?;
            goes.extend(losses.into_iter().map(|loss| format!("`{id}`: {loss}")));
        }
    }
    confirm::name_typed(&format!("pruning by `{selector}`"), &goes, selector, args.yes)?;
    Ok(doomed)
}

/// Deletes tenants, several at once; what their agents remember is kept.
async fn prune(client: &Client, doomed: &[String], in_earnest: bool) -> Vec<Applied> {
    let one = async |id: &String| {
        let deleted = if in_earnest { client.tenant_delete(id, true).await.map(drop) } else { Ok(()) };
        match deleted {
            Ok(()) | Err(Error::NotFound { .. }) => {
                Applied { tenant_id: id.clone(), result: "deleted".to_owned(), changes: Vec::new(), error: None }
            }
            Err(error) => failed(id, error),
        }
    };
    stream::iter(doomed).map(one).buffered(AT_ONCE).collect().await
}

/// A tenant for which it could not be done.
fn failed(id: &str, error: Error) -> Applied {
    let error = anyhow::Error::new(error);
    let (code, text) = (exit::code(&error).to_owned(), format!("{error:#}"));
    Applied {
        tenant_id: id.to_owned(),
        result: "failed".to_owned(),
        changes: Vec::new(),
        error: Some((code, text).into()),
    }
}

/// Prints what stands between files and what there is.
pub async fn diff(ctx: &Context, args: &DiffArgs) -> Result<()> {
    let manifests = read(ctx, &args.files.files)?;
    let client = ctx.client().await?;
    let mut results = each(ctx, &client, &manifests, async |client, manifest| {
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
    client: &Client,
    manifests: &[Manifest],
    work: impl AsyncFn(&Client, &Manifest) -> libtenancy::Result<(&'static str, Plan)>,
) -> Result<AppliedList> {
    if let Some(first) = manifests.first() {
        // Nobody to ask is one error, and not one for each.
        there(client, first).await?;
    }
    let target = if ctx.printer.draws_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} tenants, {eta} left")?;
    let bar = ProgressBar::with_draw_target(Some(manifests.len() as u64), target).with_style(style);
    let results = stream::iter(manifests)
        .map(async |manifest| {
            let done = work(client, manifest).await;
            bar.inc(1);
            let tenant_id = manifest.id().to_owned();
            match done {
                Ok((result, plan)) => {
                    Applied { tenant_id, result: result.to_owned(), changes: plan.changes, error: None }
                }
                Err(error) => failed(&tenant_id, error),
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
