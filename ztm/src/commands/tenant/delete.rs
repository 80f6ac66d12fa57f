//! `ztm tenant delete`.

use anyhow::Result;
use libtenancy::{Error, api::TenantView};

use super::each_shown;
use crate::{
    cli::tenant::DeleteArgs,
    client::Client,
    commands::Context,
    confirm,
    view::{counted, size, tenant::DeletedList},
};

/// Deletes tenants after a person, or `--yes`, has confirmed it: once for all of them.
pub async fn delete(ctx: &Context, args: &DeleteArgs) -> Result<()> {
    let client = ctx.client().await?;
    client.plane("deleting a tenant")?;
    let mut tenants: Vec<String> = Vec::new();
    for tenant in &args.tenants {
        if !tenants.contains(tenant) {
            tenants.push(tenant.clone());
        }
    }
    let yes = args.yes || ctx.settings.rehearses.is_some();
    let losses = if yes { Vec::new() } else { all_losses(&client, &tenants, args.purge).await? };
    if !yes && !args.purge && confirm::can_ask() {
        ctx.printer.note("what its agent remembers is kept; `--purge` destroys that too");
    }
    let what = format!("deleting {}", tenants.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", "));
    confirm::name_typed(&what, &losses, &tenants.join(" "), yes)?;
    match tenants.as_slice() {
        [tenant] => ctx.printer.show(&client.tenant_delete(tenant, !args.purge).await?),
        tenants => {
            let delete = async |tenant: &str| client.tenant_delete(tenant, !args.purge).await;
            each_shown(ctx, tenants, delete, |deleted| DeletedList { deleted }).await
        }
    }
}

/// What dies with each of the tenants; of several, each line says with which.
pub(in crate::commands) async fn all_losses(client: &Client, tenants: &[String], purge: bool) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for tenant in tenants {
        let losses = losses(client, tenant, purge).await?;
        let prefix = if tenants.len() > 1 { format!("`{tenant}`: ") } else { String::new() };
        all.extend(losses.into_iter().map(|loss| format!("{prefix}{loss}")));
    }
    Ok(all)
}

/// What dies with the tenant. Fails if there is none, so that nobody confirms a typing error.
async fn losses(client: &Client, id: &str, purge: bool) -> Result<Vec<String>> {
    let tenant: TenantView = client.tenant_get(id).await?;
    let mut losses = vec![format!("the tenant (status {})", tenant.status)];
    if let Some(agent) = &tenant.pod_name {
        losses.push(format!("its agent {agent}, which is stopped"));
    }
    if let Some(url) = tenant.webhook_url.as_deref().filter(|url| !url.is_empty()) {
        losses.push(format!("its webhook {url}"));
    }
    let updates = known(client.update_list(Some(id), None).await)?;
    let waits = |stage: &str| !matches!(stage, "handled" | "dropped");
    let waiting = updates.map_or(0, |list| list.updates.iter().filter(|update| waits(&update.stage)).count());
    if waiting > 0 {
        losses.push(format!("{} not answered", counted(waiting, "message")));
    }
    losses.extend(work(client, id).await?);
    if let Some(account) = known(client.quota_get(id).await)? {
        losses.push(format!(
            "its quota and {} credits; one of the same name begins with the quota that all begin with",
            account.available
        ));
    }
    if purge {
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
