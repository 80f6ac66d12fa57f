//! `ztm tenant delete`.

use anyhow::Result;
use libtenancy::{Error, api::TenantView};

use crate::{
    cli::tenant::DeleteArgs,
    client::Client,
    commands::Context,
    confirm,
    view::{counted, size},
};

/// Deletes a tenant after a person, or `--yes`, has confirmed it.
pub async fn delete(ctx: &Context, args: &DeleteArgs) -> Result<()> {
    let client = ctx.client().await?;
    client.plane("deleting a tenant")?;
    let yes = args.yes || ctx.settings.rehearses.is_some();
    let losses = if yes { Vec::new() } else { losses(&client, args).await? };
    if !yes && !args.purge && confirm::can_ask() {
        ctx.printer.note("what its agent remembers is kept; `--purge` destroys that too");
    }
    confirm::name_typed(&format!("deleting `{}`", args.tenant), &losses, &args.tenant, yes)?;
    ctx.printer.show(&client.tenant_delete(&args.tenant, !args.purge).await?)
}

/// What dies with the tenant. Fails if there is none, so that nobody confirms a typing error.
async fn losses(client: &Client, args: &DeleteArgs) -> Result<Vec<String>> {
    let tenant: TenantView = client.tenant_get(&args.tenant).await?;
    let mut losses = vec![format!("the tenant (status {})", tenant.status)];
    if let Some(agent) = &tenant.pod_name {
        losses.push(format!("its agent {agent}, which is stopped"));
    }
    if let Some(url) = tenant.webhook_url.as_deref().filter(|url| !url.is_empty()) {
        losses.push(format!("its webhook {url}"));
    }
    let updates = known(client.update_list(Some(&args.tenant), None).await)?;
    let waits = |stage: &str| !matches!(stage, "handled" | "dropped");
    let waiting = updates.map_or(0, |list| list.updates.iter().filter(|update| waits(&update.stage)).count());
    if waiting > 0 {
        losses.push(format!("{} not answered", counted(waiting, "message")));
    }
    losses.extend(work(client, &args.tenant).await?);
    if let Some(account) = known(client.quota_get(&args.tenant).await)? {
        losses.push(format!(
            "its quota and {} credits; one of the same name begins with the quota that all begin with",
            account.available
        ));
    }
    if args.purge {
        let snapshot = tenant.snapshot.map_or_else(String::new, |s| format!(" (last snapshot: {})", size(s.bytes)));
        losses.push(format!("everything its agent remembers{snapshot}"));
    }
    Ok(losses)
}

/// Its jobs that are not over, and its schedules.
async fn work(client: &Client, tenant: &str) -> Result<Vec<String>> {
    let mut work = Vec::new();
    for status in ["running", "queued", "delayed"] {
        match known(client.job_list(Some(tenant), Some(status)).await)?.map_or(0, |list| list.jobs.len()) {
            0 => {}
            1 => work.push(format!("1 {status} job")),
            count => work.push(format!("{count} {status} jobs")),
        }
    }
    for schedule in known(client.schedule_list(Some(tenant)).await)?.map_or_else(Vec::new, |list| list.schedules) {
        work.push(format!("its schedule `{}`", schedule.name));
    }
    Ok(work)
}

/// What there is of a tenant; one of an older system has no inbox, jobs or schedules of ours.
fn known<T>(answer: libtenancy::Result<T>) -> libtenancy::Result<Option<T>> {
    match answer {
        Ok(list) => Ok(Some(list)),
        Err(Error::Invalid { .. } | Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
